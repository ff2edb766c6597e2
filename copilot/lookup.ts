/** One thing that people ask of the system: how it is recognised, what it needs to know, and the draft that answers it. */
import { z } from 'zod';
import { Instant } from '../domain/time.js';
import type { Desk } from './desk.js';
import type { Draft } from './facts.js';
import type { Stretch } from './question/stretch.js';

/** What a question may name. A lookup takes what it can use and ignores the rest. */
export const Slots = z.strictObject({
  job: z.string().max(200).optional().describe('id or exact name of a job'),
  team: z.string().max(200).optional().describe('name of a team'),
  planId: z.string().max(200).optional().describe('id of a plan'),
  otherPlanId: z.string().max(200).optional().describe('id of a second plan, to compare with'),
  region: z.string().max(200).optional().describe('a grid region'),
  carbonPricePerTonne: z.number().min(0).max(1e6).optional().describe('money per tonne CO2e'),
  powerKw: z.number().positive().max(1e7).optional().describe('kW asked about: "could we do 2 MW"'),
  hours: z.number().positive().max(840).optional().describe('length of the work in hours'),
  shiftHours: z.number().min(-840).max(840).optional().describe('hours that a job is moved by; negative: earlier'),
  towards: z.enum(['earlier', 'later']).optional().describe('where a job is to be moved to, without a time'),
  topic: z.string().max(500).optional().describe('words to look for'),
  period: z
    .enum(['today', 'yesterday', 'this week', 'last week', 'this month', 'last month', 'this year', 'all'])
    .optional()
    .describe('stretch of time that ends now, or ended before it'),
  from: z.string().max(40).optional().describe('first moment of the stretch asked about, ISO 8601 UTC'),
  to: z.string().max(40).optional().describe('its end; the same as from for a moment'),
});
export type Slots = z.infer<typeof Slots>;

export interface Lookup {
  readonly name: string;
  readonly description: string;
  /** members of Slots that it uses */
  readonly uses: readonly (keyof Slots)[];
  readonly answer: (slots: Slots, desk: Desk) => Promise<Draft>;
}

/** Both ends, or undefined where none was named or it is no time. */
export const stretchOf = ({ from, to }: Pick<Slots, 'from' | 'to'>): Stretch | undefined => {
  const [a, b] = [Instant.safeParse(from), Instant.safeParse(to ?? from)];
  return a.success && b.success && a.data <= b.data ? { from: a.data, to: b.data } : undefined;
};
