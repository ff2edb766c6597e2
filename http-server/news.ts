/**
 * What has changed, for whoever listens: each ledger entry, by whichever process it was written, under its sequence number; and the
 * steps of runs that this process works on. Events say what changed and its id; the page fetches it.
 */
import type { App, RunEvent } from '../app.js';
import type { Entry } from '../domain/evidence/evidence.js';
import { framed, type Stream } from './sse.js';

const LOOK_MS = 500;
const PAGE = 500;
/** Older events than this are not told again: the reader fetches what it shows. */
const MAX_REPLAY = 5000;

interface Listener {
  readonly stream: Stream;
  readonly run: string | undefined;
  next: number;
}

export interface News {
  tell(event: RunEvent): void;
  /** Opens the stream once the ledger has answered; rejects before that when it does not. */
  follow(open: () => Stream, from: { run: string | undefined; after: number | undefined }): Promise<void>;
  close(): void;
}

/** An entry is read and written out once, however many listen; those who are at the same place share its bytes. */
const tellAll = (behind: readonly Listener[], entries: readonly Entry[]): void => {
  const frames = entries.map(({ seq, body: { kind, subject, cause, at, actor } }) =>
    framed('changed', { seq, kind, id: subject, cause, at, actor }, seq),
  );
  const end = entries.at(-1)!.seq + 1;
  const shared = new Map<string, Uint8Array>();
  for (const listener of behind) {
    if (listener.next >= end) continue;
    const { run, next } = listener;
    const place = `${next} ${run ?? ''}`;
    let bytes = shared.get(place);
    if (bytes === undefined) {
      const own = frames.filter(
        (_, i) =>
          entries[i]!.seq >= next &&
          (run === undefined || [entries[i]!.body.cause, entries[i]!.body.subject].includes(run)),
      );
      bytes = Buffer.from(own.join(''));
      shared.set(place, bytes);
    }
    listener.next = end;
    if (bytes.length > 0) listener.stream.write(bytes);
  }
};

export const newsOf = (app: App, onTrouble: (error: unknown) => void): News => {
  const listeners = new Set<Listener>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;

  const look = async () => {
    if (looking || listeners.size === 0) return;
    looking = true;
    try {
      const size = await app.world.ledger.size();
      for (;;) {
        const behind = [...listeners].filter(({ next }) => next < size);
        if (behind.length === 0) break;
        const entries = await app.world.ledger.read(Math.min(...behind.map(({ next }) => next)), PAGE);
        if (entries.length === 0) break;
        tellAll(behind, entries);
      }
    } catch (error) {
      onTrouble(error);
    } finally {
      looking = false;
    }
  };

  return {
    tell(event) {
      for (const { stream, run } of listeners)
        if (run === undefined || run === event.runId) stream.send(event.type, event);
      void look();
    },
    async follow(open, { run, after }) {
      const size = await app.world.ledger.size();
      const stream = open();
      // A number beyond the end is of another ledger; waiting for it would mean silence.
      const next = after === undefined ? size : Math.min(size, Math.max(after + 1, size - MAX_REPLAY));
      const listener = { stream, run, next };
      listeners.add(listener);
      stream.signal.addEventListener('abort', () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      });
      stream.send('ready', { from: next });
      timer ??= setInterval(() => void look(), LOOK_MS);
      void look();
    },
    close: () => clearInterval(timer),
  };
};
