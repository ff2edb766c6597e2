/** A call from beginning to end: its turn at the host, its tries and the waits between them. */
import { Fault } from '../domain/fault.js';
import type { Ask, Flow } from './ask.js';
import { attempt } from './attempt.js';
import { stopped } from './exchange.js';
import { LIMITS, stopBy, watchOver } from './limits.js';
import { requestOf, urlOf } from './request.js';
import { machineTimer, pause } from './timer.js';
import { faultOf, type Naming, retryAfterS, type WireTrouble } from './trouble.js';
import { takeTurn } from './turns.js';

const FIRST_WAIT_MS = 500;
const WORTH_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);
const BROKEN_WORTH_AGAIN = new Set<WireTrouble['reason']>(['name', 'connection', 'cut', 'time']);

export interface Call {
  /** What `read` makes of the answer. The request is sent again as far as the caller gave leave. */
  tries<T>(read: (flow: Flow) => Promise<T>): Promise<T>;
  /** Closes what is open and lets the next one in. May be called twice. */
  end(): void;
}

type Outcome<T> = { readonly value: T; readonly flow: Flow } | { readonly error: unknown };

/** Milliseconds until the next try, spread so that several callers do not return together; null when another would not help. */
const waitMs = (n: number, outcome: Outcome<unknown>): number | null => {
  const doubled = FIRST_WAIT_MS * 2 ** (n - 1) * (0.5 + Math.random() / 2);
  if ('flow' in outcome) {
    const { status, headers } = outcome.flow;
    if (!WORTH_AGAIN.has(status)) return null;
    const asked = retryAfterS(headers);
    return asked === null ? doubled : asked * 1000;
  }
  const { error } = outcome;
  const reason = error instanceof Fault ? (error.details as WireTrouble).reason : null;
  return reason !== null && BROKEN_WORTH_AGAIN.has(reason) ? doubled : null;
};

/** Waits for its turn where the caller asked for turns. Throws Fault (`refused`, `not-sent`), or the caller's reason to abort. */
export const beginCall = async (ask: Ask): Promise<Call> => {
  const url = urlOf(ask);
  const { who, what = ask.method ?? 'GET', remedies = {}, again = { tries: 1, longestWaitS: 0 } } = ask;
  const naming: Naming = { where: `${who} at ${url.host}`, what, remedies };
  const request = requestOf(ask, url);
  const limits = { ...LIMITS, ...ask.limits };
  const timer = ask.timer ?? machineTimer;
  const stop = stopBy(limits.wholeMs, timer, ask.signal);
  let leave = () => {};
  let close = () => {};

  const once = async <T>(read: (flow: Flow) => Promise<T>): Promise<Outcome<T>> => {
    const watch = watchOver(stop.signal, limits, timer);
    close = watch.end;
    try {
      const flow = await attempt(request, { watch, ask, naming, bodyBytes: limits.bodyBytes });
      close = () => {
        flow.close();
        watch.end();
      };
      return { value: await read(flow), flow };
    } catch (error) {
      return { error: faultOf(error, naming) };
    }
  };

  const call: Call = {
    tries: async (read) => {
      for (let n = 1; ; n++) {
        const outcome = await once(read);
        const wait = n < again.tries ? waitMs(n, outcome) : null;
        if (wait === null || wait > again.longestWaitS * 1000 || wait >= stop.leftMs()) {
          if ('error' in outcome) throw outcome.error;
          return outcome.value;
        }
        close();
        await pause(timer, wait, stop.signal).catch(() => {
          throw faultOf(stopped(stop.signal, true), naming);
        });
      }
    },
    end: () => {
      close();
      stop.end();
      leave();
    },
  };
  try {
    if (ask.atOnce !== undefined) leave = await takeTurn(url.origin, ask.atOnce, stop.signal);
    return call;
  } catch {
    call.end();
    throw faultOf(stopped(stop.signal, false), naming);
  }
};
