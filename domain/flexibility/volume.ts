/** What an event delivered, settlement period by settlement period. */
import { z } from 'zod';
import { type Instant, plusSeconds, type SettlementPeriod, settlementPeriodOf, settlementStart } from '../time.js';

export const DeliveredVolume = z.strictObject({
  eventId: z.string(),
  date: z.string().describe('settlement day, YYYY-MM-DD in the site’s zone'),
  period: z.number().int().min(1).max(50).describe('settlement period of that day'),
  direction: z.enum(['turn-down', 'turn-up']),
  baselineKwh: z.number(),
  meteredKwh: z.number(),
  deliveredKwh: z
    .number()
    .describe(
      'positive in the direction that was asked for: baseline less metered for a turn-down; below 0 against it',
    ),
});
export type DeliveredVolume = z.infer<typeof DeliveredVolume>;

/** Positive where the site did what was asked. */
export const deliveredKwh = (direction: 'turn-down' | 'turn-up', baselineKwh: number, meteredKwh: number): number =>
  direction === 'turn-down' ? baselineKwh - meteredKwh : meteredKwh - baselineKwh;

const PERIOD_S = 1800;

/** Every settlement period that [start, end) touches, in order: days have 46, 48 or 50 of them. */
export const periodsTouched = (start: Instant, end: Instant, zone?: string): SettlementPeriod[] => {
  const periods: SettlementPeriod[] = [];
  for (let at = start; at < end; ) {
    const period = settlementPeriodOf(at, zone);
    periods.push(period);
    at = plusSeconds(settlementStart(period, zone), PERIOD_S);
  }
  return periods;
};
