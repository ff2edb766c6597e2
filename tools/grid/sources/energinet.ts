/**
 * Energinet's Energi Data Service: Denmark's two areas, without a key. Intensity of what is consumed, as measured and as foreseen,
 * in steps of five minutes; day-ahead prices, hourly until the end of September 2025 and in quarters of an hour since.
 */
import { z } from 'zod';
import type { Said } from '../../../domain/grid-values.js';
import { Instant, type Interval } from '../../../domain/time.js';
import type { Feed } from './feed.js';
import { jsonFrom, type Server } from './server.js';

const REGIONS = ['DK1', 'DK2'];
const ATTRIBUTION = 'Energinet, Energi Data Service';
/** Day-ahead prices have had quarters of an hour from the delivery of this day on, in Denmark. */
const QUARTERS_FROM = '2025-09-30T22:00:00Z';

/** Times of a field in UTC come without the letter that says so. */
const Utc = z
  .string()
  .transform((text) => (/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`))
  .pipe(Instant);
const recordsOf = <T>(row: z.ZodType<T>): z.ZodType<T[]> =>
  z.object({ records: z.array(row) }).transform(({ records }) => records) as unknown as z.ZodType<T[]>;

const Emission = recordsOf(z.object({ Minutes5UTC: Utc, CO2Emission: z.number().nullable() }));
const Quarters = recordsOf(z.object({ TimeUTC: Utc, DayAheadPriceEUR: z.number().nullable() }));
const Hours = recordsOf(z.object({ HourUTC: Utc, SpotPriceEUR: z.number().nullable() }));

const SHARED = { source: 'energinet', measures: true, foresees: true, isExtended: true, regions: () => REGIONS };

export const energinet = (to: Pick<Server, 'base' | 'timer'>): Feed[] => {
  const server: Server = { ...to, who: 'Energi Data Service', setting: 'CACO_ENERGINET_URL' };
  const dataset = <T>(
    name: string,
    time: string,
    region: string,
    { start, end }: Interval,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ) => {
    // Without a zone its times are Danish; `limit=0` asks for all of them.
    const query = new URLSearchParams({
      start: start.slice(0, 16),
      end: end.slice(0, 16),
      timezone: 'UTC',
      filter: JSON.stringify({ PriceArea: [region] }),
      sort: `${time} ASC`,
      limit: '0',
    });
    return jsonFrom(server, `/dataset/${name}?${query}`, schema, { signal, what: `/dataset/${name}` });
  };
  return [
    {
      ...SHARED,
      quantity: 'carbon',
      kind: { accounting: 'average', scope: 'operational' },
      attribution: `${ATTRIBUTION}: CO2Emis and CO2EmisProg`,
      stepMinutes: 5,
      chunkHours: 14 * 24,
      settlesHours: 48,
      renewMinutes: 15,
      read: async (region, interval, signal) => {
        const foreseen = await dataset('CO2EmisProg', 'Minutes5UTC', region, interval, Emission, signal);
        const measured = await dataset('CO2Emis', 'Minutes5UTC', region, interval, Emission, signal);
        const said = (status: Said['status']) => (row: (typeof foreseen.body)[number]) => ({
          at: row.Minutes5UTC,
          minutes: 5,
          value: row.CO2Emission,
          status,
          published: null,
        });
        return {
          said: [...foreseen.body.map(said('forecast')), ...measured.body.map(said('actual'))],
          notes: foreseen.notes,
        };
      },
    },
    {
      ...SHARED,
      quantity: 'price',
      currency: 'EUR',
      basis: 'wholesale',
      attribution: `${ATTRIBUTION}: day-ahead price`,
      stepMinutes: 15,
      chunkHours: 31 * 24,
      settlesHours: 1,
      renewMinutes: 15,
      read: async (region, { start, end }, signal) => {
        const [from, until] = [start, end];
        const said: Said[] = [];
        const notes: string[] = [];
        const add = (at: Said['at'], minutes: number, value: number | null) => {
          // A price that was published stands: it is known ahead, and it is what came true.
          for (const status of ['forecast', 'actual'] as const)
            said.push({ at, minutes, value, status, published: null });
        };
        if (from < QUARTERS_FROM) {
          const part = { start: from, end: until < QUARTERS_FROM ? until : (QUARTERS_FROM as typeof until) };
          const { body, notes: more } = await dataset('Elspotprices', 'HourUTC', region, part, Hours, signal);
          for (const row of body) add(row.HourUTC, 60, row.SpotPriceEUR);
          notes.push(...more);
        }
        if (until > QUARTERS_FROM) {
          const part = { start: from > QUARTERS_FROM ? from : (QUARTERS_FROM as typeof from), end: until };
          const { body, notes: more } = await dataset('DayAheadPrices', 'TimeUTC', region, part, Quarters, signal);
          for (const row of body) add(row.TimeUTC, 15, row.DayAheadPriceEUR);
          notes.push(...more);
        }
        return { said, notes: [...new Set(notes)] };
      },
    },
  ];
};
