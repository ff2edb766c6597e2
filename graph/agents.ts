/**
 * The three agents of the published payloads: one JSON command in, one JSON answer out, in snake_case. This is the only
 * place that translates their spelling.
 */
import { z } from 'zod';
import { Fault } from '../domain/fault.js';
import { newestIngested } from '../domain/job.js';
import { PLACEMENTS, RECOMMENDATIONS } from '../domain/plan.js';
import { Instant } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { gatherJobs, getFlexibility, ingestJobs } from '../tools/fleet/fleet.js';
import { getGridForecast } from '../tools/grid/grid.js';
import { makePlan } from '../tools/optimizer/optimizer.js';
import { callTool, type Tool } from '../tools/tool.js';
import { noPlan } from './nodes/coordination.js';
import type { By } from './orchestrator.js';

export const AGENTS = ['compute', 'grid', 'coordination'] as const;
export type AgentName = (typeof AGENTS)[number];

const forecastCommand = z.strictObject({
  command: z.literal('get_grid_forecast'),
  from: Instant,
  to: Instant,
  region: z.string(),
});
const ingestCommand = z.strictObject({ command: z.literal('ingest_jobs'), jobs: z.array(z.unknown()) });
const flexibilityCommand = z.strictObject({
  command: z.literal('get_flexibility_profile'),
  from: Instant,
  to: Instant,
  cluster_id: z.string(),
});
const planningCommand = z.strictObject({
  command: z.literal('run_caco_planning'),
  horizon_hours: z.number().positive(),
  region: z.string().optional(),
  cluster_id: z.string().optional(),
  from: Instant.optional(),
  optimization: z
    .strictObject({
      carbon_penalty_weight: z.number().min(0).optional(),
      sla_penalty_weight: z.number().min(0).optional(),
      max_power_kw: z.number().positive().optional(),
    })
    .default({}),
});

const COMMANDS: Record<AgentName, string[]> = {
  grid: ['get_grid_forecast'],
  compute: ['ingest_jobs', 'get_flexibility_profile'],
  coordination: ['run_caco_planning'],
};

/** `energyKwh` → `energy_kwh`, through lists and objects. */
const snake = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(snake);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), snake(inner)]),
  );
};

export const agent = async (
  world: World,
  name: AgentName,
  command: unknown,
  by: By,
): Promise<Record<string, unknown>> => {
  const said = (command as { command?: unknown } | null)?.command;
  const label = typeof said === 'string' ? said : null;
  try {
    if (label === null || !COMMANDS[name].includes(label))
      throw new Fault(
        'invalid-input',
        said === undefined
          ? 'this line names no command'
          : `the ${name} agent has no command ${JSON.stringify(said).slice(0, 80)}`,
        `Send an object with the member command; the ${name} agent answers ${COMMANDS[name].join(' and ')}.`,
      );
    return { ok: true, command: label, ...((await answer(world, label, command, by)) as object) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, ...(label === null ? {} : { command: label }), error: error.toJSON() };
  }
};

const parse = <S extends z.ZodType>(schema: S, command: unknown): z.output<S> => {
  const parsed = schema.safeParse(command);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => `${i.path.join('.') || '(command)'}: ${i.message}`);
  throw new Fault('invalid-input', problems.join('; '), 'Mend the named members; docs/agents.md shows each command.');
};

const answer = async (world: World, command: string, raw: unknown, by: By): Promise<unknown> => {
  const call = <I extends z.ZodType, O extends z.ZodType>(tool: Tool<I, O>, input: z.input<I>) =>
    callTool(tool, input, world, {
      actor: by.actor,
      cause: null,
      signal: by.signal ?? new AbortController().signal,
      progress: () => {},
    });
  switch (command) {
    case 'get_grid_forecast': {
      const { from, to, region } = parse(forecastCommand, raw);
      const forecast = await call(getGridForecast, { region, from, to });
      const { points, source, generatedAt, kind } = forecast;
      return snake({ region, source, kind, generatedAt, points });
    }
    case 'ingest_jobs': {
      const { jobs } = parse(ingestCommand, raw);
      const { workloadId, accepted, rejected, assumed } = await call(ingestJobs, { jobs });
      return snake({ workloadId, accepted, rejected, assumed });
    }
    case 'get_flexibility_profile': {
      const { from, to, cluster_id } = parse(flexibilityCommand, raw);
      const { slots } = await call(getFlexibility, { from, to, clusterId: cluster_id });
      return snake({ slots });
    }
    default:
      return plan(world, parse(planningCommand, raw), call);
  }
};

/** What was ingested last is planned; without it, the scenario's queue. */
const plan = async (
  world: World,
  command: z.output<typeof planningCommand>,
  call: <I extends z.ZodType, O extends z.ZodType>(tool: Tool<I, O>, input: z.input<I>) => Promise<z.output<O>>,
) => {
  const from = command.from ?? world.clock.now();
  const horizonHours = command.horizon_hours;
  const ingested = await newestIngested(world.store);
  const { workloadId } = await call(gatherJobs, {
    ...(ingested ? { workloadId: ingested.id } : {}),
    from,
    horizonHours,
  });
  const weights = command.optimization;
  const {
    plan: made,
    conflict,
    offers,
  } = await call(makePlan, {
    workloadId,
    from,
    horizonHours,
    ...(command.region === undefined ? {} : { region: command.region }),
    ...(command.cluster_id === undefined ? {} : { clusterId: command.cluster_id }),
    ...(weights.carbon_penalty_weight === undefined
      ? {}
      : { carbonPricePerTonne: weights.carbon_penalty_weight * world.method.carbonPricePerTonne }),
    ...(weights.sla_penalty_weight === undefined ? {} : { tardinessWeight: weights.sla_penalty_weight }),
    ...(weights.max_power_kw === undefined ? {} : { maxPowerKw: weights.max_power_kw }),
  });
  if (made === null) throw noPlan(conflict);
  const schedule: { jobId: string; region: string; start: string; end: string }[] = [];
  for await (const page of world.store.rows(PLACEMENTS).pages(made.id))
    for (const { jobId, region, start, end } of page) schedule.push({ jobId, region, start, end });
  const recommendations = await world.store.rows(RECOMMENDATIONS).count(made.id);
  const { baseline, planned, savings, gap } = made;
  return snake({ planId: made.id, schedule, recommendations, baseline, plan: planned, savings, gap, offers });
};
