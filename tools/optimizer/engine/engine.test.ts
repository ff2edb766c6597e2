/** The engine through its front door: proven optima, both independent checkers, bad input, thread and clock. */
import { beforeAll, describe, expect, it } from 'vitest';
import { checkProblem, loadSolver, optimize, type Problem, parseCaco, solutionOf, solve } from './engine.js';
import { randomProblem } from './fixtures/problems.js';
import { documentOf, hooks, instance, instances, solved } from './fixtures/solved.js';
import type { MilpSolver } from './milp/milp.js';
import { Random } from './search/random.js';

const CHECKS = new URL('../../../checks/', import.meta.url);

let glpk: MilpSolver | null = null;
let highs: MilpSolver | null = null;
beforeAll(async () => {
  [glpk, highs] = await Promise.all([loadSolver('glpk'), loadSolver('highs')]);
});

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

it('moves nothing where every hour costs the same, though sums differ in their last digits', () => {
  const slots = 96;
  const problem = parseCaco({
    ...{ format: 'caco-opt-1', name: 'flat', slotHours: 0.5, slots, carbonPriceUsdPerTonne: 50, egressUsdPerGb: 0 },
    regions: [
      {
        ...{ id: 'r', pue: 1.2, maxPowerKw: null, vcpuCapacity: null, gpuCapacity: null },
        ...{ instanceUsdPerVcpuHour: 0, instanceUsdPerGpuHour: 0, peakUsdPerKw: 0 },
        priceUsdPerMwh: new Array(slots).fill(0.1),
        ciGPerKwh: new Array(slots).fill(220.3),
      },
    ],
    ...{ carbonCaps: [], events: [] },
    jobs: Array.from({ length: 40 }, (_, j) => ({
      ...{ id: `j${j}`, team: 't', sla: 'balanced', home: 0, regions: [0], release: j, due: slots, deadline: slots },
      ...{ slots: 3 + (j % 5), powerKw: 1 + j / 7, vcpu: 0, gpu: 0, dataGb: 0, tardyUsdPerHour: 0 },
    })),
  });
  const { engine, schedule } = solved(problem);
  expect(engine).toBe('uncoupled');
  expect(Array.from(schedule!.start)).toEqual(Array.from(problem.jobs.release));
});

describe('independent checkers', () => {
  interface Checkers {
    check: (instance: unknown, solution: unknown) => { feasible: boolean; objective: number; first: unknown[] };
    bound: (instance: unknown, certificate: unknown) => { valid: boolean; errors: unknown[]; lowerBound: number };
  }
  // Those from x on cannot be scheduled at all; the one of ten thousand jobs is the business of bench/.
  const names = instances.filter((name) => /^[a-m]/.test(name));

  it.each(names)('%s: the schedule is accepted, the certificate proves the bound', async (name) => {
    const { check } = (await import(new URL('schedule.mjs', CHECKS).href)) as Checkers;
    const { bound } = (await import(new URL('bound.mjs', CHECKS).href)) as Checkers;
    const document = documentOf(name);
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

describe('bad input', () => {
  const good = () =>
    documentOf('a-tiny-12x24') as {
      jobs: Record<string, unknown>[];
      slots: unknown;
      regions: { priceUsdPerMwh: unknown[] }[];
    };

  it.each([
    ['a negative duration', { slots: -1 }, /duration/],
    ['no number', { powerKw: Number.NaN }, /powerKw is not a number/],
    ['a negative charge', { tardyUsdPerHour: -1 }, /cost of tardiness per hour is negative/],
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

  it('ends early when cancelled, with the best schedule so far, while this thread stays free', async () => {
    const abort = new AbortController();
    let worksSince = Infinity;
    let ticks = 0;
    // Only a thread that is free ticks, and only ticks cancel: 10^8 rounds would take hours.
    const timer = setInterval(() => {
      ticks++;
      if (ticks > worksSince + 4) abort.abort();
    }, 10);
    const result = await optimize(busy(), {
      iterations: 1e8,
      signal: abort.signal,
      onProgress: () => {
        worksSince = Math.min(worksSince, ticks);
      },
    });
    clearInterval(timer);
    expect(result.stoppedBy).toBe('cancelled');
    expect(['feasible', 'not-found', 'optimal']).toContain(result.status);
  });

  it('records the clock when it strikes', async () => {
    const result = await optimize(busy(), { iterations: 1e8, cpuSeconds: 0.5 });
    expect(result.stoppedBy).toBe('clock');
  });

  it('a clock that strikes after the same looks leaves the same schedule and bound', () => {
    const run = () => {
      let looks = 0;
      const clock = { ...hooks(), cpuSeconds: () => ++looks };
      return solve(busy(), { seed: 1, engine: 'decomposition', relaxed: false, cpuSeconds: 300 }, clock);
    };
    const [first, second] = [run(), run()];
    expect(first.stoppedBy).toBe('clock');
    expect(first.lowerBound).toBeGreaterThan(Number.NEGATIVE_INFINITY);
    expect(second.schedule).toEqual(first.schedule);
    expect(second.lowerBound).toBe(first.lowerBound);
  });

  it('that dies is told as unavailable, with what to do', async () => {
    await expect(optimize(instance('a-tiny-12x24'), { heapMb: 2 })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('worker stopped'),
      remedy: expect.stringContaining('fewer jobs'),
    });
  });

  it('refuses options that make no sense', async () => {
    const problem = instance('a-tiny-12x24');
    await expect(optimize(problem, { cpuSeconds: -1 })).rejects.toThrow(/cpuSeconds/);
    await expect(optimize(problem, { iterations: 1.5 })).rejects.toThrow(/iterations/);
  });
});
