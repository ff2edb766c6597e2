/** What a fleet did to a job of somebody else's scheduler, or would do. It is written down before it is done, so that it can be undone. */
import { z } from 'zod';
import { CHANGE_STATES, type ChangeState as State } from './change-states.js';
import { Instant } from './time.js';

export const ChangeState = z.enum(Object.keys(CHANGE_STATES) as [State, ...State[]]);
export type ChangeState = State;

/** A rehearsal is written down beside the order: it is no part of it, and each takes the place of the one before. */
export const rehearsalOf = (orderKey: string): string => `${orderKey} rehearsed`;

export const Change = z.strictObject({
  jobId: z.string(),
  target: z.string().describe('as the scheduler knows the job; empty where it does not'),
  state: ChangeState.describe(
    Object.entries(CHANGE_STATES)
      .map(([state, words]) => `${state}: ${words}`)
      .join('; '),
  ),
  from: Instant.nullable().describe('from when it could start before the change; null: the scheduler had not said'),
  to: Instant.nullable().describe('from when it may start by the plan; null: no change was meant'),
  command: z.string().nullable().describe('what was run, or would be; null: nothing'),
  why: z.string().nullable().describe('why it was left, lost, refused or kept, in words'),
  lacksLeave: z.literal(true).optional().describe('left only because its owner has not said that it may be moved'),
  at: Instant.describe('when this was last written'),
});
export type Change = z.infer<typeof Change>;
