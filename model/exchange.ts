/** One request and its reply, within what the server can read at once. */
import type { ModelMessage } from '../domain/world.js';
import { loadPrompt } from '../prompts/prompts.js';
import { ModelError, type Protocol } from './protocol.js';

/** Characters per token: a cautious guess of what a prompt takes, and the least that any tokenizer of Latin text was seen to make of it. */
const CHARS_PER_TOKEN = 3.5;
const CHARS_PER_TOKEN_AT_MOST = 6;
/** No server cuts a prompt shorter than this. */
const SMALLEST_CONTEXT = 2048;
/** Contexts that servers use when nobody tells them. */
const CONTEXTS = [2048, 4096] as const;

/** Throws ModelError for a prompt that does not fit, one that the server cut, and a reply that is cut off or empty. */
export const exchange = async (
  protocol: Protocol,
  request: {
    readonly prompt: string;
    readonly messages: readonly ModelMessage[];
    readonly tools: readonly unknown[];
    readonly format: unknown;
    readonly maxTokens: number;
  },
  signal: AbortSignal,
  onText: (piece: string) => void,
) => {
  const { prompt, messages, format, maxTokens } = request;
  const system = loadPrompt(prompt).text;
  const tools = request.tools as Parameters<Protocol['ask']>[0]['tools'];
  const chars =
    system.length +
    messages.reduce((n, m) => n + m.content.length, 0) +
    (tools.length === 0 ? 0 : JSON.stringify(tools).length);
  if (protocol.contextTokens !== null && chars / CHARS_PER_TOKEN + maxTokens > protocol.contextTokens)
    throw new ModelError(
      'over-budget',
      `the prompt of ${Math.ceil(chars / CHARS_PER_TOKEN)} tokens does not fit ${protocol.contextTokens}`,
    );
  const reply = await protocol.ask({ system, messages, tools, format, maxReplyTokens: maxTokens, signal, onText });
  // A server that cuts the front of a prompt says nothing but a count that is too small. What it kept from an earlier
  // call is not always counted, so that only a count below the newest message, or at a context's edge, tells.
  const newest = (messages.at(-1)?.content.length ?? 0) / CHARS_PER_TOKEN_AT_MOST;
  const whole = chars / CHARS_PER_TOKEN_AT_MOST;
  const read = reply.promptTokens;
  const atEdge = read !== null && CONTEXTS.some((edge) => Math.abs(read - edge) <= 16);
  if (read !== null && chars / CHARS_PER_TOKEN > SMALLEST_CONTEXT && (read < newest || (atEdge && read < whole)))
    throw new ModelError(
      'prompt-cut',
      `the server read ${read} tokens of a prompt of at least ${Math.floor(atEdge ? whole : newest)}`,
    );
  if (reply.finish === 'length') throw new ModelError('length', 'the model’s reply was cut off at its length limit');
  if (reply.text.trim() === '' && reply.calls.length === 0) throw new ModelError('empty', 'the model said nothing');
  return {
    ok: true as const,
    text: reply.text,
    calls: reply.calls,
    promptTokens: reply.promptTokens ?? Math.ceil(chars / CHARS_PER_TOKEN),
    replyTokens: reply.replyTokens ?? Math.ceil(reply.text.length / CHARS_PER_TOKEN),
  };
};
