/** Server-sent events: framing, heartbeat, back-pressure, and an end when either side goes. */
import type { Request, Response } from 'express';
import { Fault } from '../domain/fault.js';

const BEAT_MS = 15_000;
/** A reader that lets more than this pile up is too slow and is let go; it comes back with Last-Event-ID. */
const MAX_PENDING = 4 * 1024 * 1024;
/** After the end, for a reader to take what is left. */
const DRAIN_MS = 30_000;

export interface Stream {
  /** Heard no more once the stream has ended or the client has gone. */
  send(event: string, data: unknown, id?: string | number): void;
  /** Events that were written out by `framed`; many streams may share the bytes. */
  write(frames: Uint8Array): void;
  end(): void;
  /** Aborts when the client has gone or the server ends. */
  readonly signal: AbortSignal;
}

const open = new Set<Stream>();

export const wantsStream = (req: Request) =>
  req.accepts(['application/json', 'text/event-stream']) === 'text/event-stream';

/** One event as it goes over the wire. */
export const framed = (event: string, data: unknown, id?: string | number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

export const openStream = (res: Response): Stream => {
  const gone = new AbortController();
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  res.write('retry: 2000\n\n');
  const beat = setInterval(() => res.write(': still here\n\n'), BEAT_MS);
  const stream: Stream = {
    send(event, data, id) {
      stream.write(Buffer.from(framed(event, data, id)));
    },
    write(frames) {
      if (gone.signal.aborted || res.writableEnded) return;
      res.write(frames);
      if (res.writableLength > MAX_PENDING) res.destroy();
    },
    end() {
      // A write after the end would end the process, and a reader that has stopped reading never closes.
      clearInterval(beat);
      res.end();
      const drained = setTimeout(() => res.destroy(), DRAIN_MS).unref();
      res.once('close', () => clearTimeout(drained));
    },
    signal: gone.signal,
  };
  open.add(stream);
  res.once('close', () => {
    clearInterval(beat);
    open.delete(stream);
    gone.abort();
  });
  return stream;
};

/** A failure as the last event of a stream. */
export const failureOf = (error: unknown) => ({
  error:
    error instanceof Fault
      ? error.toJSON()
      : { code: 'defect', message: 'a defect of CACO', remedy: 'Ask again, or report it with the request’s id.' },
});

/** For the end of the server. */
export const endStreams = () => {
  for (const stream of open) stream.end();
};
