/** Small terminal plots: a curve on a grid of characters, and a row of bars. */

/** Averages a series down to `columns` values; null where a column has no data. */
export const squeeze = (values: readonly (number | null)[], columns: number): (number | null)[] => {
  const count = Math.min(columns, values.length);
  return Array.from({ length: count }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
    const known = part.filter((v) => v !== null);
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
  });
};

/** Lines of a step curve, highest first, each `rows` line labelled by the caller's `label`. A gap is left blank. */
export const curve = (values: readonly (number | null)[], rows: number): { lines: string[]; levels: number[] } => {
  const known = values.filter((v) => v !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const level = (v: number) => (high === low ? 0 : Math.round(((v - low) / (high - low)) * (rows - 1)));
  const grid = Array.from({ length: rows }, () => Array<string>(values.length).fill(' '));
  let before: number | null = null;
  values.forEach((value, x) => {
    if (value === null) {
      before = null;
      return;
    }
    const y = level(value);
    const put = (row: number, mark: string) => {
      grid[rows - 1 - row]![x] = mark;
    };
    if (before === null || before === y) put(y, '─');
    else if (y > before) {
      put(y, '╭');
      for (let between = before + 1; between < y; between++) put(between, '│');
      put(before, '╯');
    } else {
      put(y, '╰');
      for (let between = y + 1; between < before; between++) put(between, '│');
      put(before, '╮');
    }
    before = y;
  });
  const levels = Array.from({ length: rows }, (_, i) => high - ((high - low) * i) / Math.max(1, rows - 1));
  return { lines: grid.map((line) => line.join('')), levels };
};

const EIGHTHS = '▁▂▃▄▅▆▇█';

/** One character per value, all scaled to `top`; an empty slot is a space. */
export const bars = (values: readonly number[], top: number): string =>
  values
    .map((value) => (value <= 0 || top <= 0 ? ' ' : EIGHTHS[Math.min(7, Math.floor((value / top) * 7.999))]!))
    .join('');
