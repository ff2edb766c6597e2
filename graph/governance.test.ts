/** Governance through real parts: store, LangGraph's SQLite saver, policies in force, people in other processes, and kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { JOBS } from '../domain/job.js';
import { PLANS, RECOMMENDATIONS } from '../domain/plan.js';
import { plusHours } from '../domain/time.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-governance-'));
const opened: App[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const app of opened.splice(0)) await app.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = async (home: string) => {
  const { config, settings } = readConfig({ home: join(folder, home) }, {}, folder);
  const app = await openApp(config, settings);
  opened.push(app);
  return app;
};
const by = (id: string) => ({ actor: { id, via: 'cli' as const } });
const enforce = async (app: App, text: string, meanings: unknown[] = []) => {
  const { setId } = (await app.call('ingest_policy', { text, name: 'rules.md', tz: 'Europe/London' }, by('ann'))) as {
    setId: string;
  };
  await app.call('confirm_policy', { setId, meanings }, by('ann'));
  return setId;
};
const placings = async (app: App) =>
  (await app.world.ledger.read(0, 1000)).filter((e) => e.body.kind === 'place_jobs').length;
const yes = (app: App, approvalId: string | null, who: string, only: string[] | null = null) =>
  app.orchestrator.answer({ id: approvalId!, decision: 'approve', why: 'fine', only }, by(who));

/** Starts the waiting process and answers what it says; it is still alive then. */
const waitingElsewhere = (
  home: string,
): Promise<{ child: ChildProcess; runId: string; approvalId: string; status: string }> =>
  new Promise((resolve, reject) => {
    const script = new URL('./fixtures/waiting.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--import', 'tsx', script, join(folder, home), '3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let text = '';
    child.stdout!.on('data', (piece: Buffer) => {
      text += piece.toString();
      if (text.includes('\n')) resolve({ child, ...JSON.parse(text) });
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code}`)));
  });

describe('an approval that is pending', () => {
  it('survives kill -9; another process approves, and the deed happens once', async () => {
    const { child, runId, approvalId, status } = await waitingElsewhere('killed');
    expect(status).toBe('waiting');
    const dead = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await dead;
    const app = await open('killed');
    expect(await placings(app)).toBe(0);
    const { run } = await yes(app, approvalId, 'bob');
    expect(run).toMatchObject({ id: runId, status: 'done' });
    expect(await placings(app)).toBe(1);
    await expect(yes(app, approvalId, 'cleo')).rejects.toMatchObject({ code: 'conflict' });
    expect((await app.orchestrator.resume(runId, by('bob'))).status).toBe('done');
    expect(await placings(app)).toBe(1);
  });

  it('is answered while the process that asked still lives, by another one', async () => {
    const { approvalId } = await waitingElsewhere('alive');
    const app = await open('alive');
    expect((await yes(app, approvalId, 'bob')).run!.status).toBe('done');
    expect(await placings(app)).toBe(1);
  });

  it('of two answers at the same moment settles once and places once', async () => {
    const app = await open('race');
    const waiting = await app.orchestrator.launch({ horizonHours: 3, approval: 'ask' }, by('ann'));
    const both = await Promise.allSettled([yes(app, waiting.approvalId, 'bob'), yes(app, waiting.approvalId, 'cleo')]);
    expect(both.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    expect(await placings(app)).toBe(1);
  });

  it('binds to the plan: a changed plan asks again, and the old question is closed', async () => {
    const app = await open('changed');
    const waiting = await app.orchestrator.launch({ horizonHours: 3, approval: 'ask' }, by('ann'));
    const { store } = app.world;
    const plan = (await store.collection(PLANS).get(waiting.planId!))!.value;
    await store.collection(PLANS).put(plan.id, { ...plan, digest: 'f'.repeat(64) });
    await expect(yes(app, waiting.approvalId, 'bob')).rejects.toMatchObject({ code: 'conflict' });
    const again = await app.orchestrator.resume(waiting.id, by('ann'));
    expect(again.status).toBe('waiting');
    expect(again.approvalId).not.toBe(waiting.approvalId);
    await expect(yes(app, waiting.approvalId, 'bob')).rejects.toMatchObject({ code: 'conflict' });
    expect(await placings(app)).toBe(0);
    // The new plan is placed on the new answer; that its digest was forged here is found when its saving is to be verified.
    await expect(yes(app, again.approvalId, 'bob')).rejects.toMatchObject({ code: 'conflict' });
    const decisions = (await store.collection(DECISIONS).list()).map((d) => d.value);
    expect(decisions).toEqual([
      expect.objectContaining({ status: 'approved', by: ['bob'], planDigest: 'f'.repeat(64) }),
    ]);
    expect(await placings(app)).toBe(1);
  });
});

describe('a policy in force', () => {
  it('asks for four eyes: two people, not one twice', async () => {
    const app = await open('four-eyes');
    await enforce(app, 'Plans that cost more than £1 need approval by two people.');
    const waiting = await app.orchestrator.launch({ horizonHours: 3, approval: 'auto' }, by('ann'));
    expect(waiting.status).toBe('waiting');
    const approval = (await app.world.store.collection(APPROVALS).get(waiting.approvalId!))!.value;
    expect(approval.approvalsNeeded).toBe(2);
    expect(approval.reasons.join(' ')).toContain('“Plans that cost more than £1 need approval by two people.”');
    expect((await yes(app, waiting.approvalId, 'bob')).run).toBeNull();
    await expect(yes(app, waiting.approvalId, 'bob')).rejects.toMatchObject({ code: 'conflict' });
    expect(await placings(app)).toBe(0);
    const { run } = await yes(app, waiting.approvalId, 'cleo');
    expect(run!.status).toBe('done');
    const decision = (await app.world.store.collection(DECISIONS).get(run!.decisionId!))!.value;
    expect(decision.by).toEqual(['bob', 'cleo']);
  });

  it('refuses with the sentence and the jobs; what it allows can be approved, and nothing else moves', async () => {
    const app = await open('trim');
    const { store } = app.world;
    const probe = await app.orchestrator.launch({ horizonHours: 12, approval: 'ask' }, by('ann'));
    const moved: { jobId: string; kind: string }[] = [];
    const probed = (await store.collection(PLANS).get(probe.planId!))!.value;
    for await (const page of store.rows(RECOMMENDATIONS).pages(probed.id))
      for (const r of page)
        moved.push({ jobId: r.jobId, kind: (await store.rows(JOBS).find(probed.workloadId, r.jobId))!.kind });
    const kinds = new Set(moved.map((m) => m.kind));
    expect(kinds.size).toBeGreaterThan(1);
    const forbidden = moved[0]!.kind;
    await app.orchestrator.answer(
      { id: probe.approvalId!, decision: 'reject', why: 'only to look', only: null },
      by('bob'),
    );
    // The plan was made before this policy: it is judged by what is in force when it is taken up.
    await enforce(app, 'Sacred jobs must never be moved.', [{ term: 'kind:sacred', kinds: [forbidden] }]);
    const waiting = await app.orchestrator.launch({ planId: probed.id, horizonHours: 12, approval: 'ask' }, by('ann'));
    expect(waiting.status).toBe('waiting');
    const { run } = await yes(app, waiting.approvalId, 'bob', null);
    expect(run!.status).toBe('done');
    const decision = (await store.collection(DECISIONS).get(run!.decisionId!))!.value;
    const allowed = moved.filter((m) => m.kind !== forbidden).map((m) => m.jobId);
    expect(decision.status).toBe('partly-approved');
    expect([...decision.jobs!].sort()).toEqual(allowed.sort());
  });

  it('that changed while a question waited is judged anew with the plan', async () => {
    const app = await open('expired');
    const waiting = await app.orchestrator.launch({ horizonHours: 3, approval: 'ask' }, by('ann'));
    const approval = (await app.world.store.collection(APPROVALS).get(waiting.approvalId!))!.value;
    await app.world.clock.waitUntil(plusHours(approval.expiresAt, 1));
    await expect(yes(app, waiting.approvalId, 'bob')).rejects.toMatchObject({ code: 'conflict' });
    expect((await app.orchestrator.resume(waiting.id, by('ann'))).status).toBe('refused');
    expect(await placings(app)).toBe(0);
  });
});
