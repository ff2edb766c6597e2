/** What governance decides of a plan, case by case: from the store alone, by rule or as people answered, and never more than the policy allows. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DECISIONS } from '../domain/decision.js';
import { PLANS } from '../domain/plan.js';
import { plusHours } from '../domain/time.js';
import { openRoles } from '../store/roles.js';
import { START } from '../tools/policy/fixtures/scene.js';
import { decide, judgedAs, movedJobs } from './decide.js';
import { call, type Governed, governed, moves, vote } from './fixtures/governed.js';

let at: Governed;
beforeEach(async () => {
  at = await governed();
});
afterEach(() => at.close());

describe('how a run is judged', () => {
  it('stands in its row; what has none is judged the stricter way', async () => {
    expect(await judgedAs(at.store, null)).toEqual({ mode: 'ask', trim: false });
    expect(await judgedAs(at.store, 'R-1')).toEqual({ mode: 'ask', trim: false });
    expect(await judgedAs(at.store, await at.run('auto'))).toEqual({ mode: 'auto', trim: false });
    expect(await judgedAs(at.store, await at.run('ask', 'P-0'))).toEqual({ mode: 'ask', trim: true });
  });
});

describe('by rule', () => {
  it('a harmless plan of a run that may pass is approved, once, and says by what', async () => {
    const planId = await at.planned(moves);
    const of = { planId, runId: await at.run('auto'), approvalId: null };
    const decision = (await decide(at.world, call, of))!;
    expect(decision).toMatchObject({
      planId,
      status: 'approved',
      by: ['rule:low-risk'],
      jobs: null,
      approvalId: null,
      at: START,
      judgement: {
        outcome: 'approve',
        policy: 'allow',
        policySetId: null,
        approvers: [],
        allowedJobs: 2,
        deniedJobs: 0,
      },
    });
    expect(decision.judgement!.saves).toMatchObject({
      emissionsKg: { value: expect.closeTo(0.2, 9) },
      cost: 0,
      currency: 'GBP',
    });
    at.now = plusHours(START, 5);
    expect(await decide(at.world, call, of)).toEqual(decision);
    expect(await at.store.collection(DECISIONS).list()).toHaveLength(1);
    const entries = await at.store.entries.read(0, 100);
    const written = entries.filter(({ body }) => body.kind === 'record_decision');
    expect(written).toHaveLength(1);
    expect(written[0]!.body.actor).toBe('graph:node:governance');
  });

  it('the same plan of a run that asks, or of none, waits for a person', async () => {
    const planId = await at.planned(moves);
    expect(await decide(at.world, call, { planId, runId: await at.run('ask'), approvalId: null })).toBeNull();
    expect(await at.asked(planId, 'A-unknown')).toBeNull();
    expect(await at.store.collection(DECISIONS).list()).toEqual([]);
  });

  it('a plan that the policy refuses is refused with the sentence, and with the way for the rest', async () => {
    const setId = await at.enforce('All jobs must run in eu-west-1.');
    const planId = await at.planned(moves);
    const decision = await decide(at.world, call, { planId, runId: await at.run('auto'), approvalId: null });
    expect(decision).toMatchObject({
      status: 'refused',
      by: ['rule:policy'],
      judgement: { policy: 'deny', policySetId: setId, allowedJobs: 1, deniedJobs: 1 },
    });
    expect(decision!.reasons.join('\n')).toContain('All jobs must run in eu-west-1');
    expect(decision!.reasons.at(-1)).toBe(
      `The rest of the plan (1 moved jobs) is allowed: caco approve ${planId} --only allowed`,
    );
  });

  it('of a plan that is not there there is no word', async () => {
    await expect(at.asked('P-none')).rejects.toMatchObject({
      ...{ code: 'not-found', message: 'there is no plan P-none', remedy: '`caco runs` lists what was planned.' },
    });
  });
});

describe('by people', () => {
  it('is what they answered, with their names and reasons', async () => {
    const planId = await at.planned(moves);
    await at.question(planId, { votes: [vote('ann', { why: 'fine' }), vote('ben')] });
    const decision = await at.asked(planId);
    expect(decision).toMatchObject({
      status: 'approved',
      by: ['ann', 'ben'],
      reasons: ['fine'],
      jobs: null,
      approvalId: 'A-1',
    });
    expect(await at.asked(planId)).toEqual(decision);
  });

  it.each([
    ['waiting', null],
    ['rejected', { status: 'refused', by: ['ann'], jobs: null }],
    ['expired', { status: 'refused', by: ['rule:no-answer'], reasons: ['nobody answered in time'], jobs: null }],
  ] as const)('%s', async (status, wanted) => {
    const planId = await at.planned(moves);
    await at.question(planId, { status });
    const decision = await at.asked(planId);
    if (wanted === null) expect(decision).toBeNull();
    else expect(decision).toMatchObject(wanted);
  });

  it('comes too late at the moment at which the question ends', async () => {
    const planId = await at.planned(moves);
    await at.question(planId, { status: 'waiting', expiresAt: plusHours(START, 1) });
    at.now = plusHours(START, 1);
    expect(await at.asked(planId)).toMatchObject({ status: 'refused', by: ['rule:no-answer'] });
  });

  it('stands where it was given in time, though the question has ended since', async () => {
    const planId = await at.planned(moves);
    await at.question(planId, { expiresAt: plusHours(START, 1) });
    at.now = plusHours(START, 2);
    expect(await at.asked(planId)).toMatchObject({ status: 'approved', by: ['ann'] });
  });

  it('for some jobs only is leave for those', async () => {
    const planId = await at.planned(moves);
    await at.question(planId, { status: 'partly-approved', votes: [vote('ann', { only: ['job-0'] })] });
    expect(await at.asked(planId)).toMatchObject({ status: 'partly-approved', jobs: ['job-0'] });
  });

  it('is about the plan that was asked about: a changed one, or the same pieces for other work, has no leave', async () => {
    const planId = await at.planned(moves);
    await at.question(planId, { planDigest: 'another' });
    expect(await at.asked(planId)).toBeNull();
    const other = await at.planned(moves);
    const plan = (await at.store.collection(PLANS).get(planId))!.value;
    await at.store.collection(PLANS).put(other, { ...plan, id: other, workloadId: 'W-other' });
    await at.question(other, { planId: other });
    expect(await at.asked(planId)).toBeNull();
    await at.question('P-1', { planId: 'P-gone', planDigest: plan.digest });
    expect(await at.asked(planId)).toBeNull();
  });

  it('counts people again, and whom a policy names', async () => {
    await at.enforce('Plans that move more than 1 job must be approved by two operators.');
    const planId = await at.planned(moves);
    await at.question(planId);
    const few = await at.asked(planId);
    expect(few).toMatchObject({ status: 'refused', by: ['rule:too-few-answers'], jobs: null });
    expect(few!.reasons[0]).toMatch(
      /^2 people must agree to this plan, among them operators?, and ann did; ask again with that many$/,
    );
    const roles = openRoles(at.store);
    const { role } = few!.judgement!.approvers[0]!;
    await roles.grant(role, 'ann');
    await roles.grant(role, 'ben');
    await at.question(planId, { id: 'A-2', votes: [vote('ann'), vote('cay')] });
    expect(await at.asked(planId, 'A-2')).toMatchObject({ by: ['rule:too-few-answers'] });
    await at.question(planId, { id: 'A-3', votes: [vote('ann'), vote('ben')] });
    expect(await at.asked(planId, 'A-3')).toMatchObject({ status: 'approved', by: ['ann', 'ben'] });
  });

  it('of too few people names them, and each role that has to agree', async () => {
    await at.enforce('Moves of more than 1 job need sign-off by two people.');
    const planId = await at.planned(moves);
    await at.question(planId);
    const needs = async (approvalId: string) => (await at.asked(planId, approvalId))!.reasons;
    expect(await needs('A-1')).toEqual(['2 people must agree to this plan, and ann did; ask again with that many']);
    await at.enforce('Moves of more than 1 job need sign-off by the operations manager.');
    await at.question(planId, { id: 'A-2', votes: [vote('ann'), vote('ben')] });
    expect(await needs('A-2')).toEqual([
      '1 person must agree to this plan, among them operations manager, and ann, ben did; ask again with that many',
    ]);
    const two = 'Plans that cost more than £1 need approval by the head of finance.';
    await at.enforce(`Moves of more than 1 job need sign-off by the operations manager. ${two}`);
    await at.question(planId, { id: 'A-3' });
    expect((await needs('A-3'))[0]).toContain('among them operations manager and head of finance, and ann did');
  });

  it('cannot lift what the policy refuses: those jobs stay, and the decision says so', async () => {
    await at.enforce('All jobs must run in eu-west-1.');
    const planId = await at.planned(moves);
    await at.question(planId);
    expect(await movedJobs(at.store, planId)).toEqual(['job-0', 'job-2']);
    const decision = await at.asked(planId);
    expect(decision).toMatchObject({ status: 'partly-approved', by: ['ann'], jobs: ['job-2'] });
    expect(decision!.reasons.at(-1)).toBe(
      'the policy refuses the moves of 1 job, which stays where they were; 1 of the others are approved',
    );
    // Nor those that somebody picked by name.
    await at.question(planId, {
      id: 'A-2',
      status: 'partly-approved',
      votes: [vote('ann', { only: ['job-0', 'job-2'] })],
    });
    expect(await at.asked(planId, 'A-2')).toMatchObject({ status: 'partly-approved', jobs: ['job-2'] });
    await at.question(planId, { id: 'A-3', status: 'rejected', votes: [vote('ann', { decision: 'reject' })] });
    expect(await at.asked(planId, 'A-3')).toMatchObject({ status: 'refused', by: ['ann'], jobs: null });
  });

  it('cannot lift it for two jobs either', async () => {
    await at.enforce('All jobs must run in eu-west-1.');
    const planId = await at.planned([...moves, { to: 'us-east-1', beforeKg: 1.1 }]);
    await at.question(planId);
    expect((await at.asked(planId))!.reasons.at(-1)).toBe(
      'the policy refuses the moves of 2 jobs, which stay where they were; 1 of the others are approved',
    );
  });

  /** That policy comes into force while the plan is judged: once its sentences were read, before the answers are counted. */
  const meanwhile = (text: string) => {
    const before = at.world;
    const sites = async () => {
      at.world = before;
      await at.enforce(text);
      return before.fleet.sites();
    };
    at.world = { ...before, fleet: { ...before.fleet, sites } };
  };

  it('cannot lift what came into force while they were counted: of the plan as a whole nothing is left', async () => {
    await at.enforce('No jobs may run in eu-north-1.');
    const planId = await at.planned([{ to: 'eu-north-1', beforeKg: 1, kg: 3 }, { delayHours: 3 }]);
    await at.question(planId);
    meanwhile('Each team has a ceiling of 2 kg CO2e per day.');
    expect(await at.asked(planId)).toMatchObject({
      ...{ status: 'refused', by: ['rule:policy'], reasons: ['the policy refuses the plan as a whole'], jobs: null },
      ...{ approvalId: 'A-1', judgement: { policy: 'deny', deniedJobs: 1 } },
    });
  });

  it('is left as it is by a policy that has come to refuse nothing', async () => {
    await at.enforce('No jobs may run in eu-north-1.');
    const planId = await at.planned(moves);
    await at.question(planId, { votes: [vote('ann', { why: 'fine' })] });
    meanwhile('Batch jobs may wait up to 6 hours.');
    expect(await at.asked(planId)).toMatchObject({ status: 'approved', by: ['ann'], reasons: ['fine'], jobs: null });
  });

  it('cannot lift what is refused as a whole, outside a run either; that is decided once', async () => {
    const planId = await at.planned([{ to: 'eu-north-1', beforeKg: 1, kg: 3 }, { delayHours: 3 }]);
    await at.question(planId);
    await at.enforce('Each team has a ceiling of 2 kg CO2e per day.');
    const decision = (await at.asked(planId))!;
    expect(decision).toMatchObject({ status: 'refused', by: ['rule:policy'], jobs: null, approvalId: null });
    at.now = plusHours(START, 1);
    expect(await at.asked(planId)).toEqual(decision);
    expect(await at.store.collection(DECISIONS).list()).toHaveLength(1);
  });

  it('cannot lift it for a run that did not take the plan up again', async () => {
    await at.enforce('All jobs must run in eu-west-1.');
    const planId = await at.planned(moves);
    await at.question(planId);
    expect(await at.asked(planId, 'A-1', await at.run('ask'))).toMatchObject({
      status: 'refused',
      by: ['rule:policy'],
    });
  });
});

describe('for an order on the market', () => {
  const sold = (planId: string, powerKw: number, over: Partial<Parameters<typeof decide>[2]> = {}) =>
    decide(at.world, call, {
      planId,
      runId: null,
      approvalId: null,
      sale: { orderId: 'O-1', powerKw, standingKw: 100 },
      ...over,
    });
  const allows = (kw: string) =>
    `${kw} kW are within the 100 kW that the standing rule sells, and the policy allows every move`;

  it('up to what the standing rule sells is approved by it, once for each order', async () => {
    const planId = await at.planned(moves);
    const decision = (await sold(planId, 99.6))!;
    expect(decision).toMatchObject({
      status: 'approved',
      by: ['rule:standing-sale'],
      reasons: [allows('99.6')],
      jobs: null,
    });
    expect(decision).toMatchObject({ approvalId: null, judgement: { outcome: 'approve', rule: 'standing-sale' } });
    at.now = plusHours(START, 1);
    expect(await sold(planId, 99.6)).toEqual(decision);
    const next = (await sold(planId, 100, { sale: { orderId: 'O-2', powerKw: 100, standingKw: 100 } }))!;
    expect([next.id === decision.id, next.at]).toEqual([false, at.now]);
    expect(await sold(planId, 100, { approvalId: 'A-none' })).toEqual(decision);
  });

  it('is what was bought: that the plan moves much is no reason to ask', async () => {
    const planId = await at.planned(moves);
    const thresholds = { ...at.world.setting.thresholds, maxMovedJobs: 1 };
    at.world = { ...at.world, setting: { ...at.world.setting, thresholds } };
    expect(await sold(planId, 100)).toMatchObject({ status: 'approved', reasons: [allows('100')] });
    // What is too risky for a person's yes is refused all the same.
    at.world = { ...at.world, setting: { ...at.world.setting, thresholds: { ...thresholds, refuseAboveRisk: 0.1 } } };
    expect(await sold(await at.planned(moves), 100)).toMatchObject({
      status: 'refused',
      by: ['rule:risk-above-limit'],
    });
  });

  it('above it waits for a person', async () => {
    const planId = await at.planned(moves);
    expect(await sold(planId, 100.1)).toBeNull();
    await at.question(planId);
    const decision = await sold(planId, 101.2, { approvalId: 'A-1' });
    expect(decision).toMatchObject({ status: 'approved', by: ['ann'], judgement: { outcome: 'ask' } });
    expect(decision!.judgement!.reasons).toEqual(['101 kW are above the 100 kW that the standing rule sells']);
  });

  it('is asked about by the policy’s sentence, and refused by it, however small', async () => {
    await at.enforce('Moves of more than 1 job need sign-off by the operations manager.');
    const planId = await at.planned(moves);
    expect(await sold(planId, 100)).toBeNull();
    await at.question(planId);
    const asked = await sold(planId, 100, { approvalId: 'A-1' });
    expect(asked!.judgement!.reasons).toEqual([expect.stringContaining('operations manager')]);
    await at.question(planId, { id: 'A-2' });
    const large = await sold(planId, 200, { approvalId: 'A-2' });
    expect(large!.judgement!.reasons).toEqual([
      '200 kW are above the 100 kW that the standing rule sells',
      expect.stringContaining('operations manager'),
    ]);
    await at.enforce('All jobs must run in eu-west-1.');
    const refused = await sold(await at.planned(moves), 1);
    expect(refused).toMatchObject({ status: 'refused', by: ['rule:policy'], judgement: { policy: 'deny' } });
  });
});
