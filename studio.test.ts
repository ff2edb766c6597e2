/**
 * The graph for LangGraph's own tools: the home that it may open, and, where their command line is installed, a thread over its HTTP API:
 * edited in every way that places nothing, and walked honestly to its end. CACO_LANGGRAPH_CLI names the folder that it was installed into.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@langchain/langgraph-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { openApp } from './app.js';
import { readConfig } from './config.js';
import { DECISIONS } from './domain/decision.js';
import { RUNS } from './domain/run.js';
import { openStudio, rowFor } from './studio.js';

const root = fileURLToPath(new URL('.', import.meta.url));
const folders: string[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) end(child);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
/** The command line hands its work to processes of its own, which would outlive it. */
const end = ({ pid }: ChildProcess) => {
  try {
    process.kill(-pid!, 'SIGKILL');
  } catch {
    // It has ended.
  }
};
const fresh = () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-studio-'));
  folders.push(folder);
  return folder;
};

describe('the home of the studio', () => {
  it('is a simulated world of its own, where a run gets a row that asks a person', async () => {
    const home = join(fresh(), 'studio');
    const app = await openStudio({ CACO_STUDIO_HOME: home, CACO_GRID: 'live', CACO_FLEET: 'slurm' }, home);
    try {
      expect(app.config).toMatchObject({ fleet: 'sim', simulate: 'all', tickets: 'files' });
      await rowFor(app, 'thread-1');
      await rowFor(app, 'thread-1');
      expect((await app.world.store.collection(RUNS).list()).map(({ value }) => value.approvalMode)).toEqual(['ask']);
    } finally {
      await app.close();
    }
    await (await openStudio({ CACO_STUDIO_HOME: home }, home)).close();
  });

  it('is none that holds anybody’s data', async () => {
    const home = fresh();
    const { config, settings } = readConfig({ home }, {}, home);
    await (await openApp(config, settings)).close();
    await expect(openStudio({ CACO_STUDIO_HOME: home }, home)).rejects.toMatchObject({ code: 'forbidden' });
  });
});

const CLI = process.env.CACO_LANGGRAPH_CLI;
const bin = CLI === undefined ? '' : join(CLI, 'node_modules/.bin/langgraphjs');
const isThere = bin !== '' && existsSync(bin);
if (!isThere)
  console.warn(
    'skipped: LangGraph’s command line is not installed (CACO_LANGGRAPH_CLI names its folder), so no thread is walked over it',
  );

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

describe.runIf(isThere)('a thread over the development server', () => {
  it('places nothing however its state is edited, and is carried out once a person has answered', async () => {
    const home = join(fresh(), 'studio');
    const ignored = readFileSync(join(root, '.gitignore'), 'utf8');
    const port = await freePort();
    const child = spawn(bin, ['dev', '--host', '127.0.0.1', '--port', String(port), '--no-browser', '--no-reload'], {
      cwd: root,
      env: { ...process.env, CACO_STUDIO_HOME: home, LANGGRAPH_CLI_NO_ANALYTICS: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    });
    children.push(child);
    const apiUrl = `http://127.0.0.1:${port}`;
    try {
      await expect
        .poll(
          () =>
            fetch(`${apiUrl}/ok`).then(
              ({ ok }) => ok,
              () => false,
            ),
          { interval: 500 },
        )
        .toBe(true);
      const { threads, runs } = new Client({ apiUrl });
      const input = { kind: 'plan', from: '2022-05-25T00:00:00Z', horizonHours: 3, approvalMode: 'ask', request: {} };
      const waiting = async () => {
        const { thread_id: id } = await threads.create();
        await runs.wait(id, 'caco', { input });
        expect((await threads.getState(id)).next).toEqual(['governance-ask']);
        return id;
      };
      const placed = async () => {
        const { config, settings } = readConfig({ home, fleet: 'sim', simulate: 'all' }, {}, home);
        const app = await openApp(config, settings);
        const entries = await app.world.ledger.read(0, 10_000);
        const decisions = (await app.world.store.collection(DECISIONS).list()).map(({ value }) => value);
        await app.close();
        return { orders: entries.filter(({ body }) => body.kind === 'place_jobs').length, decisions };
      };
      const tried = (id: string, command: object) => runs.wait(id, 'caco', { command } as never).catch(() => null);
      await tried(await waiting(), { goto: 'executor' });
      await tried(await waiting(), { resume: { approve: true } });
      for (const [as, values] of [
        ['governance', { outcome: 'approve', verdict: { outcome: 'approve' }, approvalMode: 'auto' }],
        ['governance-record', { decision: 'approved', decisionId: 'D-00000000', planDigest: 'x' }],
      ] as const) {
        const id = await waiting();
        await threads.updateState(id, { values, asNode: as });
        await runs.wait(id, 'caco', { input: null }).catch(() => null);
      }
      expect(await placed()).toEqual({ orders: 0, decisions: [] });

      const honest = await waiting();
      const { planId } = (await threads.getState(honest)).values as { planId: string };
      const { config, settings } = readConfig({ home, fleet: 'sim', simulate: 'all' }, {}, home);
      const app = await openApp(config, settings);
      const by = { actor: { id: 'ann', via: 'cli' as const } };
      const { approval } = await app.call('request_approval', { planId, reasons: ['seen in the studio'] }, by);
      await app.orchestrator.answer({ id: approval.id, decision: 'approve', why: 'seen', only: null }, by);
      await app.close();
      const { values } = await threads.getState(honest);
      expect(values).toMatchObject({ planId });
      await runs.wait(honest, 'caco', { command: { resume: { planId } } });
      expect((await threads.getState(honest)).next).toEqual([]);
      expect(await placed()).toMatchObject({
        orders: 1,
        decisions: expect.arrayContaining([expect.objectContaining({ planId, status: 'approved' })]),
      });
    } finally {
      end(child);
      writeFileSync(join(root, '.gitignore'), ignored);
      rmSync(join(root, '.langgraph_api'), { recursive: true, force: true });
    }
  });
});
