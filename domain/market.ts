/** What is said on a market for flexibility, whatever its spelling on the wire: needs, offers, quotes, orders and what was metered. */
import { z } from 'zod';
import { Decimal } from './decimal.js';
import { defineCollection } from './store.js';
import { Instant, Interval } from './time.js';
import { Currency } from './units.js';

/** What a buyer asks of a seller; each is answered by `on_` and its name. */
export const MARKET_ACTIONS = [
  'search',
  'select',
  'init',
  'confirm',
  'status',
  'track',
  'update',
  'cancel',
  'rating',
  'support',
] as const;
export type MarketAction = (typeof MARKET_ACTIONS)[number];

/** DEMAND_TURN_DOWN: less power. DEMAND_TURN_UP: more. COMPUTE_SLOT: a clean window to compute in. */
export const OfferKind = z.enum(['DEMAND_TURN_DOWN', 'DEMAND_TURN_UP', 'COMPUTE_SLOT']);
export type OfferKind = z.infer<typeof OfferKind>;

export const Place = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
});
export type Place = z.infer<typeof Place>;

/** What a buyer looks for; what is null is not asked for. */
export const Need = z.strictObject({
  kind: OfferKind.nullable(),
  place: Place.nullable(),
  radiusKm: z.number().positive().nullable(),
  window: Interval.nullable(),
  powerKw: z.number().positive().nullable(),
  durationMinutes: z.number().positive().nullable(),
});
export type Need = z.infer<typeof Need>;

export const MarketItem = z.strictObject({
  id: z.string().min(1),
  name: z.string(),
  kind: OfferKind,
  window: Interval,
  powerKw: z.number().positive(),
  energyMwh: Decimal,
  pricePerMwh: Decimal,
  currency: Currency,
  noticeMinutes: z.number().min(0).nullable(),
  rampMinutes: z.number().min(0).nullable(),
  recoveryMinutes: z.number().min(0).nullable(),
  reboundKwh: z.number().min(0).nullable().describe('energy that is used at another time instead'),
  intensityGPerKwh: z.number().nullable(),
  avoidedKg: z.number().nullable().describe('CO2e; below 0 where the work is done in a dirtier hour'),
  carbonSource: z.string().nullable(),
  baselineMethod: z.string().nullable(),
  baselineKw: z.number().nullable().describe('facility kW that the reduction counts from'),
  bestEffortKw: z.number().nullable().describe('kW when everything goes well; never below powerKw'),
  place: Place.nullable(),
});
export type MarketItem = z.infer<typeof MarketItem>;

export const QuoteLine = z.strictObject({ title: z.string(), amount: Decimal });
export const Quote = z.strictObject({
  total: Decimal,
  currency: Currency,
  lines: z.array(QuoteLine).describe('sum to the total'),
  validSeconds: z.number().positive().nullable().describe('from the moment on at which it was given'),
});
export type Quote = z.infer<typeof Quote>;

export const Billing = z.strictObject({
  name: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
});
export type Billing = z.infer<typeof Billing>;

/** How much of an item: so many of them, or so much energy of one. */
export const Quantity = z.strictObject({ count: z.number().int().nullable(), energyMwh: Decimal.nullable() });
export type Quantity = z.infer<typeof Quantity>;

/** kW that are to stay away in an interval. */
export const CommittedInterval = z.strictObject({
  start: Instant,
  minutes: z.number(),
  kw: z.number(),
  at: z.string().describe('JSON pointer of where the message says so'),
});
export type CommittedInterval = z.infer<typeof CommittedInterval>;

/** null where the buyer has said nothing of it. */
export const Draft = z.strictObject({
  orderId: z.string().nullable(),
  providerId: z.string().nullable(),
  items: z.array(
    z.strictObject({
      id: z.string(),
      quantity: Quantity,
      commitment: z
        .array(CommittedInterval)
        .optional()
        .describe('interval by interval; left out: the same all through'),
    }),
  ),
  fulfillmentId: z.string().nullable(),
  billing: Billing.nullable(),
  quote: Quote.nullable(),
  payment: z.strictObject({ type: z.string().nullable(), amount: Decimal.nullable() }).nullable(),
});
export type Draft = z.infer<typeof Draft>;

/** Work that is moved while an order runs, because the grid is stressed. */
export const WorkloadShift = z.strictObject({
  action: z.enum(['workload_shift', 'continue_with_acknowledgement']),
  reason: z.string().nullable(),
  reductionKw: z.number().min(0).nullable(),
  event: z.string().nullable(),
});
export type WorkloadShift = z.infer<typeof WorkloadShift>;

export const Rate = z.strictObject({ about: z.string(), id: z.string(), value: z.number() });

export type MarketRequest =
  | { readonly action: 'search'; readonly need: Need }
  | { readonly action: 'select' | 'init' | 'confirm'; readonly draft: Draft }
  | { readonly action: 'status' | 'track'; readonly orderId: string }
  | {
      readonly action: 'update';
      readonly targets: readonly string[];
      readonly draft: Draft;
      readonly shift: WorkloadShift | null;
    }
  | {
      readonly action: 'cancel';
      readonly orderId: string;
      readonly reasonId: string | null;
      readonly why: string | null;
    }
  | { readonly action: 'rating'; readonly rates: readonly z.infer<typeof Rate>[] }
  | { readonly action: 'support'; readonly ref: string | null };

/** INITIALISED: capacity is held. From ORDER_PLACED on it binds. */
export const OrderState = z.enum([
  'QUOTED',
  'INITIALISED',
  'COMMITTED',
  'ORDER_PLACED',
  'SCHEDULED',
  'IN_PROGRESS',
  'COMPLETED',
  'CANCELLED',
  'REJECTED',
  'QUOTE_EXPIRED',
]);
export type OrderState = z.infer<typeof OrderState>;
export const OPEN_STATES: ReadonlySet<OrderState> = new Set(['ORDER_PLACED', 'SCHEDULED', 'IN_PROGRESS']);

/** One settlement interval: kW is kW, so energy is power times its length. */
export const Metered = z.strictObject({
  start: Instant,
  minutes: z.number().positive(),
  baselineKw: z.number(),
  actualKw: z.number().nullable().describe('null: nothing measures it'),
});
export type Metered = z.infer<typeof Metered>;

export const Cancelled = z.strictObject({
  at: Instant,
  by: z.enum(['CONSUMER', 'PROVIDER']),
  reasonId: z.string().nullable(),
  why: z.string().nullable(),
});

/** An order as either side sees it. */
export const MarketOrder = z.strictObject({
  id: z.string().nullable().describe('first given at on_confirm'),
  state: OrderState,
  providerId: z.string(),
  providerName: z.string().nullable(),
  itemId: z.string(),
  item: MarketItem.nullable().describe('null where only its id was told'),
  quantity: Quantity,
  quote: Quote.nullable(),
  billing: Billing.nullable(),
  paymentType: z.string().nullable(),
  cancelBy: Instant.nullable(),
  cancellationFeePercent: z.number().min(0).nullable(),
  metered: z.array(Metered),
  cancelled: Cancelled.nullable(),
  note: z.string().nullable().describe('a shortfall, or why it was refused'),
  evidence: z.string().nullable().describe('ledger entry'),
  createdAt: Instant.nullable(),
  updatedAt: Instant.nullable(),
});
export type MarketOrder = z.infer<typeof MarketOrder>;

export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly place: Place | null;
}

export type MarketReply =
  | {
      readonly is: 'catalog';
      readonly name: string;
      readonly providers: readonly (Provider & { readonly items: readonly MarketItem[] })[];
    }
  | { readonly is: 'order'; readonly order: MarketOrder }
  | { readonly is: 'tracking'; readonly orderId: string | null; readonly url: string; readonly active: boolean }
  | {
      readonly is: 'support';
      readonly ref: string | null;
      readonly phone: string | null;
      readonly email: string | null;
      readonly url: string | null;
    }
  | { readonly is: 'rating'; readonly feedbackUrl: string | null }
  | { readonly is: 'error'; readonly code: string; readonly message: string; readonly paths: string | null };

/** Who speaks to whom about what, as each message of a conversation says it. */
export interface MarketContext {
  readonly dialect: DialectName;
  /** as the sender spelt the version */
  readonly version: string;
  readonly domain: string;
  readonly action: string;
  readonly bapId: string;
  readonly bapUri: string;
  readonly bppId: string | null;
  readonly bppUri: string | null;
  readonly transactionId: string;
  readonly messageId: string;
  /** RFC 3339, as it was sent */
  readonly timestamp: string;
  readonly ttl: string;
  readonly country: string | null;
  readonly city: string | null;
}

export const DIALECTS = ['1.1', '0.9.4', '2.0-draft', '2.0-lts'] as const;
export type DialectName = (typeof DIALECTS)[number];

/** An order that we sell, with what only we know of it. Named by `ORD-` and a digest of buyer and transaction. */
export const SoldOrder = z.strictObject({
  id: z.string(),
  bapId: z.string(),
  transactionId: z.string(),
  dialect: z.enum(DIALECTS),
  version: z.string(),
  domain: z.string(),
  bapUri: z.string(),
  region: z.string(),
  clusterId: z.string().nullable(),
  planId: z.string().describe('whose offer it is'),
  deliveredBy: z.string().nullable().describe('the plan that keeps the promise'),
  approvalId: z.string().nullable(),
  decisionId: z.string().nullable(),
  confirm: z.string().nullable().describe('context of the confirm that waits for its answer, as JSON'),
  delivers: z
    .strictObject({ sites: z.array(z.string()), meterIds: z.array(z.string()) })
    .nullable()
    .default(null)
    .describe('whose energy it takes, for the whole window, so that it is paid for once; null: not committed'),
  quotedUntilMs: z.number().nullable(),
  committedAtMs: z
    .number()
    .nullable()
    .default(null)
    .describe('when its capacity was committed; orders count in that order'),
  powerKw: z.number().positive(),
  capsKw: z.array(
    z.strictObject({
      start: Instant,
      end: Instant,
      baselineKw: z.number().describe('mean facility kW as offered, whatever else is sold of it'),
      spokenKw: z
        .number()
        .min(0)
        .default(0)
        .describe('sold to others from the same plan before; it stays away as well'),
      maxKw: z
        .number()
        .describe('limit that plans keep at every moment: the highest draw as offered, less what was sold of it'),
    }),
  ),
  order: MarketOrder,
});
export type SoldOrder = z.infer<typeof SoldOrder>;
export const SOLD_ORDERS = defineCollection('sold-orders', SoldOrder);

/** kW of a site that is spoken for, by order. held: until then. committed: sold, and not in a plan yet. planned: a plan keeps it. */
export const Claim = z.strictObject({
  orderId: z.string(),
  bapId: z.string().default('').describe('for whom; empty where an earlier version did not say'),
  region: z.string(),
  clusterId: z.string().nullable(),
  window: Interval,
  kw: z.number().positive(),
  state: z.enum(['held', 'committed', 'planned']),
  untilMs: z.number().nullable(),
});
export type Claim = z.infer<typeof Claim>;
/** Until the order is over. */
export const CLAIMS = defineCollection('capacity-claims', Claim);

/** Plans that were made to keep an order. Until the order is placed nothing is sold from them: it may still be refused. */
export const SALE_PLANS = defineCollection(
  'sale-plans',
  z.strictObject({ orderId: z.string(), kept: z.boolean().describe('the order was placed by it') }),
);

/** What buyers gave us, by order id and who gave it. */
export const RATINGS = defineCollection(
  'market-ratings',
  z.strictObject({ about: z.string(), id: z.string(), value: z.number(), by: z.string(), at: Instant }),
);
