/** The tool that says what runs and starts by a plan within a stretch of time. */
import { z } from 'zod';
import { notFound } from '../../domain/fault.js';
import { JOBS } from '../../domain/job.js';
import { PLACEMENTS, PLANS, type Placement, type Plan } from '../../domain/plan.js';
import { Instant, plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';

const Piece = z.strictObject({
  jobId: z.string(),
  start: Instant,
  end: Instant,
  energyKwh: z.number().describe('of this piece'),
});

export const showSchedule = defineTool({
  name: 'show_schedule',
  title: 'Show the schedule',
  description:
    'How many jobs of a plan run in a stretch of time and how many start in it, and those that take the most energy; of one team when it is named.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject({
    planId: z.string().min(1).describe('id of the plan'),
    from: Instant.describe('start of the stretch'),
    to: Instant.describe('its end; the same as from asks about a moment, and about starts in the hour from then'),
    team: z.string().optional().describe('jobs of this team only'),
    limit: z.number().int().min(0).max(100).default(8).describe('at most this many pieces'),
  }),
  output: z.strictObject({
    jobs: z.number().int().describe('jobs that run in the stretch'),
    starting: z.number().int().describe('jobs whose first piece begins in it'),
    largest: z.array(Piece).describe('the first piece of a job in the stretch, the most energy first'),
  }),
  run: async ({ planId, from, to, team, limit }, world) => {
    const plan = (await world.store.collection(PLANS).get(planId))?.value;
    if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists runs with their plans.');
    return within(world, plan, { from, to, team, limit });
  },
  tell: (o) => `${o.jobs} jobs run then and ${o.starting} start.`,
});

interface Asked {
  readonly from: Instant;
  readonly to: Instant;
  readonly team: string | undefined;
  readonly limit: number;
}

/** Pieces lie in the order of their jobs, so one job's follow each other. */
const within = async ({ store }: World, plan: Plan, { from, to, team, limit }: Asked) => {
  const moment = from === to;
  const begins = moment ? plusHours(from, 1) : to;
  const ofTeam = team === undefined ? undefined : new Set<string>();
  if (ofTeam)
    for await (const page of store.rows(JOBS).pages(plan.workloadId))
      for (const job of page) if (job.team === team) ofTeam.add(job.id);
  const found = { jobs: 0, starting: 0, largest: [] as z.input<typeof Piece>[] };
  let previous = '';
  let counted = '';
  const take = ({ jobId, start, end, energyKwh }: Placement) => {
    const first = jobId !== previous;
    previous = jobId;
    if (ofTeam && !ofTeam.has(jobId)) return;
    if (first && start >= from && start < begins) found.starting++;
    if (!(moment ? start <= from && end > from : start < to && end > from) || counted === jobId) return;
    counted = jobId;
    found.jobs++;
    found.largest.push({ jobId, start, end, energyKwh });
    if (found.largest.length > 2 * limit + 100) shorten(found.largest, limit);
  };
  for await (const page of store.rows(PLACEMENTS).pages(plan.id)) for (const piece of page) take(piece);
  shorten(found.largest, limit);
  return found;
};

const shorten = (pieces: z.input<typeof Piece>[], limit: number) => {
  pieces.sort((a, b) => b.energyKwh - a.energyKwh || (a.jobId < b.jobId ? -1 : 1));
  pieces.length = Math.min(pieces.length, limit);
};
