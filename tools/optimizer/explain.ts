/** The tool that says why a plan is as it is: limits that bind, a reason for each move, and what it would cost not to move. */
import { z } from 'zod';
import { notFound } from '../../domain/fault.js';
import { counted, figure, isNothing, massText, moneyText, percentText } from '../../domain/figures.js';
import { JOBS, type Job } from '../../domain/job.js';
import {
  BASELINE,
  BindingLimit,
  PLACEMENTS,
  PLANS,
  Placement,
  type Plan,
  RECOMMENDATIONS,
  Recommendation,
} from '../../domain/plan.js';
import { basisText, lateText, promiseText } from '../../domain/plan-text.js';
import { secondsBetween } from '../../domain/time.js';
import { Currency } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';

const Move = z.strictObject({
  ...Recommendation.shape,
  notMoving: z.string().describe('what it would cost not to move, in words'),
});

const JobStory = z.strictObject({
  jobId: z.string(),
  moved: z.boolean(),
  why: z.string(),
  placements: z.array(Placement),
  withoutPlan: z.array(Placement),
  move: Recommendation.nullable().describe('null where it stays'),
  savedKg: z.number().describe('kg CO2e less than without the plan; negative when it emits more'),
  savedCost: z.number().describe('money less than without the plan'),
  hoursBeforeDue: z.number().nullable().describe('hours between its end and when it is due; null without a due time'),
});

export const explainPlan = defineTool({
  name: 'explain_plan',
  title: 'Explain a plan',
  description:
    'Why a plan is as it is: the limits that bind and what more of each would save, the reason for each move and what not moving would cost; for one job, both of its places.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject({
    planId: z.string().min(1).describe('id of the plan'),
    jobId: z.string().min(1).optional().describe('explain this job; the moves that save most when left out'),
    limit: z.number().int().min(1).max(100).default(20).describe('at most this many moves'),
  }),
  output: z.strictObject({
    planId: z.string(),
    currency: Currency,
    summary: z.string(),
    proof: z.string().describe('how far the plan is from the best, and how that is known'),
    bindingLimits: z.array(z.strictObject({ ...BindingLimit.shape, sentence: z.string() })),
    moves: z.array(Move).describe('those that save most first'),
    moved: z.number().int().describe('moves in all'),
    job: JobStory.nullable(),
    unseen: z.array(z.string()),
  }),
  run: async ({ planId, jobId, limit }, world) => {
    const plan = (await world.store.collection(PLANS).get(planId))?.value;
    if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists runs with their plans.');
    const { currency } = plan.planned.cost;
    const moves = jobId === undefined ? await bestMoves(world, plan, limit) : [];
    return {
      planId,
      currency,
      summary: summaryOf(plan),
      proof: proofOf(plan),
      bindingLimits: plan.bindingLimits.map((b) => ({ ...b, sentence: bindingText(b, currency) })),
      moves: moves.map((m) => ({ ...m, notMoving: notMovingText(m, plan) })),
      moved: plan.jobs.moved,
      job: jobId === undefined ? null : await storyOf(world, plan, jobId),
      unseen: plan.unseen,
    };
  },
  tell: (o) =>
    [
      o.job?.why ?? o.summary,
      o.proof,
      ...o.bindingLimits.slice(0, 3).map((b) => b.sentence),
      ...o.moves.slice(0, 5).map((m) => `${m.jobId}: ${m.reason}. ${m.notMoving}`),
    ].join('\n'),
});

/** The moves with the largest saving at the plan's own carbon price; a plan's moves are read in pages and not held at once. */
const bestMoves = async (world: World, plan: Plan, limit: number): Promise<Recommendation[]> => {
  const worth = (m: Recommendation) => m.savedCost + (m.savedKg * plan.carbonPricePerTonne) / 1000;
  let best: Recommendation[] = [];
  for await (const page of world.store.rows(RECOMMENDATIONS).pages(plan.id)) {
    best.push(...page);
    best = best.sort((a, b) => worth(b) - worth(a) || (a.jobId < b.jobId ? -1 : 1)).slice(0, limit);
  }
  return best;
};

const summaryOf = (plan: Plan): string => {
  const { jobs, planned } = plan;
  const { currency } = planned.cost;
  return `${jobs.moved} of ${counted(jobs.total, 'job')} ${jobs.moved === 1 ? 'moves' : 'move'}${jobs.urgent === 0 ? '' : ` (${jobs.urgent} urgent ${jobs.urgent === 1 ? 'one stays' : 'ones stay'})`}: that ${promiseText(plan)} ${basisText(plan)} against running at once, at a carbon price of ${figure(plan.carbonPricePerTonne)} ${currency}/t.${lateText(plan)}`;
};

const proofOf = (plan: Plan): string => {
  if (plan.gap === null) return 'How far it is from the best plan is not known.';
  if (plan.gap < 1e-9) return 'No schedule can beat this one (proved).';
  const saving = plan.savingsGap === null ? '' : `, ${percentText(plan.savingsGap)} of what could be saved`;
  return `No schedule can beat this one by more than ${percentText(plan.gap)} of its cost${saving} (proved from the prices of its limits).`;
};

const bindingText = (b: z.infer<typeof BindingLimit>, currency: string) =>
  b.shadowPrice === null || b.shadowPrice <= 0
    ? `${b.limit} is full in ${counted(b.slots, 'slot')}.`
    : `${b.limit} binds in ${counted(b.slots, 'slot')}: one ${b.unit} more there would save ${moneyText(b.shadowPrice, currency)}.`;

const notMovingText = (m: Recommendation, { planned, unpriced = [] }: Plan) => {
  const { currency } = planned.cost;
  const than = (value: number, amount: string) =>
    isNothing(value) ? 'as much' : `${amount} ${value > 0 ? 'more' : 'less'}`;
  const mass = than(m.savedKg, `${massText(Math.abs(m.savedKg))} CO2e`);
  if (unpriced.includes(m.fromRegion) || unpriced.includes(m.toRegion)) return `Not moving it would emit ${mass}.`;
  return `Not moving it would emit ${mass} and cost ${than(m.savedCost, moneyText(Math.abs(m.savedCost), currency))}.`;
};

const total = (pieces: readonly Placement[], of: (p: Placement) => number) => pieces.reduce((sum, p) => sum + of(p), 0);
const costOf = (p: Placement) => p.energyCost + p.instanceCost + p.egressCost;

const storyOf = async (world: World, plan: Plan, jobId: string): Promise<z.input<typeof JobStory>> => {
  const job = await world.store.rows(JOBS).find(plan.workloadId, jobId);
  const placements = await piecesOfJob(world, PLACEMENTS, plan.id, jobId);
  const withoutPlan = await piecesOfJob(world, BASELINE, plan.id, jobId);
  if (!job || placements.length === 0 || withoutPlan.length === 0)
    throw notFound(
      `plan ${plan.id} has no place for a job ${jobId}`,
      `\`caco show ${plan.id}\` lists its moves; jobs that were left out are named under "unseen".`,
    );
  const move = await world.store.rows(RECOMMENDATIONS).find(plan.id, jobId);
  return {
    jobId,
    moved: move !== undefined,
    why: move ? `${jobId} moves ${move.reason}. ${notMovingText(move, plan)}` : stayText(job),
    placements,
    withoutPlan,
    move: move ?? null,
    savedKg: total(withoutPlan, (p) => p.emissionsKg) - total(placements, (p) => p.emissionsKg),
    savedCost: total(withoutPlan, costOf) - total(placements, costOf),
    hoursBeforeDue: job.due === null ? null : secondsBetween(placements.at(-1)!.end, job.due) / 3600,
  };
};

const stayText = (job: Job) =>
  job.category === 'urgent'
    ? `${job.id} stays: urgent jobs are never moved.`
    : `${job.id} stays: no other place or time within its window, its limits and the room that is left costs less.`;

const piecesOfJob = async (
  world: World,
  rows: typeof PLACEMENTS,
  planId: string,
  jobId: string,
): Promise<Placement[]> => {
  const pieces: Placement[] = [];
  for (let i = 0; ; i++) {
    const piece = await world.store.rows(rows).find(planId, `${jobId}#${i}`);
    if (!piece) return pieces;
    pieces.push(piece);
  }
};
