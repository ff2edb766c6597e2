/**
 * The forecaster on the three years of Great Britain that come with the project: 48 h of one region from a trained model, training of
 * `auto` on two years of hours, and a backtest of a year over four regions. The series of the one region stands for each of the four.
 * Run: npx tsx bench/forecast.ts [regions]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedText } from '../checks/public-data.js';
import { BRITAIN } from '../domain/day-ahead.js';
import { type Series, slice } from '../domain/series.js';
import { instant } from '../domain/time.js';
import {
  observe,
  profileForecaster,
  runBacktest,
  runTraining,
  saveModel,
  trainedForecaster,
} from '../tools/forecaster/forecaster.js';
import { keep, rounded, timed } from './results.js';

const regions = Number(process.argv[2] ?? 4);
const START = instant('2020-01-01T00:00:00Z');
const UNTIL = instant('2022-01-01T00:00:00Z');
const NOW = instant('2022-06-01T17:00:00Z');
const rows = shippedText('gb-2020-2022/gb_hourly.csv.gz').trim().split('\n').slice(1);
const column = (k: number): Series => ({
  start: START,
  stepMinutes: 60,
  values: rows.map((line) => Number(line.split(',')[k])),
});
const [carbon, price] = [column(1), column(2)];
const market = { series: price, market: BRITAIN };
const zone = 'Europe/London';

const training = (model: string) => ({
  observations: observe(slice(carbon, START, UNTIL), market, zone),
  ...{ region: 'GB', quantity: 'carbon' as const, unit: 'g/kWh', model, horizon: 48, seed: 1 },
});

const folder = mkdtempSync(join(tmpdir(), 'caco-bench-'));
try {
  const trained = await timed(async () => saveModel(folder, await runTraining(training('auto'))));
  const forecaster = trainedForecaster(folder, profileForecaster);
  const question = {
    history: slice(carbon, START, NOW),
    ...{ from: NOW, steps: 48, floor: 0, price: market, of: { region: 'GB', quantity: 'carbon' as const } },
  };
  const first = await timed(() => forecaster.forecast(question));
  const again = await timed(() => forecaster.forecast(question));
  const profile = await timed(() => profileForecaster.forecast(question));
  const tested = await timed(async () => {
    for (let k = 0; k < regions; k++)
      await runBacktest({
        observations: observe(carbon, market, zone),
        ...{ models: ['fast'], testFrom: 2 * 365 * 24 + 24, horizon: 24, seed: k + 1 },
      });
  });
  keep('forecast', {
    forecastBy: (await forecaster.forecast(question)).by,
    trainAutoTwoYearsCpuSeconds: rounded(trained.cpuSeconds),
    trainAutoToTarget: rounded(trained.cpuSeconds / 60),
    firstForecast48hCpuMs: rounded(1000 * first.cpuSeconds),
    nextForecast48hCpuMs: rounded(1000 * again.cpuSeconds),
    nextForecastToTarget: rounded(again.cpuSeconds / 0.05),
    nextForecastToProfile: rounded(again.cpuSeconds / profile.cpuSeconds),
    backtestRegions: regions,
    backtestCpuSeconds: rounded(tested.cpuSeconds),
    backtestToTarget: rounded((tested.cpuSeconds / 60) * (4 / regions)),
    targets: { trainAutoSeconds: 60, forecast48hMs: 50, backtestOfFourRegionsSeconds: 60 },
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
