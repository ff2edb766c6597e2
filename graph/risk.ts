/** How risky a plan is, from declared thresholds: pure arithmetic, so that anybody can check why a person was asked. */
import type { Judgement, Thresholds } from '../domain/decision.js';
import { besideLimit, exact, isNothing } from '../domain/figures.js';
import type { Plan } from '../domain/plan.js';
import { promiseText } from '../domain/plan-text.js';
import { oneLine } from '../domain/text.js';
import { type Instant, secondsBetween } from '../domain/time.js';

/** What the thresholds alone say of a plan. */
export type Risk = Pick<Judgement, 'outcome' | 'rule' | 'riskRatio' | 'reasons' | 'approvalsNeeded'>;

interface Measure {
  readonly ratio: number;
  readonly reason: string;
}

/** Moving this many times what is usual here asks a person, whatever the absolute threshold. */
const UNUSUAL_FACTOR = 10;

const measures = (plan: Plan, thresholds: Thresholds, now: Instant, usualMoves: number | null): Measure[] => {
  const savedKg = plan.savings.emissionsKg.value;
  const savingRatio = plan.baseline.emissionsKg.value > 0 ? savedKg / plan.baseline.emissionsKg.value : 0;
  const ages = plan.signals.map((s) => secondsBetween(s.issuedAt, now) / 3600);
  const oldest = ages.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...ages);
  const { total, currency } = plan.planned.cost;
  const [kg, mostKg] = besideLimit(savedKg, thresholds.maxSavedKg);
  const [cost, mostCost] = besideLimit(total, thresholds.maxCost);
  const [percent, mostPercent] = besideLimit(savingRatio * 100, thresholds.maxSavingRatio * 100);
  const [age, mostAge] = besideLimit(oldest, thresholds.maxSignalAgeHours);
  return [
    {
      ratio: savedKg / thresholds.maxSavedKg,
      reason: `it promises ${kg} kg CO2e, above the ${mostKg} kg that pass without a person`,
    },
    {
      ratio: plan.planned.cost.total / thresholds.maxCost,
      reason: `it costs ${cost} ${currency}, above ${mostCost} ${currency}`,
    },
    {
      ratio: plan.jobs.moved / thresholds.maxMovedJobs,
      reason: `it moves ${plan.jobs.moved} jobs, more than ${thresholds.maxMovedJobs}`,
    },
    {
      ratio: savingRatio / thresholds.maxSavingRatio,
      reason: `it promises ${percent} % less carbon, more than ${mostPercent} %, which is unusual`,
    },
    {
      ratio: oldest / thresholds.maxSignalAgeHours,
      reason: Number.isFinite(oldest)
        ? `its oldest signal is ${age} h old, older than ${mostAge} h`
        : 'it was made without any signal',
    },
    ...(usualMoves === null
      ? []
      : [
          {
            ratio: plan.jobs.moved / (UNUSUAL_FACTOR * Math.max(1, usualMoves)),
            reason: `it moves ${plan.jobs.moved} jobs, where plans here usually move ${usualMoves}`,
          },
        ]),
    {
      ratio: (plan.terms ?? []).length > 0 ? 1.5 : 0,
      reason: `whoever asked for it set otherwise than the world says: ${(plan.terms ?? [])
        .slice(0, 5)
        .map((term) => oneLine(term))
        .join('; ')}`,
    },
    {
      ratio: plan.jobs.unplaced > 0 ? 1.5 : 0,
      reason: `${plan.jobs.unplaced} ${plan.jobs.unplaced === 1 ? 'job' : 'jobs'} found no place in it`,
    },
  ];
};

/** 0 at nothing, 0.5 at the threshold, towards 1 beyond it. */
const risk = (ratio: number) => (ratio <= 0 ? 0 : Number.isFinite(ratio) ? ratio / (1 + ratio) : 1);

/** The highest single risk decides: a plan is as risky as its riskiest side. */
export const riskOf = (
  plan: Plan,
  thresholds: Thresholds,
  now: Instant,
  mode: 'auto' | 'ask',
  usualMoves: number | null = null,
): Risk => {
  const all = measures(plan, thresholds, now, usualMoves);
  const riskRatio = Math.max(...all.map((m) => risk(m.ratio)));
  const exceeded = all.filter((m) => m.ratio > 1);
  const reasons = exceeded.map((m) => m.reason);
  if (riskRatio > thresholds.refuseAboveRisk)
    return { outcome: 'refuse', rule: 'risk-above-limit', riskRatio, reasons, approvalsNeeded: 1 };
  if (reasons.length > 0) return { outcome: 'ask', rule: 'threshold', riskRatio, reasons, approvalsNeeded: 1 };
  if (mode === 'ask')
    return {
      outcome: 'ask',
      rule: 'asked-for',
      riskRatio,
      reasons: ['this run was started with --approval ask'],
      approvalsNeeded: 1,
    };
  const { lateJobs } = plan.planned;
  const late =
    lateJobs === 0
      ? 'no job ends after it is due'
      : `${lateJobs} ${lateJobs === 1 ? 'job ends after it is' : 'jobs end after they are'} due, ${plan.baseline.lateJobs} without the plan`;
  const promised =
    plan.savings.emissionsKg.value < 0 || isNothing(plan.savings.emissionsKg.value)
      ? `it ${promiseText(plan)}`
      : `the promised saving is below the ${exact(thresholds.maxSavedKg)} kg threshold`;
  return {
    outcome: 'approve',
    rule: 'low-risk',
    riskRatio,
    reasons: [late, promised],
    approvalsNeeded: 1,
  };
};
