/** What a site saved against what it would have used: the model that says so, the claim that comes of it, the tokens that were minted. */
import { z } from 'zod';
import { Decimal, nanoAtMost, nanoText } from './decimal.js';
import { Estimate } from './estimate.js';
import { defineCollection, type Tx } from './store.js';
import { Instant, Interval } from './time.js';
import { USAGE_ENGINES, type UsageModel } from './usage.js';

const Tried = z.strictObject({
  engine: z.enum(USAGE_ENGINES),
  form: z.string(),
  cvRmse: z.number().describe('root mean square error on blocks that were left out, as a share of the mean'),
  bias: z.number().describe('mean error there as a share of the mean; positive: it answers too much'),
});

/** What is known of a model before anything is judged by it. The ledger has it as `savings-model`. */
export const SavingsCard = z.strictObject({
  id: z.string(),
  site: z.string(),
  meterIds: z.array(z.string()),
  covariates: z.array(z.strictObject({ id: z.string(), kind: z.string(), basis: z.string() })),
  withoutLoad: z.string().nullable().describe('why the work that was asked for is no input; null: it is one'),
  span: Interval.describe('what was learned from'),
  stepMinutes: z.number().int(),
  timeZone: z.string(),
  rows: z.number().int().describe('steps that were known'),
  meanKwh: z.number().describe('of a step'),
  engine: z.enum(USAGE_ENGINES),
  form: z.string(),
  cvRmse: z.number(),
  bias: z.number(),
  tried: z.array(Tried),
  limits: z.strictObject({ cvRmse: z.number(), bias: z.number() }),
  accepted: z.boolean().describe('within the limits; nothing is claimed by a model that is not'),
  dataHash: z.string().describe('SHA-256 of the steps that were learned from'),
  modelHash: z.string().describe('SHA-256 of the fitted model'),
  seed: z.number().int(),
  madeAt: Instant.describe('nothing from before is judged by it'),
});
export type SavingsCard = z.infer<typeof SavingsCard>;

export const SavingsModel = z.strictObject({
  card: SavingsCard,
  seq: z.number().int().describe('ledger entry that has the card'),
  model: z.custom<UsageModel>((value) => typeof value === 'object' && value !== null),
});
export const SAVINGS_MODELS = defineCollection('savings-models', SavingsModel);

/** `caco-saving/1`: what the digest on the chain is of. Amounts are decimal text, so that no reader’s floating point disagrees. */
export const SavingRecord = z.strictObject({
  format: z.literal('caco-saving/1'),
  site: z.string(),
  meters: z.array(z.string()).describe('in order of their names'),
  start: Instant,
  end: Instant,
  modelId: z.string(),
  modelHash: z.string(),
  modelSeq: z.number().int(),
  rowsHash: z.string().describe('SHA-256 of the steps: measured, baseline'),
  coveredRatio: Decimal,
  baselineKwh: Decimal,
  measuredKwh: Decimal,
  savedKwh: Decimal,
  lowKwh: Decimal,
  highKwh: Decimal,
  confidence: Decimal,
  meterErrorRatio: Decimal.describe('how wrong the meters may be, as a share of the saving; it is within the interval'),
  provenKwh: Decimal.describe('the lower bound, never below 0'),
  carriedInKwh: Decimal.describe('what earlier claims of the site left over'),
  mintableKwh: z.number().int().min(0).describe('whole kWh of both'),
  carriedOutKwh: Decimal,
  intervention: z.string().describe('what was changed at the site'),
});
export type SavingRecord = z.infer<typeof SavingRecord>;

export const SavingsClaim = z.strictObject({
  id: z.string(),
  at: Instant,
  evidence: z.string().describe('SHA-256 of the record’s canonical JSON'),
  record: SavingRecord,
  rows: z
    .array(z.tuple([z.number().nullable(), z.number().nullable()]))
    .describe('kWh of each step: measured, baseline'),
  saved: Estimate,
});
export type SavingsClaim = z.infer<typeof SavingsClaim>;
export const SAVINGS_CLAIMS = defineCollection('savings-claims', SavingsClaim);

/** By site: what is left over for its next claim, and which claim left it. */
export const SAVINGS_REST = defineCollection('savings-rest', z.strictObject({ restKwh: Decimal, claimId: z.string() }));

/** A person’s leave to mint what one claim proves. By its id; binds to the evidence. */
export const MintLeave = z.strictObject({
  id: z.string(),
  claimId: z.string(),
  evidence: z.string(),
  kWh: z.number().int(),
  by: z.string(),
  why: z.string(),
  at: Instant,
});
export const MINT_LEAVES = defineCollection('mint-leaves', MintLeave);

/** What stands on a chain. By claim id. */
export const Mint = z.strictObject({
  claimId: z.string(),
  evidence: z.string(),
  kWh: z.number().int(),
  to: z.string(),
  contract: z.string(),
  chainId: z.number().int(),
  txHash: z.string(),
  blockNumber: z.number().int(),
  blockHash: z.string(),
  leaveId: z.string(),
  at: Instant,
});
export type Mint = z.infer<typeof Mint>;
export const MINTS = defineCollection('mints', Mint);

/** A mint whose evidence was wrong, by claim id. Its half-hours stay minted. */
export const VoidedMint = z.strictObject({
  claimId: z.string(),
  evidence: z.string(),
  burnt: z.number().int().describe('kWh that its holder still had'),
  owed: z.number().int().describe('kWh that were passed on or retired'),
  reason: z.string(),
  txHash: z.string(),
  at: Instant,
});
export type VoidedMint = z.infer<typeof VoidedMint>;
export const VOIDED_MINTS = defineCollection('voided-mints', VoidedMint);

/** The contract of this home, by chain id. */
export const CONTRACTS_ON_CHAIN = defineCollection(
  'kwhsave-contracts',
  z.strictObject({
    address: z.string(),
    chainId: z.number().int(),
    fromBlock: z.number().int().describe('nothing of it lies before'),
    txHash: z.string().nullable().describe('null: a setting says where it is'),
    at: Instant,
  }),
);

/** Sums over all claims and mints, so that whoever watches them reads one document. */
export const SavingsTotals = z.strictObject({
  measuredKwh: Decimal,
  baselineKwh: Decimal,
  provenKwh: Decimal,
  mintedKwh: Decimal,
  retiredKwh: Decimal,
});
export type SavingsTotals = z.infer<typeof SavingsTotals>;
export const SAVINGS_TOTALS = defineCollection('savings-totals', SavingsTotals);
const ALL = 'all';
const NOTHING: SavingsTotals = { measuredKwh: '0', baselineKwh: '0', provenKwh: '0', mintedKwh: '0', retiredKwh: '0' };

export const savingsTotals = async (tx: Pick<Tx, 'collection'>): Promise<SavingsTotals> =>
  (await tx.collection(SAVINGS_TOTALS).get(ALL))?.value ?? NOTHING;

/** Counts more in, in the transaction of what is counted. */
export const addToTotals = async (tx: Pick<Tx, 'collection'>, more: Partial<SavingsTotals>): Promise<void> => {
  const before = await savingsTotals(tx);
  const sums = (Object.keys(before) as (keyof SavingsTotals)[]).map((name) => [
    name,
    nanoText(nanoAtMost(before[name]) + nanoAtMost(more[name] ?? '0')),
  ]);
  await tx.collection(SAVINGS_TOTALS).put(ALL, Object.fromEntries(sums) as SavingsTotals);
};
