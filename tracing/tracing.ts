/** Whether what goes on is told to somebody's tracing, and to whose: nobody's, until a setting says so. */
import { readFileSync } from 'node:fs';
import { setLangSmith, type TracingSettings } from './langsmith.js';
import type { Spans } from './otlp.js';

export type { RequestSpan, Spans } from './otlp.js';

const versionOf = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/**
 * Sets LangChain's own switches in `env`, and opens spans where OpenTelemetry is asked for; null: it is not. Throws Fault `invalid-input`
 * for what is asked for and cannot be. `onTrouble` hears once of each time that the collector is away.
 */
export const openTracing = async (
  settings: TracingSettings,
  onTrouble: (error: unknown) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Spans | null> => {
  await setLangSmith(settings, env);
  if (settings.tracing !== 'otel') return null;
  const { endpointAsked, spansTo } = await import('./otlp.js');
  const url = endpointAsked(env);
  if (url === undefined) return null;
  return spansTo({ url, env, version: versionOf(), contents: settings.tracingContents, onTrouble });
};

/** Spans of requests alone, as the standard variables ask for them; null: they do not. */
export const requestSpans = async (
  env: NodeJS.ProcessEnv,
  version: string,
  onTrouble: (error: unknown) => void,
): Promise<Spans | null> => {
  const { endpointOf, spansTo } = await import('./otlp.js');
  const url = endpointOf(env);
  return url === undefined ? null : spansTo({ url, env, version, contents: false, onTrouble });
};
