/** `jobs`: the jobs of a workload, page by page. */
import type { Command } from 'commander';
import { invalid } from '../../domain/fault.js';
import { figure } from '../../domain/figures.js';
import type { Job } from '../../domain/job.js';
import { addCommand } from '../command.js';
import { plain, tableText } from '../terminal.js';

interface Listed {
  readonly workloadId: string | null;
  readonly total: number;
  readonly jobs: readonly Job[];
  readonly next: string | null;
}

const text = (o: Listed): string =>
  o.workloadId === null
    ? 'There is no workload yet: caco ingest FILE makes one.'
    : [
        `Workload ${o.workloadId}: ${o.total} jobs`,
        tableText(
          ['job', 'team', 'category', 'earliest start', 'hours', 'vCPUs', 'GPUs', 'region', 'deadline'],
          o.jobs.map((j) => [
            plain(j.id),
            plain(j.team),
            j.category,
            j.earliestStart,
            figure(j.durationHours),
            figure(j.vcpus),
            figure(j.gpus),
            plain(j.region),
            j.deadline ?? 'none',
          ]),
        ),
        ...(o.next === null ? [] : [`  More: caco jobs --workload ${o.workloadId} --cursor ${o.next}`]),
      ].join('\n');

export const register = (program: Command) => {
  addCommand(
    program,
    'jobs',
    'list the jobs of a workload',
    (c) =>
      c
        .option('--workload <id>', 'the newest when left out')
        .option('--team <name>', 'jobs of this team only')
        .option('--category <category>', 'urgent, balanced or sustainable')
        .option('--limit <n>', 'jobs on a page, at most 500', '50')
        .option('--cursor <cursor>', 'go on after the page before'),
    async (context, _, options) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit))
        throw invalid(`--limit is "${String(options.limit)}"`, 'Give a whole number up to 500.');
      const answer = await context.call<Listed>('list_jobs', {
        limit,
        ...(options.workload === undefined ? {} : { workloadId: String(options.workload) }),
        ...(options.team === undefined ? {} : { team: String(options.team) }),
        ...(options.category === undefined ? {} : { category: String(options.category) }),
        ...(options.cursor === undefined ? {} : { cursor: String(options.cursor) }),
      });
      return { json: answer, text: text(answer) };
    },
  );
};
