/** `backtest` and `train`: how good forecasts would have been, and a model for the forecasts to come. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { invalid } from '../../domain/fault.js';
import { figure, percentText } from '../../domain/figures.js';
import { instant } from '../../domain/time.js';
import type { HistoryQuestion, TestedModels } from '../../offline.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { plain, tableText } from '../terminal.js';
import { backtestJobsCommand, trainJobsCommand } from './job-forecast.js';

const hoursOf = (text: unknown): number => {
  const match = /^(\d+(?:\.\d+)?)\s*h?$/.exec(String(text));
  const hours = match ? Number(match[1]) : Number.NaN;
  if (!(hours > 0 && hours <= 168))
    throw invalid(`--horizon is "${String(text)}"`, 'Give hours up to 168, for example 24h.');
  return hours;
};

const historyOf = (context: Context, options: Record<string, unknown>): HistoryQuestion => {
  const text = (name: string) => (options[name] === undefined ? undefined : String(options[name]));
  return {
    path: text('signal'),
    column: text('column'),
    place: text('location'),
    timeZone: text('timeZone'),
    usePrice: options.price !== false,
    seed: context.config.seed ?? 1,
  };
};

const share = (ratio: number | null) => (ratio === null ? '–' : percentText(ratio));

/** Nightly jobs planned on each model, beside perfect knowledge. */
const nightsText = ({ rows, unit }: TestedModels): string[] => {
  const known = rows.flatMap(({ model, nights }) => (nights === null ? [] : [{ model, nights }]));
  if (known.length === 0) return [];
  return [
    '',
    tableText(
      ['nightly job', unit, 'regret', 'saved'],
      known.map(({ model, nights }) => [
        model,
        figure(nights.chosen),
        figure(nights.regret),
        share(nights.realisedShare),
      ]),
    ),
    `  An hour of work at 01:00 UTC (${figure(known[0]!.nights.startNow)}), moved by up to eight hours on the forecast of 17:00.`,
    '',
  ];
};

export const backtestText = (o: TestedModels): string => {
  const best = [...o.rows].sort((a, b) => a.mae - b.mae)[0]!;
  const chosen = o.rows.find((row) => row.chosen);
  const trusted = chosen ?? best;
  const rows = o.rows.map((r) => [
    r.chosen ? '●' : ' ',
    r.model,
    figure(r.mae),
    percentText(r.wape),
    r.pinball === null ? '–' : figure(r.pinball),
    share(r.coverage),
    share(r.realisedShare),
    figure(r.decision.regret),
    r.decision.regretPrice === null ? '–' : figure(r.decision.regretPrice),
  ]);
  const cost = o.currency === null ? 'in money' : `${o.currency}/MWh`;
  const hours = trusted.issues.map((issue) => `${figure(issue.mae)} at ${issue.key}`).join(', ');
  return [
    chosen
      ? `auto took ${o.choice!.model}: ${figure(chosen.mae)} ${o.unit} mean error, ${share(chosen.realisedShare)} of what perfect foresight would save.`
      : `${best.model} has the least mean error: ${figure(best.mae)} ${o.unit}.`,
    `  History: ${plain(o.source)}.`,
    `  ${plain(o.region)}, ${o.horizonHours} h ahead from ${o.origins} origins at 00:00 and 12:00 UTC, ${o.testFrom.slice(0, 10)} to ${o.span.to.slice(0, 10)}; learned from ${o.span.from.slice(0, 10)} on.`,
    '',
    tableText(['', 'model', o.unit, 'of mean', 'pinball', 'within 90 %', 'saved', 'regret', cost], rows),
    '  saved: part of the saving of perfect foresight when two hours of the next day are chosen on the forecast; starting at once is 0.',
    `  regret: ${o.unit} above perfect knowledge in the hours that were chosen; ${cost}: what these cost more.`,
    `  ${trusted.model} by hour of issue (UTC): ${hours}.`,
    ...nightsText(o),
    ...(o.choice ? [`  Chosen before the test, on history alone: ${o.choice.why}.`] : []),
    ...o.assumed.map((said) => `  Assumed: ${plain(said)}.`),
    '',
    '  Next: caco train --signal FILE   makes the chosen model for the forecasts to come',
  ].join('\n');
};

const backtest = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  if (options.jobs !== undefined) return backtestJobsCommand(context, options, historyOf(context, options));
  const { backtestModels } = await import('../../offline.js');
  const answer = await backtestModels(
    {
      ...historyOf(context, options),
      models: String(options.models).split(','),
      testFrom: options.testFrom === undefined ? undefined : instant(String(options.testFrom)),
      horizonHours: hoursOf(options.horizon),
    },
    { signal: context.signal, onProgress: (step) => context.progress(step) },
  );
  return { json: answer, text: backtestText(answer) };
};

const train = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  if (options.jobs !== undefined) return trainJobsCommand(context, options);
  const { trainOn } = await import('../../offline.js');
  const answer = await trainOn(
    {
      ...historyOf(context, options),
      model: String(options.use),
      until: options.until === undefined ? undefined : instant(String(options.until)),
      horizonHours: hoursOf(options.horizon),
      folder: join(context.config.home, 'models'),
    },
    { signal: context.signal, onProgress: (step) => context.progress(step) },
  );
  const { card } = answer;
  const text = [
    `${card.model} is trained for ${plain(card.region)}, ${card.quantity}: ${card.why}.`,
    card.mae === null
      ? '  It was not tried on anything: the history is too short, or the profile was better.'
      : `  On the last quarter of the history, which it had not seen: ${figure(card.mae)} ${card.unit} mean error, ${share(card.realisedShare)} of the possible saving.`,
    `  Learned from ${card.span.from.slice(0, 10)} to ${card.span.to.slice(0, 10)}, seed ${card.seed}, SHA-256 ${card.hash.slice(0, 12)}…; kept in ${answer.path}.`,
    ...(card.tried.length > 0
      ? [
          '',
          tableText(
            ['tried', card.unit, 'saved'],
            card.tried.map((t) => [t.model, figure(t.mae), share(t.realisedShare)]),
          ),
        ]
      : []),
    ...answer.assumed.map((said) => `  Assumed: ${plain(said)}.`),
    '',
    '  Forecasts of this region that begin after its span now come from it: caco grid forecast',
  ].join('\n');
  return { json: answer, text };
};

const shape = (c: Command) =>
  c
    .option('--signal <file>', 'CSV or JSON of recorded values; the recording that ships when left out')
    .option('--column <name>', "column of the file, in brackets what its header does not say: 'value (lb/MWh)'")
    .option('-l, --location <region>', "region of a file of several, or the name of a file's only one")
    .option('--time-zone <zone>', 'whose clock people there live by, for example Europe/Berlin')
    .option('--no-price', 'use the history alone, though the file has prices')
    .option('--jobs <file>', 'a history of jobs (sacct, SWF, CSV, a trace, …) instead: how long jobs run')
    .option('--format <name>', 'of the history of jobs; told by its beginning when left out')
    .option('--unit <unit>', 's, m or h: unit of times in a trace that carry none')
    .option('--start <time>', 'the instant that the trace’s clock calls 0');

export const register = (program: Command) => {
  addCommand(
    program,
    'backtest',
    'how good forecasts, of a grid or of jobs, would have been, and what trusting them would have cost',
    (c) =>
      void shape(c)
        .option('--models <list>', 'all, fast (without the LSTM), simple, or names separated by commas', 'fast')
        .option('--test-from <time>', 'models learn before and are tested after; half way when left out')
        .option('--horizon <hours>', 'how far ahead, for example 24h', '24h')
        .option('--slack <hours>', 'with --jobs: how long a job may wait beyond its limit', '24'),
    backtest,
  );
  addCommand(
    program,
    'train',
    'make a forecasting model for a region from its history, or for jobs from theirs',
    (c) =>
      void shape(c)
        .option('--use <model>', 'auto, fast (without the LSTM), or one by name', 'auto')
        .option('--until <time>', 'learn from what came before this moment only')
        .option('--horizon <hours>', 'how far ahead it has to answer well', '48h'),
    train,
  );
};
