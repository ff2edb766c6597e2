/** One HTTP call to a tracker. A Fault of it says in `details` what became of the request; no credential enters a message. */
import { jsonIfAny, type Limits, send, type Timer } from '../../wire/wire.js';

export interface Answer {
  readonly status: number;
  /** by names in lower case */
  readonly headers: Readonly<Record<string, string>>;
  /** undefined when the body is not JSON */
  readonly json: unknown;
}

export const ok = (answer: Answer): boolean => answer.status >= 200 && answer.status < 300;

export interface Remote {
  readonly name: string;
  readonly base: string;
  /** headers of every call, the credentials among them */
  readonly headers: Readonly<Record<string, string>>;
  readonly timer?: Timer | undefined;
}

/** A lane's lease outlives any one call. A page of 100 issues, each as long as GitHub allows, is some 10 MB. */
const LIMITS: Partial<Limits> = { wholeMs: 30_000, bodyBytes: 32 * 2 ** 20 };

/** The answer, whatever its status; Fault `unavailable` (not-sent or unknown) when there is none. Never sent twice. */
export const request = async (remote: Remote, method: string, path: string, body?: unknown): Promise<Answer> => {
  const { status, headers, text } = await send({
    who: remote.name,
    url: `${remote.base.replace(/\/+$/, '')}${path}`,
    chosenBy: 'operator',
    method,
    what: `${method} ${path.split('?')[0]}`,
    headers: remote.headers,
    ...(body === undefined ? {} : { json: body }),
    limits: LIMITS,
    remedies: { unknown: 'It is looked up before it is sent again.' },
    ...(remote.timer === undefined ? {} : { timer: remote.timer }),
  });
  return { status, headers, json: jsonIfAny(text) };
};
