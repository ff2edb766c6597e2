/**
 * Answers lines with lines, and cannot be hurt by whoever asks: what a client may send, leave unread or ask for in a while is
 * bounded, so memory is bounded by the number of clients, which is bounded too.
 */
import { createServer, type Server, type Socket } from 'node:net';

export interface Limits {
  readonly clients: number;
  /** longest request, newline included */
  readonly requestBytes: number;
  /** a request once begun must be whole within this time */
  readonly requestMs: number;
  /** an answer must be taken within this time */
  readonly takeMs: number;
  /** a client that asks nothing for so long is let go */
  readonly idleMs: number;
  /** requests of one client in a tenth of a second; further ones wait, and nothing more is read from it */
  readonly perTenth: number;
}

export const LIMITS: Limits = {
  clients: 64,
  requestBytes: 1024,
  requestMs: 5000,
  takeMs: 5000,
  idleMs: 60_000,
  perTenth: 100,
};

const TENTH_MS = 100;

export interface Answering {
  /** The answer to one request, newline at its end. `fatal`: the connection ends after it. */
  answer(request: string): { readonly line: string; readonly fatal?: boolean };
  /** what is said to one whose request is too long */
  readonly tooLong: string;
}

const talk = (socket: Socket, { answer, tooLong }: Answering, limits: Limits): void => {
  let pending: Buffer = Buffer.alloc(0);
  let answeredInTenth = 0;
  let isTaken = true;
  let hasEnded = false;
  let isFinished = false;
  let watch: NodeJS.Timeout | undefined;
  let tenth: NodeJS.Timeout | undefined;

  /** One thing is waited for at a time. */
  const expect = (ms: number) => {
    clearTimeout(watch);
    watch = setTimeout(() => socket.destroy(), ms);
  };
  const finish = (line = '') => {
    pending = Buffer.alloc(0);
    isFinished = true;
    socket.pause();
    expect(limits.takeMs);
    socket.end(line, () => socket.destroy());
  };
  const send = (line: string) => {
    isTaken = socket.write(line);
    if (!isTaken) expect(limits.takeMs);
  };
  const work = () => {
    if (isFinished) return;
    while (isTaken && answeredInTenth < limits.perTenth && !socket.destroyed) {
      const end = pending.indexOf(0x0a);
      if ((end < 0 ? pending.length : end + 1) > limits.requestBytes) return finish(tooLong);
      if (end < 0) break;
      const request = pending.toString('utf8', 0, end);
      pending = pending.subarray(end + 1);
      answeredInTenth += 1;
      tenth ??= setTimeout(() => {
        tenth = undefined;
        answeredInTenth = 0;
        work();
      }, TENTH_MS);
      const { line, fatal } = answer(request);
      if (fatal) return finish(line);
      send(line);
    }
    if (!isTaken) return void socket.pause();
    if (answeredInTenth >= limits.perTenth) {
      clearTimeout(watch);
      return void socket.pause();
    }
    if (hasEnded) return finish();
    expect(pending.length > 0 ? limits.requestMs : limits.idleMs);
    socket.resume();
  };

  socket.on('data', (bytes: Buffer) => {
    const isNew = pending.length === 0;
    pending = isNew ? bytes : Buffer.concat([pending, bytes]);
    // What comes drop by drop does not win more time.
    if (isNew || pending.includes(0x0a)) work();
    else if (pending.length > limits.requestBytes) finish(tooLong);
  });
  socket.on('drain', () => {
    isTaken = true;
    work();
  });
  socket.on('end', () => {
    hasEnded = true;
    work();
  });
  // A client that goes away is no matter of ours.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(watch);
    clearTimeout(tenth);
  });
  expect(limits.idleMs);
};

export interface LineServer {
  /** not yet listening */
  readonly server: Server;
  /** Takes no more clients and lets those that are there go. */
  stop(): void;
}

export const lineServer = (answering: Answering, limits: Limits = LIMITS): LineServer => {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    talk(socket, answering, limits);
  });
  server.maxConnections = limits.clients;
  return {
    server,
    stop() {
      server.close();
      for (const socket of clients) socket.destroy();
    },
  };
};
