import { beforeAll, describe, expect, it } from 'vitest';
import { shippedText } from '../../checks/public-data.js';
import { instant } from '../../domain/time.js';
import { backtest } from './backtest.js';
import { fitAll } from './choose.js';
import { runTraining } from './errand.js';
import { HOURS, observations, question, UNTIL } from './fixtures/world.js';
import { observe } from './forecaster.js';
import { Frame } from './frame.js';
import type { Model } from './model.js';
import { RECIPES } from './models/models.js';
import { hashOf } from './saved.js';
import { trainModel } from './train.js';

const options = { until: UNTIL, horizon: 24, seed: 1 };

describe('every model', () => {
  let models: Model[];
  beforeAll(() => {
    const frame = new Frame(observations);
    models = fitAll(frame, RECIPES, options);
  });

  it('answers each step with a number, nearer to the truth than the day before where it learns', () => {
    const frame = new Frame(observations);
    for (const [k, model] of models.entries()) {
      let [own, naive] = [0, 0];
      for (let origin = UNTIL; origin + 24 <= HOURS; origin += 5) {
        const values = model.predict(frame, origin, 24);
        expect(values.length).toBe(24);
        values.forEach((value, h) => {
          expect(Number.isFinite(value)).toBe(true);
          own += Math.abs(value - observations.values[origin + h]!);
          naive += Math.abs(frame.sameTime(origin, h, 1) - observations.values[origin + h]!);
        });
      }
      if (RECIPES[k]!.learns) expect(own).toBeLessThan(naive);
    }
  });

  it('does not see what was not known: later values, and prices that were not yet public, change nothing', () => {
    const frame = new Frame(observations);
    for (const origin of [UNTIL, UNTIL + 7, UNTIL + 12, UNTIL + 17]) {
      const known = observations.price!.knownTo[origin]!;
      const other = new Frame({
        ...observations,
        values: observations.values.map((value, i) => (i < origin ? value : 1000 - 3 * value)),
        price: { ...observations.price!, values: observations.price!.values.map((p, i) => (i < known ? p : -p)) },
      });
      for (const model of models)
        expect([...model.predict(other, origin, 24)], model.name).toEqual([...model.predict(frame, origin, 24)]);
    }
  });

  it('learns nothing from what lies behind the end of its training', () => {
    const frame = new Frame({
      ...observations,
      values: observations.values.map((value, i) => (i < UNTIL ? value : 5)),
      price: { ...observations.price!, values: observations.price!.values.map((p, i) => (i < UNTIL ? p : 5)) },
    });
    for (const name of ['ridge_price']) {
      const at = RECIPES.findIndex((recipe) => recipe.name === name);
      expect(hashOf(RECIPES[at]!.fit(frame, options).state)).toBe(hashOf(models[at]!.state));
    }
  });

  it('is the same after it was kept and loaded', () => {
    const frame = new Frame(observations);
    for (const [k, recipe] of RECIPES.entries()) {
      const loaded = recipe.load(models[k]!.state ?? { arrays: {} });
      expect([...loaded.predict(frame, UNTIL, 24)], recipe.name).toEqual([...models[k]!.predict(frame, UNTIL, 24)]);
    }
  });
});

describe('a model that is trained in a thread', () => {
  it('is the same bit for bit as in this process', async () => {
    const [one, other] = [await runTraining(question('trees')), trainModel(question('trees'))];
    expect(one.card).toEqual(other.card);
  });
});

describe('a backtest of three years of the British grid', () => {
  it('agrees with an independent reference of the simple models to its last digit', () => {
    const rows = shippedText('gb-2020-2022/gb_hourly.csv.gz').trim().split('\n').slice(1);
    const values = rows.map((line) => Number(line.split(',')[1]));
    const series = { start: instant('2020-01-01T00:00:00Z'), stepMinutes: 60, values };
    const found = backtest({
      observations: observe(series, null, 'UTC'),
      models: ['simple'],
      testFrom: null,
      horizon: 24,
      seed: 1,
    });
    const figures = found.rows.map((r) => [
      r.model,
      r.mae.toFixed(3),
      r.rmse.toFixed(3),
      (100 * r.wape).toFixed(3),
      (100 * r.realisedShare!).toFixed(2),
      r.decision.decisions,
    ]);
    expect(figures).toEqual(EXPECTED);
    for (const row of found.rows) {
      for (const { coverage } of row.leads) expect(Math.abs(coverage! - 0.9)).toBeLessThan(0.03);
      for (const { coverage } of row.quarters) expect(Math.abs((coverage ?? 0.9) - 0.9)).toBeLessThan(0.06);
    }
  });
});

/** Error, root mean square, error of mean in %, realised share in %, decisions. */
const EXPECTED = [
  ['persistence', '35.474', '48.404', '19.842', '0.00', 2119],
  ['daily_naive', '40.783', '53.848', '22.812', '17.13', 2119],
  ['weekly_naive', '58.258', '73.744', '32.587', '27.31', 2119],
  ['profile7', '45.125', '55.494', '25.241', '33.17', 2119],
  ['damped_profile7', '31.566', '41.389', '17.656', '52.99', 2119],
];
