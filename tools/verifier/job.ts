/** The figures of one job: claimed, verified, and the steps from one to the other. */
import { type Nano, nano } from '../../domain/decimal.js';
import type { EvidenceJob } from '../../domain/evidence/record.js';
import type { CarbonKind } from '../../domain/signal.js';
import {
  type Constants,
  costOf,
  counterfactualOf,
  energyCostOf,
  kgOf,
  latenessOf,
  type Overheads,
  overheadsOf,
  type Side,
  sideOf,
  sum,
  type Use,
  withUse,
} from './counterfactual.js';
import type { Place } from './place.js';

export const CAUSES = [
  'forecast error',
  'execution drift',
  'use drift',
  'overhead',
  'not separable',
  'not verified',
] as const;
export type Cause = (typeof CAUSES)[number];

export type Steps = Readonly<Partial<Record<Cause, Nano>>>;

/** A job that ran and whose signals are known. Amounts in 1e-9 of kg, money and kWh. */
export interface JobFigures {
  readonly job: EvidenceJob;
  readonly claimedKg: Nano;
  readonly claimedCost: Nano;
  readonly counterfactualKg: Nano;
  readonly actualKg: Nano;
  readonly overheadKg: Nano;
  readonly kgSteps: Steps;
  /** null: a price is not known. */
  readonly cost: { readonly counterfactual: Nano; readonly actual: Nano; readonly overhead: Nano } | null;
  readonly costSteps: Steps;
  readonly counterfactualKwh: Nano;
  readonly actualKwh: Nano;
  readonly overheadKwh: Nano;
  readonly baselineItKwh: number;
  readonly actualItKwh: number;
  /** kg by the roadmap's variant; null where the home region's signal has a gap then. */
  readonly roadmapKg: Nano | null;
  /** null: contracts and residual mix do not cover it. */
  readonly marketKg: Nano | null;
  readonly counterfactual: Side;
  readonly actual: Side;
  readonly overheads: Overheads;
}

export type JobResult = JobFigures | { readonly job: EvidenceJob; readonly why: string };

const sameKind = (a: CarbonKind, b: CarbonKind) => a.accounting === b.accounting && a.scope === b.scope;

/** Unknown is never zero: a job without everything that its figures need is told apart with the reason. */
export const figuresOf = (
  job: EvidenceJob,
  places: ReadonlyMap<string, Place>,
  kind: CarbonKind,
  constants: Constants,
): JobResult => {
  const fail = (why: string) => ({ job, why });
  if (job.excluded !== null) return fail(job.excluded);
  if (job.ran.length === 0) return fail('nothing is known of what it ran');
  if (job.baseline.length === 0) return fail('it has no baseline');
  const baseline = sideOf(job.baseline, places);
  if ('unknownRegion' in baseline)
    return fail(`no site is known in ${baseline.unknownRegion}, where it would have run`);
  const actual = sideOf(job.ran, places);
  if ('unknownRegion' in actual) return fail(`no site is known in ${actual.unknownRegion}, where it ran`);
  if (!(actual.seconds > 0)) return fail('it ran for no time');
  for (const { place } of [...baseline.runs, ...actual.runs])
    if (place.kind !== null && !sameKind(place.kind, kind))
      return fail(
        `the signal of ${place.region} is ${place.kind.accounting} ${place.kind.scope}, that of the record ${kind.accounting} ${kind.scope}: kinds are never mixed`,
      );

  const counterfactual = counterfactualOf(baseline, actual.itKwh, actual.seconds, actual.seconds);
  const [before, after] = [sum(counterfactual.runs, kgOf), sum(actual.runs, kgOf)];
  if (Number.isNaN(before))
    return fail(`no actual intensity is known for ${regionsOf(counterfactual)} when it would have run`);
  if (Number.isNaN(after)) return fail(`no actual intensity is known for ${regionsOf(actual)} while it ran`);
  const overheads = overheadsOf(actual, counterfactual, job, constants);
  const overhead = sum(overheads.uses, kgOf);
  if (Number.isNaN(overhead)) return fail('no actual intensity is known while it waited between two pieces');

  const home = places.get(job.homeRegion);
  const chain = chainOf(job, places, baseline, actual);
  const claimedKg = nano(Number(job.claimedKg));
  const claimedCost = nano(Number(job.claimedCost));
  const [counterfactualKg, actualKg, overheadKg] = [nano(before), nano(after), nano(overhead)];
  const kgSteps = stepsOf(
    claimedKg,
    chain === null ? null : chain.map((s) => sum(s.before.runs, kgOf) - sum(s.after.runs, kgOf)),
    counterfactualKg - actualKg,
    overheadKg,
  );

  const money = (side: Side) => costOf(side, job, home);
  const [costBefore, costAfter] = [money(counterfactual), money(actual)];
  const extra =
    sum(
      overheads.uses.filter((u) => u.billed),
      energyCostOf,
    ) +
    overheads.resumptions * Number(job.resumeCost) +
    (latenessOf(actual, job) - latenessOf(counterfactual, job));
  const priced = !Number.isNaN(costBefore + costAfter + extra);
  const cost = priced ? { counterfactual: nano(costBefore), actual: nano(costAfter), overhead: nano(extra) } : null;
  const costSteps: Steps = cost
    ? stepsOf(
        claimedCost,
        chain === null ? null : chain.map((s) => money(s.before) - money(s.after)),
        cost.counterfactual - cost.actual,
        cost.overhead,
      )
    : { 'not verified': -claimedCost };

  return {
    job,
    claimedKg,
    claimedCost,
    counterfactualKg,
    actualKg,
    overheadKg,
    kgSteps,
    cost,
    costSteps,
    counterfactualKwh: nano(sum(counterfactual.runs, (r) => r.kwh)),
    actualKwh: nano(sum(actual.runs, (r) => r.kwh)),
    overheadKwh: nano(sum(overheads.uses, (u) => u.kwh)),
    baselineItKwh: baseline.itKwh,
    actualItKwh: actual.itKwh,
    roadmapKg: roadmapOf(actual, baseline.runs[0]!.place, actualKg),
    marketKg: marketOf(counterfactual, actual, overheads),
    counterfactual,
    actual,
    overheads,
  };
};

const regionsOf = (side: Side) => [...new Set(side.runs.map((r) => r.place.region))].join(', ');

interface Stage {
  readonly before: Side;
  readonly after: Side;
}

/** Planned work at the planned places and times, then at the real ones; null where no plan is known. */
const chainOf = (
  job: EvidenceJob,
  places: ReadonlyMap<string, Place>,
  baseline: Side,
  actual: Side,
): readonly [Stage, Stage] | null => {
  if (job.planned.length === 0) return null;
  const planned = sideOf(job.planned, places);
  if ('unknownRegion' in planned || !(planned.seconds > 0)) return null;
  return [
    { before: counterfactualOf(baseline, planned.itKwh, planned.seconds, planned.seconds), after: planned },
    {
      before: counterfactualOf(baseline, planned.itKwh, actual.seconds, planned.seconds),
      after: withUse(actual, planned.itKwh, planned.seconds),
    },
  ];
};

/** claimed + Σ steps = gross − overhead, exactly: each step is the difference of two whole amounts. */
const stepsOf = (claimed: Nano, chain: readonly number[] | null, gross: Nano, overhead: Nano): Steps => {
  if (chain === null || chain.some(Number.isNaN)) return { 'not separable': gross - claimed, overhead: -overhead };
  const [seen, moved] = chain.map(nano) as [Nano, Nano];
  return {
    'forecast error': seen - claimed,
    'execution drift': moved - seen,
    'use drift': gross - moved,
    overhead: -overhead,
  };
};

const roadmapOf = (actual: Side, home: Place, actualKg: Nano): Nano | null => {
  const kg = sum(roadmapUses(actual, home), kgOf);
  return Number.isNaN(kg) ? null : nano(kg) - actualKg;
};

/** The work in its original region, at the time at which it really ran. */
export const roadmapUses = (actual: Side, home: Place) =>
  actual.runs.map((r) => ({ ...r, place: home, kwh: r.itKwh * home.pue }));

const marketOf = (counterfactual: Side, actual: Side, overheads: Overheads): Nano | null => {
  const kg = ({ place, from, to, kwh }: Use) =>
    place.market === null ? Number.NaN : (kwh * place.market.mean(from, to)) / 1000;
  const saved = sum(counterfactual.runs, kg) - sum(actual.runs, kg) - sum(overheads.uses, kg);
  return Number.isNaN(saved) ? null : nano(saved);
};
