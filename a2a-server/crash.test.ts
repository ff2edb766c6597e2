/** A process killed between a message and its answer, and between an answer and its push: what was asked happens once, and is told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Task, TaskState } from '@a2a-js/sdk';
import { afterEach, expect, it } from 'vitest';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { APPROVALS } from '../domain/decision.js';
import { WORKLOADS } from '../domain/job.js';
import { RUNS } from '../domain/run.js';
import { clientOf, sending } from './fixtures/agents.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const homes: string[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

/** `caco serve` as a process of its own, and the address that it printed. */
const serve = async (home: string, env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'serve', '--port', '0', '--json'], {
    cwd: root,
    env: { ...process.env, CACO_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string];
  return {
    url: (JSON.parse(line) as { url: string }).url,
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
};
const freshHome = () => {
  const home = mkdtempSync(join(tmpdir(), 'caco-a2a-crash-'));
  homes.push(home);
  return home;
};
const kept = async <R>(home: string, look: (app: Awaited<ReturnType<typeof openApp>>) => Promise<R>): Promise<R> => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  const app = await openApp(config, settings);
  try {
    return await look(app);
  } finally {
    await app.close();
  }
};
const stateOf = (task: Task) => task.status?.state;

it('killed between message and answer, a plan is made once, its question asked once, and the message sent again finds it', async () => {
  const home = freshHome();
  const first = await serve(home);
  const message = sending(
    { command: 'run_caco_planning', horizon_hours: 6, approval: 'ask' },
    {},
    { returnImmediately: true },
  );
  const peer = await clientOf(first.url, 'coordination', 'JSONRPC');
  const begun = (await peer.sendMessage(message)) as Task;
  await first.kill();
  expect([TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING]).toContain(stateOf(begun));

  const second = await serve(home);
  const again = await clientOf(second.url, 'coordination', 'HTTP+JSON');
  expect(((await again.sendMessage(message)) as Task).id).toBe(begun.id);
  await expect
    .poll(async () => stateOf(await again.getTask({ tenant: '', id: begun.id })), { interval: 500 })
    .toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
  await second.kill();

  // A question that waits is followed by whoever comes next, and its person is asked no second time.
  const third = await serve(home);
  const still = await (await clientOf(third.url, 'coordination', 'JSONRPC')).getTask({ tenant: '', id: begun.id });
  expect(stateOf(still)).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
  await third.kill();
  await kept(home, async ({ world }) => {
    expect(await world.store.collection(RUNS).list()).toHaveLength(1);
    expect(await world.store.collection(APPROVALS).list()).toHaveLength(1);
  });
});

it('killed while it takes jobs in, they are in one workload, and the task says so', async () => {
  const home = freshHome();
  const first = await serve(home);
  const jobs = Array.from({ length: 3000 }, (_, i) => ({ id: `job-${i}`, duration_hours: 1, power_kw: 2 }));
  const message = sending({ command: 'ingest_jobs', jobs }, {}, { returnImmediately: true });
  const begun = (await (await clientOf(first.url, 'compute', 'JSONRPC')).sendMessage(message)) as Task;
  await first.kill();
  const second = await serve(home);
  const again = await clientOf(second.url, 'compute', 'JSONRPC');
  await expect
    .poll(async () => stateOf(await again.getTask({ tenant: '', id: begun.id })), { interval: 200 })
    .toBe(TaskState.TASK_STATE_COMPLETED);
  expect(((await again.sendMessage(message)) as Task).id).toBe(begun.id);
  await second.kill();
  await kept(home, async ({ world }) => {
    const workloads = (await world.store.collection(WORKLOADS).list()).map(({ value }) => value.jobs);
    expect(workloads).toEqual([3000]);
  });
});

it('killed between answer and push, each event is told in the end, in order', async () => {
  let isUp = false;
  const heard: string[] = [];
  const receiver = createServer((req, res) => {
    if (isUp) heard.push(String(req.headers['caco-notification-id']));
    req.resume();
    res.writeHead(isUp ? 200 : 503).end();
  });
  await new Promise<void>((ready) => receiver.listen(0, '127.0.0.1', ready));
  const origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const home = freshHome();
  const env = { CACO_A2A_ORIGINS: origin };
  try {
    const first = await serve(home, env);
    const taskPushNotificationConfig = { id: randomUUID(), url: `${origin}/hook`, token: 'theirs' };
    const command = { command: 'ingest_jobs', jobs: [{ id: 'a', duration_hours: 1, power_kw: 2 }] };
    const peer = await clientOf(first.url, 'compute', 'JSONRPC');
    const task = (await peer.sendMessage(sending(command, {}, { taskPushNotificationConfig }))) as Task;
    expect(stateOf(task)).toBe(TaskState.TASK_STATE_COMPLETED);
    await first.kill();
    expect(heard).toEqual([]);
    isUp = true;
    await serve(home, env);
    // The task, its working, its artefact, its end.
    await expect.poll(() => [...new Set(heard)], { interval: 500 }).toEqual([0, 1, 2, 3].map((n) => `${task.id}/${n}`));
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
});
