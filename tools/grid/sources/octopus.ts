/**
 * Octopus Agile: what a half-hour costs somebody on that tariff in Great Britain, in pence per kWh with VAT, without a key. It
 * follows the day-ahead auction; the next day comes at about 16:00 in London. A day has 46, 48 or 50 half-hours.
 */
import { z } from 'zod';
import type { Said } from '../../../domain/grid-values.js';
import { fromEpoch, Instant, type Interval, toEpoch } from '../../../domain/time.js';
import type { PriceFeed, Reading } from './feed.js';
import { jsonFrom, type Server } from './server.js';

const STEP_MINUTES = 30;
const STEP = STEP_MINUTES * 60;
/** £ per MWh of one penny per kWh. */
const POUNDS_PER_MWH = 10;
const PAGE = 1500;
const MOST_PAGES = 10;

/** Newest first. `{"value_exc_vat": 24.3, "value_inc_vat": 25.515, "valid_from": "2023-03-26T00:00:00Z", "valid_to": …}` */
const Rate = z.object({
  value_inc_vat: z.number(),
  valid_from: Instant,
  /** null: until further notice */
  valid_to: Instant.nullable(),
});
const Page = z.object({ count: z.number().optional(), next: z.string().nullable(), results: z.array(Rate) });

interface Settings extends Pick<Server, 'base' | 'timer'> {
  readonly product: string;
  /** the letter of the distribution region, A to P */
  readonly area: string;
}

export const octopus = ({ product, area, ...to }: Settings): PriceFeed[] => {
  const server: Server = { ...to, who: 'Octopus Energy', setting: 'CACO_OCTOPUS_URL' };
  const path = `/v1/products/${encodeURIComponent(product)}/electricity-tariffs/E-1R-${encodeURIComponent(product)}-${area}/standard-unit-rates/`;
  return [
    {
      source: 'octopus',
      quantity: 'price',
      currency: 'GBP',
      basis: 'retail',
      attribution: `Octopus Agile ${product}, region ${area}, inc. VAT`,
      stepMinutes: STEP_MINUTES,
      chunkHours: 30 * 24,
      foresees: true,
      measures: true,
      isExtended: true,
      settlesHours: 1,
      renewMinutes: 15,
      regions: () => ['GB'],
      read: async (_, interval, signal) => {
        const notes: string[] = [];
        const rates: z.output<typeof Rate>[] = [];
        let promised = 0;
        for (let page = 1; page <= MOST_PAGES; page++) {
          const query = `?period_from=${interval.start}&period_to=${interval.end}&page_size=${PAGE}${page === 1 ? '' : `&page=${page}`}`;
          const { body, notes: more } = await jsonFrom(server, `${path}${query}`, Page, { signal });
          promised = body.count ?? 0;
          rates.push(...body.results);
          if (page === 1) notes.push(...more);
          if (body.next === null) break;
        }
        if (rates.length < promised) notes.push(`Octopus speaks of ${promised} prices and gave ${rates.length}.`);
        return { said: rates.flatMap((rate) => saidOf(rate, interval)), notes } satisfies Reading;
      },
    },
  ];
};

/** A price that was published stands: it is known ahead, and it is what came true. */
const saidOf = ({ value_inc_vat, valid_from, valid_to }: z.output<typeof Rate>, { start, end }: Interval): Said[] => {
  const from = Math.max(toEpoch(valid_from), toEpoch(start));
  const until = Math.min(valid_to === null ? toEpoch(end) : toEpoch(valid_to), toEpoch(end));
  const said: Said[] = [];
  // 25.515 p is 255.15 £/MWh: a factor of ten leaves no more digits than there were.
  const value = Math.round(value_inc_vat * POUNDS_PER_MWH * 1e6) / 1e6;
  for (let at = from; at < until; at += STEP)
    for (const status of ['forecast', 'actual'] as const)
      said.push({ at: fromEpoch(at), minutes: STEP_MINUTES, value, status, published: null });
  return said;
};
