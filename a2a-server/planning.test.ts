/** Planning tasks: the question before a person, the answer at another door, withdrawing, who is told by push, and one that is stopped. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { afterEach, expect, it } from 'vitest';
import { AGENTS } from '../domain/agents.js';
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { BINDINGS, clientOf, dataOf, openScene, type Scene, sending, throwAway } from './fixtures/agents.js';
import { ordersPlaced } from './fixtures/orders.js';
import { A2A_LETTERS, A2A_PUSH_CONFIGS } from './kept.js';

const open: { close(): Promise<void> | void }[] = [];
let home = '';
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  if (home !== '') throwAway(home);
  home = '';
});
const scened = async (over: Record<string, unknown> = {}): Promise<Scene> => {
  const scene = await openScene(over);
  open.push(scene);
  home = scene.home;
  return scene;
};

/** A receiver of pushes, and what it heard. */
const receiver = async (status = () => 200) => {
  const heard: { headers: IncomingHttpHeaders; event: StreamResponse }[] = [];
  const server = createServer(async (req, res) => {
    let text = '';
    for await (const piece of req) text += piece;
    const code = status();
    if (code === 200) heard.push({ headers: req.headers, event: StreamResponse.fromJSON(JSON.parse(text)) });
    res.writeHead(code).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const one = { origin, heard, close: () => new Promise<void>((done) => server.close(() => done())) };
  open.push(one);
  return one;
};

const PLANNING = { command: 'run_caco_planning', horizon_hours: 3, approval: 'ask' };
const task = (result: unknown): Task => result as Task;
const stateOf = (of: Task) => of.status?.state;
const { TASK_STATE_INPUT_REQUIRED, TASK_STATE_COMPLETED, TASK_STATE_REJECTED, TASK_STATE_CANCELED } = TaskState;

const following = async (peer: Client, id: string) => {
  const events: StreamResponse[] = [];
  for await (const event of peer.resubscribeTask({ tenant: '', id })) events.push(event);
  return events;
};
const answer = async (scene: Scene, approvalId: string, decision: 'approve' | 'reject') => {
  const { secret } = await scene.app.tokens.create({ scope: 'approve', owner: 'boss' });
  return fetch(`${scene.server.url}/approvals/${approvalId}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ decision, why: 'seen' }),
  });
};
const askedOf = (of: Task) => {
  const content = of.status?.message?.parts.find((part) => part.content?.$case === 'data')?.content;
  return content?.$case === 'data' ? content.value : null;
};

/** A model that holds its answer back until the test is over. */
const holding = async () => {
  const server = createServer((req) => req.resume());
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const WORDS = 'When is electricity cleanest today in GB, and what has my marigold to do with it?';
it('a task that is under way is followed, told to its push address and taken back, at each agent over each binding', async () => {
  const box = await receiver();
  const scene = await scened({
    a2aOrigins: box.origin,
    model: 'ollama/holding',
    ollamaHost: await holding(),
    modelTimeoutS: 600,
  });
  for (const agent of AGENTS)
    for (const binding of BINDINGS) {
      const at = `${agent} over ${binding}`;
      const peer = await clientOf(scene.server.url, agent, binding);
      const { id } = task(await peer.sendMessage(sending(WORDS, {}, { returnImmediately: true })));
      const push = { tenant: '', id: '', taskId: id, url: `${box.origin}/hook`, token: at, authentication: undefined };
      const config = await peer.createTaskPushNotificationConfig(push);
      expect([at, config.token, config.taskId]).toEqual([at, '***', id]);
      const stream = peer.resubscribeTask({ tenant: '', id });
      const { value: first } = await stream.next();
      expect([at, first?.payload?.$case]).toEqual([at, 'task']);
      expect(stateOf(await peer.cancelTask({ tenant: '', id, metadata: undefined }))).toBe(TASK_STATE_CANCELED);
      const rest: StreamResponse[] = [];
      for await (const event of stream) rest.push(event);
      const last = rest.at(-1)?.payload;
      expect([at, last?.$case === 'statusUpdate' && last.value.status?.state]).toEqual([at, TASK_STATE_CANCELED]);
      await expect
        .poll(() => box.heard.filter(({ headers }) => headers['x-a2a-notification-token'] === at).at(-1)?.event.payload)
        .toMatchObject({ $case: 'statusUpdate', value: { taskId: id, status: { state: TASK_STATE_CANCELED } } });
    }
});

it.each(BINDINGS)(
  'over %s a plan waits for a person, no message decides it, and it goes on when the person has',
  async (binding) => {
    const scene = await scened();
    const peer = await clientOf(scene.server.url, 'coordination', binding);
    const waiting = task(await peer.sendMessage(sending(PLANNING)));
    expect(stateOf(waiting)).toBe(TASK_STATE_INPUT_REQUIRED);
    const asked = askedOf(waiting);
    const approval = (await scene.app.world.store.collection(APPROVALS).get(asked.approval_id))!.value;
    expect(asked).toMatchObject({ plan_id: approval.planId, plan_digest: approval.planDigest });
    expect(waiting.artifacts.map(({ name }) => name)).toEqual(['schedule', 'offers']);

    for (const words of ['yes, I approve this plan', { command: 'approve', id: asked.approval_id }]) {
      const still = task(await peer.sendMessage(sending(words, { taskId: waiting.id, contextId: waiting.contextId })));
      expect(stateOf(still)).toBe(TASK_STATE_INPUT_REQUIRED);
    }
    expect(await scene.app.world.store.collection(DECISIONS).list()).toEqual([]);
    expect(await ordersPlaced(scene.app)).toBe(0);

    const followed = following(peer, waiting.id);
    expect((await answer(scene, asked.approval_id, 'approve')).status).toBe(200);
    const events = await followed;
    expect(events[0]?.payload?.$case).toBe('task');
    const last = events.at(-1)?.payload;
    expect(last?.$case === 'statusUpdate' && last.value.status?.state).toBe(TASK_STATE_COMPLETED);
    const done = await peer.getTask({ tenant: '', id: waiting.id });
    expect(done.artifacts.map(({ name }) => name)).toEqual(['schedule', 'offers', 'evidence']);
    expect(dataOf(done, 'evidence')).toMatchObject({ planId: approval.planId });
    expect(await ordersPlaced(scene.app)).toBe(1);
  },
);

it('a plan that a person refuses, or that is taken back, is carried out by nobody', async () => {
  const scene = await scened();
  const peer = await clientOf(scene.server.url, 'coordination', 'JSONRPC');
  const first = task(await peer.sendMessage(sending(PLANNING)));
  const cancelled = await peer.cancelTask({ tenant: '', id: first.id, metadata: undefined });
  expect(stateOf(cancelled)).toBe(TASK_STATE_CANCELED);
  expect(await peer.cancelTask({ tenant: '', id: first.id, metadata: undefined })).toMatchObject({ id: first.id });
  const late = await answer(scene, askedOf(first).approval_id, 'approve');
  expect(late.status).toBe(409);

  const second = task(await peer.sendMessage(sending(PLANNING)));
  expect(askedOf(second).approval_id).not.toBe(askedOf(first).approval_id);
  expect((await answer(scene, askedOf(second).approval_id, 'reject')).status).toBe(200);
  await following(peer, second.id).catch(() => {});
  await expect.poll(async () => stateOf(await peer.getTask({ tenant: '', id: second.id }))).toBe(TASK_STATE_REJECTED);
  expect(await ordersPlaced(scene.app)).toBe(0);
});

it('a task that another process works on is taken back by it', async () => {
  const scene = await scened();
  const beside = await openScene({}, scene.home);
  open.push(beside);
  const one = await clientOf(scene.server.url, 'coordination', 'JSONRPC');
  const two = await clientOf(beside.server.url, 'coordination', 'HTTP+JSON');
  const waiting = task(await one.sendMessage(sending(PLANNING)));
  const { id } = waiting;
  expect(stateOf(await two.cancelTask({ tenant: '', id, metadata: undefined }))).toBe(TASK_STATE_CANCELED);
  expect(stateOf(await one.getTask({ tenant: '', id }))).toBe(TASK_STATE_CANCELED);
  expect((await answer(scene, askedOf(waiting).approval_id, 'approve')).status).toBe(409);
  expect(await ordersPlaced(scene.app)).toBe(0);
});

it('a planning that is under way is stopped by its owner, and a client that leaves stops nothing', async () => {
  const scene = await scened();
  const peer = await clientOf(scene.server.url, 'coordination', 'HTTP+JSON');
  const long = { ...PLANNING, horizon_hours: 500, approval: 'ask' };
  const begun = task(await peer.sendMessage(sending(long, {}, { returnImmediately: true })));
  expect(stateOf(begun)).toBe(TaskState.TASK_STATE_SUBMITTED);
  expect(stateOf(await peer.cancelTask({ tenant: '', id: begun.id, metadata: undefined }))).toBe(TASK_STATE_CANCELED);
  expect(await ordersPlaced(scene.app)).toBe(0);

  const stream = peer.sendMessageStream(sending(PLANNING));
  const { value } = await stream.next();
  const id = value?.payload?.$case === 'task' ? value.payload.value.id : '';
  await stream.return(undefined);
  await expect.poll(async () => stateOf(await peer.getTask({ tenant: '', id }))).toBe(TASK_STATE_INPUT_REQUIRED);
});

it.each(BINDINGS)(
  'over %s push addresses are told everything in order, with their own credentials, which nobody reads back',
  async (binding) => {
    const box = await receiver();
    const scene = await scened({ a2aOrigins: box.origin });
    const peer = await clientOf(scene.server.url, 'coordination', binding);
    const config = {
      ...{ tenant: '', id: 'mine', taskId: '', url: `${box.origin}/hook`, token: 'remember-me' },
      authentication: { scheme: 'Bearer', credentials: 'secret-of-theirs' },
    };
    const waiting = task(await peer.sendMessage(sending(PLANNING, {}, { taskPushNotificationConfig: config })));
    const taskId = waiting.id;
    await expect.poll(() => box.heard.at(-1)?.event.payload?.$case).toBe('statusUpdate');
    expect(box.heard[0]).toMatchObject({
      headers: { authorization: 'Bearer secret-of-theirs', 'x-a2a-notification-token': 'remember-me' },
      event: { payload: { $case: 'task' } },
    });
    const ids = box.heard.map(({ headers }) => Number(String(headers['caco-notification-id']).split('/')[1]));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));

    const shown = await peer.getTaskPushNotificationConfig({ tenant: '', taskId, id: 'mine' });
    expect(shown).toMatchObject({ token: '***', authentication: { credentials: '***' } });
    expect(JSON.stringify(await scene.app.world.store.collection(A2A_PUSH_CONFIGS).list())).not.toMatch(
      /secret-of-theirs|remember-me/,
    );
    const listed = await peer.listTaskPushNotificationConfig({ tenant: '', taskId, pageSize: 10, pageToken: '' });
    expect(listed.configs.map(({ id }) => id)).toEqual(['mine']);
    await peer.deleteTaskPushNotificationConfig({ tenant: '', taskId, id: 'mine' });
    await expect(peer.getTaskPushNotificationConfig({ tenant: '', taskId, id: 'mine' })).rejects.toThrow(
      /no push address/,
    );
  },
);

it.each([
  'not a url',
  'file:///etc/passwd',
  'http://example.com/hook',
  'https://127.0.0.1/hook',
  'https://169.254.169.254/latest',
  'https://localhost/hook',
  'https://ann:pw@example.com/hook',
  'https://[::ffff:10.0.0.1]/',
])('a push address %s is refused when it is given', async (url) => {
  const scene = await scened();
  const peer = await clientOf(scene.server.url, 'grid', 'JSONRPC');
  const command = {
    command: 'get_grid_forecast',
    from: '2022-05-25T00:00:00Z',
    to: '2022-05-25T01:00:00Z',
    region: 'GB',
  };
  const { id } = task(await peer.sendMessage(sending(command)));
  const config = { tenant: '', id: '', taskId: id, url, token: '', authentication: undefined };
  await expect(peer.createTaskPushNotificationConfig(config)).rejects.toThrow(/push address|address/);
  const sent = sending(command, {}, { taskPushNotificationConfig: config });
  await expect(peer.sendMessage(sent)).rejects.toThrow(/address/);
  expect(await scene.app.world.store.collection(A2A_LETTERS).list()).toEqual([]);
});
