/** What can be asked of files alone: no scenario, no store. One job against a signal file, and questions about a problem file. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { invalid, notFound } from './domain/fault.js';
import { fromEpoch, type Instant, toEpoch } from './domain/time.js';
import { answerWhen, type WhenAnswer, type WhenInput } from './tools/grid/grid.js';
import { openSignalFile } from './tools/grid/sources/signal-file.js';
import { type Problem, parseCaco } from './tools/optimizer/optimizer.js';

export type { WhenAnswer, WhenInput } from './tools/grid/grid.js';
export {
  type BaselineRow,
  baselinesOf,
  emptyJobs,
  type Hooks,
  loadSolver,
  type Outcome,
  optimize,
  type Problem,
  parseCaco,
  type Result,
  relaxBy,
  replanProblem,
  replayStudy,
  type Schedule,
  type StudyAnswer,
  solve,
  TradeOff,
  toLpText,
  tradeOffOf,
  wholeMilp,
  writeCertificate,
  writeSolution,
} from './tools/optimizer/optimizer.js';
export { readPolicy } from './tools/policy/policy.js';
export { type Question as VerifierQuestion, type Verified, verify } from './tools/verifier/verifier.js';

const systemNow = (): Instant => fromEpoch(Math.floor(Date.now() / 1000));

export interface BySignal {
  readonly answer: WhenAnswer;
  /** True when waiting takes real time: nobody said what now is, and the file covers this moment. */
  readonly live: boolean;
}

/**
 * `now` is what the caller was told; else the system's time where the file covers it, else the file's first moment, and
 * the answer says which was assumed. Faults of answerWhen and of the file.
 */
export const whenBySignal = async (
  input: WhenInput,
  of: { readonly path: string; readonly column?: string | undefined; readonly now?: Instant | undefined },
): Promise<BySignal> => {
  const system = systemNow();
  const place = input.places?.length === 1 ? input.places[0] : undefined;
  const file = openSignalFile({ path: of.path, column: of.column, place, start: of.now ?? system });
  const covered = file.span.start <= system && system < file.span.end;
  const now = of.now ?? (covered ? system : file.span.start);
  const answer = await answerWhen(input, { grid: file.grid, now, sites: [] });
  const assumed =
    of.now === undefined && input.from === undefined && !covered
      ? [`${of.path} does not cover this moment: now was taken to be its first value, ${now}.`]
      : [];
  return { answer: { ...answer, assumed: [...assumed, ...answer.assumed] }, live: of.now === undefined && covered };
};

/** Sleeps by the system clock, in steps, so that a machine that slept or whose clock was set does not wait too long. */
export const waitForSystem = async (until: Instant, signal: AbortSignal): Promise<void> => {
  for (;;) {
    signal.throwIfAborted();
    const left = toEpoch(until) * 1000 - Date.now();
    if (left <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
        Math.min(left, 30_000),
      );
      signal.addEventListener('abort', abort, { once: true });
    });
  }
};

/** A `caco-opt-1` problem, gzipped or not. Throws Fault `not-found` for a missing file, `invalid-input` for another format. */
export const readProblem = (path: string): Problem => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw notFound(
      `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`,
      'Give the path of a caco-opt-1 file.',
    );
  }
  const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  let document: unknown;
  try {
    document = JSON.parse((isZipped ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw invalid(`${path} is not JSON: ${(error as Error).message}`, 'See the format in docs/methods/planning.md.');
  }
  return parseCaco(document);
};
