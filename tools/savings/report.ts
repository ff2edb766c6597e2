/** The tools that look: what a window would come to, and what was claimed and minted of a site. */
import { z } from 'zod';
import { Decimal, nanoAtMost, nanoText } from '../../domain/decimal.js';
import { notFound } from '../../domain/fault.js';
import { energyText } from '../../domain/figures.js';
import {
  MINTS,
  Mint,
  SAVINGS_CLAIMS,
  SAVINGS_MODELS,
  SAVINGS_REST,
  SavingRecord,
  SavingsCard,
} from '../../domain/savings.js';
import type { CollectionOf, Tx } from '../../domain/store.js';
import { defineTool } from '../tool.js';
import { Judgement, Window } from './claim.js';
import { judge, modelOf } from './judge.js';

export const predictSavings = defineTool({
  name: 'predict_savings',
  title: 'Predict savings',
  description:
    'What a site would have used in a window by its model, beside what its meters counted so far, with the 95 % interval. Claims nothing.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject(Window),
  output: z.strictObject({
    ...Judgement,
    covariates: z.array(
      z.strictObject({
        id: z.string(),
        mean: z.number().nullable(),
        low: z.number().describe('least value that was learned from'),
        high: z.number(),
        beyondRatio: z.number().describe('share of the window outside of that, with a tenth of the range to spare'),
      }),
    ),
  }),
  run: async ({ modelId, start, end, meterErrorRatio }, world) => {
    const judged = await judge(world, await modelOf(world, modelId), { start, end }, meterErrorRatio);
    const { value, low, high, confidence } = judged.saved;
    return {
      ...{ baselineKwh: judged.baselineKwh, measuredKwh: judged.measuredKwh, savedKwh: value, low, high, confidence },
      ...{ coveredRatio: judged.coveredRatio, covariates: [...judged.covariates] },
    };
  },
  tell: ({ baselineKwh, measuredKwh, low, high }) =>
    `${energyText(measuredKwh)} measured, ${energyText(baselineKwh)} by the model: ${energyText(low)} to ${energyText(high)} saved.`,
});

/** Every document of a collection, oldest first. */
export const all = async <T>(store: Pick<Tx, 'collection'>, of: CollectionOf<T>): Promise<T[]> => {
  const found: T[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.collection(of).list({ after, limit: 500 });
    found.push(...page.map(({ value }) => value));
    if (page.length < 500) return found.reverse();
    after = page.at(-1)!.id;
  }
};

export const reportSavings = defineTool({
  name: 'report_savings',
  title: 'Report savings',
  description:
    'What was claimed as saved, site by site: proven at the lower bound, minted, left over; each claim with its record, its evidence and what was minted of it, and the models that judged.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    site: z.string().optional(),
    claimId: z.string().optional().describe('one claim only'),
  }),
  output: z.strictObject({
    claims: z.array(
      z.strictObject({ id: z.string(), evidence: z.string(), record: SavingRecord, mint: Mint.nullable() }),
    ),
    models: z.array(SavingsCard),
    provenKwh: Decimal,
    mintedKwh: z.number().int(),
    restKwh: Decimal.describe('left over, over all these sites'),
  }),
  run: async ({ site, claimId }, world) => {
    const claims = (await all(world.store, SAVINGS_CLAIMS)).filter(
      ({ id, record }) => (site === undefined || record.site === site) && (claimId === undefined || id === claimId),
    );
    if (claimId !== undefined && claims.length === 0)
      throw notFound(`there is no claim ${claimId}`, 'caco savings report lists those that there are.');
    const mints = new Map((await all(world.store, MINTS)).map((mint) => [mint.claimId, mint]));
    const models = new Set(claims.map(({ record }) => record.modelId));
    const sites = [...new Set(claims.map(({ record }) => record.site))];
    const rests = await Promise.all(
      sites.map(async (one) => (await world.store.collection(SAVINGS_REST).get(one))?.value),
    );
    return {
      claims: claims.map(({ id, evidence, record }) => ({ id, evidence, record, mint: mints.get(id) ?? null })),
      models: (await all(world.store, SAVINGS_MODELS)).map(({ card }) => card).filter(({ id }) => models.has(id)),
      provenKwh: nanoText(claims.reduce((sum, { record }) => sum + nanoAtMost(record.provenKwh), 0n)),
      mintedKwh: claims.reduce((sum, { id }) => sum + (mints.get(id)?.kWh ?? 0), 0),
      restKwh: nanoText(rests.reduce((sum, rest) => sum + nanoAtMost(rest?.restKwh ?? '0'), 0n)),
    };
  },
  tell: ({ claims, provenKwh, mintedKwh, restKwh }) =>
    `${claims.length} claims prove ${provenKwh} kWh; ${mintedKwh} kWh are minted, ${restKwh} kWh left over.`,
});
