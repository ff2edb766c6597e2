/** `outbox`: messages to peers and trackers that have not arrived, and another try for those that were given up. */
import type { Command } from 'commander';
import { notFound } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { plain, tableText } from '../terminal.js';

const MOST = 500;

const list = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const { store } = (await context.app()).world;
  await context.actor('read');
  const state = options.all === true ? undefined : options.dead === true ? ('dead' as const) : undefined;
  const letters = (await store.mail.list({ box: 'out', state, limit: MOST })).filter(
    (letter) => options.all === true || letter.state !== 'done',
  );
  const json = {
    counts: await store.mail.count('out'),
    inbox: await store.mail.count('in'),
    letters: letters.map(({ id, peer, action, url, state, attempts, nextAtMs, reason, atMs }) => ({
      id,
      peer,
      action,
      url,
      state,
      attempts,
      nextAt: state === 'waiting' ? new Date(nextAtMs).toISOString() : null,
      reason,
      queuedAt: new Date(atMs).toISOString(),
    })),
  };
  const rows = json.letters.map((l) => [
    l.state,
    l.action,
    plain(l.peer),
    String(l.attempts),
    plain(l.reason ?? '–'),
    plain(l.id),
  ]);
  const { waiting, dead, done } = json.counts;
  return {
    json,
    text: [
      ...(rows.length === 0 ? [] : [tableText(['state', 'message', 'to', 'tries', 'why', 'id'], rows), '']),
      `${waiting} wait, ${dead} were given up, ${done} arrived.${dead > 0 ? ' Try again: caco outbox retry ID' : ''}`,
    ].join('\n'),
  };
};

const retry = async (context: Context, [id]: string[]): Promise<Answer> => {
  const { store } = (await context.app()).world;
  await context.actor('operate');
  const revived = await store.mail.revive({ box: 'out', ...(id === 'all' ? {} : { id: id! }) }, Date.now());
  if (revived === 0 && id !== 'all')
    throw notFound(`no message ${id} was given up`, 'caco outbox list shows what can be tried again.');
  return {
    json: { revived },
    text: `${revived === 1 ? '1 message waits' : `${revived} messages wait`} again; a running \`caco beckn\` or \`caco serve\` sends them.`,
  };
};

export const register = (program: Command) => {
  const outbox = addCommand(program, 'outbox', 'messages that have not arrived', () => {}, list);
  addCommand(
    outbox,
    'list',
    'messages that wait or were given up',
    (c) => c.option('--all', 'also those that arrived').option('--dead', 'only those that were given up'),
    list,
  );
  addCommand(outbox, 'retry <id>', 'try a message again that was given up; `all` for every one', () => {}, retry);
};
