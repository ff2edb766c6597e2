/** `tickets`: what was filed, and the words of one. */
import type { Command } from 'commander';
import { addCommand } from '../command.js';
import { plain, tableText } from '../terminal.js';
import { numberOf } from './launch.js';

interface Listed {
  readonly tickets: {
    readonly id: string;
    readonly kind: string;
    readonly title: string;
    readonly state: string;
    readonly ref: string | null;
    readonly url: string | null;
    readonly jobs?: number;
  }[];
  readonly next: string | null;
  readonly markdown: string | null;
}

export const register = (program: Command) => {
  addCommand(
    program,
    'tickets [id]',
    'list tickets, the newest first, or read one',
    (c) =>
      c.option('--plan <id>', 'only those that speak for this plan').option('--limit <n>', 'at most this many', '50'),
    async (context, [id], options) => {
      const listed = await context.call<Listed>('list_tickets', {
        limit: numberOf('--limit', options.limit),
        ...(id === undefined ? {} : { id }),
        ...(options.plan === undefined ? {} : { planId: String(options.plan) }),
      });
      const rows = listed.tickets.map((t) => [t.id, t.state, t.ref ?? '–', plain(t.title)]);
      const text =
        listed.markdown ??
        (rows.length === 0 ? 'No tickets yet: caco launch' : tableText(['ticket', 'state', 'where', 'title'], rows));
      return { json: listed, text };
    },
  );
};
