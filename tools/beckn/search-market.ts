/** The tool that asks the market and compares what is offered. It orders nothing: an order is a person's, by `caco beckn order`. */
import { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import { powerText } from '../../domain/figures.js';
import { Instant, plusHours } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { buyerOf } from './buyer.js';
import { rank } from './rank.js';

const LOOK_HOURS = 24;
const WAIT_MS = 15_000;
/** What a seller calls itself is a stranger's text: so much of it is told. */
const MOST_TEXT = 120;

const ComparedOffer = z.strictObject({
  seller: z.string(),
  item: z.string().describe('what an order names'),
  start: Instant,
  end: Instant,
  powerKw: z.number(),
  pricePerMwh: z.number(),
  currency: z.string(),
  kgPerMwh: z.number().nullable().describe('CO2e; below 0: avoided'),
  scorePerMwh: z.number().nullable().describe('price with carbon'),
});

export const searchMarket = defineTool({
  name: 'search_market',
  title: 'Search the market',
  description:
    'Asks sellers on the Beckn market for less power and ranks offers by price with carbon. A person orders: `caco beckn order`.',
  toolset: 'grid',
  effect: 'records',
  input: z.strictObject({
    powerKw: z.number().min(0.1).optional().describe('least kW'),
    durationMinutes: z.number().min(1).optional().describe('least minutes'),
    from: Instant.optional().describe('now when left out'),
    to: Instant.optional().describe('24 h later when left out'),
  }),
  output: z.strictObject({
    transactionId: z.string().describe('an order names it'),
    sellers: z.array(z.string()).describe('each that was asked, and how it answered'),
    carbonPricePerTonne: z.number(),
    offers: z.array(ComparedOffer).describe('best first'),
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
    const found = await buyer.until(id, ({ asked }) => asked.every(({ state }) => state !== 'sent'), WAIT_MS);
    const { carbonPricePerTonne } = world.method;
    const offers = rank(found, { carbonPricePerTonne, currency: world.setting.currency }).map(
      ({ item, bppId, pricePerMwh, kgPerMwh, scorePerMwh }) => ({
        seller: bppId.slice(0, MOST_TEXT),
        item: item.id,
        ...item.window,
        powerKw: item.powerKw,
        pricePerMwh,
        currency: item.currency,
        kgPerMwh,
        scorePerMwh,
      }),
    );
    return {
      transactionId: id,
      sellers: found.asked.map(({ bppId, state, error }) =>
        `${bppId ?? 'unknown'}: ${error ?? state}`.slice(0, MOST_TEXT),
      ),
      carbonPricePerTonne,
      offers,
    };
  },
  tell: ({ transactionId, sellers, offers: [best], carbonPricePerTonne }) =>
    best === undefined
      ? `Nobody offers what was asked for; ${sellers.length === 1 ? '1 seller was' : `${sellers.length} sellers were`} asked (transaction ${transactionId}).`
      : `Best of ${sellers.length === 1 ? '1 seller' : `${sellers.length} sellers`}: ${powerText(best.powerKw)} from ${best.start} to ${best.end} at ${best.pricePerMwh.toFixed(2)} ${best.currency} per MWh, ${best.scorePerMwh === null ? 'its carbon not known' : `${best.scorePerMwh.toFixed(2)} with carbon at ${carbonPricePerTonne} ${best.currency} per tonne`}. A person orders it: caco beckn order ${transactionId}.`,
});
