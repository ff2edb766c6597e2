/**
 * Work that has begun and may be interrupted, as two rows of a problem: what it has run, or was announced to run before anybody can
 * say otherwise, stands fast; the rest is planned, goes on for nothing where it is, or rests and is taken up again for its charge.
 * The two rows cost together what the whole job costs.
 */
import { emptySchedule, FROZEN, MOVABLE, type Problem, piecesOf, type Schedule, selectJobs } from './engine/engine.js';

export interface Split {
  /** The rows that were asked for, the rest in place of a whole job that has begun, and behind them what has run. */
  readonly problem: Problem;
  /** A schedule of `problem` as one of the rows that were asked for, jobs whole. */
  readonly whole: (schedule: Schedule) => Schedule;
}

/**
 * `rows` of the problem; those of `begun` run in these pieces by slot `at`, where they stand in `jobs.current`. A rest stays in its
 * region.
 */
export const splitBegun = (
  problem: Problem,
  rows: Uint32Array,
  begun: ReadonlyMap<number, readonly number[]>,
  at: number,
): Split => {
  const splits = [...rows].flatMap((j, i) => (begun.has(j) ? [{ i, done: begun.get(j)! }] : []));
  if (splits.length === 0) return { problem: selectJobs(problem, rows), whole: (schedule) => schedule };
  const picked = selectJobs(problem, [...rows, ...splits.map(({ i }) => rows[i]!)]);
  const { jobs } = picked;
  const was = jobs.current!;
  const current = { region: was.region.slice(), start: was.start.slice(), pieces: new Map(was.pieces) };
  const put = (j: number, pieces: readonly number[]) => {
    current.start[j] = pieces[0]!;
    if (pieces.length > 2) current.pieces.set(j, Int32Array.from(pieces));
    else current.pieces.delete(j);
  };
  const regionSets = [...picked.regionSets];
  const alone = new Map<number, number>();
  const only = (r: number): number => {
    if (!alone.has(r)) alone.set(r, regionSets.push(Uint16Array.of(r)) - 1);
    return alone.get(r)!;
  };
  const ids = [...jobs.ids];
  splits.forEach(({ i, done }, k) => {
    const past = rows.length + k;
    const region = current.region[i]!;
    const pieces = piecesOf(picked, was, i)!;
    const ran = lengthOf(done);
    const last = done.at(-1)! - done.at(-2)!;
    jobs.underWay[i] = done.at(-1) === at ? last : -1;
    jobs.kind[i] = MOVABLE;
    jobs.slots[i]! -= ran;
    jobs.release[i] = at;
    jobs.home[i] = region;
    jobs.regionSet[i] = only(region);
    jobs.dataGb[i] = 0;
    put(i, after(pieces, at));
    ids[past] = `${ids[i]} as it ran`;
    jobs.kind[past] = FROZEN;
    jobs.slots[past] = ran;
    jobs.lastFraction[past] = 1;
    jobs.minChunk[past] = 0;
    jobs.tardinessCostPerHour[past] = 0;
    jobs.churnCost[past] = 0;
    put(past, done);
  });
  const whole = (schedule: Schedule): Schedule => {
    const out = emptySchedule(rows.length);
    const doneOf = new Map(splits.map(({ i, done }) => [i, done]));
    for (let i = 0; i < rows.length; i++) {
      const rest = piecesOf(picked, schedule, i);
      if (rest === null) continue;
      const pieces = joined(doneOf.get(i) ?? [], rest);
      out.region[i] = schedule.region[i]!;
      out.start[i] = pieces[0]!;
      if (pieces.length > 2) out.pieces.set(i, Int32Array.from(pieces));
    }
    return out;
  };
  return { problem: { ...picked, regionSets, jobs: { ...jobs, ids, current } }, whole };
};

const lengthOf = (pieces: ArrayLike<number>): number => {
  let total = 0;
  for (let p = 0; p < pieces.length; p += 2) total += pieces[p + 1]! - pieces[p]!;
  return total;
};

/** What of the pieces lies before slot `at`, and what from there on. */
export const before = (pieces: ArrayLike<number>, at: number): number[] => clipped(pieces, 0, at);
export const after = (pieces: ArrayLike<number>, at: number): number[] => clipped(pieces, at, Number.POSITIVE_INFINITY);

const clipped = (pieces: ArrayLike<number>, low: number, high: number): number[] => {
  const left: number[] = [];
  for (let p = 0; p < pieces.length; p += 2) {
    const from = Math.max(low, pieces[p]!);
    const to = Math.min(high, pieces[p + 1]!);
    if (from < to) left.push(from, to);
  }
  return left;
};

/** One list of pieces; two that touch are one. */
const joined = (done: readonly number[], rest: ArrayLike<number>): number[] => {
  const pieces = [...done];
  for (let p = 0; p < rest.length; p += 2)
    if (pieces.at(-1) === rest[p]) pieces[pieces.length - 1] = rest[p + 1]!;
    else pieces.push(rest[p]!, rest[p + 1]!);
  return pieces;
};
