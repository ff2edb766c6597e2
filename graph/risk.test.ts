/** The risk of a plan, from thresholds alone: each side by itself, at, below and above its limit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Thresholds } from '../domain/decision.js';
import { exactly } from '../domain/estimate.js';
import type { Plan } from '../domain/plan.js';
import { riskOf as judge } from './risk.js';

describe('the risk of a plan', () => {
  const thresholds = Thresholds.parse({
    maxSavedKg: 1000,
    maxCost: 1000,
    maxMovedJobs: 100,
    maxSavingRatio: 0.5,
    maxSignalAgeHours: 10,
    refuseAboveRisk: 0.95,
  });
  const now = '2026-06-01T12:00:00Z' as Plan['madeAt'];
  const plan = (over: {
    savedKg?: number;
    baseKg?: number;
    cost?: number;
    moved?: number;
    unplaced?: number;
    issuedAt?: string;
  }) =>
    ({
      savings: { cost: 3, emissionsKg: exactly(over.savedKg ?? 10, 0.95) },
      baseline: { emissionsKg: { value: over.baseKg ?? 100 }, lateJobs: 0 },
      planned: { cost: { total: over.cost ?? 10, currency: 'GBP' }, lateJobs: 0 },
      jobs: { moved: over.moved ?? 5, unplaced: over.unplaced ?? 0 },
      signals: [{ issuedAt: over.issuedAt ?? '2026-06-01T10:00:00Z' }],
    }) as unknown as Plan;

  it.each([
    [{}, 'approve', 'low-risk', /below the/],
    [{ savedKg: 1500, baseKg: 1e5 }, 'ask', 'threshold', /1 500 kg/],
    [{ savedKg: 60 }, 'ask', 'threshold', /unusual/],
    [{ issuedAt: '2026-05-31T12:00:00Z' }, 'ask', 'threshold', /oldest signal/],
    [{ moved: 101 }, 'ask', 'threshold', /101 jobs/],
    [{ cost: 1001 }, 'ask', 'threshold', /GBP/],
    [{ unplaced: 1 }, 'ask', 'threshold', /no place/],
    [{ cost: 1e6 }, 'refuse', 'risk-above-limit', /GBP/],
  ])('%j is judged %s', (over, outcome, rule, why) => {
    const verdict = judge(plan(over), thresholds, now, 'auto');
    expect(verdict).toMatchObject({ outcome, rule });
    expect(verdict.reasons.join(' ')).toMatch(why);
  });
  it('asks about a scale that is unusual here, below every absolute threshold', () => {
    expect(judge(plan({ moved: 90 }), thresholds, now, 'auto', 80).outcome).toBe('approve');
    const odd = judge(plan({ moved: 90 }), thresholds, now, 'auto', 3);
    expect(odd.outcome).toBe('ask');
    expect(odd.reasons.join(' ')).toContain('usually move 3');
  });
  it('never falls when a side grows, and stays between 0 and 1', () => {
    const size = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(size, size, fc.nat(1e6), (cost, more, moved) => {
        const a = judge(plan({ cost, moved }), thresholds, now, 'auto').riskRatio;
        const b = judge(plan({ cost: cost + more, moved }), thresholds, now, 'auto').riskRatio;
        expect(b).toBeGreaterThanOrEqual(a);
        expect(b).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('speaks of what lies beyond a threshold, and of nothing that reaches it', () => {
    const at = { savedKg: 1000, baseKg: 2000, cost: 1000, moved: 100, issuedAt: '2026-06-01T02:00:00Z' };
    expect(judge(plan(at), thresholds, now, 'auto', 10)).toMatchObject({ outcome: 'approve', riskRatio: 0.5 });
    const beyond = {
      savedKg: 1001,
      baseKg: 2000,
      cost: 1001,
      moved: 101,
      unplaced: 2,
      issuedAt: '2026-06-01T01:00:00Z',
    };
    expect(judge(plan(beyond), thresholds, now, 'auto', 10)).toEqual({
      outcome: 'ask',
      rule: 'threshold',
      // The riskiest side is what was left out: 1.5 times its limit.
      riskRatio: 0.6,
      approvalsNeeded: 1,
      reasons: [
        'it promises 1 001 kg CO2e, above the 1 000 kg that pass without a person',
        'it costs 1 001 GBP, above 1 000 GBP',
        'it moves 101 jobs, more than 100',
        'it promises 50.05 % less carbon, more than 50 %, which is unusual',
        'its oldest signal is 11 h old, older than 10 h',
        'it moves 101 jobs, where plans here usually move 10',
        '2 jobs found no place in it',
      ],
    });
    expect(judge(plan({ unplaced: 1 }), thresholds, now, 'auto').reasons).toEqual(['1 job found no place in it']);
  });
  it('judges by the oldest signal, and refuses a plan that was made without any', () => {
    const signals = ['11', '01', '09'].map((hour) => ({ issuedAt: `2026-06-01T${hour}:00:00Z` }));
    const aged = judge({ ...plan({}), signals } as unknown as Plan, thresholds, now, 'auto');
    expect(aged).toMatchObject({ outcome: 'ask', reasons: ['its oldest signal is 11 h old, older than 10 h'] });
    expect(judge({ ...plan({}), signals: [] } as Plan, thresholds, now, 'auto')).toMatchObject({
      outcome: 'refuse',
      riskRatio: 1,
      reasons: ['it was made without any signal'],
    });
  });
  it('asks about a plan made on terms of its asker', () => {
    const own = { ...plan({}), terms: ['a cap of 5 kW'] } as Plan;
    expect(judge(own, thresholds, now, 'auto')).toMatchObject({
      outcome: 'ask',
      riskRatio: 0.6,
      reasons: ['whoever asked for it set otherwise than the world says: a cap of 5 kW'],
    });
  });
  it('is half way at a threshold and nothing where nothing happens, without a saving or a baseline too', () => {
    const idle = { savedKg: 0, cost: 0, moved: 0, issuedAt: '2026-06-01T12:00:00Z' };
    expect(judge(plan(idle), thresholds, now, 'auto', 0).riskRatio).toBe(0);
    expect(judge(plan({ ...idle, savedKg: 900, baseKg: 0 }), thresholds, now, 'auto').riskRatio).toBeCloseTo(0.9 / 1.9);
    expect(judge(plan({ ...idle, savedKg: -5000, cost: -5000 }), thresholds, now, 'auto').riskRatio).toBe(0);
    // Where plans usually move nothing, ten jobs are usual still.
    expect(judge(plan({ ...idle, moved: 10 }), thresholds, now, 'auto', 0).outcome).toBe('approve');
    expect(judge(plan({ ...idle, moved: 11 }), thresholds, now, 'auto', 0).outcome).toBe('ask');
  });
  it('refuses above the limit and asks at it', () => {
    // 19 times the threshold is 0.95.
    expect(judge(plan({ cost: 19_000 }), { ...thresholds, refuseAboveRisk: 19 / 20 }, now, 'auto').outcome).toBe('ask');
    expect(judge(plan({ cost: 19_100 }), thresholds, now, 'auto')).toMatchObject({
      outcome: 'refuse',
      approvalsNeeded: 1,
      reasons: ['it costs 19 100 GBP, above 1 000 GBP'],
    });
  });
  it('asks where that was asked for, and says of what passes which jobs end late', () => {
    expect(judge(plan({}), thresholds, now, 'ask')).toEqual({
      outcome: 'ask',
      rule: 'asked-for',
      riskRatio: expect.closeTo(1 / 6),
      reasons: ['this run was started with --approval ask'],
      approvalsNeeded: 1,
    });
    expect(judge(plan({}), thresholds, now, 'auto')).toMatchObject({
      reasons: ['no job ends after it is due', 'the promised saving is below the 1 000 kg threshold'],
      approvalsNeeded: 1,
    });
    // A plan that emits more passes by rule, and nobody reads a negative saving of it.
    expect(judge(plan({ savedKg: -9.96 }), thresholds, now, 'auto').reasons[1]).toMatch(
      /^it emits 9\.96 kg .*CO2e more and saves £3\.00$/,
    );
    const { planned, baseline, ...rest } = plan({});
    const late = { ...rest, planned: { ...planned, lateJobs: 2 }, baseline: { ...baseline, lateJobs: 3 } };
    expect(judge(late, thresholds, now, 'auto').reasons[0]).toBe('2 jobs end after they are due, 3 without the plan');
  });
});
