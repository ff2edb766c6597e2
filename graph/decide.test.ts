/** What governance decides of a plan, case by case: from the store alone, by rule or as people answered, and never more than the policy allows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Actor, APPROVALS, type Approval, DECISIONS } from '../domain/decision.js';
import { PLANS } from '../domain/plan.js';
import { RUNS, type Run as RunRow } from '../domain/run.js';
import { type Instant, plusHours } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { openRoles } from '../store/roles.js';
import { type Run, START, scene } from '../tools/policy/fixtures/scene.js';
import { confirmPolicy, ingestPolicy } from '../tools/policy/policy.js';
import { type Call, callTool } from '../tools/tool.js';
import { carryOut } from './carry-out.js';
import { decide, judgedAs, movedJobs } from './decide.js';

const ann: Actor = { id: 'ann', via: 'cli' };
const call: Call = { actor: ann, cause: 'R-1', signal: new AbortController().signal, progress: () => {} };

let folder: string;
let at: Awaited<ReturnType<typeof scene>>;
let now: Instant;
let world: World;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caco-decide-'));
  at = await scene(join(folder, 'd.db'));
  now = START;
  world = { ...at.world, clock: { ...at.world.clock, now: () => now } };
});
afterEach(async () => {
  await at.store.close();
  rmSync(folder, { recursive: true, force: true });
});

const enforce = async (text: string) => {
  const { setId } = await callTool(ingestPolicy, { text, name: 'policy.md', tz: 'Europe/London' }, world, call);
  await callTool(confirmPolicy, { setId }, world, call);
  return setId;
};

/** A plan on signals of that moment: nothing in it is risky. */
const planned = async (runs: readonly Run[]) => {
  const planId = await at.plan(runs);
  const plan = (await at.store.collection(PLANS).get(planId))!.value;
  const signal = { region: 'eu-west-1', kind: 'carbon', source: 'test', issuedAt: START, status: 'forecast' };
  await at.store.collection(PLANS).put(planId, { ...plan, signals: [signal] } as never);
  return planId;
};
const moves: Run[] = [
  { to: 'eu-north-1', beforeKg: 1.1 },
  { beforeKg: 40, kg: 40 },
  { delayHours: 3, beforeKg: 1.1 },
];

/** A run that was started in that way. */
const run = async (approvalMode: 'auto' | 'ask', takesUp?: string) => {
  const row: RunRow = {
    ...{ id: 'R-1', kind: 'plan', status: 'running', scenario: 'test', horizonHours: 24, approvalMode },
    ...{ workloadId: null, planId: null, approvalId: null, decisionId: null },
    ...{ startedBy: 'ann', startedAt: START, finishedAt: null, story: null, error: null },
    ...(takesUp === undefined ? {} : { takesUp }),
  };
  await at.store.collection(RUNS).put('R-1', row);
  return 'R-1';
};

type Vote = Approval['votes'][number];
const vote = (id: string, over: Partial<Vote> = {}): Vote => ({
  actor: { id, via: 'cli' },
  decision: 'approve',
  why: '',
  at: START,
  only: null,
  ...over,
});
const question = async (planId: string, over: Partial<Approval> = {}) => {
  const plan = (await at.store.collection(PLANS).get(planId))!.value;
  const approval: Approval = {
    id: 'A-1',
    threadId: 'R-1',
    interruptId: null,
    planId,
    planDigest: plan.digest,
    status: 'approved',
    reasons: [],
    approvalsNeeded: 1,
    votes: [vote('ann')],
    askedAt: START,
    expiresAt: plusHours(START, 24),
    ...over,
  };
  await at.store.collection(APPROVALS).put(approval.id, approval);
  return approval.id;
};
const asked = (planId: string, approvalId: string | null = 'A-1', runId: string | null = null) =>
  decide(world, call, { planId, runId, approvalId });

describe('how a run is judged', () => {
  it('stands in its row; what has none is judged the stricter way', async () => {
    expect(await judgedAs(at.store, null)).toEqual({ mode: 'ask', trim: false });
    expect(await judgedAs(at.store, 'R-1')).toEqual({ mode: 'ask', trim: false });
    expect(await judgedAs(at.store, await run('auto'))).toEqual({ mode: 'auto', trim: false });
    expect(await judgedAs(at.store, await run('ask', 'P-0'))).toEqual({ mode: 'ask', trim: true });
  });
});

describe('by rule', () => {
  it('a harmless plan of a run that may pass is approved, once, and says by what', async () => {
    const planId = await planned(moves);
    const of = { planId, runId: await run('auto'), approvalId: null };
    const decision = (await decide(world, call, of))!;
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
    now = plusHours(START, 5);
    expect(await decide(world, call, of)).toEqual(decision);
    expect(await at.store.collection(DECISIONS).list()).toHaveLength(1);
    const entries = await at.store.entries.read(0, 100);
    const written = entries.filter(({ body }) => body.kind === 'record_decision');
    expect(written).toHaveLength(1);
  });

  it('the same plan of a run that asks, or of none, waits for a person', async () => {
    const planId = await planned(moves);
    expect(await decide(world, call, { planId, runId: await run('ask'), approvalId: null })).toBeNull();
    expect(await asked(planId, 'A-unknown')).toBeNull();
    expect(await at.store.collection(DECISIONS).list()).toEqual([]);
  });

  it('a plan that the policy refuses is refused with the sentence, and with the way for the rest', async () => {
    const setId = await enforce('All jobs must run in eu-west-1.');
    const planId = await planned(moves);
    const decision = await decide(world, call, { planId, runId: await run('auto'), approvalId: null });
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
    await expect(asked('P-none')).rejects.toMatchObject({
      ...{ code: 'not-found', message: 'there is no plan P-none', remedy: '`caco runs` lists what was planned.' },
    });
  });
});

describe('by people', () => {
  it('is what they answered, with their names and reasons', async () => {
    const planId = await planned(moves);
    await question(planId, { votes: [vote('ann', { why: 'fine' }), vote('ben')] });
    const decision = await asked(planId);
    expect(decision).toMatchObject({
      status: 'approved',
      by: ['ann', 'ben'],
      reasons: ['fine'],
      jobs: null,
      approvalId: 'A-1',
    });
    expect(await asked(planId)).toEqual(decision);
  });

  it.each([
    ['waiting', null],
    ['rejected', { status: 'refused', by: ['ann'], jobs: null }],
    ['expired', { status: 'refused', by: ['rule:no-answer'], reasons: ['nobody answered in time'], jobs: null }],
  ] as const)('%s', async (status, wanted) => {
    const planId = await planned(moves);
    await question(planId, { status });
    const decision = await asked(planId);
    if (wanted === null) expect(decision).toBeNull();
    else expect(decision).toMatchObject(wanted);
  });

  it('comes too late at the moment at which the question ends', async () => {
    const planId = await planned(moves);
    await question(planId, { status: 'waiting', expiresAt: plusHours(START, 1) });
    now = plusHours(START, 1);
    expect(await asked(planId)).toMatchObject({ status: 'refused', by: ['rule:no-answer'] });
  });

  it('for some jobs only is leave for those', async () => {
    const planId = await planned(moves);
    await question(planId, { status: 'partly-approved', votes: [vote('ann', { only: ['job-0'] })] });
    expect(await asked(planId)).toMatchObject({ status: 'partly-approved', jobs: ['job-0'] });
  });

  it('is about the plan that was asked about: a changed one, or the same pieces for other work, has no leave', async () => {
    const planId = await planned(moves);
    await question(planId, { planDigest: 'another' });
    expect(await asked(planId)).toBeNull();
    const other = await planned(moves);
    const plan = (await at.store.collection(PLANS).get(planId))!.value;
    await at.store.collection(PLANS).put(other, { ...plan, id: other, workloadId: 'W-other' });
    await question(other, { planId: other });
    expect(await asked(planId)).toBeNull();
    await question('P-1', { planId: 'P-gone', planDigest: plan.digest });
    expect(await asked(planId)).toBeNull();
  });

  it('counts people again, and whom a policy names', async () => {
    await enforce('Plans that move more than 1 job must be approved by two operators.');
    const planId = await planned(moves);
    await question(planId);
    const few = await asked(planId);
    expect(few).toMatchObject({ status: 'refused', by: ['rule:too-few-answers'], jobs: null });
    expect(few!.reasons[0]).toMatch(
      /^2 people must agree to this plan, among them operators?, and ann did; ask again with that many$/,
    );
    const roles = openRoles(at.store);
    const { role } = few!.judgement!.approvers[0]!;
    await roles.grant(role, 'ann');
    await roles.grant(role, 'ben');
    await question(planId, { id: 'A-2', votes: [vote('ann'), vote('cay')] });
    expect(await asked(planId, 'A-2')).toMatchObject({ by: ['rule:too-few-answers'] });
    await question(planId, { id: 'A-3', votes: [vote('ann'), vote('ben')] });
    expect(await asked(planId, 'A-3')).toMatchObject({ status: 'approved', by: ['ann', 'ben'] });
  });

  it('cannot lift what the policy refuses: those jobs stay, and the decision says so', async () => {
    await enforce('All jobs must run in eu-west-1.');
    const planId = await planned(moves);
    await question(planId);
    expect(await movedJobs(at.store, planId)).toEqual(['job-0', 'job-2']);
    const decision = await asked(planId);
    expect(decision).toMatchObject({ status: 'partly-approved', by: ['ann'], jobs: ['job-2'] });
    expect(decision!.reasons.at(-1)).toBe(
      'the policy refuses the moves of 1 job, which stays where they were; 1 of the others are approved',
    );
    // Nor those that somebody picked by name.
    await question(planId, {
      id: 'A-2',
      status: 'partly-approved',
      votes: [vote('ann', { only: ['job-0', 'job-2'] })],
    });
    expect(await asked(planId, 'A-2')).toMatchObject({ status: 'partly-approved', jobs: ['job-2'] });
    await question(planId, { id: 'A-3', status: 'rejected', votes: [vote('ann', { decision: 'reject' })] });
    expect(await asked(planId, 'A-3')).toMatchObject({ status: 'refused', by: ['ann'], jobs: null });
  });

  it('cannot lift it for two jobs either', async () => {
    await enforce('All jobs must run in eu-west-1.');
    const planId = await planned([...moves, { to: 'us-east-1', beforeKg: 1.1 }]);
    await question(planId);
    expect((await asked(planId))!.reasons.at(-1)).toBe(
      'the policy refuses the moves of 2 jobs, which stay where they were; 1 of the others are approved',
    );
  });

  it('cannot lift it for a run that did not take the plan up again', async () => {
    await enforce('All jobs must run in eu-west-1.');
    const planId = await planned(moves);
    await question(planId);
    expect(await asked(planId, 'A-1', await run('ask'))).toMatchObject({ status: 'refused', by: ['rule:policy'] });
  });
});

describe('for an order on the market', () => {
  const sold = (planId: string, powerKw: number, over: Partial<Parameters<typeof decide>[2]> = {}) =>
    decide(world, call, {
      planId,
      runId: null,
      approvalId: null,
      sale: { orderId: 'O-1', powerKw, standingKw: 100 },
      ...over,
    });
  const allowsAll = '100 kW are within the 100 kW that the standing rule sells, and the policy allows every move';

  it('up to what the standing rule sells is approved by it, once for each order', async () => {
    const planId = await planned(moves);
    const decision = (await sold(planId, 99.6))!;
    expect(decision).toMatchObject({
      status: 'approved',
      by: ['rule:standing-sale'],
      reasons: [allowsAll],
      jobs: null,
    });
    expect(decision).toMatchObject({ approvalId: null, judgement: { outcome: 'approve', rule: 'standing-sale' } });
    now = plusHours(START, 1);
    expect(await sold(planId, 99.6)).toEqual(decision);
    const next = (await sold(planId, 100, { sale: { orderId: 'O-2', powerKw: 100, standingKw: 100 } }))!;
    expect([next.id === decision.id, next.at]).toEqual([false, now]);
    expect(await sold(planId, 100, { approvalId: 'A-none' })).toEqual(decision);
  });

  it('is what was bought: that the plan moves much is no reason to ask', async () => {
    const planId = await planned(moves);
    const thresholds = { ...world.setting.thresholds, maxMovedJobs: 1 };
    world = { ...world, setting: { ...world.setting, thresholds } };
    expect(await sold(planId, 100)).toMatchObject({ status: 'approved', reasons: [allowsAll] });
    // What is too risky for a person's yes is refused all the same.
    world = { ...world, setting: { ...world.setting, thresholds: { ...thresholds, refuseAboveRisk: 0.1 } } };
    expect(await sold(await planned(moves), 100)).toMatchObject({ status: 'refused', by: ['rule:risk-above-limit'] });
  });

  it('above it waits for a person', async () => {
    const planId = await planned(moves);
    expect(await sold(planId, 100.1)).toBeNull();
    await question(planId);
    const decision = await sold(planId, 101.2, { approvalId: 'A-1' });
    expect(decision).toMatchObject({ status: 'approved', by: ['ann'], judgement: { outcome: 'ask' } });
    expect(decision!.judgement!.reasons).toEqual(['101 kW are above the 100 kW that the standing rule sells']);
  });

  it('is asked about by the policy’s sentence, and refused by it, however small', async () => {
    await enforce('Moves of more than 1 job need sign-off by the operations manager.');
    const planId = await planned(moves);
    expect(await sold(planId, 100)).toBeNull();
    await question(planId);
    const asked = await sold(planId, 100, { approvalId: 'A-1' });
    expect(asked!.judgement!.reasons).toEqual([expect.stringContaining('operations manager')]);
    await question(planId, { id: 'A-2' });
    const large = await sold(planId, 200, { approvalId: 'A-2' });
    expect(large!.judgement!.reasons).toEqual([
      '200 kW are above the 100 kW that the standing rule sells',
      expect.stringContaining('operations manager'),
    ]);
    await enforce('All jobs must run in eu-west-1.');
    const refused = await sold(await planned(moves), 1);
    expect(refused).toMatchObject({ status: 'refused', by: ['rule:policy'], judgement: { policy: 'deny' } });
  });
});

describe('carrying out', () => {
  /** Pieces that the fleet was given. */
  let given: string[];
  const notes: (string | undefined)[] = [];
  const taking = (): World => ({
    ...world,
    tickets: {
      ...world.tickets,
      find: async () => [],
      file: async ({ key }) => ({ ref: key, url: '' }),
    },
    fleet: {
      ...world.fleet,
      place: async ({ pages }) => {
        for await (const page of pages) given.push(...page.flatMap(({ pieces }) => pieces.map(({ jobId }) => jobId)));
        return { placed: given.length };
      },
    },
  });
  const out = (planId: string, decisionId: string) =>
    carryOut(taking(), { ...call, progress: ({ note }) => notes.push(note) }, planId, decisionId);
  const allowed = async (over: Partial<Approval> = {}) => {
    given = [];
    const planId = await planned(moves);
    await question(planId, over);
    return { planId, decisionId: (await asked(planId))!.id };
  };

  it('gives the fleet the whole plan, or the jobs that were approved in their places', async () => {
    const { planId, decisionId } = await allowed();
    const { placing, filing } = await out(planId, decisionId);
    expect([placing.placed, placing.moved, filing === null]).toEqual([3, 2, false]);
    expect(given).toEqual(['job-0', 'job-1', 'job-2']);
    expect(notes).toEqual(['placing 2 moved jobs', 'filing tickets', 'done']);
    await expect(out('P-none', decisionId)).rejects.toMatchObject({
      ...{ code: 'not-found', message: 'there is no plan P-none', remedy: '`caco runs` lists what was planned.' },
    });
    const written = (await at.store.entries.read(0, 100)).map(({ body }) => body).slice(-2);
    expect(written).toMatchObject(
      ['place_jobs', 'file_tickets'].map((tool) => ({
        ...{ kind: tool, actor: 'graph:node:executor', subject: `${decisionId}/${planId}/${tool}` },
      })),
    );
    await expect(out(planId, 'D-none')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('asks what is in force today: a policy that came in since and refuses a move ends the leave', async () => {
    const { planId, decisionId } = await allowed();
    await enforce('All jobs must run in eu-west-1.');
    await expect(out(planId, decisionId)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/^the policy has changed since decision .*All jobs must run in eu-west-1/),
    });
    expect(given).toEqual([]);
  });

  it('goes on where the policy of today refuses only what was not approved anyway', async () => {
    const some = await allowed({ status: 'partly-approved', votes: [vote('ann', { only: ['job-2'] })] });
    await enforce('All jobs must run in eu-west-1.');
    expect((await out(some.planId, some.decisionId)).placing.placed).toBe(3);
  });

  it('tells nobody where nothing was placed, because another plan holds it all', async () => {
    const first = await allowed();
    await out(first.planId, first.decisionId);
    given = [];
    const second = await planned(moves);
    await question(second, { id: 'A-2' });
    const { placing, filing } = await out(second, (await asked(second, 'A-2'))!.id);
    expect([placing.placed, placing.leftOut, filing, given]).toEqual([0, 3, null, []]);
  });

  it('that a crash cut short is ended, whatever came into force meanwhile', async () => {
    const { planId, decisionId } = await allowed();
    const dying = { ...taking(), fleet: { ...world.fleet, place: () => Promise.reject(new Error('killed')) } };
    await expect(carryOut(dying, call, planId, decisionId)).rejects.toThrow('killed');
    await enforce('All jobs must run in eu-west-1.');
    expect((await out(planId, decisionId)).placing.placed).toBe(3);
  });

  it('asks again for what is in force, not for who holds which role: answers that were given stand', async () => {
    await enforce('Plans that move more than 1 job must be approved by an operator.');
    const planId = await planned(moves);
    await question(planId, { id: 'A-0' });
    const { role } = (await asked(planId, 'A-0'))!.judgement!.approvers[0]!;
    await openRoles(at.store).grant(role, 'ann');
    given = [];
    await question(planId, { id: 'A-2' });
    const decision = (await asked(planId, 'A-2'))!;
    expect(decision.status).toBe('approved');
    await openRoles(at.store).revoke(role, 'ann');
    expect((await out(planId, decision.id)).placing.placed).toBe(3);
  });

  it('holds a decision of before judgements were kept against the policy of today', async () => {
    const { planId, decisionId } = await allowed();
    const { judgement: _, ...bare } = (await at.store.collection(DECISIONS).get(decisionId))!.value;
    await at.store.collection(DECISIONS).put(decisionId, bare);
    await enforce('All jobs must run in eu-west-1.');
    await expect(out(planId, decisionId)).rejects.toMatchObject({ code: 'forbidden' });
    await enforce('Batch jobs may wait up to 6 hours. All jobs must run in eu-west-1 or eu-north-1.');
    expect((await out(planId, decisionId)).placing.placed).toBe(3);
  });

  it('needs as many answers where the policy refuses only what was not approved anyway', async () => {
    const some = await allowed({ status: 'partly-approved', votes: [vote('ann', { only: ['job-2'] })] });
    await enforce('All jobs must run in eu-west-1. Plans that cost more than £1 need approval by two people.');
    await expect(out(some.planId, some.decisionId)).rejects.toMatchObject({
      ...{ code: 'forbidden', remedy: `Ask anew: request_approval for ${some.planId}, or caco launch.` },
    });
  });

  it('goes on where the policy of today allows it all', async () => {
    const all = await allowed();
    const ruled = await planned(moves);
    const byRule = await decide(world, call, { planId: ruled, runId: await run('auto'), approvalId: null });
    await enforce('Batch jobs may wait up to 6 hours.');
    expect((await out(all.planId, all.decisionId)).placing.placed).toBe(3);
    expect((await out(ruled, byRule!.id)).placing.leftOut).toBe(3);
  });

  it('needs the answers that the policy of today demands', async () => {
    const alone = await allowed();
    const both = await planned(moves);
    await question(both, { id: 'A-2', votes: [vote('ann'), vote('ben')] });
    const decision = await asked(both, 'A-2');
    const byRule = await decide(world, call, { planId: alone.planId, runId: await run('auto'), approvalId: null });
    await enforce(
      'Plans that cost more than £1 need approval by two people. Moves of more than 1 job need sign-off by two people.',
    );
    for (const decisionId of [alone.decisionId, byRule!.id])
      await expect(out(alone.planId, decisionId)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(
          /^the policy has changed since decision D-\w+: the plan comes to 10 GBP.*; the plan comes to 2 moved jobs/,
        ),
      });
    expect(given).toEqual([]);
    expect((await out(both, decision!.id)).placing.placed).toBe(3);
  });

  it('ends where the policy of today refuses the plan as a whole, with each of its sentences', async () => {
    given = [];
    const planId = await planned([{ to: 'eu-north-1', beforeKg: 1, kg: 3 }, { delayHours: 3 }]);
    await question(planId);
    const decision = (await asked(planId))!;
    await enforce('Each team has a ceiling of 2 kg CO2e per day. Each team has a ceiling of 9 kg CO2e per month.');
    const word = 'web in the period from 2026-06-01 comes to 4 of 2 kg CO2e';
    await expect(out(planId, decision.id)).rejects.toMatchObject({
      ...{ code: 'forbidden', message: expect.stringContaining(`since decision ${decision.id}: ${word}`) },
    });
    await enforce('Each team has a ceiling of 2 kg CO2e per day. No jobs may run in eu-north-1.');
    const both = await out(planId, decision.id).catch((error: Error) => error.message);
    expect(both).toMatch(/comes to 4 of 2 kg CO2e\. Policy .*”; 1 job: the plan puts them in eu-north-1/);
    expect(given).toEqual([]);
  });

  it('that was begun is ended, whatever came into force meanwhile, and happens once', async () => {
    const { planId, decisionId } = await allowed();
    const first = await out(planId, decisionId);
    await enforce('All jobs must run in eu-west-1.');
    expect(await out(planId, decisionId)).toEqual(first);
    expect(given).toHaveLength(3);
  });
});
