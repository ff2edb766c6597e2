/** The thread that trains and tests: receives one errand, answers with progress and its result. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../../domain/fault.js';
import { backtest } from './backtest.js';
import type { Errand, Message } from './errand.js';
import { trainModel } from './train.js';

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
    if (errand.kind === 'train') send({ kind: 'result', result: trainModel({ ...errand.question, tell }) });
    else send({ kind: 'result', result: backtest({ ...errand.question, tell }) });
  } catch (error) {
    if (error instanceof Fault) send({ kind: 'refused', fault: error.toJSON() });
    else send({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
};

main();
