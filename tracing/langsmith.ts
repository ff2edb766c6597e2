/** Whether LangChain's packages may send traces: not because of what some environment holds, only where a setting of ours says so. */
import { invalid } from '../domain/fault.js';

export interface TracingSettings {
  readonly tracing: 'off' | 'otel' | 'langsmith';
  /** Prompts, answers, states and what tools are given go with the traces. */
  readonly tracingContents: boolean;
}

/** What is in the environment is LangChain's own way to be asked, and it asks nobody else. */
const THEIRS = /^LANG(SMITH|CHAIN)_/;

/**
 * Sets LangChain's switches in `env`. Unless tracing is `langsmith` all of them are taken away, since a run of the graph would be posted to
 * a stranger's server; then without contents unless the second setting says so. Throws Fault `invalid-input` without a key: the package
 * would send all the same, under none.
 */
export const setLangSmith = async (settings: TracingSettings, env: NodeJS.ProcessEnv): Promise<void> => {
  if (settings.tracing !== 'langsmith') {
    for (const name of Object.keys(env)) if (THEIRS.test(name)) delete env[name];
    return;
  }
  if ((env.LANGSMITH_API_KEY ?? '') === '')
    throw invalid('CACO_TRACING=langsmith has no LANGSMITH_API_KEY', 'Set the key, or CACO_TRACING=off.');
  env.LANGSMITH_TRACING = 'true';
  for (const name of ['LANGSMITH_HIDE_INPUTS', 'LANGSMITH_HIDE_OUTPUTS'])
    if (settings.tracingContents) delete env[name];
    else env[name] = 'true';
  await hideContents(!settings.tracingContents);
};

const HIDDEN = 'hidden: CACO_TRACING_CONTENTS is off';

/**
 * Their variables hide what a step was given and what it answered, and not the words with which it failed, which quote both. Their client
 * is one for the process and reads the variables once, so that it is set here as well.
 */
const hideContents = async (hide: boolean): Promise<void> => {
  const { LangChainTracer } = await import('@langchain/core/tracers/tracer_langchain');
  const { client } = new LangChainTracer();
  Object.assign(client, {
    ...{ hideInputs: hide, hideOutputs: hide },
    anonymizer: hide ? () => ({ error: HIDDEN }) : undefined,
  });
};
