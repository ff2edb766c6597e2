/**
 * What can be asked of files alone: no scenario, no store. One job against a signal file, questions about a problem file, and
 * what a ledger’s files say to an auditor or a witness.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from './clock.js';
import { marketOf } from './domain/day-ahead.js';
import { invalid, notFound } from './domain/fault.js';
import type { MarketPrice } from './domain/forecast.js';
import { endOf, type Series, slice } from './domain/series.js';
import { fromEpoch, type Instant, toEpoch } from './domain/time.js';
import type { Clock } from './domain/world.js';
import { simulatedClock } from './sim/clock.js';
import { type RanJobs, readRan } from './tools/fleet/fleet.js';
import {
  type Backtest,
  type ErrandHooks,
  type JobsCard,
  type ModelCard,
  observe,
  runBacktest,
  runJobTest,
  runJobTraining,
  runTraining,
  saveJobs,
  saveModel,
  type TestedJobs,
} from './tools/forecaster/forecaster.js';
import { answerWhen, type WhenAnswer, type WhenInput } from './tools/grid/grid.js';
import { openSignalFile, readHistory, recordedHistory } from './tools/grid/sources/sources.js';
import { type Problem, parseCaco } from './tools/optimizer/optimizer.js';

export { FORMATS as JOB_FORMATS, jobFormatTables } from './tools/fleet/fleet.js';
export type { Backtest, BacktestRow, JobsCard, ModelCard, TestedJobs } from './tools/forecaster/forecaster.js';
export type { WhenAnswer, WhenInput } from './tools/grid/grid.js';
export { formatTables } from './tools/grid/sources/sources.js';
export { askWitness, auditFile, openWitness, runWitness, serveWitness } from './tools/ledger/ledger.js';
export {
  type BaselineRow,
  baselinesOf,
  churnCharges,
  emptyJobs,
  type Hooks,
  loadSolver,
  type Outcome,
  optimize,
  type Problem,
  parseCaco,
  type Result,
  relaxBy,
  replanProblem,
  replayStudy,
  type Schedule,
  type StudyAnswer,
  solve,
  TradeOff,
  toLpText,
  tradeOffOf,
  wholeMilp,
  withoutCharge,
  withoutChargeNear,
  writeCertificate,
  writeSolution,
} from './tools/optimizer/optimizer.js';
export { readPolicy } from './tools/policy/policy.js';
export { type Question as VerifierQuestion, type Verified, verify } from './tools/verifier/verifier.js';

export interface BySignal {
  readonly answer: WhenAnswer;
  /** The system's where nobody said what now is and the file covers this moment: waiting takes real time. Else it jumps. */
  readonly clock: Clock;
}

/**
 * `now` is what the caller was told; else the system's time where the file covers it, else the file's first moment, and
 * the answer says which was assumed. Faults of answerWhen and of the file.
 */
export const whenBySignal = async (
  input: WhenInput,
  of: { readonly path: string; readonly column?: string | undefined; readonly now?: Instant | undefined },
): Promise<BySignal> => {
  const clock = systemClock();
  const system = clock.now();
  const place = input.places?.length === 1 ? input.places[0] : undefined;
  const file = await openSignalFile({ path: of.path, column: of.column, place, start: of.now ?? system });
  const covered = file.span.start <= system && system < file.span.end;
  const now = of.now ?? (covered ? system : file.span.start);
  const answer = await answerWhen(input, { grid: file.grid, now, sites: [] });
  const assumed =
    of.now === undefined && input.from === undefined && !covered
      ? [`${of.path} does not cover this moment: now was taken to be its first value, ${now}.`]
      : [];
  const told = file.assumed.map((words) => `${of.path}: ${words}.`);
  const begins = answer.carbonIntensityNow?.start ?? answer.carbonIntensityOptimal.start;
  return {
    answer: { ...answer, assumed: [...told, ...assumed, ...answer.assumed] },
    clock: of.now === undefined && covered ? clock : simulatedClock(begins),
  };
};

/** A `caco-opt-1` problem, gzipped or not. Throws Fault `not-found` for a missing file, `invalid-input` for another format. */
export const readProblem = (path: string): Problem => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw notFound(
      `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`,
      'Give the path of a caco-opt-1 file.',
    );
  }
  const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  let document: unknown;
  try {
    document = JSON.parse((isZipped ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw invalid(`${path} is not JSON: ${(error as Error).message}`, 'See the format in docs/methods/planning.md.');
  }
  return parseCaco(document);
};

/** What is to be learned from, or tested on: a signal file, or the recording that ships where `path` is left out. */
export interface HistoryQuestion {
  readonly path?: string | undefined;
  readonly column?: string | undefined;
  /** region of a file of several, or the name of a file's only one */
  readonly place?: string | undefined;
  readonly timeZone?: string | undefined;
  /** false: as if the file had no prices */
  readonly usePrice: boolean;
  readonly seed: number;
}

interface History {
  readonly region: string;
  readonly quantity: 'carbon' | 'price';
  readonly unit: string;
  readonly series: Series;
  readonly price: MarketPrice | null;
  readonly timeZone: string;
  readonly source: string;
  readonly currency: string | null;
  readonly assumed: readonly string[];
}

const historyOf = async ({ path, column, place, timeZone, usePrice }: HistoryQuestion): Promise<History> => {
  if (path === undefined) {
    const { carbon, price } = await recordedHistory();
    const { region, series } = carbon;
    const market = marketOf(region);
    return {
      region,
      quantity: 'carbon',
      unit: 'g/kWh',
      series,
      price: usePrice && market !== null ? { series: price.series, market } : null,
      timeZone: timeZone ?? market?.zone ?? 'UTC',
      source: carbon.source,
      currency: 'GBP',
      assumed: [],
    };
  }
  const file = await readHistory({ path, column, place, start: systemClock().now() });
  const market = marketOf(file.region, file.currency);
  const price = !usePrice || file.price === null || market === null ? null : { series: file.price, market };
  const told =
    price !== null
      ? [`prices were taken to be those of ${price.market.name}, and public when those are`]
      : usePrice && file.price !== null
        ? [
            `prices were left out, because when those of ${file.region} become public is not known; name the region with --location, such as GB or DE`,
          ]
        : [];
  const zone = timeZone ?? market?.zone ?? 'UTC';
  return { ...file, source: basename(path), price, timeZone: zone, assumed: [...file.assumed, ...told] };
};

const stepsOf = (hours: number, stepMinutes: number): number => Math.max(1, Math.round((hours * 60) / stepMinutes));

/** A backtest with what it was made on. */
export interface TestedModels extends Omit<Backtest, 'testFrom' | 'trainedSteps'> {
  readonly region: string;
  readonly quantity: 'carbon' | 'price';
  readonly unit: string;
  readonly stepMinutes: number;
  readonly horizonHours: number;
  readonly span: { readonly from: Instant; readonly to: Instant };
  readonly testFrom: Instant;
  /** whose history it is: a recording’s publisher, or a file’s name */
  readonly source: string;
  /** of the prices; null: they have none */
  readonly currency: string | null;
  readonly assumed: readonly string[];
}

/** Every model's errors and what trusting it costs. Faults of the file and of the forecaster. */
export const backtestModels = async (
  question: HistoryQuestion & {
    readonly models: readonly string[];
    readonly testFrom?: Instant | undefined;
    readonly horizonHours: number;
  },
  hooks: ErrandHooks = {},
): Promise<TestedModels> => {
  const history = await historyOf(question);
  const observations = observe(history.series, history.price, history.timeZone);
  const { stepMinutes, start, values } = observations;
  const index = (at: Instant) => Math.ceil((toEpoch(at) - start) / (stepMinutes * 60));
  const { region, quantity, unit, source, currency, assumed } = history;
  const {
    trainedSteps: _,
    testFrom,
    ...found
  } = await runBacktest(
    {
      observations,
      models: question.models,
      testFrom: question.testFrom === undefined ? null : index(question.testFrom),
      horizon: stepsOf(question.horizonHours, stepMinutes),
      seed: question.seed,
    },
    hooks,
  );
  const at = (i: number) => fromEpoch(start + i * stepMinutes * 60);
  return {
    region,
    quantity,
    unit,
    stepMinutes,
    horizonHours: question.horizonHours,
    span: { from: at(0), to: at(values.length) },
    testFrom: at(testFrom),
    ...found,
    source,
    currency,
    assumed,
  };
};

/** Trains a model on what was known before `until` and keeps it in `folder`. Faults of the file and of the forecaster. */
export const trainOn = async (
  question: HistoryQuestion & {
    readonly model: string;
    readonly until?: Instant | undefined;
    readonly horizonHours: number;
    readonly folder: string;
  },
  hooks: ErrandHooks = {},
): Promise<{ model: string; card: ModelCard; path: string; assumed: readonly string[] }> => {
  const history = await historyOf(question);
  const until = question.until ?? endOf(history.series);
  const series = slice(history.series, history.series.start, until);
  const observations = observe(series, history.price, history.timeZone);
  const saved = await runTraining(
    {
      observations,
      region: history.region,
      quantity: history.quantity,
      unit: history.unit,
      model: question.model,
      horizon: stepsOf(question.horizonHours, observations.stepMinutes),
      seed: question.seed,
    },
    hooks,
  );
  const path = saveModel(question.folder, saved);
  return { model: saved.card.model, card: saved.card, path, assumed: history.assumed };
};

/** A history of jobs: a file in one of the formats that ingest reads. */
export interface JobHistoryQuestion {
  readonly jobs: string;
  readonly format: Parameters<typeof readRan>[1]['format'];
  readonly unit: 's' | 'm' | 'h' | null;
  /** the instant that a trace's clock calls 0 */
  readonly begins: Instant | null;
  readonly timeZone: string | null;
  readonly seed: number;
}

/** What was read of the file. */
export type JobHistory = Pick<RanJobs, 'format' | 'leftOut' | 'assumed' | 'warnings'> & { readonly jobs: number };

const ranOf = (question: JobHistoryQuestion, signal: AbortSignal | undefined): Promise<RanJobs> => {
  const { jobs, format, unit, begins, timeZone } = question;
  return readRan(jobs, { format, unit, start: begins, timeZone, clusterId: null }, signal);
};

/** Trains the model of jobs and keeps it in `folder`. Faults of the file and of the forecaster. */
export const trainOnJobs = async (
  question: JobHistoryQuestion & { readonly until?: Instant | undefined; readonly folder: string },
  hooks: ErrandHooks = {},
): Promise<{ card: JobsCard; path: string; history: JobHistory }> => {
  const { jobs, ...read } = await ranOf(question, hooks.signal);
  const { until, seed } = question;
  const known = until === undefined ? jobs : jobs.filter((job) => job.endedAt <= until);
  const saved = await runJobTraining({ jobs: known, seed }, hooks);
  return { card: saved.card, path: saveJobs(question.folder, saved), history: { ...read, jobs: jobs.length } };
};

/** How often foretold durations would have held, and what planning on them would have cost under the signal, where one covers the jobs. */
export const backtestJobs = async (
  question: JobHistoryQuestion & { readonly signal: HistoryQuestion; readonly slackHours: number },
  hooks: ErrandHooks = {},
): Promise<TestedJobs & { history: JobHistory; region: string; unit: string }> => {
  const { jobs, ...read } = await ranOf(question, hooks.signal);
  const { region, unit, series } = await historyOf(question.signal);
  const { start, stepMinutes, values } = series;
  const tested = await runJobTest(
    {
      jobs,
      signal: {
        start: toEpoch(start),
        stepMinutes,
        values: Float64Array.from(values, (value) => value ?? Number.NaN),
      },
      slackHours: question.slackHours,
      seed: question.seed,
    },
    hooks,
  );
  return { ...tested, history: { ...read, jobs: jobs.length }, region, unit };
};
