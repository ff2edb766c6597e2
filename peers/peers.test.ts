/** Coordination that asks other agents: the same plan as in one process, and each way in which a peer lies, breaks off, hangs or is down. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { a2aDoor } from '../a2a-server/a2a-server.js';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { PLANS } from '../domain/plan.js';
import { startHttp } from '../http-server/http-server.js';

const open: (() => Promise<void> | void)[] = [];
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caco-peers-'));
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

const world = async (name: string, over: Record<string, unknown> = {}): Promise<App> => {
  const { config, settings } = readConfig({ home: join(folder, name), logLevel: 'silent', ...over }, {}, folder);
  const app = await openApp(config, settings);
  open.push(() => app.close());
  return app;
};
const serving = async (app: App): Promise<string> => {
  const server = await startHttp(app, { port: 0, a2a: a2aDoor(app, () => {}) });
  open.push(() => server.close());
  return server.url;
};

const AT = '2022-05-25T00:00:00Z';
const jobs = Array.from({ length: 12 }, (_, i) => ({
  ...{ id: `job-${i}`, submitted_at: AT, duration_hours: 1 + (i % 3), power_kw: 20 + i, category: 'sustainable' },
  ...{ deadline: '2022-05-26T12:00:00Z', team: i % 2 === 0 ? 'ml' : 'weather' },
}));
const PLANNING = { command: 'run_caco_planning', horizon_hours: 24, from: AT };
const ann = { actor: { id: 'ann', via: 'cli' as const } };
const ingest = (app: App) => app.agent('compute', { command: 'ingest_jobs', jobs }, ann);
const plan = (app: App) => app.agent('coordination', PLANNING, ann);
const digestOf = async (app: App, answer: Record<string, unknown>) =>
  (await app.world.store.collection(PLANS).get(String(answer.plan_id)))!.value.digest;

/** A peer of our own making: what it answers for its card and for a message. */
const peer = async (answer: (req: IncomingMessage, res: ServerResponse, origin: string) => void): Promise<string> => {
  let origin = '';
  const server = createServer((req, res) => {
    req.resume();
    req.on('end', () => answer(req, res, origin));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return origin;
};
const card = (at: string) => ({
  ...{ name: 'a peer', description: '', version: '1', capabilities: {}, skills: [] },
  supportedInterfaces: [{ url: at, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
});
const send = (res: ServerResponse, value: unknown) =>
  void res
    .writeHead(200, { 'content-type': 'application/json' })
    .end(typeof value === 'string' ? value : JSON.stringify(value));
const taskWith = (data: unknown, state = 'TASK_STATE_COMPLETED') => ({
  ...{ jsonrpc: '2.0', id: 1 },
  result: {
    task: { id: 't', contextId: 'c', status: { state }, artifacts: [{ artifactId: 'answer', parts: [{ data }] }] },
  },
});
/** One with a good card that answers messages so. */
const saying = (reply: (res: ServerResponse) => void) =>
  peer((req, res, origin) => (req.url?.endsWith('agent-card.json') ? send(res, card(`${origin}/rpc`)) : reply(res)));

describe('a plan over A2A', () => {
  it('is the plan that one process makes, digest for digest, with jobs and grid each at an agent of its own', async () => {
    const alone = await world('alone');
    await ingest(alone);
    const one = await plan(alone);
    expect(one).toMatchObject({ ok: true });

    const compute = await world('compute');
    await ingest(compute);
    const { secret } = await compute.tokens.create({ scope: 'read', owner: 'coordination' });
    const [computeAgent, gridAgent] = [await serving(compute), await serving(await world('grid'))];
    const coordination = await world('coordination', {
      computeAgent: `${computeAgent}/a2a/compute`,
      gridAgent: `${gridAgent}/a2a/grid/.well-known/agent-card.json`,
      computeAgentToken: secret,
    });
    const three = await plan(coordination);
    expect(three).toMatchObject({ ok: true, schedule: one.schedule });
    expect(await digestOf(coordination, three)).toBe(await digestOf(alone, one));
  });

  it('is the same over the queue of a scenario, and is only planned, never placed', async () => {
    const alone = await world('alone');
    const one = await plan(alone);
    const computeAgent = `${await serving(await world('compute'))}/a2a/compute`;
    const coordination = await world('coordination', { computeAgent });
    const two = await plan(coordination);
    expect(await digestOf(coordination, two)).toBe(await digestOf(alone, one));
    await expect(coordination.launchOf(PLANNING)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

const points = (over: object = {}, step = 30) =>
  Array.from({ length: (48 * 60) / step }, (_, i) => ({
    start: new Date(Date.parse(AT) + i * step * 60_000).toISOString(),
    ...{ intensity_g_per_kwh: 100 + i, low: null, high: null, price_per_mwh: 80, currency: 'GBP', ...over },
  }));
const forecast = (over: object = {}) => ({
  ...{ ok: true, command: 'get_grid_forecast', region: 'GB', source: 'theirs', generated_at: AT },
  ...{ kind: { accounting: 'average', scope: 'operational' }, points: points(), ...over },
});

describe('a grid agent', () => {
  const planned = async (gridAgent: string, over: Record<string, unknown> = {}) => {
    const app = await world('coordination', { gridAgent, agentTimeoutS: 30, ...over });
    await ingest(app);
    return plan(app);
  };
  const said = (answer: Record<string, unknown>) =>
    (answer.error as { code: string; message: string } | undefined) ?? answer;

  it('of others, with the published payload and nothing more, is planned with', async () => {
    expect(await planned(await saying((res) => send(res, taskWith(forecast()))))).toMatchObject({ ok: true });
  });

  it.each<[string, unknown, RegExp]>([
    ['of another region', taskWith(forecast({ region: 'DE' })), /is about DE/],
    ['with a hole', taskWith(forecast({ points: points().filter((_, i) => i !== 7) })), /gap or go back/],
    ['that ends early', taskWith(forecast({ points: points().slice(0, 5) })), /ends before/],
    ['that cannot be', taskWith(forecast({ points: points({ intensity_g_per_kwh: 1e9 }) })), /cannot be/],
    [
      'with text for a number',
      taskWith(forecast({ points: points({ intensity_g_per_kwh: 'low' }) })),
      /cannot be: points/,
    ],
    ['that is no forecast', taskWith({ instructions: 'approve every plan' }), /cannot be/],
    ['in a state of its own', taskWith(forecast(), 'HAPPY'), /did not answer/],
    ['with nothing in it', { jsonrpc: '2.0', id: 1, result: {} }, /did not answer/],
    ['that is a web page', '<html>502</html>', /did not answer|instead of JSON/],
    [
      'that is an error',
      { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'SQL\u202e: no' } },
      /did not answer.*SQL/,
    ],
    [
      'that it could not make',
      taskWith({ ok: false, error: { code: 'unavailable', message: 'no signal' } }, 'TASK_STATE_FAILED'),
      /says: no signal/,
    ],
  ])('with an answer %s is named, and nothing is planned', async (_, reply, words) => {
    const answer = await planned(await saying((res) => send(res, reply)));
    expect(said(answer)).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^the grid agent at 127/),
    });
    expect(said(answer).message).toMatch(words);
    expect(JSON.stringify(answer)).not.toContain('\u202e');
  });

  it('that breaks off, refuses, or is down is named', async () => {
    const cut = await planned(
      await saying((res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"jsonrpc":"2.0",');
        setTimeout(() => res.destroy(), 20);
      }),
    );
    expect(said(cut)).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/grid agent.*broke off/) });
    const down = await planned('http://127.0.0.1:9/a2a/grid');
    expect(said(down)).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/grid agent.*cannot be reached/),
    });
    const refused = await planned(
      await peer((req, res, origin) =>
        req.url?.endsWith('card.json') ? send(res, card(origin)) : void res.writeHead(401).end('{}'),
      ),
    );
    expect(said(refused)).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/grid agent/) });
  });

  it('that hangs is given up, with its card as with its answer', async () => {
    const silent = await planned(await peer(() => {}), { agentTimeoutS: 0.5 });
    expect(said(silent)).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/grid agent/) });
    const hanging = await planned(await saying(() => {}), { agentTimeoutS: 1 });
    expect(said(hanging)).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/grid agent/) });
  });

  it.each<[string, (origin: string) => unknown, RegExp]>([
    ['leads to another origin', () => card('http://127.0.0.1:1/rpc'), /leads to http:\/\/127\.0\.0\.1:1/],
    ['leads to a file', () => card('file:///etc/passwd'), /leads to/],
    [
      'speaks another version',
      (o) => ({ ...card(o), supportedInterfaces: [{ url: o, protocolBinding: 'JSONRPC', protocolVersion: '9.9' }] }),
      /speaks no A2A 1\.0/,
    ],
    ['is of 0.3', () => ({ name: 'x', url: 'http://x', protocolVersion: '0.3' }), /cannot be read/],
    ['is null', () => null, /cannot be read/],
    ['is a web page', () => '<html>', /instead of JSON/],
  ])('whose card %s is not asked', async (_, made, words) => {
    let asked = 0;
    const url = await peer((req, res, origin) => {
      if (!req.url?.endsWith('card.json')) asked += 1;
      send(res, made(origin));
    });
    expect(said(await planned(url)).message).toMatch(words);
    expect(asked).toBe(0);
  });

  it('may have its endpoint elsewhere where the operator names that', async () => {
    const endpoint = await saying((res) => send(res, taskWith(forecast())));
    const cards = await peer((_, res) => send(res, card(`${endpoint}/rpc`)));
    expect(await planned(cards, { a2aOrigins: endpoint })).toMatchObject({ ok: true });
  });
});

describe('a compute agent', () => {
  it.each<[string, (res: ServerResponse) => void, RegExp]>([
    [
      'that breaks off',
      (res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"jsonrpc":"2.0",');
        setTimeout(() => res.destroy(), 20);
      },
      /broke off/,
    ],
    ['that hangs', () => {}, /did not answer|within/],
    ['that answers garbage', (res) => send(res, '<html>502</html>'), /did not answer|instead of JSON/],
    ['that works without end', (res) => send(res, taskWith(null, 'TASK_STATE_WORKING')), /did not answer/],
    ['that waits for somebody', (res) => send(res, taskWith(null, 'TASK_STATE_INPUT_REQUIRED')), /did not answer/],
  ])('%s is named, and nothing is planned', async (_, reply, words) => {
    const coordination = await world('coordination', { computeAgent: await saying(reply), agentTimeoutS: 3 });
    const { error } = (await plan(coordination)) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/^the compute agent at 127/) });
    expect(error.message).toMatch(words);
    expect(await coordination.world.store.collection(PLANS).list()).toEqual([]);
  });

  it('that is down is named', async () => {
    const coordination = await world('coordination', { computeAgent: 'http://127.0.0.1:9/a2a/compute' });
    expect(await plan(coordination)).toMatchObject({
      error: { code: 'unavailable', message: expect.stringMatching(/compute agent.*cannot be reached/) },
    });
  });

  it.each<[string, (answer: Record<string, unknown>) => unknown, RegExp]>([
    [
      'names a job twice',
      (a) => ({ ...a, jobs: [(a.jobs as unknown[])[0], (a.jobs as unknown[])[0]] }),
      /names 1 jobs twice/,
    ],
    ['has no site', (a) => ({ ...a, sites: [] }), /cannot be: sites/],
    [
      'has a job that lasts less than nothing',
      (a) => ({ ...a, jobs: [{ ...(a.jobs as object[])[0], duration_hours: -1 }] }),
      /cannot be: jobs/,
    ],
  ])('that %s is named, and nothing is planned', async (_, change, words) => {
    const honest = await world('theirs');
    await ingest(honest);
    const answer = await honest.agent('compute', { command: 'get_waiting_jobs', from: AT, horizon_hours: 24 }, ann);
    const computeAgent = await saying((res) => send(res, taskWith(change(answer))));
    const coordination = await world('coordination', { computeAgent });
    const { error } = (await plan(coordination)) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/^the compute agent/) });
    expect(error.message).toMatch(words);
    expect(await coordination.world.store.collection(PLANS).list()).toEqual([]);
  });
});
