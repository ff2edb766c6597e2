/** What can go wrong that somebody can do something about. Anything else that is thrown is a defect of ours and travels up untouched. */
export const FAULT_CODES = [
  'invalid-input',
  'not-found',
  'conflict',
  'forbidden',
  'unavailable',
  'unsupported',
] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

/**
 * A failure with a remedy. `message` says what is wrong, `remedy` is a sentence the reader can act on,
 * `details` is JSON for programs.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly remedy: string;
  readonly details: unknown;

  constructor(code: FaultCode, message: string, remedy: string, options: { cause?: unknown; details?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = remedy;
    this.details = options.details;
  }

  toJSON() {
    return {
      code: this.code,
      message: this.message,
      remedy: this.remedy,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

export const invalid = (message: string, remedy: string, details?: unknown) =>
  new Fault('invalid-input', message, remedy, { details });

export const notFound = (message: string, remedy: string) => new Fault('not-found', message, remedy);
