/** Runs a module in a worker thread, so that timers, pings and cancel of the caller keep working while it computes. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * `module` is the worker's URL as compiled, `new URL('./x.worker.js', import.meta.url)`. From sources (tests) the file of
 * the same name in TypeScript is loaded through tsx, which must be registered inside the thread: Node 20 does not run
 * `--import` in workers of a process that has loaders of its own.
 */
export const startWorker = (module: URL, options: WorkerOptions = {}): Worker => {
  if (existsSync(fileURLToPath(module))) return new Worker(module, options);
  const source = JSON.stringify(module.href.replace(/\.js$/, '.ts'));
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const code = `import(${loader}).then(({ register }) => { register(); return import(${source}); });`;
  return new Worker(code, { ...options, eval: true });
};
