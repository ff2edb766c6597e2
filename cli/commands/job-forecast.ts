/** `backtest --jobs` and `train --jobs`: how long jobs run, foretold from those that ran. */
import { join, resolve } from 'node:path';
import { invalid } from '../../domain/fault.js';
import { figure, percentText } from '../../domain/figures.js';
import { instant } from '../../domain/time.js';
import type { HistoryQuestion, JobHistory, JobHistoryQuestion } from '../../offline.js';
import type { Answer, Context } from '../command.js';
import { numberOf } from '../fields.js';
import { plain, tableText } from '../terminal.js';

const UNITS = ['s', 'm', 'h'] as const;

const questionOf = async (context: Context, options: Record<string, unknown>): Promise<JobHistoryQuestion> => {
  const { JOB_FORMATS } = await import('../../offline.js');
  const text = (name: string) => (options[name] === undefined ? null : String(options[name]));
  const [format, unit, begins] = [text('format'), text('unit'), text('start')];
  const known = JOB_FORMATS.find((one) => one === format) ?? null;
  if (format !== null && known === null)
    throw invalid(`--format is "${format}"`, `Give one of ${JOB_FORMATS.join(', ')}.`);
  const one = UNITS.find((name) => name === unit) ?? null;
  if (unit !== null && one === null) throw invalid(`--unit is "${unit}"`, 'Give s, m or h.');
  return {
    jobs: options.jobs === '-' ? '-' : resolve(String(options.jobs)),
    format: known,
    unit: one,
    begins: begins === null ? null : instant(begins),
    timeZone: text('timeZone'),
    seed: context.config.seed ?? 1,
  };
};

const count = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ' ');

const readText = ({ jobs, leftOut, assumed, warnings }: JobHistory): string[] => [
  ...leftOut.map(({ why, count: n }) => `  Left out ${count(n)}: ${plain(why)}.`),
  ...assumed.map((a) => `  Assumed for ${a.count === jobs ? 'all' : count(a.count)}: ${a.field}, ${plain(a.value)}.`),
  ...warnings.map((warning) => `  ${plain(warning)}`),
];

export const backtestJobsCommand = async (
  context: Context,
  options: Record<string, unknown>,
  signal: HistoryQuestion,
): Promise<Answer> => {
  const { backtestJobs } = await import('../../offline.js');
  const answer = await backtestJobs(
    { ...(await questionOf(context, options)), signal, slackHours: numberOf('--slack', options.slack) },
    { signal: context.signal, onProgress: (step) => context.progress(step) },
  );
  const { held, hours, plans } = answer;
  const rows = (plans ?? []).map((row) => [
    row.plan,
    figure(row.mean),
    row.realisedShare === null ? '–' : percentText(row.realisedShare),
    percentText(row.lateShare),
  ]);
  const text = [
    `${percentText(held.high)} of ${count(answer.jobs)} jobs ran no longer than their 90 % quantile, ${percentText(held.median)} no longer than their median.`,
    `  In four parts of the test: ${answer.parts.map((part) => percentText(part.high)).join(', ')} within the 90 % quantile.`,
    `  They ran ${figure(hours.ran)} h in all; what was expected sums up to ${figure(hours.expected)} h, what was asked for to ${figure(hours.asked)} h. Half of the medians are within a factor of ${figure(answer.factor)}.`,
    '  Each was foretold from the jobs that had ended when it was submitted, and from nothing else.',
    ...(answer.madeLimits
      ? ['  No limits stand in the history: what was asked for is made up, as docs/methods/jobs.md says.']
      : []),
    '',
    ...(plans === null
      ? [
          `  No plan was counted: the signal of ${plain(answer.region)} covers none of the jobs. Give one that does: --signal FILE.`,
        ]
      : [
          tableText(['planned by', answer.unit, 'saved', 'late'], rows),
          `  ${count(plans[0]!.jobs)} jobs, each alone under the signal of ${plain(answer.region)}, due ${String(options.slack)} h after the limit that was asked for. saved: part of what the true durations save.`,
        ]),
    ...readText(answer.history),
    '',
    '  Next: caco train --jobs FILE   makes the model; CACO_DURATIONS=foretold lets ingest use it',
  ].join('\n');
  return { json: answer, text };
};

export const trainJobsCommand = async (context: Context, options: Record<string, unknown>): Promise<Answer> => {
  const { trainOnJobs } = await import('../../offline.js');
  const answer = await trainOnJobs(
    {
      ...(await questionOf(context, options)),
      until: options.until === undefined ? undefined : instant(String(options.until)),
      folder: join(context.config.home, 'models'),
    },
    { signal: context.signal, onProgress: (step) => context.progress(step) },
  );
  const { card } = answer;
  const text = [
    `A model of durations is trained on ${count(card.jobs)} jobs${card.measured > 0 ? `, ${count(card.measured)} of them with a measured power` : ''}.`,
    card.tried === null
      ? '  It was not tried on anything: the history is too short.'
      : `  Of the ${count(card.tried.jobs)} jobs of the last quarter, foretold from those before them, ${percentText(card.tried.high)} ran no longer than their 90 % quantile, ${percentText(card.tried.median)} no longer than their median.`,
    ...(card.learns ? [] : ['  These are too few for trees: it tells quantiles of jobs that are alike.']),
    `  Learned from ${card.span.from.slice(0, 10)} to ${card.span.to.slice(0, 10)}, seed ${card.seed}; kept in ${answer.path}.`,
    ...readText(answer.history),
    '',
    '  Jobs that are submitted after its span and say only a limit come from it where it is asked for:',
    '  CACO_DURATIONS=foretold caco ingest FILE',
  ].join('\n');
  return { json: answer, text };
};
