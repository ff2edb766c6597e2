/**
 * The model's port: one small client over two protocols (Ollama, OpenAI-compatible), with a budget of seconds and tokens, one call at a
 * time, one second chance, and a rest after repeated failures. It answers with words or with the reason why there are none.
 */
import { z } from 'zod';
import type { Model, ModelBudget, ModelMessage, ModelReply, ModelTrouble } from '../domain/world.js';
import { loadPrompt } from '../prompts/prompts.js';
import { machineTimer, type Timer } from '../wire/wire.js';
import { dataJson, jsonIn } from './data.js';
import { circuit, oneAtATime } from './gate.js';
import { ollamaBase, ollamaProtocol } from './ollama.js';
import { openaiProtocol } from './openai.js';
import { ModelError, type Protocol } from './protocol.js';

export { dataJson, jsonIn, quoted, visible } from './data.js';

/** The members of the configuration that choose and reach a model. */
export interface ModelSettings {
  /** `none`, `ollama/NAME` or `openai/NAME` */
  readonly model: string;
  readonly modelTimeoutS: number;
  readonly ollamaHost: string;
  readonly openaiBaseUrl: string;
  readonly openaiApiKey?: string | undefined;
}

export interface ModelOptions {
  /** One line per outage, and one when it is over. Standard error when left out. */
  readonly log?: (line: string) => void;
  /** How time passes; the machine's when left out. */
  readonly timer?: Timer;
}

const CONTEXT_TOKENS = 8192;
const REPLY_TOKENS = 700;
const JSON_TOKENS = 2400;
/** Characters per token: a cautious guess of what a prompt takes, and the least that any tokenizer of Latin text was seen to make of it. */
const CHARS_PER_TOKEN = 3.5;
const CHARS_PER_TOKEN_AT_MOST = 6;
/** No server cuts a prompt shorter than this. */
const SMALLEST_CONTEXT = 2048;
/** Contexts that servers use when nobody tells them. */
const CONTEXTS = [2048, 4096] as const;

/** Callbacks of core would send traces of every prompt to a stranger's server when these are set. */
export const forbidTracing = (env: NodeJS.ProcessEnv = process.env): void => {
  for (const name of Object.keys(env)) if (/^LANG(SMITH|CHAIN)_/.test(name)) delete env[name];
};

/** null for `none`. Opening asks nobody: a server that is not there is noticed, and said once, at the first call. */
export const openModel = (settings: ModelSettings, options: ModelOptions = {}): Model | null => {
  forbidTracing();
  const protocol = protocolOf(settings);
  if (protocol === null) return null;
  const say = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const timer = options.timer ?? machineTimer;
  const { ticks } = timer;
  const queue = oneAtATime(4);
  const breaker = circuit({ failures: 2, restMs: 30_000, ticks });
  let saidKind: ModelTrouble['kind'] | null = null;

  const failed = (trouble: ModelTrouble): ModelReply => {
    if (trouble.kind !== 'aborted' && trouble.kind !== 'resting' && trouble.kind !== saidKind) {
      say(`model ${settings.model}: ${trouble.message}; templates speak. ${trouble.remedy}`);
      saidKind = trouble.kind;
    }
    return { ok: false, trouble };
  };

  const once = async (
    request: {
      prompt: string;
      messages: readonly ModelMessage[];
      tools: readonly unknown[];
      format: unknown;
      maxTokens: number;
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

  const ask = async (
    prompt: string,
    messages: readonly ModelMessage[],
    asked: {
      tools?: readonly unknown[] | undefined;
      format?: unknown;
      maxTokens?: number;
      budget: ModelBudget;
      signal?: AbortSignal | undefined;
      onText?: ((piece: string) => void) | undefined;
    },
  ): Promise<ModelReply> => {
    const { budget } = asked;
    const began = ticks();
    const budgetOver = new AbortController();
    const allowedS = Math.min(settings.modelTimeoutS, budget.secondsLeft);
    const cancel = timer.after(Math.max(0, allowedS * 1000), () => budgetOver.abort());
    const signal = asked.signal ? AbortSignal.any([asked.signal, budgetOver.signal]) : budgetOver.signal;
    let streamed = false;
    let retried = false;
    const onText = (piece: string) => {
      streamed = true;
      asked.onText?.(piece);
    };
    const leave = await queue.enter(signal);
    try {
      if (breaker.resting())
        return failed(
          troubleOf(
            new ModelError('resting', 'the model failed repeatedly and is left alone for half a minute'),
            settings,
          ),
        );
      for (;;) {
        const maxTokens = Math.min(asked.maxTokens ?? REPLY_TOKENS, budget.tokensLeft);
        if (maxTokens < 32 || allowedS <= 0)
          return failed(troubleOf(new ModelError('over-budget', 'the budget of this answer is spent'), settings));
        try {
          if (leave === null) throw new ModelError('over-budget', 'too many calls wait for the model');
          signal.throwIfAborted();
          const request = { prompt, messages, tools: asked.tools ?? [], format: asked.format, maxTokens };
          const reply = await once(request, signal, onText);
          budget.tokensLeft -= reply.promptTokens + reply.replyTokens;
          breaker.success();
          // A second chance that came off is no news: its failure was named.
          if (saidKind !== null && !retried) say(`model ${settings.model} answers again`);
          saidKind = null;
          return reply;
        } catch (error) {
          if (asked.signal?.aborted)
            return failed(troubleOf(new ModelError('aborted', 'the call was given up by its caller'), settings));
          const known = budgetOver.signal.aborted
            ? new ModelError('timeout', `the model did not answer within ${Math.round(allowedS * 10) / 10} s`)
            : error;
          if (!(known instanceof ModelError)) throw known;
          if (known.retriable && !streamed && budget.retriesLeft > 0 && ticks() - began < (allowedS * 1000) / 2) {
            budget.retriesLeft -= 1;
            retried = true;
            failed(troubleOf(known, settings));
            await new Promise<void>((go) => void timer.after(150, go));
            continue;
          }
          if (known.kind !== 'over-budget') breaker.failure();
          const trouble = troubleOf(known, settings);
          // Its first failure was said.
          if (retried) return { ok: false, trouble };
          return failed(trouble.kind === 'model-missing' ? await withModels(trouble, protocol, timer) : trouble);
        }
      }
    } finally {
      cancel();
      leave?.();
      budget.secondsLeft -= (ticks() - began) / 1000;
    }
  };

  return {
    name: settings.model,
    secondsPerAnswer: settings.modelTimeoutS,

    converse: (prompt, messages, asked) => ask(prompt, messages, asked),

    async words(prompt, facts, asked = {}) {
      const budget = asked.budget ?? {
        secondsLeft: settings.modelTimeoutS,
        tokensLeft: 3 * CONTEXT_TOKENS,
        retriesLeft: 1,
      };
      const { schema, signal, onText } = asked;
      const messages: ModelMessage[] = [{ role: 'user', content: `FACTS as JSON data:\n${dataJson(facts)}` }];
      const format = schema === undefined ? undefined : z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      const maxTokens = schema === undefined ? REPLY_TOKENS : JSON_TOKENS;
      for (;;) {
        const reply = await ask(prompt, messages, {
          format,
          maxTokens,
          budget,
          signal,
          onText: schema === undefined ? onText : undefined,
        });
        if (!reply.ok) {
          asked.onTrouble?.(reply.trouble);
          return null;
        }
        if (schema === undefined) return reply.text.trim();
        const parsed = schema.safeParse(jsonIn(reply.text));
        if (parsed.success) return JSON.stringify(parsed.data);
        const wrong = parsed.error.issues
          .slice(0, 5)
          .map((i) => `${i.path.join('.') || '(root)'}: ${i.message}`)
          .join('; ');
        if (budget.retriesLeft <= 0) {
          const trouble = troubleOf(new ModelError('malformed', `the model’s JSON does not fit: ${wrong}`), settings);
          failed(trouble);
          asked.onTrouble?.(trouble);
          return null;
        }
        budget.retriesLeft -= 1;
        messages.push(
          { role: 'assistant', content: reply.text.slice(0, 4000) },
          {
            role: 'user',
            content: `That was not JSON that satisfies the schema: ${wrong}. Answer with the JSON value alone.`,
          },
        );
      }
    },
  };
};

export interface ModelHealth {
  readonly model: string;
  readonly ok: boolean;
  /** names that the server holds; null when it was not reached */
  readonly models: string[] | null;
  readonly message: string;
  readonly remedy: string | null;
}

/** Asks the server, within three seconds, whether it runs and holds the model. */
export const modelHealth = async (settings: ModelSettings, timer: Timer = machineTimer): Promise<ModelHealth> => {
  const { model } = settings;
  const protocol = protocolOf(settings);
  if (protocol === null)
    return { model, ok: true, models: null, message: 'no model is configured; templates speak', remedy: null };
  try {
    const models = await protocol.models({ ms: 3000, timer });
    if (models.some((have) => sameModel(have, nameOf(model))))
      return { model, ok: true, models, message: `the server runs and holds ${nameOf(model)}`, remedy: null };
    const trouble = troubleOf(
      new ModelError('model-missing', `the server runs and does not hold ${nameOf(model)}`),
      settings,
    );
    return { model, ok: false, models, message: trouble.message, remedy: withNames(trouble, models).remedy };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const trouble = troubleOf(error, settings);
    return { model, ok: false, models: null, message: trouble.message, remedy: trouble.remedy };
  }
};

const nameOf = (model: string) => model.slice(model.indexOf('/') + 1);
const sameModel = (have: string, want: string) => have === want || have === `${want}:latest`;

const protocolOf = (settings: ModelSettings): Protocol | null => {
  const { model } = settings;
  if (model.startsWith('ollama/'))
    return ollamaProtocol({ host: settings.ollamaHost, model: nameOf(model), contextTokens: CONTEXT_TOKENS });
  if (model.startsWith('openai/'))
    return openaiProtocol({ baseUrl: settings.openaiBaseUrl, apiKey: settings.openaiApiKey, model: nameOf(model) });
  return null;
};

const troubleOf = (error: ModelError, settings: ModelSettings): ModelTrouble => ({
  kind: error.kind,
  message: error.message,
  remedy: remedyOf(error.kind, settings),
});

const remedyOf = (kind: ModelTrouble['kind'], settings: ModelSettings): string => {
  const ollama = settings.model.startsWith('ollama/');
  switch (kind) {
    case 'unreachable':
      return ollama
        ? `Start it with \`ollama serve\`, or set OLLAMA_HOST (now ${ollamaBase(settings.ollamaHost)}).`
        : `Check OPENAI_BASE_URL (now ${settings.openaiBaseUrl}).`;
    case 'model-missing':
      return ollama
        ? `Fetch it with \`ollama pull ${nameOf(settings.model)}\`.`
        : 'Set CACO_MODEL=openai/NAME to a model that the endpoint lists.';
    case 'refused':
      return ollama ? 'Look at the log of `ollama serve`.' : 'Check OPENAI_API_KEY.';
    case 'timeout':
      return 'Give it longer with CACO_MODEL_TIMEOUT_S, or choose a smaller model.';
    case 'length':
    case 'prompt-cut':
    case 'over-budget':
      return 'Ask for less at once, or choose a model with a larger context.';
    default:
      return 'Nothing is lost: the answer comes from a template. CACO_MODEL=none switches the model off.';
  }
};

const withNames = (trouble: ModelTrouble, names: readonly string[]): ModelTrouble => ({
  ...trouble,
  remedy: `${trouble.remedy} The server holds ${names.length === 0 ? 'no model' : names.slice(0, 8).join(', ')}.`,
});

const withModels = async (trouble: ModelTrouble, protocol: Protocol, timer: Timer): Promise<ModelTrouble> => {
  try {
    return withNames(trouble, await protocol.models({ ms: 2000, timer }));
  } catch (error) {
    if (error instanceof ModelError) return trouble;
    throw error;
  }
};
