/** What the process says to its caller: one table from fault codes to exit codes. */
import { ConfigError } from '../config.js';
import { Fault, type FaultCode } from '../domain/fault.js';

export const EXIT = {
  done: 0,
  defect: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  infeasible: 5,
  unavailable: 6,
  interrupted: 130,
} as const;

const OF_CODE: Record<FaultCode, number> = {
  'invalid-input': EXIT.usage,
  unsupported: EXIT.usage,
  'not-found': EXIT.notFound,
  forbidden: EXIT.refused,
  conflict: EXIT.refused,
  unavailable: EXIT.unavailable,
};

/** A plan that cannot be: the fault carries the conflict that was found. */
const isInfeasible = (fault: Fault) =>
  typeof fault.details === 'object' &&
  fault.details !== null &&
  'conflict' in fault.details &&
  // Not found is not impossible.
  fault.details.conflict !== null;

export interface Failure {
  readonly exitCode: number;
  readonly error: { code: string; message: string; remedy: string; details?: unknown };
}

/** Undefined for a defect of ours, which travels up untouched. */
export const failureOf = (error: unknown): Failure | undefined => {
  if (error instanceof Fault)
    return { exitCode: isInfeasible(error) ? EXIT.infeasible : OF_CODE[error.code], error: error.toJSON() };
  if (error instanceof ConfigError)
    return {
      exitCode: EXIT.usage,
      error: {
        code: 'invalid-input',
        message: error.message,
        remedy: '`caco config show --origin` lists every setting and where it comes from.',
        details: error.problems,
      },
    };
  if (error instanceof Error && error.name === 'AbortError')
    return {
      exitCode: EXIT.interrupted,
      error: {
        code: 'interrupted',
        message: 'interrupted',
        remedy: 'Nothing half-done is kept; `caco runs` lists runs to resume.',
      },
    };
  return undefined;
};
