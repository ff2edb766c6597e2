/** A frontier as text: what was found above, what no plan can beat below. */

export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly chosen: boolean;
}

const WIDTH = 56;
const HEIGHT = 13;

const span = (values: readonly number[]): [number, number] => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max((high - low) * 0.06, Math.abs(high) * 1e-6, 1e-9);
  return [low - margin, high + margin];
};

/** `floor(x)` is the proven least y. Axis labels come as text, so that the caller chooses the unit. */
export const frontierPlot = (
  marks: readonly Mark[],
  floor: (x: number) => number,
  labels: { readonly x: (value: number) => string; readonly y: (value: number) => string },
): string => {
  const [left, right] = span(marks.map((m) => m.x));
  const [bottom, top] = span(marks.map((m) => m.y));
  const cells = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(' '));
  const row = (y: number) => HEIGHT - 1 - Math.round(((y - bottom) / (top - bottom)) * (HEIGHT - 1));
  const column = (x: number) => Math.round(((x - left) / (right - left)) * (WIDTH - 1));
  for (let c = 0; c < WIDTH; c++) {
    const at = row(floor(left + ((right - left) * c) / (WIDTH - 1)));
    for (let r = Math.max(0, at); r < HEIGHT; r++) cells[r]![c] = r === at ? '·' : c % 4 === r % 4 ? '·' : ' ';
  }
  // The chosen point is drawn last: it may share its cell.
  for (const mark of [...marks].sort((a, b) => Number(a.chosen) - Number(b.chosen)))
    cells[row(mark.y)]![column(mark.x)] = mark.chosen ? '●' : '○';
  const ticks = new Map(
    [0, Math.floor(HEIGHT / 2), HEIGHT - 1].map((r) => [r, labels.y(top - ((top - bottom) * r) / (HEIGHT - 1))]),
  );
  const middle = Math.floor(HEIGHT / 2);
  // Where all of an axis reads the same, one label says so.
  if (new Set(ticks.values()).size === 1) for (const r of ticks.keys()) if (r !== middle) ticks.set(r, '');
  const gutter = Math.max(...[...ticks.values()].map((text) => text.length));
  const lines = cells.map((line, r) =>
    `  ${(ticks.get(r) ?? '').padStart(gutter)} ${ticks.has(r) ? '┤' : '│'}${line.join('')}`.trimEnd(),
  );
  const texts = [labels.x(left), labels.x((left + right) / 2), labels.x(right)];
  const ends = new Set(texts).size === 1 ? ['', texts[1]!, ''] : texts;
  const gap = WIDTH - ends.reduce((sum, text) => sum + text.length, 0);
  const axis = `${ends[0]}${' '.repeat(Math.max(1, Math.floor(gap / 2)))}${ends[1]}${' '.repeat(Math.max(1, Math.ceil(gap / 2)))}${ends[2]}`;
  return [...lines, `  ${' '.repeat(gutter)} └${'─'.repeat(WIDTH)}`, `  ${' '.repeat(gutter)}  ${axis}`].join('\n');
};
