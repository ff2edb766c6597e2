/** The tool that sets the named policies side by side on a workload. */
import { z } from 'zod';
import { massText } from '../../domain/figures.js';
import { Currency } from '../../domain/units.js';
import { defineTool } from '../tool.js';
import { BaselineRow, compareBaselines as compare } from './baselines/baselines.js';
import { costText, tellingOf, UNPRICED } from './compare.js';
import { fleetProblem, PlanInput } from './fleet-problem.js';

export const compareBaselines = defineTool({
  name: 'compare_baselines',
  title: 'Compare with named policies',
  description:
    'What a workload would cost and emit under the known policies (run immediately, per-job planner, Let’s Wait Awhile, Lowest-Window, Carbon-Time, WaitAwhile, Ecovisor, FCFS, EDF with a threshold, greedy) and under this planner, each with what it violates. Stores nothing.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject({
    ...PlanInput.shape,
    policies: z
      .array(z.string())
      .min(1)
      .max(20)
      .optional()
      .describe('names of policies; all and the planner when left out'),
  }),
  output: z.strictObject({
    workloadId: z.string(),
    currency: Currency,
    rows: z.array(BaselineRow),
    unpriced: UNPRICED,
    unseen: z.array(z.string()),
  }),
  run: async ({ policies, ...input }, world, call) => {
    const fleet = await fleetProblem(world, input);
    const telling = tellingOf(fleet, world);
    const rows = await compare(fleet.problem, {
      policies,
      telling,
      seed: input.seed,
      cpuSeconds: input.cpuSeconds,
      signal: call.signal,
      onProgress: (done, total, note) => call.progress({ done, total, note }),
    });
    return {
      workloadId: fleet.workloadId,
      currency: telling.currency,
      rows,
      unpriced: [...fleet.unpriced],
      unseen: [...fleet.remarks, ...fleet.leftOut.map((l) => `${l.jobId} left out: ${l.why}`)].slice(0, 50),
    };
  },
  tell: ({ rows, currency, unpriced }) =>
    rows
      .map(
        (r) =>
          `${r.policy}: ${massText(r.emissionsKg.value)} CO2e, ${costText(r.cost.total, currency, unpriced)}${r.isLawful ? '' : ' (breaks limits)'}`,
      )
      .join('; '),
});
