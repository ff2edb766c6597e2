/**
 * The graph for LangGraph's own tools (`langgraph.json`): a simulated world in a home of its own. Their server has no authentication and a
 * state that can be written, so that nothing real stands behind it; and a run that it starts gets the row that a run of ours has.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, openApp } from './app.js';
import { readConfig } from './config.js';
import { Fault } from './domain/fault.js';
import { RUNS, type Run } from './domain/run.js';
import { buildGraph, type Graph } from './graph/graph.js';

/** Lies in a home that was made here, and in no other. */
const MARK = 'studio-home';
const HORIZON_HOURS = 24;

/**
 * Throws Fault `forbidden` for a home that somebody else made, and for settings that reach what is real: whoever opens the page that
 * drives the server could write its state.
 */
export const openStudio = async (env: NodeJS.ProcessEnv = process.env, folder = process.cwd()): Promise<App> => {
  const home = env.CACO_STUDIO_HOME ?? join(folder, 'out', 'studio');
  if (existsSync(join(home, 'caco.db')) && !existsSync(join(home, MARK)))
    throw new Fault(
      'forbidden',
      `${home} holds data that were not made by LangGraph's tools, and anybody who reaches their server could write it`,
      'Leave CACO_STUDIO_HOME out, or name an empty folder.',
    );
  const only = { home, databaseUrl: undefined, fleet: 'sim', simulate: 'all', tickets: 'files', model: 'none' };
  const { config, settings } = readConfig(only, { HOME: env.HOME, CACO_SCENARIO: env.CACO_SCENARIO }, home);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, MARK), 'A simulated world for LangGraph’s own tools.\n');
  return openApp(config, settings);
};

/** Without it the last step, which writes the story into the run, would fail. The way of judging is the stricter one. */
export const rowFor = async ({ world }: App, threadId: string): Promise<void> => {
  const runs = world.store.collection(RUNS);
  if ((await runs.get(threadId)) !== undefined) return;
  const { clock, setting } = world;
  const run: Run = {
    ...{ id: threadId, kind: 'plan', status: 'running', scenario: setting.name, seed: setting.seed },
    ...{ from: clock.now(), request: {}, horizonHours: HORIZON_HOURS, approvalMode: 'ask' },
    ...{ workloadId: null, planId: null, approvalId: null, decisionId: null, story: null, error: null },
    ...{ startedBy: 'langgraph', startedAt: clock.now(), finishedAt: null },
  };
  await runs.insert(threadId, run).catch((error: unknown) => {
    if (!(error instanceof Fault && error.code === 'conflict')) throw error;
  });
};

let opened: Promise<App> | undefined;

/** Called for each run of a thread. No checkpointer: the server brings its own. */
export const caco = async (config: { configurable?: Record<string, unknown> }): Promise<Graph> => {
  opened ??= openStudio();
  const app = await opened;
  const { thread_id: threadId } = config.configurable ?? {};
  if (typeof threadId === 'string') await rowFor(app, threadId);
  return buildGraph(app.world, null);
};
