/** `jobs`: the jobs of a workload, page by page. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { counted, figure } from '../../domain/figures.js';
import { addCommand } from '../command.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

const FLAGS = flagsOf('list_jobs', {
  limit: { about: 'jobs on a page, at most 500' },
  cursor: { about: 'go on after the page before' },
});

const text = (o: ToolAnswer<'list_jobs'>): string =>
  o.workloadId === null
    ? 'There is no workload yet: caco ingest FILE makes one.'
    : [
        `Workload ${o.workloadId}: ${counted(o.total, 'job')}`,
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
  addCommand(program, 'jobs', 'list the jobs of a workload', FLAGS.shape, async (context, _, options) => {
    const answer = await context.call('list_jobs', await FLAGS.input(options));
    return { json: answer, text: text(answer) };
  });
};
