import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOBS } from '../../domain/job.js';
import { PLACEMENTS, type Placement, type Plan } from '../../domain/plan.js';
import { ACTIVE_POLICIES, ACTIVE_POLICY } from '../../domain/policy/policy.js';
import type { Store } from '../../domain/store.js';
import { plusHours, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { callTool } from '../tool.js';
import { call, confirm, fleetWorld, ingest, ingestQueue } from './fixtures/fleet.js';
import { makePlan, replan } from './optimizer.js';

let store: Store;
let world: World;
let plan: Plan;
beforeAll(async () => {
  store = await openStore(':memory:');
  world = fleetWorld(store);
  await ingestQueue(world, 'W-1', 80);
  plan = (await callTool(makePlan, { workloadId: 'W-1', seed: 1 }, world, call)).plan!;
});
afterAll(() => store.close());

const piecesOf = async (id: string): Promise<Map<string, Placement[]>> => {
  const found = new Map<string, Placement[]>();
  for await (const page of store.rows(PLACEMENTS).pages(id))
    for (const p of page) found.set(p.jobId, [...(found.get(p.jobId) ?? []), p]);
  return found;
};
const where = (pieces: readonly Placement[]) => pieces.map((p) => `${p.region} ${p.start} ${p.end}`).join(', ');

describe('replan', () => {
  it('changes nothing where nothing has happened', async () => {
    const again = await callTool(replan, { fromPlanId: plan.id, at: plan.window.start }, world, call);
    expect(again.moved).toBe(0);
    expect(again.kept).toBe(80);
    expect(again.change!.objective).toBeCloseTo(0, 6);
  });

  it('keeps a cap on a window in every slot, changes nothing that has run, and states what the event costs', async () => {
    const before = await piecesOf(plan.id);
    const at = plusHours(plan.window.start, 6);
    const from = plusHours(plan.window.start, 8);
    const to = plusHours(plan.window.start, 12);
    const sites = await world.fleet.sites();
    const kwOf = (p: Placement) => p.energyKwh / ((toEpoch(p.end) - toEpoch(p.start)) / 3600);
    const loadAt = (
      pieces: Map<string, Placement[]>,
      region: string,
      moment: number,
      only: (id: string) => boolean = () => true,
    ) =>
      [...pieces]
        .filter(([id]) => only(id))
        .flatMap(([, list]) => list)
        .filter((p) => p.region === region && toEpoch(p.start) < moment + 1800 && toEpoch(p.end) > moment)
        .reduce((sum, p) => sum + kwOf(p), 0);
    const slots = Array.from({ length: 8 }, (_, i) => toEpoch(from) + i * 1800);
    const busiest = sites
      .map((s) => s.region)
      .sort(
        (a, b) =>
          Math.max(...slots.map((t) => loadAt(before, b, t))) - Math.max(...slots.map((t) => loadAt(before, a, t))),
      )[0]!;
    const begun = new Set([...before].filter(([, list]) => list[0]!.start < at).map(([id]) => id));
    const urgent = new Set(
      (await store.rows(JOBS).page('W-1', { limit: 1000 })).items
        .filter((j) => j.category === 'urgent')
        .map((j) => j.id),
    );
    // What may not move takes its room in any case; the cap leaves that and nothing more.
    const floor = Math.max(...slots.map((t) => loadAt(before, busiest, t, (id) => begun.has(id) || urgent.has(id))));
    const full = Math.max(...slots.map((t) => loadAt(before, busiest, t)));
    expect(full).toBeGreaterThan(floor);
    const maxPowerKw = floor + 0.25 * (full - floor);
    const input = { fromPlanId: plan.id, at, events: [{ id: 'E-1', region: busiest, from, to, maxPowerKw }] };
    const answer = await callTool(replan, input, world, call);
    const after = await piecesOf(answer.plan!.id);
    for (const t of slots) expect(loadAt(after, busiest, t)).toBeLessThanOrEqual(maxPowerKw * (1 + 1e-6));
    const ran = (pieces: Map<string, Placement[]>, id: string) =>
      pieces.get(id)!.flatMap((p) => (p.start < at ? [`${p.region} ${p.start} ${p.end < at ? p.end : at}`] : []));
    for (const id of begun) expect(ran(after, id)).toEqual(ran(before, id));
    expect(answer.frozen + answer.interrupted).toBeLessThanOrEqual(begun.size);
    expect(answer.moved).toBeGreaterThan(0);
    expect(answer.moved + answer.kept).toBe(80);
    expect(answer.change!.objective).toBeGreaterThan(0);
    expect(replan.tell(answer)).toMatch(
      /for the jobs that both have it costs (as much|.* (more|less)) and emits .* than the old plan/,
    );
    for (const [id, list] of after) if (!begun.has(id)) expect(list[0]!.start >= at || urgent.has(id)).toBe(true);
  });

  it('moves small jobs where that is worth a part of their own cost, and proves nothing by the charge', async () => {
    // What came true differs from the forecast; each of these small jobs costs less than the old flat charge of 0.50.
    const asked = { fromPlanId: plan.id, at: plan.window.start, foresight: 'actual' as const };
    const small = await callTool(replan, asked, world, call);
    expect(small.moved).toBeGreaterThan(0);
    const free = await callTool(replan, { ...asked, churnCost: 0 }, world, call);
    expect(free.moved).toBeGreaterThanOrEqual(small.moved);
    expect(free.churnCost).toBe(0);
    // A charge that nothing is worth keeps every job where it is; that this is the best is then the charge's own making.
    const dear = await callTool(replan, { ...asked, churnCost: 1e6 }, world, call);
    expect(dear.moved).toBe(0);
    expect(dear.charged!.gap).toBeLessThanOrEqual(1e-9);
    expect(dear.plan!.gap).toBeGreaterThan(1e-9);
    expect(dear.status).toBe('feasible');
    expect(dear.plan!.lowerBound!).toBeLessThanOrEqual(free.plan!.objective * (1 + 1e-9));
    expect(replan.tell(dear)).toMatch(
      /No schedule can beat this one by more than .* With the charge for moving it is within/,
    );
    expect(replan.tell(free)).not.toContain('charge');
    for (const { plan: made, charged, churnCost } of [small, free, dear]) {
      expect(made!.objective).toBeCloseTo(charged!.objective - churnCost, 6);
      expect(made!.lowerBound!).toBeLessThanOrEqual(made!.objective);
    }
  });

  it('moves a planned job again only where that saves what the policy asks for', async () => {
    const hindsight = { fromPlanId: plan.id, at: plan.window.start, foresight: 'actual' as const, churnCost: 0 };
    const free = await callTool(replan, hindsight, world, call);
    expect(free.moved).toBeGreaterThan(5);
    const asked = async (kg: number) => {
      await confirm(world, [{ type: 'min_saving', params: { kg }, scope: {} }]);
      return callTool(replan, hindsight, world, call);
    };
    const some = await asked(0.001);
    expect(some.moved).toBeGreaterThan(0);
    expect(some.moved).toBeLessThan(free.moved);
    expect(some.plan!.unseen.join('; ')).toMatch(/\d+ jobs stay where they are: moving them saves less than Policy/);
    expect(some.plan!.objective).toBeGreaterThan(free.plan!.objective);
    expect(some.plan!.lowerBound!).toBeLessThanOrEqual(some.plan!.objective);
    const none = await asked(1e6);
    const before = await piecesOf(plan.id);
    for (const [id, list] of await piecesOf(none.plan!.id)) expect(where(list)).toBe(where(before.get(id)!));
    await store.collection(ACTIVE_POLICIES).delete(ACTIVE_POLICY);
  });

  it('a lost site runs nothing new; what ran there starts anew elsewhere or is named', async () => {
    const before = await piecesOf(plan.id);
    const at = plusHours(plan.window.start, 5);
    const regions = [...before.values()].map((list) => list[0]!.region);
    const lost = [...new Set(regions)].sort(
      (a, b) => regions.filter((r) => r === b).length - regions.filter((r) => r === a).length,
    )[0]!;
    const answer = await callTool(replan, { fromPlanId: plan.id, at, lostRegions: [lost] }, world, call);
    const after = await piecesOf(answer.plan!.id);
    for (const list of after.values()) for (const p of list) if (p.region === lost) expect(p.end <= at).toBe(true);
    for (const id of answer.stopped) expect(after.get(id)!.every((p) => p.region !== lost && p.start >= at)).toBe(true);
    for (const id of answer.stranded) expect(after.has(id)).toBe(false);
    expect(answer.moved + answer.kept + answer.stranded.length).toBeGreaterThanOrEqual(80);
  });

  it('takes new jobs in, lets a running job run longer where it is, and says what not knowing costs', async () => {
    const jobs = (await store.rows(JOBS).page('W-1', { limit: 1000 })).items;
    const at = plusHours(plan.window.start, 4);
    const fresh = {
      ...jobs[0]!,
      id: 'late-comer',
      category: 'balanced' as const,
      earliestStart: at,
      due: null,
      deadline: plusHours(at, 20),
    };
    await ingest(world, 'W-1', [fresh]);
    const before = await piecesOf(plan.id);
    const [runs] = [...before].filter(([, list]) => list.length === 1 && list[0]!.start < at && list[0]!.end > at);
    const job = jobs.find((j) => j.id === runs![0])!;
    const answer = await callTool(
      replan,
      { fromPlanId: plan.id, at, overran: [{ jobId: job.id, durationHours: job.durationHours + 1 }], withRegret: true },
      world,
      call,
    );
    expect(answer.added).toBe(1);
    const after = await piecesOf(answer.plan!.id);
    expect(after.get('late-comer')![0]!.start >= at).toBe(true);
    const longer = after.get(job.id)!;
    expect(longer[0]!.start).toBe(runs![1][0]!.start);
    expect(toEpoch(longer[0]!.end) - toEpoch(runs![1][0]!.end)).toBe(3600);
    expect(answer.regret!.cost).toBeGreaterThanOrEqual(0);
    await expect(callTool(replan, { fromPlanId: 'P-NONE' }, world, call)).rejects.toMatchObject({ code: 'not-found' });
    await expect(
      callTool(replan, { fromPlanId: plan.id, lostRegions: ['Atlantis'] }, world, call),
    ).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('makes a plan of more than a thousand jobs good again in place', async () => {
    const jobs = await ingestQueue(world, 'W-large', 1300, 96);
    expect(jobs.length).toBeGreaterThan(1050);
    const large = (await callTool(makePlan, { workloadId: 'W-large', horizonHours: 144 }, world, call)).plan!;
    const before = await piecesOf(large.id);
    const at = plusHours(large.window.start, 6);
    const [from, to] = [plusHours(large.window.start, 8), plusHours(large.window.start, 14)];
    const kwAt = (pieces: Map<string, Placement[]>, moment: number, region: string) =>
      [...pieces.values()]
        .flat()
        .filter((p) => p.region === region && toEpoch(p.start) < moment + 1800 && toEpoch(p.end) > moment)
        .reduce((sum, p) => sum + p.energyKwh / ((toEpoch(p.end) - toEpoch(p.start)) / 3600), 0);
    const moments = Array.from({ length: 12 }, (_, i) => toEpoch(from) + i * 1800);
    const [region] = (await world.fleet.sites()).map((site) => site.region);
    const most = Math.max(...moments.map((moment) => kwAt(before, moment, region!)));
    const maxPowerKw = 0.97 * most;
    const input = { fromPlanId: large.id, at, events: [{ id: 'E-9', region: region!, from, to, maxPowerKw }] };
    const answer = await callTool(replan, input, world, call);
    expect(answer.conflict).toBeNull();
    const after = await piecesOf(answer.plan!.id);
    for (const moment of moments) expect(kwAt(after, moment, region!)).toBeLessThanOrEqual(maxPowerKw * (1 + 1e-6));
    expect(answer.moved).toBeGreaterThan(0);
    expect(answer.moved).toBeLessThan(jobs.length / 20);
    expect(answer.moved + answer.kept).toBe(before.size);
    for (const [id, list] of before)
      if (list[0]!.start < at) expect(where(after.get(id)!.slice(0, 1)), id).toBe(where(list.slice(0, 1)));
    expect(answer.plan!.lowerBound!).toBeLessThanOrEqual(answer.plan!.objective);
    expect(answer.plan!.gap!).toBeLessThan(0.05);
  });
});
