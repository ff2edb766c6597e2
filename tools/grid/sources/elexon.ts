/**
 * Elexon Insights: the settlement of Great Britain, without a key. What it has of the market index and of fuels has come true; of
 * demand it has a forecast too. Rows are told by the time at which they start: their labels by settlement period have been wrong.
 */
import { z } from 'zod';
import type { Said } from '../../../domain/grid-values.js';
import type { SignalStatus } from '../../../domain/signal.js';
import { civilDate, fromEpoch, Instant, type Interval, plusDays, plusSeconds, toEpoch } from '../../../domain/time.js';
import type { Feed, OtherFeed, Reading } from './feed.js';
import { factorsOf } from './fuels.js';
import { jsonFrom, type Server } from './server.js';

const LICENCE = 'Contains BMRS data © Elexon Limited copyright and database right';
const LONDON = 'Europe/London';
const STEP_MINUTES = 30;
const FREQUENCY_MINUTES = 5;

/** A body is a list, or a list called `data`. */
const bodyOf = <T>(row: z.ZodType<T>): z.ZodType<T[]> =>
  z.union([z.array(row), z.object({ data: z.array(row) }).transform(({ data }) => data)]) as unknown as z.ZodType<T[]>;

const MarketIndex = bodyOf(
  z.object({ startTime: Instant, price: z.number().nullable(), volume: z.number().nullable() }),
);
const Fuels = bodyOf(
  z.object({
    startTime: Instant,
    publishTime: Instant.nullable().optional(),
    fuelType: z.string(),
    generation: z.number().nullable(),
  }),
);
const SystemPrices = bodyOf(
  z.object({
    startTime: Instant,
    createdDateTime: Instant.nullable().optional(),
    systemSellPrice: z.number().nullable(),
  }),
);
const Outturn = bodyOf(
  z.object({
    startTime: Instant,
    publishTime: Instant.nullable().optional(),
    initialDemandOutturn: z.number().nullable(),
  }),
);
const DayAhead = bodyOf(
  z.object({
    startTime: Instant,
    publishTime: Instant.nullable().optional(),
    nationalDemand: z.number().nullable(),
    boundary: z.string().optional(),
  }),
);
const Frequency = bodyOf(z.object({ measurementTime: Instant, frequency: z.number() }));

const SHARED = {
  source: 'elexon',
  attribution: LICENCE,
  stepMinutes: STEP_MINUTES,
  measures: true,
  isExtended: false,
  foresees: false,
  regions: () => ['GB'],
};

/** What the index providers paid, weighted by volume; null where nothing was traded: that a provider writes 0 is no price. */
export const volumeWeighted = (
  rows: readonly { readonly price: number | null; readonly volume: number | null }[],
): number | null => {
  const traded = rows.flatMap(({ price, volume }) =>
    price !== null && volume !== null && volume > 0 ? [{ price, volume }] : [],
  );
  const volume = traded.reduce((sum, row) => sum + row.volume, 0);
  return volume === 0 ? null : traded.reduce((sum, row) => sum + row.price * row.volume, 0) / volume;
};

const said = (
  at: Instant,
  value: number | null,
  status: SignalStatus,
  published: Instant | null | undefined,
): Said => ({
  at,
  minutes: STEP_MINUTES,
  value,
  status,
  published: published ?? null,
});

const grouped = <R extends { readonly startTime: Instant }>(rows: readonly R[]): Map<Instant, R[]> => {
  const groups = new Map<Instant, R[]>();
  for (const row of rows) groups.set(row.startTime, [...(groups.get(row.startTime) ?? []), row]);
  return groups;
};

/** The days in London that an interval touches. */
const daysOf = ({ start, end }: Interval): string[] => {
  const last = civilDate(plusSeconds(end, -1), LONDON);
  const days: string[] = [];
  for (let day = civilDate(start, LONDON); day <= last; day = plusDays(day, 1)) days.push(day);
  return days;
};

export const elexon = (to: Pick<Server, 'base' | 'timer'>): Feed[] => {
  const server: Server = { ...to, who: 'Elexon Insights', setting: 'CACO_ELEXON_URL' };
  const ask = <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal) =>
    jsonFrom(server, `${path}${path.includes('?') ? '&' : '?'}format=json`, schema, { signal });
  const settlementDays = (interval: Interval) => {
    const days = daysOf(interval);
    return `settlementDateFrom=${days[0]}&settlementDateTo=${days.at(-1)}`;
  };

  const carbon: Feed = {
    ...SHARED,
    quantity: 'carbon',
    kind: { accounting: 'average', scope: 'operational' },
    attribution: `Estimate from the fuel mix of transmission, without embedded solar and wind, by NESO's factors. ${LICENCE}`,
    chunkHours: 7 * 24,
    isExtended: true,
    settlesHours: 48,
    renewMinutes: 15,
    read: async (_, interval, signal) => {
      const { body, notes } = await ask(`/datasets/FUELHH?${settlementDays(interval)}`, Fuels, signal);
      const values = [...grouped(body)].map(([at, rows]) =>
        said(at, factorsOf.gb(rows), 'estimate', rows[0]?.publishTime),
      );
      return { said: values, notes };
    },
  };
  const price: Feed = {
    ...SHARED,
    quantity: 'price',
    currency: 'GBP',
    basis: 'wholesale',
    attribution: `Market index price. ${LICENCE}`,
    chunkHours: 7 * 24,
    isExtended: true,
    settlesHours: 48,
    renewMinutes: 15,
    read: async (_, { start, end }, signal) => {
      const path = `/balancing/pricing/market-index?from=${start}&to=${end}`;
      const { body, notes } = await ask(path, MarketIndex, signal);
      return { said: [...grouped(body)].map(([at, rows]) => said(at, volumeWeighted(rows), 'actual', null)), notes };
    },
  };
  const systemPrice: OtherFeed = {
    ...SHARED,
    quantity: 'system-price',
    unit: 'GBP/MWh system',
    // One day a call.
    chunkHours: 24,
    settlesHours: 24 * 14,
    renewMinutes: 30,
    read: async (_, interval, signal) => {
      const readings = [];
      for (const day of daysOf(interval))
        readings.push(await ask(`/balancing/settlement/system-prices/${day}`, SystemPrices, signal));
      const rows = readings.flatMap(({ body }) => body);
      return {
        said: rows.map((row) => said(row.startTime, row.systemSellPrice, 'actual', row.createdDateTime)),
        notes: readings[0]?.notes ?? [],
      };
    },
  };
  const demand: OtherFeed = {
    ...SHARED,
    quantity: 'demand',
    unit: 'MW national',
    foresees: true,
    chunkHours: 7 * 24,
    settlesHours: 48,
    renewMinutes: 30,
    read: async (_, interval, signal): Promise<Reading> => {
      const { start, end } = interval;
      const foreseen = await ask(`/forecast/demand/day-ahead?from=${start}&to=${end}`, DayAhead, signal);
      const measured = await ask(`/demand/outturn?${settlementDays(interval)}`, Outturn, signal);
      return {
        said: [
          ...foreseen.body
            .filter(({ boundary }) => boundary === undefined || boundary === 'N')
            .map((row) => said(row.startTime, row.nationalDemand, 'forecast', row.publishTime)),
          ...measured.body.map((row) => said(row.startTime, row.initialDemandOutturn, 'actual', row.publishTime)),
        ],
        notes: foreseen.notes,
      };
    },
  };
  const frequency: OtherFeed = {
    ...SHARED,
    quantity: 'frequency',
    unit: 'Hz, lowest of five minutes',
    stepMinutes: FREQUENCY_MINUTES,
    chunkHours: 6,
    settlesHours: 1,
    renewMinutes: 2,
    read: async (_, { start, end }, signal) => {
      const { body, notes } = await ask(`/system/frequency?from=${start}&to=${end}`, Frequency, signal);
      const lowest = new Map<number, number>();
      for (const { measurementTime, frequency: hertz } of body) {
        const step = FREQUENCY_MINUTES * 60;
        const at = Math.floor(toEpoch(measurementTime) / step) * step;
        lowest.set(at, Math.min(hertz, lowest.get(at) ?? hertz));
      }
      const values = [...lowest].map(([at, value]) => ({
        ...said(fromEpoch(at), value, 'actual', null),
        minutes: FREQUENCY_MINUTES,
      }));
      return { said: values, notes };
    },
  };
  return [carbon, price, systemPrice, demand, frequency];
};
