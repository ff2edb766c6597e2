/** What a caller of the wire says and gets. */
import type { Fate } from '../domain/fate.js';
import type { Resolve } from './addresses.js';
import type { Limits } from './limits.js';
import type { Timer } from './timer.js';

/** Whom to believe and who we are, where the system's own certificates do not say it. PEM. Connections are kept by the object itself. */
export interface Tls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** the name that the server's certificate bears, where it is not the host's */
  readonly servername?: string | undefined;
  /** false: whoever answers is believed */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** What is asked of whom, and within which limits. */
export interface Ask {
  /** The peer's name in messages: "GitHub". */
  readonly who: string;
  /** http or https, without a user name in it. */
  readonly url: string | URL;
  /** A stranger's URL leads to public addresses only, over connections that no operator's URL shares. */
  readonly chosenBy: 'operator' | 'stranger';
  /** Origins ("https://gateway.internal:8443") that the operator allows a stranger's URL to name, wherever they lead. */
  readonly own?: readonly string[];
  /** GET when left out. */
  readonly method?: string;
  /** In words for messages: "POST /issues". The method when left out: a path or a query may hold a key. */
  readonly what?: string;
  /** Never part of a message. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Sent as the body, with its content type. */
  readonly json?: unknown;
  readonly limits?: Partial<Limits>;
  /** Stops the call at any stage; it then rejects with the signal's reason, and whether the request arrived is not known. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Leave to send it several times, for requests of which a second arrival does no harm. After 408, 425, 429, 500, 502, 503, 504,
   * a broken connection or silence. Between two tries it waits as long as Retry-After says, else half a second, then twice as long
   * each time; what would take longer than `longestWaitS` or than the whole time allows is not waited for.
   */
  readonly again?: { readonly tries: number; readonly longestWaitS: number };
  /**
   * A second arrival does no harm: it may go over a connection that was kept, and once more over a new one where that had been
   * closed. What only reads needs no such leave.
   */
  readonly repeatable?: boolean;
  /** `same-origin`: up to five redirects of a GET or HEAD are followed as long as scheme, host and port stay. */
  readonly redirects?: 'refused' | 'same-origin';
  readonly tls?: Tls | undefined;
  /** Most calls at once to this origin; who comes later waits within the whole time. */
  readonly atOnce?: number;
  /** What a reader can do, by fate, where the wire's own advice is too general. */
  readonly remedies?: Partial<Readonly<Record<Fate, string>>>;
  /** Another timer and another look-up of names, for tests. */
  readonly timer?: Timer;
  readonly resolve?: Resolve;
}

export interface Answer {
  readonly status: number;
  /** by names in lower case */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Who answered, for messages: "GitHub at api.github.com". */
  readonly from: string;
}

/** An answer whose body is still coming. `close` must be called, also after the body was read. */
export interface Flow extends Omit<Answer, 'text'> {
  /** The body, unpacked, in pieces. Throws Fault (fate `unknown`) when it breaks off, falls silent or grows too large. */
  pieces(): AsyncIterable<Uint8Array>;
  /** Its lines as UTF-8, without breaks and blanks around them; empty ones are left out. */
  lines(): AsyncIterable<string>;
  /** Its text in the server's character set. */
  text(): Promise<string>;
  close(): void;
}
