/** A program that is left on: it plans what has newly come every few minutes, for as long as nobody ends it. */
import { z } from 'zod';
import { defineCollection, defineRows } from './store.js';
import { Instant, secondsBetween } from './time.js';

/** One look at the world, and what came of it. */
export const Tick = z.strictObject({
  at: Instant.describe('the moment that it is about'),
  missed: z.number().int().describe('moments before it at which nobody looked'),
  jobs: z.number().int().describe('jobs that had newly come'),
  runId: z.string().nullable().describe('the run that planned them; null: none had come'),
  status: z.string().nullable().describe('of that run'),
  moved: z
    .number()
    .int()
    .describe('jobs that its plan moves, where that was placed; what a scheduler left of them is told by list_changes'),
  reviewed: z
    .strictObject({ planId: z.string(), byPlanId: z.string().nullable(), moved: z.number().int() })
    .nullable()
    .describe('a plan under way that was planned again, and the plan that took its place; null: it stands'),
  finished: z.number().int().describe('earlier runs that were verified, or went on after an answer'),
  events: z.array(z.string()).optional().describe('flexibility events that stand otherwise than before, in words'),
  trouble: z.array(z.string()).describe('what did not work, in words; it is tried again'),
});
export type Tick = z.infer<typeof Tick>;

export const Operation = z.strictObject({
  everySeconds: z.number().int().positive(),
  horizonHours: z.number().positive(),
  startedAt: Instant,
  nextAt: Instant.describe('when it looks next'),
  since: Instant.describe('what came before was taken in'),
  stopped: z.boolean().describe('it was ended by a person, so that what it then missed was meant'),
  ticks: z.number().int(),
  missed: z.number().int(),
  last: Tick.nullable(),
});
export type Operation = z.infer<typeof Operation>;

/** Jobs that a run of the operation was about, whatever came of it, by world and `identityOf`: each is planned anew by it once. */
export const TAKEN_UP = defineRows('taken_up_jobs', z.strictObject({ runId: z.string() }));

/** By the name of the world: one program operates it. */
export const OPERATIONS = defineCollection('operations', Operation);

export interface Standing {
  readonly ok: boolean;
  /** null: as it should be */
  readonly why: string | null;
}

/**
 * It is late by more than two of its own steps, or something did not work at its last look. `now` is the world’s: a clock that jumps
 * stands still between two looks, so that it cannot be late.
 */
export const standingOf = (state: Operation | undefined, now: Instant): Standing => {
  if (state === undefined) return { ok: false, why: 'it has not begun' };
  const late = secondsBetween(state.nextAt, now);
  if (late > 2 * state.everySeconds) return { ok: false, why: `it should have looked at ${state.nextAt}` };
  const trouble = state.last?.trouble ?? [];
  return trouble.length > 0 ? { ok: false, why: trouble.join('; ') } : { ok: true, why: null };
};
