/** What became of a call that failed, in words, with what a person can do about it. */
import type { ModelTrouble } from '../domain/world.js';
import type { Timer } from '../wire/wire.js';
import { PACKAGES } from './langchain.js';
import { ollamaBase } from './ollama.js';
import { ModelError, type Protocol } from './protocol.js';
import { type ModelSettings, nameOf, providerOf } from './settings.js';

export const troubleOf = (error: ModelError, settings: ModelSettings): ModelTrouble => ({
  kind: error.kind,
  message: error.message,
  remedy: remedyOf(error.kind, settings),
});

const remedyOf = (kind: ModelTrouble['kind'], settings: ModelSettings): string => {
  const ollama = settings.model.startsWith('ollama/');
  const ofLangChain = settings.model.startsWith('langchain/') ? langchainRemedy(kind, settings.model) : null;
  if (ofLangChain !== null) return ofLangChain;
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

/** null: what is said of the other wires fits. */
const langchainRemedy = (kind: ModelTrouble['kind'], model: string): string | null => {
  const { provider } = providerOf(model);
  const name = PACKAGES[provider];
  switch (kind) {
    case 'model-missing':
      return name === undefined
        ? 'Set CACO_MODEL=langchain/PROVIDER:NAME.'
        : `Install ${name} beside CACO: \`npm install ${name}@${VERSIONS[name] ?? 'latest'}\`; where it is there, check the model’s name.`;
    case 'unreachable':
      return `Check the address that ${name ?? 'the package'} reads from the environment, and the network.`;
    case 'refused':
      return `Check the key that ${name ?? 'the package'} reads from the environment.`;
    case 'cut-off':
      return 'Ask again. A provider that never says why its reply ended is not believed; `caco doctor` tells.';
    default:
      return null;
  }
};

/** The newest that run on Node 20 beside the other packages here. */
const VERSIONS: Readonly<Record<string, string>> = {
  '@langchain/anthropic': '1.5.11',
  '@langchain/google-genai': '2.3.2',
  '@langchain/mistralai': '1.2.0',
  '@langchain/ollama': '1.3.0',
  '@langchain/openai': '1.5.8',
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
