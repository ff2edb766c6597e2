/**
 * Worker threads that solve. Starting one and warming it up takes as long as a small problem, so one that searched without an exact
 * solver is kept for the next; a solver's own memory may be broken after a fault, and never serves twice.
 */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../worker.js';

const IDLE_MS = 30_000;

let idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout } | undefined;

/** By name: only what the plan before had asked to hear. */
const silence = (worker: Worker): void => {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
};

/** `heapMb`: most MB of its heap; such a worker is one of its own. */
export const takeWorker = (heapMb: number | undefined): Worker => {
  if (heapMb === undefined && idle !== undefined) {
    const { worker, timer } = idle;
    idle = undefined;
    clearTimeout(timer);
    silence(worker);
    worker.ref();
    return worker;
  }
  return startWorker(
    new URL('./engine.worker.js', import.meta.url),
    heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } },
  );
};

/** Kept for a while where none is; it keeps no process alive. */
export const giveWorkerBack = (worker: Worker): void => {
  silence(worker);
  const end = () => {
    if (idle?.worker === worker) idle = undefined;
    worker.terminate().catch(() => undefined);
  };
  if (idle !== undefined) {
    end();
    return;
  }
  worker.unref();
  worker.on('error', end);
  worker.on('exit', () => {
    if (idle?.worker === worker) idle = undefined;
  });
  idle = { worker, timer: setTimeout(end, IDLE_MS).unref() };
};
