/** Clients that do not behave: each must get a readable problem, and the server must go on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { type HttpServer, startHttp } from './http-server.js';
import { openStream } from './sse.js';

const home = mkdtempSync(join(tmpdir(), 'caco-hostile-'));
let app: App;
let server: HttpServer;
beforeAll(async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  app = await openApp(config, settings);
  server = await startHttp(app, { port: 0 });
});
afterAll(async () => {
  await server.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
const raw = (text: string) =>
  new Promise<string>((resolve) => {
    let got = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (piece) => {
      got += piece;
      if (got.includes('"remedy"')) socket.destroy();
    });
    socket.on('close', () => resolve(got));
  });

test('a method that a path does not know is 405 with those it knows', async () => {
  for (const [method, path, allow] of [
    ['GET', '/tools/get_status', 'POST'],
    ['DELETE', '/runs', 'GET, POST'],
    ['POST', '/healthz', 'GET'],
    ['PUT', '/forecasts/batch', 'POST'],
  ]) {
    const answer = await fetch(`${server.url}${path}`, { method: method! });
    expect([answer.status, answer.headers.get('allow')], path).toEqual([405, allow]);
    expect(await answer.json()).toMatchObject({ code: 'unsupported', remedy: `Send ${allow!.replace(', ', ' or ')}.` });
  }
});

test('a body that is nested without end, or not compressed as promised, is a wrong request', async () => {
  const deep = `{"command":"ingest_jobs","jobs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const nested = await post('/agents/compute', deep);
  expect([nested.status, await nested.json()]).toMatchObject([400, { detail: expect.stringMatching(/64 deep/) }]);
  const gzip = await post('/tools/get_status', '{}', { 'Content-Encoding': 'gzip' });
  expect([gzip.status, await gzip.json()]).toMatchObject([400, { detail: 'the body cannot be decompressed' }]);
});

test('what is no HTTP at all gets problem details too', async () => {
  for (const [text, status] of [
    ['GARBAGE\r\n\r\n', 400],
    ['GET /runs HTTP/1.1\r\n\r\n', 400],
    [`GET /runs HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status, code: 'invalid-input' });
  }
});

test('queries that mean nothing are said to', async () => {
  for (const path of ['/runs?limit=abc', '/runs?limit=0', '/runs?from=1', '/approvals?status=old'])
    expect((await fetch(`${server.url}${path}`)).status, path).toBe(400);
});

test('wrong tokens wait as long as they are told to, and never shut out a good one', async () => {
  const { secret } = await app.tokens.create({ scope: 'read', owner: 'neighbour' });
  const ask = (token: string) => fetch(`${server.url}/runs`, { headers: { Authorization: `Bearer ${token}` } });
  for (let i = 0; i < 30; i++) expect((await ask('old')).status).toBe(401);
  const refused = await ask('old');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30);
  expect((await ask(secret)).status).toBe(200);
});

test('a number of another ledger does not make a listener deaf', async () => {
  const gone = new AbortController();
  const answer = await fetch(`${server.url}/events`, { headers: { 'Last-Event-ID': '99999999' }, signal: gone.signal });
  const reader = answer.body!.getReader();
  await post('/tools/submit_job', JSON.stringify({ name: 'heard', durationHours: 1, vcpus: 2 }));
  let heard = '';
  while (!heard.includes('event: changed')) heard += Buffer.from((await reader.read()).value!).toString();
  gone.abort();
});

test('a listener is told when the ledger does not answer, and the process goes on', async () => {
  const broken = {
    ...app,
    world: { ...app.world, ledger: { ...app.world.ledger, size: () => Promise.reject(new Error('the disk is gone')) } },
  } as App;
  const other = await startHttp(broken, { port: 0 });
  expect((await fetch(`${other.url}/events`)).status).toBe(500);
  expect((await fetch(`${other.url}/readyz`)).status).toBe(503);
  const metrics = await (await fetch(`${other.url}/metrics`)).text();
  expect(metrics).toMatch(/^caco_build_info/m);
  expect(metrics).not.toMatch(/^caco_(approvals_waiting|runs)/m);
  await other.close();
});

test('a reader that stops reading does not end the process when the stream has ended', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  try {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    let failure: unknown;
    const web = express().get('/', (_, res) => {
      const stream = openStream(res);
      res.on('error', (error) => {
        failure = error;
      });
      res.once('close', closed);
      // Less than what is let go at once, more than what the system takes in.
      for (let i = 0; i < 8; i++) stream.send('row', 'x'.repeat(1_000_000));
      stream.end();
      stream.send('row', 'late');
      vi.advanceTimersByTime(60_000);
    });
    const slow = createServer(web);
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const socket = connect((slow.address() as AddressInfo).port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await gone;
    socket.destroy();
    slow.close();
    expect(failure).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

test('a body that does not come whole in time is cut, as the page on limits says', async () => {
  const patient = await startHttp(app, { port: 0, requestMs: 1200 });
  const socket = connect(patient.port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(
    'POST /tools/get_status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a"',
  );
  // Nothing more is sent; only the server can end this.
  await cut;
  expect(heard).toContain('408');
  await patient.close();
});
