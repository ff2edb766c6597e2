import { describe, expect, it } from 'vitest';
import { openStore } from '../store/store.js';
import { plainJob } from './fixtures/quiet-world.js';
import { JOBS, type Job } from './job.js';
import { BASELINE, PLACEMENTS, type Placement } from './plan.js';
import { besideJobs, gatherByJob, orderedPieces } from './schedule.js';
import { type Instant, instant } from './time.js';
import { kg, kwh, money } from './units.js';

const START = instant('2026-01-01T00:00:00Z');
const jobs = ['a', 'b', 'c', 'd'].map((id) => plainJob(id, START, {}));
type Row = { jobId: string; n: number };
const rows = (ids: string): Row[] => [...ids].map((jobId, n) => ({ jobId, n }));

async function* pages<T>(all: readonly T[], size = 2): AsyncGenerator<T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
}
const beside = async (ids: string, size = 2): Promise<string[]> => {
  const found: string[] = [];
  for await (const page of besideJobs(pages(jobs, 3), pages(rows(ids), size)))
    for (const { job, pieces } of page) found.push(job.id + pieces.map((p) => p.n).join(''));
  return found;
};

describe('rows beside their jobs', () => {
  it('go to their job, whatever the pages, and to none where a job has none', async () => {
    for (const size of [1, 2, 9]) {
      expect(await beside('aabccd', size)).toEqual(['a01', 'b2', 'c34', 'd5']);
      expect(await beside('bdd', size)).toEqual(['a', 'b0', 'c', 'd12']);
      expect(await beside('', size)).toEqual(['a', 'b', 'c', 'd']);
    }
  });

  it.each(['bacd', 'aba', 'dcba', 'abcdz', 'zabcd'])(
    'that stand as %s are a defect, and said to be one',
    async (ids) => {
      await expect(beside(ids)).rejects.toThrow(/do not stand in the order of the jobs/);
    },
  );

  it('that come in any order and in pieces are gathered, sorted and kept as asked', async () => {
    const gathered = await gatherByJob(pages(rows('bdabcab')), {
      keep: ({ n }) => -n,
      order: (a, b) => a - b,
      signal: new AbortController().signal,
    });
    expect(Object.fromEntries(gathered)).toEqual({ a: [-5, -2], b: [-6, -3, -0], c: [-4], d: [-1] });
  });

  it('are read no further once nobody waits for them', async () => {
    const stop = new AbortController();
    const endless = async function* () {
      for (let page = 0; ; page++) {
        if (page === 3) stop.abort();
        yield rows('ab');
      }
    };
    const gathering = gatherByJob(endless(), { keep: (row) => row, order: () => 0, signal: stop.signal });
    await expect(gathering).rejects.toThrow(/aborted/);
  });
});

describe('what a decision gives each job', () => {
  const placed = (jobId: string, start: Instant): Placement => ({
    jobId,
    region: 'GB',
    start,
    end: instant('2026-01-02T00:00:00Z'),
    energyKwh: kwh(1),
    emissionsKg: kg(1),
    energyCost: money(0),
    instanceCost: money(0),
    egressCost: money(0),
  });
  const stored = async (planned: string, before: string) => {
    const store = await openStore(':memory:');
    const named = <T>(all: readonly T[]) => all.map((value, n) => ({ id: String(n), value }));
    await store.rows(JOBS).append('W', named<Job>(jobs));
    const later = instant('2026-01-01T06:00:00Z');
    await store.rows(PLACEMENTS).append('P', named([...planned].map((id) => placed(id, later))));
    await store.rows(BASELINE).append('P', named([...before].map((id) => placed(id, START))));
    return async (approved: readonly string[] | null) => {
      const found: string[] = [];
      for await (const page of orderedPieces(store, { workloadId: 'W', planId: 'P', jobs: approved }))
        for (const { job, pieces } of page) found.push(job.id + pieces.map((p) => p.start.slice(11, 13)).join());
      return found;
    };
  };

  it('is its place in the plan where that was approved, else where it would have run', async () => {
    const given = await stored('abd', 'abd');
    expect(await given(null)).toEqual(['a06', 'b06', 'c', 'd06']);
    expect(await given(['b', 'c'])).toEqual(['a00', 'b06', 'c', 'd00']);
  });

  it('is asked for in vain where rows of either side stand in another order', async () => {
    await expect((await stored('bad', 'abd'))(null)).rejects.toThrow(/order of the jobs/);
    const given = await stored('abd', 'adb');
    expect(await given(null)).toHaveLength(4);
    await expect(given(['a'])).rejects.toThrow(/order of the jobs/);
  });
});
