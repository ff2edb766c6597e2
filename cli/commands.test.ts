/** Commands as processes, as built: policies, chat, signal files, problem files, verification and exports. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// Real processes, many of them: nothing is judged by its time, and only a test that hangs ends by this limit.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const json = (home: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args, '--json'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, CACO_HOME: at(home) },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect(stdout, stderr).not.toBe('');
  return { status, answer: JSON.parse(stdout) };
};

describe('a policy at the command line', () => {
  it('is a draft with quotes until a person confirms it', () => {
    const text = 'Jobs of team payroll must never be moved.\nBe kind to the grid where that is reasonable at 7.\n';
    writeFileSync(at('policy.md'), text);
    const { status, answer } = json('policy', 'policy', 'parse', 'policy.md', '--tz', 'Europe/London');
    expect(status).toBe(0);
    expect(answer.constraints).toHaveLength(1);
    const [exempt] = answer.constraints;
    expect(exempt).toMatchObject({ type: 'exempt', scope: { teams: ['payroll'] } });
    expect(exempt.scope).not.toHaveProperty('kinds');
    expect(text).toContain(exempt.quote);
    expect(json('policy', 'policy', 'list').answer).toMatchObject({ active: null, sets: [{ status: 'draft' }] });
    expect(json('policy', 'policy', 'confirm', answer.setId).answer.inForce).toBe(1);
    expect(json('policy', 'policy', 'list').answer.sets[0].status).toBe('confirmed');
  });
});

describe('a question at the command line', () => {
  it('is answered with figures that name their source, or said to be beyond what is known', () => {
    const { answer } = json('chat', 'chat', '--once', 'What is the grid doing?');
    expect(answer).toMatchObject({ answered: true, usedModel: false, rejected: [] });
    expect(answer.figures.length).toBeGreaterThan(0);
    for (const figure of answer.figures) {
      expect(figure.source).not.toBe('');
      expect(answer.answer).toContain(figure.text);
    }
    expect(json('chat', 'chat', '--once', 'Will we reach net zero by 2030?').answer.answered).toBe(false);
    expect(json('chat', 'chat', '--once', ' ').status).toBe(2);
  });
});

describe('a signal file and a trace of another year', () => {
  beforeAll(() => {
    const hours = Array.from({ length: 30 * 24 }, (_, i) => {
      const day = new Date(Date.UTC(2020, 1, 1, i)).toISOString();
      return `${day},${200 + (i % 24)},${90 - (i % 24)}`;
    });
    writeFileSync(at('signal.csv'), ['time,AA,BB', ...hours].join('\n'));
    writeFileSync(
      at('jobs.json'),
      JSON.stringify({ jobs: [{ id: 'a', duration_hours: 2, vcpus: 100, earliest_start: '2020-02-10T03:00:00Z' }] }),
    );
  });

  it('are planned and accounted for from where the work starts; what has no price has no cost', () => {
    const grid = ['--grid', 'file:signal.csv', '--column', 'BB'];
    expect(json('file', 'ingest', 'jobs.json').answer.accepted).toBe(1);
    const { status, answer } = json('file', 'plan', ...grid);
    expect(status, JSON.stringify(answer)).toBe(0);
    expect(answer.madeAt).toBe('2020-02-10T03:00:00Z');
    expect(answer.jobs).toMatchObject({ total: 1, unplaced: 0 });
    const account = json('file', 'account', ...grid).answer;
    expect(account.total.cost).toBeNull();
    expect(account.total.priceCoverageRatio).toBe(0);
    expect(account.total.energyKwh).toBeCloseTo(2 * 100 * 0.005 * 1.1, 9);
  });

  it('are counted alike by every command: 811.8 lb/MWh are 368.2 g/kWh', () => {
    const rows = Array.from({ length: 48 }, (_, i) => `${new Date(Date.UTC(2020, 1, 10, i)).toISOString()},811.8`);
    writeFileSync(at('moer.csv'), ['timestamp,MOER', ...rows].join('\n'));
    const perKwh = 811.8 * 0.45359237;
    const when = json('file', 'when', '-d', '60', '--signal', 'moer.csv').answer;
    expect(when.carbonIntensityOptimal.value).toBeCloseTo(perKwh, 9);
    expect(when.assumed[0]).toContain('read as WattTime’s marginal rate in lb/MWh');
    expect(json('now', 'grid', 'now', '--grid', 'file:moer.csv').answer.points[0].intensityGPerKwh).toBeCloseTo(
      perKwh,
      9,
    );
    const { total } = json('file', 'account', '--grid', 'file:moer.csv').answer;
    expect(total.emissionsKg.value).toBeCloseTo((2 * 100 * 0.005 * 1.1 * perKwh) / 1000, 9);
    writeFileSync(at('share.csv'), `time,low_carbon_percentage\n2020-02-10T00:00:00Z,40\n`);
    for (const command of [
      ['when', '-d', '60', '--signal', 'share.csv'],
      ['grid', 'now', '--grid', 'file:share.csv'],
    ])
      expect(json('now', ...command)).toMatchObject({ status: 2, answer: { error: { code: 'invalid-input' } } });
  });

  it('are seen by grid now too, behind which the same flags stand', () => {
    const { answer } = json('now', 'grid', 'now', '--grid', 'file:signal.csv', '--column', 'AA');
    expect(answer.points[0].start).toBe('2020-02-08T00:00:00Z');
    expect(answer.points[0].pricePerMwh).toBeNull();
    expect(json('now', 'grid', 'now', '--grid', 'file:signal.csv', '--column', 'CC').status).toBe(2);
  });
});

describe('a problem file', () => {
  it('is solved with its proof beside it, or named in conflict with exit 5', () => {
    const instance = (name: string) =>
      fileURLToPath(new URL(`../tools/optimizer/engine/fixtures/instances/${name}.json`, import.meta.url));
    const { status, answer } = json('problem', 'plan', '--problem', instance('k-fivemin-25x288'), '--out', 'proof');
    expect(status).toBe(0);
    expect(answer.lowerBound).toBeLessThanOrEqual(answer.objective);
    const parts = Object.values(answer.objectiveParts as Record<string, number>).reduce((a, b) => a + b, 0);
    expect(parts).toBeCloseTo(answer.objective, 9);
    const solution = JSON.parse(readFileSync(at('proof/solution.json'), 'utf8'));
    expect(solution.assignments).toHaveLength(answer.jobs);
    expect(existsSync(at('proof/certificate.json'))).toBe(true);
    const impossible = json('problem', 'plan', '--problem', instance('x1-infeasible-power'));
    expect(impossible.status).toBe(5);
    expect(impossible.answer.conflict).toMatchObject({
      jobs: ['A', 'B', 'C'],
      smallestRelaxation: { amount: 2, unit: 'kW', region: 'site-a' },
    });
  });

  it('that is not one is refused with what to mend', () => {
    writeFileSync(at('bad.json'), JSON.stringify({ format: 'caco-opt-1', regions: [], jobs: [] }));
    const { status, answer } = json('problem', 'plan', '--problem', 'bad.json', '--out', 'bad');
    expect(status).toBe(2);
    expect(answer.error.remedy).not.toBe('');
    expect(existsSync(at('bad'))).toBe(false);
    expect(json('problem', 'plan', '--problem', 'none.json').status).toBe(3);
  });
});

describe('what ran', () => {
  let runs: string[];
  beforeAll(() => {
    runs = [0, 1].map(() => json('books', 'launch', '--horizon-hours', '6').answer.runId);
  });

  it('is recomputed from its record bit for bit, and a changed figure shows', () => {
    const verified = json('books', 'verify', runs[0]!, '--out', 'record.json').answer;
    expect(json('books', 'verify', verified.id, '--recompute').answer.ok).toBe(true);
    const record = readFileSync(at('record.json'), 'utf8');
    expect(json('books', 'verify', 'record.json', '--recompute').answer.ok).toBe(true);
    const changed = record.replace(/("energyKwh": ?")(\d)/, (_, key, digit) => key + ((Number(digit) + 1) % 10));
    expect(changed).not.toBe(record);
    writeFileSync(at('changed.json'), changed);
    expect(json('books', 'verify', 'changed.json', '--recompute')).toMatchObject({ status: 1, answer: { ok: false } });
  });

  it('is in the books once, in every form, though it was planned twice', () => {
    const [once] = runs.map((run) => json('books', 'show', run).answer.planId as string);
    const all = json('books', 'export', '--codecarbon', '--out', 'all.csv').answer;
    const one = json('books', 'export', '--codecarbon', '--plan', once!, '--out', 'one.csv').answer;
    expect(all.rows).toBeGreaterThan(0);
    expect(Number(all.totals.energyKwh)).toBeCloseTo(Number(one.totals.energyKwh), 6);
    for (const form of ['--if', '--focus', '--sbatch']) {
      expect(json('books', 'export', form, '--out', `books${form}`).status).toBe(0);
      expect(readFileSync(at(`books${form}`), 'utf8').length).toBeGreaterThan(500);
    }
  });
});
