/** What we keep of a conversation in which we buy: what was asked, who offered what, and the order as its seller last told it. */
import { z } from 'zod';
import { DIALECTS, MarketItem, MarketOrder, Need } from '../../domain/market.js';
import { defineCollection } from '../../domain/store.js';
import { Instant } from '../../domain/time.js';

const Asked = z.strictObject({
  messageId: z.string(),
  action: z.string(),
  bppId: z.string().nullable(),
  atMs: z.number(),
  untilMs: z.number(),
  state: z.enum(['sent', 'answered', 'late', 'failed']),
  error: z.string().nullable(),
  answer: z
    .string()
    .nullable()
    .default(null)
    .describe('digest of what answered it: the same once more is a repetition'),
});
export type Asked = z.infer<typeof Asked>;

export const Bought = z.strictObject({
  transactionId: z.string(),
  dialect: z.enum(DIALECTS),
  domain: z.string(),
  need: Need.nullable(),
  at: Instant,
  asked: z.array(Asked),
  offers: z.array(
    z.strictObject({
      bppId: z.string(),
      bppUri: z.string(),
      providerId: z.string(),
      providerName: z.string(),
      item: MarketItem,
    }),
  ),
  bppId: z.string().nullable().describe('whom we order from'),
  bppUri: z.string().nullable(),
  order: MarketOrder.nullable(),
  tracking: z.string().nullable(),
  support: z.string().nullable(),
});
export type Bought = z.infer<typeof Bought>;
/** By transaction id. */
export const BOUGHT = defineCollection('bought', Bought);

/** Nothing is awaited any more: a question that was sent holds until its ttl. */
const isSettled = ({ asked }: Bought, nowMs: number): boolean =>
  asked.every(({ state, untilMs }) => state !== 'sent' || untilMs < nowMs);

/**
 * Whether there is nothing to go on with: it was refused, given up or rated, or all have answered and nothing was ordered of what they
 * offer. `meeting` is how many offers meet the need.
 */
export const isOver = (of: Bought, meeting: number, nowMs: number): boolean =>
  (of.order === null && meeting === 0 && isSettled(of, nowMs)) ||
  of.asked.some(
    ({ action, state }) => (state === 'failed' && action !== 'search') || (action === 'rating' && state === 'answered'),
  ) ||
  of.order?.state === 'CANCELLED';
