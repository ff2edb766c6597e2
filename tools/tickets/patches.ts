/** Moves for people who keep their schedules elsewhere: a patch for a cron or YAML file, lines for Slurm. */
import { z } from 'zod';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { JOBS } from '../../domain/job.js';
import { PLANS, type Plan, RECOMMENDATIONS } from '../../domain/plan.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { cronFields, shiftCron } from './cron.js';
import { patchSchedule } from './schedule-patch.js';
import { type NotMoved, slurmMoves } from './slurm.js';
import { SCRIPT_FOOT, scriptHead, scriptLines } from './slurm-script.js';

export const draftSchedulePatch = defineTool({
  name: 'draft_schedule_patch',
  title: 'Draft a schedule patch',
  description:
    'A unified diff that moves a schedule in a GitHub Actions workflow, a Kubernetes CronJob or a crontab. Changes nothing; it is for a pull request.',
  toolset: 'tickets',
  effect: 'reads',
  input: z.strictObject({
    kind: z.enum(['github-actions', 'kubernetes', 'crontab']).describe('what kind of file it is'),
    path: z.string().max(500).describe('path within its repository'),
    text: z.string().max(500_000).describe('the whole file as it is now'),
    from: z.string().max(200).describe('the schedule to change, five fields as they stand in the file'),
    to: z
      .string()
      .max(200)
      .optional()
      .describe('the new schedule, five fields, in the zone in which the file’s schedules are read'),
    shiftMinutes: z
      .number()
      .int()
      .min(-10_080)
      .max(10_080)
      .optional()
      .describe('minutes by which to move it, instead of `to`'),
    only: z.string().max(200).optional().describe('name of the CronJob, or a piece of the crontab’s command'),
  }),
  output: z.strictObject({
    diff: z.string().describe('for `git apply` or `patch -p1`'),
    to: z.string().describe('the new schedule'),
    changed: z.number().int().describe('schedules changed'),
  }),
  run: async ({ shiftMinutes, only, ...input }) => {
    if ((input.to === undefined) === (shiftMinutes === undefined))
      throw invalid(
        'give either `to` or `shiftMinutes`',
        'Name the new schedule, or by how many minutes to move the old one.',
      );
    const to = input.to ?? shiftCron(input.from, shiftMinutes ?? 0);
    if (to === null)
      throw new Fault(
        'unsupported',
        `"${input.from}" cannot be moved by ${shiftMinutes} minutes and stay one schedule`,
        'Write the new schedule in `to`.',
      );
    const { diff, changed } = patchSchedule({ ...input, to, only: only ?? null });
    return { diff, changed, to: cronFields(to).join(' ') };
  },
  tell: (o) => `${o.changed === 1 ? '1 schedule becomes' : `${o.changed} schedules become`} "${o.to}".`,
});

export const draftSlurmCommands = defineTool({
  name: 'draft_slurm_commands',
  title: 'Draft Slurm commands',
  description:
    'A plan’s moves as a shell script for an HPC administrator: scontrol update for jobs of a Slurm queue, which it never submits, and sbatch --begin, once, for jobs that Slurm does not know. Runs nothing.',
  toolset: 'tickets',
  effect: 'reads',
  input: z.strictObject({
    planId: z.string().describe('the plan'),
    undo: z.boolean().default(false).describe('the starts before the plan instead of the planned ones'),
    after: z.string().optional().describe('`next` of the last answer'),
    limit: z.number().int().min(1).max(5000).default(1000).describe('jobs per answer'),
  }),
  output: z.strictObject({
    script: z
      .string()
      .describe('the first answer has its head, the last one its foot: joined in order they are one script'),
    jobs: z.number().int(),
    skipped: z.number().int().describe('jobs of the plan that are left where they are; the script says why'),
    next: z.string().nullable().describe('give it as `after` for more'),
  }),
  run: async ({ planId, undo, after, limit }, world) => {
    const plan = (await world.store.collection(PLANS).get(planId))?.value;
    if (!plan)
      throw notFound(`there is no plan ${planId}`, 'Make one with `caco plan`; `caco runs` lists earlier ones.');
    const page = await world.store
      .rows(RECOMMENDATIONS)
      .page(planId, after === undefined ? { limit } : { after, limit });
    const rows = [];
    for (const recommendation of page.items)
      rows.push({ recommendation, job: await world.store.rows(JOBS).find(plan.workloadId, recommendation.jobId) });
    const found = slurmMoves(rows, undo);
    const title = `${undo ? 'Undoes' : 'Applies'} plan ${plan.id}, SHA-256 ${plan.digest}`;
    const head =
      after === undefined ? scriptHead(title) + scriptLines({ ...NONE, left: await staying(world, plan) }) : '';
    return {
      script: head + scriptLines(found) + (page.next === null ? SCRIPT_FOOT : ''),
      jobs: page.items.length - found.left.length,
      skipped: found.left.length,
      next: page.next,
    };
  },
  tell: (o) => `${o.jobs} jobs${o.skipped > 0 ? `; ${o.skipped} are left where they are` : ''}.`,
});

const NONE = { moves: [], submissions: [], left: [] };
/** Jobs that the plan had to leave alone are told one by one up to this. */
const MOST_TOLD = 1000;

/** Slurm's jobs that nobody may move, and that the plan therefore has no move for. */
const staying = async ({ store }: World, plan: Plan): Promise<NotMoved[]> => {
  const left: NotMoved[] = [];
  for await (const page of store.rows(JOBS).pages(plan.workloadId))
    for (const { id, slurm } of page) {
      if (!slurm?.stays || (await store.rows(RECOMMENDATIONS).find(plan.id, id))) continue;
      if (left.length === MOST_TOLD) return [...left, { jobId: 'and more', why: `only ${MOST_TOLD} are listed` }];
      left.push({ jobId: slurm.id, why: slurm.stays });
    }
  return left;
};
