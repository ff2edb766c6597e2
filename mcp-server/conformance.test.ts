/** The public conformance suite, run against the same server and HTTP door as the program's, with fixtures added here. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { type HttpServer, startHttp } from '../http-server/http-server.js';
import { withFixtures } from './conformance.test.fixtures.js';
import { mcpHandler } from './mcp-server.js';

const home = mkdtempSync(join(tmpdir(), 'caco-conformance-'));
let app: App;
let server: HttpServer;

beforeAll(async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  app = await openApp(config, settings);
  server = await startHttp(app, { port: 0, mcp: await mcpHandler(app, {}, withFixtures) });
});
afterAll(async () => {
  await server.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

const suite = () => {
  const entry = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
  const { bin } = JSON.parse(readFileSync(entry, 'utf8')) as { bin: string | Record<string, string> };
  return join(dirname(entry), typeof bin === 'string' ? bin : Object.values(bin)[0]!);
};

interface Outcome {
  scenario: string;
  passed: number;
  failed: number;
  warnings: number;
}

/** The table that the suite prints: `✓ name: 1 passed, 0 failed`. */
const outcomesIn = (text: string): Outcome[] =>
  [...text.matchAll(/[✓✗⚠] ([\w-]+): (\d+) passed, (\d+) failed(?:, (\d+) warnings)?/g)].map((m) => ({
    scenario: m[1]!,
    passed: Number(m[2]),
    failed: Number(m[3]),
    warnings: Number(m[4] ?? 0),
  }));

test('every scenario of the suite passes, and the list in docs/conformance.md is what was seen', async () => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [suite(), 'server', '--url', `${server.url}/mcp`, '--suite', 'all', '-o', join(home, 'results')],
    { cwd: home, env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { stdout: string; stderr: string }) => error);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes
  const outcomes = outcomesIn(stdout.replace(/\u001b\[[0-9;]*m/g, ''));
  expect(outcomes.length, stdout.slice(-4000) + stderr.slice(-2000)).toBe(32);
  expect(outcomes.filter((o) => o.failed > 0)).toEqual([]);
  const listed = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8');
  for (const { scenario, passed } of outcomes)
    expect(listed, `${scenario} is missing in docs/conformance.md`).toContain(`| \`${scenario}\` | ${passed} |`);
});

test('the program itself has no fixture', async () => {
  const menu = await (await import('./menu.js')).menuOf(
    async () => app,
    { id: 'me', scopes: ['read', 'operate', 'approve'], person: null },
    {},
  );
  const names = [...(await menu.tools()), ...(await menu.prompts())].map((entry) => entry.listing.name);
  expect(names.filter((name) => /test|json_schema/.test(name))).toEqual([]);
});
