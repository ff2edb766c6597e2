/**
 * Forecasts, in seconds of CPU: training on two years of British hours, 48 hours ahead from a model that was kept and loaded,
 * and a backtest of a year in four regions. The years of the four regions may not be shipped (checks/README.md says how to get
 * them); without them that line is null. Run: npx tsx bench/forecast.ts [fast|auto]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOREIGN_DATA, shippedText } from '../checks/public-data.js';
import { BRITAIN } from '../domain/day-ahead.js';
import { endOf, type Series, slice } from '../domain/series.js';
import { instant, plusHours } from '../domain/time.js';
import { backtest } from '../tools/forecaster/backtest.js';
import { observe, profileForecaster, saveModel, trainedForecaster } from '../tools/forecaster/forecaster.js';
import { trainModel } from '../tools/forecaster/train.js';
import { keep, rounded, timed } from './results.js';

const HORIZON = 48;
const model = process.argv[2] ?? 'auto';
const ZONES = ['GB', 'DE', 'FR', 'US-CAL-CISO'];

const columns = (csv: string): Map<string, (number | null)[]> => {
  const [header, ...rows] = csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const number = (text: string | undefined) => (text === undefined || text === '' ? null : Number(text));
  return new Map(header!.map((name, c) => [name, rows.map((row) => number(row[c]))]));
};
const hourly = (start: string, values: readonly (number | null)[]): Series => ({
  start: instant(start),
  stepMinutes: 60,
  values,
});

const gb = columns(shippedText('gb-2020-2022/gb_hourly.csv.gz'));
const carbon = hourly('2020-01-01T00:00:00Z', gb.get('gco2_per_kwh')!);
const market = { series: hourly('2020-01-01T00:00:00Z', gb.get('agile_p_per_kwh')!), market: BRITAIN };
const until = instant('2022-01-01T00:00:00Z');

const folder = mkdtempSync(join(tmpdir(), 'caco-bench-'));
try {
  let name = '';
  const training = await timed(() => {
    const saved = trainModel({
      observations: observe(slice(carbon, carbon.start, until), market, 'Europe/London'),
      region: 'GB',
      quantity: 'carbon',
      unit: 'g/kWh',
      model,
      horizon: HORIZON,
      seed: 1,
    });
    name = saved.card.model;
    saveModel(folder, saved);
  });

  const forecaster = trainedForecaster(folder, profileForecaster);
  const ask = (day: number) => {
    const from = plusHours(until, 24 * day);
    const past = plusHours(from, -100 * 24);
    return forecaster.forecast({
      history: slice(carbon, past, from),
      from,
      steps: HORIZON,
      floor: 0,
      of: { region: 'GB', quantity: 'carbon' },
      price: { ...market, series: slice(market.series, past, plusHours(from, 23)) },
    });
  };
  const first = await timed(() => ask(120));
  const days = 30;
  const next = await timed(async () => {
    for (let day = 1; day <= days; day++) await ask(120 + day);
  });

  const path = join(FOREIGN_DATA, 'carbon/em-2022/hourly_123_zones.csv');
  const zones = existsSync(path) ? columns(readFileSync(path, 'utf8')) : null;
  const four =
    zones &&
    (await timed(() => {
      for (const zone of ZONES) {
        const series = hourly('2022-01-01T00:00:00Z', zones.get(zone)!);
        if (endOf(series) !== instant('2023-01-01T00:00:00Z')) throw new Error(`${zone} is not a year of hours`);
        backtest({
          observations: observe(series, null, 'UTC'),
          models: ['fast'],
          testFrom: null,
          horizon: 24,
          seed: 1,
        });
      }
    }));

  keep('forecast', {
    training: { asked: model, chosen: name, hours: 17_544, cpuSeconds: rounded(training.cpuSeconds) },
    forecast: {
      hours: HORIZON,
      firstCpuMs: rounded(1000 * first.cpuSeconds, 1),
      nextCpuMs: rounded((1000 * next.cpuSeconds) / days, 1),
    },
    backtest: four && { zones: ZONES, models: 'fast', cpuSeconds: rounded(four.cpuSeconds) },
  });
} finally {
  rmSync(folder, { recursive: true });
}
