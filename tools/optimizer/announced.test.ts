/** A second plan beside work that was handed to the fleet: it stays, takes its room, and is planned once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DECISIONS } from '../../domain/decision.js';
import type { Job } from '../../domain/job.js';
import { BASELINE, ORDERS, PLACEMENTS, type Placement, type Plan, RECOMMENDATIONS } from '../../domain/plan.js';
import type { RowsOf, Store } from '../../domain/store.js';
import { plusHours, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { placeJobs } from '../fleet/fleet.js';
import { callTool } from '../tool.js';
import { announcedSince } from './announced.js';
import { call, fleetWorld, ingest, ingestQueue } from './fixtures/fleet.js';
import { makePlan, replan } from './optimizer.js';

let store: Store;
let world: World;
let jobs: Job[];
beforeEach(async () => {
  store = await openStore(':memory:');
  world = fleetWorld(store);
  jobs = await ingestQueue(world, 'W-1', 60);
});
afterEach(() => store.close());

/** An hour before the window of the others: what was announced then stays. */
const earlier = () => ({ from: plusHours(world.clock.now(), -1), horizonHours: 25 });

const planned = async (input: Record<string, unknown> = {}): Promise<Plan> =>
  (await callTool(makePlan, { workloadId: 'W-1', ...input }, world, call)).plan!;

const placing = async (plan: Plan, only: string[] | null = null) => {
  const id = `D-${plan.id}`;
  await store.collection(DECISIONS).put(id, {
    id,
    planId: plan.id,
    planDigest: plan.digest,
    status: only === null ? 'approved' : 'partly-approved',
    by: ['rule:test'],
    reasons: [],
    jobs: only,
    at: world.clock.now(),
  });
  return callTool(placeJobs, { planId: plan.id }, world, { ...call, decisionId: id });
};

const placed = async (plan: Plan, only: string[] | null = null): Promise<Plan> => {
  await placing(plan, only);
  return plan;
};

const rows = async <T>(of: RowsOf<T>, id: string): Promise<T[]> => {
  const all: T[] = [];
  for await (const page of store.rows(of).pages(id)) all.push(...page);
  return all;
};
const where = (pieces: readonly Placement[]) => pieces.map((p) => `${p.jobId} ${p.region} ${p.start} ${p.end}`).sort();

/** By region and half-hour, facility kW. */
const loadOf = (pieces: readonly Placement[]): Map<string, number> => {
  const load = new Map<string, number>();
  for (const p of pieces) {
    const [from, to] = [toEpoch(p.start), toEpoch(p.end)];
    for (let t = Math.floor(from / 1800) * 1800; t < to; t += 1800)
      load.set(`${p.region} ${t}`, (load.get(`${p.region} ${t}`) ?? 0) + (p.energyKwh * 3600) / (to - from));
  }
  return load;
};

describe('a plan beside announced work', () => {
  it('leaves jobs that were placed where they are, claims nothing for them, and says so', async () => {
    const first = await placed(await planned(earlier()));
    expect(first.jobs.moved).toBeGreaterThan(10);
    const second = await planned({ carbonPricePerTonne: 5000, seed: 2 });
    expect(second.jobs.moved).toBe(0);
    expect(second.savings.cost).toBeCloseTo(0, 9);
    expect(second.savings.emissionsKg.value).toBeCloseTo(0, 9);
    const before = where(await rows(PLACEMENTS, first.id));
    expect(where(await rows(PLACEMENTS, second.id))).toEqual(before);
    expect(where(await rows(BASELINE, second.id))).toEqual(before);
    expect(second.unseen.join()).toContain(`60 jobs were announced by plan ${first.id}`);
    // Handed over once more, nothing is placed and they stay under the first.
    expect(await placing(second)).toMatchObject({ placed: 0, leftOut: 60, heldBy: [first.id] });
    expect((await planned({ from: plusHours(world.clock.now(), 0.5) })).unseen.join()).toContain(
      `announced by plan ${first.id}`,
    );
  });

  it('leaves them there at the same moment too: of two plans of one workload one is carried out', async () => {
    const [first, other] = [await planned(), await planned({ carbonPricePerTonne: 5000 })];
    expect(other.digest).not.toBe(first.digest);
    await placed(first);
    const second = await planned({ carbonPricePerTonne: 5000 });
    expect(second.jobs.moved).toBe(0);
    expect(second.unseen.join()).toContain(`60 jobs were announced by plan ${first.id}`);
    expect(await placing(other)).toMatchObject({ placed: 0, moved: 0, leftOut: 60, heldBy: [first.id] });
    expect(await store.collection(ORDERS).get(other.id)).toBeUndefined();
  });

  it('is not placed in the past by an old decision, where the present is real', async () => {
    const first = await planned();
    world = { ...world, clock: { ...world.clock, live: true, now: () => plusHours(first.finishesAt, 1) } };
    await expect(placing(first)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('would be placed in the past'),
    });
    expect(await store.collection(ORDERS).get(first.id)).toBeUndefined();
  });

  it('does not plan a second time what has run', async () => {
    const first = await placed(await planned());
    const later = await planned({ from: plusHours(first.finishesAt, 1) });
    expect(later.jobs).toMatchObject({ moved: 0, unplaced: 60 });
    expect(later.unseen.join()).toContain(`it has run, handed over by plan ${first.id}`);
    expect(later.planned.cost.tardiness).toBe(0);
  });

  it('takes jobs over from the plan that it was made to replace, and from no other', async () => {
    const first = await placed(await planned());
    const { plan: again } = await callTool(
      replan,
      { fromPlanId: first.id, at: first.window.start, churnCost: 0 },
      world,
      call,
    );
    expect(again!.replaces).toBe(first.id);
    expect(await placing(again!)).toMatchObject({ leftOut: 0, heldBy: [] });
    expect(await placing(first)).toMatchObject({ placed: 0, heldBy: [again!.id] });
  });

  it('is known as the books have it, however often it was asked for before', async () => {
    const from = toEpoch(world.clock.now());
    const known = async () => [...(await announcedSince(world, from))].sort();
    const read = async () => [...(await announcedSince({ ...world, store: { ...store } }, from))].sort();
    const first = await placed(await planned());
    const before = await known();
    expect(before).toHaveLength(60);
    const longer = jobs.find((job) => job.category !== 'urgent')!;
    const overran = [{ jobId: longer.id, durationHours: longer.durationHours + 1 }];
    const again = { fromPlanId: first.id, at: first.window.start, churnCost: 0, overran };
    const { plan } = await callTool(replan, again, world, call);
    expect(await known()).toEqual(await read());
    expect(await known()).not.toEqual(before);
    await placed(plan!);
    const after = await known();
    expect(after).toEqual(await read());
    expect(new Set(after.map(([, { planId }]) => planId))).toEqual(new Set([plan!.id]));
  });

  it('plans jobs anew that were planned but never placed', async () => {
    const first = await planned();
    const second = await planned();
    expect(second.digest).toBe(first.digest);
    expect(second.jobs.moved).toBe(first.jobs.moved);
  });

  it('of a plan that was approved in part, the other jobs stay where they run without it', async () => {
    const first = await planned(earlier());
    const only = (await rows(RECOMMENDATIONS, first.id)).slice(0, 3).map((r) => r.jobId);
    await placed(first, only);
    const second = await planned();
    expect(second.jobs.moved).toBe(0);
    const [asPlanned, without] = [await rows(PLACEMENTS, first.id), await rows(BASELINE, first.id)];
    expect(where(await rows(PLACEMENTS, second.id))).toEqual(
      where([...asPlanned.filter((p) => only.includes(p.jobId)), ...without.filter((p) => !only.includes(p.jobId))]),
    );
  });

  it('holds the caps over both workloads together, which it would break if it did not see the first', async () => {
    const movable = jobs.filter((job) => job.category !== 'urgent');
    await ingest(world, 'W-A', movable);
    await ingest(
      world,
      'W-B',
      movable.map((job) => ({ ...job, id: `b-${job.id}` })),
    );
    const alone = await planned({ workloadId: 'W-A' });
    const maxPowerKw = 1.2 * Math.max(...loadOf(await rows(PLACEMENTS, alone.id)).values());
    const first = await placed(await planned({ workloadId: 'W-A', maxPowerKw }));
    const together = async (second: Plan) => {
      const load = loadOf([...(await rows(PLACEMENTS, first.id)), ...(await rows(PLACEMENTS, second.id))]);
      return Math.max(...load.values());
    };
    const second = await planned({ workloadId: 'W-B', maxPowerKw });
    expect(second.unseen.join()).toContain(`announced work of ${first.id}`);
    expect(await together(second)).toBeLessThanOrEqual(maxPowerKw * (1 + 1e-6));
    await store.collection(ORDERS).delete(first.id);
    expect(await together(await planned({ workloadId: 'W-B', maxPowerKw }))).toBeGreaterThan(1.5 * maxPowerKw);
  });

  it('two plans made at once are not both placed where together they break a site’s limit; planned again, the second is', async () => {
    const movable = jobs.filter((job) => job.category !== 'urgent');
    await ingest(world, 'W-A', movable);
    const twins = movable.map((job) => ({ ...job, id: `b-${job.id}` }));
    await ingest(world, 'W-B', twins);
    const sites = await world.fleet.sites();
    const peak = Math.max(...loadOf(await rows(PLACEMENTS, (await planned({ workloadId: 'W-A' })).id)).values());
    const capped = sites.map((site) => ({ ...site, powerCapKw: 1.2 * peak }));
    world = { ...world, fleet: { ...world.fleet, sites: async () => capped } };
    const [first, second] = [await planned({ workloadId: 'W-A' }), await planned({ workloadId: 'W-B' })];
    await placed(first);
    await expect(placed(second)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`was made before ${first.id} was handed to the fleet`),
      remedy: expect.stringContaining('Plan again'),
    });
    expect(await store.collection(ORDERS).get(second.id)).toBeUndefined();
    const again = await planned({ workloadId: 'W-B' });
    expect(again.beside).toEqual([first.id]);
    await placed(again);
    const load = loadOf([...(await rows(PLACEMENTS, first.id)), ...(await rows(PLACEMENTS, again.id))]);
    expect(Math.max(...load.values())).toBeLessThanOrEqual(1.2 * peak * (1 + 1e-6));
  });

  it('leaves out what has begun before its window, and still counts it; re-planning in place stays free to move the rest', async () => {
    const first = await placed(await planned());
    const from = plusHours(first.window.start, 4);
    const begun = new Set((await rows(PLACEMENTS, first.id)).filter((p) => p.start < from).map((p) => p.jobId));
    expect(begun.size).toBeGreaterThan(0);
    const second = await planned({ from, horizonHours: 20 });
    const ids = new Set((await rows(PLACEMENTS, second.id)).map((p) => p.jobId));
    expect([...begun].filter((id) => ids.has(id))).toEqual([]);
    expect(ids.size + begun.size).toBe(60);
    const ran = (await rows(PLACEMENTS, first.id)).filter((p) => begun.has(p.jobId) && p.end < from);
    const over = new Set(ran.map((p) => p.jobId)).size;
    expect(second.unseen.join()).toContain(`${over} left out because it has run, handed over by plan ${first.id}`);
    expect(second.unseen.join()).toContain(
      `${begun.size - over} left out because plan ${first.id} has it elsewhere or begun`,
    );
    const again = await callTool(replan, { fromPlanId: first.id, at: first.window.start }, world, call);
    expect(again.frozen).toBeLessThan(60);
    expect(again.moved).toBe(0);
  });
});
