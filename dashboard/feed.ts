/**
 * What has changed on the server, as it changes. Of all tabs of a browser one listens and tells the others, because a browser opens
 * few connections to a server; when it goes, another takes over where it stopped. After a break it goes on behind the last entry that
 * was heard, so that nothing is missed.
 */
import { eventsOf, request, Trouble } from './client.js';

export interface Change {
  readonly seq: number;
  readonly kind: string;
  readonly id: string | null;
  readonly cause: string | null;
  readonly at: string;
  readonly actor: string;
}

export type Line =
  | { readonly state: 'joining' | 'open' }
  | {
      readonly state: 'broken' | 'refused';
      readonly why: string;
      /** what to do about it; null: the server does not answer at all */
      readonly remedy: string | null;
    };

/** `anew`: the sequence number behind which the feed goes on, or null where that is unchanged. */
type Told = { readonly change: Change } | { readonly line: Line } | { readonly anew: number | null };

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;

const changeListeners = new Set<(change: Change | null) => void>();
const lineListeners = new Set<(line: Line) => void>();
let line: Line = { state: 'joining' };
/** sequence number behind which to go on; null before the first word */
let last: number | null = null;

const hear = (told: Told): void => {
  if ('change' in told) {
    // A second tab may tell what was heard already.
    if (last !== null && told.change.seq <= last) return;
    last = told.change.seq;
    for (const listener of changeListeners) listener(told.change);
  } else if ('anew' in told) {
    if (told.anew !== null) last = told.anew;
    for (const listener of changeListeners) listener(null);
  } else {
    line = told.line;
    for (const listener of lineListeners) listener(line);
  }
};

/** Hears each change; null: anything may have changed, so what is shown is fetched again. */
export const onChange = (listener: (change: Change | null) => void): (() => void) => {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
};

export const onLine = (listener: (line: Line) => void): (() => void) => {
  lineListeners.add(listener);
  listener(line);
  return () => lineListeners.delete(listener);
};

/** One connection from its beginning to its end. */
const listen = async (tell: (told: Told) => void, signal: AbortSignal): Promise<void> => {
  const response = await request('events', {
    signal,
    headers: { Accept: 'text/event-stream', ...(last === null ? {} : { 'Last-Event-ID': String(last) }) },
  });
  for await (const { id, event, data } of eventsOf(response)) {
    if (event === 'ready') {
      const { from } = JSON.parse(data) as { from: number };
      // Another ledger, or so much behind that not all is told: everything may be different.
      if (last === null || from !== last + 1) tell({ anew: from - 1 });
      tell({ line: { state: 'open' } });
    } else if (event === 'changed' && id !== null) tell({ change: JSON.parse(data) as Change });
    else tell({ anew: null });
  }
};

let hurry: () => void = () => {};
const wait = (ms: number) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    hurry = () => {
      clearTimeout(timer);
      resolve();
    };
  });

const goOn = async (tell: (told: Told) => void): Promise<never> => {
  for (let pause = FIRST_WAIT_MS; ; pause = Math.min(LONGEST_WAIT_MS, pause * 2)) {
    const stop = new AbortController();
    try {
      await listen(tell, stop.signal);
      pause = FIRST_WAIT_MS;
      tell({ line: { state: 'broken', why: 'The server has ended the connection.', remedy: null } });
    } catch (error) {
      const refused = error instanceof Trouble && (error.status === 401 || error.status === 403);
      const why = error instanceof Error ? error.message : 'The connection broke.';
      const remedy = error instanceof Trouble && error.status > 0 ? error.remedy : null;
      tell({ line: { state: refused ? 'refused' : 'broken', why, remedy } });
    } finally {
      stop.abort();
    }
    await wait(pause);
  }
};

/** Tries again at once, for instance after a sign-in. */
export const hurryUp = (): void => hurry();

/** Begins to listen; once per tab. */
export const startFeed = (): void => {
  if (!('locks' in navigator)) return void goOn(hear);
  const channel = new BroadcastChannel('caco-feed');
  channel.onmessage = ({ data }) => {
    if (data === 'what now?') {
      if (leads) channel.postMessage({ line });
    } else hear(data as Told);
  };
  let leads = false;
  channel.postMessage('what now?');
  void navigator.locks.request('caco-feed', () => {
    leads = true;
    return goOn((told) => {
      channel.postMessage(told);
      hear(told);
    });
  });
};
