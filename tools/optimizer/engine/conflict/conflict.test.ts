/** Problems without a schedule: the jobs, the limit and the smallest way out are named; what was not found is not called so. */
import { describe, expect, it } from 'vitest';
import { loadMilp, optimize, parseCaco, relaxBy } from '../engine.js';
import { instance, solved } from '../fixtures/solved.js';
import { tellConflict } from './words.js';

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

  it('what was only not found is never called impossible', async () => {
    // Three jobs of 6 kW in two slots under 10 kW: their 18 kW would fit into 20, whole jobs do not; prices cannot prove that.
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
      jobs: [job('a', 6), job('b', 6), job('c', 6)],
    });
    const outcome = solved(problem, { iterations: 500 });
    expect(outcome.status).toBe('not-found');
    expect(outcome.conflict).toBeNull();
    expect(outcome.unplaced.length).toBeGreaterThan(0);
    const proved = solved(problem, { iterations: 500, milp: await loadMilp('glpk', 3) });
    expect(proved).toMatchObject({ status: 'infeasible', conflict: { jobs: [0, 1, 2], missing: 2, sufficient: true } });
    expect(tellConflict(problem, proved.conflict!).sentence).toContain('a, b and c do not fit together');
  });
});
