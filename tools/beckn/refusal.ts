/** Why a message is not taken: answered at once as a NACK, with the code of BECKN-005, a sentence and JSON pointers. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: string,
    message: string,
    /** JSON pointers, joined by commas */
    readonly paths: string | null = null,
    readonly status: 400 | 401 = 400,
  ) {
    super(message);
  }
}

/** A request that was taken and cannot be met: told by a callback with an error and no message. */
export class Decline extends Error {
  override readonly name = 'Decline';
  constructor(
    readonly code: string,
    message: string,
    readonly paths: string | null = null,
  ) {
    super(message);
  }
}
