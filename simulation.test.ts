/** `simulate` held against its own files: every figure is computed again here from jobs.csv, signals.csv and the placements. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from './config.js';
import { loadScenario } from './sim/scenario.js';
import { type Simulated, simulate } from './simulation.js';

type Row = Record<string, string>;
const folder = mkdtempSync(join(tmpdir(), 'caco-simulation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const configOf = (scenario: string, seed: number) => readConfig({ scenario, seed }, {}, folder).config;
const read = (out: string, name: string): Row[] => parse(readFileSync(join(out, name), 'utf8'), { columns: true });
const hashes = (out: string) =>
  readdirSync(out)
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(out, name)))
          .digest('hex')}`,
    );
const seconds = (text: string) => Date.parse(text) / 1000;

/** g/kWh × h over [from, to), from the rows of signals.csv alone. */
const integrals = (signals: Row[]) => {
  const values = new Map(signals.map((r) => [`${r.region} ${seconds(r.start!)}`, Number(r.intensity_g_per_kwh)]));
  const step = Number(signals[0]!.step_minutes) * 60;
  return (region: string, from: number, to: number) => {
    let total = 0;
    for (let at = from; at < to; ) {
      const start = Math.floor(at / step) * step;
      const until = Math.min(to, start + step);
      total += values.get(`${region} ${start}`)! * ((until - at) / 3600);
      at = until;
    }
    return total;
  };
};

describe('30 days of five regions', () => {
  const out = join(folder, 'a');
  let simulated: Simulated;
  let jobs: Row[];
  beforeAll(async () => {
    simulated = await simulate(configOf('five-regions', 7), { days: 30, out, apply: true });
    jobs = read(out, 'jobs.csv');
  });

  it('has about 30 000 jobs of every region and category', () => {
    expect(jobs.length).toBeGreaterThan(27_000);
    expect(jobs.length).toBeLessThan(33_000);
    expect(jobs.length).toBe(simulated.jobs);
    expect(new Set(jobs.map((j) => j.region)).size).toBe(5);
    expect(new Set(jobs.map((j) => j.category))).toEqual(new Set(['urgent', 'balanced', 'sustainable']));
  });

  it('gives the same bytes for the same seed and others for another', async () => {
    const again = join(folder, 'b');
    await simulate(configOf('five-regions', 7), { days: 30, out: again, apply: true });
    expect(hashes(again)).toEqual(hashes(out));
    const other = join(folder, 'c');
    await simulate(configOf('five-regions', 8), { days: 1, out: other, apply: false });
    expect(readFileSync(join(other, 'jobs.csv'), 'utf8').slice(0, 5000)).not.toBe(
      readFileSync(join(out, 'jobs.csv'), 'utf8').slice(0, 5000),
    );
    expect(readdirSync(other).sort()).toEqual([
      'jobs.csv',
      'placements-baseline.csv',
      'prices.csv',
      'signals.csv',
      'summary.json',
    ]);
  });

  it.each(['baseline', 'optimised'] as const)('adds up the %s emissions to the formula, row by row', (which) => {
    const byId = new Map(jobs.map((j) => [j.id, j]));
    const integral = integrals(read(out, 'signals.csv'));
    const pue = new Map(loadScenario('five-regions').sites.map((s) => [s.region, s.pue]));
    let total = 0;
    for (const p of read(out, `placements-${which}.csv`)) {
      const job = byId.get(p.job_id)!;
      const itKw = job.power_kw === '' ? Number(job.vcpus) * 0.005 + Number(job.gpus) * 0.4 : Number(job.power_kw);
      const kw = itKw * pue.get(p.region!)!;
      const kg = (kw * integral(p.region!, seconds(p.start!), seconds(p.end!))) / 1000;
      total += kg;
      expect(Math.abs(Number(p.emissions_kg) - kg)).toBeLessThan(1e-9 * Math.max(1, kg));
      expect(Number(p.emissions_low_kg)).toBeCloseTo(0.8 * kg, 9);
      expect(Number(p.emissions_high_kg)).toBeCloseTo(1.2 * kg, 9);
    }
    const said = simulated[which]!.emissionsKg.value;
    expect(Math.abs(said - total) / total).toBeLessThan(1e-9);
  });

  it('moves nothing that is urgent, late, forbidden or shorter than it was', () => {
    const before = new Map(read(out, 'placements-baseline.csv').map((p) => [p.job_id, p]));
    const pieces = new Map<string, Row[]>();
    for (const p of read(out, 'placements-optimised.csv')) pieces.set(p.job_id!, [...(pieces.get(p.job_id!) ?? []), p]);
    expect(pieces.size).toBe(jobs.length);
    for (const job of jobs) {
      const run = pieces.get(job.id!)!;
      const stay = before.get(job.id!)!;
      const length = run.reduce((sum, p) => sum + seconds(p.end!) - seconds(p.start!), 0);
      expect(length).toBe(Math.round(Number(job.duration_hours) * 3600));
      expect(run[0]!.start! >= job.earliest_start!).toBe(true);
      if (job.deadline !== '' && stay.end! <= job.deadline!) expect(run.at(-1)!.end! <= job.deadline!).toBe(true);
      expect(job.allowed_regions!.split(';')).toContain(run[0]!.region);
      if (job.category === 'urgent') {
        expect(run).toHaveLength(1);
        expect([run[0]!.start, run[0]!.region]).toEqual([stay.start, stay.region]);
      }
    }
  });

  it('is never dearer than leaving every job where it is, carbon priced in', () => {
    const priced = (t: { cost: { total: number }; emissionsKg: { value: number } }) =>
      t.cost.total + (t.emissionsKg.value * 75) / 1000;
    expect(priced(simulated.optimised!)).toBeLessThanOrEqual(priced(simulated.baseline));
    expect(simulated.proof!.gap).toBe(0);
  });
});

describe('a capped site', () => {
  it('stays under its cap in every slot of the optimised run', async () => {
    const out = join(folder, 'gb');
    await simulate(configOf('gb-hpc', 3), { days: 2, out, apply: true });
    const site = loadScenario('gb-hpc').sites[0]!;
    const load = new Map<number, number>();
    for (const p of read(out, 'placements-optimised.csv')) {
      const from = seconds(p.start!);
      const to = seconds(p.end!);
      const kw = Number(p.energy_kwh) / ((to - from) / 3600);
      for (let slot = Math.floor(from / 1800); slot < Math.ceil(to / 1800); slot++)
        load.set(slot, (load.get(slot) ?? 0) + kw);
    }
    expect(Math.max(...load.values())).toBeLessThanOrEqual(site.powerCapKw! + 1e-6);
  });
});

describe('what cannot be simulated', () => {
  it.each([0, -1, 36, 1.5, Number.NaN])('refuses %s days and writes nothing', async (days) => {
    const out = join(folder, 'never');
    await expect(simulate(configOf('five-regions', 1), { days, out, apply: false })).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect(() => readdirSync(out)).toThrow();
  });
});
