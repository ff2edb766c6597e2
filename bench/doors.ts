/**
 * The doors' own cost, side by side: start to `initialize`, a call through MCP against the call itself, 200 calls at once, and reading
 * calls over HTTP against a bare express route. Needs the build: `npm run build && npx tsx bench/doors.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { keep, rounded } from './results.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'dist/cli/main.js');
const home = mkdtempSync(join(tmpdir(), 'caco-bench-doors-'));
const env = { ...process.env, CACO_HOME: home } as Record<string, string>;
const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const figures: Record<string, number> = {};
const note = (name: string, value: number, digits = 2) => {
  figures[name] = rounded(value, digits);
};

/** Milliseconds of CPU that a process has used; from /proc, so NaN elsewhere. Wall times say little on a busy machine. */
const cpuOf = (pid: number | undefined | null): number => {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return Number.NaN;
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};
const ownCpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const startTime = async (): Promise<number> => {
  const begun = performance.now();
  const child = spawn(process.execPath, [main, 'mcp'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  await once(child.stdout, 'data');
  const ms = performance.now() - begun;
  child.stdin.end();
  await once(child, 'exit');
  return ms;
};

const timed = async (rounds: number, work: () => Promise<unknown>): Promise<number> => {
  for (let i = 0; i < 20; i++) await work();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return median(times);
};

const BARE = `import express from 'express';
const web = express();
web.use(express.json());
web.post('/bare', (req, res) => void res.json({ approvals: [] }));
const server = web.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port })));`;

const urlOf = async (child: ChildProcess): Promise<string> => {
  let text = '';
  for (;;) {
    const [piece] = (await once(child.stdout!, 'data')) as [Buffer];
    text += piece.toString();
    if (text.includes('\n')) return (JSON.parse(text.split('\n')[0]!) as { url: string }).url;
  }
};

/** Requests per second over `connections` kept connections. */
const load = async (url: string, body: string, seconds: number, connections = 32): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const until = performance.now() + seconds * 1000;
  let done = 0;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const sent = request(
        url,
        {
          method: 'POST',
          agent,
          headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
        },
        (answer) => {
          if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
          answer.resume().once('end', resolve);
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) {
        await one();
        done += 1;
      }
    }),
  );
  agent.destroy();
  return done / seconds;
};

const children: ChildProcess[] = [];
try {
  const starts: number[] = [];
  for (let i = 0; i < 5; i++) starts.push(await startTime());
  note('startToInitializeMsLeast', Math.min(...starts), 0);
  note('startToInitializeMsMedian', median(starts), 0);

  const { config } = readConfig({ home: join(home, 'direct') }, {}, home);
  const app = await openApp(config);
  const by = { actor: { id: 'bench', via: 'mcp' as const } };
  const stdio = new Client({ name: 'bench', version: '1' });
  const transport = new StdioClientTransport({ command: process.execPath, args: [main, 'mcp'], env, stderr: 'ignore' });
  await stdio.connect(transport);
  const input = { durationHours: 3 };
  const calls = 1000;
  const itself = () => app.call('find_green_window', input, by);
  const byMcp = () => stdio.callTool({ name: 'find_green_window', arguments: input });
  const direct = await timed(300, itself);
  const through = await timed(300, byMcp);
  const ownBefore = ownCpu();
  for (let i = 0; i < calls; i++) await itself();
  const directCpu = (ownCpu() - ownBefore) / calls;
  const childBefore = cpuOf(transport.pid);
  for (let i = 0; i < calls; i++) await byMcp();
  const throughCpu = (cpuOf(transport.pid) - childBefore) / calls;
  note('toolItselfMs', direct);
  note('toolThroughMcpByStdioMs', through);
  note('mcpOverheadMs', through - direct);
  note('mcpOverheadCpuMs', throughCpu - directCpu);
  const begun = performance.now();
  const many = await Promise.all(
    Array.from({ length: 200 }, () => stdio.callTool({ name: 'find_green_window', arguments: input })),
  );
  const failed = many.filter((result) => (result as CallToolResult).isError).length;
  note('parallel200Errors', failed, 0);
  note('parallel200Ms', performance.now() - begun, 0);
  await stdio.close();
  await app.close();

  const serve = spawn(process.execPath, [main, 'serve', '--port', '0', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const bare = spawn(process.execPath, ['--input-type=module', '-e', BARE], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(serve, bare);
  const [served, bareUrl] = await Promise.all([urlOf(serve), urlOf(bare)]);
  const http = new Client({ name: 'bench', version: '1' });
  await http.connect(new StreamableHTTPClientTransport(new URL(`${served}/mcp`)) as Parameters<Client['connect']>[0]);
  const byHttp = () => http.callTool({ name: 'find_green_window', arguments: input });
  // As warm as the process behind stdio was by then.
  await timed(1000, byHttp);
  const overHttp = await timed(300, byHttp);
  note('toolThroughMcpByHttpMs', overHttp);
  note('mcpHttpOverheadMs', overHttp - direct);
  await http.close();

  const body = '{"status":"waiting"}';
  await load(`${served}/tools/list_approvals`, body, 1);
  await load(`${bareUrl}/bare`, body, 1);
  const ours: number[] = [];
  const theirs: number[] = [];
  const cpu = [0, 0];
  const count = [0, 0];
  for (let i = 0; i < 3; i++)
    for (const [side, url, rates, child] of [
      [0, `${served}/tools/list_approvals`, ours, serve],
      [1, `${bareUrl}/bare`, theirs, bare],
    ] as const) {
      const before = cpuOf(child.pid);
      const rate = await load(url, body, 3);
      rates.push(rate);
      cpu[side]! += cpuOf(child.pid) - before;
      count[side]! += rate * 3;
    }
  const [cpuOurs, cpuTheirs] = [cpu[0]! / count[0]!, cpu[1]! / count[1]!];
  note('httpReadsPerSecond', median(ours), 0);
  note('bareRoutePerSecond', median(theirs), 0);
  note('httpToBare', median(ours) / median(theirs));
  note('httpCpuMsPerCall', cpuOurs, 3);
  note('bareCpuMsPerCall', cpuTheirs, 3);
  note('httpReadsPerCpuSecond', 1000 / cpuOurs, 0);
  keep('doors', {
    ...figures,
    targets: { startToInitializeMs: 1000, mcpOverheadMs: 2, parallel200Errors: 0, httpReadsPerSecond: 2000 },
  });
} finally {
  for (const child of children) child.kill();
  rmSync(home, { recursive: true, force: true });
}
