/**
 * The ledger beside plain inserts of the same rows, on the same disk in the same run: appends in batches, appends one by one
 * that are durable before they are acknowledged, a proof out of a big ledger, and its audit with peak memory.
 * Run: npx tsx bench/ledger.ts [entries]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import type { EntryBody } from '../domain/evidence/evidence.js';
import { instant } from '../domain/time.js';
import { Sqlite } from '../sqlite.js';
import { keep } from './results.js';

const SINGLES = 1500;
const ROUNDS = 5;
const BATCH = 1000;
const PROOFS = 200;
const AT = instant('2022-06-01T00:00:00Z');

/** As callTool writes them. */
const bodyOf = (i: number): EntryBody => ({
  kind: 'measure_emissions',
  at: AT,
  actor: 'graph:accountant',
  cause: `R-${i % 1000}`,
  subject: `deed-${i}`,
  data: { effect: 'records', input: '0'.repeat(64), output: String(i).padStart(64, '0') },
});
const bodies = (count: number, from: number) => Array.from({ length: count }, (_, i) => bodyOf(from + i));

const plainTable = (file: string) => {
  const database = new Sqlite(file);
  database.exec('pragma journal_mode = WAL; pragma synchronous = FULL');
  database.exec('create table entries (seq integer primary key, prev_hash text, hash text, body text)');
  const insert = database.prepare('insert into entries values (?, ?, ?, ?)');
  let seq = 0;
  const add = (body: EntryBody) => insert.run([seq++, '0'.repeat(64), '0'.repeat(64), JSON.stringify(body)]);
  return {
    one: add,
    many(all: readonly EntryBody[]) {
      database.exec('begin');
      for (const body of all) add(body);
      database.exec('commit');
    },
    close: () => database.close(),
  };
};

interface Took {
  /** by the wall clock */
  readonly s: number;
  /** of this process, so that a busy machine shows */
  readonly cpuS: number;
}
const timed = async (work: () => unknown): Promise<Took> => {
  const begun = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  await work();
  const used = process.cpuUsage(cpu);
  return { s: Number(process.hrtime.bigint() - begun) / 1e9, cpuS: (used.user + used.system) / 1e6 };
};
const seconds = async (work: () => unknown): Promise<number> => (await timed(work)).s;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const total = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'caco-bench-ledger-'));
const plain = plainTable(join(folder, 'plain.db'));
const app = await openApp(readConfig({ home: join(folder, 'home') }, {}, folder).config);
const { ledger } = app;

// One by one, in alternating rounds, so that a noisy disk disturbs both alike.
const single = { plain: [] as number[], ledger: [] as number[] };
let n = 0;
for (let round = 0; round < ROUNDS; round++) {
  const all = bodies(SINGLES / ROUNDS, n);
  n += all.length;
  single.plain.push(
    await seconds(() => {
      for (const body of all) plain.one(body);
    }),
  );
  single.ledger.push(
    await seconds(async () => {
      for (const body of all) await ledger.append([body]);
    }),
  );
}
const perSecond = SINGLES / ROUNDS;
const singles = { plain: perSecond / median(single.plain), ledger: perSecond / median(single.ledger) };

const batched = { plain: 0, ledger: 0, plainCpu: 0, ledgerCpu: 0 };
const first = n;
while (n < total) {
  const all = bodies(Math.min(BATCH, total - n), n);
  n += all.length;
  const [a, b] = [await timed(() => plain.many(all)), await timed(() => ledger.append(all))];
  batched.plain += a.s;
  batched.plainCpu += a.cpuS;
  batched.ledger += b.s;
  batched.ledgerCpu += b.cpuS;
}
const batchedEntries = n - first;

await ledger.checkpoint();
const proofs: Took[] = [];
for (let i = 0; i < PROOFS; i++) {
  const seq = Math.floor(((i * 0.618033988749895) % 1) * n);
  proofs.push(await timed(() => ledger.prove(seq)));
}

let peakBytes = 0;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
}, 50);
let sound = false;
const audit = await timed(async () => {
  sound = (await ledger.audit()).ok;
});
clearInterval(watch);

keep('ledger', {
  entries: n,
  oneByOne: {
    plainPerS: Math.round(singles.plain),
    ledgerPerS: Math.round(singles.ledger),
    ratio: Number((singles.ledger / singles.plain).toFixed(3)),
  },
  batched: {
    entries: batchedEntries,
    plainPerS: Math.round(batchedEntries / batched.plain),
    ledgerPerS: Math.round(batchedEntries / batched.ledger),
    ratio: Number((batched.plain / batched.ledger).toFixed(3)),
    plainPerCpuS: Math.round(batchedEntries / batched.plainCpu),
    ledgerPerCpuS: Math.round(batchedEntries / batched.ledgerCpu),
  },
  proofMs: {
    median: Number((median(proofs.map((p) => p.s)) * 1000).toFixed(2)),
    slowest: Number((Math.max(...proofs.map((p) => p.s)) * 1000).toFixed(2)),
    cpuMean: Number(((proofs.reduce((sum, p) => sum + p.cpuS, 0) / PROOFS) * 1000).toFixed(2)),
  },
  audit: {
    sound,
    seconds: Number(audit.s.toFixed(1)),
    cpuSeconds: Number(audit.cpuS.toFixed(1)),
    peakMb: Math.round(peakBytes / 1e6),
  },
});
await app.close();
plain.close();
rmSync(folder, { recursive: true, force: true });
