/** What a small character above the line says: a note's mark, a power of a unit, a power of ten, or the end of an ordinal. */

const POWERS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789-+n'].map((c, i) => [c, [...'⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ'][i]!]),
);
const RAISED = /[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]/u;

export type Meaning =
  /** it belongs to the text, and is written there as `text` */
  | { readonly kind: 'text'; readonly text: string }
  /** it points at a note, and is no part of the text */
  | { readonly kind: 'mark' }
  /** "10³": a thousand, or ten with a note */
  | { readonly kind: 'unsure'; readonly text: string; readonly question: string };

/** `before` is the text up to the raised characters, of which the last few count. */
export const meaningOf = (raised: string, before: string): Meaning => {
  const bare = raised.trim();
  if (bare === '') return { kind: 'text', text: raised };
  if (/^(?:st|nd|rd|th|er|e|o|a|me|tm|\(tm\)|®|™|©|°)$/i.test(bare) && !(bare.length === 1 && /[a-z]/i.test(bare)))
    return { kind: 'text', text: raised };
  const digits = bare.replace(RAISED, (c) => Object.keys(POWERS).find((k) => POWERS[k] === c) ?? c);
  if (/(?:^|[^\d.,])10\s?$/.test(before) && /^[-+−]?\d{1,2}$/.test(digits)) {
    const text = [...digits.replace('−', '-')].map((c) => POWERS[c] ?? c).join('');
    return {
      kind: 'unsure',
      text,
      question: `is "10${text}" a power of ten, or 10 with the mark of a note? Write the number out.`,
    };
  }
  if (/(?:^|[^\p{L}])(?:[kcm]?m|ft|in|s)$/u.test(before) && /^-?[23]$/.test(digits))
    return { kind: 'text', text: digits };
  if (/\bCO$/.test(before) && digits === '2') return { kind: 'text', text: '2' };
  if (/^[([]?\p{N}{1,3}[)\]]?(?:\s*[,;]\s*\p{N}{1,3})*$|^[*†‡§¶#]+$|^\(?[a-z]\)?$|^[ivx]{1,5}$/u.test(digits))
    return { kind: 'mark' };
  return { kind: 'text', text: raised };
};
