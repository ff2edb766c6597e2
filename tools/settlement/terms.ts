/** What an event was sold as, and on what terms: nothing of it is guessed, for each product has rules of its own that change by the year. */
import { z } from 'zod';

const perHalfHour = (what: string, amount = z.number()) =>
  z
    .union([amount, z.array(amount).min(1).max(48)])
    .describe(`${what}: one value for all half-hours of the event, or one for each`);

export const Terms = z.discriminatedUnion('as', [
  z.strictObject({
    as: z.literal('wholesale').describe('a reduction that was traded ahead, settled under P415'),
    contractedMwh: perHalfHour('MWh that were sold; negative for an increase that was bought'),
    tradePrice: perHalfHour('money per MWh that the trade was made at'),
    systemPrice: perHalfHour('money per MWh of imbalance'),
    compensationPrice: z.number().describe('Supplier Compensation Reference Price of the quarter, money per MWh'),
  }),
  z.strictObject({
    as: z.literal('bid').describe('pay-as-bid, as the Demand Flexibility Service'),
    bidMwh: perHalfHour('MWh that were accepted, of a reduction', z.number().positive()),
    price: z.number().describe('money per MWh'),
    adjusted: z
      .boolean()
      .describe('whether the rules of that day take the in-day adjustment in: they have been changed several times'),
  }),
  z.strictObject({
    as: z.literal('utilisation').describe('a distribution network’s contract'),
    instructedKw: z.number().positive(),
    price: z.number().describe('money per MWh that was delivered as instructed'),
    curve: z
      .array(z.strictObject({ delivered: z.number().min(0), paid: z.number().min(0).max(1) }))
      .min(1)
      .refine((points) => points.every((point, i) => i === 0 || point.delivered > points[i - 1]!.delivered), {
        error: 'its points must rise in what was delivered',
      })
      .describe('share paid by share delivered, as the contract has it; straight lines between the points'),
    averaging: z
      .enum(['half-hour', 'event'])
      .describe('whether each half-hour is paid by itself, or the event by its mean'),
    availability: z
      .strictObject({ mw: z.number(), hours: z.number(), price: z.number().describe('money per MW and hour') })
      .optional(),
    adjusted: z.boolean().describe('whether the contract takes the in-day adjustment in'),
  }),
]);
export type Terms = z.infer<typeof Terms>;
export type PerHalfHour = number | readonly number[];

/** undefined: a list of another length than the event has half-hours. */
export const eachHalfHour = (given: PerHalfHour, count: number): readonly number[] | undefined =>
  typeof given === 'number' ? Array.from({ length: count }, () => given) : given.length === count ? given : undefined;
