/** One thread of the graph, as people list it. The graph's own checkpoints hold its state; this is the index to them. */
import { z } from 'zod';
import { RUNS as SETTLEMENT_RUNS } from './settlement/runs.js';
import { defineCollection } from './store.js';
import { Instant } from './time.js';

/** An event that a run settled, or why it could not. */
export const SettledEvent = z.strictObject({
  id: z.string(),
  run: z.enum(SETTLEMENT_RUNS),
  fault: z
    .strictObject({
      code: z.enum(['invalid-input', 'not-found', 'conflict']),
      message: z.string(),
      remedy: z.string(),
    })
    .nullable(),
});
export type SettledEvent = z.infer<typeof SettledEvent>;

export const Run = z.strictObject({
  id: z.string(),
  kind: z.enum(['plan', 'settle', 'respond']),
  status: z
    .enum(['running', 'waiting', 'placed', 'done', 'refused', 'failed'])
    .describe('placed: handed to the fleet and filed; what came of it is verified later'),
  scenario: z.string(),
  seed: z.number().int().optional().describe('of its scenario'),
  from: Instant.optional().describe('start of the window'),
  request: z.record(z.string(), z.unknown()).optional().describe('what was asked of the planner beyond the window'),
  horizonHours: z.number(),
  approvalMode: z.enum(['auto', 'ask']),
  workloadId: z.string().nullable(),
  planId: z.string().nullable(),
  takesUp: z.string().optional().describe('a plan that was refused, taken up for the jobs that the policy allows'),
  carries: z.string().optional().describe('a plan that was made before the run, which is judged as any other'),
  rests: z
    .literal(true)
    .optional()
    .describe(
      'a run of an operation: what it placed is verified when its time has come, also where the clock could jump there',
    ),
  eventId: z.string().optional().describe('of kind respond: the flexibility event that its plan was made for'),
  settles: z
    .array(z.record(z.string(), z.unknown()))
    .optional()
    .describe('of kind settle: the events to settle, each as settle_event takes it'),
  settled: z.array(SettledEvent).optional().describe('of kind settle: what became of each'),
  sameAs: z.string().optional().describe('the run that waits for the answer on the same plan; this one ended there'),
  approvalId: z.string().nullable(),
  decisionId: z.string().nullable(),
  settleAfter: Instant.optional().describe('of a placed run: when resuming it verifies what came of it'),
  startedBy: z.string(),
  startedAt: Instant,
  finishedAt: Instant.nullable(),
  story: z.string().nullable().describe('the run in plain words'),
  error: z.string().nullable().describe('why it failed; of a placed run, why what it placed is not verified yet'),
});
export type Run = z.infer<typeof Run>;

/** One that failed may be taken up again, so it is not over. */
export const RUNS = defineCollection('runs', Run, ({ status, finishedAt }) =>
  status === 'done' || status === 'refused' ? finishedAt : null,
);
