import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { JobLook } from '../../../domain/job-forecast.js';
import { instant, plusHours, toEpoch } from '../../../domain/time.js';
import { history } from '../fixtures/jobs.js';
import { loadJobs, runJobTest, saveJobs } from '../forecaster.js';
import { HOURS } from './past.js';
import { plansOn, usualLimits } from './plans.js';
import { replay } from './replay.js';
import { testJobs } from './test-jobs.js';
import { trainJobs } from './train-jobs.js';

const jobs = history(1600);
const folder = mkdtempSync(join(tmpdir(), 'caco-jobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const last = jobs.reduce((end, job) => (job.endedAt > end ? job.endedAt : end), jobs[0]!.endedAt);
const look = (over: Partial<JobLook> = {}): JobLook => ({
  submittedAt: plusHours(last, 1),
  name: 'ensemble-9999',
  team: 'climate',
  kind: null,
  category: null,
  vcpus: 64,
  gpus: 0,
  limitHours: 24,
  ...over,
});

describe('durations from history', () => {
  it('hold as often as they say, and what is expected sums up to what ran', () => {
    const { held, hours, jobs: tested } = testJobs({ jobs, signal: null, slackHours: 24, seed: 1 });
    expect(tested).toBe(1200);
    expect(held.low).toBeCloseTo(0.1, 1.5);
    expect(held.median).toBeCloseTo(0.5, 1.5);
    expect(held.high).toBeGreaterThan(0.88);
    expect(held.high).toBeLessThan(0.92);
    expect(hours.expected / hours.ran).toBeGreaterThan(0.9);
    expect(hours.expected / hours.ran).toBeLessThan(1.1);
    expect(hours.asked / hours.ran).toBeGreaterThan(4);
  });

  it('come from jobs that had ended when the job was submitted, and from nothing else', () => {
    const told = (of: typeof jobs) => replay({ jobs: of, aim: HOURS, from: 400, fits: 2, seed: 1 }).told;
    const at = 900;
    const now = jobs[at]!.submittedAt;
    const changed = jobs.map((job) =>
      job.endedAt < now ? job : { ...job, hours: 20 * job.hours, endedAt: plusHours(job.submittedAt, 20 * job.hours) },
    );
    expect(changed.slice(0, at).some((job, i) => job !== jobs[i])).toBe(true);
    const [before, after] = [told(jobs), told(changed)];
    // Jobs before `at` see fewer of them still.
    expect(after.slice(0, at + 1)).toEqual(before.slice(0, at + 1));
    expect(after.at(-1)).not.toEqual(before.at(-1));
  });

  it('are the same in a thread and outside of it', async () => {
    const question = { jobs: jobs.slice(0, 500), signal: null, slackHours: 24, seed: 3 };
    expect(await runJobTest(question)).toEqual(testJobs(question));
  });

  it('tell programs apart by name and team, never pass the limit, and know power where it was measured', () => {
    saveJobs(folder, trainJobs({ jobs, seed: 1 }));
    const model = loadJobs(folder);
    const of = (over: Partial<JobLook>) => {
      const told = model.forecast(look(over));
      if (typeof told === 'string') throw new Error(told);
      return told;
    };
    const [long, short] = [of({}), of({ name: 'post-7', vcpus: 4 })];
    expect(long.hours.expected).toBeGreaterThan(5);
    expect(long.hours.expected).toBeLessThan(8);
    expect(short.hours.high).toBeLessThan(0.6);
    for (const { hours } of [long, short]) {
      expect(hours.low).toBeLessThan(hours.expected);
      expect(hours.expected).toBeLessThan(hours.high);
    }
    expect(of({ limitHours: 2 }).hours.high).toBeLessThanOrEqual(2);
    expect(long.powerKw!.expected).toBeGreaterThan(0.35);
    expect(long.powerKw!.expected).toBeLessThan(0.45);
    expect(of({ name: 'train-1', team: 'ml', vcpus: 16 }).powerKw!.expected).toBeGreaterThan(2);
    // A program that was never seen is like its team's of that size, somebody who was never seen like everybody.
    const unknown = of({ name: 'something else' }).hours;
    expect(unknown.expected).toBeGreaterThan(4);
    const stranger = of({ name: 'x', team: 'new', vcpus: 3 }).hours;
    expect(stranger.high).toBeGreaterThan(1);
    expect(stranger.high / stranger.low).toBeGreaterThan(unknown.high / unknown.low);
  });

  it('are not told of jobs that were submitted before the last that the model knows had ended', () => {
    const told = loadJobs(folder).forecast(look({ submittedAt: plusHours(last, -0.01) }));
    expect(told).toContain('it was submitted before');
  });

  it('come from jobs that are alike where the history is too short for trees, and from none where nothing is known', () => {
    const few = history(60).map((job, i) => ({ ...job, category: i % 2 ? ('urgent' as const) : null, powerKw: null }));
    const saved = trainJobs({ jobs: few, seed: 1 });
    expect(saved.card.learns).toBe(false);
    saveJobs(folder, saved);
    const model = loadJobs(folder);
    const end = saved.card.span.to;
    const new_ = look({ submittedAt: end, name: null, team: null, vcpus: 1000, category: 'urgent' });
    const told = model.forecast(new_);
    const urgent = few.filter((job) => job.category === 'urgent').map((job) => job.hours);
    if (typeof told === 'string') throw new Error(told);
    expect(told.hours.high).toBeLessThanOrEqual(Math.max(...urgent));
    expect(told.hours.low).toBeGreaterThanOrEqual(Math.min(...urgent) * 0.999);
    expect(told.powerKw).toBeNull();
  });

  it('are refused from a file that was changed, and named where there is none', () => {
    const path = saveJobs(folder, trainJobs({ jobs: jobs.slice(0, 300), seed: 1 }));
    writeFileSync(path, readFileSync(path, 'utf8').replace('"vcpus":64', '"vcpus":65'));
    expect(() => loadJobs(folder)).toThrow('is not as it was written');
    writeFileSync(path, '{"card":');
    expect(() => loadJobs(folder)).toThrow('cannot be read');
    expect(() => loadJobs(join(folder, 'nowhere'))).toThrow('no model of jobs has been trained');
    expect(() => trainJobs({ jobs: jobs.slice(0, 19), seed: 1 })).toThrow('19 jobs');
  });
});

describe('plans by a duration', () => {
  const start = toEpoch(instant('2026-01-01T00:00:00Z'));
  // Two clean hours, the third and the sixth from now.
  const values = Float64Array.of(300, 300, 100, 300, 300, 90, 300, 300, 300, 300);
  const signal = { start, stepMinutes: 60, values };
  const job = { submitted: start, hours: 1, weight: 2, limit: 4, expected: 1, high: 2 };

  it('are worked out by hand', () => {
    // Due at 6 h. The limit fits until 2 h: any four hours from 0 or 1 hold the cleaner third; from 2 both clean ones, 790.
    const rows = plansOn([job], signal, 2)!;
    expect(rows.map(({ plan, mean, lateShare }) => [plan, mean, lateShare])).toEqual([
      ['at once', 300, 0],
      ['asked', 100, 0],
      // It may start until 4 h, so that two hours still fit.
      ['foretold', 100, 0],
      ['truth', 90, 0],
    ]);
    expect(rows[2]!.realisedShare).toBeCloseTo(200 / 210, 9);
  });

  it('count who is late, and leave out what the signal does not cover', () => {
    const long = { ...job, hours: 4, high: 1, expected: 1 };
    const [, , foretold] = plansOn([long, { ...job, submitted: start + 3 * 86_400 }], signal, 2)!;
    // Planned for the hour before 6 h, it runs until 9 h.
    expect(foretold).toMatchObject({ lateShare: 1, jobs: 1 });
    expect(plansOn([job], { ...signal, values: new Float64Array(10).fill(Number.NaN) }, 2)).toBeNull();
  });

  it('make limits that are round, never below the job, and rarely near it', () => {
    const limits = usualLimits(jobs, 1);
    expect(limits.every((limit, i) => limit >= jobs[i]!.hours)).toBe(true);
    const used = jobs.reduce((sum, { hours }, i) => sum + hours / limits[i]!, 0) / jobs.length;
    expect(used).toBeGreaterThan(0.2);
    expect(used).toBeLessThan(0.5);
    expect(new Set(limits).size).toBeLessThan(20);
  });
});
