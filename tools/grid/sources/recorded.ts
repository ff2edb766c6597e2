/** The grid port over the recording that ships: Great Britain from April to July 2022. */
import { readFileSync } from 'node:fs';
import { BRITAIN, publishedTo } from '../../../domain/day-ahead.js';
import { Fault, invalid, notFound } from '../../../domain/fault.js';
import type { Forecaster } from '../../../domain/forecast.js';
import type { CarbonKind } from '../../../domain/signal.js';
import { fromEpoch, type Instant, instant, toEpoch } from '../../../domain/time.js';
import type { Clock, Grid } from '../../../domain/world.js';
import { carbonSignal, foreseen, observed, priceSignal, type Record } from './record.js';

const REGION = 'GB';
const CURRENCY = 'GBP';
/** NESO's national intensity counts generation within the country at the stack: average, operational. */
const KIND: CarbonKind = { accounting: 'average', scope: 'operational' };
const HEADER = 'time,carbon_g_per_kwh,price_gbp_per_mwh,temperature_c';
const HOUR = 3600;

/** The file beside this one, as text. */
export const shippedRecording = (): string => {
  try {
    return readFileSync(new URL('./recordings/gb-2022.csv', import.meta.url), 'utf8');
  } catch (cause) {
    throw new Fault('unavailable', 'the recording that ships with the package cannot be read', 'Install it again.', {
      cause,
    });
  }
};

/** How old a recording is at `today`, for people: `4.4 years`. Throws nothing. */
export const recordingAge = (today: Instant, csv: string = shippedRecording()): string => {
  const last = csv.trimEnd().split('\n').at(-1)?.split(',')[0] ?? '';
  const years = (toEpoch(today) - toEpoch(instant(last))) / (365.25 * 24 * HOUR);
  return `${years.toFixed(1)} years`;
};

/**
 * `actual` is what was recorded, also past the clock's now; `forecast` comes from values before now only.
 * Steps outside the recording are null. Throws Fault `not-found` for a region other than GB, `invalid-input` for a scenario
 * in another currency than the recording's prices.
 */
export const recordedGrid = ({
  clock,
  forecaster,
  setting,
  csv,
}: {
  clock: Pick<Clock, 'now'>;
  forecaster: Forecaster;
  setting?: { readonly name: string; readonly currency: string };
  csv?: string;
}): Grid => {
  if (setting && setting.currency !== CURRENCY)
    throw invalid(
      `the recording's prices are in ${CURRENCY} and scenario ${setting.name} counts in ${setting.currency}`,
      'Use CACO_GRID=sim with this scenario, or a scenario in GBP.',
    );
  let read: ReturnType<typeof readRecording> | undefined;
  const records = (region: string) => {
    if (region !== REGION)
      throw notFound(
        `there is no recorded signal for ${region}`,
        'The recording covers GB; use CACO_GRID=sim for a scenario’s regions, or CACO_GRID=file:PATH for your own signal.',
      );
    read ??= readRecording(csv ?? shippedRecording());
    return read;
  };
  return {
    regions: async () => [REGION],
    carbon: async (region, interval, status) => {
      const { carbon } = records(region);
      const now = clock.now();
      return carbonSignal(
        status === 'actual'
          ? observed(carbon, interval, now)
          : await foreseen(forecaster, carbon, interval, now, {
              quantity: 'carbon',
              floor: 0,
              price: { series: records(region).price.series, market: BRITAIN },
            }),
        KIND,
      );
    },
    price: async (region, interval, status) => {
      const { price } = records(region);
      const now = clock.now();
      return priceSignal(
        status === 'actual'
          ? observed(price, interval, now)
          : await foreseen(forecaster, price, interval, now, {
              quantity: 'price',
              // A tenant of the tariff knows the prices of the auction as soon as they are published.
              publishedTo: publishedTo(now, BRITAIN),
            }),
        CURRENCY,
      );
    },
  };
};

/** Throws Fault `invalid-input` for a text that is not an even hourly recording. */
export const readRecording = (csv: string): { carbon: Record; price: Record } => {
  const [header, ...rows] = csv.trimEnd().split('\n');
  if (header !== HEADER) throw invalid(`a recording begins with "${HEADER}"`, 'Install the package again.');
  const carbon: (number | null)[] = [];
  const price: (number | null)[] = [];
  let start: number | undefined;
  for (const [n, row] of rows.entries()) {
    const [time, grams, money] = row.split(',');
    const at = toEpoch(instant(time ?? ''));
    start ??= at;
    if (at !== start + n * HOUR)
      throw invalid(
        `line ${n + 2} of the recording is not one hour after the line before`,
        'Install the package again.',
      );
    carbon.push(numberOrGap(grams));
    price.push(numberOrGap(money));
  }
  if (start === undefined) throw invalid('the recording is empty', 'Install the package again.');
  const from = fromEpoch(start);
  const period = `${from.slice(0, 10)} to ${fromEpoch(start + (rows.length - 1) * HOUR).slice(0, 10)}`;
  const record = (source: string, values: (number | null)[]): Record => ({
    region: REGION,
    source: `${source}, recorded ${period}`,
    series: { start: from, stepMinutes: 60, values },
  });
  return {
    carbon: record('NESO national carbon intensity (NESO Open Licence)', carbon),
    price: record('Octopus Agile import tariff, region A, inc. VAT (via energy-stats.uk)', price),
  };
};

const numberOrGap = (text: string | undefined): number | null => {
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
};
