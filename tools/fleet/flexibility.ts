/**
 * How much power can be put off, when, and for how long. Every waiting job is laid where it would run without a plan: at home,
 * as early as it may on the plan's grid. In a slot that it would touch, a job can stay away for as long as its latest start
 * allows. Firm counts jobs that are late for nothing when they wait; best effort also those that would only miss their due
 * time, not their deadline. Jobs that may be interrupted count once they run as well, at best effort.
 */

import { beyondSeconds, itPowerKw, type Job, latestPlannedEnd, spanSeconds, stays } from '../../domain/job.js';
import type { FlexibilitySlot } from '../../domain/offer.js';
import type { Site } from '../../domain/site.js';
import { fromEpoch, type Interval, toEpoch } from '../../domain/time.js';

const MOST_SLOTS = 48 * 400;

export class Flexibility {
  readonly #from: number;
  readonly #step: number;
  readonly #load: Float64Array;
  readonly #firm: Float64Array;
  readonly #best: Float64Array;
  /** shortest time in seconds that a firm job of the slot can stay away */
  readonly #hold: Float64Array;
  readonly #siteOf: ReadonlyMap<string, Site>;
  jobs = 0;
  urgent = 0;
  deferrable = 0;

  constructor(
    readonly window: Interval,
    sites: readonly Site[],
    private readonly clusterId: string | null,
    private readonly now: number,
    private readonly method: { kwPerVcpu: number; kwPerGpu: number; slotMinutes: number },
  ) {
    this.#step = method.slotMinutes * 60;
    this.#from = Math.floor(toEpoch(window.start) / this.#step) * this.#step;
    const slots = Math.min(MOST_SLOTS, Math.ceil((toEpoch(window.end) - this.#from) / this.#step));
    this.#load = new Float64Array(slots);
    this.#firm = new Float64Array(slots);
    this.#best = new Float64Array(slots);
    this.#hold = new Float64Array(slots).fill(Number.POSITIVE_INFINITY);
    this.#siteOf = new Map(sites.map((site) => [site.region, site]));
  }

  add(job: Job): void {
    if (this.clusterId !== null && job.clusterId !== null && job.clusterId !== this.clusterId) return;
    const site = this.#siteOf.get(job.region);
    if (!site) return;
    const step = this.#step;
    const span = spanSeconds(job);
    // What waits now cannot start before now; a window in the past is looked at as it was.
    const earliest = Math.max(toEpoch(job.earliestStart), Math.min(this.now, this.#from));
    const start = Math.ceil(earliest / step) * step;
    const first = Math.max(0, Math.floor((start - this.#from) / step));
    const last = Math.min(this.#load.length, Math.ceil((start + span - this.#from) / step));
    if (last <= first) return;
    this.jobs++;
    const kw = itPowerKw(job, this.method) * site.pue;
    if (job.category === 'urgent') this.urgent++;
    const movable = job.category !== 'urgent' && stays(job) === null;
    const end = this.#from + this.#load.length * step;
    const plannedEnd = latestPlannedEnd(job);
    const latestEnd = plannedEnd === null ? null : toEpoch(plannedEnd);
    const bestStart = latestEnd === null ? end : Math.floor((latestEnd - span) / step) * step;
    // What is promised holds for the nine of ten that end within their 90 % quantile.
    const firmEnd =
      job.due === null
        ? latestEnd
        : Math.min(toEpoch(job.due) - beyondSeconds(job), latestEnd ?? Number.POSITIVE_INFINITY);
    const firmStart = firmEnd === null ? end : Math.min(bestStart, Math.floor((firmEnd - span) / step) * step);
    let counted = false;
    for (let t = first; t < last; t++) {
      this.#load[t]! += kw;
      if (!movable) continue;
      const at = this.#from + t * step;
      // Away through this slot: it starts in the next one at the earliest.
      if (firmStart >= at + step) {
        this.#firm[t]! += kw;
        this.#hold[t] = Math.min(this.#hold[t]!, firmStart - at);
      }
      const pausable = job.interruptible && (latestEnd === null || latestEnd - (start + span) >= step);
      if (bestStart >= at + step || pausable) {
        this.#best[t]! += kw;
        counted = true;
      }
    }
    if (counted) this.deferrable++;
  }

  slots(): FlexibilitySlot[] {
    return Array.from(this.#load, (_, t) => ({
      start: fromEpoch(this.#from + t * this.#step),
      firmKw: this.#firm[t]!,
      bestEffortKw: Math.max(this.#firm[t]!, this.#best[t]!),
      maxDurationMinutes: Number.isFinite(this.#hold[t]!) ? this.#hold[t]! / 60 : 0,
    }));
  }

  /** kWh that would run within the window without a plan; slots that are touched in part count whole. */
  get peakKw(): number {
    return this.#load.reduce((most, kw) => Math.max(most, kw), 0);
  }

  get deferrableKwh(): number {
    return this.#best.reduce((sum, kw) => sum + kw, 0) * (this.#step / 3600);
  }
}
