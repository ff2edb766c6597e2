/** A plan in force made good again: against brute force on small problems with every feature on, and against planning anew on larger ones. */
import { describe, expect, it } from 'vitest';
import { churnCharges, withoutChargeNear } from '../../churn.js';
import { compared } from '../../plan-change.js';
import { replanProblem } from '../../replan-problem.js';
import {
  certificateOf,
  type Outcome,
  type PowerEvent,
  type Problem,
  pricesFrom,
  type Schedule,
  solve,
} from '../engine.js';
import { evaluate, unlawful, withinCaps } from '../evaluate.js';
import { bruteForce, randomProblem } from '../fixtures/problems.js';
import { hooks, instance, solved } from '../fixtures/solved.js';
import { Oracle } from '../lagrangian/bound.js';
import { buildModel } from '../model.js';
import { emptySchedule, FROZEN, MOVABLE, piecesOf, selectJobs } from '../problem.js';
import { Random } from './random.js';

const inPlace = (problem: Problem, limits: Partial<Parameters<typeof solve>[1]> = {}): Outcome =>
  solve(problem, { seed: 1, engine: 'decomposition', relaxed: false, inPlace: true, ...limits }, hooks());

const isKept = (problem: Problem, a: Schedule, b: Schedule, j: number) =>
  a.region[j] === b.region[j] &&
  Array.from(piecesOf(problem, a, j) ?? []).join() === Array.from(piecesOf(problem, b, j) ?? []).join();

/** The problem with its jobs placed as `schedule` has them, and a charge for leaving. */
const inForce = (problem: Problem, schedule: Schedule, charge: (j: number) => number): Problem => ({
  ...problem,
  jobs: {
    ...problem.jobs,
    current: schedule,
    churnCost: Float64Array.from({ length: problem.jobs.count }, (_, j) => charge(j)),
  },
});

describe('small problems with every feature on', () => {
  it('keeps every limit and what is frozen, never beats the optimum, and proves no more than it', () => {
    let feasible = 0;
    let met = 0;
    for (let seed = 0; seed < 150; seed++) {
      const random = new Random(42_000 + seed);
      const drawn = randomProblem(random, { jobs: 3, regions: 2, slots: 7 }, (seed % 10) / 10);
      const first = bruteForce(drawn);
      if (first === null) continue;
      // The plan in force was the best one until the signals changed and a cap fell on some slots.
      const changed: Problem = {
        ...inForce(drawn, first.schedule, (j) => (drawn.jobs.kind[j] === MOVABLE ? 0.01 * random.unit() : 0)),
        pricePerMwh: drawn.pricePerMwh.map((price) => price * (0.7 + 0.6 * random.unit())),
        events: [...drawn.events, { id: 'e', region: 0, fromSlot: 2, toSlot: 5, maxPowerKw: 2 + 8 * random.unit() }],
      };
      const model = buildModel(changed);
      const best = bruteForce(changed);
      const outcome = inPlace(changed, { iterations: 300 });
      if (outcome.schedule === null) {
        expect(outcome.status === 'infeasible' && best !== null, `seed ${seed}`).toBe(false);
        continue;
      }
      feasible++;
      const checked = evaluate(model, outcome.schedule);
      expect(unlawful(model, outcome.schedule), `seed ${seed}`).toEqual([]);
      expect(withinCaps(model, checked.loads)).toBe(true);
      expect(checked.objective).toBeCloseTo(outcome.objective!, 9);
      expect(outcome.objective!).toBeGreaterThanOrEqual(best!.objective - 1e-9);
      expect(outcome.lowerBound!).toBeLessThanOrEqual(best!.objective + 1e-9);
      for (let j = 0; j < model.N; j++)
        if (changed.jobs.kind[j] === FROZEN)
          expect(isKept(changed, first.schedule, outcome.schedule, j), `seed ${seed}`).toBe(true);
      if (outcome.objective! <= best!.objective + 1e-9) met++;
    }
    expect(feasible).toBeGreaterThan(60);
    expect(met / feasible).toBeGreaterThan(0.9);
  });

  it('is never dearer than the plan in force where that is still allowed', () => {
    let allowed = 0;
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(77_000 + seed);
      const drawn = randomProblem(random, { jobs: 12, regions: 2, slots: 14 }, (seed % 10) / 10);
      const first = solved(drawn, { iterations: 50 });
      if (first.schedule === null) continue;
      const changed: Problem = {
        ...inForce(drawn, first.schedule, (j) => (drawn.jobs.kind[j] === MOVABLE ? 0.02 * random.unit() : 0)),
        pricePerMwh: drawn.pricePerMwh.map((price) => price * (0.8 + 0.4 * random.unit())),
      };
      allowed++;
      const stays = evaluate(buildModel(changed), first.schedule).objective;
      const certificate = first.certificate!;
      for (const iterations of [0, 300]) {
        const outcome = inPlace(changed, { iterations, warm: certificate });
        expect(outcome.objective!, `seed ${seed}`).toBeLessThanOrEqual(stays + 1e-9);
      }
    }
    expect(allowed).toBeGreaterThan(40);
  });
});

describe('a plan of thousands of jobs', () => {
  const whole = instance('r-10k-336-tight');
  const count = 3000;
  const rows = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * whole.jobs.count) / count));
  const part = count / whole.jobs.count;
  const truth: Problem = {
    ...selectJobs(whole, rows),
    powerCapKw: whole.powerCapKw.map((cap) => Math.max(20, 1.1 * cap * part)),
  };
  // The last fifty come later.
  const early = selectJobs(
    truth,
    Uint32Array.from({ length: count - 50 }, (_, j) => j),
  );
  const first = solve(early, { seed: 1, engine: 'auto', relaxed: false }, hooks());
  const before = emptySchedule(count);
  first.schedule!.region.forEach((r, j) => {
    before.region[j] = r;
    before.start[j] = first.schedule!.start[j]!;
  });
  const NOW = 24;
  const again = (problem: Problem, events: readonly PowerEvent[] = []) =>
    replanProblem(problem, before, {
      ...{ nowSlot: NOW, noticeSlot: NOW, events, lost: [], mayPause: false },
      churnCost: churnCharges(problem, before, { cost: undefined, ratio: 0.02 }),
    });
  const moves = (problem: Problem, schedule: Schedule) => {
    const was = {
      ...before,
      pieces: new Map(Array.from(before.region.keys(), (j) => [j, listOf(problem, before, j)])),
    };
    return compared(problem, was, schedule).moved;
  };
  const listOf = (problem: Problem, schedule: Schedule, j: number) =>
    Int32Array.from(piecesOf(problem, schedule, j) ?? [0, 0]);

  it('places what is new, moves few, and is within a fifth of a percent of planning anew', () => {
    const { problem, fates } = again(truth);
    const limits = { seed: 1, engine: 'auto', relaxed: false, warm: first.certificate! } as const;
    const anew = solve(problem, limits, hooks());
    const kept = inPlace(problem, { warm: first.certificate! });
    const model = buildModel(problem);
    expect(unlawful(model, kept.schedule!)).toEqual([]);
    expect(withinCaps(model, evaluate(model, kept.schedule!).loads)).toBe(true);
    expect(kept.schedule!.region.every((r) => r >= 0)).toBe(true);
    expect(kept.objective!).toBeLessThanOrEqual(anew.objective! * 1.002);
    expect(kept.lowerBound!).toBeGreaterThanOrEqual(anew.lowerBound! * 0.995);
    expect(moves(problem, kept.schedule!)).toBeLessThan(moves(problem, anew.schedule!) / 3);
    for (let j = 0; j < count; j++) {
      const isOver = fates[j] === 'frozen';
      if (isOver) expect(isKept(problem, before, kept.schedule!, j)).toBe(true);
      else expect(kept.schedule!.start[j]).toBeGreaterThanOrEqual(NOW);
    }
    // Anybody proves the bound from the certificate alone.
    const prices = pricesFrom(model, kept.certificate!);
    expect(new Oracle(model).bound(prices)).toBeCloseTo(kept.lowerBound!, 6);
    expect(certificateOf(model, prices)).toEqual(kept.certificate);
  });

  it('makes room under a new cap, and moves little but what stood there', () => {
    const loads = evaluate(buildModel(early), first.schedule!).loads.power;
    const busiest = Array.from(truth.regions.keys()).sort((a, b) => at(loads, b) - at(loads, a))[0]!;
    function at(power: Float64Array, r: number) {
      return power.slice(r * truth.slots + NOW + 12, r * truth.slots + NOW + 20).reduce((sum, kw) => sum + kw, 0);
    }
    const event = {
      id: 'dr',
      region: busiest,
      fromSlot: NOW + 12,
      toSlot: NOW + 20,
      maxPowerKw: at(loads, busiest) / 8 / 1.15,
    };
    const { problem } = again(truth, [event]);
    const kept = inPlace(problem, { warm: first.certificate! });
    const model = buildModel(problem);
    expect(kept.schedule, kept.status).not.toBeNull();
    const checked = evaluate(model, kept.schedule!);
    expect(withinCaps(model, checked.loads)).toBe(true);
    expect(unlawful(model, kept.schedule!)).toEqual([]);
    expect(kept.lowerBound!).toBeLessThanOrEqual(kept.objective!);
    expect(moves(problem, kept.schedule!)).toBeLessThan(count / 10);
  });

  it('proves the bound without the charge too, from better prices than those of the search', () => {
    const { problem } = again(truth);
    const kept = inPlace(problem, { warm: first.certificate! });
    const own = withoutChargeNear(problem, kept.schedule!, [kept.certificate!]);
    const free = { ...problem, jobs: { ...problem.jobs, churnCost: new Float64Array(count) } };
    const model = buildModel(free);
    expect(own.objective).toBeCloseTo(evaluate(model, kept.schedule!).objective, 9);
    expect(new Oracle(model).bound(pricesFrom(model, own.certificate!))).toBeCloseTo(own.lowerBound, 6);
    expect(own.lowerBound).toBeGreaterThanOrEqual(new Oracle(model).bound(pricesFrom(model, kept.certificate!)) - 1e-9);
    expect(own.lowerBound).toBeLessThanOrEqual(own.objective);
  });

  it('is the same for the same seed', () => {
    const { problem } = again(truth);
    const [a, b] = [1, 1].map((seed) => inPlace(problem, { seed, warm: first.certificate! }));
    expect(a!.objective).toBe(b!.objective);
    expect(a!.schedule!.start).toEqual(b!.schedule!.start);
  });
});
