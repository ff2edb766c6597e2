/** Any OpenAI-compatible `/chat/completions`, streamed as server-sent events. Tool arguments arrive as pieces of JSON text. */
import { jsonFrom, linesFrom, ModelError, networkError, type Protocol, withoutThoughts } from './protocol.js';

interface Chunk {
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly tool_calls?: readonly {
        index?: number;
        id?: string;
        function?: { name?: string; arguments?: string };
      }[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
  readonly error?: { readonly message?: string } | string;
}

export const openaiProtocol = (options: { baseUrl: string; apiKey: string | undefined; model: string }): Protocol => {
  const base = options.baseUrl.replace(/\/+$/, '');
  const headers: Record<string, string> =
    options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
  return {
    // The protocol has no field for it; prompts are kept small instead.
    contextTokens: null,

    async models(within) {
      const { data } = (await jsonFrom(`${base}/models`, headers, within)) as { data?: { id?: string }[] };
      return (data ?? []).flatMap((m) => (m.id === undefined ? [] : [m.id]));
    },

    async ask({ system, messages, tools, format, maxReplyTokens, signal, onText }) {
      let round = 0;
      const ids: string[] = [];
      const body = {
        model: options.model,
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0,
        max_tokens: maxReplyTokens,
        messages: [
          { role: 'system', content: system },
          ...messages.map((m) => {
            if (m.role === 'tool') return { role: 'tool', tool_call_id: ids.shift() ?? 'call_0', content: m.content };
            if (m.calls === undefined || m.calls.length === 0) return { role: m.role, content: m.content };
            round += 1;
            const tool_calls = m.calls.map((c, i) => {
              ids.push(`call_${round}_${i}`);
              const args = typeof c.arguments === 'string' ? c.arguments : JSON.stringify(c.arguments);
              return { id: `call_${round}_${i}`, type: 'function', function: { name: c.name, arguments: args } };
            });
            return { role: m.role, content: m.content, tool_calls };
          }),
        ],
        ...(tools.length === 0 ? {} : { tools: tools.map((t) => ({ type: 'function', function: t })) }),
        ...(format === undefined
          ? {}
          : { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format } } }),
      };
      let text = '';
      let started = false;
      let finish: string | null = null;
      let usage: Chunk['usage'] = null;
      const filter = withoutThoughts((piece) => {
        text += piece;
        onText(piece);
      });
      const calls = new Map<number, { name: string; arguments: string }>();
      try {
        for await (const line of linesFrom(`${base}/chat/completions`, headers, body, signal)) {
          if (line.startsWith(':') || /^(event|id|retry):/.test(line)) continue;
          if (!line.startsWith('data:'))
            throw new ModelError('malformed', 'the model server sent lines that are not events');
          const data = line.slice(5).trim();
          if (data === '[DONE]') break;
          const chunk = parse(data);
          if (chunk.error !== undefined) {
            const said = typeof chunk.error === 'string' ? chunk.error : (chunk.error.message ?? '');
            throw new ModelError('server-error', `the model server broke off: ${said.slice(0, 200)}`, !started);
          }
          started = true;
          usage = chunk.usage ?? usage;
          const choice = chunk.choices?.[0];
          if (typeof choice?.delta?.content === 'string') filter.push(choice.delta.content);
          for (const part of choice?.delta?.tool_calls ?? []) {
            const call = calls.get(part.index ?? 0) ?? { name: '', arguments: '' };
            calls.set(part.index ?? 0, {
              name: call.name + (part.function?.name ?? ''),
              arguments: call.arguments + (part.function?.arguments ?? ''),
            });
          }
          finish = choice?.finish_reason ?? finish;
        }
      } catch (error) {
        if (signal.aborted) throw error;
        throw networkError(error, started);
      }
      if (finish === null) throw new ModelError('cut-off', 'the model’s reply ended without its last event');
      filter.end();
      return {
        text,
        calls: [...calls.values()]
          .filter((c) => c.name !== '')
          .map((c) => ({ name: c.name, arguments: argumentsOf(c.arguments) })),
        promptTokens: usage?.prompt_tokens ?? null,
        replyTokens: usage?.completion_tokens ?? null,
        finish: finish === 'length' ? 'length' : 'stop',
      };
    },
  };
};

/** Broken arguments stay text, so that whoever runs the call can say what is wrong with them. */
const argumentsOf = (text: string): unknown => {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return text;
  }
};

const parse = (data: string): Chunk => {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    throw new ModelError('malformed', 'the model server sent an event that is not JSON');
  }
  throw new ModelError('malformed', 'the model server sent an event that is no JSON object');
};
