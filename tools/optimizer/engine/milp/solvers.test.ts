/** The exact solvers: what happens when one is not there, and what their limit of work means. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Hooks, loadMilp, loadSolver, parseCaco, solve, wholeMilp } from '../engine.js';
import { instance } from '../fixtures/solved.js';

const tiny = parseCaco(
  JSON.parse(readFileSync(new URL('../fixtures/instances/a-tiny-12x24.json', import.meta.url), 'utf8')),
);
const OPTIMUM = 1.28125;
const hooks = (milp: Hooks['milp']): Hooks => ({ cancelled: () => false, cpuSeconds: () => 0, tell: () => {}, milp });
const without =
  (...absent: string[]) =>
  async (name: 'glpk' | 'highs') =>
    absent.includes(name) ? null : loadSolver(name);

describe('without glpk.js', () => {
  it('HiGHS takes its place and proves the same optimum', async () => {
    const milp = await loadMilp('auto', tiny.jobs.count, without('glpk'));
    expect(Object.keys(milp)).toEqual(['highs']);
    const outcome = solve(tiny, { seed: 1, engine: 'auto', relaxed: false, iterations: 200 }, hooks(milp));
    expect(outcome).toMatchObject({ status: 'optimal', engine: 'highs' });
    expect(outcome.objective).toBeCloseTo(OPTIMUM, 4);
  });

  it('and without HiGHS the decomposition answers, with a bound', async () => {
    const milp = await loadMilp('auto', tiny.jobs.count, without('glpk', 'highs'));
    expect(milp).toEqual({});
    const outcome = solve(tiny, { seed: 1, engine: 'auto', relaxed: false, iterations: 3000 }, hooks(milp));
    expect(outcome.engine).toBe('decomposition');
    expect(outcome.objective).toBeLessThan(OPTIMUM * 1.02);
    expect(outcome.lowerBound).toBeLessThanOrEqual(OPTIMUM + 1e-5);
    expect(outcome.milpBound).toBeNull();
  });

  it('an engine that was asked for by name is not replaced', async () => {
    expect(await loadMilp('glpk', 12, without('glpk'))).toEqual({});
    expect(Object.keys(await loadMilp('auto', 61, without()))).toEqual(['highs']);
    expect(await loadMilp('auto', 121, without())).toEqual({});
    expect(await loadMilp('decomposition', 12, without())).toEqual({});
  });
});

describe.each(['glpk', 'highs'] as const)('the limit of %s', (name) => {
  const { milp } = wholeMilp(instance('d-interrupt-30x48'), 12_000)!;

  it('is work, not time: a machine that is held up gives the same answer', async () => {
    const solver = (await loadSolver(name))!;
    const { now } = Date;
    const quick = solver.solve(milp, { work: 0.05 });
    const held = solver.solve(milp, {
      work: 0.05,
      stop: () => {
        for (const until = process.hrtime.bigint() + 20_000n; process.hrtime.bigint() < until; );
        return false;
      },
    });
    expect(quick.status).toBe('limit');
    expect(held).toEqual(quick);
    expect(Date.now).toBe(now);
  });

  it('is told at once when the run must end', async () => {
    const solver = (await loadSolver(name))!;
    let looks = 0;
    const answer = solver.solve(milp, { work: Infinity, stop: () => ++looks > 100 });
    expect(answer.status).toBe('limit');
    expect(looks).toBeLessThan(105);
  });
});
