/** What a model says of facts. */
import { z } from 'zod';
import type { Model, ModelBudget, ModelMessage, ModelReply, ModelTrouble } from '../domain/world.js';
import { dataJson, jsonIn } from './data.js';
import { ModelError } from './protocol.js';
import { CONTEXT_TOKENS, type ModelSettings } from './settings.js';
import { troubleOf } from './troubles.js';

export const REPLY_TOKENS = 700;
const JSON_TOKENS = 2400;

/** Asks the model once, with a second chance where the budget has one. */
export type Ask = (
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
) => Promise<ModelReply>;

/** Words, or JSON that satisfies a schema, made from facts; null when there are none. JSON that does not fit gets one more turn. */
export const wordsOf =
  (ask: Ask, settings: ModelSettings, failed: (trouble: ModelTrouble) => unknown): Model['words'] =>
  async (prompt, facts, asked = {}) => {
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
  };
