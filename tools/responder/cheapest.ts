/**
 * The cheapest deeds that keep power at or below a limit: a choice of one option per job whose linear relaxation is solved by price. Walking
 * down the convex hulls in order of cost per watt is optimal but for the last job, which stands between two of its options; the price at
 * which the walk ends gives a bound that anybody can compute again from the options alone (`boundAt`).
 */
import { z } from 'zod';
import type { Levers, Option } from './levers.js';

export const Certificate = z.strictObject({
  limitKw: z.number().describe('IT power of the jobs that was asked for'),
  reachedKw: z.number().describe('IT power of the jobs by their curves'),
  costPerHour: z.number(),
  lowerBoundPerHour: z.number().describe('no choice among these options costs less'),
  pricePerMwh: z.number().describe('what the last kW costs; the bound is computed at it'),
  gapRatio: z.number().nullable().describe('null: nothing has to be paid'),
});
export type Certificate = z.infer<typeof Certificate>;

export interface Cheapest {
  readonly chosen: ReadonlyMap<string, Option>;
  /** false: even the lowest power of all lies above the limit, and that is what was chosen */
  readonly isKept: boolean;
  readonly certificate: Certificate;
}

/** One step down a hull. */
interface Segment {
  readonly job: number;
  readonly from: Option;
  readonly to: Option;
  /** money per watt and hour */
  readonly slope: number;
}

/** The options on the lower convex hull, in order of falling power and rising cost. */
export const hullOf = (options: readonly Option[]): Option[] => {
  const hull: Option[] = [];
  for (const option of options) {
    const cheaper = hull.at(-1);
    if (cheaper !== undefined && cheaper.watts <= option.watts && cheaper.costPerHour <= option.costPerHour) continue;
    while (hull.length > 0 && hull.at(-1)!.costPerHour >= option.costPerHour) hull.pop();
    while (hull.length > 1 && slope(hull.at(-2)!, hull.at(-1)!) >= slope(hull.at(-1)!, option)) hull.pop();
    hull.push(option);
  }
  return hull;
};

const slope = (from: Option, to: Option): number => (to.costPerHour - from.costPerHour) / (from.watts - to.watts);

/** No choice among the options with a sum of at most `limitW` costs less an hour, whatever the price is. */
export const boundAt = (levers: readonly Levers[], limitW: number, perWattHour: number): number => {
  let bound = -perWattHour * limitW;
  for (const { options } of levers) {
    let least = Number.POSITIVE_INFINITY;
    for (const { watts, costPerHour } of options) least = Math.min(least, costPerHour + perWattHour * watts);
    bound += least;
  }
  return bound;
};

/** What lies between two of these can be had too. */
const isSteady = ({ deed }: Option) => deed.do === 'cap' || deed.do === 'leave' || deed.do === 'discharge';

/** `between` gives a cap of a job at so many watts. Jobs without an option are passed over: nothing can be done to them. */
export const cheapest = (
  given: readonly Levers[],
  limitW: number,
  between: (jobId: string, watts: number) => Option,
): Cheapest => {
  const levers = given.filter(({ options }) => options.length > 0);
  const hulls = levers.map(({ options }) => hullOf(options));
  const chosen = hulls.map((hull) => hull[0]!);
  const segments: Segment[] = [];
  for (const [job, hull] of hulls.entries())
    for (let i = 1; i < hull.length; i++)
      segments.push({ job, from: hull[i - 1]!, to: hull[i]!, slope: slope(hull[i - 1]!, hull[i]!) });
  // On one hull slopes rise, so a job’s own segments come in their order.
  segments.sort((a, b) => a.slope - b.slope || a.job - b.job);
  let watts = chosen.reduce((sum, option) => sum + option.watts, 0);
  let price = 0;
  let taken = 0;
  while (watts > limitW && taken < segments.length) {
    const { job, from, to, slope: at } = segments[taken++]!;
    watts += to.watts - from.watts;
    chosen[job] = to;
    price = at;
  }
  const isKept = watts <= limitW + 1e-6;
  // The last steps are given back as far as there is room, the dearest first: only caps can stand between two points.
  for (let back = taken - 1; back >= 0 && isKept; back--) {
    const room = limitW - watts;
    if (room <= 0) break;
    const { job, from, to } = segments[back]!;
    if (chosen[job] !== to || !isSteady(from) || !isSteady(to)) continue;
    const better = to.watts + room >= from.watts ? from : between(levers[job]!.jobId, to.watts + room);
    if (better.watts < to.watts) continue;
    watts += better.watts - to.watts;
    chosen[job] = better;
  }
  const costPerHour = chosen.reduce((sum, option) => sum + option.costPerHour, 0);
  const bound = Math.max(0, boundAt(levers, Math.max(limitW, isKept ? limitW : watts), price));
  return {
    chosen: new Map(levers.map(({ jobId }, i) => [jobId, chosen[i]!])),
    isKept,
    certificate: {
      ...{ limitKw: limitW / 1000, reachedKw: watts / 1000, costPerHour, lowerBoundPerHour: bound },
      pricePerMwh: price * 1e6,
      gapRatio: costPerHour > 1e-9 ? Math.max(0, 1 - bound / costPerHour) : null,
    },
  };
};
