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

const BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
const packed = (values: readonly number[]): string => {
  const bytes = Buffer.from(Float64Array.from(values).buffer);
  return (BIG_ENDIAN ? bytes.swap64() : bytes).toString('base64');
};
const unpacked = (text: string): Float64Array => {
  const bytes = Buffer.from(text, 'base64');
  const values = new Float64Array(bytes.length / 8);
  // Copied, because the bytes of a Buffer need not begin where a number may.
  new Uint8Array(values.buffer).set(BIG_ENDIAN ? bytes.swap64() : bytes);
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

/** Columns by their name, each unpacked when it is first asked for: most questions need few of them. */
class Unpacked<N extends string> {
  readonly #columns = new Map<N, Float64Array>();
  constructor(readonly packed: Readonly<Record<N, string>>) {}

  of(name: N): Float64Array {
    let column = this.#columns.get(name);
    if (column === undefined) {
      column = unpacked(this.packed[name]);
      this.#columns.set(name, column);
    }
    return column;
  }
}

/** The pieces of a part, found by the number of their job. */
class Pieces {
  #linked: Linked | null = null;

  constructor(
    readonly packed: PlanTablePart['planned'],
    readonly names: readonly string[],
    readonly jobs: number,
  ) {}

  of(job: number): TablePiece[] {
    this.#linked ??= linked(this.packed, this.jobs, this.names);
    const found: TablePiece[] = [];
    for (let i = this.#linked.first[job]!; i >= 0; i = this.#linked.next[i]!)
      found.push(new PackedPiece(this.#linked, i));
    return found;
  }
}

/** A piece that looks up its values where they are packed: numbers of many thousand pieces would each be an object of their own. */
class PackedPiece implements TablePiece {
  readonly #of: Linked;
  readonly #at: number;
  constructor(of: Linked, at: number) {
    this.#of = of;
    this.#at = at;
  }
  get place() {
    return this.#of.names[this.#of.place[this.#at]!]!;
  }
  get start() {
    return this.#of.start[this.#at]!;
  }
  get end() {
    return this.#of.end[this.#at]!;
  }
  get kwh() {
    return this.#of.kwh[this.#at]!;
  }
  get kg() {
    return this.#of.kg[this.#at]!;
  }
  get energyCost() {
    return this.#of.energyCost[this.#at]!;
  }
  get otherCost() {
    return this.#of.otherCost[this.#at]!;
  }
}

/** Columns of pieces, with of each job the number of its first piece and of each piece that of the next one of its job; −1: none. */
interface Linked extends Record<Exclude<(typeof PIECE)[number], 'job'>, Float64Array> {
  readonly first: Int32Array;
  readonly next: Int32Array;
  readonly names: readonly string[];
}
const linked = (
  { job: packedJob, ...rest }: PlanTablePart['planned'],
  jobs: number,
  names: readonly string[],
): Linked => {
  const job = unpacked(packedJob);
  const first = new Int32Array(jobs).fill(-1);
  const next = new Int32Array(job.length);
  for (let i = job.length - 1; i >= 0; i--) {
    next[i] = first[job[i]!]!;
    first[job[i]!] = i;
  }
  const columns = Object.fromEntries(Object.entries(rest).map(([name, text]) => [name, unpacked(text)]));
  return { ...(columns as Record<keyof typeof rest, Float64Array>), first, next, names };
};

interface Unpacking {
  readonly names: readonly string[];
  readonly jobs: Unpacked<(typeof JOB)[number]>;
  readonly planned: Pieces;
  readonly baseline: Pieces;
}
const orNull = (value: number) => (Number.isNaN(value) ? null : value);

/** A job that looks up its values where they are packed. */
class PackedJob implements TableJob {
  readonly #of: Unpacking;
  readonly #at: number;
  #planned: readonly TablePiece[] | null = null;
  #baseline: readonly TablePiece[] | null = null;

  constructor(
    readonly id: string,
    at: number,
    of: Unpacking,
  ) {
    this.#at = at;
    this.#of = of;
  }
  #value(column: (typeof JOB)[number]): number {
    return this.#of.jobs.of(column)[this.#at]!;
  }
  #name(column: (typeof JOB)[number]): string {
    return this.#of.names[this.#value(column)]!;
  }
  get team() {
    return this.#name('team');
  }
  get kind() {
    return this.#name('kind');
  }
  get category() {
    return this.#name('category') as Category;
  }
  get cluster() {
    return Number.isNaN(this.#value('cluster')) ? null : this.#name('cluster');
  }
  get earliest() {
    return this.#value('earliest');
  }
  get due() {
    return orNull(this.#value('due'));
  }
  get deadline() {
    return orNull(this.#value('deadline'));
  }
  get hours() {
    return this.#value('hours');
  }
  get vcpus() {
    return this.#value('vcpus');
  }
  get gpus() {
    return this.#value('gpus');
  }
  get planned() {
    this.#planned ??= this.#of.planned.of(this.#at);
    return this.#planned;
  }
  get baseline() {
    if (this.#baseline === null) {
      const own = this.#of.baseline.of(this.#at);
      this.#baseline = own.length > 0 ? own : this.planned;
    }
    return this.#baseline;
  }
}

/** The jobs of a part, in order. */
export const jobsOfPart = ({ ids, names, jobs, planned, baseline }: PlanTablePart): TableJob[] => {
  const of: Unpacking = {
    names,
    jobs: new Unpacked(jobs),
    planned: new Pieces(planned, names, ids.length),
    baseline: new Pieces(baseline, names, ids.length),
  };
  return ids.map((id, at) => new PackedJob(id, at, of));
};
