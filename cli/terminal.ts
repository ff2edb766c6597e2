/** What a terminal shows while something goes on, and tables for people. Nothing moves where standard error is not a terminal. */
import type { Progress } from '../app.js';

const WIDTH = 78;
let shown = false;

/** One line on standard error that replaces itself. */
export const progressLine = () => ({
  show: ({ done, total, note }: Progress) => {
    if (!process.stderr.isTTY) return;
    const figures = total === undefined ? String(done) : `${done} of ${total}`;
    process.stderr.write(`\r\u001b[2K${`${figures} ${note ?? ''}`.slice(0, WIDTH)}`);
    shown = true;
  },
  clear: () => {
    if (shown) process.stderr.write('\r\u001b[2K');
    shown = false;
  },
});

/** Rows under their heads, columns parted by two blanks; figures (cells that begin with a digit or a sign) stand right. */
export const tableText = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => (row[i] ?? '').length)));
  const right = heads.map((_, i) => rows.length > 0 && rows.every((row) => /^$|^[−+-]?[£$€]?\d/.test(row[i] ?? '')));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(heads), ...rows.map(line)].map((text) => `  ${text}`).join('\n');
};

/** Text that arrived from outside, safe for a terminal: control characters are shown, not obeyed. */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);
