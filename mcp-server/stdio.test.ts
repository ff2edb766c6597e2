/** `caco mcp` as a process: what is on its streams, when it ends, and several of them on one store. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, expect, test } from 'vitest';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { JOBS } from '../domain/job.js';
import { startHttp } from '../http-server/http-server.js';
import { mcpHandler } from './mcp-server.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'caco-stdio-'));
const command = process.execPath;
const args = [join(root, 'dist/cli/main.js'), 'mcp'];
const env = { ...process.env, CACO_HOME: home } as Record<string, string>;
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const start = () => {
  const child = spawn(command, args, { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const lines: string[] = [];
  let held = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (held + text).split('\n');
    held = parts.pop()!;
    lines.push(...parts);
  });
  const answer = async (id: number | null) => {
    for (;;) {
      const found = lines.map((line) => JSON.parse(line) as { id?: unknown }).find((m) => m.id === id);
      if (found) return found;
      await once(child.stdout, 'data');
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const send = (message: unknown) =>
    child.stdin.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`);
  return { child, lines, send, answer };
};
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'lines', version: '1' } },
};
const callOf = (id: number, name: string, given: unknown) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: given },
});

test('nothing but protocol on standard output, broken lines survived, and an end when standard input closes', async () => {
  const { child, lines, send, answer } = start();
  send(initialize);
  expect(await answer(1)).toMatchObject({ result: { protocolVersion: '2025-06-18', serverInfo: { name: 'caco' } } });
  send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  send('{"jsonrpc": "2.0", "id": 7, "meth\n');
  send(`${'x'.repeat(100_000)}\n`);
  expect(await answer(null)).toMatchObject({ error: { code: -32700 } });
  for (const noMessage of ['42', '[]', '{"id":8}']) send(`${noMessage}\n`);
  send(callOf(2, 'get_status', {}));
  expect(await answer(2)).toMatchObject({ result: { structuredContent: { dataNote: expect.any(String) } } });
  const refused = lines.map((line) => JSON.parse(line).error?.code).filter((code) => code !== undefined);
  expect(refused).toEqual([-32700, -32700, -32600, -32600, -32600]);
  // One is still busy planning when the client goes.
  send(callOf(3, 'make_plan', { horizonHours: 48 }));
  const ended = once(child, 'exit');
  child.stdin.end();
  expect((await ended)[0]).toBe(0);
  expect(lines.map((line) => JSON.parse(line).id)).not.toContain(3);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
});

test('SIGTERM ends it with code 0', async () => {
  const { child, send, answer } = start();
  send(initialize);
  await answer(1);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
});

test('two stdio servers and an HTTP server on one store under 20 parallel clients lose no write', async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  const app = await openApp(config, settings);
  const server = await startHttp(app, { port: 0, mcp: await mcpHandler(app) });
  const open = async (transport: StdioClientTransport | StreamableHTTPClientTransport) => {
    const client = new Client({ name: 'parallel', version: '1' });
    await client.connect(transport as Parameters<Client['connect']>[0]);
    return client;
  };
  const clients = await Promise.all([
    ...[1, 2].map(() => open(new StdioClientTransport({ command, args, env, cwd: root, stderr: 'ignore' }))),
    ...Array.from({ length: 18 }, () => open(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)))),
  ]);
  try {
    const results = await Promise.all(
      clients.flatMap((client, c) =>
        [0, 1, 2].map((n) =>
          client.callTool(
            {
              name: 'submit_job',
              arguments: { id: `job-${c}-${n}`, durationHours: 1, powerKw: 1, idempotencyKey: `${c}-${n}` },
            },
            undefined,
            // The client's own limit is a minute.
            { timeout: 600_000 },
          ),
        ),
      ),
    );
    for (const result of results) expect((result as CallToolResult).isError, JSON.stringify(result)).toBeFalsy();
    const { workloadId } = (results[0] as CallToolResult).structuredContent as { workloadId: string };
    expect(await app.world.store.rows(JOBS).count(workloadId)).toBe(60);
    const { ok } = await app.call('audit_ledger', {}, { actor: { id: 'me', via: 'mcp' } });
    expect(ok).toBe(true);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
    await app.close();
  }
});
