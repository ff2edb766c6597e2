/** The tool that lists what we sold: orders as the books have them, with what of each was delivered. */
import { z } from 'zod';
import { powerText } from '../../domain/figures.js';
import { Listing, listing, Next } from '../../domain/listing.js';
import { OPEN_STATES, OrderState, SOLD_ORDERS, type SoldOrder } from '../../domain/market.js';
import { Instant } from '../../domain/time.js';
import { Currency } from '../../domain/units.js';
import { defineTool } from '../tool.js';

/** What a buyer calls itself is a stranger's text: so much of it is told. */
const MOST_TEXT = 120;

const Sale = z.strictObject({
  id: z.string(),
  buyer: z.string(),
  state: OrderState,
  region: z.string(),
  start: Instant,
  end: Instant,
  powerKw: z.number().describe('less than the baseline, in every interval of the window'),
  energyKwh: z.number(),
  total: z.number().nullable().describe('price of the order; null where none was agreed'),
  currency: Currency,
  planId: z.string().nullable().describe('the plan that keeps the promise'),
  deliveredKw: z
    .number()
    .nullable()
    .describe(
      'kW that stayed away in the worst interval; null before the window is over, or where nothing measures it',
    ),
  note: z.string().nullable().describe('a shortfall, in words'),
  evidence: z.string().nullable().describe('the ledger entry of it'),
});

/** Bought and not taken back: what is only held, refused or cancelled is not sold. */
const isSold = ({ order }: SoldOrder): boolean => OPEN_STATES.has(order.state) || order.state === 'COMPLETED';

const saleOf = ({ id, bapId, region, powerKw, deliveredBy, order }: SoldOrder): z.output<typeof Sale> => {
  const { window, currency } = order.item!;
  const told = order.metered.flatMap(({ baselineKw, actualKw }) => (actualKw === null ? [] : [baselineKw - actualKw]));
  return {
    id,
    buyer: bapId.slice(0, MOST_TEXT),
    state: order.state,
    region,
    ...window,
    powerKw,
    energyKwh: (powerKw * (Date.parse(window.end) - Date.parse(window.start))) / 3_600_000,
    total: order.quote === null ? null : Number(order.quote.total),
    currency,
    planId: deliveredBy,
    deliveredKw: told.length === 0 ? null : Math.min(...told),
    note: order.note?.slice(0, 4 * MOST_TEXT) ?? null,
    evidence: order.evidence,
  };
};

export const listSales = defineTool({
  name: 'list_sales',
  title: 'List sales',
  description: 'Flexibility that was sold to grid operators: orders that stand or were delivered.',
  toolset: 'grid',
  effect: 'reads',
  input: z.strictObject({
    ...Listing,
    from: Instant.optional().describe('only windows that end after'),
    to: Instant.optional().describe('only windows that begin before'),
  }),
  output: z.strictObject({ sales: z.array(Sale), next: Next }),
  run: async ({ from, to, ...page }, { store }) => {
    const { found, next } = await listing(store, SOLD_ORDERS, page, (sold) => {
      if (!isSold(sold)) return false;
      const { start, end } = sold.order.item!.window;
      return (from === undefined || end > from) && (to === undefined || start < to);
    });
    return { sales: found.map(saleOf), next };
  },
  tell: ({ sales }) =>
    sales.length === 0
      ? 'Nothing is sold.'
      : sales
          .map((s) => `${s.id}: ${powerText(s.powerKw)} less from ${s.start} to ${s.end} for ${s.buyer}, ${s.state}`)
          .join('\n'),
});
