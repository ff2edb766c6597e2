/**
 * A million rows of CSV into the store: seconds, rows a second and peak memory, beside a tenth of it, so that growth shows.
 * Run: npx tsx bench/ingest.ts [rows]
 */
import { fork } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { fromEpoch, instant, toEpoch } from '../domain/time.js';
import { keep, rounded } from './results.js';

const HEADER = 'id,name,team,category,earliest_start,deadline,duration_hours,vcpus,gpus,interruptible';
const START = toEpoch(instant('2022-06-01T00:00:00Z'));

/** Written from a small generator of its own: the same rows on every machine. */
const writeRows = async (path: string, rows: number) => {
  const out = createWriteStream(path);
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  out.write(`${HEADER}\n`);
  for (let i = 0; i < rows; ) {
    const lines: string[] = [];
    for (const end = Math.min(rows, i + 5000); i < end; i++) {
      const start = START + Math.floor(next() * 30 * 86_400);
      const hours = Math.round((0.1 + next() * 6) * 3600) / 3600;
      const category = ['urgent', 'balanced', 'sustainable'][Math.floor(next() * 3)];
      lines.push(
        `job-${i},nightly run ${i},team-${i % 40},${category},${fromEpoch(start)},${fromEpoch(start + 86_400)},${hours},${1 + (i % 64)},${i % 11 === 0 ? 1 : 0},${i % 2 === 0}`,
      );
    }
    if (!out.write(`${lines.join('\n')}\n`)) await new Promise<void>((resolve) => out.once('drain', () => resolve()));
  }
  await new Promise<void>((resolve) => out.end(() => resolve()));
};

interface Measured {
  rows: number;
  seconds: number;
  cpuSeconds: number;
  peakMb: number;
}

const measure = async (path: string, rows: number, home: string) => {
  const { config } = readConfig({ home }, {}, home);
  const app = await openApp(config);
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  const answer = (await app.call('ingest_jobs', { path }, { actor: { id: 'bench', via: 'cli' } })) as {
    accepted: number;
  };
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const used = process.cpuUsage(cpu);
  await app.close();
  if (answer.accepted !== rows) throw new Error(`${answer.accepted} of ${rows} rows were taken in`);
  process.send?.({
    rows,
    seconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1024,
  } satisfies Measured);
};

const inChild = (path: string, rows: number, home: string) =>
  new Promise<Measured>((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--measure', path, String(rows), home]);
    let said: Measured | undefined;
    child.on('message', (message) => {
      said = message as Measured;
    });
    child.on('exit', (code) => (said ? resolve(said) : reject(new Error(`the measured process ended with ${code}`))));
  });

const [mode, path, count, home] = process.argv.slice(2);
if (mode === '--measure') await measure(path!, Number(count), home!);
else {
  const rows = Number(mode ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'caco-bench-'));
  try {
    const results: Measured[] = [];
    for (const part of [Math.round(rows / 10), rows]) {
      const file = join(folder, `${part}.csv`);
      await writeRows(file, part);
      results.push(await inChild(file, part, join(folder, `home-${part}`)));
    }
    const [small, large] = results as [Measured, Measured];
    keep('ingest', {
      rows: results.map((r) => ({
        ...r,
        seconds: rounded(r.seconds),
        cpuSeconds: rounded(r.cpuSeconds),
        peakMb: Math.round(r.peakMb),
        rowsPerSecond: Math.round(r.rows / r.seconds),
      })),
      cpuPerRowLargeToSmall: rounded(large.cpuSeconds / large.rows / (small.cpuSeconds / small.rows)),
      targets: { seconds: 15, peakMb: 500 },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
