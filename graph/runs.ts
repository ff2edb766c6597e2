/** The tool that lists runs: each thread of the state machine as its books show it. */
import { z } from 'zod';
import { Listing, listing, Next } from '../domain/listing.js';
import { RUNS, Run } from '../domain/run.js';
import { defineTool } from '../tools/tool.js';

export const listRuns = defineTool({
  name: 'list_runs',
  title: 'List runs',
  description:
    'Runs, newest first: what was asked for, how it stands, and the plan, approval and decision that came of it.',
  toolset: 'status',
  effect: 'reads',
  input: z.strictObject({
    ...Listing,
    status: Run.shape.status.optional().describe('runs that stand so only'),
    planId: z.string().optional().describe('runs of this plan only'),
  }),
  output: z.strictObject({ runs: z.array(Run), next: Next }),
  run: async ({ status, planId, ...page }, { store }) => {
    const { found, next } = await listing(
      store,
      RUNS,
      page,
      (run) => (status === undefined || run.status === status) && (planId === undefined || run.planId === planId),
    );
    return { runs: found, next };
  },
  tell: ({ runs }) =>
    runs.length === 0
      ? 'Nothing has run.'
      : runs.map((r) => `${r.id}: ${r.status}, plan ${r.planId ?? 'none'}`).join('\n'),
});
