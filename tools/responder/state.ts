/** What the loop remembers from one decision to the next: all of it is in the store before a command leaves, so that a loop that was killed is taken up where it was. */
import { z } from 'zod';
import { defineCollection } from '../../domain/store.js';

const Power = z.strictObject({ at: z.number(), kw: z.number() });

const JobMemory = z.strictObject({
  scale: z.number().describe('measured watts ÷ those of its curve'),
  peak: z.number().describe('the scale that it had lately at most: work that stopped for a moment comes back to it'),
  lossSeconds: z.number().describe('seconds of its throughput that this event has cost it'),
  wanted: z.union([
    z.strictObject({ do: z.literal('leave') }),
    z.strictObject({ do: z.literal('cap'), capW: z.number() }),
    z.strictObject({ do: z.literal('pause') }),
    z.strictObject({ do: z.literal('serve'), batch: z.number(), replicas: z.number() }),
    z.strictObject({ do: z.literal('move'), site: z.string() }),
    z.strictObject({ do: z.literal('discharge'), kw: z.number() }),
  ]),
  ceilingW: z
    .number()
    .nullable()
    .default(null)
    .describe('cap just above what it draws: it cannot get heavier within a step'),
  served: z
    .strictObject({ batch: z.number(), replicas: z.number() })
    .nullable()
    .describe('how it was served before anything was done to it'),
  refused: z
    .record(z.string(), z.number())
    .describe('what was refused of it, and until when it is not asked for again'),
});
export type JobMemory = z.infer<typeof JobMemory>;

/** What an event asks of the loop. Seconds on the fleet’s clock. */
export const Goal = z.strictObject({
  id: z.string(),
  receivedAt: z.number(),
  from: z.number(),
  until: z.number().nullable().describe('null: until it is taken back'),
  targetKw: z.number().min(0).describe('facility kW at most, at every moment'),
  baselineKw: z.number().positive().describe('facility kW that are not exceeded afterwards'),
});
export type Goal = z.infer<typeof Goal>;

export const LoopState = z.strictObject({
  phase: z.enum(['idle', 'hold', 'recover']),
  at: z.number().nullable().describe('of the last decision'),
  aimKw: z.number().nullable().describe('facility kW that the last decision aimed at'),
  overheadKw: z.number().nullable().describe('what the meter reads beside the machines'),
  marginKw: z.number(),
  excess: z.array(z.number()).describe('by how much the latest minutes lay above what was aimed at, kW'),
  it: z.array(Power).describe('the latest steps of IT power'),
  meanAimKw: z.number().nullable().describe('facility kW that the minutes of this stretch are to come to'),
  meter: z.array(z.strictObject({ at: z.number(), kw: z.number(), arrived: z.number() })),
  lagSteps: z
    .number()
    .int()
    .nullable()
    .describe('by how many steps a reading is older than the newest IT power; null: not known yet'),
  meterAheadS: z.number().nullable().describe('seconds by which the meter’s clock is ahead of ours'),
  isBlind: z.boolean().describe('the facility meter says nothing'),
  jobs: z.record(z.string(), JobMemory),
  recovery: z
    .strictObject({ baselineKw: z.number(), fromKw: z.number(), since: z.number(), until: z.number() })
    .nullable(),
});
export type LoopState = z.infer<typeof LoopState>;

export const freshState = (): LoopState => ({
  ...{
    phase: 'idle',
    at: null,
    aimKw: null,
    meanAimKw: null,
    overheadKw: null,
    marginKw: 0,
    excess: [],
    it: [],
    meter: [],
  },
  ...{ lagSteps: null, meterAheadS: null, isBlind: false, jobs: {}, recovery: null },
});

/** By site. */
export const RESPONSES = defineCollection('responses', LoopState);
