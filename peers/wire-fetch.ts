/** The SDK's client over the program's own wire: its limits, its refusal of redirects, and its words for what broke. */
import { send } from '../wire/wire.js';

export interface Reached {
  /** in messages: "the grid agent" */
  readonly who: string;
  readonly token: string | undefined;
  /** milliseconds for one exchange */
  readonly wholeMs: number;
}

/** Half a gigabyte of JSON is no answer of an agent. */
const BODY_BYTES = 64 * 2 ** 20;
/** What the wire has undone, or what was true of the body as it travelled. */
const OF_THE_WAY = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']);

/** Answers are read whole. Rejects with the wire's Fault. */
export const wireFetch =
  ({ who, token, wholeMs }: Reached): typeof fetch =>
  async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const answer = await send({
      ...{ who, url, chosenBy: 'operator', method: init?.method ?? 'GET' },
      headers: {
        ...Object.fromEntries(new Headers(init?.headers)),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(typeof init?.body === 'string' ? { body: init.body } : {}),
      signal: init?.signal ?? undefined,
      limits: { idleMs: wholeMs, wholeMs, bodyBytes: BODY_BYTES },
    });
    const headers = Object.entries(answer.headers).filter(([name]) => !OF_THE_WAY.has(name));
    const { status } = answer;
    return new Response(status === 204 || status === 304 ? null : answer.text, {
      status: status >= 200 && status < 600 ? status : 502,
      headers,
    });
  };
