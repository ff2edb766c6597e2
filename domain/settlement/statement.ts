/** What a settled event came to, as it is kept and shown: figures that a stranger can hash again, and whose digest the ledger has. */
import { z } from 'zod';
import { defineCollection } from '../store.js';
import { Instant } from '../time.js';
import { RUNS } from './runs.js';

const Period = z.strictObject({
  start: Instant,
  period: z.number().int().describe('settlement period, counted from 1'),
  meteredKwh: z.number(),
  unadjustedKwh: z.number(),
  adjustedKwh: z.number(),
  deliveredKwh: z.number().describe('by the baseline that the terms go by'),
});

export const SettlementFigures = z.strictObject({
  id: z.string(),
  site: z.string(),
  status: z
    .enum(['ok', 'insufficient'])
    .describe('insufficient: too few days like this one, so nothing counts as delivered'),
  baseline: z.strictObject({
    days: z.array(z.string()).describe('the mean is taken over these'),
    excluded: z.array(z.strictObject({ date: z.string(), why: z.string() })),
    inDayAdjustmentKwh: z.number().nullable().describe('null: it cannot be said, and none is made'),
    used: z.enum(['unadjusted', 'adjusted']),
  }),
  periods: z.array(Period),
  deliveredMwh: z.number(),
  clippedMwh: z
    .number()
    .nullable()
    .describe('each meter by itself and never below nothing, for comparison; null: one meter'),
  lines: z.array(
    z.strictObject({
      product: z.string(),
      run: z.enum(RUNS),
      volumeMwh: z.number(),
      price: z.number().nullable(),
      amount: z.number(),
    }),
  ),
  gross: z.number(),
  avoided: z.number().nullable().describe('energy that was not bought during the event'),
  rebound: z
    .number()
    .nullable()
    .describe(
      'energy that was bought later instead, a cost below 0; null: not asked for, or no usual day to compare with',
    ),
  net: z.number().nullable().describe('gross and avoided and rebound; null: rebound is not known'),
  currency: z.string(),
  notes: z.array(z.string()),
});
export type SettlementFigures = z.infer<typeof SettlementFigures>;

/** `evidence` is the SHA-256 of the canonical JSON of what was asked and of the figures, in an object of these two. */
export const KeptStatement = z.strictObject({
  run: z.enum(RUNS),
  at: Instant,
  asked: z.record(z.string(), z.unknown()).describe('the event as it was given, terms and all'),
  figures: SettlementFigures,
  evidence: z.string(),
});
export type KeptStatement = z.infer<typeof KeptStatement>;

/** By `statementId`: the runs of an event stand beside one another. */
export const STATEMENTS = defineCollection('settlement-statements', KeptStatement);
export const statementId = (event: string, run: KeptStatement['run']): string => `${run} ${event}`;
