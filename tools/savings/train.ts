/** The tool that learns what a site uses under its load, and writes the model down before anything is judged by it. */
import { z } from 'zod';
import { COVARIATES } from '../../domain/covariate.js';
import { digest, shortId } from '../../domain/digest.js';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { percentText } from '../../domain/figures.js';
import { requireSiteMeters } from '../../domain/meter.js';
import { SAVINGS_MODELS, SavingsCard } from '../../domain/savings.js';
import { Instant, isTimeZone } from '../../domain/time.js';
import { USAGE_ENGINES, type UsageForecaster } from '../../domain/usage.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { listed, rowsOf } from './rows.js';

/** Hourly models, ASHRAE Guideline 14. A site may ask more of its own, never less. */
const LIMITS = { cvRmse: 0.3, bias: 0.1 };

export const usageForecasterOf = (world: World): UsageForecaster => {
  if (world.usageForecaster) return world.usageForecaster;
  throw new Fault('unsupported', 'this world has no forecaster of usage', 'Run the command line or the server.');
};

export const trainSavingsModel = defineTool({
  name: 'train_savings_model',
  title: 'Train a savings model',
  description:
    'Learns what a site uses from its work, the hour, the kind of day and the weather, on time before a change. Regression first, a network where it does better on blocks that it has not seen. The card with its errors goes to the ledger; only later windows are judged by it.',
  toolset: 'proof',
  effect: 'records',
  input: z.strictObject({
    site: z.string().min(1).max(200),
    meterIds: z.array(z.string().min(1)).min(1).max(100).describe('meters whose sum is the site, all of one boundary'),
    covariateIds: z.array(z.string().min(1)).max(10).default([]).describe('series that explain what is used'),
    start: Instant.describe('start of what is learned from'),
    end: Instant.describe('its end: before the change'),
    stepMinutes: z.union([z.literal(5), z.literal(10), z.literal(15), z.literal(30), z.literal(60)]).default(30),
    timeZone: z
      .string()
      .default('UTC')
      .refine(isTimeZone, 'must be an IANA time zone')
      .describe('where the site’s people live'),
    engine: z.enum(USAGE_ENGINES).optional().describe('left out: whichever does better on what it has not seen'),
    withoutLoad: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .describe('why the work that was asked for is no input; without it a fall in demand looks like a saving'),
    maxCvRmse: z.number().positive().max(LIMITS.cvRmse).default(LIMITS.cvRmse),
    maxBias: z.number().positive().max(LIMITS.bias).default(LIMITS.bias),
    seed: z.number().int().min(0).default(1),
  }),
  output: SavingsCard,
  run: async (asked, world, call) => {
    const { site, meterIds, start, end, stepMinutes, timeZone, seed } = asked;
    const forecaster = usageForecasterOf(world);
    const now = world.clock.now();
    if (end > now)
      throw invalid(`${end} is not over yet: it is ${now}`, 'Learn from what has passed; --now says what now is.');
    const cards = requireSiteMeters(await world.meter.meters(), meterIds, site);
    const shared = cards.find(({ boundary }) => boundary === 'process');
    if (shared)
      throw invalid(
        `${shared.id} tells shares that an exporter worked out, not what was measured`,
        'Name the meter of the machine or of the site.',
      );
    const covariates = await Promise.all(asked.covariateIds.map((id) => covariateOf(world, id)));
    if (!covariates.some(({ kind }) => kind === 'load') && asked.withoutLoad === undefined)
      throw invalid(
        'no covariate says how much work was asked for, so a fall in demand would look like a saving',
        'Give one of the kind load (caco savings covariate FILE), or say --without-load WHY.',
      );
    const rows = await rowsOf(world, { meterIds, covariates, stepMinutes, timeZone }, { start, end });
    const trained = await forecaster.train(rows, { engine: asked.engine ?? null, seed, signal: call.signal });
    const { chosen, model } = trained;
    const limits = { cvRmse: asked.maxCvRmse, bias: asked.maxBias };
    const body: Omit<SavingsCard, 'id'> = {
      ...{ site, meterIds: [...meterIds].sort(), covariates, withoutLoad: asked.withoutLoad ?? null },
      ...{ span: { start, end }, stepMinutes, timeZone, rows: trained.rows, meanKwh: trained.meanKwh },
      ...{ engine: chosen.engine, form: chosen.form, cvRmse: chosen.cvRmse, bias: chosen.bias },
      ...{ tried: [...trained.tried], limits },
      accepted: chosen.cvRmse <= limits.cvRmse && Math.abs(chosen.bias) <= limits.bias,
      dataHash: digest({
        ...{ start: rows.start, stepMinutes, energyKwh: listed(rows.energyKwh) },
        covariates: rows.covariates.map(({ name, values }) => ({ name, values: listed(values) })),
      }),
      ...{ modelHash: digest(model), seed, madeAt: now },
    };
    const card: SavingsCard = { id: shortId('M', body), ...body };
    call.commit(async (tx) => {
      // The same training anew is the same model: its first writing counts.
      if (await tx.collection(SAVINGS_MODELS).get(card.id)) return;
      const [entry] = await tx.entries.append([
        {
          ...{ kind: 'savings-model', at: now, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
          ...{ subject: card.id, data: { card: digest(card), modelHash: card.modelHash, dataHash: card.dataHash } },
        },
      ]);
      await tx.collection(SAVINGS_MODELS).put(card.id, { card, seq: entry!.seq, model });
    });
    return card;
  },
  tell: ({ id, engine, form, cvRmse, bias, accepted }) =>
    `${id}: ${engine} (${form}), CV(RMSE) ${percentText(cvRmse)}, bias ${percentText(bias)} on what it had not seen; ${accepted ? 'within the limits' : 'beyond the limits, so nothing is claimed by it'}.`,
});

const covariateOf = async (world: World, id: string) => {
  const card = (await world.store.collection(COVARIATES).get(id))?.value;
  if (!card)
    throw notFound(`there is no covariate ${id}`, 'Take it in: caco savings covariate FILE, or caco meter telemetry.');
  return { id, kind: card.kind, basis: card.basis };
};
