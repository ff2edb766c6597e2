/** Forgetting through the front door: a real store, real runs. What was proven outlives what it was planned with. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { PLACEMENTS } from '../domain/plan.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-prune-'));
const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = async (home: string, more: object = {}) => {
  const { config, settings } = readConfig({ home: join(folder, home), ...more }, {}, folder);
  const app = await openApp(config, settings);
  opened.push(app);
  return app;
};
const ann = { id: 'ann', via: 'cli' } as const;
const by = { actor: ann };
const { signal } = new AbortController();
const launched = (app: App, more: object = {}) =>
  app.orchestrator.launch({ horizonHours: 6, approval: 'auto', ...more }, by);
const all = { keepHours: 0, dryRun: false, signal };

/** Keeps what it is given, and whether it was ended. */
const memory = () => {
  const texts = new Map<string, string>();
  const ended: string[] = [];
  return {
    texts,
    ended,
    write: async (id: string, lines: string) => void texts.set(id, (texts.get(id) ?? '') + lines),
    end: async (id: string) => void ended.push(id),
  };
};

it('lets a verified plan go with its rows, and keeps ledger, evidence, books and the record of it', async () => {
  const app = await open('whole');
  const { store, ledger } = app.world;
  const run = await launched(app);
  expect(run.status).toBe('done');
  const planId = run.planId!;
  const proven = async () => app.call('list_verifications', {}, by);
  const [before, size] = [await proven(), await store.size()];
  const [record] = before.verifications;

  const looked = await app.prune({ ...all, dryRun: true }, ann);
  expect(looked.plans).toEqual([planId]);
  expect(await store.rows(PLACEMENTS).count(planId)).toBeGreaterThan(0);

  const archive = memory();
  const went = await app.prune({ ...all, archive }, ann);
  expect(went).toMatchObject({ plans: [planId], runs: [run.id], rows: looked.rows, kept: [] });
  expect(archive.ended).toContain(planId);
  expect(await store.rows(PLACEMENTS).count(planId)).toBe(0);
  expect(await store.shrink()).toBe(true);
  expect(await store.size()).toBeLessThan(size);

  expect(await proven()).toEqual(before);
  expect(await app.call('recompute_evidence', { evidenceId: record!.id }, by)).toMatchObject({ ok: true });
  expect(await app.call('audit_ledger', {}, by)).toMatchObject({ ok: true, size: await ledger.size() });

  // Whoever asks hears what became of it, and the archive is known by the digest that the ledger holds.
  await expect(app.call('explain_plan', { planId }, by)).rejects.toThrow(`plan ${planId} was pruned at`);
  await expect(app.orchestrator.resume(run.id, by)).rejects.toThrow(`run ${run.id} was pruned at`);
  const entry = (await ledger.read(0, 1000)).find(({ body }) => body.kind === 'pruned' && body.subject === planId)!;
  const digest = createHash('sha256').update(archive.texts.get(planId)!).digest('hex');
  expect(entry.body).toMatchObject({ actor: 'cli:ann', data: { digest, verificationId: record!.id } });

  const again = await app.prune(all, ann);
  expect(again).toMatchObject({ plans: [], workloads: [], runs: [], rows: 0 });
});

it('keeps what is young, what waits for a person, and what was carried out and is not verified', async () => {
  const app = await open('needed');
  const run = await launched(app);
  expect((await app.prune({ ...all, keepHours: 24 * 90 }, ann)).plans).toEqual([]);
  await app.prune(all, ann);

  // The world is open at its first instant again: a plan of an hour that is to come is young, whatever is kept.
  const waiting = await open('needed', { now: '2022-06-02T00:00:00Z' });
  const asked = await launched(waiting, { approval: 'ask' });
  expect(asked.status).toBe('waiting');
  const later = await open('needed', { now: '2022-06-20T00:00:00Z' });
  const went = await later.prune(all, ann);
  expect(went.plans).toEqual([]);
  expect(went.kept).toEqual([{ planId: asked.planId, why: `its run is waiting: caco resume ${asked.id}` }]);
  expect(run.planId).not.toBe(asked.planId);
});

it('takes nothing away that it could not archive', async () => {
  const app = await open('archive');
  const run = await launched(app);
  const broken = { write: async () => {}, end: () => Promise.reject(new Error('no room')) };
  await expect(app.prune({ ...all, archive: broken }, ann)).rejects.toThrow('no room');
  expect(await app.call('explain_plan', { planId: run.planId! }, by)).toBeDefined();
  expect(await app.world.store.rows(PLACEMENTS).count(run.planId!)).toBeGreaterThan(0);
});
