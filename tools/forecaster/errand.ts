/** Training and testing in a thread of their own: the caller's timers, pings and Ctrl-C keep working. */
import { Fault, type FaultCode } from '../../domain/fault.js';
import type { TrainedUsage } from '../../domain/usage.js';
import { startWorker } from '../worker.js';
import type { Backtest, BacktestQuestion } from './backtest.js';
import type { SavedJobs } from './jobs/saved-jobs.js';
import type { TestedJobs, TestJobsQuestion } from './jobs/test-jobs.js';
import type { TrainJobsQuestion } from './jobs/train-jobs.js';
import type { SavedModel } from './saved.js';
import type { TrainQuestion } from './train.js';
import type { UsageErrand } from './usage/fit.js';

export type Errand =
  | { readonly kind: 'train'; readonly question: Omit<TrainQuestion, 'tell'> }
  | { readonly kind: 'backtest'; readonly question: Omit<BacktestQuestion, 'tell'> }
  | { readonly kind: 'train-jobs'; readonly question: Omit<TrainJobsQuestion, 'tell'> }
  | { readonly kind: 'test-jobs'; readonly question: Omit<TestJobsQuestion, 'tell'> }
  | { readonly kind: 'train-usage'; readonly question: UsageErrand };

type Result = SavedModel | Backtest | SavedJobs | TestedJobs | TrainedUsage;

export type Message =
  | { readonly kind: 'step'; readonly done: number; readonly note: string }
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'refused'; readonly fault: { code: FaultCode; message: string; remedy: string } }
  | { readonly kind: 'failed'; readonly message: string };

export interface ErrandHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (step: { done: number; total: number; note: string }) => void;
}

/** Faults of `trainModel`; the signal's reason where it aborts. */
export const runTraining = (question: Omit<TrainQuestion, 'tell'>, hooks: ErrandHooks = {}): Promise<SavedModel> =>
  run({ kind: 'train', question }, hooks) as Promise<SavedModel>;

/** Faults of `backtest`; the signal's reason where it aborts. */
export const runBacktest = (question: Omit<BacktestQuestion, 'tell'>, hooks: ErrandHooks = {}): Promise<Backtest> =>
  run({ kind: 'backtest', question }, hooks) as Promise<Backtest>;

/** Faults of `trainJobs`; the signal's reason where it aborts. */
export const runJobTraining = (
  question: Omit<TrainJobsQuestion, 'tell'>,
  hooks: ErrandHooks = {},
): Promise<SavedJobs> => run({ kind: 'train-jobs', question }, hooks) as Promise<SavedJobs>;

/** Faults of `testJobs`; the signal's reason where it aborts. */
export const runJobTest = (question: Omit<TestJobsQuestion, 'tell'>, hooks: ErrandHooks = {}): Promise<TestedJobs> =>
  run({ kind: 'test-jobs', question }, hooks) as Promise<TestedJobs>;

/** Faults of `trainUsage`; the signal's reason where it aborts. */
export const runUsage = (question: UsageErrand, hooks: ErrandHooks = {}): Promise<TrainedUsage> =>
  run({ kind: 'train-usage', question }, hooks) as Promise<TrainedUsage>;

const run = (errand: Errand, { signal, onProgress }: ErrandHooks): Promise<Result> =>
  new Promise((resolve, reject) => {
    const worker = startWorker(new URL('./forecaster.worker.js', import.meta.url), { workerData: errand });
    const settle = (act: () => void) => {
      signal?.removeEventListener('abort', abort);
      worker.terminate().catch(() => undefined);
      act();
    };
    const abort = () => settle(() => reject(signal!.reason));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) return abort();
    worker.on('message', (message: Message) => {
      if (message.kind === 'step')
        onProgress?.({ done: Math.round(100 * message.done), total: 100, note: message.note });
      else if (message.kind === 'result') settle(() => resolve(message.result));
      else if (message.kind === 'refused') {
        const { code, message: words, remedy } = message.fault;
        settle(() => reject(new Fault(code, words, remedy)));
      } else settle(() => reject(new Error(message.message)));
    });
    worker.on('error', (error) => settle(() => reject(error)));
    worker.on('exit', (code) => settle(() => reject(new Error(`the training thread ended with code ${code}`))));
  });
