/** One HTTP call to a tracker, and what its failure says about the fate of the request. No credential enters a message. */
import { Fault } from '../../domain/fault.js';
import type { TrackerTrouble } from '../../domain/world.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** undefined when the body is not JSON */
  readonly json: unknown;
}

export interface Remote {
  readonly name: string;
  readonly base: string;
  /** headers of every call, the credentials among them */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export const trouble = (
  fate: TrackerTrouble['fate'],
  message: string,
  remedy: string,
  retryAfterS: number | null = null,
): Fault => {
  const details: TrackerTrouble = { fate, retryAfterS };
  const code = fate === 'refused' ? 'invalid-input' : fate === 'not-allowed' ? 'forbidden' : 'unavailable';
  return new Fault(code, message, remedy, { details });
};

/** Codes with which a connection was never made: the request surely did not arrive. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const codeOf = (error: unknown): string => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code !== undefined) return code;
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0]);
  }
  return error instanceof Error ? error.name : 'unknown error';
};

/** The answer, whatever its status; Fault `unavailable` (not-sent or unknown) when there is none. */
export const request = async (remote: Remote, method: string, path: string, body?: unknown): Promise<Answer> => {
  try {
    const response = await fetch(`${remote.base.replace(/\/+$/, '')}${path}`, {
      method,
      redirect: 'error',
      headers: { ...remote.headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(remote.timeoutMs),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: parsed(text) };
  } catch (error) {
    const code = codeOf(error);
    const where = `${remote.name} at ${new URL(remote.base).host}`;
    throw NOT_SENT.has(code)
      ? trouble('not-sent', `${where} cannot be reached (${code})`, 'Check the address and the network.')
      : trouble(
          'unknown',
          `${where} gave no answer to ${method} ${path.split('?')[0]} (${code})`,
          'It is looked up before it is sent again.',
        );
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Seconds of a Retry-After header, which may also be a date. */
export const retryAfterS = (headers: Headers, nowMs: number): number | null => {
  const value = headers.get('retry-after');
  if (value === null || value.trim() === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - nowMs) / 1000));
};
