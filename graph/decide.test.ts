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
    await expect(asked('P-none')).rejects.toMatchObject({ code: 'not-found' });
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

  it('cannot lift it for a run that did not take the plan up again', async () => {
    await enforce('All jobs must run in eu-west-1.');
    const planId = await planned(moves);
    await question(planId);
    expect(await asked(planId, 'A-1', await run('ask'))).toMatchObject({ status: 'refused', by: ['rule:policy'] });
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
    await expect(out('P-none', decisionId)).rejects.toMatchObject({ code: 'not-found' });
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

  it('goes on where the policy of today allows it all', async () => {
    const all = await allowed();
    await enforce('Batch jobs may wait up to 6 hours.');
    expect((await out(all.planId, all.decisionId)).placing.placed).toBe(3);
  });

  it('needs the answers that the policy of today demands', async () => {
    const alone = await allowed();
    const both = await planned(moves);
    await question(both, { id: 'A-2', votes: [vote('ann'), vote('ben')] });
    const decision = await asked(both, 'A-2');
    const byRule = await decide(world, call, { planId: alone.planId, runId: await run('auto'), approvalId: null });
    await enforce('Plans that cost more than £1 need approval by two people.');
    for (const decisionId of [alone.decisionId, byRule!.id])
      await expect(out(alone.planId, decisionId)).rejects.toMatchObject({ code: 'forbidden' });
    expect(given).toEqual([]);
    expect((await out(both, decision!.id)).placing.placed).toBe(3);
  });

  it('that was begun is ended, whatever came into force meanwhile, and happens once', async () => {
    const { planId, decisionId } = await allowed();
    const first = await out(planId, decisionId);
    await enforce('All jobs must run in eu-west-1.');
    expect(await out(planId, decisionId)).toEqual(first);
    expect(given).toHaveLength(3);
  });
});
