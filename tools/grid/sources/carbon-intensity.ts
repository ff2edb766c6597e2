/**
 * The Carbon Intensity API of the National Energy System Operator: Great Britain as a whole and its 17 regions, in half-hours,
 * without a key. It is average and operational: generation within the country and imports, at the stack, losses included. Of
 * regions it has forecasts only. Data CC BY 4.0; the operator does not endorse this program.
 */
import { z } from 'zod';
import type { Said } from '../../../domain/grid-values.js';
import type { CarbonKind } from '../../../domain/signal.js';
import { Instant, type Interval } from '../../../domain/time.js';
import type { CarbonFeed, Reading } from './feed.js';
import { jsonFrom, type Server } from './server.js';

const KIND: CarbonKind = { accounting: 'average', scope: 'operational' };
const STEP_MINUTES = 30;

/** By the number that the API gives them, counted from 1. */
export const REGIONS = [
  'GB-NORTH-SCOTLAND',
  'GB-SOUTH-SCOTLAND',
  'GB-NORTH-WEST-ENGLAND',
  'GB-NORTH-EAST-ENGLAND',
  'GB-YORKSHIRE',
  'GB-NORTH-WALES',
  'GB-SOUTH-WALES',
  'GB-WEST-MIDLANDS',
  'GB-EAST-MIDLANDS',
  'GB-EAST-ENGLAND',
  'GB-SOUTH-WEST-ENGLAND',
  'GB-SOUTH-ENGLAND',
  'GB-LONDON',
  'GB-SOUTH-EAST-ENGLAND',
  'GB-ENGLAND',
  'GB-SCOTLAND',
  'GB-WALES',
];

/** `{"from": "2017-10-01T12:00Z", "to": "2017-10-01T12:30Z", "intensity": {"forecast": 151, "actual": 140, "index": "low"}}` */
const Row = z.object({
  from: Instant,
  intensity: z.object({
    forecast: z.number().nullable().optional(),
    /** null or absent for what is to come and for what has just ended */
    actual: z.number().nullable().optional(),
  }),
});
type Row = z.output<typeof Row>;
const Rows = z.union([z.array(Row), Row.transform((row) => [row])]);
/** Beyond its horizon the API answers status 200 with `{}` or `{"data": []}`; one row may come without its list. */
const National = z.object({ data: Rows.optional() }).transform(({ data }) => data ?? []);
/** A region's rows stand within it; documents show the region in a list, the API answers it without. */
const Region = z.object({ data: Rows.optional() });
const Regional = z
  .object({ data: z.union([z.array(Region), Region.transform((region) => [region])]).optional() })
  .transform(({ data }) => (data ?? []).flatMap((region) => region.data ?? []));

/** `2017-10-01T12:00Z`: the API knows no seconds. */
const minuteOf = (at: Instant) => `${at.slice(0, 16)}Z`;

/** No grid of fuels is at 0: it stands for what is not known. */
const gramsOf = (value: number | null | undefined): number | null =>
  value === null || value === undefined || value <= 0 ? null : value;

/** What was foreseen of a half-hour and what came of it: the first stays when the second comes. */
const saidOf = ({ from, intensity }: Row): Said[] => {
  const base = { at: from, minutes: STEP_MINUTES, published: null };
  const actual = gramsOf(intensity.actual);
  return [
    { ...base, value: gramsOf(intensity.forecast), status: 'forecast' },
    ...(actual === null ? [] : [{ ...base, value: actual, status: 'actual' as const }]),
  ];
};

const SHARED = {
  source: 'carbon-intensity',
  quantity: 'carbon',
  kind: KIND,
  stepMinutes: STEP_MINUTES,
  // The API answers 14 days at most.
  chunkHours: 13 * 24,
  foresees: true,
  isExtended: false,
  // Actual values are revised for a day and more.
  settlesHours: 48,
  renewMinutes: 5,
} as const;

/** The API does not say when a value was published. */
export const carbonIntensity = (to: Pick<Server, 'base' | 'timer'>): CarbonFeed[] => {
  const server: Server = { ...to, who: 'the Carbon Intensity API', setting: 'CACO_CARBON_INTENSITY_URL' };
  const reading =
    (schema: z.ZodType<Row[]>, pathOf: (region: string, from: string, to: string) => string) =>
    async (region: string, { start, end }: Interval, signal: AbortSignal): Promise<Reading> => {
      const path = pathOf(region, minuteOf(start), minuteOf(end));
      const { body, notes } = await jsonFrom(server, path, schema, { signal });
      return { said: body.flatMap(saidOf), notes };
    };
  return [
    {
      ...SHARED,
      attribution: 'NESO Carbon Intensity API, national (CC BY 4.0)',
      measures: true,
      regions: () => ['GB'],
      read: reading(National, (_, from, until) => `/intensity/${from}/${until}`),
    },
    {
      ...SHARED,
      attribution: 'NESO Carbon Intensity API, regional (CC BY 4.0)',
      measures: false,
      regions: () => REGIONS,
      read: reading(
        Regional,
        (region, from, until) => `/regional/intensity/${from}/${until}/regionid/${REGIONS.indexOf(region) + 1}`,
      ),
    },
  ];
};
