/** What a plan says of itself in words: what it promises, on which knowledge, how good it is, and who is late. One text for every door. */
import { counted } from '../domain/figures.js';
import {
  boundText,
  gapText,
  isNothing,
  massText,
  moneyText,
  savedMassEstimateText,
  savedMoneyText,
} from './figures.js';
import type { Plan } from './plan.js';

/** Which hours' intensity the figures rest on. Figures on a forecast and figures on what came true are never subtracted. */
export type Basis = 'forecast' | 'actual';

/** What came true is known of every hour only to those who look back. */
export const basisOf = ({ signals }: Pick<Plan, 'signals'>): Basis =>
  signals.length > 0 && signals.every(({ status }) => status === 'actual') ? 'actual' : 'forecast';

export const basisText = (plan: Pick<Plan, 'signals'>): string =>
  basisOf(plan) === 'actual' ? 'by what came true, which nobody could have known' : 'by the forecast';

/** `saves 1.13 kg (−0.920 to 3.19) CO2e and £3.25`, `emits 9.96 kg … CO2e more and saves £3.25`; without money where it is not known. */
export const promiseText = ({ savings, planned, unpriced }: Pick<Plan, 'savings' | 'planned' | 'unpriced'>): string => {
  const carbon = savedMassEstimateText(savings.emissionsKg);
  if (unpriced !== undefined && unpriced.length > 0) return carbon;
  const money = savedMoneyText(savings.cost, planned.cost.currency);
  return `${carbon} and ${carbon.startsWith('saves ') ? money.replace(/^saves /, '') : money}`;
};

/** Empty where nobody is late. */
export const lateText = ({ jobs, planned, baseline }: Pick<Plan, 'jobs' | 'planned' | 'baseline'>): string => {
  const { lateJobs } = planned;
  if (lateJobs === 0) return '';
  const placed = jobs.total - jobs.unplaced;
  const who =
    lateJobs === placed
      ? placed === 1
        ? 'The only job ends'
        : `All ${placed} jobs end`
      : `${lateJobs} of ${placed} jobs ${lateJobs === 1 ? 'ends' : 'end'}`;
  return ` ${who} after ${lateJobs === 1 ? 'it is' : 'they are'} due (${baseline.lateJobs} without the plan).`;
};

/** How many move, what that promises on which knowledge, how good it is known to be, and who is late nevertheless. */
export const planText = (plan: Plan): string => {
  const { id, jobs, planned } = plan;
  const held = `Plan ${id}: ${jobs.moved} of ${counted(jobs.total, 'job')} ${jobs.moved === 1 ? 'moves' : 'move'}`;
  const total = `; ${massText(planned.emissionsKg.value)} CO2e in all`;
  return `${held}, which ${promiseText(plan)} ${basisText(plan)}${total}. ${boundText(plan.gap)}${lateText(plan)}`;
};

/** What has happened, for the jobs that both plans have: never a negative amount more. */
export const changeText = (change: { cost: number; emissionsKg: number }, currency: string): string => {
  const said = (value: number, say: (v: number) => string) =>
    isNothing(value) ? 'as much' : `${say(Math.abs(value))} ${value < 0 ? 'less' : 'more'}`;
  const as = isNothing(change.emissionsKg) ? 'as' : 'than';
  return `for the jobs that both have it costs ${said(change.cost, (v) => moneyText(v, currency))} and emits ${said(change.emissionsKg, massText)} ${as} the old plan under today’s signals`;
};

interface Replanned {
  readonly plan: Pick<Plan, 'gap'> | null;
  readonly charged: { readonly gap: number | null } | null;
}

/** The gap of what it costs, and beside it the one with the charge for moving, where the two differ. */
export const chargedText = ({ plan, charged }: Replanned): string => {
  const gap = plan?.gap ?? null;
  const searched = charged?.gap ?? null;
  if (gap === null || searched === null || Math.abs(gap - searched) <= 1e-9) return boundText(gap);
  return `${boundText(gap)} With the charge for moving it is within ${gapText(searched)}: what lies between the two was not worth the move.`;
};

/** Why there is no plan, as a sentence. */
export const conflictText = (conflict: { readonly sentence: string } | null): string =>
  conflict === null ? 'none was found, and none is proved impossible.' : `${conflict.sentence.replace(/\.$/, '')}.`;

/** What of the moves stops work that runs. */
export const interruptedText = (jobs: number): string =>
  jobs === 0 ? '' : ` (${jobs} of them ${jobs === 1 ? 'runs and is' : 'run and are'} interrupted)`;
