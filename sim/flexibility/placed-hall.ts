/**
 * Made-up machines under work that was placed: what the fleet was told runs, draws power with noise, follows caps and stops, and ends
 * later by what these cost it. All of it is kept before an answer is given, as real machines keep their caps when a program dies.
 */
import { z } from 'zod';
import { plantOf } from '../../domain/flexibility/plant.js';
import type {
  Ability,
  Acknowledged,
  Command,
  Look,
  MeterReading,
  RespondingFleet,
} from '../../domain/flexibility/running.js';
import { random } from '../random.js';
import { Building, KeptBuilding, LARGEST_CLOCK_ERROR_S, METER_NOISE_RATIO } from './building.js';
import { KeptJob, SimulatedJob, STEP_SECONDS } from './gpu-job.js';
import { WRITE_SECONDS } from './gpu-node.js';
import { type PlacedTraits, workOf } from './placed-work.js';

const AMBIENT_C = 20;
/** Nobody looked for longer: what ran meanwhile ran as placed. */
const UNSEEN_SECONDS = 3600;
const FORGOTTEN_SECONDS = 24 * 3600;
const ANSWER_WITHIN_S = 2;
const LEAST_KW = 1;

/** A job as it was ordered. Epoch seconds. */
export interface PlacedJob {
  readonly id: string;
  readonly itKw: number;
  /** in order of time, the end excluded */
  readonly pieces: readonly (readonly [number, number])[];
  /** by how much longer it runs than was ordered, of itself */
  readonly driftSeconds: number;
  readonly traits: PlacedTraits | undefined;
}

/** The most that the placed work of a hall draws together. */
const peakItKw = (jobs: readonly PlacedJob[]): number => {
  const changes = jobs
    .flatMap(({ pieces, itKw }) =>
      pieces.flatMap(([from, until]) => [
        { at: from, kw: itKw },
        { at: until, kw: -itKw },
      ]),
    )
    .sort((a, b) => a.at - b.at || a.kw - b.kw);
  let [kw, most] = [0, 0];
  for (const change of changes) {
    kw += change.kw;
    most = Math.max(most, kw);
  }
  return most;
};

export const HallState = z.strictObject({
  at: z.number().describe('epoch seconds until which it was walked'),
  designItKw: z.number().describe('the most that was placed in it when it was opened: what it was built for'),
  itKw: z.number().nullable().describe('mean of the last step; null: none was walked'),
  lost: z
    .record(z.string(), z.strictObject({ seconds: z.number(), at: z.number() }))
    .describe('full seconds that caps and stops have cost a job, and when the last of them'),
  running: z.record(z.string(), KeptJob),
  building: KeptBuilding,
});
export type HallState = z.infer<typeof HallState>;

export interface HallBooks {
  /** What was placed there, whether it runs or not. */
  placed(): Promise<readonly PlacedJob[]>;
  read(): Promise<HallState | null>;
  write(state: HallState): Promise<void>;
}

export interface HallIs {
  readonly seed: number;
  readonly name: string;
  readonly pue: number;
  /** epoch seconds */
  now(): number;
}

const floored = (at: number) => Math.floor(at / STEP_SECONDS) * STEP_SECONDS;

export class PlacedHall implements RespondingFleet {
  /** What was placed starts when it was placed for, and no other work waits here: there is nothing to hold back. */
  readonly can: ReadonlySet<Ability> = new Set(['cap', 'uncap', 'pause', 'resume']);
  readonly simulated = true as const;
  private readonly meterAheadS: number;
  private at: number | null = null;
  private itKw: number | null = null;
  private lost: HallState['lost'] = {};
  private readonly running = new Map<string, SimulatedJob>();
  private designItKw = 0;
  private building: Building | null = null;

  constructor(
    private readonly is: HallIs,
    private readonly books: HallBooks,
  ) {
    const rng = random(is.seed, 'hall', is.name);
    this.meterAheadS = Math.round((rng.uniform() * 2 - 1) * LARGEST_CLOCK_ERROR_S);
  }

  private built(kept?: KeptBuilding): Building {
    const plant = plantOf(this.designItKw, this.is.pue);
    return new Building({ plant, ambientC: AMBIENT_C, meterAheadS: this.meterAheadS }, kept);
  }

  /** How many seconds it runs beyond its last piece. */
  private overrun(job: PlacedJob): number {
    return job.driftSeconds + (this.lost[job.id]?.seconds ?? 0);
  }

  private runsAt(job: PlacedJob, at: number): boolean {
    const last = job.pieces.at(-1)![1];
    const extra = this.overrun(job);
    if (at >= last) return at < last + extra;
    return job.pieces.some(([from, until]) => at >= from && at < until) && at < last + Math.min(0, extra);
  }

  private remaining(job: PlacedJob, at: number): number {
    const ahead = job.pieces.reduce((sum, [from, until]) => sum + Math.max(0, until - Math.max(from, at)), 0);
    const last = job.pieces.at(-1)![1];
    return Math.max(0, ahead + this.overrun(job) - Math.max(0, at - last));
  }

  private async walked(placed: readonly PlacedJob[]): Promise<number> {
    const now = floored(this.is.now());
    const kept = await this.books.read();
    if (kept !== null && kept.at !== this.at) this.takenUp(kept, placed);
    if (this.at === null || now - this.at > UNSEEN_SECONDS) {
      this.at = now;
      this.running.clear();
      this.designItKw = Math.max(LEAST_KW, peakItKw(placed));
      this.building = this.built();
      this.itKw = null;
    }
    this.begun(placed, this.at);
    const from = this.at;
    while (this.at < now) this.step(placed, this.at);
    if (this.at !== from || kept === null) await this.write();
    return this.at;
  }

  private takenUp(kept: HallState, placed: readonly PlacedJob[]): void {
    this.at = kept.at;
    this.itKw = kept.itKw;
    this.lost = kept.lost;
    this.designItKw = kept.designItKw;
    this.building = this.built(kept.building);
    this.running.clear();
    const byId = new Map(placed.map((job) => [job.id, job]));
    for (const [id, state] of Object.entries(kept.running)) {
      const job = byId.get(id);
      if (job !== undefined)
        this.running.set(id, new SimulatedJob(workOf(id, job.itKw, job.traits), this.is.seed, state));
    }
  }

  /** What is to run then runs, and nothing else does. */
  private begun(placed: readonly PlacedJob[], at: number): void {
    const due = new Map(placed.filter((job) => this.runsAt(job, at)).map((job) => [job.id, job]));
    for (const id of this.running.keys()) if (!due.has(id)) this.running.delete(id);
    for (const [id, job] of due)
      if (!this.running.has(id))
        this.running.set(id, new SimulatedJob(workOf(id, job.itKw, job.traits), this.is.seed, null));
  }

  private step(placed: readonly PlacedJob[], at: number): void {
    let itKw = 0;
    for (const [id, job] of this.running) {
      itKw += job.advance(at);
      const missing = (1 - job.history.at(-1)!.progress) * STEP_SECONDS;
      if (missing > 1e-9) this.lost[id] = { seconds: (this.lost[id]?.seconds ?? 0) + missing, at };
    }
    const noise = 1 + METER_NOISE_RATIO * random(this.is.seed, 'meter', this.is.name, at).normal();
    this.building!.step(at, itKw, 0, noise);
    this.itKw = itKw;
    this.at = at + STEP_SECONDS;
    this.begun(placed, this.at);
  }

  private write(): Promise<void> {
    const old = this.at! - FORGOTTEN_SECONDS;
    for (const [id, { at }] of Object.entries(this.lost)) if (at < old && !this.running.has(id)) delete this.lost[id];
    return this.books.write({
      ...{
        at: this.at!,
        itKw: this.itKw,
        lost: this.lost,
        designItKw: this.designItKw,
        building: this.building!.kept(),
      },
      running: Object.fromEntries([...this.running].map(([id, job]) => [id, job.kept()])),
    });
  }

  async look(): Promise<Look> {
    const placed = await this.books.placed();
    const at = await this.walked(placed);
    const byId = new Map(placed.map((job) => [job.id, job]));
    return {
      at,
      jobs: [...this.running].map(([id, job]) => ({
        ...job.look(),
        remainingSeconds: this.remaining(byId.get(id)!, at),
      })),
      itKw: this.itKw,
      battery: null,
      holding: false,
    };
  }

  async readings(): Promise<MeterReading[]> {
    return this.building?.readings() ?? [];
  }

  async command(commands: readonly Command[]): Promise<Acknowledged[]> {
    const at = await this.walked(await this.books.placed());
    const answers = commands.map((command) => this.carriedOut(command, at));
    await this.write();
    return answers;
  }

  private carriedOut(command: Command, at: number): Acknowledged {
    const refused = (why: string) => ({ command, at: at + WRITE_SECONDS, outcome: 'refused', why }) as const;
    if (!this.can.has(command.do) || !('jobId' in command)) return refused(`this fleet cannot ${command.do}`);
    const job = this.running.get(command.jobId);
    if (job === undefined) return refused(`${command.jobId} does not run any more`);
    if (command.do === 'pause' && job.work.traits.pause === null)
      return refused(`${command.jobId} may not be interrupted`);
    const done = job.command(command, at, random(this.is.seed, 'agents', command.jobId, at));
    if (done - at <= ANSWER_WITHIN_S) return { command, at: done, outcome: 'done', why: null };
    const why = `no answer within ${ANSWER_WITHIN_S} s`;
    return { command, at: at + ANSWER_WITHIN_S, outcome: 'unanswered', why };
  }
}
