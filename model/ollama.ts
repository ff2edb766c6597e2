/**
 * Ollama's native `/api/chat`. `num_ctx` is always sent: without it the server cuts the front of the prompt, system text first, under
 * status 200. Its JavaScript client lists the models and does not chat: it passes no abort on, and a stream that is cut looks
 * finished to it.
 */
import { jsonFrom, linesFrom, ModelError, networkError, type Protocol, withoutThoughts } from './protocol.js';

/** `:11434`, `host:port`, a bare host or a URL, as OLLAMA_HOST may say it. */
export const ollamaBase = (host: string): string => {
  const text = host.trim() === '' ? '127.0.0.1:11434' : host.trim();
  const url = new URL(text.includes('://') ? text : `http://${text.startsWith(':') ? `127.0.0.1${text}` : text}`);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.port === '' && url.protocol === 'http:' && !/:\d+/.test(text.replace(/^https?:\/\//, ''))) url.port = '11434';
  return url.href.replace(/\/+$/, '');
};

interface Line {
  readonly message?: {
    readonly content?: string;
    readonly tool_calls?: readonly { function?: { name?: unknown; arguments?: unknown } }[];
  };
  readonly done?: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
  readonly error?: string;
}

export const ollamaProtocol = (options: { host: string; model: string; contextTokens: number }): Protocol => {
  const base = ollamaBase(options.host);
  return {
    contextTokens: options.contextTokens,

    async models(within) {
      const { Ollama } = await import('ollama');
      // The client has no time limit of its own; over the wire it has ours, and its failures are named as all others.
      const wired = async (url: unknown) => Response.json(await jsonFrom(String(url), {}, within));
      const { models } = await new Ollama({ host: base, fetch: wired }).list();
      return (models ?? []).flatMap((m) => (m.name === undefined ? [] : [m.name]));
    },

    async ask({ system, messages, tools, format, maxReplyTokens, signal, onText }) {
      const body = {
        model: options.model,
        stream: true,
        messages: [
          { role: 'system', content: system },
          ...messages.map((m) => ({
            role: m.role,
            content: m.content,
            ...(m.toolName === undefined ? {} : { tool_name: m.toolName }),
            ...(m.calls === undefined || m.calls.length === 0
              ? {}
              : { tool_calls: m.calls.map((c) => ({ function: { name: c.name, arguments: c.arguments } })) }),
          })),
        ],
        ...(tools.length === 0 ? {} : { tools: tools.map((t) => ({ type: 'function', function: t })) }),
        ...(format === undefined ? {} : { format }),
        options: { num_ctx: options.contextTokens, num_predict: maxReplyTokens, temperature: 0, seed: 1 },
      };
      let text = '';
      let started = false;
      const filter = withoutThoughts((piece) => {
        text += piece;
        onText(piece);
      });
      const calls: { name: string; arguments: unknown }[] = [];
      try {
        for await (const line of linesFrom(`${base}/api/chat`, {}, body, signal)) {
          const piece = parse(line);
          if (typeof piece.error === 'string')
            throw new ModelError('server-error', `the model server broke off: ${piece.error.slice(0, 200)}`, !started);
          started = true;
          if (typeof piece.message?.content === 'string') filter.push(piece.message.content);
          for (const call of piece.message?.tool_calls ?? [])
            if (typeof call.function?.name === 'string')
              calls.push({ name: call.function.name, arguments: call.function.arguments ?? {} });
          if (piece.done !== true) continue;
          filter.end();
          return {
            text,
            calls,
            promptTokens: piece.prompt_eval_count ?? null,
            replyTokens: piece.eval_count ?? null,
            finish: piece.done_reason === 'length' ? 'length' : 'stop',
          };
        }
      } catch (error) {
        if (signal.aborted) throw error;
        throw networkError(error, started);
      }
      throw new ModelError('cut-off', 'the model’s reply ended without its last line');
    },
  };
};

const parse = (line: string): Line => {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    throw new ModelError('malformed', 'the model server sent lines that are not JSON');
  }
  throw new ModelError('malformed', 'the model server sent lines that are not JSON objects');
};
