/** Our own book of commands that `caco run` started at the best time: what was foreseen, and when each really ran. */
import { z } from 'zod';
import { shortId } from '../../domain/digest.js';
import { Fault, invalid } from '../../domain/fault.js';
import { defineCollection } from '../../domain/store.js';
import { Instant } from '../../domain/time.js';
import { defineTool } from '../tool.js';

const fields = {
  program: z.string().min(1).max(500).describe('the program that ran, without its arguments: they may hold secrets'),
  commandDigest: z.string().describe('SHA-256 of the whole command line, so that a run can be recognised'),
  location: z.string().describe('place whose signal chose the start'),
  source: z.string().describe('who foresaw the intensity'),
  askedAt: Instant.describe('when the command could have started'),
  plannedStart: Instant,
  plannedMinutes: z.number().positive().describe('expected duration in minutes'),
  meanGPerKwh: z.number().describe('foreseen mean intensity from the planned start, g/kWh'),
  nowGPerKwh: z
    .number()
    .nullable()
    .describe('foreseen mean intensity of starting at once, g/kWh; null where not known'),
  startedAt: Instant,
  finishedAt: Instant,
  exitCode: z.number().int().nullable().describe('null when a signal ended it'),
};

export const CommandRun = z.strictObject({ id: z.string(), ...fields });
export type CommandRun = z.infer<typeof CommandRun>;
export const COMMAND_RUNS = defineCollection('command_runs', CommandRun);

export const recordCommandRun = defineTool({
  name: 'record_command_run',
  title: 'Record a command that was run',
  description: 'Notes a command that `caco run` waited for and ran: what was foreseen, when it ran and how it ended.',
  toolset: 'grid',
  effect: 'records',
  input: z.strictObject(fields),
  output: z.strictObject({ run: CommandRun }),
  run: async (input, _world, call) => {
    // The book says what really ran; a program that was not there must not write into it.
    if (call.actor.via !== 'cli')
      throw new Fault(
        'forbidden',
        'only the command line notes what it ran',
        'Start the command with `caco run -d MINUTES -- COMMAND`.',
      );
    if (input.finishedAt < input.startedAt)
      throw invalid(
        `it finished at ${input.finishedAt}, before its start ${input.startedAt}`,
        'Give the times in order.',
      );
    const run: CommandRun = { id: shortId('C', input), ...input };
    call.commit((tx) => tx.collection(COMMAND_RUNS).put(run.id, run));
    return { run };
  },
  tell: ({ run }) =>
    `${run.program} ran from ${run.startedAt} to ${run.finishedAt} (${run.exitCode === null ? 'ended by a signal' : `exit ${run.exitCode}`}), noted as ${run.id}.`,
});
