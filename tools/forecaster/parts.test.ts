import { describe, expect, it } from 'vitest';
import { toEpoch } from '../../domain/time.js';
import { backtest } from './backtest.js';
import { nightsOf } from './decide.js';
import { carbon, START } from './fixtures/world.js';
import { observe } from './forecaster.js';
import { Frame, type Observations } from './frame.js';
import { Intervals } from './intervals.js';
import { RECIPES } from './models/models.js';
import { Network, partsOf, train } from './models/network.js';
import { seeded } from './random.js';
import { trainModel } from './train.js';

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

describe('nightly jobs', () => {
  it('are moved by up to eight hours on the forecast of the afternoon, worked out by hand', () => {
    // Every day alike: 200, but 150 at 10:00, 120 at 20:00 and 100 at 08:00. From 17:00 on the hours 17 to 9 can be chosen.
    const day = Array.from({ length: 24 }, (_, h) => ({ 10: 150, 20: 120, 8: 100 })[h] ?? 200);
    const frame = new Frame({
      ...{ start: toEpoch(START), stepMinutes: 60, price: null, timeZone: 'UTC' },
      values: Float64Array.from({ length: 20 * 24 }, (_, i) => day[i % 24]!),
    });
    const afternoons = Int32Array.from([10, 11, 12], (d) => 24 * d + 17);
    const perfect = nightsOf(frame, afternoons, (origin, steps) => frame.values.slice(origin, origin + steps))!;
    expect(perfect).toMatchObject({
      startNow: 200,
      chosen: 100,
      perfect: 100,
      regret: 0,
      realisedShare: 1,
      decisions: 3,
    });
    // One that takes 20:00 for the best.
    const wrong = nightsOf(frame, afternoons, (_, steps) =>
      Float64Array.from({ length: steps }, (_, h) => (h === 3 ? 0 : 1)),
    )!;
    expect(wrong).toMatchObject({ chosen: 120, regret: 20, realisedShare: 0.8 });
    // 08:00 is the last but one hour that can be chosen; a gap among them leaves nothing to compare.
    frame.values.fill(Number.NaN, 24 * 11 + 9, 24 * 11 + 10);
    expect(nightsOf(frame, afternoons, () => new Float64Array(17))!.decisions).toBe(2);
    expect(nightsOf(frame, new Int32Array(0), () => new Float64Array(17))).toBeNull();
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
