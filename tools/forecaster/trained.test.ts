import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromEpoch, plusHours, toEpoch } from '../../domain/time.js';
import { carbon, market, observations, price, question, START, UNTIL } from './fixtures/world.js';
import { profileForecaster, saveModel, trainedForecaster } from './forecaster.js';
import { Frame } from './frame.js';
import { Guard } from './guard.js';
import { loadModel, type SavedModel } from './saved.js';
import { trainModel } from './train.js';

describe('a trained model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-models-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const until = fromEpoch(toEpoch(START) + UNTIL * 3600);
  let saved: SavedModel;
  let path: string;
  beforeAll(() => {
    saved = trainModel(question('ridge_price'));
    path = saveModel(folder, saved);
  });
  const ask = (from: number, steps = 24, region = 'GB') =>
    trainedForecaster(folder, profileForecaster).forecast({
      history: { ...carbon, values: carbon.values.slice(0, from) },
      from: plusHours(START, from),
      steps,
      floor: 0,
      of: { region, quantity: 'carbon' },
      price: market,
    });

  it('says what it is', () => {
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

  it('answers steps finer than its own, from the last whole one of its own on', async () => {
    const finer = (minutes: number, values: readonly (number | null)[]) => ({
      start: START,
      stepMinutes: minutes,
      values: values.flatMap((v) => Array<number | null>(60 / minutes).fill(v)),
    });
    const hours = UNTIL + 24;
    const whole = await ask(hours);
    const part = 20;
    const forecast = await trainedForecaster(folder, profileForecaster).forecast({
      history: finer(5, carbon.values.slice(0, hours + 1)),
      from: fromEpoch(toEpoch(plusHours(START, hours)) + part * 60),
      steps: 24 * 12,
      floor: 0,
      of: { region: 'GB', quantity: 'carbon' },
      price: { ...market, series: finer(30, price.values) },
    });
    expect(forecast.by).toMatch(/^own ridge_price forecast.*; beyond 24 h own 7-day profile/);
    expect([forecast.values.length, forecast.low.length, forecast.high.length]).toEqual(Array(3).fill(24 * 12));
    const own = forecast.values.slice(0, 24 * 12 - part / 5);
    own.forEach((value, i) => {
      expect(value).toBeCloseTo(whole.values[Math.floor((part + i * 5) / 60)]!, 6);
    });
  });

  it.each([
    ['reads prices where there are none', { price: undefined }, /it reads day-ahead prices, and none are at hand\)$/],
    ['has seen what comes', { from: plusHours(START, UNTIL - 24) }, /it has learned from values to 2022-02-28\)$/],
    [
      'is shown too little',
      { history: { ...carbon, start: plusHours(START, UNTIL), values: carbon.values.slice(UNTIL, UNTIL + 48) } },
      /it needs 14 days of values before\)$/,
    ],
    [
      'is asked for coarser steps',
      { history: { ...carbon, start: START, stepMinutes: 120 } },
      /it forecasts steps of 60 minutes, these are of 120\)$/,
    ],
  ])('says so where it %s, and the profile answers', async (_, other, why) => {
    const forecast = await trainedForecaster(folder, profileForecaster).forecast({
      history: { ...carbon, values: carbon.values.slice(0, UNTIL + 48) },
      from: plusHours(START, UNTIL + 48),
      steps: 24,
      of: { region: 'GB', quantity: 'carbon' },
      price: market,
      ...other,
    });
    expect(forecast.by).toMatch(/^own 7-day profile forecast \(.*\) \(not the trained ridge_price: /);
    expect(forecast.by).toMatch(why);
  });

  it('answers again from memory what it answered before, and other histories anew', async () => {
    const forecaster = trainedForecaster(folder, profileForecaster);
    const of = (values: readonly (number | null)[]) =>
      forecaster.forecast({
        history: { ...carbon, values },
        from: plusHours(START, UNTIL + 48),
        steps: 24,
        of: { region: 'GB', quantity: 'carbon' },
        price: market,
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
