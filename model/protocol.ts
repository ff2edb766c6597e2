/** What speaking to a model server has in common: the request and reply in neutral form, the ways it fails, and the calls themselves. */
import { Fault } from '../domain/fault.js';
import type { ModelCall, ModelMessage, ModelTool, ModelTrouble } from '../domain/world.js';
import { type Ask, fateOf, jsonOf, open, send, type Timer, type WireTrouble } from '../wire/wire.js';

export interface ProtocolRequest {
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  /** JSON Schema that the reply's text has to satisfy */
  readonly format: unknown;
  readonly maxReplyTokens: number;
  readonly signal: AbortSignal;
  readonly onText: (piece: string) => void;
}

export interface ProtocolReply {
  readonly text: string;
  readonly calls: readonly ModelCall[];
  /** as the server counted them; null when it does not say */
  readonly promptTokens: number | null;
  readonly replyTokens: number | null;
  readonly finish: 'stop' | 'length';
}

export interface Protocol {
  ask(request: ProtocolRequest): Promise<ProtocolReply>;
  /** Names of the models that the server holds; rejects with ModelError when it does not say so in time. */
  models(within: { readonly ms: number; readonly timer: Timer }): Promise<string[]>;
  /** Largest prompt and reply together, in tokens; null when the server decides and does not say. */
  readonly contextTokens: number | null;
}

/** `retriable`: the same request may well pass a second time. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    readonly kind: ModelTrouble['kind'],
    message: string,
    readonly retriable = false,
  ) {
    super(message);
  }
}

/** HTTP status → what it means for us. The server's own words are quoted, shortened. */
export const statusError = (status: number, said: string): ModelError => {
  const message = `the model server answered HTTP ${status}${said === '' ? '' : `: ${said.slice(0, 200)}`}`;
  if (status === 404) return new ModelError('model-missing', message);
  if (status === 401 || status === 403) return new ModelError('refused', message);
  if (status === 429 || status >= 500) return new ModelError('server-error', message, true);
  return new ModelError('refused', message);
};

/** What the wire threw, as our failure. Abort is told apart by the caller, who owns the signal; a defect stays one. */
export const networkError = (error: unknown, started: boolean): unknown => {
  if (!(error instanceof Fault)) return error;
  const { reason, fate } = error.details as WireTrouble;
  if (reason === 'not-json' || reason === 'too-large' || reason === 'packed')
    return new ModelError('malformed', error.message);
  return started
    ? new ModelError('cut-off', `the model's reply broke off: ${error.message}`)
    : new ModelError('unreachable', error.message, fate !== 'refused');
};

/** `{"error": "…"}` or `{"error": {"message": "…"}}`, else the text itself. */
export const errorText = (body: string): string => {
  try {
    const { error } = JSON.parse(body) as { error?: string | { message?: string } };
    if (typeof error === 'string') return error;
    if (typeof error?.message === 'string') return error.message;
  } catch {
    return body
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  }
  return '';
};

const WHO = 'the model server';
/** A reply of some thousand tokens, each in an event of its own. */
const BODY_BYTES = 16 * 2 ** 20;

/**
 * Asks with a JSON body and gives the lines of the answer as they come. Throws ModelError for a status that is no success, Fault of
 * the wire, or the signal's reason. How long it may take is the signal's to say: a model that thinks is silent for long.
 */
export async function* linesFrom(
  url: string,
  headers: Ask['headers'] & object,
  json: unknown,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const limits = { idleMs: null, wholeMs: null, bodyBytes: BODY_BYTES };
  const flow = await open({ who: WHO, url, chosenBy: 'operator', method: 'POST', headers, json, signal, limits });
  try {
    if (fateOf(flow.status) !== null) throw statusError(flow.status, errorText(await flow.text()));
    yield* flow.lines();
  } finally {
    flow.close();
  }
}

/** A JSON answer of a server that is only looked at; throws ModelError. */
export const jsonFrom = async (
  url: string,
  headers: Ask['headers'] & object,
  { ms, timer }: { readonly ms: number; readonly timer: Timer },
): Promise<unknown> => {
  try {
    const answer = await send({ who: WHO, url, chosenBy: 'operator', headers, limits: { wholeMs: ms }, timer });
    if (fateOf(answer.status) !== null) throw statusError(answer.status, errorText(answer.text));
    return jsonOf(answer);
  } catch (error) {
    if (error instanceof Fault && (error.details as WireTrouble).reason === 'time')
      throw new ModelError('timeout', `the model server did not answer within ${ms / 1000} s`);
    throw networkError(error, false);
  }
};

/** Lets text through but for `<think>…</think>`, which some models write into their answer. */
export const withoutThoughts = (onText: (piece: string) => void) => {
  let held = '';
  let thinking = false;
  const tags = ['<think>', '</think>'] as const;
  const pump = (last: boolean) => {
    for (;;) {
      const tag = tags[thinking ? 1 : 0];
      const at = held.indexOf(tag);
      if (at >= 0) {
        if (!thinking && at > 0) onText(held.slice(0, at));
        held = held.slice(at + tag.length);
        thinking = !thinking;
        continue;
      }
      // A tag may be split over two pieces: what could be its beginning waits.
      let keep = 0;
      if (!last) for (let n = 1; n < tag.length; n++) if (held.endsWith(tag.slice(0, n))) keep = n;
      const ready = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      if (!thinking && ready !== '') onText(ready);
      return;
    }
  };
  return {
    push: (piece: string) => {
      held += piece;
      pump(false);
    },
    end: () => pump(true),
  };
};
