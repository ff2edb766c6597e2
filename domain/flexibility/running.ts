/**
 * Work that runs now and what can be done to it within seconds: the port behind which a fleet answers a flexibility event. Times are seconds on
 * the fleet's clock; the facility meter has a clock of its own. What a fleet cannot do is not in `can`, and is offered to nobody.
 */
import { z } from 'zod';
import type { Category } from '../job.js';
import { InferenceService } from './batch-curve.js';
import { CurvePoint } from './power-curve.js';

/** How much of its throughput work may lose, as a mean over an event. */
export const Tier = z.enum(['flex1', 'flex2', 'flex3']);
export type Tier = z.infer<typeof Tier>;

export const TIERS: Readonly<Record<Tier, { readonly toleranceRatio: number }>> = {
  flex1: { toleranceRatio: 0.1 },
  flex2: { toleranceRatio: 0.25 },
  flex3: { toleranceRatio: 0.5 },
};

/** Where no policy says otherwise, a job's category decides. */
export const tierOfCategory: Readonly<Record<Category, Tier>> = {
  urgent: 'flex1',
  balanced: 'flex2',
  sustainable: 'flex3',
};

const seconds = z.number().min(0);

/** What can be known of a job before it runs. */
export const JobTraits = z.strictObject({
  id: z.string().min(1),
  tier: Tier,
  toleranceRatio: z
    .number()
    .min(0)
    .max(1)
    .describe('throughput that it may lose as a mean over an event; its tier’s where nobody says'),
  gpus: z.number().int().positive(),
  curve: z.array(CurvePoint).min(2).describe('measured for this work on these GPUs, in order of the cap'),
  restWatts: z.number().min(0).describe('of a GPU that holds nothing, or whose job is paused'),
  pause: z
    .strictObject({
      seconds: seconds.describe('until it rests: its state is saved'),
      resumeSeconds: seconds.describe('until it works again'),
      energyKwh: z.number().min(0).describe('IT energy of saving and loading'),
      lostSeconds: seconds.describe('work that is done twice'),
    })
    .nullable()
    .describe('null: it cannot be paused'),
  deadline: z.number().nullable().describe('when it has to be done, hard; null: never'),
  service: InferenceService.nullable().describe('null: no inference whose replicas can be changed'),
  elsewhere: z
    .array(
      z.strictObject({
        site: z.string(),
        extraPerHour: z.number().describe('what an hour there costs more than here, electricity, carbon and machines'),
        moveCost: z.number().min(0).describe('data and time, once'),
        downSeconds: seconds.describe('it does nothing meanwhile'),
      }),
    )
    .describe('sites with room for it that its owner allows'),
});
export type JobTraits = z.infer<typeof JobTraits>;

export interface RunningJob extends JobTraits {
  readonly state: 'running' | 'pausing' | 'paused' | 'resuming';
  /** the highest of its GPUs’ caps in force; null: one has none */
  readonly capW: number | null;
  /** of all its GPUs now, measured; null: not known */
  readonly watts: number | null;
  /** seconds at full throughput until it is done; null: not known */
  readonly remainingSeconds: number | null;
  readonly serving: { readonly batch: number; readonly replicas: number } | null;
}

const jobId = z.string();
export const Command = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('cap'), jobId, capW: z.number() }),
  z.strictObject({ do: z.literal('uncap'), jobId }),
  z.strictObject({ do: z.literal('pause'), jobId }),
  z.strictObject({ do: z.literal('resume'), jobId, capW: z.number() }),
  z.strictObject({ do: z.literal('serve'), jobId, batch: z.number(), replicas: z.number() }),
  z.strictObject({ do: z.literal('move'), jobId, site: z.string() }),
  z.strictObject({ do: z.literal('discharge'), kw: z.number() }),
  z.strictObject({ do: z.literal('hold'), waiting: z.boolean() }),
]);
export type Command = Readonly<z.infer<typeof Command>>;

export type Ability = Command['do'];

/** What became of a command. One that nobody answered in time may still be carried out: the next look tells. */
export const Acknowledged = z.strictObject({
  command: Command,
  at: z.number(),
  outcome: z.enum(['done', 'refused', 'unanswered']),
  why: z.string().nullable().describe('null: done'),
});
export type Acknowledged = Readonly<z.infer<typeof Acknowledged>>;

export interface Look {
  readonly at: number;
  readonly jobs: readonly RunningJob[];
  /** of all machines now, measured; null: not known */
  readonly itKw: number | null;
  /** null: the site has none */
  readonly battery: { readonly storedKwh: number; readonly largestKw: number; readonly dischargingKw: number } | null;
  /** true: what waits does not start */
  readonly holding: boolean;
}

/** Mean of a step at the facility meter. `at` is the begin of the step on the meter’s own clock. */
export interface MeterReading {
  readonly at: number;
  readonly seconds: number;
  readonly kw: number;
}

export interface RespondingFleet {
  readonly can: ReadonlySet<Ability>;
  /** Its facility meter is as made up as its machines. */
  readonly simulated?: true;
  look(): Promise<Look>;
  /** Every reading that has arrived since the last call, in order. */
  readings(): Promise<MeterReading[]>;
  /** Sends them at once, a node’s one after the other and the nodes side by side. Twice the same command changes nothing. */
  command(commands: readonly Command[]): Promise<Acknowledged[]>;
}
