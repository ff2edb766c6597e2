import { join } from 'node:path';
import { everyTool, TOOL_NAMES, type ToolAnswer, type ToolInput, type ToolName, toolNamed } from './catalogue.js';
import { systemNow } from './clock.js';
import type { Config, Setting as ConfigLine } from './config.js';
import type { ChatAnswer, ChatBy } from './copilot/copilot.js';
import type { Summary, SummaryBy } from './copilot/summary.js';
import type { Actor } from './domain/decision.js';
import { Fault, notFound } from './domain/fault.js';
import type { FlexibilityEvent } from './domain/flexibility/event.js';
import { meteredFleet } from './domain/metered.js';
import type { Operation, Tick } from './domain/operation.js';
import { noteOf } from './domain/provenance.js';
import type { Instant } from './domain/time.js';
import { traced, tracedAt } from './domain/trace.js';
import { watchedFleet } from './domain/watched.js';
import type { Clock, World } from './domain/world.js';
import type { AgentName, AskedBy } from './graph/agents.js';
import type { KeptStep } from './graph/keep-events.js';
import type { Operating } from './graph/operate.js';
import type { By, LaunchInput, Orchestrator } from './graph/orchestrator.js';
import type { Pruning, WhatWent } from './graph/prune.js';
import type { SettledTogether } from './graph/settle-together.js';
import type { Tended } from './graph/tend-events.js';
import {
  clockOf,
  countersOfDaemon,
  described,
  fleetOf,
  gridOf,
  jobForecasterOf,
  methodOf,
  provenanceOf,
} from './ports.js';
import { simulatedMeter } from './sim/meter.js';
import { openRoles, type RoleBook } from './store/roles.js';
import { type OpenStore, openStore } from './store/store.js';
import { openTokens, type TokenBook } from './store/tokens.js';
import { usageOnDemand } from './tools/forecaster/usage/on-demand.js';
import type { OpenedGrid } from './tools/grid/sources/sources.js';
import { openChain } from './tools/kwhsave/chains/chains.js';
import { keepSigning, openLedger } from './tools/ledger/open-ledger.js';
import type { SigningLedger } from './tools/ledger/store-ledger.js';
import { METER_ADAPTERS } from './tools/meter/meters/meters.js';
import { openTracker } from './tools/tickets/trackers.js';
import { callTool, type Progress, type Tool } from './tools/tool.js';
import { openTracing, type Spans } from './tracing/tracing.js';

export type { ToolAnswer, ToolInput, ToolName } from './catalogue.js';
export type { Config, Setting } from './config.js';
export type { ChatAnswer, ChatBy, ChatEvent } from './copilot/copilot.js';
export type { Summary, SummaryBy } from './copilot/summary.js';
export type { Operation, Tick } from './domain/operation.js';
export type { AgentName, AskedBy } from './graph/agents.js';
export type { KeptStep } from './graph/keep-events.js';
export type { Answered, By, LaunchInput, Orchestrator, RunEvent } from './graph/orchestrator.js';
export type { Archive, WhatWent } from './graph/prune.js';
export type { RoleBook } from './store/roles.js';
export type { Token, TokenBook, TokenScope } from './store/tokens.js';
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
  readonly settings: readonly ConfigLine[];
  readonly world: World;
  /** Every tool, the graph's compositions included. Loads all rooms. */
  tools(): Promise<readonly Tool[]>;
  /** undefined: there is none of that name. Loads its room only. */
  tool(name: string): Promise<Tool | undefined>;
  /** Where steps are told; null: nobody traces. */
  readonly tracing: Spans | null;
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
  agent(name: AgentName, command: unknown, by: AskedBy): Promise<Record<string, unknown>>;
  /** The published planning command as what a run is started with; throws Fault `invalid-input`. */
  launchOf(command: unknown): Promise<Omit<LaunchInput, 'approval'>>;
  chat(message: string, threadId: string | undefined, by: ChatBy): Promise<ChatAnswer>;
  /** Loads what the first run or question would otherwise wait for; for programs that stay. */
  prepare(): Promise<void>;
  /** The week of everybody or of one team, with the leaderboard; `week` is an ISO week such as 2026-W47. */
  summary(input: { team?: string | undefined; week?: string | undefined }, by: SummaryBy): Promise<Summary>;
  /** Goes on planning what comes until it is ended; see graph/operate.ts. */
  operate(
    asked: Operating,
    by: By,
    onTick: (tick: Tick) => Promise<void> | void,
    onAway?: (trouble: Fault) => void,
  ): Promise<Operation>;
  /** A flexibility event from its arrival to a promise or a no; see graph/respond.ts. */
  respond(asked: unknown, by: By): Promise<FlexibilityEvent>;
  /** Settles flexibility events in a run of their own, each once; see graph/settle-together.ts. */
  settle(events: readonly unknown[], by: By): Promise<SettledTogether>;
  /** Those that are not decided: to be responded to again. */
  openEvents(): Promise<FlexibilityEvent[]>;
  /** One look at all that events wait for; see graph/tend-events.ts. */
  tendEvents(by: By): Promise<Tended>;
  cancelEvent(id: string, why: string, by: By): Promise<FlexibilityEvent>;
  /** Keeps what is promised by the work that runs, every ten seconds; see graph/keep-events.ts. */
  keepEvents(by: By, asked: { until?: Instant | undefined; onStep: (step: KeptStep) => void }): Promise<void>;
  /** Forgets plans, workloads and runs that are long over; see graph/prune.ts. A person’s deed. */
  prune(asked: Omit<Pruning, 'actor'>, actor: Actor): Promise<WhatWent>;
  close(): Promise<void>;
}

/** Steps that only the graph takes, and what a caller does instead. */
const RESERVED: Readonly<Record<string, string>> = {
  record_decision: 'A decision is what governance finds: request_approval puts a plan before a person, who answers.',
  open_approval: 'request_approval puts a plan before a person.',
  answer_approval: 'A person answers under their own name: `caco approve ID`, or POST /approvals/ID with their token.',
  place_jobs: 'execute_plan carries out a plan with the decision on it.',
};

/** Why a name is no tool of the doors. */
const notOffered = (name: string) => {
  const way = RESERVED[name];
  return way === undefined
    ? notFound(`there is no tool ${name}`, `There are: ${[...TOOL_NAMES].sort().join(', ')}.`)
    : new Fault('forbidden', `${name} is a step of the program’s own and no door offers it`, way);
};

const idle = new AbortController().signal;

/** Opens the world that the settings describe. Throws Fault for a scenario, signal file or store that cannot be opened. */
export const openApp = async (config: Config, settings: readonly ConfigLine[] = []): Promise<App> => {
  const tracing = await openTracing(config, (error) =>
    process.emitWarning(`traces were not sent: ${(error as Error).message}`),
  );
  const place = described(config);
  const { setting } = place;
  let clock: Clock;
  const database = config.databaseUrl ?? join(config.home, 'caco.db');
  const store = await openStore(database);
  try {
    const opened = await gridOf(config, place, { now: () => clock.now() }, store);
    const { grid, live, covers } = opened;
    const adapter = fleetOf(config, place);
    clock = await clockOf(config, setting, { live: live || adapter.live, covers }, store);
    const meter = await METER_ADAPTERS[config.meter].open(config, {
      ...{ store, clock, present: systemNow },
      daemon: countersOfDaemon,
      simulated: () => simulatedMeter(clock),
    });
    const jobForecaster = await jobForecasterOf(config);
    const own = await adapter.open(config.observe ? { ...config, dryRun: true } : config, {
      store,
      clock,
      sites: setting.sites,
      jobForecaster,
    });
    const metered = meteredFleet(own, meter, config.meterWallRatio);
    const fleet = config.observe ? watchedFleet(metered) : metered;
    // The client of a model is loaded only where one is configured.
    const model = config.model === 'none' ? null : (await import('./model/model.js')).openModel(config);
    const ledger = openLedger({ store, home: config.home, now: clock.now });
    const provenance = provenanceOf(config, place, opened, adapter);
    const world: World = {
      clock,
      store,
      fleet,
      meter,
      model,
      grid,
      tickets: await openTracker(config, clock.now, systemNow),
      ledger,
      jobForecaster,
      usageForecaster: usageOnDemand,
      chain: openChain(config, { store, now: clock.now }),
      method: methodOf(config),
      setting: { ...setting, dataNote: noteOf(provenance, 'queue') },
      provenance,
    };
    return assemble(config, settings, world, ledger, store, opened, tracing);
  } catch (error) {
    await store.close();
    throw error;
  }
};

/** What can be done about flexibility events; their rooms are loaded where one comes. */
const eventsOf = (
  world: World,
  graph: () => Promise<Orchestrator>,
  seen: <R>(work: () => R) => R,
): Pick<App, 'respond' | 'settle' | 'openEvents' | 'tendEvents' | 'keepEvents' | 'cancelEvent'> => ({
  respond: (asked, by) =>
    seen(async () => {
      const { askedOf, respond } = await import('./graph/respond.js');
      return respond({ world, orchestrator: await graph(), by }, askedOf(asked));
    }),
  settle: (events, by) =>
    seen(async () =>
      (await import('./graph/settle-together.js')).settleTogether({ world, orchestrator: await graph() }, events, by),
    ),
  openEvents: async () => (await import('./graph/respond.js')).openEvents(world),
  cancelEvent: (id, why, by) =>
    seen(async () =>
      (await import('./graph/respond.js')).cancelEvent({ world, orchestrator: await graph(), by }, id, why),
    ),
  tendEvents: (by) =>
    seen(async () => (await import('./graph/tend-events.js')).tendEvents({ world, orchestrator: await graph(), by })),
  keepEvents: (by, asked) =>
    seen(async () =>
      (await import('./graph/keep-events.js')).keepEvents({ world, orchestrator: await graph(), by }, asked),
    ),
});

const assemble = (
  config: Config,
  settings: readonly ConfigLine[],
  world: World,
  ledger: SigningLedger,
  store: OpenStore,
  opened: Pick<OpenedGrid, 'close'>,
  tracing: Spans | null,
): App => {
  const seen = <R>(work: () => R): R => tracedAt(tracing, work);
  // What was journalled is signed every few seconds and once more at the end.
  const stopSigning = keepSigning(ledger, {
    everySeconds: 10,
    onTrouble: (error) => process.emitWarning(`the ledger was not signed: ${(error as Error).message}`),
  });
  // LangGraph takes a while to load, so it comes with the first run, not with the first answer.
  let course: Promise<Orchestrator> | undefined;
  const graph = () => {
    course ??= (async () => {
      const [{ buildGraph }, { openOrchestrator }, saver] = await Promise.all([
        import('./graph/graph.js'),
        import('./graph/orchestrator.js'),
        store.saver(),
      ]);
      return openOrchestrator(world, buildGraph(world, saver), saver);
    })();
    return course;
  };
  let agents: Promise<typeof import('./graph/agents.js')> | undefined;
  const agentsRoom = () => {
    agents ??= import('./graph/agents.js');
    return agents;
  };

  return {
    config,
    settings,
    world,
    tracing,
    tools: everyTool,
    tool: toolNamed,
    tokens: openTokens(world.store, systemNow),
    roles: openRoles(world.store),
    ledger,
    orchestrator: {
      launch: (input, by) => seen(async () => (await graph()).launch(input, by)),
      resume: (runId, by) => seen(async () => (await graph()).resume(runId, by)),
      answer: (input, by) => seen(async () => (await graph()).answer(input, by)),
      withdraw: (runId, by) => seen(async () => (await graph()).withdraw(runId, by)),
      settle: (events, by) => seen(async () => (await graph()).settle(events, by)),
    },
    // The tool that the name stands for answers with its own type.
    call: (async (name: string, input: unknown, by: CallBy): Promise<unknown> => {
      const tool = await toolNamed(name);
      if (!tool) throw notOffered(name);
      return seen(() =>
        callTool(tool, input, world, {
          actor: by.actor,
          cause: by.cause ?? null,
          signal: by.signal ?? idle,
          progress: by.progress ?? (() => {}),
          decisionId: by.decisionId,
          idempotencyKey: by.idempotencyKey,
        }),
      );
    }) as App['call'],
    async agent(name, command, by) {
      const asksOthers = name === 'coordination' && (config.computeAgent ?? config.gridAgent) !== undefined;
      const peers = asksOthers ? (await import('./peers/peers.js')).peersOf(config) : null;
      const room = await agentsRoom();
      return seen(() => room.agent(world, name, command, { ...by, peers }));
    },
    launchOf: async (command) => {
      const { launchOf, parseCommand, requireOwn } = await agentsRoom();
      requireOwn(config.computeAgent ?? config.gridAgent);
      return launchOf(world, parseCommand('run_caco_planning', command));
    },
    prepare: async () => void (await Promise.all([import('./copilot/copilot.js'), graph()])),
    async chat(message, threadId, by) {
      const { chat } = await import('./copilot/copilot.js');
      const about = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'copilot' };
      return seen(() =>
        traced('invoke_agent copilot', about, async (step) => {
          const answer = await chat(world, message, threadId, by);
          step.set({ 'caco.used_model': answer.usedModel });
          step.contents(() => ({ 'caco.question': message, 'caco.answer': answer.answer }));
          return answer;
        }),
      );
    },
    operate: (asked, by, ...heard) =>
      seen(async () => (await import('./graph/operate.js')).operate(world, await graph(), asked, by, ...heard)),
    ...eventsOf(world, graph, seen),
    prune: async (asked, { id, via }) =>
      (await import('./graph/prune.js')).prune(world, { ...asked, actor: `${via}:${id}` }),
    summary: (input, by) => seen(async () => (await import('./copilot/summary.js')).summary(world, input, by)),
    async close() {
      opened.close();
      await stopSigning();
      await tracing?.close();
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
