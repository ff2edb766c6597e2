/** The tools that show plans, over a real store: what they sum is what the rows say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../domain/job.js';
import { PLACEMENTS, type Placement, type Plan } from '../../domain/plan.js';
import { PLAN_SUMS } from '../../domain/plan-sums.js';
import { jobsOfPart, PLAN_TABLES } from '../../domain/plan-table.js';
import type { Store } from '../../domain/store.js';
import { plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { callTool } from '../tool.js';
import { call, fleetWorld, ingestQueue } from './fixtures/fleet.js';
import { listPlans, makePlan, showSchedule, sumPlan } from './optimizer.js';
import { tabulatePlan } from './tabulate-plan.js';

const folder = mkdtempSync(join(tmpdir(), 'plans-'));
let store: Store;
let world: World;
let jobs: Job[];
let older: Plan;
let newer: Plan;
const pieces: Placement[] = [];

beforeAll(async () => {
  store = await openStore(join(folder, 'caco.db'));
  world = fleetWorld(store);
  jobs = await ingestQueue(world, 'W-1', 150);
  const make = async (carbonPricePerTonne: number) =>
    (await callTool(makePlan, { workloadId: 'W-1', carbonPricePerTonne }, world, call)).plan!;
  older = await make(10);
  newer = await make(500);
  for await (const page of store.rows(PLACEMENTS).pages(newer.id)) pieces.push(...page);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('list_plans', () => {
  const list = (input: object) => callTool(listPlans, input, world, call);

  it('gives plans as they were written, newest first, page by page', async () => {
    expect(await list({})).toEqual({ plans: [newer, older], next: null });
    const { plans, next } = await list({ limit: 1 });
    expect(plans).toEqual([newer]);
    expect(await list({ limit: 1, cursor: next! })).toEqual({ plans: [older], next: null });
  });

  it('gives the named ones that there are', async () => {
    expect(await list({ ids: ['P-NONE', older.id] })).toEqual({ plans: [older], next: null });
  });
});

describe('sum_plan', () => {
  const sum = (planId: string) => callTool(sumPlan, { planId }, world, call);

  it('sums what the rows say, with what is kept beside the plan and without', async () => {
    const kept = await sum(newer.id);
    const energy = kept.teams.reduce((kwh, [, team]) => kwh + team.energyKwh, 0);
    expect(energy).toBeCloseTo(pieces.reduce((kwh, p) => kwh + p.energyKwh, 0));
    expect(kept.teams.reduce((n, [, team]) => n + team.jobs, 0)).toBe(jobs.length);
    expect(kept.teams.reduce((n, [, team]) => n + team.moved, 0)).toBe(newer.jobs.moved);
    await store.collection(PLAN_SUMS).delete(newer.id);
    expect(await sum(newer.id)).toEqual(kept);
  });

  it('of a plan that is not there is refused', async () => {
    await expect(sum('P-NONE')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('show_schedule', () => {
  const teamOf = (id: string) => jobs.find((job) => job.id === id)!.team;
  const show = (input: object) =>
    callTool(showSchedule, { planId: newer.id, from: newer.window.start, to: newer.window.end, ...input }, world, call);

  it('counts the jobs that run and those that start, over the window, in a part of it and for a team', async () => {
    const start = newer.window.start;
    const middle = { from: plusHours(start, 5), to: plusHours(start, 9) };
    const [{ team }] = jobs as [Job];
    for (const stretch of [{ from: start, to: newer.window.end }, middle])
      for (const of of [undefined, team]) {
        const mine = pieces.filter((p) => of === undefined || teamOf(p.jobId) === of);
        const firsts = new Map(mine.toReversed().map((p) => [p.jobId, p.start]));
        const running = mine.filter((p) => p.start < stretch.to && p.end > stretch.from);
        const shown = await show({ ...stretch, team: of, limit: 3 });
        expect(shown.jobs).toBe(new Set(running.map((p) => p.jobId)).size);
        expect(shown.starting).toBe([...firsts.values()].filter((at) => at >= stretch.from && at < stretch.to).length);
        expect(shown.largest.map((p) => p.energyKwh)).toEqual(
          [...new Map(running.toReversed().map((p) => [p.jobId, p.energyKwh])).values()]
            .sort((a, b) => b - a)
            .slice(0, 3),
        );
      }
  });

  it('of a moment counts what runs at it, and starts within the hour', async () => {
    const at = plusHours(newer.window.start, 5);
    const shown = await show({ from: at, to: at });
    expect(shown.jobs).toBe(new Set(pieces.filter((p) => p.start <= at && p.end > at).map((p) => p.jobId)).size);
    const hour = await show({ from: at, to: plusHours(at, 1) });
    expect(shown.starting).toBe(hour.starting);
  });
});

describe('tabulate_plan', () => {
  const table = async (planId: string) => {
    const { part, next } = await callTool(tabulatePlan, { planId }, world, call);
    expect(next).toBeNull();
    return [...jobsOfPart(part!)];
  };
  it('says of every job what the rows say, with a table beside them and without', async () => {
    const kept = await table(newer.id);
    expect(kept.map((j) => [j.id, j.team, j.kind, j.category])).toEqual(
      jobs.map((j) => [j.id, j.team, j.kind, j.category]),
    );
    for (const { id, planned } of kept) {
      const own = pieces.filter((p) => p.jobId === id);
      expect(planned.map((p) => [p.place, p.kwh, p.kg])).toEqual(
        own.map((p) => [p.region, p.energyKwh, p.emissionsKg]),
      );
    }
    await store.rows(PLAN_TABLES).clear(newer.id);
    expect(await table(newer.id)).toEqual(kept);
  });
  it('refuses a plan that there is not and a cursor that is none of its own', async () => {
    await expect(callTool(tabulatePlan, { planId: 'P-NONE' }, world, call)).rejects.toMatchObject({
      code: 'not-found',
    });
    const wrong = callTool(tabulatePlan, { planId: newer.id, cursor: 'x' }, world, call);
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
