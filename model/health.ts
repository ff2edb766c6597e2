/** Whether the model's server runs and holds the model. */
import { machineTimer, type Timer } from '../wire/wire.js';
import { ModelError, type Protocol } from './protocol.js';
import { type ModelSettings, nameOf, protocolOf } from './settings.js';
import { troubleOf, withNames } from './troubles.js';

export interface ModelHealth {
  readonly model: string;
  readonly ok: boolean;
  /** names that the server holds; null when it was not reached */
  readonly models: string[] | null;
  readonly message: string;
  readonly remedy: string | null;
}

const HEALTH_MS = 3000;
/** For a word of a provider far away. */
const WORD_MS = 20_000;

/** Asks the server, within three seconds, whether it runs and holds the model; a provider of LangChain's is asked a word instead. */
export const modelHealth = async (settings: ModelSettings, timer: Timer = machineTimer): Promise<ModelHealth> => {
  const { model } = settings;
  const protocol = protocolOf(settings);
  if (protocol === null)
    return { model, ok: true, models: null, message: 'no model is configured; templates speak', remedy: null };
  try {
    if (model.startsWith('langchain/')) {
      await askAWord(protocol, timer);
      return {
        model,
        ok: true,
        models: null,
        message: `${nameOf(model)} answers, and says when it is done`,
        remedy: null,
      };
    }
    const models = await protocol.models({ ms: HEALTH_MS, timer });
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

/** What no list tells: whether it answers, and whether it says that it has finished, without which a reply that was cut looks whole. */
const askAWord = async (protocol: Protocol, timer: Timer): Promise<void> => {
  const late = new AbortController();
  const cancel = timer.after(WORD_MS, () => late.abort());
  try {
    await protocol.ask({
      ...{ system: 'Answer with the word yes.', messages: [{ role: 'user', content: 'Are you there?' }], tools: [] },
      ...{ format: undefined, maxReplyTokens: 64, signal: late.signal, onText: () => {} },
    });
  } catch (error) {
    if (late.signal.aborted) throw new ModelError('timeout', `the model did not answer within ${WORD_MS / 1000} s`);
    throw error;
  } finally {
    cancel();
  }
};

const sameModel = (have: string, want: string) => have === want || have === `${want}:latest`;
