/** The three agents as a stranger's client finds and drives them: the SDK's own, over both bindings, beside real parts. */
import { randomUUID } from 'node:crypto';
import { AgentCard, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AGENTS, type AgentName, ForecastAnswer, WaitingAnswer } from '../domain/agents.js';
import {
  BINDINGS,
  type Binding,
  clientOf,
  dataOf,
  openScene,
  type Scene,
  sending,
  throwAway,
} from './fixtures/agents.js';

let scene: Scene;
const tokens: Record<string, string> = {};
beforeAll(async () => {
  scene = await openScene();
  for (const [name, scope] of [
    ['reader', 'read'],
    ['ann', 'operate'],
    ['bob', 'operate'],
  ] as const)
    tokens[name] = (await scene.app.tokens.create({ scope, owner: name })).secret;
});
afterAll(async () => {
  await scene.close();
  throwAway(scene.home);
});

const DAY = { from: '2022-05-25T00:00:00Z', to: '2022-05-26T00:00:00Z' };
const HOURS = 24;
const FORECAST = { command: 'get_grid_forecast', ...DAY, region: 'GB' };
const COMMAND: Record<AgentName, Record<string, unknown>> = {
  grid: FORECAST,
  compute: { command: 'get_waiting_jobs', from: DAY.from, horizon_hours: 3 },
  coordination: { command: 'run_caco_planning', horizon_hours: 3, from: DAY.from },
};
const client = (agent: AgentName, binding: Binding = 'JSONRPC', token?: string): Promise<Client> =>
  clientOf(scene.server.url, agent, binding, token);
const asTask = (result: unknown): Task => {
  expect(result).toHaveProperty('status');
  return result as Task;
};
const all = async (stream: AsyncIterable<StreamResponse>) => {
  const events: StreamResponse[] = [];
  for await (const event of stream) events.push(event);
  return events;
};
const lastState = (events: readonly StreamResponse[]) => {
  const last = events.at(-1)?.payload;
  return last?.$case === 'statusUpdate' || last?.$case === 'task' ? last.value.status?.state : undefined;
};
const rpc = async (agent: string, body: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${scene.server.url}/a2a/${agent}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'a2a-version': '1.0', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify({ jsonrpc: '2.0', id: 1, ...(body as object) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, json: JSON.parse(text) };
};
const saying = (message: object, method = 'SendMessage') => ({
  method,
  params: { message: { messageId: randomUUID(), role: 'ROLE_USER', ...message } },
});

describe('a card', () => {
  it.each(AGENTS)(
    'of the %s agent survives fromJSON and toJSON, names its endpoints and how to show a token',
    async (agent) => {
      const answer = await fetch(`${scene.server.url}/a2a/${agent}/.well-known/agent-card.json`);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
      const card = (await answer.json()) as {
        securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: string } } };
        supportedInterfaces: { url: string }[];
        skills: { examples: string[] }[];
      };
      expect(AgentCard.toJSON(AgentCard.fromJSON(card))).toEqual(card);
      expect(card.securitySchemes.bearer.httpAuthSecurityScheme.scheme).toBe('bearer');
      expect(card.supportedInterfaces.map(({ url }) => url)).toEqual([
        `${scene.server.url}/a2a/${agent}`,
        `${scene.server.url}/a2a/${agent}/rest`,
      ]);
      for (const skill of card.skills) expect(skill.examples.length).toBeGreaterThan(0);
    },
  );

  it('lies at no older path, and is there without a token where all else needs one', async () => {
    expect((await fetch(`${scene.server.url}/a2a/grid/.well-known/agent.json`)).status).toBe(404);
    expect((await fetch(`${scene.server.url}/a2a/grid/.well-known/agent-card.json`)).status).toBe(200);
  });

  it('gives examples that its agent takes', async () => {
    for (const agent of AGENTS)
      for (const { examples } of (await (await client(agent)).getAgentCard()).skills)
        for (const text of examples.filter((one) => one.startsWith('{') && !one.includes('approval'))) {
          const task = asTask(await (await client(agent)).sendMessage(sending(JSON.parse(text))));
          if (!text.includes('get_plan'))
            expect({ text, state: task.status?.state }).toEqual({ text, state: TaskState.TASK_STATE_COMPLETED });
        }
  });
});

describe.each(BINDINGS)('over %s', (binding) => {
  it.each(AGENTS)('the %s agent answers, streams, and shows its tasks', async (agent) => {
    const peer = await client(agent, binding, tokens.ann!);
    const task = asTask(await peer.sendMessage(sending(COMMAND[agent])));
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    const answer = dataOf(task);
    expect(answer).toMatchObject({ ok: true, command: COMMAND[agent].command });
    if (agent === 'grid') expect(ForecastAnswer.parse(answer).points.length).toBeGreaterThanOrEqual(HOURS);
    if (agent === 'compute') expect(WaitingAnswer.parse(answer).jobs.length).toBeGreaterThan(0);
    if (agent === 'coordination') expect(answer.schedule.length).toBeGreaterThan(0);

    const events = await all(peer.sendMessageStream(sending(COMMAND[agent])));
    expect(events[0]?.payload?.$case).toBe('task');
    expect(events.some(({ payload }) => payload?.$case === 'artifactUpdate')).toBe(true);
    expect(lastState(events)).toBe(TaskState.TASK_STATE_COMPLETED);

    const got = await peer.getTask({ tenant: '', id: task.id, historyLength: 1 });
    expect(got.artifacts).toEqual(task.artifacts);
    expect(got.history).toHaveLength(1);
    const page = { tenant: '', contextId: '', status: 0, pageSize: 1, pageToken: '', statusTimestampAfter: undefined };
    const first = await peer.listTasks(page);
    expect(first).toMatchObject({ pageSize: 1, tasks: [{ artifacts: [] }] });
    const second = await peer.listTasks({ ...page, pageToken: first.nextPageToken, includeArtifacts: true });
    expect(second.tasks[0]?.id).not.toBe(first.tasks[0]?.id);
    expect(second.tasks[0]?.artifacts.length).toBeGreaterThan(0);
    expect(
      (await peer.listTasks({ ...page, contextId: task.contextId, pageSize: 50 })).tasks.map(({ id }) => id),
    ).toEqual([task.id]);
    await expect(peer.cancelTask({ tenant: '', id: task.id, metadata: undefined })).rejects.toThrow(/is over/);
    await expect(all(peer.resubscribeTask({ tenant: '', id: task.id }))).rejects.toThrow(/terminal state/);
  });

  it('a question in words is answered with figures', async () => {
    const peer = await client('grid', binding);
    const task = asTask(await peer.sendMessage(sending('When is electricity cleanest today in GB?')));
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(dataOf(task)).toMatchObject({ answer: expect.stringMatching(/GB/), usedModel: false });
  });

  it('a message that comes twice begins one task, and its id cannot be used for another', async () => {
    const peer = await client('coordination', binding, tokens.ann!);
    const message = sending(COMMAND.coordination);
    const [one, two] = (await Promise.all([peer.sendMessage(message), peer.sendMessage(message)])).map(asTask);
    expect(two!.id).toBe(one!.id);
    expect(asTask(await peer.sendMessage(message)).id).toBe(one!.id);
    const other = sending({ ...COMMAND.coordination, horizon_hours: 4 }, { messageId: message.message!.messageId });
    await expect(peer.sendMessage(other)).rejects.toThrow(/was used for another message/);
  });

  it('what is someone else’s is not found, by any method', async () => {
    const task = asTask(await (await client('grid', binding, tokens.ann!)).sendMessage(sending(FORECAST)));
    const bob = await client('grid', binding, tokens.bob!);
    const id = task.id;
    await expect(bob.getTask({ tenant: '', id })).rejects.toThrow(/there is no task/);
    await expect(bob.cancelTask({ tenant: '', id, metadata: undefined })).rejects.toThrow(/there is no task/);
    await expect(all(bob.resubscribeTask({ tenant: '', id }))).rejects.toThrow(/there is no task/);
    await expect(bob.sendMessage(sending(FORECAST, { taskId: id }))).rejects.toThrow(/there is no task/);
    const elsewhere = await client('compute', binding, tokens.ann!);
    await expect(elsewhere.getTask({ tenant: '', id })).rejects.toThrow(/there is no task/);
  });

  it('an unknown command, a wrong member and a plan that is not there are told with a remedy', async () => {
    const peer = await client('grid', binding);
    const unknown = asTask(await peer.sendMessage(sending({ command: 'launch_rocket' })));
    expect(unknown.status?.state).toBe(TaskState.TASK_STATE_REJECTED);
    expect(JSON.stringify(unknown.status?.message)).toMatch(/no command.*get_grid_forecast/);
    const wrong = asTask(await peer.sendMessage(sending({ ...FORECAST, region: 7 })));
    expect(dataOf(wrong)).toMatchObject({
      ok: false,
      error: { code: 'invalid-input', message: expect.stringMatching(/region/) },
    });
    const missing = asTask(
      await (await client('coordination', binding)).sendMessage(sending({ command: 'get_plan', plan_id: 'P-NONE' })),
    );
    expect(missing.status?.state).toBe(TaskState.TASK_STATE_FAILED);
  });
});

describe('what is refused', () => {
  it.each([
    ['no parts', { parts: [] }, -32602],
    ['a role of its own', { role: 'emperor', parts: [{ text: 'x' }] }, -32602],
    ['a number for a message id', { messageId: 7, parts: [{ text: 'x' }] }, -32602],
    ['an object for text', { parts: [{ text: { a: 1 } }] }, -32602],
    ['the older shape', { role: 'user', kind: 'message', parts: [{ kind: 'text', text: 'x' }] }, -32602],
    ['words and a command at once', { parts: [{ text: 'x' }, { data: FORECAST }] }, -32602],
    ['an image', { parts: [{ raw: 'AAAA', mediaType: 'image/png' }] }, -32005],
    ['bytes without a type', { parts: [{ raw: 'AAAA' }] }, -32005],
  ])('%s, in words that name it', async (_, message, code) => {
    const { json } = await rpc('grid', saying(message));
    expect(json.error).toMatchObject({ code, message: expect.any(String) });
    expect(JSON.stringify(json)).not.toMatch(/node_modules|object Object|\.ts:\d/);
  });

  it('an answer in a form that is not spoken', async () => {
    const body = saying({ parts: [{ data: FORECAST }] });
    const configuration = { acceptedOutputModes: ['image/png'] };
    const { json } = await rpc('grid', { ...body, params: { ...body.params, configuration } });
    expect(json.error.code).toBe(-32005);
  });

  it('another version, also none at all, by both bindings', async () => {
    const { json } = await rpc('grid', saying({ parts: [{ text: 'x' }] }), { 'a2a-version': '0.3' });
    expect(json.error).toMatchObject({ code: -32009, message: expect.stringMatching(/A2A-Version: 1\.0/) });
    const rest = await fetch(`${scene.server.url}/a2a/grid/rest/tasks`);
    expect(rest.status).toBe(400);
    expect(await rest.json()).toMatchObject({ error: { code: 400, details: [{ reason: 'VERSION_NOT_SUPPORTED' }] } });
  });

  it('10 MB, and what is no JSON, in our words', async () => {
    const huge = await rpc('grid', JSON.stringify(saying({ parts: [{ text: 'x'.repeat(10_000_000) }] })));
    expect(huge).toMatchObject({ status: 413, json: { detail: expect.stringMatching(/larger than 8388608 bytes/) } });
    expect((await rpc('grid', '{"jsonrpc":')).status).toBe(400);
    expect((await rpc('grid', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)).status).toBe(400);
  });

  it('a token that is unknown (401), and one that may not do it (403), before anything is read', async () => {
    const headers = (token: string) => ({ authorization: `Bearer ${token}` });
    expect((await rpc('grid', saying({ parts: [] }), headers('nobody'))).status).toBe(401);
    const read = headers(tokens.reader!);
    expect((await rpc('grid', saying({ parts: [{ data: FORECAST }] }), read)).status).toBe(200);
    for (const [agent, body] of [
      ['coordination', saying({ parts: [{ data: COMMAND.coordination }] })],
      ['coordination', saying({ parts: [{ text: JSON.stringify(COMMAND.coordination) }] }, 'SendStreamingMessage')],
      ['compute', saying({ parts: [{ data: { command: 'ingest_jobs', jobs: [] } }] })],
      ['grid', { method: 'CancelTask', params: { id: 'x' } }],
      ['grid', { method: 'CreateTaskPushNotificationConfig', params: { taskId: 'x', url: 'https://example.com' } }],
    ] as const) {
      const { status, json } = await rpc(agent, body, read);
      expect({ status, message: json.error.message }).toEqual({
        status: 403,
        message: expect.stringMatching(/operate/),
      });
    }
    for (const path of ['/message:send', '/MESSAGE:SEND/', '/tasks/x:cancel', '/tasks/x/pushNotificationConfigs']) {
      const answer = await fetch(`${scene.server.url}/a2a/coordination/rest${path}`, {
        method: 'POST',
        headers: { ...read, 'content-type': 'application/json', 'a2a-version': '1.0' },
        body: JSON.stringify(saying({ parts: [{ data: COMMAND.coordination }] }).params),
      });
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
    }
  });

  it('a stream of a task that is over, without a word on standard error', async () => {
    const printed = vi.spyOn(console, 'error');
    for (const method of ['SubscribeToTask', 'SendStreamingMessage'])
      expect((await rpc('grid', { method, params: { id: 'none' } })).json.error.code).toBeLessThan(-32000);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it('an unknown method and a task that nobody has', async () => {
    expect((await rpc('grid', { method: 'message/send', params: {} })).json.error.code).toBe(-32601);
    expect((await rpc('grid', { method: 'GetTask', params: { id: 'none' } })).json.error.code).toBe(-32001);
  });
});

describe('a large artefact', () => {
  it('lies at an address that only its owner reads', async () => {
    const jobs = Array.from({ length: 4000 }, (_, i) => ({
      id: `big-${i}`,
      name: 'x'.repeat(200),
      duration_hours: 1,
      power_kw: 1,
    }));
    const peer = await client('compute', 'JSONRPC', tokens.ann!);
    await peer.sendMessage(sending({ command: 'ingest_jobs', jobs }));
    const task = asTask(await peer.sendMessage(sending(COMMAND.compute)));
    const url = dataOf(task) as string;
    expect(url).toMatch(/^http:.*\/artifacts\/answer$/);
    const headers = (name: string) => ({ authorization: `Bearer ${tokens[name]}`, 'a2a-version': '1.0' });
    const read = await fetch(url, { headers: headers('ann') });
    expect(((await read.json()) as { jobs: unknown[] }).jobs).toHaveLength(4000);
    expect((await fetch(url, { headers: headers('bob') })).status).toBe(404);
  });
});
