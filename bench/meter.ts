/**
 * What the daemon costs: CPU time and memory at 10 Hz with 4 zones and 20 clients, beside an idle Node of the same machine, and
 * beside one that does as little as can be done: reads the four files and answers as many clients with as many bytes; how late
 * its looks are, how long a client waits, and whether one client that misbehaves makes it grow. Beside that the work alone, without
 * waking up for it: one look at 4 zones, and one share-out among 5000 processes. CPU time is what the kernel counted
 * for the process, so that a busy machine shows in lateness and waiting, less in cost. Build first: node build.mjs.
 * Run: npx tsx bench/meter.ts [seconds]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askDaemon, openCounters, readFor, top } from '../metering.js';
import { keep, rounded, timed } from './results.js';

const seconds = Number(process.argv[2] ?? 60);
const dist = (name: string) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
// In memory, as sysfs is: on a disk the simulator’s replaced files are paid for by whoever closes them last.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'caco-bench-meter-'));
const root = join(folder, 'powercap');
const socket = join(folder, 'rapl.sock');
const children: ChildProcess[] = [];
const start = (args: readonly string[], stderr: 'ignore' | 'pipe' = 'ignore') => {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', stderr] });
  children.push(child);
  return child;
};

/** Seconds of CPU of every thread of a process, as the scheduler counts them. */
const cpuSeconds = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0) / 1e9;
const megabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) / 1024;

/** Four reads ten times a second, and an answer of a snapshot's length to whoever writes a line. */
const BARE = `
const fs = require('node:fs');
const [root, at] = process.argv.slice(1);
const bytes = Buffer.alloc(64);
const zones = fs.readdirSync(root).map((zone) => fs.openSync(root + '/' + zone + '/energy_uj'));
const line = 'x'.repeat(2500) + '\\n';
require('node:net').createServer((s) => s.on('error', () => {}).on('data', () => s.write(line))).listen(at);
setInterval(() => zones.forEach((fd) => fs.readSync(fd, bytes, 0, 64, 0)), 100);
`;

/** A client that asks once a second. */
const clientOf = (path: string, waits: number[]): Socket => {
  const client = createConnection(path);
  let asked = 0;
  client.on('data', (bytes) => {
    if (bytes.includes(0x0a)) waits.push(performance.now() - asked);
  });
  client.on('error', () => {});
  const timer = setInterval(() => {
    asked = performance.now();
    client.write('{}\n');
  }, 1000);
  client.on('close', () => clearInterval(timer));
  return client;
};

/** Asks as fast as it can, never reads, sends halves of requests and what is none, and comes again. */
const hostile = (signal: AbortSignal) => {
  const again = () => {
    if (signal.aborted) return;
    const client = createConnection(socket);
    client.pause();
    client.on('error', () => {});
    client.on('close', () => setTimeout(again, 50));
    client.write('{}\n'.repeat(10_000));
    client.write('{"get":');
    setTimeout(() => client.destroy(), 3000);
  };
  again();
};

const LOOKS = 2000;
/** Time that passes at once, so that only the work is left. */
const hurried = () => {
  let ms = 0;
  const sleep = async (step: number) => {
    ms += step;
  };
  return { timer: { nowMs: () => ms, sleep }, moment: () => ({ monotonicMs: ms, boottimeMs: ms }) };
};
const signal = new AbortController().signal;

const lookMs = async (): Promise<number> => {
  const source = openCounters({ powercapRoot: root });
  const of = { seconds: LOOKS / 10, intervalSeconds: 0.1, signal, ...hurried() };
  const { cpuSeconds } = await timed(() => readFor(source, of));
  return rounded((cpuSeconds * 1000) / LOOKS, 4);
};

const PROCESSES = 5000;
/** Two looks at as many processes, and the energy shared out among them. */
const shareMs = async (): Promise<number> => {
  const proc = join(folder, 'proc');
  for (let pid = 1; pid <= PROCESSES; pid++) {
    mkdirSync(join(proc, String(pid)), { recursive: true });
    const stat = `${pid} (work) S 1 1 1 0 -1 4194560 1 0 0 0 ${pid} 0 0 0 20 0 1 0 7 100 10 0\n`;
    writeFileSync(join(proc, String(pid), 'stat'), stat);
    writeFileSync(join(proc, String(pid), 'cgroup'), `0::/system.slice/unit-${pid % 50}.service\n`);
  }
  writeFileSync(join(proc, 'stat'), 'cpu 100000000 0 0 0 0 0 0 0 0 0\n');
  const of = { seconds: 0.1, intervalSeconds: 0.1, idleWatts: 20, wattsPerCpu: 5, signal, proc, ...hurried() };
  const { cpuSeconds } = await timed(() => top({ source: openCounters({ powercapRoot: root }), ...of }));
  return rounded(cpuSeconds * 1000, 1);
};

try {
  start([
    dist('cli/main.js'),
    'rapl-sim',
    '--root',
    root,
    '--watts',
    '100',
    '--wrap-seconds',
    '30',
    '--interval',
    '0.2',
  ]);
  while (!existsSync(join(root, 'intel-rapl:1/energy_uj'))) await pause(50);
  const work = { lookCpuMs: await lookMs(), twoLooksAndShareOf5000CpuMs: await shareMs() };
  const daemon = start([dist('tools/rapl/daemon.main.js'), '--powercap-root', root, '--socket-path', socket], 'pipe');
  await new Promise((resolve) => daemon.stderr!.once('data', resolve));
  const idle = start(['-e', 'setInterval(() => {}, 100)']);
  const bareSocket = join(folder, 'bare.sock');
  const bare = start(['-e', BARE, root, bareSocket]);
  while (!existsSync(bareSocket)) await pause(50);
  const waits: number[] = [];
  const clients: Socket[] = [];
  for (let i = 0; i < 20; i++) {
    clients.push(clientOf(socket, waits), clientOf(bareSocket, []));
    await pause(50);
  }
  await pause(3000);
  const over = async (length: number) => {
    const [from, beganMs, memoryMb] = [
      children.map(({ pid }) => cpuSeconds(pid!)),
      performance.now(),
      megabytes(daemon.pid!),
    ];
    await pause(length * 1000);
    const wall = (performance.now() - beganMs) / 1000;
    const percent = (child: ChildProcess) =>
      rounded(((cpuSeconds(child.pid!) - from[children.indexOf(child)]!) / wall) * 100, 3);
    return {
      seconds: rounded(wall),
      cpuPercentOfOneCore: percent(daemon),
      bareNodePercentOfOneCore: percent(bare),
      idleNodePercentOfOneCore: percent(idle),
      memoryMbBefore: rounded(memoryMb, 1),
      memoryMbAfter: rounded(megabytes(daemon.pid!), 1),
    };
  };
  const friendly = await over(seconds);
  const idleMb = rounded(megabytes(idle.pid!), 1);
  waits.sort((a, b) => a - b);
  const wait = (share: number) => rounded(waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN, 3);
  const clientWaitMs = { p50: wait(0.5), p99: wait(0.99), answers: waits.length };
  const { pacing } = await askDaemon(socket, 10_000);
  const end = new AbortController();
  hostile(end.signal);
  const withHostile = await over(seconds);
  end.abort();
  for (const client of clients) client.destroy();
  keep('meter', {
    zones: 4,
    clients: 20,
    hertz: 10,
    work,
    friendly,
    idleNodeMb: idleMb,
    clientWaitMs,
    pacing,
    withHostile,
  });
} finally {
  for (const child of children) child.kill('SIGTERM');
  await pause(500);
  rmSync(folder, { recursive: true, force: true });
}
