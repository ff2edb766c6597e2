/** How risky a plan is, from declared thresholds: pure arithmetic, so that anybody can check why a person was asked. */
import type { Judgement, Thresholds } from '../domain/decision.js';
import type { Plan } from '../domain/plan.js';
import { oneLine } from '../domain/text.js';
import { type Instant, secondsBetween } from '../domain/time.js';

/** What the thresholds alone say of a plan. */
export type Risk = Pick<Judgement, 'outcome' | 'rule' | 'riskRatio' | 'reasons' | 'approvalsNeeded'>;

interface Measure {
  readonly ratio: number;
  readonly reason: string;
}

const round = (value: number) =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-GB').replaceAll(',', ' ') : value.toPrecision(3);

/** Moving this many times what is usual here asks a person, whatever the absolute threshold. */
const UNUSUAL_FACTOR = 10;

const measures = (plan: Plan, thresholds: Thresholds, now: Instant, usualMoves: number | null): Measure[] => {
  const savedKg = plan.savings.emissionsKg.value;
  const savingRatio = plan.baseline.emissionsKg.value > 0 ? savedKg / plan.baseline.emissionsKg.value : 0;
  const ages = plan.signals.map((s) => secondsBetween(s.issuedAt, now) / 3600);
  const oldest = ages.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...ages);
  const currency = plan.planned.cost.currency;
  return [
    {
      ratio: savedKg / thresholds.maxSavedKg,
      reason: `it promises ${round(savedKg)} kg CO2e, above the ${round(thresholds.maxSavedKg)} kg that pass without a person`,
    },
    {
      ratio: plan.planned.cost.total / thresholds.maxCost,
      reason: `it costs ${round(plan.planned.cost.total)} ${currency}, above ${round(thresholds.maxCost)} ${currency}`,
    },
    {
      ratio: plan.jobs.moved / thresholds.maxMovedJobs,
      reason: `it moves ${plan.jobs.moved} jobs, more than ${thresholds.maxMovedJobs}`,
    },
    {
      ratio: savingRatio / thresholds.maxSavingRatio,
      reason: `it promises ${round(savingRatio * 100)} % less carbon, more than ${round(thresholds.maxSavingRatio * 100)} %, which is unusual`,
    },
    {
      ratio: oldest / thresholds.maxSignalAgeHours,
      reason: Number.isFinite(oldest)
        ? `its oldest signal is ${round(oldest)} h old, older than ${round(thresholds.maxSignalAgeHours)} h`
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
      : `${lateJobs} jobs end after they are due, ${plan.baseline.lateJobs} without the plan`;
  return {
    outcome: 'approve',
    rule: 'low-risk',
    riskRatio,
    reasons: [late, `the promised saving is below the ${round(thresholds.maxSavedKg)} kg threshold`],
    approvalsNeeded: 1,
  };
};
