import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedText } from '../../checks/public-data.js';
import { publishedTo } from '../../domain/day-ahead.js';
import type { Series } from '../../domain/series.js';
import { fromEpoch, instant, plusHours, toEpoch } from '../../domain/time.js';
import { backtest } from './backtest.js';
import { fitAll } from './choose.js';
import { runTraining } from './errand.js';
import { observe, profileForecaster, saveModel, trainedForecaster } from './forecaster.js';
import { Frame, type Observations } from './frame.js';
import { Guard } from './guard.js';
import { Intervals } from './intervals.js';
import type { Model } from './model.js';
import { RECIPES } from './models/models.js';
import { Network, partsOf, train } from './models/network.js';
import { seeded } from './random.js';
import { hashOf, loadModel, type SavedModel } from './saved.js';
import { trainModel } from './train.js';

const START = instant('2022-01-01T00:00:00Z');
const HOURS = 70 * 24;
const UNTIL = 58 * 24;

/** A day's wave, a week's, weather that stays, and a price that moves with them. */
const world = (hours = HOURS): { carbon: Series; price: Series } => {
  const random = seeded(7);
  let weather = 0;
  const carbon: number[] = [];
  const price: number[] = [];
  for (let i = 0; i < hours; i++) {
    weather = 0.97 * weather + 12 * (random() - 0.5);
    const value =
      200 + 60 * Math.sin(((i % 24) / 24) * 2 * Math.PI) + (Math.floor(i / 24) % 7 >= 5 ? -20 : 0) + weather;
    carbon.push(value);
    price.push(value - 120 + 10 * random());
  }
  return {
    carbon: { start: START, stepMinutes: 60, values: carbon },
    price: { start: START, stepMinutes: 60, values: price },
  };
};
const { carbon, price } = world();
const observations = observe(carbon, price, 'Europe/London');
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

describe('a trained model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-models-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const until = fromEpoch(toEpoch(START) + UNTIL * 3600);
  const question = (model: string) => ({
    observations: observe({ ...carbon, values: carbon.values.slice(0, UNTIL) }, price, 'Europe/London'),
    region: 'GB',
    quantity: 'carbon' as const,
    unit: 'g/kWh',
    model,
    horizon: 24,
    seed: 1,
  });
  let saved: SavedModel;
  let path: string;
  beforeAll(async () => {
    saved = await runTraining(question('ridge_price'));
    path = saveModel(folder, saved);
  });
  const ask = (from: number, steps = 24, region = 'GB') =>
    trainedForecaster(folder, profileForecaster).forecast({
      history: { ...carbon, values: carbon.values.slice(0, from) },
      from: plusHours(START, from),
      steps,
      floor: 0,
      of: { region, quantity: 'carbon' },
      price: { series: price, publishedTo },
    });

  it('is the same bit for bit in a thread and in this process, and in two threads, and says what it is', async () => {
    for (const model of ['trees']) {
      const [one, other] = [await runTraining(question(model)), trainModel(question(model))];
      expect(one.card).toEqual(other.card);
    }
    expect(saved.card).toMatchObject({
      model: 'ridge_price',
      span: { from: START, to: until },
      seed: 1,
      features: ['history', 'calendar', 'price as far as published'],
    });
    expect(saved.card.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('answers the port with its name and an interval, and the profile answers what it does not know', async () => {
    const forecast = await ask(UNTIL + 24);
    expect(forecast.by).toMatch(/^own ridge_price forecast, trained to 2022-02-28 \(bounds: 90 % by rolling conformal/);
    forecast.values.forEach((value, h) => {
      const [low, high] = [forecast.low[h]!, forecast.high[h]!];
      expect(low <= value! && value! <= high && high - low < 200).toBe(true);
    });
    expect((await ask(UNTIL - 24)).by, 'it has seen what comes').toMatch(/^own 7-day profile/);
    expect((await ask(UNTIL + 24, 24, 'FR')).by).toMatch(/^own 7-day profile/);
    const far = await ask(UNTIL + 24, 48);
    expect(far.by).toMatch(/beyond 24 h own 7-day profile/);
    expect([far.values.length, far.low.length, far.high.length]).toEqual([48, 48, 48]);
    expect(far.values.slice(0, 24)).toEqual(forecast.values);
  });

  it('answers again from memory what it answered before, and other histories anew', async () => {
    const forecaster = trainedForecaster(folder, profileForecaster);
    const of = (values: readonly (number | null)[]) =>
      forecaster.forecast({
        history: { ...carbon, values },
        from: plusHours(START, UNTIL + 48),
        steps: 24,
        of: { region: 'GB', quantity: 'carbon' },
        price: { series: price, publishedTo },
      });
    const values = carbon.values.slice(0, UNTIL + 48);
    const first = await of(values);
    const other = await of(values.map((v) => v! + 50));
    expect(await of(values)).toEqual(first);
    expect(other.values[0]! - first.values[0]!).toBeGreaterThan(20);
  });

  it('is refused where the file is torn or its numbers are not those of its card', () => {
    const text = readFileSync(path, 'utf8');
    const torn = join(folder, 'torn.txt');
    for (const [bad, words] of [
      [text.slice(0, -20), /cannot be read as a forecasting model/],
      ['{"card":{}}', /not a forecasting model of this version/],
      [text.replace(/"hash":"./, '"hash":"x'), /not those that its card names/],
    ] as const) {
      writeFileSync(torn, bad);
      expect(() => loadModel(torn)).toThrow(words);
    }
  });
});

describe('the network', () => {
  const shape = { steps: 3, inputs: 2, context: 2, units: 4, outputs: 1 };
  const random = seeded(5);
  const count = 400;
  const draw = (n: number) => Float64Array.from({ length: n }, () => 2 * random() - 1);
  const windows = { count, sequence: draw(count * 6), context: draw(count * 2), target: new Float64Array(count) };
  // What only a memory can know: the first input of the sequence, times something beside it.
  windows.target.forEach((_, w) => {
    windows.target[w] = windows.sequence[w * 6]! * windows.context[w * 2]! + 0.5 * windows.sequence[w * 6 + 4]!;
  });
  const learn = (epochs: number) => train(shape, windows, { epochs, batch: 16, rate: 0.02, seed: 1 });
  const error = (weights: Float64Array) => {
    const network = new Network(shape, weights);
    let sum = 0;
    for (let w = 0; w < count; w++)
      sum += Math.abs(
        network.run(windows.sequence.subarray(w * 6, w * 6 + 6), windows.context.subarray(w * 2, w * 2 + 2))[0]! -
          windows.target[w]!,
      );
    return sum / count;
  };

  it('learns what stands in sequence and context, the same bit for bit each time', () => {
    const weights = learn(60);
    expect(error(weights)).toBeLessThan(0.75 * error(learn(1)));
    expect(learn(60)).toEqual(weights);
  });

  it('knows what each weight does to its error', () => {
    const weights = learn(2);
    const network = new Network(shape, weights);
    const [sequence, context] = [windows.sequence.subarray(0, 6), windows.context.subarray(0, 2)];
    const slope = new Float64Array(weights.length);
    network.run(sequence, context);
    network.back(sequence, context, Float64Array.of(1), partsOf(shape, slope));
    weights.forEach((weight, i) => {
      const at = (value: number) => {
        weights[i] = value;
        return network.run(sequence, context)[0]!;
      };
      const measured = (at(weight + 1e-5) - at(weight - 1e-5)) / 2e-5;
      weights[i] = weight;
      expect(slope[i]!).toBeCloseTo(measured, 6);
    });
  });
});

describe('a chosen model', () => {
  it('is left for the profile while of late it was worse, and taken again when it is not', () => {
    const frame = new Frame(observations);
    const guard = new Guard(frame, 24);
    const trusted: boolean[] = [];
    for (let origin = 20 * 24; origin < 60 * 24; origin += 12) {
      trusted.push(guard.trusts(origin));
      // Wrong by much for ten days, and right from then on.
      const off = origin < 30 * 24 ? -30 : 0;
      guard.issued(
        origin,
        observations.values.slice(origin, origin + 24).map((v, h) => v + off * (h % 3)),
      );
    }
    expect(trusted.slice(0, 14)).not.toContain(false);
    expect(trusted[20]).toBe(false);
    expect(trusted.at(-1)).toBe(true);
  });
});

describe('odd histories', () => {
  const spoilt = (change: (value: number, i: number) => number | null): Observations =>
    observe({ ...carbon, values: carbon.values.map((v, i) => change(v!, i)) }, null, 'Europe/London');
  it.each([
    ['a constant', spoilt(() => 100)],
    ['gaps of a day', spoilt((v, i) => (i % 200 < 24 ? null : v))],
    ['values below zero', spoilt((v) => v - 300)],
    ['no value for the first fortnight', spoilt((v, i) => (i < 336 ? null : v))],
    ['ten days', observe({ ...carbon, values: carbon.values.slice(0, 240) }, null, 'UTC')],
    ['half an hour', observe({ ...carbon, values: [1] }, null, 'UTC')],
    [
      'steps of five minutes',
      observe(
        { start: START, stepMinutes: 5, values: carbon.values.slice(0, 500).flatMap((v) => Array(12).fill(v)) },
        null,
        'UTC',
      ),
    ],
  ])('train and forecast without a value that is no number: %s', (_, given) => {
    const perHour = 60 / given.stepMinutes;
    const { card, state } = trainModel({
      observations: given,
      region: 'X',
      quantity: 'carbon',
      unit: 'g/kWh',
      model: 'ridge',
      horizon: 24 * perHour,
      seed: 1,
    });
    const model = RECIPES.find((recipe) => recipe.name === card.model)!.load(state ?? { arrays: {} });
    const values = model.predict(new Frame(given), given.values.length, 24 * perHour);
    if (given.values.length >= 240) expect(values.every(Number.isFinite)).toBe(true);
  });

  it('without a value, or with a step that makes no day, are refused with a remedy', () => {
    expect(() =>
      trainModel({
        observations: spoilt(() => null),
        region: 'X',
        quantity: 'carbon',
        unit: '',
        model: 'auto',
        horizon: 24,
        seed: 1,
      }),
    ).toThrow(/no value/);
    expect(() => observe({ start: START, stepMinutes: 7, values: [1] }, null, 'UTC')).toThrow(/do not make a day/);
    expect(() =>
      backtest({ observations: spoilt((v) => v), models: ['nonsense'], testFrom: null, horizon: 24, seed: 1 }),
    ).toThrow(/no forecasting model "nonsense"/);
    expect(() =>
      backtest({ observations: spoilt((v) => v), models: ['trees_price'], testFrom: null, horizon: 24, seed: 1 }),
    ).toThrow(/reads a price/);
  });
});

describe('intervals', () => {
  it('hold nine of ten truths, also after the errors have doubled', () => {
    const random = seeded(3);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const truth = Float64Array.from({ length: 2400 }, (_, i) => (i < 1200 ? 10 : 20) * normal());
    const intervals = new Intervals(1, 0.9);
    const held = [0, 0];
    for (let origin = 0; origin < 2400; origin++) {
      const values = Float64Array.of(0);
      intervals.learn(truth, origin);
      const band = intervals.around(values);
      intervals.issued(origin, values, band);
      if (origin >= 100 && band.low[0]! <= truth[origin]! && truth[origin]! <= band.high[0]!)
        held[origin < 1200 ? 0 : 1]!++;
    }
    expect(Math.abs(held[0]! / 1100 - 0.9)).toBeLessThan(0.02);
    expect(Math.abs(held[1]! / 1200 - 0.9)).toBeLessThan(0.02);
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
