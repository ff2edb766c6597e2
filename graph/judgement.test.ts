/** What governance finds of a plan: how risk and policy meet, whom the policy names, and what is usual here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { around, plainPlan, plainTotals, quietWorld } from '../domain/fixtures/quiet-world.js';
import { ORDERS, PLANS, type Plan } from '../domain/plan.js';
import { ACTIVE_POLICIES, ACTIVE_POLICY, type Constraint, POLICY_SETS } from '../domain/policy/policy.js';
import type { Store } from '../domain/store.js';
import { instant, plusHours } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { openStore } from '../store/store.js';
import { rule, setOf } from '../tools/policy/fixtures/judging.js';
import type { Call } from '../tools/tool.js';
import { judgementOf, strictest, TRIMMED } from './judgement.js';
import type { Risk } from './risk.js';

describe('a policy only tightens what the thresholds say', () => {
  const risk = (outcome: Risk['outcome'], approvalsNeeded = 1): Risk => ({
    ...{ outcome, rule: 'low-risk', riskRatio: 0.2, reasons: ['no job is late'], approvalsNeeded },
  });
  const policy = (verdict: 'allow' | 'needs-approval' | 'deny', divisible = false, approvalsNeeded = 1) => ({
    ...{ planId: 'P-1', policySetId: 'S-1', version: 1, verdict, reasons: ['a sentence'], approvalsNeeded },
    ...{ verdicts: [], deniedJobs: 2, allowedJobs: 5, divisible },
  });
  const rest = 'The rest of the plan (5 moved jobs) is allowed: caco approve P-1 --only allowed';

  it.each([true, false])('taken up again %s', (trim) => {
    for (const outcome of ['approve', 'ask', 'refuse'] as const)
      for (const divisible of [true, false]) {
        const before = risk(outcome);
        expect(strictest(before, policy('allow', divisible), trim)).toBe(before);
        const [asks, denies] = [policy('needs-approval', divisible), policy('deny', divisible)];
        if (outcome === 'refuse') {
          for (const found of [asks, denies]) expect(strictest(before, found, trim)).toBe(before);
          continue;
        }
        const also = outcome === 'ask';
        expect(strictest(before, asks, trim)).toEqual({
          ...{ ...before, outcome: 'ask', rule: also ? 'low-risk' : 'policy' },
          reasons: also ? ['no job is late', 'a sentence'] : ['a sentence'],
        });
        expect(strictest(before, denies, trim)).toEqual(
          trim && divisible
            ? {
                ...{ ...before, outcome: 'ask', rule: TRIMMED },
                reasons: ['5 moved jobs are allowed; 2 stay as they are', 'a sentence'],
              }
            : {
                ...{ ...before, outcome: 'refuse', rule: 'policy' },
                reasons: divisible ? ['a sentence', rest] : ['a sentence'],
              },
        );
      }
    expect(TRIMMED).toBe('policy-trimmed');
  });

  it('asks as many people as the stricter of the two', () => {
    for (const [mine, theirs] of [
      [1, 3],
      [3, 1],
    ] as const) {
      expect(strictest(risk('ask', mine), policy('needs-approval', false, theirs), false).approvalsNeeded).toBe(3);
      expect(strictest(risk('ask', mine), policy('deny', true, theirs), true).approvalsNeeded).toBe(3);
    }
  });

  it('tells eight reasons of 800 characters', () => {
    const found = { ...policy('deny'), reasons: Array.from({ length: 9 }, (_, i) => `${i}${'x'.repeat(900)}`) };
    const { reasons } = strictest(risk('approve'), found, false);
    expect(reasons).toEqual(Array.from({ length: 8 }, (_, i) => `${i}${'x'.repeat(799)}`));
  });
});

const T0 = instant('2026-06-01T00:00:00Z');
let folder: string;
let store: Store;
let world: World;
const call: Call = {
  ...{ actor: { id: 'ann', via: 'cli' }, cause: null, signal: new AbortController().signal, progress: () => {} },
};
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caco-judgement-'));
  store = await openStore(join(folder, 'j.db'));
  world = quietWorld(store, () => T0);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
const kept = async (id: string, moved: number, over: Partial<Plan> = {}) => {
  const jobs = { total: moved, movable: moved, moved, urgent: 0, unplaced: 0 };
  const signal = { region: 'eu-west-1', kind: 'carbon', source: 'test', issuedAt: T0, status: 'forecast' };
  const plan = { ...plainPlan(id, T0, { jobs, ...over }), signals: [signal] };
  await store.collection(PLANS).put(id, plan as never);
};
const ordered = (planId: string) =>
  store.collection(ORDERS).put(planId, {
    ...{ planId, workloadId: `W-${planId}`, key: planId, world: 'test/1', jobs: null },
    span: { start: T0, end: plusHours(T0, 24) },
  });
const judged = (mode: 'auto' | 'ask' = 'auto') => judgementOf(world, call, 'P-1', { mode, trim: false });

describe('a judgement', () => {
  it('says what the plan saves, in its currency, and what the policy found', async () => {
    await kept('P-1', 4, {
      savings: { cost: 7, emissionsKg: around(1.5) },
      planned: plainTotals({ kg: 1, kwh: 1, currency: 'EUR' }),
    });
    expect(await judged()).toMatchObject({
      ...{ outcome: 'approve', rule: 'low-risk', approvers: [], policySetId: null, policy: 'allow' },
      ...{ allowedJobs: 4, deniedJobs: 0, saves: { emissionsKg: around(1.5), cost: 7, currency: 'EUR' } },
    });
    expect(await judged('ask')).toMatchObject({ outcome: 'ask', rule: 'asked-for' });
  });

  it('judges under no key of whoever asks, so that it is judged anew each time', async () => {
    await kept('P-1', 4);
    const keyed = { ...call, idempotencyKey: 'K' };
    expect(await judgementOf(world, keyed, 'P-1', { mode: 'auto', trim: false })).toMatchObject({ policySetId: null });
    await enforced([]);
    expect(await judgementOf(world, keyed, 'P-1', { mode: 'auto', trim: false })).toMatchObject({ policySetId: 'S-1' });
  });

  const enforced = async (constraints: Constraint[]) => {
    await store.collection(POLICY_SETS).put('S-1', setOf(constraints));
    await store.collection(ACTIVE_POLICIES).put(ACTIVE_POLICY, { setId: 'S-1', version: 4 });
  };
  const asks = (approver: string | null, approvals: number, value = 0) =>
    rule('approval_threshold', { metric: 'carbon_kg', value, approver, approvals });

  it('names whom the sentences that ask name: each role once, with the most that one of them wants', async () => {
    await kept('P-1', 4);
    const more = [asks('Operators', 1), asks('the head', 1), asks('operators', 2), asks(null, 5)];
    await enforced([...more, asks('nobody', 9, 1e9)]);
    expect(await judged()).toMatchObject({
      ...{ outcome: 'ask', rule: 'policy', policySetId: 'S-1', policy: 'needs-approval', approvalsNeeded: 5 },
      approvers: [
        { role: 'operators', approvals: 2 },
        { role: 'the head', approvals: 1 },
      ],
    });
    await enforced([asks('operators', 2), asks('Operators', 1), asks('OPERATORS', 2)]);
    expect((await judged()).approvers).toEqual([{ role: 'operators', approvals: 2 }]);
  });
});

describe('what is usual here', () => {
  /** Plans that were carried out, oldest first. */
  const carriedOut = async (moved: readonly number[]) => {
    for (const [i, count] of moved.entries()) {
      await kept(`P-old-${i}`, count);
      await ordered(`P-old-${i}`);
    }
  };
  const usually = async () => /usually move (\d+)/.exec((await judged()).reasons.join())?.[1] ?? null;

  it('is the median of what carried-out plans moved', async () => {
    await kept('P-1', 1000);
    await carriedOut([2, 10, 3, 100, 1]);
    expect(await usually()).toBe('3');
  });

  it('is the upper one of an even number', async () => {
    await kept('P-1', 1000);
    await carriedOut([9, 1, 2, 8, 3, 7]);
    expect(await usually()).toBe('7');
  });

  it('is nothing below five of them; neither itself nor one whose plan is gone counts', async () => {
    await kept('P-1', 1000);
    await ordered('P-1');
    await carriedOut([3, 3, 3, 3]);
    await ordered('P-gone');
    expect(await usually()).toBeNull();
    await kept('P-gone', 3);
    expect(await usually()).toBe('3');
  });

  it('is that of the newest', async () => {
    await kept('P-1', 1000);
    await carriedOut([...new Array(30).fill(1), ...new Array(21).fill(3)]);
    expect(await usually()).toBe('3');
    for (let i = 0; i < 11; i++) {
      await kept(`P-new-${i}`, 4);
      await ordered(`P-new-${i}`);
    }
    expect(await usually()).toBe('4');
  });
});
