/** `savings`: what a site saved against what it would have used under the same load. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { energyText, figure, percentText } from '../../domain/figures.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Options = Record<string, unknown>;

const COVARIATE = flagsOf('import_covariate', { path: false, text: false, id: '--name <name>' });
const TRAIN = flagsOf('train_savings_model', {
  meterIds: '--meter <ids>',
  covariateIds: '--covariate <ids>',
  start: '--from <time>',
  end: '--to <time>',
});
const WINDOW = { modelId: '--by <model>', start: '--from <time>', end: '--to <time>' } as const;
const PREDICT = flagsOf('predict_savings', WINDOW);
const CLAIM = flagsOf('claim_savings', { ...WINDOW, changedCovariates: '--changed <covariates>' });
const REPORT = flagsOf('report_savings', { claimId: '--claim <id>' });

const covariate = async (context: Context, [file = '']: string[], options: Options): Promise<Answer> => {
  const answer = await context.call('import_covariate', {
    ...(await COVARIATE.input(options)),
    path: resolve(file),
  });
  const { covariate: kept, accepted, rejectedCount, rejected, stepMinutes } = answer;
  const text = [
    `${accepted} rows of ${plain(kept.id)}, ${figure(stepMinutes)} minutes apart, ${kept.covers?.start} to ${kept.covers?.end}.`,
    ...rejected.slice(0, 10).map(({ line, message }) => `  line ${line}: ${plain(message)}`),
    ...(rejectedCount > 10 ? [`  … and ${rejectedCount - 10} more: --json`] : []),
    '',
    '  Next: caco savings train',
  ];
  return { json: answer, text: text.join('\n') };
};

const trainText = (m: ToolAnswer<'train_savings_model'>): string =>
  [
    `${m.id}: ${m.engine} (${m.form}) for ${plain(m.site)}; on what it had not seen CV(RMSE) ${percentText(m.cvRmse)} (at most ${percentText(m.limits.cvRmse)}), bias ${percentText(m.bias)} (at most ${percentText(m.limits.bias)}).`,
    m.accepted ? '  Within the limits.' : '  Beyond the limits: nothing is claimed by it.',
    '',
    tableText(
      ['tried', 'form', 'CV(RMSE)', 'bias'],
      m.tried.map((one) => [one.engine, one.form, percentText(one.cvRmse), percentText(one.bias)]),
    ),
    `  ${m.rows} steps of ${m.stepMinutes} minutes, ${m.span.start} to ${m.span.end}; data ${m.dataHash.slice(0, 12)}, model ${m.modelHash.slice(0, 12)}.`,
    ...(m.withoutLoad === null ? [] : [`  Without the load: ${plain(m.withoutLoad)}.`]),
    `  The ledger has the card since ${m.madeAt}: only windows after it are judged.`,
    '',
    `  Next: caco savings claim --by ${m.id} --from T --to T --intervention WHAT`,
  ].join('\n');

const sumsText = (o: {
  baselineKwh: number;
  measuredKwh: number;
  savedKwh: number;
  low: number;
  high: number;
  coveredRatio: number;
}) =>
  [
    `  baseline   ${energyText(o.baselineKwh)}`,
    `  measured   ${energyText(o.measuredKwh)}`,
    `  saved      ${energyText(o.savedKwh)}, 95 % interval ${energyText(o.low)} to ${energyText(o.high)}`,
    `  ${percentText(o.coveredRatio)} of the window are known.`,
  ].join('\n');

const claimText = (o: ToolAnswer<'claim_savings'>): string =>
  [
    o.savedKwh < 0
      ? `${o.claimId}: ${energyText(-o.savedKwh)} more were used than the model expects; nothing can be minted.`
      : `${o.claimId}: ${o.provenKwh} kWh are proven, ${o.mintableKwh} kWh can be minted.`,
    sumsText(o),
    `  Left over: ${o.carriedInKwh} kWh came in, ${o.carriedOutKwh} kWh stay for the next claim of ${plain(o.site)}.`,
    `  Evidence ${o.evidence}`,
    ...(o.mintableKwh > 0 ? ['', `  Next: caco kwhsave mint ${o.claimId}`] : []),
  ].join('\n');

const reportText = (o: ToolAnswer<'report_savings'>): string =>
  o.claims.length === 0
    ? 'Nothing was claimed yet: caco savings claim.'
    : [
        `${o.provenKwh} kWh are proven in ${o.claims.length} claims, ${o.mintedKwh} kWh are minted, ${o.restKwh} kWh left over.`,
        tableText(
          ['claim', 'site', 'from', 'to', 'saved kWh', 'low', 'high', 'proven', 'mintable', 'minted'],
          o.claims.map(({ id, record: r, mint }) => [
            ...[id, plain(r.site), r.start, r.end],
            ...[r.savedKwh, r.lowKwh, r.highKwh, r.provenKwh].map((text) => figure(Number(text))),
            String(r.mintableKwh),
            mint === null ? '' : String(mint.kWh),
          ]),
        ),
        ...o.models.map(
          (m) =>
            `  ${m.id}: ${m.engine}, CV(RMSE) ${percentText(m.cvRmse)}, bias ${percentText(m.bias)}, since ${m.madeAt}.`,
        ),
      ].join('\n');

export const register = (program: Command) => {
  const savings = program.command('savings').description('what a site saved, at the lower bound, and no kWh twice');
  addCommand(
    savings,
    'covariate <file>',
    'take in a series that explains what is used: work that was submitted, temperature',
    (c) => COVARIATE.shape(c),
    covariate,
  );
  addCommand(
    savings,
    'train',
    'learn what a site uses under its load, before the change; the card goes to the ledger',
    (c) => TRAIN.shape(c),
    async (context, _, options) => {
      const card = await context.call('train_savings_model', await TRAIN.input(options));
      return { json: card, text: trainText(card) };
    },
  );
  addCommand(
    savings,
    'predict',
    'what a window comes to so far; claims nothing',
    (c) => PREDICT.shape(c),
    async (context, _, options) => {
      const answer = await context.call('predict_savings', await PREDICT.input(options));
      const rows = answer.covariates.map((one) => [
        ...[plain(one.id), one.mean === null ? 'not known' : figure(one.mean)],
        `${figure(one.low)} to ${figure(one.high)}`,
        percentText(one.beyondRatio),
      ]);
      const covariates =
        rows.length === 0 ? '' : `\n${tableText(['covariate', 'mean', 'seen before', 'beyond it'], rows)}`;
      return { json: answer, text: `${sumsText(answer)}${covariates}` };
    },
  );
  addCommand(
    savings,
    'claim',
    'claim what a window saved, once: whole kWh of the lower bound',
    (c) => CLAIM.shape(c),
    async (context, _, options) => {
      const answer = await context.call('claim_savings', await CLAIM.input(options));
      return { json: answer, text: claimText(answer) };
    },
  );
  addCommand(
    savings,
    'report',
    'what was claimed, minted and is left over',
    (c) => REPORT.shape(c),
    async (context, _, options) => {
      const answer = await context.call('report_savings', await REPORT.input(options));
      return { json: answer, text: reportText(answer) };
    },
  );
};
