/**
 * Any chat model of LangChain, by `langchain/PROVIDER:NAME`, where its package is installed beside this program. It is always streamed,
 * and believed to have finished only where it says why: several packages end a reply that was cut as if it were whole. Arguments of
 * tools are read from the text that came, since a package completes what is torn by guess: 1250 becomes 12.
 */

import {
  ModelError,
  type Protocol,
  type ProtocolReply,
  type ProtocolRequest,
  statusError,
  withoutThoughts,
} from './protocol.js';
import { isInstalled, withinCall } from './provider-call.js';

/** A message as LangChain takes it. */
export type ChatMessage = Readonly<Record<string, unknown>> & { readonly role: string; readonly content: string };

/** What is used of a piece of a streamed reply. */
export interface ChatPiece {
  readonly content?: unknown;
  readonly tool_call_chunks?: readonly { readonly name?: string; readonly args?: string; readonly index?: number }[];
  readonly usage_metadata?: { readonly input_tokens?: number; readonly output_tokens?: number } | undefined;
  readonly response_metadata?: Readonly<Record<string, unknown>>;
  readonly additional_kwargs?: Readonly<Record<string, unknown>>;
}

/** What is used of a chat model. */
export interface ChatModel {
  stream(messages: ChatMessage[], options: Record<string, unknown>): Promise<AsyncIterable<ChatPiece>>;
  bindTools?(tools: unknown[]): ChatModel;
}

export interface LangChainOptions {
  readonly provider: string;
  readonly model: string;
  readonly contextTokens: number;
  readonly ollamaHost: string;
  readonly openaiBaseUrl: string;
  readonly openaiApiKey: string | undefined;
  /** Another way to a model, for LangChain's own fakes. */
  readonly open?: (settings: Record<string, unknown>) => Promise<ChatModel>;
}

/** Which package stands for a provider, as LangChain names both. */
export const PACKAGES: Readonly<Record<string, string>> = {
  anthropic: '@langchain/anthropic',
  aws: '@langchain/aws',
  azure_openai: '@langchain/openai',
  bedrock: '@langchain/aws',
  cerebras: '@langchain/cerebras',
  cohere: '@langchain/cohere',
  deepseek: '@langchain/deepseek',
  fireworks: '@langchain/fireworks',
  google: '@langchain/google',
  'google-genai': '@langchain/google-genai',
  'google-vertexai': '@langchain/google-vertexai',
  groq: '@langchain/groq',
  mistral: '@langchain/mistralai',
  mistralai: '@langchain/mistralai',
  ollama: '@langchain/ollama',
  openai: '@langchain/openai',
  perplexity: '@langchain/perplexity',
  xai: '@langchain/xai',
};

/** Throws ModelError `model-missing` that names the package. */
export const requirePackage = (provider: string): void => {
  const name = PACKAGES[provider];
  if (name === undefined)
    throw new ModelError(
      'model-missing',
      `LangChain's provider ${provider} is not known here; there are ${Object.keys(PACKAGES).join(', ')}`,
    );
  if (!isInstalled(name)) throw new ModelError('model-missing', `the package ${name} is not installed`);
};

/** What the providers with servers of one's own are told; for all others their packages read the environment. */
const settingsOf = (options: LangChainOptions, maxTokens: number): Record<string, unknown> => {
  const { provider } = options;
  const common = { modelProvider: provider, temperature: 0, maxRetries: 0 };
  if (provider === 'ollama')
    return { ...common, baseUrl: options.ollamaHost, numCtx: options.contextTokens, numPredict: maxTokens };
  if (provider === 'openai')
    return {
      ...{ ...common, maxTokens, apiKey: options.openaiApiKey ?? 'none', useResponsesApi: false },
      configuration: { baseURL: options.openaiBaseUrl },
    };
  return provider.startsWith('google') ? { ...common, maxOutputTokens: maxTokens } : { ...common, maxTokens };
};

/** How a schema is said: in the provider's own way, else in words. */
const formatOf = (provider: string, schema: unknown): { options: Record<string, unknown>; words: string } => {
  if (schema === undefined) return { options: {}, words: '' };
  if (provider === 'ollama') return { options: { format: schema }, words: '' };
  if (provider === 'openai')
    return {
      options: { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } },
      words: '',
    };
  return {
    options: {},
    words: `\n\nAnswer with one JSON value and nothing else. It satisfies this JSON schema: ${JSON.stringify(schema)}`,
  };
};

const messagesOf = ({ system, messages }: ProtocolRequest, words: string): ChatMessage[] => {
  let round = 0;
  const ids: string[] = [];
  return [
    { role: 'system', content: `${system}${words}` },
    ...messages.map((m): ChatMessage => {
      if (m.role === 'tool')
        return { role: 'tool', content: m.content, tool_call_id: ids.shift() ?? 'call_0', name: m.toolName ?? '' };
      if (m.calls === undefined || m.calls.length === 0) return { role: m.role, content: m.content };
      round += 1;
      const tool_calls = m.calls.map((call, i) => {
        const id = `call_${round}_${i}`;
        ids.push(id);
        return { id, name: call.name, args: call.arguments, type: 'tool_call' };
      });
      return { role: m.role, content: m.content, tool_calls };
    }),
  ];
};

/** Text of a piece; blocks of other kinds, thoughts among them, are no answer. */
const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((block: { type?: unknown; text?: unknown }) =>
      block?.type === 'text' && typeof block.text === 'string' ? block.text : '',
    )
    .join('');
};

const REASONS = ['finish_reason', 'done_reason', 'stop_reason', 'finishReason'] as const;
const LENGTH = /^(length|max_tokens|max_output_tokens)$/i;

/** Why a reply ended, by whichever name; null: this piece does not say. */
const reasonOf = ({ response_metadata = {}, additional_kwargs = {} }: ChatPiece): string | null => {
  for (const name of REASONS)
    for (const where of [response_metadata, additional_kwargs]) {
      const said = where[name];
      if (typeof said === 'string' && said !== '') return said;
    }
  return null;
};

/** Pieces of calls as they come: one with a name begins a call, one without goes on with it. */
class Calls {
  readonly #calls: { name: string; text: string; index: number | undefined }[] = [];

  add({ name, args, index }: { readonly name?: string; readonly args?: string; readonly index?: number }): void {
    const last = this.#calls.findLast((call) => index === undefined || call.index === index) ?? this.#calls.at(-1);
    if (name !== undefined && name !== '') this.#calls.push({ name, text: args ?? '', index });
    else if (last !== undefined) last.text += args ?? '';
  }

  all(): ProtocolReply['calls'] {
    return this.#calls.map(({ name, text }) => ({ name, arguments: argumentsOf(text) }));
  }
}

/** Broken arguments stay text, so that whoever runs the call can say what is wrong with them. */
const argumentsOf = (text: string): unknown => {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return text;
  }
};

const CUT = /did not receive done|terminated|premature|socket|ECONNRESET|reading from the stream|fetch failed/i;

/** What a package threw, by what can be told of it: a status, a connection, or words of the server. */
const troubleOf = (error: unknown, started: boolean): unknown => {
  if (error instanceof ModelError) return error;
  const {
    message = String(error),
    status,
    status_code,
    cause,
  } = error as {
    message?: string;
    status?: unknown;
    status_code?: unknown;
    cause?: { code?: string; message?: string };
  };
  const code = typeof status === 'number' ? status : typeof status_code === 'number' ? status_code : null;
  if (code !== null && code >= 400) return statusError(code, message);
  const words = `${message} ${cause?.code ?? ''} ${cause?.message ?? ''}`.trim().slice(0, 300);
  if (!started && /fetch failed|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|Connection error/i.test(words))
    return new ModelError('unreachable', `the model server cannot be reached: ${words}`, true);
  if (CUT.test(words)) return new ModelError('cut-off', `the model's reply broke off: ${words}`);
  return new ModelError('server-error', `the model server broke off: ${words}`);
};

const openInstalled = async (options: LangChainOptions, settings: Record<string, unknown>): Promise<ChatModel> => {
  requirePackage(options.provider);
  const { initChatModel } = await import('langchain/chat_models/universal');
  return (await initChatModel(options.model, settings)) as unknown as ChatModel;
};

export const langchainProtocol = (options: LangChainOptions): Protocol => {
  const open = options.open ?? ((settings) => openInstalled(options, settings));
  return {
    contextTokens: options.provider === 'ollama' ? options.contextTokens : null,

    models: () =>
      Promise.reject(new ModelError('model-missing', 'no package of LangChain lists what its provider holds')),

    async ask(request) {
      const { tools, format, maxReplyTokens, signal, onText } = request;
      let text = '';
      let started = false;
      const filter = withoutThoughts((piece) => {
        text += piece;
        onText(piece);
      });
      const calls = new Calls();
      let finish: string | null = null;
      let usage: ChatPiece['usage_metadata'];
      try {
        await withinCall(signal, async () => {
          const model = await open(settingsOf(options, maxReplyTokens));
          const way = formatOf(options.provider, format);
          const asked =
            tools.length === 0 ? model : model.bindTools?.(tools.map((t) => ({ type: 'function', function: t })));
          if (asked === undefined) throw new ModelError('refused', `${options.model} takes no tools`);
          for await (const piece of await asked.stream(messagesOf(request, way.words), { ...way.options, signal })) {
            signal.throwIfAborted();
            started = true;
            filter.push(textOf(piece.content));
            for (const part of piece.tool_call_chunks ?? []) calls.add(part);
            finish = reasonOf(piece) ?? finish;
            usage = piece.usage_metadata ?? usage;
          }
        });
      } catch (error) {
        if (signal.aborted) throw error;
        throw troubleOf(error, started);
      }
      if (finish === null)
        throw new ModelError('cut-off', 'the model’s reply ended without the reason for which it ended');
      filter.end();
      return {
        ...{ text, calls: calls.all() },
        promptTokens: usage?.input_tokens ?? null,
        replyTokens: usage?.output_tokens ?? null,
        finish: LENGTH.test(finish) ? 'length' : 'stop',
      };
    },
  };
};
