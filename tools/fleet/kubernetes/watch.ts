/** Lists in pages and watches from there on, keeping small records only. Whatever breaks, it goes on, and nothing is missed or kept that went. */
import { Fault } from '../../../domain/fault.js';
import { type Api, type Row, refusal, rowOf, rowsOf, statusOf, textOf } from './api.js';

const PAGE = '500';
/** A list that grows old while it is read is read anew; one that does so again and again is no list. */
const MOST_LISTS = 5;

export interface Wanted<T> {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** What is kept of an object; null: nothing. */
  readonly read: (object: Row) => T | null;
}

/** Everything of one snapshot, by uid. Throws Fault. */
export const listed = async <T>(
  api: Api,
  { path, query = {}, read }: Wanted<T>,
  signal?: AbortSignal,
): Promise<{ readonly records: Map<string, T>; readonly version: string }> => {
  for (let n = 1; ; n++) {
    try {
      const records = new Map<string, T>();
      for (let token: string | undefined; ; ) {
        const body = await api.must(path, { query: { ...query, limit: PAGE, continue: token }, signal });
        const meta = rowOf(body.metadata);
        for (const object of rowsOf(body.items)) keep(records, object, read);
        token = textOf(meta.continue);
        if (token === undefined) return { records, version: textOf(meta.resourceVersion) ?? '' };
      }
    } catch (error) {
      if (statusOf(error) !== 410 || n === MOST_LISTS) throw error;
    }
  }
};

const uidOf = (object: Row): string => textOf(rowOf(object.metadata).uid) ?? '';

const keep = <T>(records: Map<string, T>, object: Row, read: (object: Row) => T | null): void => {
  const record = read(object);
  if (record === null) records.delete(uidOf(object));
  else records.set(uidOf(object), record);
};

export interface Following {
  readonly signal: AbortSignal;
  /** Why it lists or asks anew, in words. */
  onTrouble(why: string): void;
  /** Waits; resolves also when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const WATCH_SECONDS = 240;
const LONGEST_WAIT_MS = 30_000;
const SHORT_MS = 1000;

/** Keeps `records` as the server has them until the signal aborts. Throws Fault `forbidden` only, where asking again helps nobody. */
export const follow = async <T>(api: Api, wanted: Wanted<T>, records: Map<string, T>, by: Following): Promise<void> => {
  const { signal } = by;
  let version: string | null = null;
  let failures = 0;
  const isOver = () => signal.aborted;
  while (!isOver()) {
    try {
      if (version === null) {
        const found: { records: Map<string, T>; version: string } = await listed(api, wanted, signal);
        records.clear();
        for (const [uid, record] of found.records) records.set(uid, record);
        version = found.version;
      }
      const begun = performance.now();
      for await (const at of watched(api, wanted, records, version, by)) {
        version = at;
        failures = 0;
      }
      // A server may end a stream at any time; one that ends each at once is not asked all the time.
      if (performance.now() - begun < SHORT_MS) await by.pause(SHORT_MS, signal);
    } catch (error) {
      if (isOver()) return;
      if (error instanceof Fault && error.code === 'forbidden') throw error;
      // Too old a version: the changes between are gone, so everything is read again.
      if (statusOf(error) === 410) version = null;
      failures++;
      by.onTrouble((error as Error).message);
      const waitMs = Math.min(LONGEST_WAIT_MS, 250 * 2 ** Math.min(failures, 8)) * (0.5 + Math.random() / 2);
      await by.pause(waitMs, signal);
    }
  }
};

/** The version after each event. Ends where the server ends the stream; throws Fault where it broke or says that it cannot go on. */
async function* watched<T>(
  api: Api,
  { path, query = {}, read }: Wanted<T>,
  records: Map<string, T>,
  version: string,
  { signal }: Following,
): AsyncGenerator<string> {
  const asked = { ...query, watch: '1', allowWatchBookmarks: 'true', resourceVersion: version };
  const flow = await api.stream(path, asked, WATCH_SECONDS, signal);
  try {
    for await (const line of flow.lines()) {
      const event = eventOf(line);
      const object = rowOf(event.object);
      if (event.type === 'ERROR') throw refusal(Number(object.code) || 500, object, `watch ${path}`);
      if (event.type === 'DELETED') records.delete(uidOf(object));
      else if (event.type !== 'BOOKMARK') keep(records, object, read);
      yield textOf(rowOf(object.metadata).resourceVersion) ?? version;
    }
  } finally {
    flow.close();
  }
}

/** A stream that breaks in the middle of a line is a broken stream. */
const eventOf = (line: string): Row => {
  try {
    return rowOf(JSON.parse(line));
  } catch {
    throw new Fault('unavailable', 'an event of Kubernetes broke off', 'It is asked for again.');
  }
};
