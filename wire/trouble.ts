/** What goes wrong on the wire, as a Fault that says what became of the request. No credential, path or query enters a message. */
import type { Fate } from '../domain/fate.js';
import { Fault, type FaultCode } from '../domain/fault.js';
import { Broken, type Reason, Unreadable } from './broken.js';

/** `details` of every Fault of the wire. */
export interface WireTrouble {
  readonly fate: Fate;
  /** whole seconds that the server asked to wait, a day at most; null: it did not say */
  readonly retryAfterS: number | null;
  /** `address`: refused before anything was sent; `status`: what the server answered */
  readonly reason: Reason | 'too-large' | 'packed' | 'redirect' | 'not-json' | 'status';
}

const CODES: Readonly<Record<Fate, FaultCode>> = {
  refused: 'invalid-input',
  'not-allowed': 'forbidden',
  throttled: 'unavailable',
  'not-sent': 'unavailable',
  unknown: 'unavailable',
};

/** The Fault that a fate stands for: `invalid-input` when refused, `forbidden` when not allowed, else `unavailable`. */
export const trouble = (
  fate: Fate,
  message: string,
  remedy: string,
  more: Partial<Omit<WireTrouble, 'fate'>> = {},
): Fault => {
  const details: WireTrouble = { fate, retryAfterS: more.retryAfterS ?? null, reason: more.reason ?? 'status' };
  return new Fault(CODES[fate], message, remedy, { details });
};

/** What the status of an answer says about the request; null when it was carried out. A redirect that is not followed is refused. */
export const fateOf = (status: number): Fate | null => {
  if ((status >= 200 && status < 300) || status === 304) return null;
  if (status === 401 || status === 403 || status === 407) return 'not-allowed';
  if (status === 425 || status === 429) return 'throttled';
  return status === 408 || status >= 500 ? 'unknown' : 'refused';
};

/** A server that asks for more is asked again tomorrow. */
const LONGEST_RETRY_AFTER_S = 86_400;

/**
 * Whole seconds of a Retry-After header, which holds seconds or an HTTP date, between 0 and a day; null when there is none or it
 * cannot be read. A date counts from the answer's own Date header: the server's clock and ours may differ.
 */
export const retryAfterS = (headers: Readonly<Record<string, string>>): number | null => {
  const value = headers['retry-after']?.trim() ?? '';
  const bounded = (seconds: number) => Math.min(LONGEST_RETRY_AFTER_S, Math.max(0, Math.ceil(seconds)));
  if (/^\d+(\.\d+)?$/.test(value)) return bounded(Number(value));
  // Every HTTP date begins with the name of a weekday; Date.parse reads much more than that.
  const at = /^[A-Z][a-z]+,? /.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return null;
  const sent = Date.parse(headers.date ?? '');
  return bounded((at - (Number.isNaN(sent) ? Date.now() : sent)) / 1000);
};

/** Who is spoken to, what about, and what a caller advises where the fate is this. */
export interface Naming {
  /** "GitHub at api.github.com" */
  readonly where: string;
  /** "POST /issues", or the method alone */
  readonly what: string;
  readonly remedies: Partial<Readonly<Record<Fate, string>>>;
}

const ADVICE: Readonly<Record<Fate, string>> = {
  refused: 'Check the address.',
  'not-allowed': 'Check the credentials and what they allow.',
  throttled: 'Ask again later.',
  'not-sent': 'Check the address and the network.',
  unknown: 'It may have arrived: look before it is sent again.',
};

export const advice = ({ remedies }: Naming, fate: Fate, otherwise: string = ADVICE[fate]): string =>
  remedies[fate] ?? otherwise;

/** A broken exchange or an unreadable body as a Fault; anything else, the caller's own abort among it, as it is. */
export const faultOf = (error: unknown, naming: Naming): unknown => {
  const { where, what } = naming;
  if (error instanceof Unreadable) {
    const message =
      error.reason === 'too-large'
        ? `${where} answered ${what} with ${error.message}`
        : `${where} sent an answer to ${what} that cannot be read: ${error.message}`;
    return trouble('unknown', message, advice(naming, 'unknown', 'Check that the address is the right one.'), {
      reason: error.reason,
    });
  }
  if (!(error instanceof Broken)) return error;
  const { reason, sent, code } = error;
  if (reason === 'address')
    return trouble('refused', `${where} is not asked: ${code}`, 'Give an address of the public internet.', { reason });
  if (reason === 'headers')
    return trouble(
      'refused',
      `${where} is not asked: a header holds what HTTP does not allow (${code})`,
      'Look for line breaks in tokens and keys.',
      { reason },
    );
  if (!sent) return trouble('not-sent', `${where} cannot be reached (${code})`, advice(naming, 'not-sent'), { reason });
  const message =
    reason === 'cut'
      ? `${where} broke off its answer to ${what} (${code})`
      : `${where} gave no answer to ${what} (${code})`;
  return trouble('unknown', message, advice(naming, 'unknown'), { reason });
};
