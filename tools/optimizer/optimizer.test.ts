/** The planner through its front door: proven optima, both independent checkers, laws on random problems, conflicts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { Oracle } from './bound.js';
import { evaluate, unlawful, withinCaps } from './evaluate.js';
import { columnsOf, limitRows } from './exact-columns.js';
import { bruteForce, randomProblem } from './fixtures/problems.js';
import { MilpModel, type MilpSolver } from './milp.js';
import { buildModel } from './model.js';
import {
  checkProblem,
  type Hooks,
  loadSolver,
  type Outcome,
  optimize,
  type Problem,
  parseCaco,
  relaxBy,
  solutionOf,
  solve,
} from './optimizer.js';
import { noPrices } from './prices.js';
import { Random } from './random.js';
import { runImmediately } from './solve.js';

const own = new URL('fixtures/instances/', import.meta.url);
const shared = new URL('../../../shared/reference/optimizer/', import.meta.url);
const hasShared = existsSync(new URL('checks/check.mjs', shared));

const documentAt = (url: URL): unknown => {
  const bytes = readFileSync(url);
  return JSON.parse((url.pathname.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
};
const instance = (name: string): Problem => parseCaco(documentAt(new URL(`${name}.json`, own)));

let glpk: MilpSolver | null = null;
let highs: MilpSolver | null = null;
beforeAll(async () => {
  [glpk, highs] = await Promise.all([loadSolver('glpk'), loadSolver('highs')]);
});

const hooks = (milp: Hooks['milp'] = {}): Hooks => ({
  cancelled: () => false,
  cpuSeconds: () => 0,
  tell: () => {},
  milp,
});
const solved = (
  problem: Problem,
  options: { seed?: number; iterations?: number; milp?: Hooks['milp']; relaxed?: boolean } = {},
): Outcome =>
  solve(
    problem,
    {
      seed: options.seed ?? 1,
      engine: 'auto',
      relaxed: options.relaxed ?? false,
      iterations: options.iterations ?? 3000,
    },
    hooks(options.milp),
  );

/** Proved optima (CBC, ratio 0), from the reference of the format. */
const OPTIMA: Record<string, number> = {
  'a-tiny-12x24': 1.28124569732,
  'd-interrupt-30x48': 4.45538111194,
  'f-peak-25x48': 4.95437421544,
  'k-fivemin-25x288': 1.78922359064,
  'm-mixed-20x96': 7.3003005031,
};

describe('known optima', () => {
  it.each(Object.entries(OPTIMA))('%s: within 2 % without an exact solver, and bounded', (name, optimum) => {
    const outcome = solved(instance(name), { iterations: 60_000 });
    expect(outcome.objective! / optimum).toBeGreaterThan(1 - 1e-6);
    expect(outcome.objective! / optimum).toBeLessThan(1.02);
    expect(outcome.lowerBound!).toBeLessThanOrEqual(optimum * (1 + 1e-6));
  });

  it('an exact solver proves the optimum of a-tiny, whichever it is', () => {
    for (const solver of [glpk, highs]) {
      expect(solver).not.toBeNull();
      const outcome = solve(
        instance('a-tiny-12x24'),
        { seed: 1, engine: solver!.name, relaxed: false, iterations: 0 },
        hooks({ [solver!.name]: solver! }),
      );
      expect(outcome).toMatchObject({ status: 'optimal', stoppedBy: 'proved' });
      expect(outcome.objective).toBeCloseTo(OPTIMA['a-tiny-12x24']!, 8);
      expect(outcome.milpBound).toBeCloseTo(OPTIMA['a-tiny-12x24']!, 6);
    }
  });

  it('without limits that bind the gap is exactly 0', () => {
    const outcome = solved(instance('k-fivemin-25x288'));
    expect(outcome).toMatchObject({ status: 'optimal', engine: 'uncoupled', gap: 0, stoppedBy: 'proved' });
  });
});

describe.skipIf(!hasShared)('independent checkers', () => {
  interface Checkers {
    check: (instance: unknown, solution: unknown) => { feasible: boolean; objective: number; first: unknown[] };
    bound: (instance: unknown, certificate: unknown) => { valid: boolean; errors: unknown[]; lowerBound: number };
  }
  const names = hasShared
    ? readdirSync(new URL('instances/', shared)).filter((file) => /^[a-m].*json$/.test(file))
    : [];

  it.each(names)('%s: the schedule is accepted, the certificate proves the bound', async (file) => {
    const { check } = (await import(new URL('checks/check.mjs', shared).href)) as Checkers;
    const { bound } = (await import(new URL('checks/bound.mjs', shared).href)) as Checkers;
    const document = documentAt(new URL(`instances/${file}`, shared));
    const problem = parseCaco(document);
    const outcome = solved(problem);
    expect(outcome.schedule).not.toBeNull();
    const checked = check(document, solutionOf(problem, outcome.schedule!, outcome.objective!));
    expect(checked.first).toEqual([]);
    const proof = bound(document, outcome.certificate);
    expect(proof.errors).toEqual([]);
    expect(proof.lowerBound).toBeLessThanOrEqual(checked.objective * (1 + 1e-9));
    expect(Math.abs(proof.lowerBound - outcome.lowerBound!)).toBeLessThan(1e-6 * Math.abs(proof.lowerBound) + 1e-9);
  });
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

  it('the exact engine is the optimum', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const problem = randomProblem(new Random(5000 + seed), SHAPE, 0.3);
      const best = bruteForce(problem);
      const outcome = solve(
        problem,
        { seed: 1, engine: 'glpk', relaxed: false, iterations: 100 },
        hooks({ glpk: glpk! }),
      );
      if (best === null) expect(outcome.schedule).toBeNull();
      else {
        expect(outcome.status, `seed ${seed}`).toBe('optimal');
        expect(outcome.objective!).toBeCloseTo(best.objective, 6);
      }
    }
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
          carbonPriceUsdPerTonne: problem.carbonPriceUsdPerTonne * 10,
          egressUsdPerGb: problem.egressUsdPerGb * 10,
          priceUsdPerMwh: problem.priceUsdPerMwh.map((p) => p * 10),
          regions: problem.regions.map((r) => ({
            ...r,
            peakUsdPerKw: r.peakUsdPerKw * 10,
            instanceUsdPerVcpuHour: r.instanceUsdPerVcpuHour * 10,
          })),
          jobs: {
            ...problem.jobs,
            tardyUsdPerHour: problem.jobs.tardyUsdPerHour.map((p) => p * 10),
            resumeUsd: problem.jobs.resumeUsd.map((p) => p * 10),
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
      if (problem.jobs.minChunk.some((chunk) => chunk > 0)) problem.jobs.minChunk.fill(0);
      const model = buildModel(problem);
      const oracle = new Oracle(model);
      oracle.bound(noPrices(model));
      const milp = new MilpModel();
      const columns = columnsOf(model, oracle, milp, { slack: Infinity, most: 1e6 })!;
      limitRows(model, milp, columns);
      const lp = glpk!.solve(milp, 10, true);
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

describe('conflicts', () => {
  it('x1: three jobs, one cap, 2 kW', async () => {
    const result = await optimize(instance('x1-infeasible-power'));
    expect(result).toMatchObject({ status: 'infeasible', schedule: null, objective: null });
    expect(result.conflict!.jobs).toEqual(['A', 'B', 'C']);
    expect(result.conflict!.rows).toEqual([
      { limit: 'power', name: null, region: 'site-a', slots: [3, 4], needed: 12, available: 10, unit: 'kW' },
    ]);
    expect(result.conflict!.smallestRelaxation).toMatchObject({ amount: 2, unit: 'kW', sufficient: true });
    expect(result.conflict!.sentence).toContain('01:30');
  });

  it('x2: the carbon cap is named, 0.5 kg short', () => {
    const { conflict } = solved(instance('x2-infeasible-carbon'));
    expect(conflict!.rows.map((row) => row.name)).toEqual(['cc-t1']);
    expect(conflict!.missing).toBeCloseTo(0.5, 9);
  });

  it('x3: the event is named, not the cap of the site', async () => {
    const { conflict } = await optimize(instance('x3-infeasible-event'), {
      naming: { words: (id) => (id === 'dr-1' ? 'Policy "Peak", sentence 2: “…”' : undefined) },
    });
    expect(conflict!.jobs).toEqual(['A', 'B']);
    expect(conflict!.rows[0]).toMatchObject({ limit: 'event', name: 'dr-1' });
    expect(conflict!.sentence).toContain('Policy "Peak", sentence 2');
  });

  it('the smallest relaxation carries a plan, and so does the limit set anew by hand', async () => {
    const problem = instance('x1-infeasible-power');
    const relaxed = await optimize(problem, { relaxed: true });
    expect(relaxed.relaxed!.objective).toBeGreaterThan(0);
    expect(relaxed.relaxed!.raised).toHaveLength(1);
    expect(solved(relaxBy(problem, ['cap:site-a@01:30=12', 'cap:site-a@4=12'])).schedule).not.toBeNull();
    expect(solved(relaxBy(problem, ['cap:site-a@01:30=11.9'])).status).toBe('infeasible');
    expect(() => relaxBy(problem, ['cap:nowhere=12'])).toThrow(/no region nowhere/);
    expect(() => relaxBy(problem, ['more power'])).toThrow(/another form/);
  });

  it('what was only not found is never called impossible', () => {
    // Two jobs of 6 kW and three of 4 kW in two slots under 10 kW: no single slot proves it, no schedule exists.
    const job = (id: string, powerKw: number) => ({
      id,
      team: 't',
      sla: 'balanced',
      home: 0,
      regions: [0],
      release: 0,
      due: 2,
      deadline: 2,
      slots: 1,
      powerKw,
      vcpu: 0,
      gpu: 0,
      dataGb: 0,
      tardyUsdPerHour: 0,
    });
    const problem = parseCaco({
      format: 'caco-opt-1',
      slotHours: 1,
      slots: 2,
      carbonPriceUsdPerTonne: 0,
      regions: [{ id: 'r', pue: 1, priceUsdPerMwh: [50, 60], ciGPerKwh: [100, 100], maxPowerKw: 10 }],
      jobs: [job('a', 6), job('b', 6), job('c', 4), job('d', 4), job('e', 4)],
    });
    const outcome = solved(problem, { iterations: 500 });
    expect(outcome.status).toBe('not-found');
    expect(outcome.conflict).toBeNull();
    expect(outcome.unplaced.length).toBeGreaterThan(0);
  });
});

describe('bad input', () => {
  const good = () =>
    documentAt(new URL('a-tiny-12x24.json', own)) as {
      jobs: Record<string, unknown>[];
      slots: unknown;
      regions: { priceUsdPerMwh: unknown[] }[];
    };

  it.each([
    ['a negative duration', { slots: -1 }, /duration/],
    ['no number', { powerKw: Number.NaN }, /powerKw is not a number/],
    ['an absurd number', { powerKw: 1e15 }, /absurdly large/],
    ['an unknown region', { regions: [99] }, /unknown region/],
    ['a window that is too short', { release: 10, deadline: 11, slots: 4, sla: 'balanced' }, /too short/],
  ])('%s names the job', (_, change, says) => {
    const document = good();
    Object.assign(document.jobs[3]!, change);
    expect(() => checkProblem(parseCaco(document))).toThrow(says);
    const { problem, skipped } = checkProblem(parseCaco(document), { skipInvalid: true });
    expect(skipped.map((job) => job.id)).toEqual([document.jobs[3]!.id]);
    expect(problem.jobs.count).toBe(document.jobs.length - 1);
  });

  it('two jobs of one id, another format, wrong lengths', () => {
    const twice = good();
    twice.jobs[1]!.id = twice.jobs[0]!.id;
    expect(() => checkProblem(parseCaco(twice))).toThrow(/used twice/);
    expect(() => parseCaco({ format: 'caco-opt-2', jobs: [] })).toThrow(/not a caco-opt-1/);
    expect(() => parseCaco({ ...good(), slots: 5 })).toThrow(/values for 5 slots/);
    expect(() => parseCaco(null)).toThrow(/no list of jobs/);
  });

  it('an empty problem is planned: nothing to do', () => {
    const outcome = solved(parseCaco({ ...good(), jobs: [] }));
    expect(outcome).toMatchObject({ status: 'optimal', objective: 0, gap: 0 });
  });

  it('a slot without data is never chosen as the cheapest', () => {
    const document = good();
    const free = solved(parseCaco(document));
    const j = document.jobs.findIndex((job) => job.sla !== 'urgent');
    const r = free.schedule!.region[j]!;
    const t = free.schedule!.start[j]!;
    document.regions[r]!.priceUsdPerMwh[t] = null;
    const problem = parseCaco(document);
    const outcome = solved(problem);
    for (let k = 0; k < problem.jobs.count; k++) {
      if (document.jobs[k]!.sla === 'urgent' || outcome.schedule!.region[k] !== r) continue;
      const start = outcome.schedule!.start[k]!;
      expect(t < start || t >= start + problem.jobs.slots[k]!).toBe(true);
    }
  });
});

describe('the worker', () => {
  /** Large and tight enough to keep a thread busy for many seconds. */
  const busy = (): Problem => {
    const problem = randomProblem(new Random(3), { jobs: 1200, regions: 3, slots: 300 }, 0);
    for (let i = 0; i < problem.powerCapKw.length; i++) problem.powerCapKw[i] = 14;
    for (let j = 0; j < 1200; j++) problem.jobs.deadline[j] = Math.min(300, problem.jobs.deadline[j]! + 40);
    problem.jobs.kind.fill(0);
    problem.vcpuCap.fill(Infinity);
    problem.gpuCap.fill(Infinity);
    return { ...problem, events: [], carbonCaps: [] };
  };

  it('gives the same bytes for the same seed, in a thread or not', async () => {
    const problem = instance('m-mixed-20x96');
    const engine = 'decomposition' as const;
    const [a, b] = await Promise.all([1, 2].map(() => optimize(problem, { seed: 5, iterations: 2000, engine })));
    expect(JSON.stringify(solutionOf(problem, a!.schedule!, a!.objective!))).toBe(
      JSON.stringify(solutionOf(problem, b!.schedule!, b!.objective!)),
    );
    expect(a!.certificate).toEqual(b!.certificate);
    const here = solve(problem, { seed: 5, iterations: 2000, engine, relaxed: false }, hooks());
    expect(here.objective).toBe(a!.objective);
  });

  it('ends within a second when cancelled, while a 10 ms timer keeps ticking', async () => {
    const abort = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    let cancelledAt = 0;
    const result = await optimize(busy(), {
      iterations: 1e8,
      signal: abort.signal,
      onProgress: () => {
        if (cancelledAt > 0) return;
        cancelledAt = performance.now();
        abort.abort();
      },
    });
    const waited = performance.now() - cancelledAt;
    clearInterval(timer);
    expect(result.stoppedBy).toBe('cancelled');
    expect(['feasible', 'not-found', 'optimal']).toContain(result.status);
    expect(waited).toBeLessThan(1000);
    expect(ticks).toBeGreaterThan(3);
  });

  it('records the clock when it strikes', async () => {
    const result = await optimize(busy(), { iterations: 1e8, cpuSeconds: 1.5 });
    expect(result.stoppedBy).toBe('clock');
    expect(result.lowerBound).not.toBeNull();
  });

  it('refuses options that make no sense', async () => {
    const problem = instance('a-tiny-12x24');
    await expect(optimize(problem, { cpuSeconds: -1 })).rejects.toThrow(/cpuSeconds/);
    await expect(optimize(problem, { iterations: 1.5 })).rejects.toThrow(/iterations/);
  });
});
