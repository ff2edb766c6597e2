/**
 * One call through a provider's package of LangChain, kept within bounds: every request that it makes is stopped with the call, what it
 * leaves to reject by itself is the call's failure and not the end of this process, and no third host is asked.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const running = new AsyncLocalStorage<AbortSignal>();
/** A table of tokens that one package fetches although the server has counted: nobody is told of our prompts' lengths. */
const NEVER_ASKED = /(^|\.)tiktoken\.pages\.dev$/;

let isWrapped = false;
/** Several packages pass no signal on; all of them use this one function. Requests outside a call are as they were. */
const carryAborts = () => {
  if (isWrapped) return;
  isWrapped = true;
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const stop = running.getStore();
    if (stop === undefined) return plain(input, init);
    const url = input instanceof Request ? input.url : String(input);
    if (NEVER_ASKED.test(new URL(url).hostname)) throw new TypeError('this host is not asked');
    const given = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    return plain(input, { ...init, signal: given ? AbortSignal.any([stop, given]) : stop });
  };
};

const OWN = `${fileURLToPath(new URL('..', import.meta.url))}`;
const PACKAGES = `node_modules${sep}`;
/** No frame of our own stands in it: it comes of a package or of Node. */
const isForeign = (reason: unknown): boolean => {
  const { name, stack = '' } = (reason ?? {}) as { name?: string; stack?: string };
  if (name === 'AbortError' || name === 'TimeoutError') return true;
  const frames = stack.split('\n').filter((line) => line.trim().startsWith('at '));
  return !frames.some((line) => {
    const at = line.indexOf(OWN);
    return at >= 0 && !line.slice(at + OWN.length).includes(PACKAGES);
  });
};

/** A rejection may come a moment after its call has ended. */
const LINGER_MS = 2000;
let calls = 0;
let caught = 0;

const catchForeign = (reason: unknown): void => {
  // Anything of ours goes the usual way.
  if (!isForeign(reason)) throw reason;
  caught += 1;
};

/** How many rejections of providers were caught. */
export const caughtRejections = (): number => caught;

/** Runs `work` within those bounds. */
export const withinCall = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
  carryAborts();
  calls += 1;
  if (calls === 1) process.on('unhandledRejection', catchForeign);
  const leave = () => {
    calls -= 1;
    if (calls === 0) process.off('unhandledRejection', catchForeign);
  };
  // A package that heeds no signal is not waited for.
  let give: () => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    give = () => reject(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
  });
  stopped.catch(() => {});
  try {
    return await Promise.race([running.run(signal, work), stopped]);
  } finally {
    signal.removeEventListener('abort', give);
    setTimeout(leave, LINGER_MS).unref();
  }
};

/** Whether a package lies where this program's imports look for it. */
export const isInstalled = (name: string): boolean => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules', ...name.split('/'), 'package.json'))) return true;
    if (folder === dirname(folder)) return false;
  }
};
