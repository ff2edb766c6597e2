/** The jobs of a plan as columns, put together from the packed parts that the server sends: 30 000 of them are a few megabytes. */
import { callTool } from '../client.js';

interface Part {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly jobs: Readonly<Record<'team' | 'kind' | 'category' | 'cluster' | 'earliest' | 'due' | 'deadline', string>>;
  readonly planned: Packed;
  readonly baseline: Packed;
}
type Packed = Readonly<Record<'job' | 'place' | 'start' | 'end' | 'kwh' | 'kg', string>>;

/** Pieces in order of their job; `first[job]` to `first[job + 1]` are a job's. Times in epoch seconds. */
export interface Pieces {
  readonly first: Int32Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly place: Uint16Array;
  readonly kwh: Float64Array;
}

export interface PlanTable {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly team: Uint16Array;
  readonly cluster: Uint16Array;
  readonly category: Uint16Array;
  readonly due: Float64Array;
  readonly planned: Pieces;
  /** of jobs that the plan moves; others have none and run as planned */
  readonly baseline: Pieces;
  readonly from: number;
  readonly to: number;
}

const floats = (text: string): Float64Array => {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Float64Array(bytes.buffer);
};

/** Rows of every part one after the other, each mapped on its way. */
const joined = <A extends Uint16Array | Float64Array>(
  into: A,
  columns: readonly Float64Array[],
  map: (value: number, part: number) => number,
): A => {
  let at = 0;
  columns.forEach((column, part) => {
    for (const value of column) into[at++] = map(value, part);
  });
  return into;
};

const piecesOf = (
  parts: readonly Part[],
  which: 'planned' | 'baseline',
  jobs: number,
  name: (value: number, part: number) => number,
): Pieces => {
  const column = (of: keyof Packed) => parts.map((part) => floats(part[which][of]));
  const offsets = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.ids.length, 0));
  const job = column('job');
  const count = job.reduce((sum, one) => sum + one.length, 0);
  const owner = joined(new Float64Array(count), job, (value, part) => value + offsets[part]!);
  const given = {
    start: joined(new Float64Array(count), column('start'), (v) => v),
    end: joined(new Float64Array(count), column('end'), (v) => v),
    kwh: joined(new Float64Array(count), column('kwh'), (v) => v),
    place: joined(new Uint16Array(count), column('place'), name),
  };
  // Pieces of a job need not stand together: they are counted and put in place.
  const first = new Int32Array(jobs + 1);
  for (const j of owner) first[j + 1]!++;
  for (let j = 0; j < jobs; j++) first[j + 1]! += first[j]!;
  const next = first.slice();
  const pieces = {
    first,
    start: new Float64Array(count),
    end: new Float64Array(count),
    kwh: new Float64Array(count),
    place: new Uint16Array(count),
  };
  for (let i = 0; i < count; i++) {
    const at = next[owner[i]!]!++;
    pieces.start[at] = given.start[i]!;
    pieces.end[at] = given.end[i]!;
    pieces.kwh[at] = given.kwh[i]!;
    pieces.place[at] = given.place[i]!;
  }
  return pieces;
};

export const NO_NAME = 0xffff;

export const tableOf = (parts: readonly Part[]): PlanTable => {
  const numbers = new Map<string, number>();
  const numberOf = (text: string): number => {
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  };
  const maps = parts.map((part) => part.names.map(numberOf));
  const name = (value: number, part: number) => (Number.isNaN(value) ? NO_NAME : maps[part]![value]!);
  const ids = parts.flatMap((part) => part.ids);
  const column = (of: keyof Part['jobs']) => parts.map((part) => floats(part.jobs[of]));
  const planned = piecesOf(parts, 'planned', ids.length, name);
  const baseline = piecesOf(parts, 'baseline', ids.length, name);
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const of of [planned, baseline]) {
    for (const value of of.start) from = Math.min(from, value);
    for (const value of of.end) to = Math.max(to, value);
  }
  return {
    ids,
    names: [...numbers.keys()],
    team: joined(new Uint16Array(ids.length), column('team'), name),
    cluster: joined(new Uint16Array(ids.length), column('cluster'), name),
    category: joined(new Uint16Array(ids.length), column('category'), name),
    due: joined(new Float64Array(ids.length), column('due'), (v) => v),
    planned,
    baseline,
    from: Number.isFinite(from) ? from : 0,
    to: Number.isFinite(to) ? to : 1,
  };
};

/** Asks for a plan's parts one after the other. Throws Trouble. */
export const loadTable = async (planId: string): Promise<PlanTable> => {
  const parts: Part[] = [];
  for (let cursor: string | null = null; ; ) {
    const answer: { part: Part | null; next: string | null } = await callTool('tabulate_plan', {
      planId,
      ...(cursor === null ? {} : { cursor }),
    });
    if (answer.part !== null) parts.push(answer.part);
    if (answer.next === null) return tableOf(parts);
    cursor = answer.next;
  }
};
