/** What speaking to a model server has in common: the request and reply in neutral form, the ways it fails, and reading lines of a stream. */
import type { ModelCall, ModelMessage, ModelTool, ModelTrouble } from '../domain/world.js';

export interface WireRequest {
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  /** JSON Schema that the reply's text has to satisfy */
  readonly format: unknown;
  readonly maxReplyTokens: number;
  readonly signal: AbortSignal;
  readonly onText: (piece: string) => void;
}

export interface WireReply {
  readonly text: string;
  readonly calls: readonly ModelCall[];
  /** as the server counted them; null when it does not say */
  readonly promptTokens: number | null;
  readonly replyTokens: number | null;
  readonly finish: 'stop' | 'length';
}

export interface Wire {
  ask(request: WireRequest): Promise<WireReply>;
  /** Names of the models that the server holds; rejects with WireError when it cannot be asked. */
  models(signal: AbortSignal): Promise<string[]>;
  /** Largest prompt and reply together, in tokens; null when the server decides and does not say. */
  readonly contextTokens: number | null;
}

/** `retriable`: the same request may well pass a second time. */
export class WireError extends Error {
  override readonly name = 'WireError';
  constructor(
    readonly kind: ModelTrouble['kind'],
    message: string,
    readonly retriable = false,
  ) {
    super(message);
  }
}

/** HTTP status → what it means for us. The server's own words are quoted, shortened. */
export const statusError = (status: number, said: string): WireError => {
  const message = `the model server answered HTTP ${status}${said === '' ? '' : `: ${said.slice(0, 200)}`}`;
  if (status === 404) return new WireError('model-missing', message);
  if (status === 401 || status === 403) return new WireError('refused', message);
  if (status === 429 || status >= 500) return new WireError('server-error', message, true);
  return new WireError('refused', message);
};

/** What fetch or a broken body threw, as our failure. Abort is told apart by the caller, who owns the signal. */
export const networkError = (error: unknown, started: boolean): WireError => {
  if (error instanceof WireError) return error;
  const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
  return started
    ? new WireError('cut-off', `the model's reply broke off (${cause})`)
    : new WireError('unreachable', `the model server cannot be reached (${cause})`, true);
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

/** Text lines of a body, without the line breaks. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line.trim();
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield rest.trim();
}

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
