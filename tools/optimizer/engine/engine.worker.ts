/** The thread that solves: receives one problem after the other, answers each with progress and one outcome, looks at the cancel flag as it works. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { loadMilp } from './milp/solvers.js';
import type { Hooks, Limits, Outcome, Step } from './outcome.js';
import type { Problem } from './problem.js';
import { solve } from './solve.js';

export interface Errand {
  readonly problem: Problem;
  readonly limits: Limits;
  /** One 32-bit word; anything but 0 means: end now. */
  readonly cancel: SharedArrayBuffer;
}

export type Message =
  | { readonly kind: 'step'; readonly step: Step; readonly cpuSeconds: number }
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly cpuSeconds: number }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy?: string };

/** CPU seconds of this thread where Node can tell (from 23.9), of the process otherwise. */
const clock = (): (() => number) => {
  const own = (process as { threadCpuUsage?: () => NodeJS.CpuUsage }).threadCpuUsage;
  const read = () => {
    const usage = own ? own.call(process) : process.cpuUsage();
    return (usage.user + usage.system) / 1e6;
  };
  const start = read();
  return () => read() - start;
};

const work = async ({ problem, limits, cancel }: Errand, port: MessagePort) => {
  const flag = new Int32Array(cancel);
  const cpuSeconds = clock();
  let told = Number.NEGATIVE_INFINITY;
  let shown: Step['schedule'] = null;
  const send = (message: Message) => port.postMessage(message);
  try {
    const milp = await loadMilp(limits.engine, problem.jobs.count);
    const chosen = limits.engine;
    if ((chosen === 'glpk' || chosen === 'highs') && !milp[chosen]) {
      const remedy = `Install ${chosen === 'glpk' ? 'glpk.js' : 'highs'}, or leave the engine to the planner.`;
      send({ kind: 'failed', message: `the engine ${chosen} is not installed`, remedy });
      return;
    }
    const hooks: Hooks = {
      cancelled: () => Atomics.load(flag, 0) !== 0,
      cpuSeconds,
      milp,
      tell: (step) => {
        // How often is told depends on the clock; what is computed does not.
        const now = performance.now();
        if (now - told < 100) return;
        told = now;
        const schedule = step.schedule === shown ? null : step.schedule;
        shown = step.schedule;
        send({ kind: 'step', step: { ...step, schedule }, cpuSeconds: cpuSeconds() });
      },
    };
    send({ kind: 'outcome', outcome: solve(problem, limits, hooks), cpuSeconds: cpuSeconds() });
  } catch (error) {
    send({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
};

parentPort?.on('message', (errand: Errand) => void work(errand, parentPort!));
