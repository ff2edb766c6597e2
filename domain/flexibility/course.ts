/** What goes on under a promise, step by step: what was commanded, what the meters read, and what whoever is on duty should know. */
import { z } from 'zod';
import { defineCollection, defineRows } from '../store.js';
import { Instant } from '../time.js';
import { EventReading, PowerSource } from './kept.js';

/** Rows by event id, named by the epoch second of their begin. */
export const EVENT_READINGS = defineRows('event-readings', EventReading);

export const EventCourse = z.strictObject({
  eventId: z.string(),
  region: z.string(),
  phase: z
    .enum(['ahead', 'holding', 'recovering', 'over'])
    .describe('ahead: looked at before it begins; recovering: power rises again, below the baseline'),
  at: Instant.describe('of the last step'),
  can: z
    .array(z.string())
    .describe('what this fleet can do to running work within seconds; empty: it was only measured'),
  source: PowerSource.describe('of the facility’s power'),
  baselineKw: z.number().nullable().describe('facility kW before it began, measured; null: not known'),
  facilityKw: z.number().nullable().describe('of the latest reading'),
  targetKw: z.number().nullable().describe('in force at the last step'),
  isBelow: z.boolean().describe('the facility has read at or below the target since the way down began'),
  issued: Instant.nullable().describe('the last command of the way down'),
  acknowledged: Instant.nullable(),
  itBelow: Instant.nullable(),
  commands: z.number().int().describe('that were carried out'),
  refused: z.number().int(),
  heldUntil: Instant.nullable().describe('when it ended, was taken back or replaced; null: it is kept'),
  said: z.array(z.strictObject({ at: Instant, what: z.string() })).describe('what whoever is on duty should know'),
});
export type EventCourse = z.infer<typeof EventCourse>;

/** By event id. */
export const EVENT_COURSES = defineCollection('event-courses', EventCourse);
