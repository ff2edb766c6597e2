/** Scales and ticks of charts: numbers in, pixels and words out. */

export interface Scale {
  (value: number): number;
  readonly from: number;
  readonly to: number;
  /** the value at a pixel */
  back(pixel: number): number;
}

export const scale = (from: number, to: number, low: number, high: number): Scale => {
  const span = to - from || 1;
  const map = (value: number) => low + ((value - from) / span) * (high - low);
  return Object.assign(map, { from, to, back: (pixel: number) => from + ((pixel - low) / (high - low || 1)) * span });
};

/** Round numbers that cover an extent: steps of 1, 2 or 5 times a power of ten. */
export const ticks = (from: number, to: number, count: number): number[] => {
  const raw = (to - from) / Math.max(1, count);
  if (!(raw > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((n) => n * power >= raw) ?? 10);
  const found: number[] = [];
  for (let value = Math.ceil(from / step) * step; value <= to + step * 1e-9; value += step)
    found.push(Number(value.toPrecision(12)));
  return found;
};

const MINUTE = 60_000;
const STEPS = [5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10_080, 43_200].map((minutes) => minutes * MINUTE);

/** Epoch milliseconds of round moments in UTC. */
export const timeTicks = (from: number, to: number, count: number): number[] => {
  const step = STEPS.find((one) => (to - from) / one <= count) ?? STEPS.at(-1)!;
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
};

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `12:00`, and at midnight the day. */
export const timeTickText = (at: number): string => {
  const t = new Date(at);
  const minutes = t.getUTCHours() * 60 + t.getUTCMinutes();
  if (minutes === 0) return `${DAYS[t.getUTCDay()]} ${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]}`;
  return t.toISOString().slice(11, 16);
};

/** `28 May 12:00` */
export const shortMomentText = (at: number): string => {
  const t = new Date(at);
  return `${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]} ${t.toISOString().slice(11, 16)}`;
};

interface Point {
  readonly x: number;
  readonly y: number | null;
}

/** An SVG path through points; a gap where a value is unknown. `step`: each value holds until the next. */
export const path = (points: readonly Point[], step: boolean): string => {
  let text = '';
  let open = false;
  for (const { x, y } of points) {
    if (y === null) {
      if (open && step) text += `H${x.toFixed(1)}`;
      open = false;
      continue;
    }
    if (!open) text += `M${x.toFixed(1)} ${y.toFixed(1)}`;
    else if (step) text += `H${x.toFixed(1)}V${y.toFixed(1)}`;
    else text += `L${x.toFixed(1)} ${y.toFixed(1)}`;
    open = true;
  }
  return text;
};

/** An SVG path of the boxes between two stepped lines; the last point ends the last step. */
export const band = (low: readonly Point[], high: readonly Point[]): string => {
  let text = '';
  for (let i = 0; i + 1 < low.length; i++) {
    const [a, b] = [low[i]!, high[i]!];
    if (a.y === null || b.y === null) continue;
    text += `M${a.x.toFixed(1)} ${b.y.toFixed(1)}H${low[i + 1]!.x.toFixed(1)}V${a.y.toFixed(1)}H${a.x.toFixed(1)}Z`;
  }
  return text;
};
