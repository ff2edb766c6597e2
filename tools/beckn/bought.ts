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
