/** Carrying out a decided plan, case by case: what the fleet and the teams get, once, and what the policy of today says to it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Approval, DECISIONS } from '../domain/decision.js';
import type { World } from '../domain/world.js';
import { openRoles } from '../store/roles.js';
import { carryOut } from './carry-out.js';
import { decide } from './decide.js';
import { call, type Governed, governed, moves, vote } from './fixtures/governed.js';

let at: Governed;
beforeEach(async () => {
  at = await governed();
});
afterEach(() => at.close());

describe('carrying out', () => {
  /** Pieces that the fleet was given. */
  let given: string[];
  const notes: (string | undefined)[] = [];
  const taking = (): World => ({
    ...at.world,
    tickets: {
      ...at.world.tickets,
      find: async () => [],
      file: async ({ key }) => ({ ref: key, url: '' }),
    },
    fleet: {
      ...at.world.fleet,
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
    const planId = await at.planned(moves);
    await at.question(planId, over);
    return { planId, decisionId: (await at.asked(planId))!.id };
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
    await at.enforce('All jobs must run in eu-west-1.');
    await expect(out(planId, decisionId)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/^the policy has changed since decision .*All jobs must run in eu-west-1/),
    });
    expect(given).toEqual([]);
  });

  it('goes on where the policy of today refuses only what was not approved anyway', async () => {
    const some = await allowed({ status: 'partly-approved', votes: [vote('ann', { only: ['job-2'] })] });
    await at.enforce('All jobs must run in eu-west-1.');
    expect((await out(some.planId, some.decisionId)).placing.placed).toBe(3);
  });

  it('tells nobody where nothing was placed, because another plan holds it all', async () => {
    const first = await allowed();
    await out(first.planId, first.decisionId);
    given = [];
    const second = await at.planned(moves);
    await at.question(second, { id: 'A-2' });
    const { placing, filing } = await out(second, (await at.asked(second, 'A-2'))!.id);
    expect([placing.placed, placing.leftOut, filing, given]).toEqual([0, 3, null, []]);
  });

  it('that a crash cut short is ended, whatever came into force meanwhile', async () => {
    const { planId, decisionId } = await allowed();
    const dying = { ...taking(), fleet: { ...at.world.fleet, place: () => Promise.reject(new Error('killed')) } };
    await expect(carryOut(dying, call, planId, decisionId)).rejects.toThrow('killed');
    await at.enforce('All jobs must run in eu-west-1.');
    expect((await out(planId, decisionId)).placing.placed).toBe(3);
  });

  it('asks again for what is in force, not for who holds which role: answers that were given stand', async () => {
    await at.enforce('Plans that move more than 1 job must be approved by an operator.');
    const planId = await at.planned(moves);
    await at.question(planId, { id: 'A-0' });
    const { role } = (await at.asked(planId, 'A-0'))!.judgement!.approvers[0]!;
    await openRoles(at.store).grant(role, 'ann');
    given = [];
    await at.question(planId, { id: 'A-2' });
    const decision = (await at.asked(planId, 'A-2'))!;
    expect(decision.status).toBe('approved');
    await openRoles(at.store).revoke(role, 'ann');
    expect((await out(planId, decision.id)).placing.placed).toBe(3);
  });

  it('holds a decision of before judgements were kept against the policy of today', async () => {
    const { planId, decisionId } = await allowed();
    const { judgement: _, ...bare } = (await at.store.collection(DECISIONS).get(decisionId))!.value;
    await at.store.collection(DECISIONS).put(decisionId, bare);
    await at.enforce('All jobs must run in eu-west-1.');
    await expect(out(planId, decisionId)).rejects.toMatchObject({ code: 'forbidden' });
    await at.enforce('Batch jobs may wait up to 6 hours. All jobs must run in eu-west-1 or eu-north-1.');
    expect((await out(planId, decisionId)).placing.placed).toBe(3);
  });

  it('needs as many answers where the policy refuses only what was not approved anyway', async () => {
    const some = await allowed({ status: 'partly-approved', votes: [vote('ann', { only: ['job-2'] })] });
    await at.enforce('All jobs must run in eu-west-1. Plans that cost more than £1 need approval by two people.');
    await expect(out(some.planId, some.decisionId)).rejects.toMatchObject({
      ...{ code: 'forbidden', remedy: `Ask anew: request_approval for ${some.planId}, or caco launch.` },
    });
  });

  it('goes on where the policy of today allows it all', async () => {
    const all = await allowed();
    const ruled = await at.planned(moves);
    const byRule = await decide(at.world, call, { planId: ruled, runId: await at.run('auto'), approvalId: null });
    await at.enforce('Batch jobs may wait up to 6 hours.');
    expect((await out(all.planId, all.decisionId)).placing.placed).toBe(3);
    expect((await out(ruled, byRule!.id)).placing.leftOut).toBe(3);
  });

  it('needs the answers that the policy of today demands', async () => {
    const alone = await allowed();
    const both = await at.planned(moves);
    await at.question(both, { id: 'A-2', votes: [vote('ann'), vote('ben')] });
    const decision = await at.asked(both, 'A-2');
    const byRule = await decide(at.world, call, {
      planId: alone.planId,
      runId: await at.run('auto'),
      approvalId: null,
    });
    await at.enforce(
      'Plans that cost more than £1 need approval by two people. Moves of more than 1 job need sign-off by two people.',
    );
    for (const decisionId of [alone.decisionId, byRule!.id])
      await expect(out(alone.planId, decisionId)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(
          /^the policy has changed since decision D-\w+: the plan comes to 10(?:\.0)? GBP.*; the plan comes to 2 moved jobs/,
        ),
      });
    expect(given).toEqual([]);
    expect((await out(both, decision!.id)).placing.placed).toBe(3);
  });

  it('ends where the policy of today refuses the plan as a whole, with each of its sentences', async () => {
    given = [];
    const planId = await at.planned([{ to: 'eu-north-1', beforeKg: 1, kg: 3 }, { delayHours: 3 }]);
    await at.question(planId);
    const decision = (await at.asked(planId))!;
    await at.enforce('Each team has a ceiling of 2 kg CO2e per day. Each team has a ceiling of 9 kg CO2e per month.');
    const word = 'web in the period from 2026-06-01 comes to 4 of 2 kg CO2e';
    await expect(out(planId, decision.id)).rejects.toMatchObject({
      ...{ code: 'forbidden', message: expect.stringContaining(`since decision ${decision.id}: ${word}`) },
    });
    await at.enforce('Each team has a ceiling of 2 kg CO2e per day. No jobs may run in eu-north-1.');
    const both = await out(planId, decision.id).catch((error: Error) => error.message);
    expect(both).toMatch(/comes to 4 of 2 kg CO2e\. Policy .*”; 1 job: the plan puts them in eu-north-1/);
    expect(given).toEqual([]);
  });

  it('that was begun is ended, whatever came into force meanwhile, and happens once', async () => {
    const { planId, decisionId } = await allowed();
    const first = await out(planId, decisionId);
    await at.enforce('All jobs must run in eu-west-1.');
    expect(await out(planId, decisionId)).toEqual(first);
    expect(given).toHaveLength(3);
  });
});
