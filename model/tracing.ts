/** Whether LangChain's packages may send traces: not because of what some environment holds, only where a setting of ours says so. */
import { invalid } from '../domain/fault.js';

export interface TracingSettings {
  readonly tracing: 'off' | 'langsmith';
  /** Prompts, answers and states go with the traces. */
  readonly tracingContents: boolean;
}

/** What is in the environment is LangChain's own way to be asked, and it asks nobody else. */
const THEIRS = /^LANG(SMITH|CHAIN)_/;

/**
 * Sets LangChain's switches in `env`. Off: all of them are taken away, since a run of the graph would be posted to a stranger's server.
 * `langsmith`: on, and without contents unless the second setting says so. Throws Fault `invalid-input` without a key: the package would
 * send all the same, under none.
 */
export const setTracing = (settings: TracingSettings, env: NodeJS.ProcessEnv = process.env): void => {
  if (settings.tracing === 'off') {
    for (const name of Object.keys(env)) if (THEIRS.test(name)) delete env[name];
    return;
  }
  if ((env.LANGSMITH_API_KEY ?? '') === '')
    throw invalid('CACO_TRACING=langsmith has no LANGSMITH_API_KEY', 'Set the key, or CACO_TRACING=off.');
  env.LANGSMITH_TRACING = 'true';
  for (const name of ['LANGSMITH_HIDE_INPUTS', 'LANGSMITH_HIDE_OUTPUTS'])
    if (settings.tracingContents) delete env[name];
    else env[name] = 'true';
};
