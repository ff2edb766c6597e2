/**
 * The model's port: one small client over two protocols (Ollama, OpenAI-compatible), with a budget of seconds and tokens, one call at a
 * time, one second chance, and a rest after repeated failures. It answers with words or with the reason why there are none.
 */
import { traced } from '../domain/trace.js';
import type { Model, ModelReply, ModelTrouble } from '../domain/world.js';
import { machineTimer, type Timer } from '../wire/wire.js';
import { exchange } from './exchange.js';
import { circuit, oneAtATime } from './gate.js';
import { ModelError } from './protocol.js';
import { type ModelSettings, protocolOf } from './settings.js';
import { troubleOf, withModels } from './troubles.js';
import { type Ask, REPLY_TOKENS, wordsOf } from './words.js';

export { dataJson, jsonIn, quoted, visible } from './data.js';

export { type ModelHealth, modelHealth } from './health.js';
export type { ModelSettings } from './settings.js';

export interface ModelOptions {
  /** One line per outage, and one when it is over. Standard error when left out. */
  readonly log?: (line: string) => void;
  /** How time passes; the machine's when left out. */
  readonly timer?: Timer;
}

/** null for `none`. Opening asks nobody: a server that is not there is noticed, and said once, at the first call. */
export const openModel = (settings: ModelSettings, options: ModelOptions = {}): Model | null => {
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

  const exchanged: Ask = async (prompt, messages, asked) => {
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
          const reply = await exchange(protocol, request, signal, onText);
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

  const [provider] = settings.model.split(/\/|:/, settings.model.startsWith('langchain/') ? 2 : 1).slice(-1);
  const ask: Ask = (prompt, messages, asked) => {
    const about = {
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.request.model': settings.model },
      'caco.prompt': prompt,
    };
    return traced(`chat ${settings.model}`, about, async (step) => {
      step.contents(() => ({ 'gen_ai.input.messages': JSON.stringify(messages) }));
      const reply = await exchanged(prompt, messages, asked);
      if (!reply.ok) step.failed(reply.trouble.kind);
      else {
        step.set({ 'gen_ai.usage.input_tokens': reply.promptTokens, 'gen_ai.usage.output_tokens': reply.replyTokens });
        step.contents(() => ({ 'gen_ai.output.messages': JSON.stringify([reply.text, ...reply.calls]) }));
      }
      return reply;
    });
  };

  return {
    name: settings.model,
    secondsPerAnswer: settings.modelTimeoutS,

    converse: ask,
    words: wordsOf(ask, settings, failed),
  };
};
