import {
  emptySchedule,
  FROZEN,
  MOVABLE,
  type PowerEvent,
  type Problem,
  piecesOf,
  type Schedule,
  SLOT_EPSILON,
  URGENT,
} from './engine/engine.js';
import { after, before } from './running-work.js';
/**
 * A plan that is under way, as a problem again: what has run or was announced is frozen, and so is work that runs and may not be
 * interrupted; what is left of the work that may, and the rest, may move for a churn charge. What has happened since (a lost site,
 * a cap in a window, jobs that take longer) is in it.
 */

export interface Happened {
  /** First slot that has not begun. */
  readonly nowSlot: number;
  /** What is done before this slot was announced and stays; at least `nowSlot`. */
  readonly noticeSlot: number;
  /** False where the fleet cannot interrupt work that runs. */
  readonly mayPause: boolean;
  readonly events: readonly PowerEvent[];
  /** Regions that are lost from `nowSlot` on, as rows of the problem's regions. */
  readonly lost: readonly number[];
  /** Charge for moving a job that has a place, by row of the problem. */
  readonly churnCost: Float64Array;
}

export type Fate = 'frozen' | 'begun' | 'free' | 'added' | 'stopped' | 'stranded';

export interface Replanned {
  readonly problem: Problem;
  /**
   * Of each job: `begun` runs and may be interrupted; `stopped` ran at a lost site and starts anew; `stranded` has no other place and
   * stays out.
   */
  readonly fates: readonly Fate[];
  /** What stays of those that have begun: their pieces before `noticeSlot`, by row. */
  readonly begun: ReadonlyMap<number, readonly number[]>;
  /** Jobs that may be interrupted and have begun where the fleet cannot do it. */
  readonly unpausable: number;
}

/** `current` places the jobs of the plan (region −1: new). Pieces of a frozen job that became longer grow at their end. */
export const replanProblem = (problem: Problem, current: Schedule, happened: Happened): Replanned => {
  const { jobs, slots: T } = problem;
  const lost = new Set(happened.lost);
  const next = { ...jobs, kind: jobs.kind.slice(), release: jobs.release.slice(), churnCost: jobs.churnCost.slice() };
  const regionSet = jobs.regionSet.slice();
  const sets = [...problem.regionSets];
  const reduced = new Map<number, number>();
  const without = (set: number): number => {
    const known = reduced.get(set);
    if (known !== undefined) return known;
    const left = sets[set]!.filter((r) => !lost.has(r));
    sets.push(left);
    reduced.set(set, sets.length - 1);
    return sets.length - 1;
  };
  const kept = emptySchedule(jobs.count);
  const fates: Fate[] = [];
  const begunPieces = new Map<number, readonly number[]>();
  let unpausable = 0;
  for (let j = 0; j < jobs.count; j++) {
    const pieces = current.region[j]! < 0 ? null : grown(piecesOf(problem, current, j)!, jobs.slots[j]!, T);
    const at = current.region[j]!;
    const begun = pieces !== null && pieces[0]! < happened.noticeSlot;
    const done = pieces !== null && pieces.at(-1)! <= happened.nowSlot;
    if (pieces !== null && begun && !done && !lost.has(at) && mayRest(problem, j, pieces, happened.noticeSlot)) {
      if (happened.mayPause) {
        put(kept, j, at, pieces);
        next.churnCost[j] = happened.churnCost[j]!;
        begunPieces.set(j, before(pieces, happened.noticeSlot));
        fates.push('begun');
        continue;
      }
      unpausable++;
    }
    if (pieces !== null && (done || (begun && !lost.has(at)))) {
      put(kept, j, at, pieces);
      next.kind[j] = FROZEN;
      fates.push('frozen');
      continue;
    }
    const isUrgent = jobs.kind[j] === URGENT;
    if (pieces === null && isUrgent && jobs.release[j]! < happened.nowSlot) next.release[j] = happened.nowSlot;
    if (!isUrgent) next.release[j] = Math.max(jobs.release[j]!, happened.nowSlot);
    if (lost.size > 0 && !isUrgent) regionSet[j] = without(jobs.regionSet[j]!);
    const work = jobs.slots[j]! - 1 + jobs.lastFraction[j]!;
    const latest = Math.min(Math.floor(jobs.deadline[j]! - work + SLOT_EPSILON), T - jobs.slots[j]!);
    // Too late already: it runs at once, and lateness is told, not planned away.
    if (next.kind[j] === MOVABLE && latest < next.release[j]!) next.kind[j] = URGENT;
    if (next.release[j]! + jobs.slots[j]! > T || (next.kind[j] === URGENT && lost.has(jobs.home[j]!))) {
      fates.push('stranded');
      continue;
    }
    const nowhere = !isUrgent && sets[regionSet[j]!]!.length === 0;
    if (nowhere) {
      fates.push('stranded');
      continue;
    }
    if (pieces !== null && !lost.has(at)) {
      put(kept, j, at, pieces);
      if (jobs.kind[j] === MOVABLE) next.churnCost[j] = happened.churnCost[j]!;
    }
    fates.push(pieces === null ? 'added' : begun ? 'stopped' : 'free');
  }
  return {
    problem: {
      ...problem,
      regionSets: sets,
      events: [...problem.events, ...happened.events],
      jobs: { ...next, regionSet, current: kept },
    },
    fates,
    begun: begunPieces,
    unpausable,
  };
};

/** Whether work that has begun may be interrupted, has anything left from slot `from` on, and ends in time where it goes on. */
const mayRest = ({ jobs }: Problem, j: number, pieces: readonly number[], from: number): boolean => {
  if (jobs.kind[j] !== MOVABLE || jobs.minChunk[j] === 0) return false;
  const rest = after(pieces, from);
  const left = rest.reduce((sum, t, i) => sum + (i % 2 === 0 ? -t : t), 0);
  return left > 0 && from + left - 1 + jobs.lastFraction[j]! <= jobs.deadline[j]! + SLOT_EPSILON;
};

const put = (
  schedule: { region: Int16Array; start: Int32Array; pieces: Map<number, Int32Array> },
  j: number,
  r: number,
  pieces: readonly number[],
) => {
  schedule.region[j] = r;
  schedule.start[j] = pieces[0]!;
  if (pieces.length > 2) schedule.pieces.set(j, Int32Array.from(pieces));
};

/** The same pieces with the last one longer or shorter, so that they hold `slots`; within the horizon. */
const grown = (pieces: ArrayLike<number>, slots: number, T: number): number[] => {
  const list = Array.from(pieces);
  let total = 0;
  for (let p = 0; p < list.length; p += 2) total += list[p + 1]! - list[p]!;
  let missing = slots - total;
  while (missing < 0) {
    const cut = Math.min(-missing, list.at(-1)! - list.at(-2)!);
    list[list.length - 1]! -= cut;
    missing += cut;
    if (list.at(-1) === list.at(-2) && list.length > 2) list.splice(-2);
  }
  list[list.length - 1] = Math.min(T, list.at(-1)! + missing);
  return list;
};
