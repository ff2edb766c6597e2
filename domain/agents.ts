/**
 * The published payloads of the three agents: one JSON command in, one JSON answer out, in snake_case. Whoever speaks to an agent,
 * and whoever stands behind one, reads them by the same schemas.
 */
import { z } from 'zod';
import { Job } from './job.js';
import { CarbonKind } from './signal.js';
import { Site } from './site.js';
import { Instant } from './time.js';
import { Currency } from './units.js';
import type { World } from './world.js';

export const AGENTS = ['compute', 'grid', 'coordination'] as const;
export type AgentName = (typeof AGENTS)[number];

/** What an agent is asked, by the command's name. */
export const COMMANDS = {
  get_grid_forecast: z.strictObject({
    command: z.literal('get_grid_forecast'),
    from: Instant,
    to: Instant,
    region: z.string(),
  }),
  ingest_jobs: z.strictObject({ command: z.literal('ingest_jobs'), jobs: z.array(z.unknown()) }),
  get_flexibility_profile: z.strictObject({
    command: z.literal('get_flexibility_profile'),
    from: Instant,
    to: Instant,
    cluster_id: z.string(),
  }),
  get_waiting_jobs: z.strictObject({
    command: z.literal('get_waiting_jobs'),
    from: Instant,
    horizon_hours: z.number().positive().max(840),
  }),
  run_caco_planning: z.strictObject({
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
  }),
  get_plan: z.strictObject({ command: z.literal('get_plan'), plan_id: z.string().min(1) }),
} as const;
export type CommandName = keyof typeof COMMANDS;
export type PlanningCommand = z.output<typeof COMMANDS.run_caco_planning>;

/** Which commands an agent knows. */
export const COMMANDS_OF: Readonly<Record<AgentName, readonly CommandName[]>> = {
  grid: ['get_grid_forecast'],
  compute: ['ingest_jobs', 'get_flexibility_profile', 'get_waiting_jobs'],
  coordination: ['run_caco_planning', 'get_plan'],
};

/** Commands that only look begin so; the others record or act. */
export const onlyLooks = (command: string): boolean => command.startsWith('get_');

/** Names that somebody chose stand below it: they are no members of ours and keep their spelling. */
const VERBATIM = new Set(['instancePricesPerHour', 'instance_prices_per_hour']);

const spelled =
  (rename: (key: string) => string) =>
  (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(spelled(rename));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [rename(key), VERBATIM.has(key) ? inner : spelled(rename)(inner)]),
    );
  };

/** `energyKwh` → `energy_kwh`, through lists and objects. */
export const snake = spelled((key) => key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`));
/** `energy_kwh` → `energyKwh`, through lists and objects. */
export const camel = spelled((key) => key.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()));

/** Answer of `get_grid_forecast`. Members that an agent adds of its own are passed over. */
export const ForecastAnswer = z.object({
  region: z.string(),
  source: z.string().max(2000),
  kind: CarbonKind,
  generated_at: Instant,
  step_minutes: z.number().int().positive().optional(),
  points: z
    .array(
      z.object({
        start: Instant,
        intensity_g_per_kwh: z.number().nullable(),
        low: z.number().nullable(),
        high: z.number().nullable(),
        price_per_mwh: z.number().nullable(),
        currency: Currency,
      }),
    )
    .max(100_000),
});
export type ForecastAnswer = z.output<typeof ForecastAnswer>;

/** Answer of `get_waiting_jobs`: jobs in the agents' spelling, and the sites that they may run at. */
export const WaitingAnswer = z.object({
  sites: z.array(z.preprocess(camel, Site)).min(1).max(10_000),
  jobs: z
    .array(
      z.preprocess(
        camel,
        Job.refine(
          ({ durationHours, powerKw }) => durationHours > 0 && (powerKw ?? 0) >= 0,
          'a job runs for some time, and draws no less than nothing',
        ),
      ),
    )
    .max(1_000_000),
});
export type WaitingAnswer = z.output<typeof WaitingAnswer>;

/** Other agents that this program's coordination asks. */
export interface Peers {
  /** The jobs come from another compute agent. */
  readonly jobs: boolean;
  /**
   * The world as they tell it for one planning; everything is asked before it is computed. Throws Fault `unavailable` that names
   * the agent which is down, hangs, breaks off, or answers what cannot be.
   */
  world(own: World, asked: PlanningCommand, signal: AbortSignal): Promise<World>;
}
