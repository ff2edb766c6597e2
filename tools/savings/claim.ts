/** The tool that claims what a window saved: at the lower bound, once, with everything that a stranger needs to check it. */
import { z } from 'zod';
import { Decimal, decimal, nanoAtMost, nanoText, wholeUnits } from '../../domain/decimal.js';
import { digest, shortId } from '../../domain/digest.js';
import { Fault, invalid } from '../../domain/fault.js';
import { energyText, percentText } from '../../domain/figures.js';
import {
  addToTotals,
  SAVINGS_CLAIMS,
  SAVINGS_REST,
  type SavingRecord,
  type SavingsClaim,
} from '../../domain/savings.js';
import { claimDelivered, periodsIn } from '../../domain/settlement/delivered.js';
import { Instant, secondsBetween } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { judge, modelOf, requireJudgeable, windowProblem } from './judge.js';

export const Window = {
  modelId: z.string().min(1).describe('the model that says what would have been used, M-…'),
  start: Instant.describe('start of the window, on a half-hour'),
  end: Instant.describe('its end, seven days later at most'),
  meterErrorRatio: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.02)
    .describe('how wrong the meters may be, as a share of the saving: it widens the interval'),
};

export const Judgement = {
  baselineKwh: z.number().describe('what would have been used'),
  measuredKwh: z.number(),
  savedKwh: z.number().describe('below 0: more was used'),
  low: z.number(),
  high: z.number(),
  confidence: z.number(),
  coveredRatio: z.number(),
};

export const claimSavings = defineTool({
  name: 'claim_savings',
  title: 'Claim savings',
  description:
    'Claims the energy that a site saved in a window against its model: whole kWh of the lower bound of the 95 % interval, what is left over kept for the next claim. Refuses a window that was settled or claimed, a model made after it, and covariates that the change itself moved.',
  toolset: 'proof',
  effect: 'records',
  input: z.strictObject({
    ...Window,
    intervention: z.string().min(1).max(300).describe('what was changed at the site'),
    changedCovariates: z.array(z.string()).default([]).describe('covariates that the change itself moves'),
  }),
  output: z.strictObject({
    claimId: z.string(),
    site: z.string(),
    ...Judgement,
    provenKwh: Decimal.describe('the lower bound, never below 0'),
    carriedInKwh: Decimal.describe('left over by earlier claims'),
    mintableKwh: z.number().int(),
    carriedOutKwh: Decimal,
    evidence: z.string().describe('SHA-256 of the record; the ledger has it in its entry of kind savings-claim'),
  }),
  run: async (asked, world, call) => {
    const kept = await modelOf(world, asked.modelId);
    const { card } = kept;
    const window = { start: asked.start, end: asked.end };
    const problem = windowProblem(window);
    if (problem !== null) throw invalid(problem, 'Claim whole half-hours, seven days at most at once.');
    const now = world.clock.now();
    if (window.end > now) throw invalid(`${window.end} is not over yet: it is ${now}`, 'Claim it when it has passed.');
    if (!card.accepted)
      throw invalid(
        `the model's CV(RMSE) is ${percentText(card.cvRmse)} and its bias ${percentText(card.bias)}, where ${percentText(card.limits.cvRmse)} and ${percentText(card.limits.bias)} are allowed`,
        'Give it more days, or covariates that explain what is used.',
      );
    if (window.start < card.madeAt || window.start < card.span.end)
      throw invalid(
        `the window starts at ${window.start}, before the model was written down at ${card.madeAt}`,
        'A model judges only what comes after it: claim a later window.',
      );
    const learnedS = secondsBetween(card.span.start, card.span.end);
    if (secondsBetween(card.span.end, window.end) > learnedS)
      throw invalid(
        `the window ends ${Math.round(secondsBetween(card.span.end, window.end) / 86_400)} days after what the model learned from, which is ${Math.round(learnedS / 86_400)} days long`,
        'A site drifts: a model speaks for as long after as it looked back. Train on more, or anew.',
      );
    const moved = card.covariates.filter(({ id }) => asked.changedCovariates.includes(id));
    const judged = await judge(world, kept, window, asked.meterErrorRatio);
    if (moved.length > 0) {
      const { id, mean, low, high } = judged.covariates.find((one) => one.id === moved[0]!.id)!;
      throw invalid(
        `the change itself moved ${id} (mean ${mean ?? 'not known'} in the window, ${low} to ${high} before), so the model would not see what it saved`,
        'Train with the work that was submitted rather than what was observed.',
      );
    }
    requireJudgeable(judged);
    const rest = (await world.store.collection(SAVINGS_REST).get(card.site))?.value;
    const proven = nanoAtMost(decimal(Math.max(0, judged.saved.low)));
    const carriedIn = nanoAtMost(rest?.restKwh ?? '0');
    // A window without a saving mints nothing, not even what others left over.
    const { whole, rest: carriedOut } = proven === 0n ? { whole: 0, rest: carriedIn } : wholeUnits(proven + carriedIn);
    const record: SavingRecord = {
      ...{ format: 'caco-saving/1' as const, site: card.site, meters: card.meterIds, ...window },
      ...{ modelId: card.id, modelHash: card.modelHash, modelSeq: kept.seq, rowsHash: digest(judged.rows) },
      coveredRatio: decimal(judged.coveredRatio),
      ...{ baselineKwh: decimal(judged.baselineKwh), measuredKwh: decimal(judged.measuredKwh) },
      ...{
        savedKwh: decimal(judged.saved.value),
        lowKwh: decimal(judged.saved.low),
        highKwh: decimal(judged.saved.high),
      },
      ...{ confidence: decimal(judged.saved.confidence), meterErrorRatio: decimal(asked.meterErrorRatio) },
      ...{ provenKwh: nanoText(proven), carriedInKwh: nanoText(carriedIn), mintableKwh: whole },
      ...{ carriedOutKwh: nanoText(carriedOut), intervention: asked.intervention },
    };
    const evidence = digest(record);
    const id = shortId('S', { site: card.site, ...window, meters: card.meterIds });
    const claim: SavingsClaim = { id, at: now, evidence, record, rows: judged.rows, saved: judged.saved };
    call.commit(async (tx) => {
      await claimDelivered(
        tx,
        { sites: [card.site], meterIds: card.meterIds, periods: periodsIn(window) },
        // Under the record, not the name: the same window anew is another record, and refused.
        { by: `${id}/${evidence.slice(0, 12)}`, as: 'kWhSave', run: 'II', at: now },
      );
      const left = (await tx.collection(SAVINGS_REST).get(card.site))?.value;
      if (left?.claimId !== rest?.claimId)
        throw new Fault(
          'conflict',
          `${left?.claimId} of ${card.site} came first`,
          'Claim again: what is left over has changed.',
        );
      await tx.collection(SAVINGS_CLAIMS).insert(id, claim);
      const { measuredKwh, baselineKwh, provenKwh } = record;
      await addToTotals(tx, { measuredKwh, baselineKwh, provenKwh });
      await tx.collection(SAVINGS_REST).put(card.site, { restKwh: record.carriedOutKwh, claimId: id });
      await tx.entries.append([
        {
          ...{ kind: 'savings-claim', at: now, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
          ...{ subject: id, data: { evidence, record } },
        },
      ]);
    });
    const { value, low, high, confidence } = judged.saved;
    return {
      ...{ claimId: id, site: card.site, baselineKwh: judged.baselineKwh, measuredKwh: judged.measuredKwh },
      ...{ savedKwh: value, low, high, confidence, coveredRatio: judged.coveredRatio },
      ...{ provenKwh: record.provenKwh, carriedInKwh: record.carriedInKwh, mintableKwh: whole },
      ...{ carriedOutKwh: record.carriedOutKwh, evidence },
    };
  },
  tell: ({ claimId, savedKwh, low, high, mintableKwh }) =>
    `${claimId}: ${savedKwh < 0 ? `${energyText(-savedKwh)} more were used` : `${energyText(savedKwh)} saved`} (95 % interval ${energyText(low)} to ${energyText(high)}); ${mintableKwh} kWh can be minted.`,
});
