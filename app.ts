/** Which adapter stands behind which port. Start here to understand the program. */
import { join } from 'node:path';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { TOOLS, type ToolAnswer, type ToolInput, type ToolName } from './catalogue.js';
import type { Config, Setting } from './config.js';
import type { ChatAnswer, ChatBy } from './copilot/copilot.js';
import type { Summary, SummaryBy } from './copilot/summary.js';
import type { Actor } from './domain/decision.js';
import { Fault, notFound } from './domain/fault.js';
import { WORKLOADS } from './domain/job.js';
import type { Method } from './domain/method.js';
import type { Store } from './domain/store.js';
import { floorTo, type Instant, instant, plusHours } from './domain/time.js';
import type { Clock, Fleet, Grid, World } from './domain/world.js';
import type { AgentName } from './graph/agents.js';
import type { By, Orchestrator } from './graph/orchestrator.js';
import { simulatedClock } from './sim/clock.js';
import { simulatedFleet } from './sim/fleet.js';
import { simulatedGrid } from './sim/grid.js';
import { loadScenario, type Scenario, settingOf } from './sim/scenario.js';
import { openRoles, type RoleBook } from './store/roles.js';
import { type OpenStore, openStore } from './store/store.js';
import { openTokens, type TokenBook } from './store/tokens.js';
import { FLEETS, type FleetAdapter, type FleetGround } from './tools/fleet/fleet.js';
import { type FileGrid, fileGrid } from './tools/grid/sources/file.js';
import { recordedGrid } from './tools/grid/sources/recorded.js';
import { keepSigning, openLedger, type SigningLedger } from './tools/ledger/ledger.js';
import { openTracker } from './tools/tickets/trackers.js';
import { callTool, type Progress, type Tool } from './tools/tool.js';

export type { ToolAnswer, ToolInput, ToolName } from './catalogue.js';
export type { Config, Setting } from './config.js';
export type { ChatAnswer, ChatBy, ChatEvent } from './copilot/copilot.js';
export type { Summary, SummaryBy } from './copilot/summary.js';
export type { AgentName } from './graph/agents.js';
export type { Answered, By, LaunchInput, Orchestrator, RunEvent } from './graph/orchestrator.js';
export type { RoleBook } from './store/roles.js';
export type { Token, TokenBook, TokenScope } from './store/tokens.js';
export {
  askWitness,
  auditFile,
  openLedger,
  openWitness,
  runWitness,
  type SigningLedger,
  serveWitness,
} from './tools/ledger/ledger.js';
export type { Progress, Tool } from './tools/tool.js';

export interface CallBy {
  readonly actor: Actor;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((step: Progress) => void) | undefined;
  readonly cause?: string | null;
  readonly decisionId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface App {
  readonly config: Config;
  readonly settings: readonly Setting[];
  readonly world: World;
  /** Every tool, graph's compositions included. */
  readonly tools: readonly Tool[];
  readonly orchestrator: Orchestrator;
  readonly tokens: TokenBook;
  /** Whom a policy means when it names somebody. */
  readonly roles: RoleBook;
  /** The world's ledger with what only its owner does: turn keys over, answer a witness. */
  readonly ledger: SigningLedger;
  /**
   * Parses, checks leave, runs, journals. Throws Fault. A tool that is named in the code answers with its own type; a
   * name or an input from outside is checked when it arrives.
   */
  call<N extends ToolName>(name: N, input: ToolInput<N>, by: CallBy): Promise<ToolAnswer<N>>;
  call(name: string, input: unknown, by: CallBy): Promise<unknown>;
  /** One JSON command of the three agents; never throws a Fault. */
  agent(name: AgentName, command: unknown, by: By): Promise<Record<string, unknown>>;
  chat(message: string, threadId: string | undefined, by: ChatBy): Promise<ChatAnswer>;
  /** Loads what the first run or question would otherwise wait for; for programs that stay. */
  prepare(): Promise<void>;
  /** The week of everybody or of one team, with the leaderboard; `week` is an ISO week such as 2026-W47. */
  summary(input: { team?: string | undefined; week?: string | undefined }, by: SummaryBy): Promise<Summary>;
  close(): Promise<void>;
}

const seedOf = (config: Config, scenario: Scenario) => config.seed ?? scenario.seed;

const gridOf = (config: Config, scenario: Scenario, clock: Pick<Clock, 'now'>): Grid | FileGrid => {
  const choice = config.grid ?? scenario.grid;
  if (choice === 'recorded') return recordedGrid({ clock, setting: scenario });
  if (choice === 'sim') return simulatedGrid(scenario, seedOf(config, scenario), clock);
  return fileGrid({ path: choice.slice('file:'.length), column: config.gridColumn, clock, setting: scenario });
};

/** How many workloads back one is looked for that a signal file covers. */
const WORKLOADS_BACK = 20;
const HISTORY_HOURS = 7 * 24;

/**
 * Where a world over a signal file starts when nobody said it: at the first start of the newest workload that the file
 * covers; else at the scenario's instant; and where the file does not hold that, a week into the file.
 */
const startOver = async ({ covers }: FileGrid, scenario: Scenario, store: Store): Promise<Instant> => {
  const within = (at: Instant) => covers.start <= at && at < covers.end;
  for (const { value } of await store.collection(WORKLOADS).list({ limit: WORKLOADS_BACK }))
    if (value.earliestStart !== null && within(value.earliestStart)) return floorTo(value.earliestStart, 60);
  if (within(scenario.start)) return scenario.start;
  const week = plusHours(covers.start, HISTORY_HOURS);
  return within(week) ? week : covers.start;
};

/** Everything that runs here starts at its scenario's instant and jumps; the recorded grid has no present to wait for. */
const clockOf = (config: Config, scenario: Scenario): Clock =>
  simulatedClock(config.now === undefined ? scenario.start : instant(config.now));

/** Those of the room, and the simulated one, which stands in no room of tools. */
const fleetOf = (config: Config, scenario: Scenario, ground: FleetGround): Fleet | Promise<Fleet> => {
  const open: FleetAdapter['open'] = (_, { store, clock }) =>
    simulatedFleet({ scenario, seed: seedOf(config, scenario), clock, store });
  const fleets = { ...FLEETS, sim: { live: false, open } };
  return fleets[config.fleet].open(config, ground);
};

const methodOf = (config: Config): Method => ({
  kwPerVcpu: config.kwPerVcpu,
  kwPerGpu: config.kwPerGpu,
  carbonPricePerTonne: config.carbonPricePerTonne,
  uncertaintyRatio: config.uncertaintyRatio,
  confidence: config.confidence,
  slotMinutes: config.slotMinutes,
  embodiedGPerVcpuHour: config.embodiedGPerVcpuHour,
});

/** Steps that only the graph takes, and what a caller does instead. */
const RESERVED: Readonly<Record<string, string>> = {
  record_decision: 'A decision is what governance finds: request_approval puts a plan before a person, who answers.',
  open_approval: 'request_approval puts a plan before a person.',
  answer_approval: 'A person answers under their own name: `caco approve ID`, or POST /approvals/ID with their token.',
  place_jobs: 'execute_plan carries out a plan with the decision on it.',
};

const idle = new AbortController().signal;

/** Opens the world that the settings describe. Throws Fault for a scenario, signal file or store that cannot be opened. */
export const openApp = async (config: Config, settings: readonly Setting[] = []): Promise<App> => {
  const scenario = loadScenario(config.scenario);
  let clock = clockOf(config, scenario);
  const grid = gridOf(config, scenario, { now: () => clock.now() });
  const database = config.databaseUrl ?? join(config.home, 'caco.db');
  const store = await openStore(database);
  try {
    if (config.now === undefined && 'covers' in grid) clock = simulatedClock(await startOver(grid, scenario, store));
    const fleet = await fleetOf(config, scenario, { store, clock, sites: scenario.sites });
    // The client of a model is loaded only where one is configured.
    const model = config.model === 'none' ? null : (await import('./model/model.js')).openModel(config);
    const ledger = openLedger({ store, home: config.home, now: clock.now });
    const world: World = {
      clock,
      store,
      fleet,
      model,
      grid,
      tickets: openTracker(config, clock.now),
      ledger,
      method: methodOf(config),
      setting: settingOf(scenario, seedOf(config, scenario)),
    };
    return assemble(config, settings, world, ledger, store);
  } catch (error) {
    await store.close();
    throw error;
  }
};

const assemble = (
  config: Config,
  settings: readonly Setting[],
  world: World,
  ledger: SigningLedger,
  store: OpenStore,
): App => {
  // What was journalled is signed every few seconds and once more at the end.
  const stopSigning = keepSigning(ledger, {
    everySeconds: 10,
    onTrouble: (error) => process.emitWarning(`the ledger was not signed: ${(error as Error).message}`),
  });
  // LangGraph takes a while to load, so it comes with the first run, not with the first answer.
  let opened: Promise<{ orchestrator: Orchestrator; saver: BaseCheckpointSaver }> | undefined;
  const graph = () => {
    opened ??= (async () => {
      const [{ buildGraph }, { openOrchestrator }, saver] = await Promise.all([
        import('./graph/graph.js'),
        import('./graph/orchestrator.js'),
        store.saver(),
      ]);
      return { orchestrator: openOrchestrator(world, buildGraph(world, saver)), saver };
    })();
    return opened;
  };
  const tools: readonly Tool[] = TOOLS;
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const notOffered = (name: string) => {
    const way = RESERVED[name];
    return way === undefined
      ? notFound(`there is no tool ${name}`, `There are: ${[...byName.keys()].sort().join(', ')}.`)
      : new Fault('forbidden', `${name} is a step of the program’s own and no door offers it`, way);
  };

  return {
    config,
    settings,
    world,
    tools,
    tokens: openTokens(world.store),
    roles: openRoles(world.store),
    ledger,
    orchestrator: {
      launch: async (input, by) => (await graph()).orchestrator.launch(input, by),
      resume: async (runId, by) => (await graph()).orchestrator.resume(runId, by),
      answer: async (input, by) => (await graph()).orchestrator.answer(input, by),
    },
    // `byName` gives the tool whose type the name stands for.
    call: (async (name: string, input: unknown, by: CallBy): Promise<unknown> => {
      const tool = byName.get(name);
      if (!tool) throw notOffered(name);
      return callTool(tool, input, world, {
        actor: by.actor,
        cause: by.cause ?? null,
        signal: by.signal ?? idle,
        progress: by.progress ?? (() => {}),
        decisionId: by.decisionId,
        idempotencyKey: by.idempotencyKey,
      });
    }) as App['call'],
    agent: async (name, command, by) => (await import('./graph/agents.js')).agent(world, name, command, by),
    prepare: async () => void (await Promise.all([import('./copilot/copilot.js'), graph()])),
    async chat(message, threadId, by) {
      const [{ chat }, { saver }] = await Promise.all([import('./copilot/copilot.js'), graph()]);
      return chat(world, tools, message, threadId, by, saver);
    },
    summary: async (input, by) => (await import('./copilot/summary.js')).summary(world, tools, input, by),
    async close() {
      await stopSigning();
      await store.close();
    },
  };
};

/** What `doctor` asks: whether an exact solver is installed. */
export const solverIsHere = async (name: 'glpk' | 'highs'): Promise<boolean> => {
  const { loadSolver } = await import('./tools/optimizer/optimizer.js');
  return (await loadSolver(name)) !== null;
};

/** What `doctor` asks: whether the model's server runs and holds the model. Asks within three seconds. */
export const modelHealth = async (config: Config) => (await import('./model/model.js')).modelHealth(config);
