/** The tool that plans a workload: loads jobs, sites and signals by id, solves, and writes the plan and its rows. */
import { z } from 'zod';
import { FlexibilityOffer } from '../../domain/offer.js';
import { Plan } from '../../domain/plan.js';
import { conflictText, planText } from '../../domain/plan-text.js';
import { toEpoch } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { EFFORT, solvedWith } from './effort.js';
import { Conflict, RELAX_FORMS, relaxBy } from './engine/engine.js';
import { fleetProblem, hindsightOf, PlanInput } from './fleet-problem.js';
import { figuresAfter, heedLeastSaving, leastSavingInWords } from './least-saving.js';
import { offersOf, told } from './offers.js';
import { write } from './plan-record.js';

const Input = z.strictObject({
  ...PlanInput.shape,
  effort: EFFORT,
  relax: z
    .array(z.string())
    .max(100)
    .default([])
    .describe(
      `limits set anew: ${RELAX_FORMS}; or "smallest": when infeasible, also plan under the smallest relaxation`,
    ),
});

export const makePlan = defineTool({
  name: 'make_plan',
  title: 'Make a plan',
  description:
    'Finds where and when each waiting job of a workload should run, at the least cost of energy, machines, egress, lateness and carbon, within power caps and deadlines, with a proven bound. Changes nothing outside; urgent jobs are never moved.',
  toolset: 'plan',
  effect: 'records',
  input: Input,
  output: z.strictObject({
    plan: Plan.nullable().describe('null when no schedule fits'),
    conflict: Conflict.nullable().describe('which jobs and limits cannot be had together'),
    status: z
      .enum(['optimal', 'feasible', 'infeasible', 'not-found'])
      .describe('infeasible: proved; not-found: nothing was found and nothing is proved'),
    unplaced: z.array(z.string()).describe('jobs without a place when no plan was found, at most 100'),
    offers: z.array(FlexibilityOffer).describe('power that would stay away for an hour, one offer at a time'),
    objectiveParts: z.record(z.string(), z.number()).nullable().describe('money by cause'),
    cpuSeconds: z.number().describe('CPU seconds of the search'),
    seed: z.number(),
  }),
  run: async (input, world, call) => {
    const fleet = await fleetProblem(world, input, 'keep');
    const { workloadId, question, origin, leftOut, signals, words } = fleet;
    const clock = { origin, slotMinutes: question.method.slotMinutes };
    const smallest = input.relax.includes('smallest');
    const problem = relaxBy(
      fleet.problem,
      input.relax.filter((text) => text !== 'smallest'),
      clock,
    );
    const solved = await solvedWith(input.effort, problem, {
      seed: input.seed,
      relaxed: smallest,
      naming: { clock, words },
      ...(input.cpuSeconds === undefined ? {} : { cpuSeconds: input.cpuSeconds }),
      signal: call.signal,
      onProgress: (p) => call.progress({ done: p.done, total: p.total, note: p.note }),
    });
    const { cpuSeconds, seed } = solved;
    const conflict = solved.conflict && besideAnnounced(solved.conflict, fleet.keptBy);
    const found = solved.schedule ?? solved.relaxed?.schedule ?? null;
    const heeded = found === null ? null : heedLeastSaving(problem, found, fleet.least);
    const changed = heeded !== null && heeded.stay.size > 0 ? figuresAfter(problem, heeded.schedule, solved) : null;
    const { objective, status, gap, savingsGap } = changed ?? {
      ...solved,
      objective: solved.objective ?? solved.relaxed?.objective ?? null,
    };
    const answer = { conflict, status, unplaced: solved.unplaced.slice(0, 100), cpuSeconds, seed };
    if (heeded === null || objective === null) return { plan: null, offers: [], objectiveParts: null, ...answer };
    const { schedule } = heeded;
    const objectiveParts = changed?.objectiveParts ?? solved.objectiveParts;
    const announced = fleet.keptBy.size > 0 ? problem.jobs.current : null;
    const rows = { workloadId, question, problem, origin, planned: schedule, announced, leftOut };
    const offers = offersOf(problem, schedule, {
      origin,
      clusterOf: (region) => question.sites.find((site) => site.region === region)?.clusterId ?? null,
      takenKw: fleet.takenKw,
      takenMeanKw: fleet.takenMeanKw,
      until: Math.ceil((toEpoch(question.window.end) - origin) / (question.method.slotMinutes * 60)),
    });
    const { plan, commit } = await write(world, call, rows, {
      offers,
      region: input.region ?? null,
      policySetId: fleet.policySetId,
      beside: fleet.besidePlans,
      remarks: [...leastSavingInWords(heeded), ...fleet.remarks],
      unpriced: fleet.unpriced,
      terms: [...input.relax.map((limit) => `limit ${limit}`), ...hindsightOf(input)],
      signals,
      solved: { ...solved, objective, gap, savingsGap },
    });
    call.commit(commit);
    return { plan, offers: offers.map(told), objectiveParts: objectiveParts && { ...objectiveParts }, ...answer };
  },
  tell: ({ plan, conflict }) => (plan === null ? `No schedule fits: ${conflictText(conflict)}` : planText(plan)),
});

/** What stands fast may be what is in the way: the reader learns how to move it. */
const besideAnnounced = (conflict: Conflict, keptBy: ReadonlyMap<string, number>): Conflict => {
  if (keptBy.size === 0) return conflict;
  const kept = [...keptBy].map(([planId, count]) => `${count} by plan ${planId}`).join(', ');
  const [first] = keptBy.keys();
  return {
    ...conflict,
    sentence: `${conflict.sentence.replace(/\.$/, '')}; announced jobs stay where they are (${kept}), \`caco replan --from ${first}\` plans them again`,
  };
};
