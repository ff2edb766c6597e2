/** What can be asked of files alone: no scenario, no store. One job against a signal file, and questions about a problem file. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { systemClock } from './clock.js';
import { invalid, notFound } from './domain/fault.js';
import type { Instant } from './domain/time.js';
import type { Clock } from './domain/world.js';
import { simulatedClock } from './sim/clock.js';
import { answerWhen, type WhenAnswer, type WhenInput } from './tools/grid/grid.js';
import { openSignalFile } from './tools/grid/sources/sources.js';
import { type Problem, parseCaco } from './tools/optimizer/optimizer.js';

export type { WhenAnswer, WhenInput } from './tools/grid/grid.js';
export { formatTables } from './tools/grid/sources/sources.js';
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

export interface BySignal {
  readonly answer: WhenAnswer;
  /** The system's where nobody said what now is and the file covers this moment: waiting takes real time. Else it jumps. */
  readonly clock: Clock;
}

/**
 * `now` is what the caller was told; else the system's time where the file covers it, else the file's first moment, and
 * the answer says which was assumed. Faults of answerWhen and of the file.
 */
export const whenBySignal = async (
  input: WhenInput,
  of: { readonly path: string; readonly column?: string | undefined; readonly now?: Instant | undefined },
): Promise<BySignal> => {
  const clock = systemClock();
  const system = clock.now();
  const place = input.places?.length === 1 ? input.places[0] : undefined;
  const file = await openSignalFile({ path: of.path, column: of.column, place, start: of.now ?? system });
  const covered = file.span.start <= system && system < file.span.end;
  const now = of.now ?? (covered ? system : file.span.start);
  const answer = await answerWhen(input, { grid: file.grid, now, sites: [] });
  const assumed =
    of.now === undefined && input.from === undefined && !covered
      ? [`${of.path} does not cover this moment: now was taken to be its first value, ${now}.`]
      : [];
  const told = file.assumed.map((words) => `${of.path}: ${words}.`);
  const begins = answer.carbonIntensityNow?.start ?? answer.carbonIntensityOptimal.start;
  return {
    answer: { ...answer, assumed: [...told, ...assumed, ...answer.assumed] },
    clock: of.now === undefined && covered ? clock : simulatedClock(begins),
  };
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
