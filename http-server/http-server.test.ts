/** The HTTP door through fetch, beside real parts. */
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type App, type CallBy, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { PLANS } from '../domain/plan.js';
import { fromEpoch } from '../domain/time.js';
import { type HttpServer, startHttp } from './http-server.js';

const home = mkdtempSync(join(tmpdir(), 'caco-http-'));
let app: App;
let server: HttpServer;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  app = await openApp(config, settings);
  server = await startHttp(app, { port: 0 });
  for (const scope of ['read', 'operate', 'approve'] as const)
    tokens[scope] = (await app.tokens.create({ scope, owner: `${scope}-owner` })).secret;
});
afterAll(async () => {
  await server.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

interface Sent {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  token?: string | undefined;
  at?: HttpServer;
}
const ask = async (path: string, { method, body, headers = {}, token, at = server }: Sent = {}) => {
  const answer = await fetch(`${at.url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  return { status: answer.status, headers: answer.headers, text, json };
};
const tool = (name: string, input: unknown, more: Sent = {}) => ask(`/tools/${name}`, { body: input, ...more });

describe('tools', () => {
  test('answer with the tool’s own JSON, a request id and security headers', async () => {
    const { status, json, headers } = await tool(
      'find_green_window',
      { durationHours: 2 },
      { headers: { 'X-Request-Id': 'abc-1' } },
    );
    expect(status).toBe(200);
    expect(json.windows.length).toBeGreaterThan(0);
    for (const window of json.windows) expect(window).toMatchObject({ region: 'GB', reason: expect.any(String) });
    expect(headers.get('x-request-id')).toBe('abc-1');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.has('x-powered-by')).toBe(false);
  });

  test.each([
    ['a wrong type', 'find_green_window', { durationHours: 'x' }, 400, 'invalid-input'],
    ['a misspelt member', 'find_green_window', { durationHours: 1, horizon: 2 }, 400, 'invalid-input'],
    ['malformed JSON', 'find_green_window', '{"durationHours":', 400, 'invalid-input'],
    ['a huge body', 'find_green_window', `"${'x'.repeat(17 * 1024 * 1024)}"`, 413, 'invalid-input'],
    ['an unknown tool', 'launch_rocket', {}, 404, 'not-found'],
    ['a deed without a decision', 'place_jobs', { planId: 'P-1' }, 403, 'forbidden'],
  ])('%s is a problem with code and remedy', async (_, name, input, status, code) => {
    const answer = await tool(name, input);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.json).toMatchObject({
      status,
      code,
      title: expect.any(String),
      type: expect.stringContaining('urn:caco:'),
    });
    expect(answer.json.remedy.length).toBeGreaterThan(5);
    expect(answer.text).not.toMatch(/node_modules|\.ts:\d/);
    if (name === 'find_green_window' && status === 400 && typeof input === 'object')
      expect(Object.values(answer.json.errors)).toEqual([[expect.any(String)]]);
  });

  test('a form or plain text is not taken for a command', async () => {
    const answer = await ask('/tools/submit_job', {
      body: 'durationHours=1',
      headers: { 'Content-Type': 'text/plain' },
    });
    expect(answer.status).toBe(415);
  });

  test('an Idempotency-Key makes a call happen once, and another input under it a conflict', async () => {
    const headers = { 'Idempotency-Key': 'key-1' };
    const first = await tool('submit_job', { id: 'a', durationHours: 1, powerKw: 3 }, { headers });
    expect((await tool('submit_job', { id: 'a', durationHours: 1, powerKw: 3 }, { headers })).json).toEqual(first.json);
    expect((await tool('submit_job', { id: 'b', durationHours: 1, powerKw: 3 }, { headers })).status).toBe(409);
    const submitted = (await app.world.ledger.read(0, 1000)).filter((e) => e.body.subject?.endsWith('key-1'));
    expect(submitted).toHaveLength(1);
  });

  test('a caller who drops the connection leaves no plan behind', async () => {
    await tool('gather_jobs', { from: app.world.clock.now(), horizonHours: 24 });
    const before = (await app.world.store.collection(PLANS).list()).length;
    // The call goes on only once the server has seen that the caller left.
    const calls = new EventEmitter();
    const begun = once(calls, 'begun');
    const ended = once(calls, 'ended');
    const holding: App = {
      ...app,
      call: ((name: string, input: unknown, by: CallBy) => {
        calls.emit('begun');
        const left = new Promise((resolve) => by.signal?.addEventListener('abort', resolve));
        const answer = left.then(() => app.call(name, input, by));
        const tell = (outcome: unknown) => calls.emit('ended', outcome);
        answer.then(tell, tell);
        return answer;
      }) as App['call'],
    };
    const other = await startHttp(holding, { port: 0 });
    const gone = new AbortController();
    const planning = fetch(`${other.url}/tools/make_plan`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ horizonHours: 24, seed: 77 }),
      signal: gone.signal,
    }).catch(() => 'gone');
    await begun;
    gone.abort();
    expect(await planning).toBe('gone');
    expect((await ended)[0]).toBeInstanceOf(Error);
    expect((await ask('/healthz', { at: other })).status).toBe(200);
    expect((await app.world.store.collection(PLANS).list()).length).toBe(before);
    await other.close();
  });
});

describe('who may come in', () => {
  test.each([
    ['a forged Origin', { Origin: 'http://evil.example' }, 403],
    ['its own origin', { Origin: 'http://localhost:3000' }, 200],
    ['a wrong token', { Authorization: 'Bearer caco_0123456789abcdef_wrong' }, 401],
    ['another scheme', { Authorization: 'Basic YTpi' }, 401],
  ])('%s', async (_, headers, status) => {
    expect((await ask('/locations', { headers })).status).toBe(status);
  });

  test('a foreign Host is refused at a loopback address', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /locations HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
  });

  test('scopes: reading does not operate, operating does not approve, and an expired token is none', async () => {
    const job = { durationHours: 1, powerKw: 1 };
    expect((await tool('submit_job', job, { token: tokens.read })).status).toBe(403);
    expect((await tool('submit_job', job, { token: tokens.operate })).status).toBe(200);
    expect((await ask('/approvals/A-1', { body: { decision: 'approve' }, token: tokens.operate })).status).toBe(403);
    expect((await ask('/approvals/A-1', { body: { decision: 'approve' } })).json.detail).toMatch(/named person/);
    expect((await ask('/approvals/A-1', { body: { decision: 'approve' }, token: tokens.approve })).status).toBe(404);
    const expiresAt = fromEpoch(Math.floor(Date.now() / 1000) + 3600);
    const { secret } = await app.tokens.create({ scope: 'read', owner: 'short', expiresAt });
    expect((await ask('/locations', { token: secret })).status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 });
    const late = await ask('/locations', { token: secret }).finally(() => vi.useRealTimers());
    expect(late.status).toBe(401);
  });

  test('another address than loopback does not open without a token, and then demands one', async () => {
    const { config } = readConfig({ home: join(home, 'bare'), logLevel: 'silent' }, {}, home);
    const bare = await openApp(config);
    await expect(startHttp(bare, { host: '0.0.0.0', port: 0 })).rejects.toThrow(/no token that protects it/);
    const { secret } = await bare.tokens.create({ scope: 'read', owner: 'me' });
    const open = await startHttp(bare, { host: '0.0.0.0', port: 0 });
    const at = { ...open, url: `http://127.0.0.1:${open.port}` };
    expect((await ask('/locations', { at })).status).toBe(401);
    expect((await ask('/locations', { at, token: secret })).status).toBe(200);
    expect((await ask('/healthz', { at })).status).toBe(200);
    await open.close();
    await bare.close();
  });

  test('rate, concurrency and guessing have limits', async () => {
    const narrow = await startHttp(app, { port: 0, ratePerMinute: 3, maxConcurrent: 50 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask('/locations', { at: narrow })).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const wrong = { at: narrow, token: 'caco_nobody' };
    for (let i = 0; i < 30; i++) await ask('/locations', wrong);
    expect((await ask('/locations', wrong)).status).toBe(429);
    await narrow.close();
  });
});

describe('what it offers', () => {
  test('openapi.json is 3.1, valid by a public validator, and lists every tool', async () => {
    const { json } = await ask('/openapi.json');
    expect(json.openapi).toBe('3.1.0');
    const result = await new Validator().validate(json);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    for (const { name } of await app.tools()) expect(json.paths).toHaveProperty([`/tools/${name}`, 'post']);
    // Every reference leads somewhere.
    for (const [, ref] of JSON.stringify(json).matchAll(/"\$ref":"#\/([^"]+)"/g))
      expect(
        ref!.split('/').reduce((at: Record<string, unknown>, key) => at?.[key] as Record<string, unknown>, json),
        ref,
      ).toBeDefined();
  });

  test('the agents answer their commands', async () => {
    const command = {
      command: 'get_grid_forecast',
      region: 'GB',
      from: '2022-06-01T00:00:00Z',
      to: '2022-06-01T02:00:00Z',
    };
    const { json } = await ask('/agents/grid', { body: command, token: tokens.read });
    expect(json).toMatchObject({ ok: true, region: 'GB', points: expect.any(Array) });
    expect(json.points[0]).toHaveProperty('intensity_g_per_kwh');
    expect((await ask('/agents/grid', { body: { command: 'get_weather' } })).json).toMatchObject({
      ok: false,
      error: { code: 'invalid-input' },
    });
    expect((await ask('/agents/poet', { body: { command: 'get' } })).status).toBe(404);
  });

  test('chat answers as JSON and as a stream with exactly one last event', async () => {
    const body = { message: 'What waits for me?' };
    expect((await ask('/chat', { body })).json).toMatchObject({
      answer: expect.any(String),
      figures: expect.any(Array),
    });
    const { text, headers } = await ask('/chat', { body, headers: { Accept: 'text/event-stream' } });
    expect(headers.get('content-type')).toContain('text/event-stream');
    const events = [...text.matchAll(/^event: (\w+)$/gm)].map((m) => m[1]);
    expect(events.filter((e) => e === 'done' || e === 'replaced' || e === 'failed')).toHaveLength(1);
    expect(['done', 'replaced', 'failed']).toContain(events.at(-1));
    expect((await ask('/chat', { body: { message: '' } })).status).toBe(400);
  });

  test('metrics are in a form that Prometheus reads, with units in their names', async () => {
    const { text, headers } = await ask('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(
      /^caco_grid_intensity_grams_per_kwh\{region="GB",kind="average operational",data="recorded"\} \d/m,
    );
    expect(text).toMatch(
      /^caco_http_request_duration_seconds_count\{route="\/tools\/:name",method="POST",status="200"\} \d/m,
    );
    expect(text).toMatch(/^caco_ledger_entries_total \d/m);
    for (const line of text.split('\n').filter((l) => l !== ''))
      expect(line).toMatch(
        /^(# (HELP|TYPE) \w+ .+|[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="[^"\n]*",?)*\})? -?(\d|Nan|\+?Inf)\S*)$/,
      );
  });

  test('health and readiness say what they looked at', async () => {
    expect((await ask('/healthz')).json).toEqual({ status: 'ok' });
    expect(await (await fetch(`${server.url}/health`)).text()).toBe('Healthy');
    expect((await ask('/readyz')).json).toEqual({ status: 'ready', checks: { store: 'ok', grid: 'ok' } });
  });

  test('traces go to an OTLP collector when the standard variables name one', async () => {
    const bodies: string[] = [];
    const collector = createServer((req, res) => {
      let body = '';
      req.on('data', (piece) => {
        body += piece;
      });
      req.on('end', () => {
        bodies.push(body);
        res.end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    try {
      const traced = await startHttp(app, { port: 0 });
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await ask('/locations', { at: traced, headers: { traceparent } });
      await traced.close();
      const { resourceSpans } = JSON.parse(bodies[0]!);
      expect(resourceSpans[0].scopeSpans[0].spans[0]).toMatchObject({
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
        name: 'GET /locations',
      });
    } finally {
      delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
      collector.close();
    }
  });
});

describe('a run as it goes', () => {
  test('is told node by node from its first event to its last, and one that rests is told at once', async () => {
    const begun = await ask('/runs', {
      body: { horizonHours: 3, approval: 'ask' },
      headers: { Prefer: 'respond-async' },
    });
    const follow = async () => {
      const { text, headers, status } = await ask(`/runs/${begun.json.id}/events`);
      expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/event-stream')]);
      return [...text.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(
        ([, event, data]) => [event, JSON.parse(data!)] as const,
      );
    };
    const events = await follow();
    expect(events[0]).toMatchObject(['run', { runId: begun.json.id }]);
    expect(events.at(-1)).toMatchObject(['run', { status: 'waiting', approvalId: expect.any(String) }]);
    expect((await follow()).map(([event]) => event)).toEqual(['run']);
    expect((await ask('/runs/R-NONE/events')).status).toBe(404);
  });
});

describe('runs', () => {
  test('a run waits, a named person answers, it goes on to its end, and whoever listens hears of it', async () => {
    const listener = new AbortController();
    const events = await fetch(`${server.url}/events`, { signal: listener.signal });
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    let heard = '';
    const listening = (async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        heard += value;
      }
    })().catch(() => {});

    const begun = await ask('/runs', {
      body: { horizonHours: 6, approval: 'ask' },
      headers: { Prefer: 'respond-async' },
    });
    expect(begun.status).toBe(202);
    const path = begun.headers.get('location')!;
    let run = (await ask(path)).json;
    while (run.status === 'running') {
      await new Promise((resolve) => setTimeout(resolve, 50));
      run = (await ask(path)).json;
    }
    expect(run).toMatchObject({ status: 'waiting', plan: { id: expect.any(String) }, approval: { status: 'waiting' } });
    expect((await ask('/approvals')).json.approvals.map((a: { id: string }) => a.id)).toContain(run.approvalId);

    const noWhy = await ask(`/approvals/${run.approvalId}`, { body: { decision: 'reject' }, token: tokens.approve });
    expect(noWhy.status).toBe(400);
    const answered = await ask(`/approvals/${run.approvalId}`, {
      body: { decision: 'approve', why: 'fine' },
      token: tokens.approve,
    });
    expect(answered.json).toMatchObject({
      approval: { votes: [{ actor: { id: 'approve-owner', via: 'http' } }] },
      run: { status: 'done' },
    });
    const twice = await ask(`/approvals/${run.approvalId}`, { body: { decision: 'approve' }, token: tokens.approve });
    expect(twice.status).toBe(409);

    while (!heard.includes('"kind":"place_jobs"')) await new Promise((resolve) => setTimeout(resolve, 50));
    listener.abort();
    await listening;
    expect(heard).toMatch(/^event: changed$/m);
    const ids = [...heard.matchAll(/^id: (\d+)$/gm)].map((m) => Number(m[1]));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));

    // Coming back after a lost connection: what was missed, and nothing twice.
    const again = new AbortController();
    const replay = await fetch(`${server.url}/events`, {
      signal: again.signal,
      headers: { 'Last-Event-ID': String(ids.at(-3)) },
    });
    const rest = replay.body!.pipeThrough(new TextDecoderStream()).getReader();
    let replayed = '';
    while ([...replayed.matchAll(/^id: /gm)].length < 2) replayed += (await rest.read()).value ?? '';
    expect([...replayed.matchAll(/^id: (\d+)$/gm)].map((m) => Number(m[1])).slice(0, 2)).toEqual(ids.slice(-2));
    again.abort();
  });
});

test('closing ends streams and lets a request finish', async () => {
  const short = await startHttp(app, { port: 0 });
  const stream = await fetch(`${short.url}/events`);
  const read = stream.text();
  await ask('/locations', { at: short });
  await short.close();
  expect(await read).toContain('event: ready');
  await expect(fetch(`${short.url}/healthz`)).rejects.toThrow();
});
