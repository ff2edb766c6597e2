/**
 * A template answer over a plan of 30 000 jobs, kept as make_plan keeps one: the first question of a process once the program is
 * loaded, and those after it; and how long a sentence of a model takes from its last token to the reader.
 * Run: npx tsx bench/chat.ts [jobs]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { around, plainJob, plainPlan, plainTotals } from '../domain/fixtures/quiet-world.js';
import { JOBS, WORKLOADS } from '../domain/job.js';
import { PLACEMENTS, PLANS, type Placement, RECOMMENDATIONS } from '../domain/plan.js';
import { PLAN_SUMS, PlanSummer } from '../domain/plan-sums.js';
import { JOBS_IN_A_PART, PLAN_TABLES, PlanTabler } from '../domain/plan-table.js';
import { plusHours } from '../domain/time.js';
import { kg, kwh, money } from '../domain/units.js';
import { keep, rounded } from './results.js';

const COUNT = Number(process.argv[2] ?? 30_000);
const LIMIT_MS = 300;
const LIMIT_SENTENCE_MS = 50;
const actor = { id: 'bench', via: 'cli' as const };
const home = mkdtempSync(join(tmpdir(), 'caco-bench-chat-'));
const open = (more: object = {}) =>
  openApp({ ...readConfig({ home, scenario: 'five-regions', grid: 'sim' }, {}, home).config, ...more });

const fill = async () => {
  const app = await open();
  const { store } = app.world;
  const now = app.world.clock.now();
  const [region = ''] = await app.world.grid.regions();
  const ids = Array.from({ length: COUNT }, (_, i) => `job-${i}`);
  const totals = (each: number) => plainTotals({ kg: COUNT * each, kwh: COUNT * 10, currency: 'USD', peakKw: 100 });
  await store.collection(PLANS).put(
    'P-BENCH',
    plainPlan('P-BENCH', now, {
      digest: 'bench',
      workloadId: 'W-BENCH',
      jobs: { total: COUNT, movable: COUNT, moved: COUNT, urgent: 0, unplaced: 0 },
      baseline: totals(5),
      planned: totals(4),
      savings: { cost: 0, emissionsKg: around(COUNT) },
      gap: 0.001,
      engine: 'bench',
    }),
  );
  await store.collection(WORKLOADS).put('W-BENCH', {
    id: 'W-BENCH',
    origin: 'ingested',
    source: 'bench',
    createdAt: now,
    jobs: COUNT,
    earliestStart: now,
    latestEnd: plusHours(now, 48),
    assumed: [],
  });
  await store.rows(JOBS).append(
    'W-BENCH',
    ids.map((id, i) => ({
      id,
      value: plainJob(id, now, {
        name: `nightly ${i}`,
        team: `team-${i % 40}`,
        due: plusHours(now, 36),
        deadline: plusHours(now, 48),
        region,
        allowedRegions: [region],
      }),
    })),
  );
  await store.rows(PLACEMENTS).append(
    'P-BENCH',
    ids.map((id, i) => ({
      id: `${id}#0`,
      value: {
        jobId: id,
        region,
        start: plusHours(now, i % 22),
        end: plusHours(now, (i % 22) + 2),
        energyKwh: kwh(10),
        emissionsKg: kg(4),
        energyCost: money(0),
        instanceCost: money(0),
        egressCost: money(0),
      },
    })),
  );
  await store.rows(RECOMMENDATIONS).append(
    'P-BENCH',
    ids.map((id, i) => ({
      id,
      value: {
        jobId: id,
        team: `team-${i % 40}`,
        fromRegion: region,
        toRegion: region,
        fromStart: now,
        toStart: plusHours(now, i % 22),
        toEnd: plusHours(now, (i % 22) + 2),
        savedKg: 1,
        savedCost: 0,
        reason: 'cleaner hour',
      },
    })),
  );
  const sums = new PlanSummer();
  for await (const page of store.rows(PLACEMENTS).pages('P-BENCH')) for (const piece of page) sums.piece(piece, true);
  for await (const page of store.rows(JOBS).pages('W-BENCH'))
    for (const job of page) sums.job(job, { energyKwh: 10, emissionsKg: 4, start: now });
  for await (const page of store.rows(RECOMMENDATIONS).pages('P-BENCH')) for (const move of page) sums.move(move);
  await store.collection(PLAN_SUMS).put('P-BENCH', sums.sums('bench'));
  const runs = new Map<string, Placement[]>();
  for await (const page of store.rows(PLACEMENTS).pages('P-BENCH')) for (const p of page) runs.set(p.jobId, [p]);
  const table = new PlanTabler();
  let parts = 0;
  const keepPart = () => store.rows(PLAN_TABLES).append('P-BENCH', [{ id: String(parts++), value: table.part() }]);
  for await (const page of store.rows(JOBS).pages('W-BENCH'))
    for (const job of page) {
      const run = runs.get(job.id)!;
      table.job(job, run, run);
      if (table.size >= JOBS_IN_A_PART) await keepPart();
    }
  if (table.size > 0) await keepPart();
  await app.close();
};

/** Milliseconds of CPU and of the clock. */
const timed = async (work: () => Promise<unknown>) => {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const used = process.cpuUsage(cpu);
  return { cpu: (used.user + used.system) / 1000, wall: performance.now() - began };
};

const QUESTIONS = [
  'What will run when, and why?',
  'Why was job job-777 moved?',
  'What is the footprint of team team-7?',
  'List the largest jobs',
  'Which team has the highest emissions per kWh?',
  'Explain the plan',
];
const answers: object[] = [];
const line = (question: string, { cpu, wall }: { cpu: number; wall: number }) =>
  answers.push({ question, ms: Math.round(wall), cpuMs: Math.round(cpu) });

await fill();
const app = await open();
const load = await timed(() => app.prepare());
for (const question of [QUESTIONS[0]!, ...QUESTIONS])
  line(question, await timed(() => app.chat(question, undefined, { actor })));
await app.close();

// A server that notes when it sent the last token of a sentence, and is silent for a second before it ends.
const sentAt: number[] = [];
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const say = (content: string) =>
    response.write(`${JSON.stringify({ message: { role: 'assistant', content }, done: false })}\n`);
  for (const word of ['Plan', ' P-BENCH', ' waits', ' for', ' nobody', '.']) say(word);
  sentAt.push(performance.now());
  await new Promise((go) => setTimeout(go, 300));
  response.end(
    `${JSON.stringify({ message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 4000, eval_count: 10 })}\n`,
  );
});
await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
const spoken = await open({
  model: 'ollama/bench',
  ollamaHost: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
});
const waits: number[] = [];
for (let i = 0; i < 9; i++) {
  let seen = 0;
  const first = sentAt.length;
  await spoken.chat('Explain the plan', `T${i}`, {
    actor,
    onEvent: (e) => {
      if (e.type === 'sentence' && seen === 0) seen = performance.now();
    },
  });
  waits.push(seen - sentAt[first]!);
}
const middle = [...waits].sort((a, b) => a - b)[4]!;
keep('chat', {
  jobs: COUNT,
  loadMs: Math.round(load.wall),
  answers,
  sentenceMs: { median: rounded(middle, 1), first: rounded(waits[0]!, 1) },
  targets: { answerMs: LIMIT_MS, sentenceMs: LIMIT_SENTENCE_MS },
});
await spoken.close();
server.close();
rmSync(home, { recursive: true, force: true });
