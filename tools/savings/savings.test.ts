/** Savings judged through the tools, from readings that were imported as an operator has them. */
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest } from '../../domain/digest.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { SAVINGS_MODELS } from '../../domain/savings.js';
import { claimDelivered } from '../../domain/settlement/delivered.js';
import type { Store } from '../../domain/store.js';
import { type Instant, instant, plusHours, settlementPeriodOf } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { judgeUsage, trainUsage } from '../forecaster/forecaster.js';
import { importMeter, METER_ADAPTERS } from '../meter/meter.js';
import { type Call, callTool, type Tool } from '../tool.js';
import { claimSavings, importCovariate, predictSavings, reportSavings, trainSavingsModel } from './savings.js';

const call: Call = {
  ...{ signal: new AbortController().signal, progress: () => {}, actor: { id: 'ann', via: 'cli' }, cause: null },
};
const SPLIT = instant('2026-02-02T00:00:00Z');
const END = instant('2026-02-09T00:00:00Z');

let store: Store;
let world: World;
let now: Instant;
beforeEach(async () => {
  store = await openStore(':memory:');
  now = SPLIT;
  const clock = { live: false, now: () => now, waitUntil: async () => {} };
  const ground = { store, clock, present: () => now, daemon: async () => [], simulated: () => [] };
  world = {
    ...quietWorld(store, () => now),
    meter: await METER_ADAPTERS.none.open({ meter: 'none' }, ground),
    usageForecaster: {
      // In this thread: a worker would load the sources anew for each test.
      train: async (rows, { engine, seed }) => trainUsage({ rows, engine: engine ?? 'regression', seed }),
      judge: async (model, rows) => judgeUsage(model, rows),
    },
  };
});
afterEach(() => store.close());

const run = <T extends Tool>(tool: T, input: object) => callTool(tool as never, input, world, call) as Promise<never>;

/**
 * A hall that draws 4 kW and 6 kW more at full load, in steps of half an hour; `times` scales what it draws from SPLIT on, `own` how far
 * its load goes its own way beside the hour.
 */
const made = (times: number, loadTimes = 1, own = 0.1): { energy: string; load: string } => {
  const lines = { energy: ['t,watts'], load: ['t,load'] };
  let noise = 7;
  for (let i = 0; i < 35 * 48; i++) {
    noise = (noise * 16807) % 2147483647;
    const at = plusHours(instant('2026-01-05T00:00:00Z'), i / 2);
    const after = at >= SPLIT;
    const hour = (i % 48) / 2;
    const drift = own * Math.sin(i / 31) + (own / 2) * Math.sin(i / 7.3);
    const load = (0.4 + 0.25 * Math.sin(((hour - 8) / 12) * Math.PI) + drift) * (after ? loadTimes : 1);
    const watts = (4000 + 6000 * load + 80 * (noise / 2147483647 - 0.5)) * (after ? times : 1);
    lines.energy.push(`${at},${watts.toFixed(1)}`);
    lines.load.push(`${at},${load.toFixed(4)}`);
  }
  return { energy: lines.energy.join('\n'), load: lines.load.join('\n') };
};

const take = async ({ energy, load }: { energy: string; load: string }, meterId = 'hall') => {
  await run(importMeter, { text: energy, column: 'watts', meterId, boundary: 'it', as: 'average', unit: 'W' });
  await run(importCovariate, { text: load, id: 'load', kind: 'load', basis: 'submitted' });
};
const train = (over: object = {}): Promise<{ id: string; accepted: boolean; engine: string; cvRmse: number }> =>
  run(trainSavingsModel, {
    ...{ site: 'hall', meterIds: ['hall'], covariateIds: ['load'], start: '2026-01-05T00:00:00Z', end: SPLIT },
    ...over,
  });
const claim = (modelId: string, over: object = {}) => {
  now = END;
  return run(claimSavings, { modelId, start: SPLIT, end: END, intervention: 'fans slowed', ...over }) as Promise<{
    claimId: string;
    mintableKwh: number;
    carriedOutKwh: string;
    provenKwh: string;
    evidence: string;
    savedKwh: number;
  }>;
};

const VECTORS = new URL('../../../shared/reference/energy/vectors/predictor/', import.meta.url);
describe.skipIf(!existsSync(VECTORS))('the vectors', () => {
  const read = (file: string) => readFileSync(new URL(file, VECTORS), 'utf8');
  it.each(['saving10', 'placebo', 'load_drop_only', 'worse5'])('%s mints what its table says', async (name) => {
    const { variants } = JSON.parse(read('expected.json')) as {
      variants: Record<string, { mint: number; true_saving_kwh: number }>;
    };
    for (const text of [read('pre.csv'), read(`post-${name}.csv`)]) await take({ energy: text, load: text });
    const { id } = await train();
    const { mintableKwh, savedKwh } = await claim(id);
    const { mint, true_saving_kwh: truth } = variants[name]!;
    if (mint === 0) expect(mintableKwh).toBe(0);
    else expect(mintableKwh).toBeGreaterThanOrEqual(1);
    expect(mintableKwh).toBeLessThanOrEqual(Math.max(0, truth));
    expect(Math.abs(savedKwh - truth)).toBeLessThan(4);
  });
});

describe('a saving', () => {
  it('is claimed at its lower bound, in whole kWh; the record is evidence, in the ledger, and its rest is carried', async () => {
    await take(made(0.9));
    const { id, accepted } = await train();
    expect(accepted).toBe(true);
    const days = (from: number, to: number) => ({ start: plusHours(SPLIT, 24 * from), end: plusHours(SPLIT, 24 * to) });
    const first = await claim(id, days(0, 3));
    expect(first.mintableKwh).toBe(Math.floor(Number(first.provenKwh)));
    expect(first.mintableKwh).toBeGreaterThan(30);
    expect(Number(first.carriedOutKwh)).toBeCloseTo(Number(first.provenKwh) - first.mintableKwh, 8);
    const second = await claim(id, days(3, 7));
    const report: { claims: { record: object; evidence: string; mint: null }[]; provenKwh: string; restKwh: string } =
      await run(reportSavings, {});
    expect(report.claims.map(({ record, evidence }) => [digest(record), evidence])).toEqual(
      [first, second].map(({ evidence }) => [evidence, evidence]),
    );
    const minted = first.mintableKwh + second.mintableKwh;
    expect(Number(report.restKwh)).toBeCloseTo(Number(report.provenKwh) - minted, 8);
    const kinds = (await store.entries.read(0, 100))
      .map(({ body }) => body.kind)
      .filter((kind) => kind.startsWith('savings'));
    expect(kinds).toEqual(['savings-model', 'savings-claim', 'savings-claim']);
  });

  it('is none where demand fell, and none where more was used, which is told', async () => {
    await take(made(1.05, 0.7));
    const { id } = await train();
    const predicted: { low: number; savedKwh: number } = await run(predictSavings, {
      modelId: id,
      start: SPLIT,
      end: END,
    });
    expect(predicted.savedKwh).toBeLessThan(0);
    expect(await claim(id)).toMatchObject({ mintableKwh: 0, provenKwh: '0' });
  });

  it('is none where load always went with the hour and then fell: nobody can tell them apart, and the interval says so', async () => {
    await take(made(1.05, 0.7, 0));
    const { id } = await train();
    expect(await claim(id)).toMatchObject({ mintableKwh: 0, provenKwh: '0' });
  });

  it('is claimed once, and by one: what was settled or sold is nobody’s to claim', async () => {
    await take(made(0.9));
    const { id } = await train();
    const half = { start: SPLIT, end: plusHours(SPLIT, 24) };
    await claim(id, half);
    await expect(claim(id, half)).rejects.toThrow(/settled as kWhSave under S-/);
    await expect(claim(id, { start: plusHours(SPLIT, 23.5), end: plusHours(SPLIT, 30) })).rejects.toThrow('kWhSave');
    const period = settlementPeriodOf(plusHours(SPLIT, 40));
    const sold = { by: 'E-9', as: 'bid', run: 'II' as const, at: now };
    await store.transaction((tx) =>
      claimDelivered(tx, { sites: ['other name'], meterIds: ['hall'], periods: [period] }, sold),
    );
    await expect(claim(id, { start: plusHours(SPLIT, 24), end: plusHours(SPLIT, 48) })).rejects.toThrow(
      'settled as bid under E-9',
    );
    await expect(claim(id, { start: plusHours(SPLIT, 48) })).resolves.toBeDefined();
  });
});

describe('nothing is claimed', () => {
  it('by a model that was made after the window, or is no longer what the ledger says', async () => {
    await take(made(0.9));
    now = END;
    const late = await train();
    await expect(claim(late.id)).rejects.toThrow(/before the model was written down/);
    now = SPLIT;
    const { id } = await train({ seed: 2 });
    const kept = (await store.collection(SAVINGS_MODELS).get(id))!.value;
    const weights = kept.model.weights.map((weight) => 1.01 * weight);
    await store.collection(SAVINGS_MODELS).put(id, { ...kept, model: { ...kept.model, weights } });
    await expect(claim(id)).rejects.toThrow(/is not what ledger entry/);
  });

  it('by a model beyond the limits, with the figure; a site may ask more of its own', async () => {
    await take(made(0.9));
    const { id, accepted } = await train({ maxCvRmse: 0.0001 });
    expect(accepted).toBe(false);
    await expect(claim(id)).rejects.toThrow(/CV\(RMSE\) is [\d.]+ %.*where 0\.0100 %/);
  });

  it('with covariates that the change moved, that lie beyond what was seen, or that do not tell the load', async () => {
    await take(made(0.9, 2.5));
    await expect(train({ covariateIds: [] })).rejects.toThrow('a fall in demand would look like a saving');
    await expect(train({ covariateIds: ['rain'] })).rejects.toThrow('no covariate rain');
    const { id } = await train();
    await expect(claim(id, { changedCovariates: ['load'] })).rejects.toThrow(
      /the change itself moved load \(mean [01]\.\d+ in the window/,
    );
    await expect(claim(id)).rejects.toThrow(/load lies outside of 0\.0\d+ to 0\.\d+.*for \d+/);
    await expect(train({ covariateIds: [], withoutLoad: 'an office' })).resolves.toMatchObject({ accepted: true });
  });

  it('of windows that are no half-hours, too long, not over, or hardly known', async () => {
    const { energy, load } = made(0.9);
    const cut = energy.split('\n').filter((line) => !line.startsWith('2026-02-04') && !line.startsWith('2026-02-05'));
    await take({ energy: cut.join('\n'), load });
    const { id } = await train();
    await expect(claim(id, { start: '2026-02-02T00:10:00Z' })).rejects.toThrow('no stretch of half-hours');
    await expect(claim(id, { start: '2026-02-01T00:00:00Z' })).rejects.toThrow('longer than seven days');
    await expect(claim(id, { start: '2026-02-08T00:00:00Z', end: '2026-02-10T00:00:00Z' })).rejects.toThrow(
      'not over yet',
    );
    await expect(claim(id)).rejects.toThrow(/only 71\.\d % of the window are known/);
    await expect(claim('M-NONE0000')).rejects.toMatchObject({ code: 'not-found' });
    await expect(train({ start: '2026-01-25T00:00:00Z' })).rejects.toThrow('only 8.0 days');
  });

  it('of two meters of one machine, of boundaries that lie in one another, or of shares', async () => {
    await take(made(0.9));
    const { energy } = made(0.9);
    const text = { text: energy, column: 'watts', as: 'average', unit: 'W' };
    await run(importMeter, { ...text, meterId: 'parts', boundary: 'components' });
    await run(importMeter, { ...text, meterId: 'share', boundary: 'process' });
    await expect(train({ meterIds: ['hall', 'parts'] })).rejects.toThrow('it and components');
    await expect(train({ meterIds: ['hall', 'hall'] })).rejects.toThrow('twice');
    await expect(train({ meterIds: ['share'] })).rejects.toThrow('an exporter worked out');
  });
});

describe('a covariate', () => {
  it('is read with what is wrong told, and kept as one thing', async () => {
    const text = 'at;value\n2026-01-05T00:00:00Z;1\n'.replaceAll(';', ',');
    await expect(run(importCovariate, { text, id: 'x', kind: 'other', basis: 'external' })).rejects.toThrow(
      'fewer than two',
    );
    const more = `${text}yesterday,2\n2026-01-05T01:00:00+01:00,3\n2026-01-05T01:00:00Z,abc\n2026-01-05T01:00:00Z,4\n2026-01-05T02:00:00Z,\n`;
    const taken = await run(importCovariate, { text: more, id: 'x', kind: 'other', basis: 'external' });
    expect(taken).toMatchObject({ accepted: 2, rejectedCount: 3, stepMinutes: 60 });
    await expect(
      run(importCovariate, { text: more, id: 'x', kind: 'temperature', basis: 'external' }),
    ).rejects.toMatchObject({ code: 'conflict' });
  });
});
