/**
 * Windows of real series in which nothing was changed: what is claimed of them is false. A thousand: PLACEBO_WINDOWS=1000; another draw:
 * PLACEBO_SEED.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { UsageRows } from '../../domain/usage.js';
import { judgeUsage, trainUsage } from '../forecaster/forecaster.js';

const DATA = new URL('../../../shared/data/', import.meta.url);
const START = Date.UTC(2019, 0, 1) / 1000;
const HOUR = 3600;
const WINDOWS = Number(process.env.PLACEBO_WINDOWS ?? 150);
const LIMITS = { cvRmse: 0.3, bias: 0.1 };

const read = (file: string) =>
  readFileSync(new URL(file, DATA), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
const column = (rows: readonly string[][], c: number) =>
  Float64Array.from(rows, (row) => (row[c] === '' ? Number.NaN : Number(row[c])));

/** Half an hour of every hour is not asked: the series are hourly, and so is the model. */
const cut = (series: Float64Array, load: Float64Array | null, from: number, to: number): UsageRows => ({
  ...{ start: START + from * HOUR, stepMinutes: 60, timeZone: 'Europe/London', energyKwh: series.slice(from, to) },
  covariates: load === null ? [] : [{ name: 'load', kind: 'load', values: load.slice(from, to) }],
});

describe.skipIf(!existsSync(DATA))('nothing was changed', () => {
  it(`in ${WINDOWS} windows of six buildings and two clusters, and at most 2.5 % claim anything`, () => {
    const buildings = read('buildings/cambridge_2019_hourly.csv');
    const clusters = ['alibaba', 'google'].map((name) => column(read(`utilisation/${name}_cpu_hourly.csv`), 1));
    const series = [...[1, 2, 3, 4, 5, 6].map((c) => column(buildings, c)), ...clusters];
    let state = Number(process.env.PLACEBO_SEED ?? 20_261_201);
    const upTo = (n: number) => {
      state = (state * 16_807) % 2_147_483_647;
      return state % n;
    };
    let [claims, refused, judgeable] = [0, 0, 0];
    for (let k = 0; k < WINDOWS; k++) {
      const of = series[k % series.length]!;
      // Every second one is told a load that has little to do with it, as a badly chosen covariate is.
      const load = k % 2 === 0 ? null : clusters[(k >> 1) % 2]!;
      const learned = (6 + upTo(5)) * 168;
      const gap = upTo(3) * 84;
      const hours = (1 + upTo(7)) * 24;
      const from = upTo(8760 - learned - gap - hours);
      const { model, chosen } = trainUsage({
        rows: cut(of, load === of ? null : load, from, from + learned),
        engine: 'regression',
        seed: 1,
      });
      if (chosen.cvRmse > LIMITS.cvRmse || Math.abs(chosen.bias) > LIMITS.bias) {
        refused += 1;
        continue;
      }
      const window = cut(of, load === of ? null : load, from + learned + gap, from + learned + gap + hours);
      const { baselineKwh, halfWidthKwh } = judgeUsage(model, window);
      const saved = baselineKwh.reduce(
        (sum, kwh, i) => sum + (Number.isNaN(kwh - window.energyKwh[i]!) ? 0 : kwh - window.energyKwh[i]!),
        0,
      );
      judgeable += 1;
      if (saved - halfWidthKwh - 0.02 * Math.abs(saved) > 0) claims += 1;
    }
    console.log(
      `placebo windows: ${claims} of ${judgeable} claim (${((100 * claims) / WINDOWS).toFixed(1)} %), ${refused} refused by the model's errors`,
    );
    expect(judgeable).toBeGreaterThan(WINDOWS / 2);
    expect(claims).toBeLessThanOrEqual(0.025 * WINDOWS);
  });
});
