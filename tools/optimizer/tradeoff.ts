/**
 * The trade-off between cost and carbon: one plan for each carbon price, and what no plan can beat. A bound at price p
 * says cost + p × t >= lowerBound for every plan, which is a half-plane; all of them together lie below the frontier.
 * Only plans on the convex hull are found this way (supported points); those between need a carbon cap.
 */
import { Fault } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import {
  buildModel,
  type Certificate,
  optimize,
  type Problem,
  type Result,
  runImmediately,
  type Schedule,
  type ScheduleTotals,
  type Telling,
  totalsOf,
} from './engine/engine.js';

export interface SweepOptions {
  /** Money per tonne; sorted and made distinct. */
  readonly carbonPricesPerTonne: readonly number[];
  readonly telling: Telling;
  readonly seed?: number;
  /** Rounds of improvement per price. */
  readonly iterations?: number;
  /** CPU seconds per price. */
  readonly cpuSeconds?: number | undefined;
  readonly skipInvalid?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

export interface SweepPoint {
  readonly carbonPricePerTonne: number;
  readonly totals: ScheduleTotals;
  /** Jobs that run elsewhere, later or in pieces, where all would run at home at once. */
  readonly movedJobs: number;
  /** Cost plus priced carbon. */
  readonly objective: number;
  /** No plan's cost plus priced carbon is below this. */
  readonly lowerBound: number;
  readonly gap: number;
  readonly certificate: Certificate | null;
  /** The price whose search found the plan: neighbours share what they find. */
  readonly foundAt: number;
  readonly stoppedBy: Result['stoppedBy'];
}

export interface Sweep {
  readonly points: readonly SweepPoint[];
  /** The problem that was solved, without skipped jobs. */
  readonly problem: Problem;
  readonly skipped: Result['skipped'];
  readonly conflict: Result['conflict'];
}

/** Rounds per price: the neighbours' plans and prices are a start that a single plan does not have. */
const ROUNDS = 6000;
/** An exact search on a small problem may not hold up the sweep. */
const EXACT_JOBS = 60;
const EXACT_SECONDS = 4;

/**
 * In order of price; cost never falls and emissions never rise along it. `points` is empty and `conflict` is set when no
 * plan fits. Throws Fault `not-found` when none was found and none is proved impossible.
 */
export const sweep = async (given: Problem, options: SweepOptions): Promise<Sweep> => {
  const prices = [...new Set(options.carbonPricesPerTonne)].sort((a, b) => a - b);
  const found: { price: number; schedule: Schedule; solved: Result }[] = [];
  let warm: Certificate | undefined;
  let problem = given;
  for (const [i, price] of prices.entries()) {
    const solved = await optimize(
      { ...given, carbonPricePerTonne: price },
      {
        seed: options.seed ?? 1,
        iterations: options.iterations ?? ROUNDS,
        skipInvalid: options.skipInvalid ?? false,
        ...(options.cpuSeconds !== undefined
          ? { cpuSeconds: options.cpuSeconds }
          : given.jobs.count <= EXACT_JOBS
            ? { cpuSeconds: EXACT_SECONDS }
            : {}),
        ...(warm === undefined ? {} : { warm }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
    options.signal?.throwIfAborted();
    if (solved.status === 'infeasible')
      return { points: [], problem, skipped: solved.skipped, conflict: solved.conflict };
    if (solved.schedule === null)
      throw new Fault(
        'not-found',
        `No plan was found at ${price} per tonne: ${counted(solved.unplaced.length, 'job has', 'jobs have')} no place, and none is proved impossible.`,
        'Allow more time (--cpu-seconds), or relax a limit.',
        { details: { unplaced: solved.unplaced } },
      );
    if (solved.lowerBound === null && solved.milpBound === null)
      throw new Fault(
        'not-found',
        `Nothing was proved of the plan at ${price} per tonne before the clock ended the search, so no frontier can be drawn.`,
        'Allow more time (--cpu-seconds), or none at all.',
      );
    found.push({ price, schedule: solved.schedule, solved });
    problem = solved.problem;
    warm = solved.certificate ?? warm;
    options.onProgress?.(i + 1, prices.length, `carbon at ${price} per tonne`);
  }
  const model = buildModel(problem);
  const atOnce = runImmediately(model);
  const plans = found.map((f) => ({
    ...f,
    totals: totalsOf(model, f.schedule, options.telling),
    movedJobs: movedFrom(atOnce, f.schedule),
  }));
  const points = found.map(({ price, solved }): SweepPoint => {
    const objectiveOf = (t: ScheduleTotals) => t.cost.total + (price / 1000) * t.emissionsKg.value;
    const best = plans.reduce((a, b) => (objectiveOf(b.totals) < objectiveOf(a.totals) ? b : a));
    const objective = objectiveOf(best.totals);
    const proved = Math.max(
      solved.lowerBound ?? Number.NEGATIVE_INFINITY,
      solved.milpBound ?? Number.NEGATIVE_INFINITY,
    );
    const lowerBound = Math.min(proved, objective);
    return {
      carbonPricePerTonne: price,
      totals: best.totals,
      movedJobs: best.movedJobs,
      objective,
      lowerBound,
      gap: objective === lowerBound ? 0 : (objective - lowerBound) / Math.max(Math.abs(objective), 1e-12),
      certificate: solved.certificate,
      foundAt: best.price,
      stoppedBy: solved.stoppedBy,
    };
  });
  return { points: monotone(points), problem, skipped: found[0]!.solved.skipped, conflict: null };
};

const movedFrom = (before: Schedule, after: Schedule): number =>
  after.start.reduce(
    (sum, start, j) =>
      sum + (start !== before.start[j] || after.region[j] !== before.region[j] || after.pieces.has(j) ? 1 : 0),
    0,
  );

/** Equal objectives leave a choice: along the sweep the plan with fewer kg is kept, so that the curve never turns back. */
const monotone = (points: readonly SweepPoint[]): SweepPoint[] => {
  const out: SweepPoint[] = [];
  for (const point of points) {
    const before = out.at(-1);
    const turns = before !== undefined && point.totals.emissionsKg.value > before.totals.emissionsKg.value;
    out.push(turns ? { ...point, totals: before.totals, movedJobs: before.movedJobs, foundAt: before.foundAt } : point);
  }
  return out;
};

/** Money below which no plan with these emissions can cost, by all half-planes. */
export const leastCostAt = (
  points: readonly Pick<SweepPoint, 'carbonPricePerTonne' | 'lowerBound'>[],
  emissionsKg: number,
) =>
  points.reduce(
    (most, p) => Math.max(most, p.lowerBound - (p.carbonPricePerTonne / 1000) * emissionsKg),
    Number.NEGATIVE_INFINITY,
  );

/** Another point costs no more and emits no more, and less of one. */
export const isDominated = (
  point: { readonly cost: number; readonly emissionsKg: number },
  others: readonly { readonly cost: number; readonly emissionsKg: number }[],
): boolean =>
  others.some(
    (o) =>
      o.cost <= point.cost &&
      o.emissionsKg <= point.emissionsKg &&
      (o.cost < point.cost || o.emissionsKg < point.emissionsKg),
  );
