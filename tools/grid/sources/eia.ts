/**
 * The Energy Information Administration of the United States, with a key: what each fuel generated in a balancing area, hourly, about
 * a day late. The intensity is ours, by its own factors; it tells nothing of what is to come.
 */
import { z } from 'zod';
import { type Instant, instant } from '../../../domain/time.js';
import type { Feed } from './feed.js';
import { factorsOf } from './fuels.js';
import { jsonFrom, type Server } from './server.js';

const AREAS = ['CISO', 'ERCO', 'ISNE', 'MISO', 'NYIS', 'PJM', 'SWPP', 'BPAT', 'DUK', 'SOCO', 'TVA'];
const PREFIX = 'US-';
/** Rows of one answer at most. */
const LENGTH = 5000;

/** Values come as text. `{"period": "2026-05-06T00", "respondent": "CISO", "fueltype": "NG", "value": "5123", "value-units": "megawatthours"}` */
const Body = z.object({
  response: z.object({
    total: z.coerce.number().optional(),
    data: z.array(
      z.object({
        period: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}$/),
        fueltype: z.string(),
        value: z.union([z.string(), z.number()]).nullable(),
        'value-units': z.literal('megawatthours'),
      }),
    ),
  }),
});

const hourOf = (at: Instant) => at.slice(0, 13);
const numberOf = (value: string | number | null): number | null => {
  if (value === null || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
};

export const eia = ({ key, ...to }: Pick<Server, 'base' | 'timer'> & { readonly key: string }): Feed[] => {
  const server: Server = { ...to, who: 'the EIA', setting: 'CACO_EIA_URL and CACO_EIA_KEY' };
  return [
    {
      source: 'eia',
      quantity: 'carbon',
      kind: { accounting: 'average', scope: 'operational' },
      attribution: "Estimate from EIA's hourly generation by fuel and its factors of 2023",
      stepMinutes: 60,
      // Fourteen fuels of twelve days are below the rows of one answer.
      chunkHours: 12 * 24,
      foresees: false,
      measures: true,
      isExtended: true,
      settlesHours: 72,
      renewMinutes: 60,
      regions: () => AREAS.map((area) => `${PREFIX}${area}`),
      read: async (region, { start, end }, signal) => {
        const query = new URLSearchParams({
          api_key: key,
          frequency: 'hourly',
          'data[0]': 'value',
          'facets[respondent][]': region.slice(PREFIX.length),
          start: hourOf(start),
          end: hourOf(end),
          length: String(LENGTH),
        });
        const path = '/v2/electricity/rto/fuel-type-data/data';
        const { body, notes } = await jsonFrom(server, `${path}/?${query}`, Body, { signal, what: path });
        const { data, total = 0 } = body.response;
        const hours = new Map<string, { fuelType: string; generation: number | null }[]>();
        for (const { period, fueltype, value } of data)
          hours.set(period, [...(hours.get(period) ?? []), { fuelType: fueltype, generation: numberOf(value) }]);
        return {
          said: [...hours].map(([period, rows]) => ({
            at: instant(`${period}:00Z`),
            minutes: 60,
            value: factorsOf.us(rows),
            status: 'estimate' as const,
            published: null,
          })),
          notes: total > data.length ? [...notes, `EIA has ${total} rows and gave ${data.length}.`] : notes,
        };
      },
    },
  ];
};
