/**
 * The door for agents: a card, and `get_grid_forecast` over A2A beyond the tool itself, both ends warm and in one process; and the start of the
 * command line, by CPU. Needs the build: `npm run build && npx tsx bench/agents.ts [OTHER_BUILD/cli/main.js]`, which is started beside ours.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SendMessageRequest } from '@a2a-js/sdk';
import { ClientFactory } from '@a2a-js/sdk/client';
import { a2aDoor } from '../a2a-server/a2a-server.js';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { startHttp } from '../http-server/http-server.js';
import { keep, rounded } from './results.js';

const ROUNDS = 300;
const STARTS = 15;
const quantile = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]!;
const median = (values: number[]) => quantile(values, 0.5);

/** Milliseconds of each of several kinds of work, taken in turns so that a busy moment falls on all of them. */
const inTurns = async (rounds: number, works: Readonly<Record<string, () => Promise<unknown>>>) => {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let i = -20; i < rounds; i++)
    for (const [name, work] of Object.entries(works)) {
      const begun = performance.now();
      await work();
      if (i >= 0) times[name]!.push(performance.now() - begun);
    }
  return (share: number) =>
    Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, rounded(quantile(ms, share))]));
};

/** CPU milliseconds of `main --version`, children of this process only. */
const startCpu = (main: string): number => {
  const program = `process.on('exit',()=>{const u=process.cpuUsage();require('fs').writeSync(2,'CPU'+((u.user+u.system)/1000))});`;
  try {
    const out = execFileSync(
      'sh',
      ['-c', `node --require "$0" "$1" --version 2>&1 >/dev/null`, preload(program), main],
      { encoding: 'utf8' },
    );
    return Number(/CPU([\d.]+)/.exec(out)?.[1] ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
};
const folder = mkdtempSync(join(tmpdir(), 'caco-bench-agents-'));
const preload = (program: string): string => {
  const file = join(folder, 'cpu.cjs');
  execFileSync('sh', ['-c', 'printf %s "$1" > "$0"', file, program]);
  return file;
};

try {
  const { config, settings } = readConfig({ home: folder, logLevel: 'silent' }, {}, folder);
  const app = await openApp(config, settings);
  const server = await startHttp(app, { port: 0, a2a: a2aDoor(app, () => {}) });
  const card = `${server.url}/a2a/grid/.well-known/agent-card.json`;
  const client = await new ClientFactory().createFromUrl(server.url, '/a2a/grid/.well-known/agent-card.json');
  const asked = { from: '2022-05-25T00:00:00Z', to: '2022-05-26T00:00:00Z', region: 'GB' } as const;
  const command = { command: 'get_grid_forecast', ...asked };
  const by = { actor: { id: 'bench', via: 'http' as const } };
  const message = () =>
    SendMessageRequest.fromJSON({
      message: {
        messageId: randomUUID(),
        role: 'ROLE_USER',
        parts: [{ data: command, mediaType: 'application/json' }],
      },
    });
  const times = await inTurns(ROUNDS, {
    cardMs: async () => (await fetch(card)).json(),
    toolMs: () => app.call('get_grid_forecast', asked as never, by),
    overA2aMs: () => client.sendMessage(message()),
    bareMs: async () => (await fetch(`${server.url}/healthz`)).text(),
  });
  await server.close();
  await app.close();
  const own = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
  const mains =
    process.argv[2] === undefined ? { startCpuMs: own } : { startCpuMs: own, startBeforeCpuMs: process.argv[2] };
  const starts: Record<string, number[]> = {};
  for (let i = 0; i < STARTS; i++)
    for (const [name, main] of Object.entries(mains)) starts[name] = [...(starts[name] ?? []), startCpu(main)];
  keep('agents', {
    ...times(0.5),
    beyondToolMs: rounded(times(0.5).overA2aMs! - times(0.5).toolMs!),
    /** What other work on the machine did not interrupt: the first decile. */
    undisturbed: { ...times(0.1), beyondToolMs: rounded(times(0.1).overA2aMs! - times(0.1).toolMs!) },
    ...Object.fromEntries(Object.entries(starts).map(([name, ms]) => [name, rounded(median(ms), 1)])),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
