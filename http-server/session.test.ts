/** The page's session, and the facts that only the page asks for, through fetch beside real parts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { type HttpServer, startHttp } from './http-server.js';
import type { PlanLoad } from './plans.js';

const home = mkdtempSync(join(tmpdir(), 'caco-session-'));
let app: App;
let server: HttpServer;

beforeAll(async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  app = await openApp(config, settings);
  server = await startHttp(app, { port: 0, requireToken: true });
});
afterAll(async () => {
  await server.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

const OWN = { 'Caco-Page': '1', 'Content-Type': 'application/json' };
const ask = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);
const open = async (secret: string) => {
  const answer = await ask('/session', { method: 'POST', headers: OWN, body: JSON.stringify({ token: secret }) });
  return {
    status: answer.status,
    set: answer.headers.get('set-cookie') ?? '',
    cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '',
  };
};

test('a token that is shown once lets the page in until it is revoked', async () => {
  const { secret, token } = await app.tokens.create({ owner: 'ann', scope: 'approve' });
  expect((await ask('/session')).status).toBe(401);
  const { status, set, cookie } = await open(secret);
  expect(status).toBe(204);
  expect(set).toMatch(/HttpOnly/);
  expect(set).toMatch(/SameSite=Strict/);
  const mine = await ask('/session', { headers: { Cookie: cookie } });
  expect(await mine.json()).toEqual({ id: 'ann', scopes: ['read', 'operate', 'approve'], signedIn: true });
  await app.tokens.revoke(token.id);
  expect((await ask('/session', { headers: { Cookie: cookie } })).status).toBe(401);
  const ended = await ask('/session', { method: 'DELETE', headers: { Cookie: cookie, 'Caco-Page': '1' } });
  expect(ended.status).toBe(204);
  expect(ended.headers.get('set-cookie')).toMatch(/Expires=Thu, 01 Jan 1970/);
});

test('the cookie counts for nothing in a request that is not the page’s own', async () => {
  const { secret } = await app.tokens.create({ owner: 'ben', scope: 'approve' });
  const { cookie } = await open(secret);
  const tool = (headers: Record<string, string>) =>
    ask('/tools/list_plans', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: cookie, ...headers },
      body: '{}',
    });
  expect((await tool({ 'Caco-Page': '1', 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
  expect((await tool({})).status).toBe(403);
  expect((await tool({ 'Caco-Page': '1', 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
  expect((await ask('/runs', { headers: { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403);
  expect((await ask('/runs', { headers: { Cookie: cookie, 'Sec-Fetch-Site': 'none' } })).status).toBe(200);
});

test('what is no token of ours opens nothing, and guessing has an end', async () => {
  expect((await open('caco_0123456789abcdef_guessed')).status).toBe(401);
  expect((await open('two words')).status).toBe(401);
  const statuses = await Promise.all(Array.from({ length: 40 }, () => open('guessed').then((o) => o.status)));
  expect(statuses).toContain(429);
});

test('the load of a plan adds up to the energy of its plan, and its sites have their limits', async () => {
  const { secret } = await app.tokens.create({ owner: 'rita', scope: 'read' });
  const auth = { Authorization: `Bearer ${secret}` };
  const by = { actor: { id: 'ann', via: 'cli' } } as const;
  const { plan } = await app.call('make_plan', { horizonHours: 12 }, by);
  const load = (await (await ask(`/plans/${plan!.id}/load`, { headers: auth })).json()) as PlanLoad;
  const kwh = (kw: number[]) => kw.reduce((a, b) => a + b, 0) * (load.stepMinutes / 60);
  const total = (name: 'plannedKw' | 'baselineKw') => load.regions.reduce((sum, r) => sum + kwh(r[name]), 0);
  expect(total('plannedKw')).toBeCloseTo(plan!.planned.energyKwh, 0);
  expect(total('baselineKw')).toBeCloseTo(plan!.baseline.energyKwh, 0);
  const { sites } = (await (await ask('/sites', { headers: auth })).json()) as { sites: unknown[] };
  expect(sites).toEqual([expect.objectContaining({ id: 'hpc-1', region: 'GB', powerCapKw: 12000 })]);
  expect((await ask('/plans/P-00000000/load', { headers: auth })).status).toBe(404);
  await app.ledger.checkpoint();
  expect(await (await ask('/ledger/vkeys', { headers: auth })).text()).toMatch(
    /^caco\.local\/ledger\/[0-9a-f]{16}\+[0-9a-f]{8}\+/,
  );
});
