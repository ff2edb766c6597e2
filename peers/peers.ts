/**
 * Other compute and grid agents, asked over A2A in place of our own jobs and signals when coordination plans. Everything is asked
 * before anything is computed with it, and an agent that fails is named: a plan on half of the facts would pass for a whole one.
 */
import { ForecastAnswer, type Peers, WaitingAnswer } from '../domain/agents.js';
import { Fault } from '../domain/fault.js';
import type { Job } from '../domain/job.js';
import type { World } from '../domain/world.js';
import { type AgentAt, askAgent } from './agent.js';
import { agentGrid } from './grid.js';

/** The settings that name other agents. */
export interface PeerSettings {
  readonly computeAgent?: string | undefined;
  readonly computeAgentToken?: string | undefined;
  readonly gridAgent?: string | undefined;
  readonly gridAgentToken?: string | undefined;
  readonly agentTimeoutS: number;
  readonly a2aOrigins: readonly string[];
}

const JOBS_PER_PAGE = 2000;

async function* paged(jobs: readonly Job[]): AsyncGenerator<Job[]> {
  for (let i = 0; i < jobs.length; i += JOBS_PER_PAGE) yield jobs.slice(i, i + JOBS_PER_PAGE);
}

const hostOf = (url: string): string => new URL(url).host;

/** null where none is configured. */
export const peersOf = (settings: PeerSettings): Peers | null => {
  const { computeAgent, gridAgent, agentTimeoutS: timeoutS, a2aOrigins: origins } = settings;
  if (computeAgent === undefined && gridAgent === undefined) return null;
  const at = (who: string, url: string, token: string | undefined): AgentAt => ({ who, url, token, timeoutS, origins });

  const withJobs = async (own: World, url: string, from: string, hours: number, signal: AbortSignal) => {
    const compute = at('the compute agent', url, settings.computeAgentToken);
    const command = { command: 'get_waiting_jobs', from, horizon_hours: hours };
    const { sites, jobs } = await askAgent(compute, command, WaitingAnswer, signal);
    const ids = new Set(jobs.map(({ id }) => id));
    if (ids.size < jobs.length)
      throw new Fault(
        'unavailable',
        `the compute agent at ${hostOf(url)} names ${jobs.length - ids.size} jobs twice`,
        'Look at that agent.',
      );
    return { ...own.fleet, sites: async () => sites, waiting: () => paged(jobs) };
  };

  return {
    jobs: computeAgent !== undefined,
    async world(own, asked, signal) {
      const from = asked.from ?? own.clock.now();
      const fleet =
        computeAgent === undefined ? own.fleet : await withJobs(own, computeAgent, from, asked.horizon_hours, signal);
      if (gridAgent === undefined) return { ...own, fleet };
      const agent = at('the grid agent', gridAgent, settings.gridAgentToken);
      const regions = async () => [...new Set((await fleet.sites()).map((site) => site.region))];
      const grid = agentGrid(`the grid agent at ${hostOf(gridAgent)}`, regions, (region, { start, end }) =>
        askAgent(agent, { command: 'get_grid_forecast', from: start, to: end, region }, ForecastAnswer, signal),
      );
      return { ...own, fleet, grid };
    },
  };
};
