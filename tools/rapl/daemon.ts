/**
 * The daemon: looks at the counters at an even pace, keeps the sums, and tells them over a socket. It reads and tells; nothing
 * that anybody sends it changes anything.
 */
import { rmSync, statSync } from 'node:fs';
import { Fault } from '../../domain/fault.js';
import { bootId, thisMoment } from './machine.js';
import { Jitter, paced } from './pace.js';
import { errorLine, type Pacing, readRequest, snapshotLine, versionLine } from './protocol.js';
import { type Limits, lineServer } from './serve.js';
import { openSession, type Session } from './session.js';
import { listenAt, type Place } from './socket.js';
import type { Source } from './source.js';
import { type FoundState, openState, readState } from './state.js';

export interface DaemonOptions {
  readonly source: Source;
  readonly intervalSeconds: number;
  readonly maxWatts?: number | undefined;
  readonly socket: Place;
  /** where totals are kept over a restart; nowhere when null */
  readonly statePath: string | null;
  readonly limits?: Limits;
  /** One line for people. */
  readonly say: (text: string) => void;
  /** Told once, when clients can connect. */
  readonly ready?: () => void;
}

const openOrResume = ({ source, maxWatts, say }: DaemonOptions, found: FoundState): Session => {
  const bound = maxWatts === undefined ? {} : { maxWatts };
  if (found.kept === null) {
    if (found.why !== null) say(found.why);
    return openSession(source, bound);
  }
  const resume = { kept: found.kept, boot: bootId(), at: thisMoment(), wallMs: Date.now() };
  return openSession(source, { ...bound, resume });
};

const NOTHING: FoundState = { kept: null, turn: 0, why: null };

/** A state that nobody was told is written this often; one that somebody is told, before they are. */
const KEEP_EVERY_S = 1;

/** A state that cannot be written is said once; measuring goes on. */
const keeper = ({ statePath, say }: DaemonOptions, turn: number) => {
  const boot = bootId();
  const file = statePath === null ? null : openState(statePath, turn);
  let said = false;
  return (session: Session) => {
    if (file === null) return;
    try {
      file.write(session.keep(boot, Date.now()));
      said = false;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      if (!said) say(`totals will not outlive this process: ${message}`);
      said = true;
    }
  };
};

/** Runs until the signal aborts. Faults of the socket's place; every other trouble is in the snapshots. */
export const runDaemon = async (options: DaemonOptions, signal: AbortSignal): Promise<void> => {
  const { source, intervalSeconds, socket, limits } = options;
  const found = options.statePath === null ? NOTHING : readState(options.statePath);
  const session = openOrResume(options, found);
  const keep = keeper(options, found.turn);
  const jitter = new Jitter();
  let newest: string | null = null;

  const pacing = (): Pacing => ({
    intervalSeconds,
    ticks: jitter.ticks,
    missedTicks: jitter.missed,
    jitterP50Ms: jitter.quantile(0.5),
    jitterP99Ms: jitter.quantile(0.99),
  });
  /** Made once a look, however many ask. What is told must outlive a sudden end, so it is kept before. */
  const snapshot = () => {
    if (newest === null) {
      keep(session);
      newest = snapshotLine(session.report(), pacing());
    }
    return newest;
  };
  const keepEvery = Math.max(1, Math.round(KEEP_EVERY_S / intervalSeconds));
  let looks = 0;
  const look = () => {
    session.sample(thisMoment());
    newest = null;
    if (looks % keepEvery === 0) keep(session);
    looks += 1;
  };

  look();
  const { server, stop } = lineServer(
    {
      answer: (text) => {
        try {
          return { line: readRequest(text).get === 'version' ? versionLine() : snapshot() };
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          return { line: errorLine(error.toJSON()), fatal: true };
        }
      },
      tooLong: errorLine({
        code: 'invalid-input',
        message: 'the request is too long',
        remedy: 'Send one JSON document a line, such as {"v":1,"get":"snapshot"}.',
      }),
    },
    limits,
  );
  await listenAt(server, socket);
  const mine = statSync(socket.path).ino;
  try {
    options.ready?.();
    await paced({ intervalMs: intervalSeconds * 1000, signal, jitter }, look);
  } finally {
    stop();
    keep(session);
    // Another daemon may have taken the place meanwhile.
    if (statSync(socket.path, { throwIfNoEntry: false })?.ino === mine) rmSync(socket.path);
    options.say(`${source.from} is no longer read`);
  }
};
