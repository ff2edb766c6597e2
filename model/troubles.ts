/** What became of a call that failed, in words, with what a person can do about it. */
import type { ModelTrouble } from '../domain/world.js';
import type { Timer } from '../wire/wire.js';
import { ollamaBase } from './ollama.js';
import { ModelError, type Protocol } from './protocol.js';
import { type ModelSettings, nameOf } from './settings.js';

export const troubleOf = (error: ModelError, settings: ModelSettings): ModelTrouble => ({
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

export const withNames = (trouble: ModelTrouble, names: readonly string[]): ModelTrouble => ({
  ...trouble,
  remedy: `${trouble.remedy} The server holds ${names.length === 0 ? 'no model' : names.slice(0, 8).join(', ')}.`,
});

/** With the names that the server holds, when it says them within two seconds. */
export const withModels = async (trouble: ModelTrouble, protocol: Protocol, timer: Timer): Promise<ModelTrouble> => {
  try {
    return withNames(trouble, await protocol.models({ ms: 2000, timer }));
  } catch (error) {
    if (error instanceof ModelError) return trouble;
    throw error;
  }
};
