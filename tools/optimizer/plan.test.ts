/** make_plan on a real store: policy and sold flexibility kept, offers that hold, conflicts that quote. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../domain/job.js';
import { PLAN_OFFERS, SOLD_FLEXIBILITY } from '../../domain/offer.js';
import { PLACEMENTS, type Placement, RECOMMENDATIONS } from '../../domain/plan.js';
import type { Weekday } from '../../domain/policy/policy.js';
import { instantAt } from '../../domain/series.js';
import type { RowsOf, Store } from '../../domain/store.js';
import { plusHours, toEpoch } from '../../domain/time.js';
import { hours as hoursOf } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { callTool } from '../tool.js';
import { call, confirm, fleetWorld, ingest, ingestQueue } from './fixtures/fleet.js';
import { makePlan } from './optimizer.js';

let folder: string;
let store: Store;
let world: World;
let jobs: Job[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plan-'));
  store = await openStore(join(folder, 'caco.db'));
  world = fleetWorld(store);
  jobs = await ingestQueue(world, 'W-1', 150);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const plan = (input: Record<string, unknown> = {}) => callTool(makePlan, { workloadId: 'W-1', ...input }, world, call);

const rowsOf = async <T>(of: RowsOf<T>, planId: string): Promise<T[]> => {
  const all: T[] = [];
  for await (const page of store.rows(of).pages(planId)) all.push(...page);
  return all;
};
const placed = (planId: string): Promise<Placement[]> => rowsOf(PLACEMENTS, planId);

/** Highest facility kW of a region in an interval, from energy and length of the pieces. */
const peakOf = (pieces: readonly Placement[], region: string, from: number, to: number) => {
  let peak = 0;
  for (let t = from; t < to; t += 300) {
    let kw = 0;
    for (const p of pieces) {
      const [a, b] = [toEpoch(p.start), toEpoch(p.end)];
      if (p.region === region && a <= t && b > t) kw += p.energyKwh / ((b - a) / 3600);
    }
    if (kw > peak) peak = kw;
  }
  return peak;
};

describe('make_plan', () => {
  it('plans, proves and gives the same plan for the same seed; offers hold no more than what may wait', async () => {
    const first = await plan();
    const second = await plan();
    expect(first.plan!.digest).toBe(second.plan!.digest);
    expect(first.status).toMatch(/optimal|feasible/);
    expect(first.plan!.gap).toBeLessThan(0.05);
    expect(first.plan!.policySetId).toBeNull();
    expect(first.offers).toEqual(second.offers);
    const pieces = await placed(first.plan!.id);
    for (const offer of first.offers) {
      const runs = peakOf(pieces, offer.region, toEpoch(offer.start), toEpoch(offer.end));
      expect(offer.kw).toBeLessThanOrEqual(runs + 1e-9);
      expect(offer.energyKwh).toBeCloseTo(offer.kw, 9);
    }
    // What is put off has not begun, so power is down at once; it is made up for after the hour, by when it would be done.
    const kept = (await store.collection(PLAN_OFFERS).get(first.plan!.id))!.value;
    const lastEnd = jobs.map(({ deadline }) => deadline!).reduce((a, b) => (a > b ? a : b));
    expect(kept.length).toBe(first.offers.length);
    for (const { end, rampMinutes, recoveredBy } of kept) {
      expect(rampMinutes).toBe(0);
      expect(recoveredBy! > end && recoveredBy! <= plusHours(lastEnd, 1)).toBe(true);
    }
  });

  it('says that jobs are late beside how good the plan is, however good', async () => {
    const past = plusHours(world.clock.now(), -48);
    const late = jobs.slice(0, 3).map((job, i) => ({
      ...job,
      id: `late-${i}`,
      earliestStart: past,
      // A deadline may be missed by a job that is due at no time.
      due: i === 0 ? null : plusHours(past, 30),
      deadline: plusHours(past, 30),
      durationHours: hoursOf(2),
    }));
    await ingest(world, 'W-2', late);
    const made = await plan({ workloadId: 'W-2' });
    expect(made.plan!.planned.lateJobs).toBe(3);
    const told = makePlan.tell(made);
    expect(told).toContain('No schedule can beat this one (proved).');
    expect(told).toContain('All 3 jobs end after they are due (3 without the plan).');
    expect(makePlan.tell(await plan())).toMatch(/by the forecast; .* CO2e in all\./);
  });

  it('says where knowledge ends: of a window beyond it, and of one that reaches beyond it', async () => {
    const { grid } = world;
    const until = plusHours(world.clock.now(), 12);
    // Knows nothing of the hours from then on.
    const short: World['grid'] = {
      ...grid,
      carbon: async (...asked) => {
        const signal = await grid.carbon(...asked);
        const values = signal.series.values.map((v, i) => (instantAt(signal.series, i) < until ? v : null));
        return { ...signal, series: { ...signal.series, values }, knownUntil: until };
      },
    };
    world = { ...world, grid: short };
    const now = world.clock.now();
    await expect(plan({ from: plusHours(now, 24 * 900) })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(
        `no carbon intensity is known between .* now is ${now}, and nothing is known of .* from ${until} on`,
      ),
      remedy: expect.stringContaining('--now'),
    });
    const { plan: made } = await plan();
    expect(made!.unseen).toContainEqual(
      expect.stringMatching(`^now is ${now}, and nothing is known of .* from ${until} on$`),
    );
    const pieces = await placed(made!.id);
    expect(pieces.length).toBeGreaterThan(0);
    expect(pieces.every((piece) => piece.end <= until)).toBe(true);
  });

  it('keeps regions and blackouts of the confirmed policy, and names the set', async () => {
    const home = jobs[0]!.region;
    await confirm(world, [
      { type: 'region_allow', params: { regions: [home] }, scope: {} },
      {
        type: 'blackout',
        params: {
          on: 'start',
          days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
          from: '10:00',
          to: '12:00',
          tz: 'UTC',
        },
        scope: {},
      },
    ]);
    const { plan: made } = await plan();
    expect(made!.policySetId).toBe('S-1');
    const urgent = new Set(jobs.filter((job) => job.category === 'urgent').map((job) => job.id));
    const pieces = (await placed(made!.id)).filter((p) => !urgent.has(p.jobId));
    const movedHome = pieces.filter((p) => p.region !== home);
    const stayed = new Map(jobs.map((job) => [job.id, job.region]));
    for (const p of movedHome) expect(p.region).toBe(stayed.get(p.jobId));
    const begins = new Map<string, string>();
    for (const p of pieces) if (!begins.has(p.jobId) || p.start < begins.get(p.jobId)!) begins.set(p.jobId, p.start);
    for (const [, start] of begins) {
      const hour = Number(start.slice(11, 13));
      expect(hour >= 10 && hour < 12, start).toBe(false);
    }
  });

  it.each([
    ['2021-10-31', 25, 2, 'the hour from 1 to 2 comes twice and is shut both times'],
    ['2021-03-28', 23, 0, 'the hour from 1 to 2 does not come'],
  ])(
    'keeps a blackout by the clock of London on %s, a day of %s hours: %s hours are shut',
    async (day, hours, shut) => {
      const from = `${day}T00:00:00Z` as Job['earliestStart'];
      const moved = jobs.slice(0, 40).map((job) => ({
        ...job,
        category: 'balanced' as const,
        earliestStart: from,
        submittedAt: from,
        due: null,
        deadline: plusHours(from, 5),
        durationHours: hoursOf(0.5),
        interruptible: false,
      }));
      await ingest(world, 'W-3', moved);
      const days: Weekday[] = ['sun'];
      await confirm(world, [
        { type: 'blackout', params: { on: 'start', days, from: '01:00', to: '02:00', tz: 'Europe/London' }, scope: {} },
      ]);
      const { plan: made } = await plan({ workloadId: 'W-3', from, horizonHours: hours });
      // The clock of October shows one o'clock at 00:00Z and at 01:00Z, that of March never does.
      const starts = (await placed(made!.id)).map((p) => toEpoch(p.start) - toEpoch(from));
      expect(starts.length).toBe(40);
      expect(starts.every((at) => at >= shut * 3600)).toBe(true);
      if (shut === 0) expect(starts.some((at) => at >= 3600 && at < 7200) || Math.min(...starts) === 0).toBe(true);
    },
  );

  it('keeps sold flexibility in every moment', async () => {
    const free = await plan();
    const pieces = await placed(free.plan!.id);
    const offer = free.offers[0];
    expect(offer).toBeDefined();
    const [from, to] = [toEpoch(offer!.start), toEpoch(offer!.end)];
    const maxKw = peakOf(pieces, offer!.region, from, to) - 0.5 * offer!.kw;
    await store
      .collection(SOLD_FLEXIBILITY)
      .put('o-1', { id: 'o-1', region: offer!.region, clusterId: null, start: offer!.start, end: offer!.end, maxKw });
    const again = await plan();
    expect(again.plan).not.toBeNull();
    expect(peakOf(await placed(again.plan!.id), offer!.region, from, to)).toBeLessThanOrEqual(maxKw * (1 + 1e-6));
  });

  it('makes no move that saves less than the policy asks for, where there is room to stay, and says how many it left', async () => {
    const free = await plan();
    const moves = await rowsOf(RECOMMENDATIONS, free.plan!.id);
    const kg = moves.map((m) => m.savedKg).sort((a, b) => a - b)[Math.floor(moves.length / 2)]!;
    await confirm(world, [
      { type: 'min_saving', params: { kg }, scope: {} },
      { type: 'budget_cap', params: { amount: 1, currency: 'USD', period: 'day' }, scope: {} },
    ]);
    const heeded = await plan();
    const left = await rowsOf(RECOMMENDATIONS, heeded.plan!.id);
    const small = (list: typeof left) => list.filter((m) => m.savedKg < kg * (1 - 1e-6)).length;
    expect(small(moves)).toBeGreaterThan(10);
    expect(small(left)).toBe(0);
    expect(left.length).toBeGreaterThan(0);
    const unseen = heeded.plan!.unseen.join('; ');
    expect(unseen).toMatch(/\d+ jobs stay where they are: moving them saves less than Policy "Rules", sentence 1/);
    expect(unseen).toContain('the budget of Policy "Rules", sentence 2: “sentence number 1” is judged afterwards');
    expect(heeded.plan!.objective).toBeGreaterThan(free.plan!.objective);
    expect(heeded.plan!.lowerBound).toBeLessThanOrEqual(heeded.plan!.objective);
    expect(heeded.status).toBe('feasible');
  });

  it('an impossible policy answers with the conflict, and quotes the sentence', async () => {
    await confirm(world, [{ type: 'power_cap', params: { kw: 0 }, scope: {} }]);
    await ingest(world, 'W-2', jobs.slice(0, 8));
    const answer = await plan({ workloadId: 'W-2' });
    expect(answer.plan).toBeNull();
    expect(answer.status).toBe('infeasible');
    expect(answer.conflict!.sentence).toContain('Policy "Rules", sentence 1: “sentence number 0”');
    const relaxed = await plan({ workloadId: 'W-2', relax: ['smallest'] });
    expect(relaxed.conflict).not.toBeNull();
    await expect(plan({ workloadId: 'W-2', relax: ['cap:nowhere=3'] })).rejects.toThrow(/no region nowhere/);
  });
});
