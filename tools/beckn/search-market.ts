/** The tool that asks the market and compares what is offered. It orders nothing: an order is a person's, by `caco beckn order`. */
import { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import { Instant, plusHours } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { buyerOf } from './buyer.js';
import { rank } from './rank.js';

const MOST_OFFERS = 20;
const LOOK_HOURS = 24;
/** What a seller calls itself and its offers is a stranger's text: so much of it is told. */
const MOST_TEXT = 120;

const ComparedOffer = z.strictObject({
  rank: z.number().int().describe('1 costs least with its carbon priced'),
  seller: z.string().describe('id on the market'),
  name: z.string().describe('as its seller calls it'),
  item: z.string().describe('what an order names'),
  start: Instant,
  end: Instant,
  powerKw: z.number(),
  pricePerMwh: z.number(),
  currency: z.string(),
  kgPerMwh: z.number().nullable().describe('kg CO2e per MWh, below 0 where it avoids them; null: not told'),
  scorePerMwh: z.number().describe('price plus carbon price × kg / 1000'),
  noticeMinutes: z.number().nullable(),
});

export const searchMarket = defineTool({
  name: 'search_market',
  title: 'Search the market',
  description:
    'Asks sellers of flexibility, over Beckn, for less power in a window, waits for their offers and ranks them by price with carbon priced. Orders nothing: a person does, by `caco beckn order`.',
  toolset: 'grid',
  effect: 'records',
  input: z.strictObject({
    powerKw: z.number().min(0.1).optional().describe('least power, kW'),
    durationMinutes: z.number().min(1).max(10_080).optional().describe('least duration, minutes'),
    from: Instant.optional().describe('start of the window; now when left out'),
    to: Instant.optional().describe('end of the window; 24 hours later when left out'),
    waitSeconds: z.number().min(1).max(60).default(15).describe('how long offers are waited for'),
  }),
  output: z.strictObject({
    transactionId: z.string().describe('names the search in an order'),
    asked: z.number().int().describe('sellers that were asked'),
    answered: z.number().int(),
    failed: z.array(z.string()).describe('why sellers could not be asked or did not offer'),
    carbonPricePerTonne: z.number().describe('weight of carbon beside the price'),
    offers: z.array(ComparedOffer),
    more: z.number().int().describe('offers that rank below these'),
  }),
  run: async (input, world) => {
    const buyer = buyerOf(world.store);
    if (buyer === undefined)
      throw new Fault(
        'unavailable',
        'no market is open in this process: sellers answer at an address that is served',
        'Run `caco serve` and ask at its /mcp, or use `caco beckn search`.',
      );
    const start = input.from ?? world.clock.now();
    const id = await buyer.search(
      {
        kind: 'DEMAND_TURN_DOWN',
        place: null,
        radiusKm: null,
        window: { start, end: input.to ?? plusHours(start, LOOK_HOURS) },
        powerKw: input.powerKw ?? null,
        durationMinutes: input.durationMinutes ?? null,
      },
      [],
    );
    const found = await buyer.until(
      id,
      ({ asked }) => asked.every(({ state }) => state !== 'sent'),
      input.waitSeconds * 1000,
    );
    const { carbonPricePerTonne } = world.method;
    const offers = rank(found.offers, carbonPricePerTonne).map(({ item, bppId, provider: _, ...figures }) => ({
      ...figures,
      seller: bppId.slice(0, MOST_TEXT),
      name: item.name.slice(0, MOST_TEXT),
      item: item.id,
      ...item.window,
      powerKw: item.powerKw,
      currency: item.currency,
      noticeMinutes: item.noticeMinutes,
    }));
    return {
      transactionId: id,
      asked: found.asked.length,
      answered: found.asked.filter(({ state }) => state === 'answered').length,
      failed: found.asked.flatMap(({ bppId, error }) =>
        error === null ? [] : [`${bppId ?? 'a seller'}: ${error}`.slice(0, MOST_TEXT)],
      ),
      carbonPricePerTonne,
      offers: offers.slice(0, MOST_OFFERS),
      more: Math.max(0, offers.length - MOST_OFFERS),
    };
  },
  tell: ({ transactionId, asked, answered, offers: [best], carbonPricePerTonne }) =>
    best === undefined
      ? `Nobody offers what was asked for; ${answered} of ${asked} sellers answered (transaction ${transactionId}).`
      : `Best of ${answered} sellers: ${best.powerKw.toFixed(0)} kW from ${best.start} to ${best.end} at ${best.pricePerMwh.toFixed(2)} ${best.currency} per MWh, ${best.scorePerMwh.toFixed(2)} with carbon at ${carbonPricePerTonne} per tonne. A person orders it: caco beckn order ${transactionId}.`,
});
