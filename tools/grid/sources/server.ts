/** A publisher's server: how it is asked for JSON or XML, and what it is called when it does not answer. */
import { z } from 'zod';
import { Fault } from '../../../domain/fault.js';
import { type Answer, jsonIfAny, jsonOf, type Limits, send, type Timer, type WireTrouble } from '../../../wire/wire.js';

/** A person may be waiting, so a server that is silent is given up soon. */
const LIMITS: Partial<Limits> = { connectMs: 5_000, idleMs: 10_000, wholeMs: 25_000, bodyBytes: 16 * 2 ** 20 };
/** Reading twice does no harm. */
const AGAIN = { tries: 3, longestWaitS: 5 };
/** Few enough for a server that is free. */
const AT_ONCE = 2;
/** Clocks that differ by more are spoken of: half-hours would be taken for others. */
const CLOCK_MINUTES = 5;

export interface Server {
  /** in messages: "the Carbon Intensity API" */
  readonly who: string;
  readonly base: string;
  /** the environment variable of the base URL, for remedies */
  readonly setting: string;
  readonly timer?: Timer | undefined;
}

export interface Asking {
  readonly signal: AbortSignal;
  /** Without it the path stands in messages: where it holds a key, say here what may be said. */
  readonly what?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Got<T> {
  readonly body: T;
  /** Sentences on the answer as a whole. */
  readonly notes: readonly string[];
}

/** The body of an answer by its schema. Throws Fault `unavailable`, or `forbidden` where the server does not take the key. */
export const jsonFrom = async <T>(
  server: Server,
  path: string,
  schema: z.ZodType<T>,
  asking: Asking,
): Promise<Got<T>> => {
  const { document, notes } = await answerTo(server, path, asking, jsonOf);
  const { data, error } = schema.safeParse(document);
  if (error) {
    const [issue] = error.issues;
    const at = issue?.path.join('.') ?? '';
    throw trouble(
      server,
      `${server.who} answered ${asking.what ?? path} in an unknown form: ${at === '' ? '' : `${at}: `}${issue?.message}`,
    );
  }
  return { body: data, notes };
};

/** The text of an answer whose status says that it worked. */
export const textFrom = async (server: Server, path: string, asking: Asking): Promise<Got<string>> => {
  const { document, notes } = await answerTo(server, path, asking, (answer) => {
    // The status is read as for JSON; only the body is another.
    if (answer.status < 200 || answer.status > 299) jsonOf(answer);
    return answer.text;
  });
  return { body: document as string, notes };
};

const answerTo = async (server: Server, path: string, asking: Asking, read: (answer: Answer) => unknown) => {
  let said = '';
  const what = asking.what ?? path;
  try {
    const answer = await send({
      who: server.who,
      url: `${server.base.replace(/\/+$/, '')}${path}`,
      chosenBy: 'operator',
      what,
      headers: { accept: 'application/json', ...asking.headers },
      limits: LIMITS,
      again: AGAIN,
      atOnce: AT_ONCE,
      signal: asking.signal,
      ...(server.timer === undefined ? {} : { timer: server.timer }),
    });
    said = saidBy(answer);
    const document = read(answer);
    if (said === '') return { document, notes: clockNotes(server, answer) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw trouble(server, `${error.message}${said}`, error);
  }
  throw trouble(server, `${server.who} answered ${what} with an error${said}`);
};

const Errors = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform((e) => e.error.message),
  z.object({ error: z.literal(true), reason: z.string() }).transform((e) => e.reason),
  z.object({ error: z.string() }).transform((e) => e.error),
  z.object({ status: z.literal('error'), message: z.string() }).transform((e) => e.message),
  z.object({ detail: z.string() }).transform((e) => e.detail),
]);

/** What a body says went wrong, on one line, in whichever form these servers say it; empty where it says nothing of that. */
const saidBy = ({ text }: Answer): string => {
  const { data } = Errors.safeParse(jsonIfAny(text));
  return data ? `: ${data.replace(/\s+/g, ' ').trim().slice(0, 200)}` : '';
};

/** What is measured of a half-hour that has not ended by our clock tells less than it seems. */
const clockNotes = (server: Server, { headers }: Answer): string[] => {
  const theirs = Date.parse(headers.date ?? '');
  const minutes = Math.round((theirs - Date.now()) / 60_000);
  if (Number.isNaN(theirs) || Math.abs(minutes) < CLOCK_MINUTES) return [];
  return [
    `This machine's clock is ${Math.abs(minutes)} min ${minutes > 0 ? 'behind' : 'ahead of'} that of ${server.who}: what is now may be another half-hour.`,
  ];
};

/** Whatever it was, nothing can be known from here now. What became of the request stays in the wire's `details`. */
export const trouble = ({ setting }: Pick<Server, 'setting'>, what: string, cause?: Fault): Fault => {
  const { retryAfterS = null, fate } = (cause?.details as Partial<WireTrouble> | undefined) ?? {};
  if (fate === 'not-allowed')
    return new Fault('forbidden', what, `Check the key: ${setting}, and \`caco config show\`.`, {
      cause,
      details: cause?.details,
    });
  return new Fault(
    'unavailable',
    what,
    `Try again in ${retryAfterS === null ? 'some minutes' : `${retryAfterS} s`}, check ${setting}, or plan on recorded data: CACO_GRID=recorded.`,
    { cause, details: cause?.details },
  );
};
