/** The thread that trains and tests: receives one errand, answers with progress and its result. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../../domain/fault.js';
import { backtest } from './backtest.js';
import type { Errand, Message } from './errand.js';
import { testJobs } from './jobs/test-jobs.js';
import { trainJobs } from './jobs/train-jobs.js';
import { trainModel } from './train.js';
import { trainUsage } from './usage/fit.js';

const resultOf = (errand: Errand, tell: (done: number, note: string) => void) => {
  switch (errand.kind) {
    case 'train':
      return trainModel({ ...errand.question, tell });
    case 'backtest':
      return backtest({ ...errand.question, tell });
    case 'train-jobs':
      return trainJobs({ ...errand.question, tell });
    case 'test-jobs':
      return testJobs({ ...errand.question, tell });
    case 'train-usage':
      return trainUsage(errand.question);
  }
};

const main = () => {
  const send = (message: Message) => parentPort?.postMessage(message);
  const errand = workerData as Errand;
  let told = Number.NEGATIVE_INFINITY;
  const tell = (done: number, note: string) => {
    const now = performance.now();
    if (now - told < 100) return;
    told = now;
    send({ kind: 'step', done, note });
  };
  try {
    send({ kind: 'result', result: resultOf(errand, tell) });
  } catch (error) {
    if (error instanceof Fault) send({ kind: 'refused', fault: error.toJSON() });
    else send({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
};

main();
