/** Work that runs is interrupted where it may be: what it has run stays as it ran, and the books add up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Job } from '../../domain/job.js';
import { PLACEMENTS, type Placement, type Plan } from '../../domain/plan.js';
import type { Site } from '../../domain/site.js';
import type { Store } from '../../domain/store.js';
import { type Instant, plusHours, secondsBetween } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { callTool } from '../tool.js';
import { buildModel, emptySchedule, evaluate, MOVABLE, type Problem } from './engine/engine.js';
import { randomProblem } from './engine/fixtures/problems.js';
import { solved } from './engine/fixtures/solved.js';
import { Random } from './engine/search/random.js';
import { call, fleetWorld, ingest } from './fixtures/fleet.js';
import { makePlan, replan } from './optimizer.js';
import { splitBegun } from './running-work.js';

let store: Store;
let world: World;
let site: Site;
let start: Instant;
beforeAll(async () => {
  store = await openStore(':memory:');
  world = fleetWorld(store);
  [site] = (await world.fleet.sites()) as [Site];
  start = world.clock.now();
});
afterAll(() => store.close());

const job = (id: string, of: Partial<Record<keyof Job, unknown>> = {}): Job =>
  Job.parse({
    ...{ id, name: id, kind: 'training', team: 'ml', category: 'balanced', submittedAt: start, earliestStart: start },
    ...{ due: null, deadline: plusHours(start, 24), durationHours: 6, vcpus: 0, gpus: 0, powerKw: 100 },
    ...{ region: site.region, allowedRegions: [site.region], clusterId: null, dataGb: 0, instanceType: null },
    ...{ interruptible: true, minChunkMinutes: 0, resumeCost: 3, tardinessCostPerHour: 0, workUnits: null, ...of },
  });

/** A plan under which all of them run at once, from the start on. */
const planned = async (id: string, jobs: readonly Job[]): Promise<Plan> => {
  // Whoever is due when it would end at once runs at once; then the deadline is what is left.
  await ingest(
    world,
    id,
    jobs.map((one) => ({ ...one, deadline: plusHours(start, one.durationHours) })),
  );
  const { plan } = await callTool(makePlan, { workloadId: id }, world, call);
  await ingest(world, id, jobs);
  return plan!;
};
const piecesOf = async (id: string): Promise<Map<string, Placement[]>> => {
  const found = new Map<string, Placement[]>();
  for await (const page of store.rows(PLACEMENTS).pages(id))
    for (const p of page) found.set(p.jobId, [...(found.get(p.jobId) ?? []), p]);
  return found;
};
const hoursOf = (pieces: readonly Placement[]) =>
  pieces.reduce((sum, p) => sum + secondsBetween(p.start, p.end), 0) / 3600;
const cap = (from: Instant, to: Instant, kw: number) => ({
  ...{ id: 'E-1', region: site.region, from, to },
  maxPowerKw: kw * site.pue,
});

describe('replan of work that runs', () => {
  const three = () => [
    job('run-a'),
    job('run-b', { powerKw: 70 }),
    job('fixed-c', { powerKw: 75, interruptible: false }),
  ];

  it('interrupts as much as an event needs, keeps what has run, and counts each resumption once', async () => {
    const plan = await planned('W-1', three());
    const [at, until] = [plusHours(start, 1), plusHours(start, 4)];
    const answer = await callTool(replan, { fromPlanId: plan.id, at, events: [cap(at, until, 180)] }, world, call);
    const after = await piecesOf(answer.plan!.id);
    expect(answer).toMatchObject({ interrupted: 1, moved: 1, frozen: 1, kept: 2 });
    const [rested] = [...after].filter(([, pieces]) => pieces.length > 1);
    const [first, second] = rested![1] as [Placement, Placement];
    expect([first.start, first.end]).toEqual([start, at]);
    expect(second.start >= until).toBe(true);
    for (const one of three()) expect(hoursOf(after.get(one.id)!)).toBe(6);
    const { planned: totals, objective, lowerBound, carbonPricePerTonne } = answer.plan!;
    expect(totals.cost.tardiness).toBe(3);
    const priced = totals.cost.total + (totals.emissionsKg.value * carbonPricePerTonne) / 1000;
    expect(priced / objective).toBeCloseTo(1, 9);
    expect(lowerBound!).toBeLessThanOrEqual(objective);
    expect(replan.tell(answer)).toContain('1 job moves (1 of them runs and is interrupted)');
  });

  it('refuses by the clock of the plan and with one full stop where pieces may not be that short, or the fleet cannot', async () => {
    const plan = await planned(
      'W-2',
      three().map((one) => ({ ...one, minChunkMinutes: 120 })),
    );
    const at = plusHours(start, 1.5);
    const asked = { fromPlanId: plan.id, at, events: [cap(at, plusHours(start, 3), 180)] };
    const none = await callTool(replan, asked, world, call);
    expect(none.plan).toBeNull();
    const text = replan.tell(none);
    expect(text).toContain(`${at.slice(0, 10)} ${at.slice(11, 16)} UTC`);
    expect(text).toMatch(/[^.]\.$/);
    // Once it is long enough a piece may end: half an hour later it can be done.
    const later = plusHours(start, 2);
    const done = { ...asked, at: later, events: [cap(later, plusHours(start, 4), 180)] };
    expect((await callTool(replan, done, world, call)).interrupted).toBe(1);
    const slurm = { ...world, fleet: { ...world.fleet, cannotPause: 'nothing of one that runs' } };
    const refused = await callTool(replan, done, slurm, call);
    expect(refused.plan).toBeNull();
    const quiet = await callTool(replan, { ...done, events: [] }, slurm, call);
    expect(quiet.frozen).toBe(3);
    expect(quiet.plan!.unseen.join()).toContain('2 jobs that may be interrupted run on: nothing of one that runs');
  });

  it('leaves what was announced within the notice, and plans later pieces anew', async () => {
    const plan = await planned('W-3', three());
    const at = plusHours(start, 1);
    const until = plusHours(start, 4);
    const first = await callTool(replan, { fromPlanId: plan.id, at, events: [cap(at, until, 180)] }, world, call);
    const [rested] = [...(await piecesOf(first.plan!.id))].filter(([, pieces]) => pieces.length > 1);
    // While it rests its later piece is free: under an event of its own it waits longer.
    const event = cap(plusHours(start, 3), plusHours(start, 10), 0.001);
    const again = await callTool(
      replan,
      {
        fromPlanId: first.plan!.id,
        at: plusHours(start, 2),
        noticeMinutes: 60,
        events: [{ ...event, maxPowerKw: cap(at, at, 180).maxPowerKw }],
      },
      world,
      call,
    );
    const pieces = (await piecesOf(again.plan!.id)).get(rested![0])!;
    expect(pieces[0]!.end).toBe(at);
    expect(pieces[1]!.start >= plusHours(start, 3)).toBe(true);
    // An event within the notice finds all of it announced.
    const late = { fromPlanId: plan.id, at, noticeMinutes: 60, events: [cap(at, until, 180)] };
    expect((await callTool(replan, late, world, call)).plan).toBeNull();
    const inTime = { ...late, events: [cap(plusHours(start, 2), until, 180)] };
    expect((await callTool(replan, inTime, world, call)).interrupted).toBe(1);
  });

  it('keeps an event that has begun from the first slot that can be changed, and says so', async () => {
    const plan = await planned('W-4', three());
    const at = plusHours(start, 1.2);
    const answer = await callTool(
      replan,
      { fromPlanId: plan.id, at, events: [cap(plusHours(start, 0.5), plusHours(start, 3), 180)] },
      world,
      call,
    );
    expect(answer.interrupted).toBe(1);
    expect(answer.plan!.unseen.join()).toContain(`nothing can be changed before ${plusHours(start, 1.5)}`);
    const over = { fromPlanId: plan.id, at, events: [cap(start, plusHours(start, 1), 180)] };
    await expect(callTool(replan, over, world, call)).rejects.toThrow(/lies outside what can still be planned/);
  });
});

it('two rows cost what the whole job costs, whatever is planned of the rest', () => {
  let compared = 0;
  for (let seed = 0; seed < 60; seed++) {
    const random = new Random(400 + seed);
    const drawn = randomProblem(random, { jobs: 4, regions: 2, slots: 12 }, 0);
    drawn.jobs.underWay.fill(0);
    const { jobs } = drawn;
    const current = emptySchedule(jobs.count);
    const begun = new Map<number, number[]>();
    const at = 4;
    for (let j = 0; j < jobs.count; j++) {
      current.region[j] = jobs.home[j]!;
      current.start[j] = jobs.release[j]!;
      if (jobs.kind[j] !== MOVABLE || jobs.minChunk[j] === 0 || jobs.slots[j]! < 2) continue;
      // Begun so that one slot is left; some rest by then.
      const rests = random.unit() < 0.5 ? 1 : 0;
      const from = at - rests - (jobs.slots[j]! - 1);
      if (from < 0) continue;
      jobs.minChunk[j] = 1;
      current.start[j] = from;
      current.pieces.set(j, Int32Array.of(from, at - rests, at + 1, at + 2));
      begun.set(j, [from, at - rests]);
      jobs.deadline[j] = 12;
    }
    const problem: Problem = { ...drawn, jobs: { ...jobs, current, churnCost: new Float64Array(jobs.count) } };
    const split = splitBegun(
      problem,
      Uint32Array.from({ length: jobs.count }, (_, j) => j),
      begun,
      at,
    );
    const { schedule } = solved(split.problem, { iterations: 60 });
    if (schedule === null || begun.size === 0) continue;
    compared++;
    const [parts, whole] = [
      evaluate(buildModel(split.problem), schedule),
      evaluate(buildModel(problem), split.whole(schedule)),
    ];
    expect(parts.objective).toBeCloseTo(whole.objective, 9);
    expect(parts.parts.resume).toBeCloseTo(whole.parts.resume, 9);
    expect(parts.emissionsKg).toBeCloseTo(whole.emissionsKg, 9);
    parts.loads.power.forEach((kw, i) => {
      expect(kw).toBeCloseTo(whole.loads.power[i]!, 9);
    });
  }
  expect(compared).toBeGreaterThan(10);
});
