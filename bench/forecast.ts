/**
 * The forecaster on the three years of Great Britain that come with the project: 48 h of one region from a trained model, as the
 * program answers it, training of `auto` on two years of hours, and a backtest of a year over four regions, for each of which the
 * series of the one stands. Run: npx tsx bench/forecast.ts [regions]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { instant } from '../domain/time.js';
import { backtestModels, trainOn } from '../offline.js';
import { keep, rounded, timed } from './results.js';

const regions = Number(process.argv[2] ?? 4);
const UNTIL = instant('2022-01-01T00:00:00Z');
const home = mkdtempSync(join(tmpdir(), 'caco-bench-'));
const path = join(home, 'GB.csv');
const zipped = readFileSync(new URL('../checks/data/gb-2020-2022/gb_hourly.csv.gz', import.meta.url));
// Columns as signal files name them.
writeFileSync(
  path,
  gunzipSync(zipped)
    .toString('utf8')
    .replace(/^.*\n/, 'time_utc,intensity_g_per_kwh,agile_p_per_kwh,temp_c,rel_hum_pct,global_irr_w_m2\n'),
);
const history = { path, place: 'GB', usePrice: true, seed: 1 };

/** CPU milliseconds of the first answer of a process and of the next one. */
const answers = async (forecaster: 'auto' | 'profile') => {
  const { config } = readConfig({ home, grid: `file:${path}`, now: '2022-06-01T17:00:00Z', forecaster }, {}, home);
  const app = await openApp(config);
  const ask = () =>
    app.call('get_grid_forecast', { region: 'GB', horizonHours: 48 }, { actor: { id: 'bench', via: 'cli' } });
  try {
    const first = await timed(ask);
    const next = await timed(ask);
    const { source } = await ask();
    return { first: 1000 * first.cpuSeconds, next: 1000 * next.cpuSeconds, by: source };
  } finally {
    await app.close();
  }
};

try {
  const trained = await timed(() =>
    trainOn({ ...history, until: UNTIL, model: 'auto', horizonHours: 48, folder: join(home, 'models') }),
  );
  const model = await answers('auto');
  const profile = await answers('profile');
  const tested = await timed(async () => {
    for (let k = 0; k < regions; k++)
      await backtestModels({ ...history, seed: k + 1, models: ['fast'], testFrom: UNTIL, horizonHours: 24 });
  });
  keep('forecast', {
    forecastBy: model.by,
    trainAutoTwoYearsCpuSeconds: rounded(trained.cpuSeconds),
    trainAutoToTarget: rounded(trained.cpuSeconds / 60),
    firstForecast48hCpuMs: rounded(model.first),
    nextForecast48hCpuMs: rounded(model.next),
    nextForecastToTarget: rounded(model.next / 50),
    nextForecastToProfile: rounded(model.next / profile.next),
    backtestRegions: regions,
    backtestCpuSecondsForEach: rounded(tested.cpuSeconds / regions),
    backtestOfFourToTarget: rounded((4 * tested.cpuSeconds) / regions / 60),
    targets: { trainAutoSeconds: 60, forecast48hMs: 50, backtestOfFourRegionsSeconds: 60 },
  });
} finally {
  rmSync(home, { recursive: true, force: true });
}
