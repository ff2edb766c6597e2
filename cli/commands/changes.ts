/** `changes` and `undo`: what a plan did to jobs of a real scheduler, and the way back. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { addCommand, type Context } from '../command.js';
import { plain, tableText } from '../terminal.js';

type Changes = ToolAnswer<'list_changes'>;

/** The whole order, page after page. */
const all = async (context: Context, id: string): Promise<Changes> => {
  const first = await context.call('list_changes', { id, limit: 5000 });
  for (let { next } = first; next !== null; ) {
    const more = await context.call('list_changes', { id, skip: next, limit: 5000 });
    first.changes.push(...more.changes);
    next = more.next;
  }
  return { ...first, next: null };
};

const text = (o: Changes, told: string, id: string): string => {
  const commands = [...new Set(o.changes.flatMap(({ command }) => (command === null ? [] : [command])))];
  const others = o.changes.filter(({ why }) => why !== null);
  return [
    told,
    ...(commands.length === 0
      ? []
      : [
          '',
          o.rehearsed ? 'Dry run: these would be run, nothing was.' : 'What was run:',
          ...commands.map((c) => `  ${c}`),
        ]),
    ...(others.length === 0
      ? []
      : [
          '',
          tableText(
            ['job', 'state', 'why'],
            others.map((c) => [plain(c.target || c.jobId), c.state, plain(c.why!)]),
          ),
        ]),
    ...(o.rehearsed || o.changes.length === 0 ? [] : ['', `  Back again: caco undo ${id}`]),
  ].join('\n');
};

export const register = (program: Command) => {
  addCommand(
    program,
    'changes <id>',
    'what a run did to jobs of a real scheduler, or in a dry run would do: every command',
    () => {},
    async (context, [id]) => {
      const answer = await all(context, id!);
      return { json: answer, text: text(answer, await context.tell('list_changes', answer), id!) };
    },
  );
  addCommand(
    program,
    'undo <id>',
    'put back what a run changed at a real scheduler, where nobody changed it since',
    () => {},
    async (context, [id]) => {
      const answer = await context.call('undo_run', { id: id! });
      const told = await context.tell('undo_run', answer);
      const lines = answer.commands.map((command) => `  ${command}`);
      const next = answer.rehearsed ? '  To do it: CACO_DRY_RUN=off' : `  Job by job: caco changes ${id}`;
      return { json: answer, text: [told, ...lines, next].join('\n') };
    },
  );
};
