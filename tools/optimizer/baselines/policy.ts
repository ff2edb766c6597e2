/** What a policy of the literature is, and what it may look at. */

import { emptySchedule, FROZEN, MOVABLE, type Model, type Schedule } from '../engine/engine.js';
import { Curve } from './curve.js';

export interface Policy {
  readonly name: string;
  readonly title: string;
  /** What it minimises, and what it does not look at. */
  readonly what: string;
  readonly run: (view: View) => Schedule;
}

export interface ViewOptions {
  /** Longest wait of a job in slots; 6 hours for jobs below 2 hours, 24 for others (GAIA), and no later than its deadline allows when left out. */
  readonly waitSlots?: (j: number) => number;
  /** What a policy believes a job's length to be; the mean of its class when left out. */
  readonly estimateSlots?: (j: number) => number;
}

const SHORT_HOURS = 2;

export class View {
  readonly model: Model;
  /** Slots in an hour, at least 1: offsets of the policies that look hour by hour. */
  readonly hour: number;
  readonly #curves: (Curve | undefined)[] = [];
  readonly waitSlots: (j: number) => number;
  readonly estimateSlots: (j: number) => number;

  constructor(model: Model, options: ViewOptions = {}) {
    this.model = model;
    const { slotHours } = model.problem;
    this.hour = Math.max(1, Math.round(1 / slotHours));
    this.waitSlots =
      options.waitSlots ??
      ((j) => Math.min(Math.round((this.isShort(j) ? 6 : 24) / slotHours), this.lastStart(j) - this.model.release[j]!));
    this.estimateSlots = options.estimateSlots ?? this.#meanOfClass();
  }

  isShort(j: number): boolean {
    return this.lengthOf(j) * this.model.problem.slotHours < SHORT_HOURS;
  }

  /** Slots with the fraction of the last one. */
  lengthOf(j: number): number {
    const { jobs } = this.model.problem;
    return jobs.slots[j]! - 1 + jobs.lastFraction[j]!;
  }

  /** Intensity of a job's home. */
  home(j: number): Curve {
    const r = this.model.problem.jobs.home[j]!;
    const { T, problem } = this.model;
    let curve = this.#curves[r];
    if (!curve) {
      curve = new Curve(problem.ciGPerKwh.subarray(r * T, (r + 1) * T));
      this.#curves[r] = curve;
    }
    return curve;
  }

  /** Last start that the problem allows; the release where the job does not fit at all. */
  lastStart(j: number): number {
    return Math.max(this.model.release[j]!, this.model.last[j]!);
  }

  #meanOfClass(): (j: number) => number {
    const sums = [0, 0];
    const counts = [0, 0];
    for (let j = 0; j < this.model.N; j++) {
      const c = this.isShort(j) ? 0 : 1;
      sums[c]! += this.lengthOf(j);
      counts[c]!++;
    }
    const means = sums.map((sum, c) => Math.max(1, Math.trunc(sum / Math.max(1, counts[c]!))));
    return (j) => means[this.isShort(j) ? 0 : 1]!;
  }

  /** Urgent and frozen jobs stay where they are; the others go where `choose` says, at home. Pieces are from,to pairs. */
  each(choose: (j: number) => number | readonly number[]): Schedule {
    const { problem, N } = this.model;
    const { jobs } = problem;
    const schedule = emptySchedule(N);
    for (let j = 0; j < N; j++) {
      const frozen = jobs.kind[j] === FROZEN;
      schedule.region[j] = frozen ? jobs.current!.region[j]! : jobs.home[j]!;
      schedule.start[j] = this.model.release[j]!;
      const kept = frozen ? jobs.current!.pieces.get(j) : undefined;
      if (kept) schedule.pieces.set(j, kept);
      if (jobs.kind[j] !== MOVABLE) continue;
      const chosen = choose(j);
      if (typeof chosen === 'number') schedule.start[j] = chosen;
      else {
        schedule.start[j] = chosen[0]!;
        if (chosen.length > 2) schedule.pieces.set(j, Int32Array.from(chosen));
      }
    }
    return schedule;
  }
}
