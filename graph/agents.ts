/** The three agents of the published payloads: one JSON command in, one JSON answer out, in snake_case. Doors and other agents reach them here. */
import type { z } from 'zod';
import {
  type AgentName,
  COMMANDS,
  COMMANDS_OF,
  type CommandName,
  type Peers,
  type PlanningCommand,
  snake,
} from '../domain/agents.js';
import { Fault } from '../domain/fault.js';
import { traced } from '../domain/trace.js';
import type { World } from '../domain/world.js';
import { getFlexibility, ingestJobs } from '../tools/fleet/fleet.js';
import { getGridForecast } from '../tools/grid/grid.js';
import { type Call, callTool } from '../tools/tool.js';
import { type CallAs, planAnswer, planned, waitingJobs } from './agent-planning.js';

export type { AgentName } from '../domain/agents.js';
export { launchOf } from './agent-planning.js';

/** Who asks an agent, and with what. */
export interface AskedBy extends Pick<Call, 'actor'> {
  readonly signal?: AbortSignal;
  /** Makes what the command records a deed: with the same key it happens once. */
  readonly key?: string | undefined;
  readonly progress?: Call['progress'] | undefined;
  /** Other agents that stand in for this world's own jobs and signals; null: none is configured. */
  readonly peers?: Peers | null;
}

/** Never throws a Fault: it is told in the answer. */
export const agent = async (
  world: World,
  name: AgentName,
  command: unknown,
  by: AskedBy,
): Promise<Record<string, unknown>> => {
  const said = (command as { command?: unknown } | null)?.command;
  const label = typeof said === 'string' ? said : null;
  const isKnown = label !== null && (COMMANDS_OF[name] as readonly string[]).includes(label);
  const about = {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': name,
    'caco.command': isKnown ? label : null,
  };
  return traced(`invoke_agent ${name}`, about, async (step) => {
    const answer = await told(world, name, label, command, by);
    const { error } = answer as { error?: { code: string } };
    if (error !== undefined) step.failed(error.code);
    return answer;
  });
};

/** `label`: the command's name, where it has one. */
const told = async (
  world: World,
  name: AgentName,
  label: string | null,
  command: unknown,
  by: AskedBy,
): Promise<Record<string, unknown>> => {
  try {
    const said = (command as { command?: unknown } | null)?.command;
    if (label === null || !(COMMANDS_OF[name] as readonly string[]).includes(label))
      throw new Fault(
        'invalid-input',
        said === undefined
          ? 'this line names no command'
          : `the ${name} agent has no command ${JSON.stringify(said).slice(0, 80)}`,
        `Send an object with the member command; the ${name} agent answers ${COMMANDS_OF[name].join(' and ')}.`,
      );
    return { ok: true, command: label, ...((await answer(world, label as CommandName, command, by)) as object) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, ...(label === null ? {} : { command: label }), error: error.toJSON() };
  }
};

/** Throws Fault `invalid-input` that names each wrong member. */
export const parseCommand = <N extends CommandName>(name: N, command: unknown): z.output<(typeof COMMANDS)[N]> => {
  const parsed = COMMANDS[name].safeParse(command);
  if (parsed.success) return parsed.data as z.output<(typeof COMMANDS)[N]>;
  const problems = parsed.error.issues.map((i) => `${i.path.join('.') || '(command)'}: ${i.message}`);
  throw new Fault('invalid-input', problems.join('; '), 'Mend the named members; docs/agents.md shows each command.');
};

const answer = async (world: World, command: CommandName, raw: unknown, by: AskedBy): Promise<unknown> => {
  const signal = by.signal ?? new AbortController().signal;
  const callIn =
    (there: World): CallAs =>
    (tool, input) =>
      callTool(tool, input, there, {
        actor: by.actor,
        cause: null,
        signal,
        progress: by.progress ?? (() => {}),
        idempotencyKey: by.key === undefined ? undefined : `${by.key}/${tool.name}`,
      });
  const call = callIn(world);
  switch (command) {
    case 'get_grid_forecast': {
      const { from, to, region } = parseCommand(command, raw);
      const forecast = await call(getGridForecast, { region, from, to });
      const { points, source, generatedAt, kind, stepMinutes } = forecast;
      return snake({ region, source, kind, generatedAt, stepMinutes, points });
    }
    case 'ingest_jobs': {
      const { jobs } = parseCommand(command, raw);
      const { workloadId, accepted, rejected, assumed } = await call(ingestJobs, { jobs });
      return snake({ workloadId, accepted, rejected, assumed });
    }
    case 'get_flexibility_profile': {
      const { from, to, cluster_id } = parseCommand(command, raw);
      const { slots } = await call(getFlexibility, { from, to, clusterId: cluster_id });
      return snake({ slots });
    }
    case 'get_waiting_jobs': {
      const { from, horizon_hours } = parseCommand(command, raw);
      return waitingJobs(world, from, horizon_hours);
    }
    case 'get_plan':
      return planAnswer(world, parseCommand(command, raw).plan_id);
    case 'run_caco_planning': {
      const asked: PlanningCommand = parseCommand(command, raw);
      const peers = by.peers ?? null;
      if (peers === null) return planned(world, asked, false, call);
      const there = await peers.world(world, asked, signal);
      return planned(there, asked, peers.jobs, callIn(there));
    }
  }
};

/** Throws Fault `unsupported` where jobs or signals are another agent's: what is placed is placed by whoever has the jobs. */
export const requireOwn = (other: string | undefined): void => {
  if (other === undefined) return;
  throw new Fault(
    'unsupported',
    'the jobs or signals that are planned here are another agent’s, and only plans are made of them',
    'Leave approval out, or ask the agent that has the jobs.',
  );
};
