/** Which model is asked, and over which protocol it is reached. */
import { langchainProtocol } from './langchain.js';
import { ollamaBase, ollamaProtocol } from './ollama.js';
import { openaiProtocol } from './openai.js';
import type { Protocol } from './protocol.js';

/** The members of the configuration that choose and reach a model. */
export interface ModelSettings {
  /** `none`, `ollama/NAME`, `openai/NAME` or `langchain/PROVIDER:NAME` */
  readonly model: string;
  readonly modelTimeoutS: number;
  readonly ollamaHost: string;
  readonly openaiBaseUrl: string;
  readonly openaiApiKey?: string | undefined;
}

export const CONTEXT_TOKENS = 8192;

/** `qwen2.5` of `ollama/qwen2.5`. */
export const nameOf = (model: string) => model.slice(model.indexOf('/') + 1);

/** null for `none`. */
export const protocolOf = (settings: ModelSettings): Protocol | null => {
  const { model } = settings;
  if (model.startsWith('ollama/'))
    return ollamaProtocol({ host: settings.ollamaHost, model: nameOf(model), contextTokens: CONTEXT_TOKENS });
  if (model.startsWith('openai/'))
    return openaiProtocol({ baseUrl: settings.openaiBaseUrl, apiKey: settings.openaiApiKey, model: nameOf(model) });
  if (model.startsWith('langchain/')) {
    const { provider, name } = providerOf(model);
    return langchainProtocol({
      ...{ provider, model: name, contextTokens: CONTEXT_TOKENS, ollamaHost: ollamaBase(settings.ollamaHost) },
      ...{ openaiBaseUrl: settings.openaiBaseUrl, openaiApiKey: settings.openaiApiKey },
    });
  }
  return null;
};

/** `anthropic` and `claude-x` of `langchain/anthropic:claude-x`. */
export const providerOf = (model: string): { provider: string; name: string } => {
  const [provider = '', ...rest] = nameOf(model).split(':');
  return { provider, name: rest.join(':') };
};
