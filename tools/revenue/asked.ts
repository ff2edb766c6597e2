/** What is offered and on what terms: an offer has a magnitude, a timing, a duration and a frequency. */
import { z } from 'zod';

const money = (what: string) => z.number().describe(`${what}, in the currency of the price series`);

export const Retail = z.strictObject({
  multiple: z.number().positive().describe('of the wholesale price'),
  peakAdderPerMwh: money('added per MWh from 16 to 19 h in London, without VAT'),
  vatRatio: z.number().min(0).max(1),
});
export type Retail = z.infer<typeof Retail>;

/** Octopus Agile, London. Of one repository’s note only; other regions differ by some percent. */
export const AGILE: Retail = { multiple: 2, peakAdderPerMwh: 120, vatRatio: 0.05 };

export const Network = z.strictObject({
  availabilityPerMwHour: money('for a MW that stands ready for an hour').default(0),
  availabilityHours: z.number().min(0).default(0).describe('hours of a year'),
  utilisationPerMwh: money('for a MWh that was delivered as instructed'),
  utilisationHours: z.number().min(0).describe('hours of a year that are called'),
});

export const Balancing = z.strictObject({
  perMwh: money('mean price of acceptances for a MWh'),
  hours: z.number().min(0).describe('hours of a year that are accepted'),
});

export const Projected = z.strictObject({
  mw: z.number().positive().max(10_000).describe('MW that can stay away at the facility meter'),
  hours: z
    .number()
    .min(0.5)
    .max(12)
    .multipleOf(0.5)
    .default(3)
    .describe('hours of one event, in steps of half an hour'),
  at: z
    .union([
      z.literal('dearest'),
      z.string().regex(/^([01]\d|2[0-3]):[03]0$/, 'must be dearest or a time such as 16:00'),
    ])
    .default('dearest')
    .describe('when it begins: dearest (the dearest hours of each day), or a time in London such as 16:00'),
  daysPerYear: z
    .number()
    .int()
    .min(1)
    .max(366)
    .optional()
    .describe('events of a year, on the days that pay most; as many as the baseline allows when left out'),
  leastPerMwh: z
    .number()
    .default(0)
    .describe(
      'money per MWh that must be left after the rebound, else a day is not sold: what the cheapest lever costs',
    ),
  recoverHours: z
    .number()
    .min(0.5)
    .max(24)
    .default(12)
    .describe('hours after an event within which the work is done: in the cheapest of them'),
  reboundRatio: z.number().min(0).max(2).default(1).describe('MWh used later for each that was put off'),
  flexibleRatio: z
    .number()
    .gt(0)
    .max(1)
    .default(0.25)
    .describe('share of a site’s power that can stay away: 0.25 to 0.40 in the demonstrations of 2025'),
  region: z.string().default('GB').describe('region of the price series'),
  prices: z
    .enum(['wholesale', 'agile'])
    .describe(
      'what the prices of the grid source are: wholesale, or the household tariff Octopus Agile that is made from them',
    ),
  retail: Retail.default(AGILE).describe('how the household tariff is made'),
  from: z.number().int().min(1990).max(2200).optional().describe('first year; ten years ago when left out'),
  to: z.number().int().min(1990).max(2200).optional().describe('last year; this year when left out'),
  balancing: Balancing.optional().describe('acceptances in the Balancing Mechanism: no series of them ships'),
  network: Network.optional().describe('a distribution network’s contract'),
});
export type Projected = z.output<typeof Projected>;

export type Offer = Pick<
  Projected,
  'mw' | 'hours' | 'at' | 'recoverHours' | 'reboundRatio' | 'leastPerMwh' | 'daysPerYear'
>;
