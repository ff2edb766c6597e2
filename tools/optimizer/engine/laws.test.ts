/** Laws that hold for every problem: against brute force on small random ones with every feature on, and against each other. */
import { beforeAll, describe, expect, it } from 'vitest';
import { runImmediately } from './at-once.js';
import { relaxLimit } from './conflict/relax.js';
import { loadSolver, type Problem, solve } from './engine.js';
import { evaluate, unlawful, withinCaps } from './evaluate.js';
import { bruteForce, randomProblem } from './fixtures/problems.js';
import { hooks, solved } from './fixtures/solved.js';
import { Oracle } from './lagrangian/bound.js';
import { noPrices } from './lagrangian/prices.js';
import { columnsOf, limitRows } from './milp/columns.js';
import { MilpModel, type MilpSolver } from './milp/milp.js';
import { buildModel } from './model.js';
import { emptyJobs, selectJobs } from './problem.js';
import { Random } from './search/random.js';

let glpk: MilpSolver | null = null;
let highs: MilpSolver | null = null;
beforeAll(async () => {
  [glpk, highs] = await Promise.all([loadSolver('glpk'), loadSolver('highs')]);
});

describe('random problems with every feature on', () => {
  const SHAPE = { jobs: 3, regions: 2, slots: 7 };
  const cases = Array.from({ length: 120 }, (_, seed) => seed);

  it('the search never beats the optimum, its bound never exceeds it, and it keeps every limit', () => {
    let feasible = 0;
    let met = 0;
    for (const seed of cases) {
      const problem = randomProblem(new Random(1000 + seed), SHAPE, (seed % 10) / 10);
      const model = buildModel(problem);
      const best = bruteForce(problem);
      const outcome = solved(problem, { iterations: 300 });
      if (outcome.status === 'infeasible') {
        expect(best, `seed ${seed}: ${JSON.stringify(outcome.conflict)}`).toBeNull();
        continue;
      }
      if (best === null) {
        expect(outcome.schedule).toBeNull();
        expect(outcome.status).toBe('not-found');
        continue;
      }
      feasible++;
      expect(outcome.lowerBound!).toBeLessThanOrEqual(best.objective + 1e-9);
      if (outcome.schedule === null) {
        expect(outcome.status).toBe('not-found');
        continue;
      }
      const checked = evaluate(model, outcome.schedule);
      expect(unlawful(model, outcome.schedule)).toEqual([]);
      expect(withinCaps(model, checked.loads)).toBe(true);
      expect(checked.objective).toBeCloseTo(outcome.objective!, 9);
      expect(outcome.objective!).toBeGreaterThanOrEqual(best.objective - 1e-9);
      if (outcome.objective! <= best.objective + 1e-9) met++;
    }
    expect(feasible).toBeGreaterThan(40);
    expect(met / feasible).toBeGreaterThan(0.9);
  });

  it('exact engines find the optimum of thousands, or prove that nothing fits and name jobs of which each is needed', () => {
    let joint = 0;
    let unproved = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const problem = randomProblem(new Random(5000 + seed), { jobs: 4, regions: 2, slots: 6 }, (seed % 10) / 10);
      const best = bruteForce(problem);
      const [engine, milp] =
        seed % 3 === 0 ? (['highs', { highs: highs! }] as const) : (['glpk', { glpk: glpk! }] as const);
      const outcome = solve(problem, { seed: 1, engine, relaxed: false, iterations: 100 }, hooks(milp));
      // GLPK works to a tolerance: an answer that breaks a cap by 6 millionths of it is not believed, and so proves nothing.
      if (best !== null && outcome.status === 'feasible' && engine === 'glpk') {
        unproved++;
        expect(outcome.objective!, `seed ${seed}`).toBeGreaterThanOrEqual(best.objective - 1e-9);
        expect(outcome.lowerBound!, `seed ${seed}`).toBeLessThanOrEqual(best.objective + 1e-9);
        continue;
      }
      if (best !== null) {
        expect(outcome.status, `seed ${seed}`).toBe('optimal');
        expect(outcome.objective!, `seed ${seed}`).toBeCloseTo(best.objective, 6);
        continue;
      }
      expect(outcome, `seed ${seed}`).toMatchObject({ status: 'infeasible', schedule: null, stoppedBy: 'proved' });
      const conflict = outcome.conflict!;
      if (!conflict.joint) continue;
      joint++;
      expect(bruteForce(selectJobs(problem, conflict.jobs)), `seed ${seed}`).toBeNull();
      for (const j of conflict.jobs) {
        const others = conflict.jobs.filter((job) => job !== j);
        expect(bruteForce(selectJobs(problem, others)), `seed ${seed} without ${j}`).not.toBeNull();
      }
      const [row] = conflict.rows;
      expect(row!.needed - row!.available).toBeCloseTo(conflict.missing!, 9);
      if (conflict.sufficient) expect(bruteForce(relaxLimit(problem, conflict)), `seed ${seed} raised`).not.toBeNull();
    }
    expect(joint).toBeGreaterThan(50);
    expect(unproved).toBeLessThanOrEqual(2);
  });

  it('what an exact solver may not prove as a whole it betters in parts, within every limit', () => {
    let better = 0;
    // A solver without work for the whole; questions about parts name their own work.
    const partly: MilpSolver = {
      name: 'glpk',
      solve: (model, effort, relax) =>
        effort?.work === undefined ? { status: 'limit', x: null, objective: null } : glpk!.solve(model, effort, relax),
    };
    for (let seed = 0; seed < 12; seed++) {
      const problem = randomProblem(new Random(8000 + seed), { jobs: 14, regions: 2, slots: 16 }, 0.9);
      const alone = solved(problem, { iterations: 20 });
      const helped = solved(problem, { iterations: 20, milp: { glpk: partly } });
      if (alone.objective === null || helped.objective === null) continue;
      expect(helped.objective).toBeLessThanOrEqual(alone.objective + 1e-9);
      if (helped.objective < alone.objective - 1e-9) better++;
      const model = buildModel(problem);
      const checked = evaluate(model, helped.schedule!);
      expect(unlawful(model, helped.schedule!)).toEqual([]);
      expect(withinCaps(model, checked.loads)).toBe(true);
      expect(checked.objective).toBeCloseTo(helped.objective, 9);
    }
    expect(better).toBeGreaterThan(0);
  });

  it('prices alone prove that many jobs do not fit, and how much is missing at least', () => {
    // 40 jobs of 2 slots and 1 kW in one region with room for 5 at a time, all within 12 slots: 80 kW-slots into 60.
    const crowd = randomProblem(new Random(1), { jobs: 3, regions: 1, slots: 12 }, 0);
    const count = 40;
    const jobs = { ...emptyJobs(count), ids: Array.from({ length: count }, (_, j) => `j${j}`) };
    jobs.deadline.fill(12);
    jobs.due.fill(12);
    jobs.slots.fill(2);
    jobs.powerKw.fill(1);
    const problem: Problem = {
      ...crowd,
      jobs,
      events: [],
      carbonCaps: [],
      pricePerMwh: crowd.pricePerMwh.map((_, t) => 50 + 10 * t),
      ciGPerKwh: crowd.ciGPerKwh.fill(100),
      regions: [{ ...crowd.regions[0]!, pue: 1, peakChargePerKw: 0 }],
      regionSets: [Uint16Array.of(0)],
      powerCapKw: new Float64Array(12).fill(5),
      vcpuCap: new Float64Array(12).fill(Infinity),
      gpuCap: new Float64Array(12).fill(Infinity),
    };
    const outcome = solved(problem, { iterations: 100 });
    expect(outcome.status).toBe('infeasible');
    const { conflict } = outcome;
    expect(conflict!.joint).toBe(true);
    expect(conflict!.jobs.length).toBeGreaterThanOrEqual(31);
    // 80 / 12 = 6⅔ kW are needed at least; whole jobs of 2 slots need 7.
    expect(conflict!.missing!).toBeGreaterThan(1.4);
    expect(conflict!.missing!).toBeLessThanOrEqual(2);
    const relaxed = solved(problem, { iterations: 2000, relaxed: true });
    expect(relaxed.relaxed?.schedule).toBeDefined();
  });

  it('no plan is worse than running at once where that keeps every limit', () => {
    let compared = 0;
    for (const seed of cases) {
      const problem = randomProblem(new Random(9000 + seed), { jobs: 4, regions: 3, slots: 12 }, 0);
      const model = buildModel(problem);
      const atOnce = evaluate(model, runImmediately(model));
      const lawful = withinCaps(model, atOnce.loads) && unlawful(model, runImmediately(model)).length === 0;
      if (!lawful) continue;
      compared++;
      const outcome = solved(problem, { iterations: 300 });
      expect(outcome.objective!, `seed ${seed}`).toBeLessThanOrEqual(atOnce.objective + 1e-9);
    }
    expect(compared).toBeGreaterThan(5);
  });

  it('any prices prove a bound below the optimum', () => {
    for (const seed of cases.slice(0, 40)) {
      const random = new Random(300 + seed);
      const problem = randomProblem(random, SHAPE, 0.2);
      const best = bruteForce(problem);
      if (best === null) continue;
      const model = buildModel(problem);
      const prices = noPrices(model);
      for (let i = 0; i < prices.power.length; i++)
        if (model.powerCap[i]! < Infinity) prices.power[i] = 0.2 * random.unit();
      for (let c = 0; c < prices.carbon.length; c++) prices.carbon[c] = 0.3 * random.unit();
      expect(new Oracle(model).bound(prices)).toBeLessThanOrEqual(best.objective + 1e-9);
    }
  });

  it('another cap never lowers the optimum, and money in other units changes nothing else', () => {
    for (const seed of cases.slice(0, 30)) {
      const problem = randomProblem(new Random(700 + seed), SHAPE, 0.2);
      const best = bruteForce(problem);
      if (best === null) continue;
      const capped = bruteForce({
        ...problem,
        events: [...problem.events, { id: 'more', region: 0, fromSlot: 0, toSlot: 3, maxPowerKw: 3 }],
      });
      if (capped) expect(capped.objective).toBeGreaterThanOrEqual(best.objective - 1e-12);
      const dearer = solved(
        {
          ...problem,
          carbonPricePerTonne: problem.carbonPricePerTonne * 10,
          egressPerGb: problem.egressPerGb * 10,
          pricePerMwh: problem.pricePerMwh.map((p) => p * 10),
          regions: problem.regions.map((r) => ({
            ...r,
            peakChargePerKw: r.peakChargePerKw * 10,
            pricePerVcpuHour: r.pricePerVcpuHour * 10,
          })),
          jobs: {
            ...problem.jobs,
            tardinessCostPerHour: problem.jobs.tardinessCostPerHour.map((p) => p * 10),
            resumeCost: problem.jobs.resumeCost.map((p) => p * 10),
            churnCost: problem.jobs.churnCost.map((p) => p * 10),
          },
        },
        { iterations: 600 },
      );
      if (dearer.objective !== null) expect(dearer.objective).toBeGreaterThanOrEqual(best.objective * 10 - 1e-8);
    }
  });

  it('the prices prove what the linear programme says, where no job may be broken', () => {
    let compared = 0;
    for (const seed of cases.slice(0, 60)) {
      const problem = randomProblem(new Random(2000 + seed), { jobs: 12, regions: 2, slots: 12 }, 0.1);
      for (const column of [problem.jobs.minChunk, problem.jobs.underWay]) column.fill(0);
      const model = buildModel(problem);
      const oracle = new Oracle(model);
      oracle.bound(noPrices(model));
      const milp = new MilpModel();
      const columns = columnsOf(model, oracle, milp, { slack: Infinity, most: 1e6 })!;
      limitRows(model, milp, columns);
      const lp = glpk!.solve(milp, {}, true);
      if (lp.status !== 'optimal') continue;
      const outcome = solved(problem, { iterations: 300 });
      if (outcome.lowerBound === null) continue;
      compared++;
      const optimum = lp.objective! + columns.constant;
      expect(outcome.lowerBound).toBeLessThanOrEqual(optimum + 1e-6);
      expect(optimum - outcome.lowerBound).toBeLessThan(0.02 * Math.max(0.2, Math.abs(optimum)));
    }
    expect(compared).toBeGreaterThan(20);
  });
});
