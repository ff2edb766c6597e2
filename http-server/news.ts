/**
 * What has changed, for whoever listens: each ledger entry, by whichever process it was written, under its sequence number; and the
 * steps of runs that this process works on. Events say what changed and its id; the page fetches it.
 */
import type { App, RunEvent } from '../app.js';
import type { Stream } from './sse.js';

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

export const newsOf = (app: App, onTrouble: (error: unknown) => void): News => {
  const listeners = new Set<Listener>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;

  const look = async () => {
    if (looking || listeners.size === 0) return;
    looking = true;
    try {
      const size = await app.world.ledger.size();
      for (const listener of listeners) {
        while (listener.next < size && listeners.has(listener)) {
          const entries = await app.world.ledger.read(listener.next, PAGE);
          for (const { seq, body } of entries) {
            listener.next = seq + 1;
            if (listener.run !== undefined && body.cause !== listener.run && body.subject !== listener.run) continue;
            const { kind, subject, cause, at, actor } = body;
            listener.stream.send('changed', { seq, kind, id: subject, cause, at, actor }, seq);
          }
          if (entries.length === 0) break;
        }
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
