/**
 * The planner's figures: gap and CPU seconds of one core on the reference instances, and the uncoupled core on a million
 * jobs. `npx tsx bench/optimizer.ts [NAME …]`; results go to bench/results/optimizer.json with the machine named.
 * Instances are read from CACO_REFERENCE, a folder with `instances/` in the format caco-opt-1; without it only the
 * uncoupled row is measured.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { emptyJobs, type Hooks, type Outcome, type Problem, parseCaco, solve } from '../offline.js';

interface Row {
  readonly name: string;
  readonly jobs: number;
  readonly slots: number;
  readonly gapPercent: number | null;
  readonly wantedGapPercent: number;
  readonly cpuSeconds: number;
  readonly wantedCpuSeconds: number;
  readonly objective: number | null;
  readonly lowerBound: number | null;
  readonly stoppedBy: string;
  readonly peakRssMb: number;
  readonly ok: boolean;
}

const WANTED = [
  ['q-30k-1440-medium', 0.15, 10],
  ['s-30k-1440-tight', 1.0, 30],
  ['r-10k-336-tight', 1.2, 10],
  ['p-10k-336-medium', 0.3, 10],
] as const;

const cpuNow = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What ends a run takes time too: the planner is told a little less than what is counted. */
const SHARE = 0.97;

const run = (problem: Problem, cpuSeconds: number): { outcome: Outcome; spent: number } => {
  const began = cpuNow();
  const hooks: Hooks = { cancelled: () => false, cpuSeconds: () => cpuNow() - began, tell: () => {}, milp: {} };
  const outcome = solve(problem, { seed: 1, engine: 'auto', relaxed: false, cpuSeconds: SHARE * cpuSeconds }, hooks);
  return { outcome, spent: cpuNow() - began };
};

/** A million jobs × 5 regions × 1440 half-hours without any limit, from typed arrays. */
const million = (): Problem => {
  const [count, R, T] = [1_000_000, 5, 1440];
  const jobs = emptyJobs(count);
  let state = 12_345;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let j = 0; j < count; j++) {
    const slots = 1 + Math.floor(next() * next() * 47);
    jobs.slots[j] = slots;
    jobs.release[j] = Math.floor(next() * (T - slots - 144));
    jobs.deadline[j] = jobs.release[j]! + slots + Math.floor(next() * 144);
    jobs.due[j] = jobs.deadline[j]!;
    jobs.powerKw[j] = 0.01 + 4 * next() ** 4;
    jobs.home[j] = Math.floor(next() * R);
  }
  const curve = (low: number, high: number) =>
    Float64Array.from({ length: R * T }, (_, i) => {
      const day = Math.sin(((i % 48) / 48) * 2 * Math.PI + Math.floor(i / T));
      return low + (high - low) * (0.5 + 0.35 * day + 0.15 * next());
    });
  return {
    name: 'uncoupled',
    slotHours: 0.5,
    slots: T,
    carbonPricePerTonne: 75,
    egressPerGb: 0.02,
    regions: Array.from({ length: R }, (_, r) => ({
      id: `r${r}`,
      pue: 1.1 + 0.05 * r,
      pricePerVcpuHour: 0,
      pricePerGpuHour: 0,
      peakChargePerKw: 0,
    })),
    teams: ['t'],
    regionSets: [Uint16Array.from({ length: R }, (_, r) => r)],
    machinePricePerHour: new Float64Array(0),
    pricePerMwh: curve(20, 120),
    ciGPerKwh: curve(30, 500),
    powerCapKw: new Float64Array(R * T).fill(Number.POSITIVE_INFINITY),
    vcpuCap: new Float64Array(R * T).fill(Number.POSITIVE_INFINITY),
    gpuCap: new Float64Array(R * T).fill(Number.POSITIVE_INFINITY),
    events: [],
    carbonCaps: [],
    jobs,
  };
};

/**
 * 100 000 jobs after the 30 000 of an instance: drawn from its jobs, moved by up to a day either way, under caps raised in
 * proportion. They bind about as much as those of the instance.
 */
const enlarged = (document: Caco, count: number): Problem => {
  const { jobs, regions, slots } = document;
  let state = 99;
  const below = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const factor = count / jobs.length;
  return parseCaco({
    ...document,
    name: 'coupled-100k-1440',
    regions: regions.map((region) => ({ ...region, maxPowerKw: region.maxPowerKw * factor })),
    jobs: Array.from({ length: count }, (_, n) => {
      const job = jobs[n < jobs.length ? n : below(jobs.length)]!;
      const moved = Math.min(slots - job.deadline, Math.max(-job.release, below(97) - 48));
      return {
        ...job,
        id: `j${n}`,
        release: job.release + moved,
        due: job.due + moved,
        deadline: job.deadline + moved,
      };
    }),
  });
};

/** What `enlarged` reads of a document in the format caco-opt-1. */
interface Caco {
  readonly slots: number;
  readonly regions: readonly { readonly maxPowerKw: number }[];
  readonly jobs: readonly { readonly release: number; readonly due: number; readonly deadline: number }[];
}

const rows: Row[] = [];
const measure = (name: string, problem: Problem, wantedGapPercent: number, wantedCpuSeconds: number) => {
  const { outcome, spent } = run(problem, wantedCpuSeconds);
  const gapPercent = outcome.gap === null ? null : outcome.gap * 100;
  const row: Row = {
    name,
    jobs: problem.jobs.count,
    slots: problem.slots,
    gapPercent,
    wantedGapPercent,
    cpuSeconds: spent,
    wantedCpuSeconds,
    objective: outcome.objective,
    lowerBound: outcome.lowerBound,
    stoppedBy: outcome.stoppedBy,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    ok: gapPercent !== null && gapPercent <= wantedGapPercent + 1e-7 && spent <= wantedCpuSeconds * 1.02,
  };
  rows.push(row);
  process.stdout.write(
    `${row.ok ? 'ok ' : 'NOT'} ${name}: gap ${gapPercent?.toFixed(3)} % of ${wantedGapPercent}, ${spent.toFixed(2)} cpu s of ${wantedCpuSeconds}, ${row.peakRssMb.toFixed(0)} MB\n`,
  );
};

const chosen = process.argv.slice(2);
const reference = process.env.CACO_REFERENCE;
const isWanted = (name: string) => chosen.length === 0 || chosen.includes(name);
// First, while the heap holds nothing else.
if (isWanted('uncoupled')) measure('uncoupled', million(), 0, 1.5);
for (const [name, gap, cpu] of WANTED) {
  const file = reference === undefined ? '' : join(reference, 'instances', `${name}.json.gz`);
  if (!isWanted(name) || !existsSync(file)) continue;
  measure(name, parseCaco(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'))), gap, cpu);
}
const pattern = reference === undefined ? '' : join(reference, 'instances', 'q-30k-1440-medium.json.gz');
if (isWanted('coupled-100k-1440') && existsSync(pattern)) {
  const document = JSON.parse(gunzipSync(readFileSync(pattern)).toString('utf8')) as Caco;
  measure('coupled-100k-1440', enlarged(document, 100_000), 0.5, 15);
}
const folder = new URL('results/', import.meta.url);
mkdirSync(folder, { recursive: true });
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
const results = new URL('optimizer.json', folder);
// Rows that were not measured this time are kept.
const before = existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as { rows: Row[] }).rows : [];
const kept = before.filter((old) => !rows.some((row) => row.name === old.name));
writeFileSync(results, `${JSON.stringify({ machine, rows: [...kept, ...rows] }, null, 2)}\n`);
