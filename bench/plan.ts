/**
 * A plan of the scenario's queue through the real store: jobs gathered, planned, and written as rows. CPU seconds of the
 * whole, of gathering and of the search (the rest reads jobs and writes placements), and the peak of memory.
 * Run: npx tsx bench/plan.ts [DAYS …]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { keep, rounded } from './results.js';

const given = process.argv.slice(2).map(Number);
const lengths = given.length > 0 ? given : [30];
const by = { actor: { id: 'bench', via: 'cli' as const } };

const spent = async <T>(work: () => Promise<T>): Promise<{ answer: T; cpuSeconds: number; seconds: number }> => {
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  const answer = await work();
  const used = process.cpuUsage(cpu);
  return {
    answer,
    cpuSeconds: (used.user + used.system) / 1e6,
    seconds: Number(process.hrtime.bigint() - begun) / 1e9,
  };
};

const rows: Record<string, unknown>[] = [];
for (const days of lengths) {
  const folder = mkdtempSync(join(tmpdir(), 'caco-bench-'));
  try {
    const { config } = readConfig({ home: folder, scenario: 'five-regions' }, {}, folder);
    const app = await openApp(config);
    const from = app.world.clock.now();
    const window = { from, horizonHours: days * 24 };
    const gathered = await spent(() => app.call('gather_jobs', window, by));
    const { workloadId, jobs } = gathered.answer as { workloadId: string; jobs: number };
    const made = await spent(() => app.call('make_plan', { ...window, workloadId }, by));
    const answer = made.answer as {
      plan: { gap: number | null; engine: string } | null;
      status: string;
      cpuSeconds: number;
    };
    rows.push({
      days,
      jobs,
      status: answer.status,
      gapPercent: answer.plan?.gap == null ? null : rounded(100 * answer.plan.gap),
      engine: answer.plan?.engine ?? null,
      gatherCpuSeconds: rounded(gathered.cpuSeconds),
      planCpuSeconds: rounded(made.cpuSeconds),
      planSeconds: rounded(made.seconds),
      // Time of the worker, which meanwhile is alone at work.
      searchCpuSeconds: rounded(answer.cpuSeconds),
      readAndWriteCpuSeconds: rounded(made.cpuSeconds - answer.cpuSeconds),
      peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
    });
    await app.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
keep('plan', { rows });
