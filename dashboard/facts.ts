/**
 * What the page shows of the server, by name: fetched when it is first wanted, fetched again when something changed, and kept on the
 * screen meanwhile, so that nothing jumps. A burst of changes is one new look.
 */
import { useEffect, useState } from 'preact/hooks';
import { Trouble } from './client.js';
import { onChange, onLine } from './feed.js';

export interface Fact<T> {
  /** undefined: not there yet */
  readonly value: T | undefined;
  /** why the last look gave nothing; an older value may stand beside it */
  readonly trouble: Trouble | null;
  readonly loading: boolean;
}

interface Kept {
  fact: Fact<unknown>;
  load: (signal: AbortSignal) => Promise<unknown>;
  /** what of the question may change while its answer stays on the screen, such as the hours that are asked for */
  of: string;
  /** never different: a plan's table under its digest */
  readonly still: boolean;
  readonly listeners: Set<() => void>;
  stale: boolean;
  working: boolean;
}

/** Between two looks at the same thing. */
const APART_MS = 400;
const MOST_KEPT = 60;
const kept = new Map<string, Kept>();

const troubleOf = (error: unknown): Trouble =>
  error instanceof Trouble
    ? error
    : new Trouble(0, 'defect', error instanceof Error ? error.message : String(error), 'Load the page again.');

const look = async (one: Kept): Promise<void> => {
  if (one.working) {
    one.stale = true;
    return;
  }
  one.working = true;
  one.stale = false;
  const set = (fact: Fact<unknown>) => {
    one.fact = fact;
    for (const listener of one.listeners) listener();
  };
  set({ ...one.fact, loading: true });
  try {
    const value = await one.load(new AbortController().signal);
    set({ value, trouble: null, loading: false });
  } catch (error) {
    set({ ...one.fact, trouble: troubleOf(error), loading: false });
  }
  setTimeout(() => {
    one.working = false;
    if (one.stale && one.listeners.size > 0 && !document.hidden) void look(one);
  }, APART_MS);
};

const again = (): void => {
  for (const one of kept.values()) {
    if (one.still && one.fact.value !== undefined) continue;
    // A page that nobody sees asks once it is looked at: fifty open tabs are not fifty questions at each change.
    if (one.listeners.size > 0 && !document.hidden) void look(one);
    else one.stale = true;
  }
};
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  for (const one of kept.values()) if (one.stale && one.listeners.size > 0) void look(one);
});

/** Everything that is shown is fetched again, for instance after a sign-in. */
export const refresh = (): void => again();

let isDue = false;
onChange(() => {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    again();
  }, 50);
});
let wasBroken = false;
onLine(({ state }) => {
  // What was asked for while the server was away was not answered; the feed says what changed meanwhile only of the ledger.
  if (state === 'open' && wasBroken) again();
  wasBroken = state === 'broken' || state === 'refused';
});

const forget = (): void => {
  for (const [key, one] of kept) {
    if (kept.size <= MOST_KEPT) return;
    if (one.listeners.size === 0) kept.delete(key);
  }
};

const EMPTY: Fact<never> = { value: undefined, trouble: null, loading: true };

/**
 * `key` names the question; null asks nothing. `still`: the answer never changes. `of` is the part of the question that moves on: the
 * answer to the one before stays until the next is there.
 */
export const useFact = <T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  still = false,
  of = '',
): Fact<T> => {
  const [, draw] = useState(0);
  let one = key === null ? undefined : kept.get(key);
  if (key !== null && one === undefined) {
    one = { fact: EMPTY, load, of, still, listeners: new Set(), stale: true, working: false };
    kept.set(key, one);
    forget();
  }
  useEffect(() => {
    if (one === undefined) return;
    const listener = () => draw((n) => n + 1);
    one.listeners.add(listener);
    return () => void one.listeners.delete(listener);
  }, [key]);
  useEffect(() => {
    if (one === undefined) return;
    if (one.of !== of) Object.assign(one, { of, load, stale: true });
    if (one.stale) void look(one);
  }, [key, of]);
  return (one?.fact ?? EMPTY) as Fact<T>;
};
