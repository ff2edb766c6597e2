/** The API server, asked: JSON in and out, tried again where that does no harm, and what it said where it refused. */
import { Fault } from '../../../domain/fault.js';
import { oneLine } from '../../../domain/text.js';
import { type Instant, instant } from '../../../domain/time.js';
import { type Ask, type Flow, fateOf, open, send, type Tls } from '../../../wire/wire.js';
import type { Cluster } from './kubeconfig.js';

export type Row = Readonly<Record<string, unknown>>;
export const rowOf = (value: unknown): Row => (typeof value === 'object' && value !== null ? (value as Row) : {});
export const rowsOf = (value: unknown): Row[] => (Array.isArray(value) ? value.map(rowOf) : []);
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
/** Times of the API carry seconds or microseconds and always Z. */
export const timeOf = (value: unknown): Instant | null => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : instant(new Date(Math.floor(ms / 1000) * 1000).toISOString());
};

export interface Reply {
  readonly status: number;
  readonly body: Row;
  /** the server's clock as it answered; null: it did not say */
  readonly date: Instant | null;
}

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Api {
  readonly cluster: string;
  /** What came, also where it is a refusal. Throws Fault: `unavailable` for silence, 429 and 5xx; `forbidden` for 401. */
  ask(path: string, asking?: Asking): Promise<Reply>;
  /** As `ask`, and a refusal is a Fault as well: `forbidden`, `not-found`, `conflict`, else `invalid-input`. */
  must(path: string, asking?: Asking): Promise<Row>;
  /** A stream of events, one a line, until `seconds` have passed. */
  stream(path: string, query: Asking['query'], seconds: number, signal: AbortSignal): Promise<Flow>;
}

/** A page of 500 Jobs with managed fields is some 5 MB. */
const BODY_BYTES = 64 * 2 ** 20;
const AGAIN = { tries: 6, longestWaitS: 30 };

/** `find`: which cluster is meant; asked at the first need, since much of the program needs none. */
export const openApi = (find: () => Cluster): Api => {
  let found: Cluster | undefined;
  const cluster = (): Cluster => {
    found ??= find();
    return found;
  };
  const identities = new Map<string, Tls>();
  /** One object for one identity, since connections are kept by it. */
  const tlsOf = (own: Tls): Tls => {
    const key = `${own.cert ?? ''}\n${own.key ?? ''}`;
    const known = identities.get(key) ?? { ...cluster().tls, ...own };
    identities.set(key, known);
    return known;
  };
  const request = async (
    path: string,
    { method = 'GET', query = {}, body, contentType, signal }: Asking,
  ): Promise<Ask> => {
    const { url, credentials } = cluster();
    const identity = await credentials.now();
    const address = new URL(`${url}${path}`);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(key, value);
    return {
      who: 'Kubernetes',
      url: address,
      chosenBy: 'operator',
      method,
      what: `${method} ${path}`,
      headers: {
        accept: 'application/json',
        ...identity.headers,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      tls: tlsOf(identity.tls),
      // Creating is the one deed of which a second arrival is another one; a PUT names the version that it replaces.
      ...(method === 'POST' || method === 'PUT' ? {} : { again: AGAIN, repeatable: true }),
      limits: { wholeMs: 180_000, bodyBytes: BODY_BYTES },
      signal,
      remedies: { unknown: 'Look whether the API server is up: kubectl get --raw /readyz. Then do the same again.' },
    };
  };
  /** A 401 may be an old token: once, a new one is asked for. */
  const renewing = async <T extends { readonly status: number }>(
    call: () => Promise<T>,
    drop: (one: T) => void,
  ): Promise<T> => {
    const first = await call();
    if (first.status !== 401) return first;
    drop(first);
    cluster().credentials.renew();
    return call();
  };
  const api: Api = {
    get cluster() {
      return cluster().name;
    },
    ask: async (path, asking = {}) => {
      const answer = await renewing(
        async () => send(await request(path, asking)),
        () => {},
      );
      const body = bodyOf(answer.text);
      const { status } = answer;
      if (status === 401 || status === 429 || status >= 500)
        throw refusal(status, body, `${asking.method ?? 'GET'} ${path}`);
      const at = Date.parse(answer.headers.date ?? '');
      return { status, body, date: Number.isNaN(at) ? null : timeOf(new Date(at).toISOString()) };
    },
    must: async (path, asking = {}) => {
      const { status, body } = await api.ask(path, asking);
      if (fateOf(status) !== null) throw refusal(status, body, `${asking.method ?? 'GET'} ${path}`);
      return body;
    },
    stream: async (path, query, seconds, signal) => {
      const limits = { wholeMs: null, idleMs: (seconds + 30) * 1000, bodyBytes: Number.MAX_SAFE_INTEGER };
      const asking = { query: { ...query, timeoutSeconds: String(seconds) }, signal };
      const flow = await renewing(
        async () => {
          const { again: _, ...once } = await request(path, asking);
          return open({ ...once, limits });
        },
        (one) => one.close(),
      );
      if (flow.status === 200) return flow;
      const body = bodyOf(await flow.text());
      flow.close();
      throw refusal(flow.status, body, `watch ${path}`);
    },
  };
  return api;
};

const bodyOf = (text: string): Row => {
  try {
    return rowOf(JSON.parse(text));
  } catch {
    return { message: oneLine(text, 300) };
  }
};

/** What the server said, which names verb and resource where it forbids. */
export const saidIn = (body: Row): string =>
  oneLine(textOf(body.message) ?? textOf(body.reason) ?? 'it said nothing', 300);

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'The credentials have ended or are none of this cluster’s: try `kubectl get jobs` with the same KUBECONFIG.',
  403: 'Apply docs/deploy/kubernetes.yaml, which holds every right that is needed; `caco doctor` names what is missing.',
  404: 'Apply docs/deploy/kubernetes.yaml, or look at CACO_KUBERNETES_NAMESPACE.',
  429: 'The API server has too much to do: ask again later.',
};

export const refusal = (status: number, body: Row, what: string): Fault => {
  const code = { 401: 'forbidden', 403: 'forbidden', 404: 'not-found', 409: 'conflict', 410: 'conflict' } as const;
  const known =
    code[status as keyof typeof code] ?? (status === 429 || status >= 500 ? 'unavailable' : 'invalid-input');
  return new Fault(
    known,
    `Kubernetes refused ${what} (${status}): ${saidIn(body)}`,
    REMEDIES[status] ?? 'Read what it said.',
    {
      details: { status },
    },
  );
};

export const statusOf = (error: unknown): number | null =>
  error instanceof Fault ? ((error.details as { status?: number } | undefined)?.status ?? null) : null;
