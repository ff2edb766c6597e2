/**
 * A plan's jobs as a table of packed columns, kept beside its rows: a question over many thousand jobs reads it in tens of
 * milliseconds. Parts of at most 5000 jobs keep a page bounded; a job is in one part with all of its pieces.
 */
import { z } from 'zod';
import type { Category, Job } from './job.js';
import { Names } from './names.js';
import type { Placement } from './plan.js';
import { defineRows } from './store.js';
import { toEpoch } from './time.js';

const Packed = z.string().describe('float64 values, little-endian, in base64; not a number where a value is unknown');

const JOB = ['team', 'kind', 'category', 'cluster', 'earliest', 'due', 'deadline', 'hours', 'vcpus', 'gpus'] as const;
const PIECE = ['job', 'place', 'start', 'end', 'kwh', 'kg', 'energyCost', 'otherCost'] as const;
const columns = <const N extends string>(names: readonly N[]) =>
  z.strictObject(Object.fromEntries(names.map((n) => [n, Packed])) as Record<N, typeof Packed>);

export const PlanTablePart = z.strictObject({
  ids: z.array(z.string()).describe('of the jobs, in the workload’s order'),
  names: z
    .array(z.string())
    .describe('teams, kinds, categories, clusters and regions, by the number that columns hold'),
  jobs: columns(JOB).describe('times in epoch seconds; a cluster that is none is unknown'),
  planned: columns(PIECE).describe(
    'pieces as planned; job: its place among the ids; kWh of the facility, kg CO2e, money',
  ),
  baseline: columns(PIECE).describe('the same without the plan, only of jobs that it moves: the others run alike'),
});
export type PlanTablePart = z.infer<typeof PlanTablePart>;

/** Parts by plan id, named `<number>`. */
export const PLAN_TABLES = defineRows('plan-tables', PlanTablePart);

/** One contiguous run; times in epoch seconds, `otherCost` for machines and transfer. */
export interface TablePiece {
  readonly place: string;
  readonly start: number;
  readonly end: number;
  readonly kwh: number;
  readonly kg: number;
  readonly energyCost: number;
  readonly otherCost: number;
}
/** A job with what it does without the plan and under it; the same list twice where it stays, empty ones where it has no place. */
export interface TableJob {
  readonly id: string;
  readonly team: string;
  readonly kind: string;
  readonly category: Category;
  readonly cluster: string | null;
  readonly earliest: number;
  readonly due: number | null;
  readonly deadline: number | null;
  readonly hours: number;
  readonly vcpus: number;
  readonly gpus: number;
  readonly planned: readonly TablePiece[];
  readonly baseline: readonly TablePiece[];
}

export const JOBS_IN_A_PART = 5000;

const packed = (values: readonly number[]): string => {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => void bytes.writeDoubleLE(value, i * 8));
  return bytes.toString('base64');
};
const unpacked = (text: string): Float64Array => {
  const bytes = Buffer.from(text, 'base64');
  const values = new Float64Array(bytes.length / 8);
  for (let i = 0; i < values.length; i++) values[i] = bytes.readDoubleLE(i * 8);
  return values;
};

type Columns<N extends string> = Record<N, number[]>;
const empty = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((n) => [n, [] as number[]])) as Columns<N>;
const pack = <N extends string>(of: Columns<N>) =>
  Object.fromEntries(Object.entries<number[]>(of).map(([n, values]) => [n, packed(values)])) as Record<N, string>;
const timeOf = (at: Job['due']) => (at === null ? Number.NaN : toEpoch(at));
const sameRun = (a: readonly Placement[], b: readonly Placement[]) =>
  a.length === b.length &&
  a.every((p, i) => p.start === b[i]!.start && p.end === b[i]!.end && p.region === b[i]!.region);

/** Packs jobs one after the other; `part` hands over what came since the last one. */
export class PlanTabler {
  #ids: string[] = [];
  #names = new Names();
  #jobs = empty(JOB);
  #planned = empty(PIECE);
  #baseline = empty(PIECE);

  get size(): number {
    return this.#ids.length;
  }

  job(job: Job, planned: readonly Placement[], baseline: readonly Placement[]): void {
    const at = this.#ids.push(job.id) - 1;
    const row = this.#jobs;
    row.team.push(this.#names.of(job.team));
    row.kind.push(this.#names.of(job.kind));
    row.category.push(this.#names.of(job.category));
    row.cluster.push(job.clusterId === null ? Number.NaN : this.#names.of(job.clusterId));
    row.earliest.push(toEpoch(job.earliestStart));
    row.due.push(timeOf(job.due));
    row.deadline.push(timeOf(job.deadline));
    row.hours.push(job.durationHours);
    row.vcpus.push(job.vcpus);
    row.gpus.push(job.gpus);
    for (const piece of planned) this.#piece(this.#planned, at, piece);
    if (!sameRun(planned, baseline)) for (const piece of baseline) this.#piece(this.#baseline, at, piece);
  }

  part(): PlanTablePart {
    const part = {
      ids: this.#ids,
      names: this.#names.names,
      jobs: pack(this.#jobs),
      planned: pack(this.#planned),
      baseline: pack(this.#baseline),
    };
    this.#ids = [];
    this.#names = new Names();
    this.#jobs = empty(JOB);
    this.#planned = empty(PIECE);
    this.#baseline = empty(PIECE);
    return part;
  }

  #piece(into: Columns<(typeof PIECE)[number]>, job: number, p: Placement) {
    into.job.push(job);
    into.place.push(this.#names.of(p.region));
    into.start.push(toEpoch(p.start));
    into.end.push(toEpoch(p.end));
    into.kwh.push(p.energyKwh);
    into.kg.push(p.emissionsKg);
    into.energyCost.push(p.energyCost);
    into.otherCost.push(p.instanceCost + p.egressCost);
  }
}

type Unpacked<N extends string> = Record<N, Float64Array>;
const unpack = <N extends string>(of: Record<N, string>) =>
  Object.fromEntries(Object.entries<string>(of).map(([n, text]) => [n, unpacked(text)])) as Unpacked<N>;
const orNull = (value: number) => (Number.isNaN(value) ? null : value);

/** By the number of their job. */
const piecesOf = (of: PlanTablePart['planned'], names: readonly string[]): Map<number, TablePiece[]> => {
  const c = unpack(of);
  const found = new Map<number, TablePiece[]>();
  for (let i = 0; i < c.job.length; i++) {
    const piece = {
      place: names[c.place[i]!]!,
      start: c.start[i]!,
      end: c.end[i]!,
      kwh: c.kwh[i]!,
      kg: c.kg[i]!,
      energyCost: c.energyCost[i]!,
      otherCost: c.otherCost[i]!,
    };
    const mine = found.get(c.job[i]!);
    if (mine) mine.push(piece);
    else found.set(c.job[i]!, [piece]);
  }
  return found;
};

/** The jobs of a part, in order. */
export const jobsOfPart = (part: PlanTablePart): TableJob[] => {
  const { names } = part;
  const c = unpack(part.jobs);
  const planned = piecesOf(part.planned, names);
  const baseline = piecesOf(part.baseline, names);
  return part.ids.map((id, i) => ({
    id,
    team: names[c.team[i]!]!,
    kind: names[c.kind[i]!]!,
    category: names[c.category[i]!] as Category,
    cluster: Number.isNaN(c.cluster[i]!) ? null : names[c.cluster[i]!]!,
    earliest: c.earliest[i]!,
    due: orNull(c.due[i]!),
    deadline: orNull(c.deadline[i]!),
    hours: c.hours[i]!,
    vcpus: c.vcpus[i]!,
    gpus: c.gpus[i]!,
    planned: planned.get(i) ?? [],
    baseline: baseline.get(i) ?? planned.get(i) ?? [],
  }));
};
