/** How a list writes its numbers. */

const ROMAN: readonly (readonly [number, string])[] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];

/** A count as a list writes it: 4, d, iv. Formats of other scripts are written in digits. */
export const written = (count: number, format: string): string => {
  if (/letter|alpha/i.test(format)) {
    const letter = String.fromCharCode(97 + ((Math.max(1, count) - 1) % 26)).repeat(
      1 + Math.floor((Math.max(1, count) - 1) / 26),
    );
    return format.startsWith('upper') ? letter.toUpperCase() : letter;
  }
  if (/roman/i.test(format)) {
    let left = Math.min(Math.max(1, count), 3999);
    let roman = '';
    for (const [value, sign] of ROMAN) for (; left >= value; left -= value) roman += sign;
    return format.startsWith('upper') ? roman.toUpperCase() : roman;
  }
  return format === 'decimalZero' ? String(count).padStart(2, '0') : String(count);
};
