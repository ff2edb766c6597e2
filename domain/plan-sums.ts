/**
 * What a plan's rows add up to, made once while they are written: an answer or a picture over many thousand jobs then reads one
 * document. A plan never changes under its digest, so neither do its sums.
 */
import { z } from 'zod';
import { Job } from './job.js';
import { type Placement, Recommendation } from './plan.js';
import { defineCollection } from './store.js';
import { floorTo, Instant, toEpoch } from './time.js';

const MOVES = 20;
const MOVES_OF_TEAM = 5;
const LARGEST = 20;

const TeamSums = z.strictObject({
  jobs: z.number(),
  urgent: z.number(),
  fixed: z.number().describe('jobs whose window leaves no other start'),
  moved: z.number(),
  plannedKg: z.number(),
  plannedCost: z.number(),
  energyKwh: z.number(),
  emissionsKg: z.number(),
  fixedKwh: z.number(),
});
export type TeamSums = z.infer<typeof TeamSums>;

const Largest = z.strictObject({
  job: Job,
  energyKwh: z.number(),
  emissionsKg: z.number(),
  start: Instant.nullable(),
});

export const PlanSums = z.strictObject({
  digest: z.string().describe('of the plan that was summed'),
  teams: z.array(z.tuple([z.string(), TeamSums])),
  moves: z.array(Recommendation).describe('largest planned saving first'),
  movesOf: z.array(z.tuple([z.string(), z.array(Recommendation)])).describe('the same by team'),
  largest: z.array(Largest).describe('energy-heaviest first'),
  starts: z
    .array(z.tuple([Instant, z.strictObject({ jobs: z.number(), energyKwh: z.number() })]))
    .describe('per UTC hour that has starts'),
});
export type PlanSums = z.infer<typeof PlanSums>;
export const PLAN_SUMS = defineCollection('plan-summaries', PlanSums);

/** What a job takes in a plan; `start` is its first piece's, null where it has no place. */
export interface Taken {
  energyKwh: number;
  emissionsKg: number;
  start: Instant | null;
}
const NOTHING: Taken = { energyKwh: 0, emissionsKg: 0, start: null };

const hourOf = (at: Instant) => `${at.slice(0, 13)}:00:00Z` as Instant;

/** Adds up a plan's rows as they pass: each piece, each job and each move once. */
export class PlanSummer {
  readonly #teams = new Map<string, TeamSums>();
  readonly #moves: Recommendation[] = [];
  readonly #movesOf = new Map<string, Recommendation[]>();
  readonly #largest: z.infer<typeof Largest>[] = [];
  readonly #starts = new Map<Instant, { jobs: number; energyKwh: number }>();

  /** `first`: the piece with which its job begins. */
  piece(piece: Placement, first: boolean): void {
    const hour = hourOf(piece.start);
    let slot = this.#starts.get(hour);
    if (!slot) {
      slot = { jobs: 0, energyKwh: 0 };
      this.#starts.set(hour, slot);
    }
    slot.energyKwh += piece.energyKwh;
    if (first) slot.jobs += 1;
  }

  job(job: Job, taken: Taken = NOTHING): void {
    const sums = this.#team(job.team);
    sums.jobs += 1;
    sums.energyKwh += taken.energyKwh;
    sums.emissionsKg += taken.emissionsKg;
    const urgent = job.category === 'urgent';
    if (urgent) sums.urgent += 1;
    const slackHours =
      job.deadline === null
        ? Number.POSITIVE_INFINITY
        : (toEpoch(job.deadline) - toEpoch(job.earliestStart)) / 3600 - job.durationHours;
    if (urgent || slackHours < 0.5) {
      sums.fixed += 1;
      sums.fixedKwh += taken.energyKwh;
    }
    const largest = this.#largest;
    if (largest.length === LARGEST && taken.energyKwh <= largest.at(-1)!.energyKwh) return;
    largest.push({ job, ...taken });
    largest.sort((a, b) => b.energyKwh - a.energyKwh || (a.job.id < b.job.id ? -1 : 1));
    largest.length = Math.min(largest.length, LARGEST);
  }

  move(move: Recommendation): void {
    const sums = this.#team(move.team);
    sums.moved += 1;
    sums.plannedKg += move.savedKg;
    sums.plannedCost += move.savedCost;
    best(this.#moves, move, MOVES);
    let mine = this.#movesOf.get(move.team);
    if (!mine) {
      mine = [];
      this.#movesOf.set(move.team, mine);
    }
    best(mine, move, MOVES_OF_TEAM);
  }

  sums(digest: string): PlanSums {
    return {
      digest,
      teams: [...this.#teams],
      moves: this.#moves,
      movesOf: [...this.#movesOf],
      largest: this.#largest,
      starts: [...this.#starts],
    };
  }

  #team(name: string): TeamSums {
    let sums = this.#teams.get(name);
    if (!sums) {
      sums = {
        jobs: 0,
        urgent: 0,
        fixed: 0,
        moved: 0,
        plannedKg: 0,
        plannedCost: 0,
        energyKwh: 0,
        emissionsKg: 0,
        fixedKwh: 0,
      };
      this.#teams.set(name, sums);
    }
    return sums;
  }
}

const best = (list: Recommendation[], move: Recommendation, most: number) => {
  if (list.length === most && move.savedKg <= list.at(-1)!.savedKg) return;
  list.push(move);
  list.sort((a, b) => b.savedKg - a.savedKg || (a.jobId < b.jobId ? -1 : 1));
  list.length = Math.min(list.length, most);
};

export const PlanLoads = z.strictObject({
  digest: z.string().describe('of the plan'),
  slotMinutes: z.number(),
  regions: z.array(
    z.strictObject({
      region: z.string(),
      before: z.array(z.number()).describe('facility kW by slot, from the slot on in which the window starts'),
      after: z.array(z.number()).describe('the same as planned'),
    }),
  ),
});
export type PlanLoads = z.infer<typeof PlanLoads>;
export const PLAN_LOADS = defineCollection('plan-loads', PlanLoads);

/** Facility power by region and slot, before and after. Slots are those of the plan: they begin at whole multiples of their length. */
export class LoadSummer {
  readonly #regions = new Map<string, { before: number[]; after: number[] }>();
  readonly #from: number;
  constructor(
    from: Instant,
    private readonly slotMinutes: number,
  ) {
    this.#from = toEpoch(floorTo(from, slotMinutes));
  }

  add(piece: Placement, side: 'before' | 'after'): void {
    let region = this.#regions.get(piece.region);
    if (!region) {
      region = { before: [], after: [] };
      this.#regions.set(piece.region, region);
    }
    const load = region[side];
    const slot = this.slotMinutes * 60;
    const start = toEpoch(piece.start) - this.#from;
    const end = toEpoch(piece.end) - this.#from;
    const kw = piece.energyKwh / ((end - start) / 3600);
    for (let i = Math.max(0, Math.floor(start / slot)); i * slot < end; i++) {
      while (load.length <= i) load.push(0);
      load[i]! += (kw * (Math.min(end, (i + 1) * slot) - Math.max(start, i * slot))) / slot;
    }
  }

  loads(digest: string): PlanLoads {
    return {
      digest,
      slotMinutes: this.slotMinutes,
      regions: [...this.#regions].map(([region, load]) => ({ region, ...load })),
    };
  }
}
