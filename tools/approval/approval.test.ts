/** A person's answer through the front door, with a real store: once per person, bound to the plan, over in time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { type Actor, APPROVALS, type Approval, type Approver, type Judgement } from '../../domain/decision.js';
import { PLANS, RECOMMENDATIONS } from '../../domain/plan.js';
import { ROLES } from '../../domain/role.js';
import { fromEpoch, instant, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { callTool, type Tool } from '../tool.js';
import { answerApproval, jobsOf, listApprovals, openApproval } from './approval.js';
import { planWith, recommendationOf } from './fixtures/plan.js';
import { mayAgree, missingRoles, outcomeOf } from './votes.js';

let folder: string;
let world: World;
let now = 0;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caco-approval-'));
  now = toEpoch(instant('2026-06-01T00:00:00Z'));
  const store = await openStore(join(folder, 'a.db'));
  const setting = { thresholds: { approvalHours: 24 } };
  world = { store, setting, clock: { now: () => fromEpoch(now) } } as unknown as World;
  await store.collection(PLANS).put('P-1', planWith('P-1', 'a'));
  await store.rows(RECOMMENDATIONS).append(
    'P-1',
    ['j1', 'j2', 'j3'].map((id) => ({ id, value: recommendationOf(id) })),
  );
});
afterEach(async () => {
  await world.store.close();
  rmSync(folder, { recursive: true, force: true });
});

const person = (id: string): Actor => ({ id, via: 'cli' });
const call = <I extends z.ZodType, O extends z.ZodType>(tool: Tool<I, O>, input: z.input<I>, actor = person('ann')) =>
  callTool(tool, input, world, { actor, cause: null, signal: new AbortController().signal, progress: () => {} });
const judged = (approvalsNeeded: number, approvers: Approver[] = []): Judgement => ({
  outcome: 'ask',
  rule: 'threshold',
  riskRatio: 0.6,
  reasons: ['it is large'],
  approvalsNeeded,
  approvers,
  policySetId: null,
  policy: 'allow',
  allowedJobs: 3,
  deniedJobs: 0,
  saves: { emissionsKg: { value: 10, low: 8, high: 12, confidence: 0.95 }, cost: 5, currency: 'GBP' },
});
const ask = async (approvalsNeeded = 1, over: { approvers?: Approver[]; planId?: string; again?: boolean } = {}) =>
  (
    await call(openApproval, {
      planId: over.planId ?? 'P-1',
      judgement: judged(approvalsNeeded, over.approvers),
      reasons: [],
      threadId: '',
      interruptId: null,
      again: over.again ?? false,
    })
  ).approval;
const yes = (a: Approval, who: string, only: string[] | null = null) =>
  call(answerApproval, { approvalId: a.id, decision: 'approve', only }, person(who));

describe('an approval', () => {
  it('is one question per plan, however often it is asked', async () => {
    const first = await ask();
    expect(await ask()).toEqual(first);
    expect((await call(listApprovals, {})).approvals).toEqual([first]);
  });
  it('takes the yes of one person, and then nothing more', async () => {
    const a = await ask();
    expect(await yes(a, 'ann')).toMatchObject({ settled: true, approval: { status: 'approved' } });
    await expect(yes(a, 'bob')).rejects.toMatchObject({ code: 'conflict' });
    expect((await call(listApprovals, {})).approvals).toEqual([]);
    expect((await call(listApprovals, { status: 'all' })).approvals).toHaveLength(1);
  });
  it('with four eyes needs two people; the same one twice, through another door too, is one', async () => {
    const a = await ask(2);
    expect(await yes(a, 'ann')).toMatchObject({ settled: false, approval: { status: 'waiting' } });
    await expect(yes(a, 'ann')).rejects.toMatchObject({ code: 'conflict' });
    await expect(
      call(answerApproval, { approvalId: a.id, decision: 'approve' }, { id: 'ann', via: 'http' }),
    ).rejects.toMatchObject({ code: 'conflict' });
    expect(await yes(a, 'bob')).toMatchObject({ settled: true, approval: { status: 'approved' } });
  });
  it('takes one person for one, however their name is spelled', async () => {
    const a = await ask(2);
    await yes(a, 'ann');
    for (const name of ['Ann', ' ann ', 'ＡＮＮ'])
      await expect(yes(a, name)).rejects.toMatchObject({ code: 'conflict' });
    expect((await yes(a, 'bob')).settled).toBe(true);
  });
  it.each(['mcp', 'graph'] as const)('is not answered by %s', async (via) => {
    const a = await ask();
    await expect(
      call(answerApproval, { approvalId: a.id, decision: 'approve' }, { id: 'bot', via }),
    ).rejects.toMatchObject({ code: 'forbidden' });
    expect((await world.store.collection(APPROVALS).get(a.id))!.value.votes).toEqual([]);
  });
  it('counts answers of the same moment once each and settles once', async () => {
    const a = await ask(2);
    const answers = await Promise.allSettled(['ann', 'bob', 'cleo', 'dan', 'ann', 'bob'].map((who) => yes(a, who)));
    const stored = (await world.store.collection(APPROVALS).get(a.id))!.value;
    expect(stored.status).toBe('approved');
    expect(stored.votes).toHaveLength(2);
    expect(new Set(stored.votes.map((v) => v.actor.id)).size).toBe(2);
    expect(answers.filter((r) => r.status === 'fulfilled' && r.value.settled)).toHaveLength(1);
  });
  it('a yes and a no of the same moment end in one of the two', async () => {
    const a = await ask();
    const both = await Promise.allSettled([
      yes(a, 'ann'),
      call(answerApproval, { approvalId: a.id, decision: 'reject', why: 'no' }, person('bob')),
    ]);
    expect(both.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    expect((await world.store.collection(APPROVALS).get(a.id))!.value.votes).toHaveLength(1);
  });
  it('a rejection says why, and one is enough', async () => {
    const a = await ask(2);
    await yes(a, 'ann');
    const no = { approvalId: a.id, decision: 'reject' as const };
    await expect(call(answerApproval, { ...no, why: '  ' }, person('bob'))).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect((await call(answerApproval, { ...no, why: 'maintenance' }, person('bob'))).approval.status).toBe('rejected');
  });
  it('is one question about what would be done, whatever the plan is called; what it came to holds for both', async () => {
    await world.store.collection(PLANS).put('P-2', planWith('P-2', 'a'));
    const a = await ask();
    expect((await ask(1, { planId: 'P-2' })).id).toBe(a.id);
    await yes(a, 'ann');
    expect(await ask(1, { planId: 'P-2' })).toMatchObject({ id: a.id, status: 'approved' });
    // More is demanded now than was given: that is another question.
    expect((await ask(2, { planId: 'P-2' })).id).not.toBe(a.id);
  });
  it('that people said no to is shown to an assistant and asked again by a run', async () => {
    const a = await ask();
    await call(answerApproval, { approvalId: a.id, decision: 'reject', why: 'not tonight' }, person('bob'));
    expect(await ask()).toMatchObject({ id: a.id, status: 'rejected' });
    expect(await ask(1, { again: true })).toMatchObject({ status: 'waiting' });
  });
  it('of a role that a policy names is given by those who hold it', async () => {
    const approvers = [{ role: 'Operations Manager', approvals: 1 }];
    const a = await ask(1, { approvers });
    await expect(yes(a, 'ann')).rejects.toMatchObject({
      code: 'forbidden',
      remedy: expect.stringContaining('caco role grant "Operations Manager" --to "ann"'),
    });
    await world.store.collection(ROLES).put('operations manager', { name: 'operations manager', people: ['ann'] });
    expect((await yes(a, 'ann')).settled).toBe(true);
  });
  it('of two people, one of whom a policy names, waits for both', async () => {
    await world.store.collection(ROLES).put('cto', { name: 'cto', people: ['cleo'] });
    const a = await ask(2, { approvers: [{ role: 'the CTO', approvals: 1 }] });
    expect((await yes(a, 'ann')).settled).toBe(false);
    expect((await yes(a, 'bob')).settled).toBe(false);
    expect((await yes(a, 'cleo')).approval.status).toBe('approved');
  });
  it('a person who bears the very name of a role holds it', async () => {
    const a = await ask(1, { approvers: [{ role: 'operations manager', approvals: 1 }] });
    expect((await yes(a, 'The Operations Manager')).settled).toBe(true);
  });
  it('expires to the second', async () => {
    const a = await ask();
    now = toEpoch(a.expiresAt);
    await expect(yes(a, 'ann')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('expired'),
    });
    now -= 1;
    expect((await yes(a, 'ann')).settled).toBe(true);
  });
  it('binds to the plan: a changed one is asked about anew', async () => {
    const a = await ask();
    await world.store.collection(PLANS).put('P-1', planWith('P-1', 'b'));
    await expect(yes(a, 'ann')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('changed'),
    });
    const fresh = await ask();
    expect(fresh.id).not.toBe(a.id);
    expect((await yes(fresh, 'ann')).settled).toBe(true);
  });
  it('of some jobs names jobs that the plan moves', async () => {
    const a = await ask();
    await expect(yes(a, 'ann', ['j1', 'nope'])).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('nope'),
    });
    await expect(yes(a, 'ann', [])).rejects.toMatchObject({ code: 'invalid-input' });
    const { approval } = await yes(a, 'ann', ['j1', 'j3', 'j1', 'j1']);
    expect(approval.status).toBe('partly-approved');
    expect(jobsOf(approval.votes)).toEqual(['j1', 'j3']);
  });
  it.each([
    [{ approvalId: 'A-NOPE', decision: 'approve' as const }],
    [{ approvalId: 'P-1', decision: 'reject' as const, why: 'x' }],
  ])('unknown ids are not found: %j', async (input) => {
    await expect(call(answerApproval, input)).rejects.toMatchObject({ code: 'not-found' });
  });
  it('of a plan that is not there is not asked', async () => {
    await expect(ask(1, { planId: 'P-9' })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('laws of counting', () => {
  const vote = fc.record({
    actor: fc.record({ id: fc.constantFrom('a', 'b', 'c'), via: fc.constantFrom('cli' as const, 'http' as const) }),
    decision: fc.constantFrom('approve' as const, 'reject' as const),
    why: fc.constant(''),
    at: fc.constant(fromEpoch(0)),
    only: fc.option(fc.subarray(['j1', 'j2', 'j3'], { minLength: 1 }), { nil: null }),
  });
  it('a no is final, people count once, and the jobs agreed to are everybody’s', () => {
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 6 }), fc.integer({ min: 1, max: 3 }), (votes, needed) => {
        const status = outcomeOf(votes, { people: needed, roles: [] });
        const people = new Set(votes.map((v) => v.actor.id)).size;
        if (votes.some((v) => v.decision === 'reject')) expect(status).toBe('rejected');
        else if (people < needed) expect(status).toBe('waiting');
        else expect(status).toBe(votes.some((v) => v.only) ? 'partly-approved' : 'approved');
        const jobs = jobsOf(votes);
        const named = { people: needed, roles: [{ role: 'r', approvals: 1, heldBy: (p: string) => p === 'a' }] };
        const agreed = votes.some((v) => v.actor.id === 'a' && v.decision === 'approve');
        expect(missingRoles(votes, named)).toEqual(agreed ? [] : ['r']);
        if (!agreed) expect(['waiting', 'rejected']).toContain(outcomeOf(votes, named));
        const lists = votes.flatMap(({ only }) => (only === null ? [] : [only]));
        const common = lists[0]?.filter((job) => lists.every((list) => list.includes(job)));
        expect(jobs).toEqual(common ?? null);
      }),
    );
  });

  it('a holder of any one named role may agree, others only where more people are demanded than roles take', () => {
    const role = (name: string, holder: string) => ({ role: name, approvals: 1, heldBy: (p: string) => p === holder });
    const roles = [role('r', 'a'), role('s', 'b')];
    const may = (people: number) => ['a', 'b', 'c'].map((person) => mayAgree(person, { people, roles }));
    expect([may(2), may(3)]).toEqual([
      [true, true, false],
      [true, true, true],
    ]);
    expect(mayAgree('c', { people: 1, roles: [] })).toBe(true);
  });
});
