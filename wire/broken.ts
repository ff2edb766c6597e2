/** How an exchange can break, before it is put into words. */

export type Reason = 'address' | 'name' | 'connection' | 'time' | 'cut' | 'headers';

/** Why there is no answer, or no whole one. No header, path or query is in it. */
export class Broken extends Error {
  override readonly name = 'Broken';
  constructor(
    readonly reason: Reason,
    /** false: no byte of the request can have reached the server */
    readonly sent: boolean,
    /** the system's code, or a few words */
    readonly code: string,
    /** a kept connection, which the server may have closed before the request came */
    readonly stale = false,
  ) {
    super(code);
  }
}

/** Why a body was not read to its end, beside the connection's own troubles. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  constructor(
    readonly reason: 'too-large' | 'packed',
    message: string,
  ) {
    super(message);
  }
}
