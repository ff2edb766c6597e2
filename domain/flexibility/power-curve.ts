/**
 * What a GPU draws and does under a power cap, from measured points of its own work. Never from cap ÷ rated power: a cap above the natural
 * draw changes nothing, and below the knee a GPU burns more for what it does than one that rests.
 */
import { z } from 'zod';
import { invalid } from '../fault.js';

export const CurvePoint = z.strictObject({
  capW: z.number().positive().describe('the cap that was written'),
  watts: z.number().positive().describe('what a GPU drew under it'),
  throughputRatio: z.number().min(0).max(1).describe('work per second as a share of that at the highest cap'),
});
export type CurvePoint = z.infer<typeof CurvePoint>;

/** Points in order of their cap; power and throughput do not fall as the cap rises. */
export type PowerCurve = readonly CurvePoint[];

/** In order, without points that noise put below a lower cap's. Fault `invalid-input` for fewer than two points. */
export const powerCurve = (points: readonly CurvePoint[]): PowerCurve => {
  const sorted = [...points].sort((a, b) => a.capW - b.capW);
  const rising = sorted.filter(
    (point, i) =>
      i === 0 ||
      sorted.slice(0, i).every((lower) => point.watts >= lower.watts && point.throughputRatio >= lower.throughputRatio),
  );
  if (rising.length < 2)
    throw invalid(
      'a power curve needs two measured points at least',
      'Give caps with the power and throughput measured under each.',
    );
  return rising;
};

type Member = 'capW' | 'watts' | 'throughputRatio';

/** Straight lines between the points, the nearest end beyond them. */
const between = (curve: PowerCurve, from: Member, x: number, to: Member): number => {
  if (x <= curve[0]![from]) return curve[0]![to];
  for (let i = 1; i < curve.length; i++) {
    const [a, b] = [curve[i - 1]!, curve[i]!];
    if (x <= b[from])
      return b[from] === a[from] ? a[to] : a[to] + ((b[to] - a[to]) * (x - a[from])) / (b[from] - a[from]);
  }
  return curve.at(-1)![to];
};

/** Watts of one GPU under a cap. */
export const wattsUnder = (curve: PowerCurve, capW: number): number => between(curve, 'capW', capW, 'watts');

/** Its throughput under a cap, 0 to 1. */
export const throughputUnder = (curve: PowerCurve, capW: number): number =>
  between(curve, 'capW', capW, 'throughputRatio');

/** The cap that leaves a GPU so much of its throughput; the lowest measured one where even that leaves more. */
export const capForThroughput = (curve: PowerCurve, ratio: number): number =>
  between(curve, 'throughputRatio', ratio, 'capW');

/** The cap under which it draws so many watts; the highest one where no cap is needed. */
export const capForWatts = (curve: PowerCurve, watts: number): number => between(curve, 'watts', watts, 'capW');

/** What it draws with no cap that binds. */
export const naturalWatts = (curve: PowerCurve): number => curve.at(-1)!.watts;
