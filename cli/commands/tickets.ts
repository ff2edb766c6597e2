/** `tickets`: what was filed, and the words of one. */
import type { Command } from 'commander';
import { addCommand } from '../command.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

const FLAGS = flagsOf('list_tickets', { id: false, state: false, after: false });

export const register = (program: Command) => {
  addCommand(
    program,
    'tickets [id]',
    'list tickets, the newest first, or read one',
    FLAGS.shape,
    async (context, [id], options) => {
      const listed = await context.call('list_tickets', { ...(await FLAGS.input(options)), id });
      const rows = listed.tickets.map((t) => [t.id, t.state, t.ref ?? '–', plain(t.title)]);
      const text =
        listed.markdown ??
        (rows.length === 0 ? 'No tickets yet: caco launch' : tableText(['ticket', 'state', 'where', 'title'], rows));
      return { json: listed, text };
    },
  );
};
