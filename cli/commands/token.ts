/** Tokens for programs: made, listed and revoked by a person on this machine. */
import type { Command } from 'commander';
import type { TokenScope } from '../../app.js';
import { systemNow } from '../../clock.js';
import { Fault, invalid } from '../../domain/fault.js';
import { instant, plusHours } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { numberOf } from '../fields.js';
import { plain, tableText } from '../terminal.js';

const SCOPES = ['read', 'operate', 'approve'] as const;

const expiry = (options: Record<string, unknown>) => {
  if (options.expires !== undefined) return instant(String(options.expires));
  if (options.days === undefined) return undefined;
  const days = numberOf('--days', options.days);
  if (days <= 0) throw invalid(`--days is ${days}`, 'Give a number above 0.');
  return plusHours(systemNow(), days * 24);
};

/** What a token may do is a person's answer, so no token makes or ends another. */
const requirePerson = (context: Context) => {
  if (context.config.token !== undefined)
    throw new Fault(
      'forbidden',
      'a token cannot make or revoke tokens',
      'Run it without CACO_TOKEN, as the person who owns CACO_HOME.',
    );
};

const journal = async (context: Context, kind: string, subject: string, data: Record<string, string | null>) => {
  const { id, via } = await context.actor('approve');
  const { world } = await context.app();
  await world.ledger.append([{ kind, at: world.clock.now(), actor: `${via}:${id}`, cause: null, subject, data }]);
};

const create = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  requirePerson(context);
  const scope = SCOPES.find((s) => s === options.scope) as TokenScope | undefined;
  if (!scope) throw invalid(`--scope is "${String(options.scope)}"`, 'Give read, operate or approve.');
  const { tokens } = await context.app();
  const { token, secret } = await tokens.create({ scope, owner: String(options.for), expiresAt: expiry(options) });
  await journal(context, 'token_created', token.id, { owner: token.owner, scope, expiresAt: token.expiresAt });
  return {
    json: { ...token, token: secret },
    text: `${secret}\n\nIt stands for ${plain(token.owner)} and may ${scope}${token.expiresAt === null ? '' : ` until ${token.expiresAt}`}. It is shown once: only its hash is kept.\n  Authorization: Bearer …   or CACO_TOKEN=…   ends with: caco token revoke ${token.id}`,
  };
};

export const register = (program: Command) => {
  const token = program.command('token').description('tokens for programs: HTTP, MCP and CACO_TOKEN');
  addCommand(
    token,
    'create',
    'make a token; its text is shown once',
    (c) =>
      c
        .requiredOption(
          '--scope <scope>',
          'read: looks; operate: also records and acts; approve: also a person’s answers',
        )
        .requiredOption('--for <name>', 'whom it stands for; every call with it is theirs')
        .option('--expires <time>', 'ISO 8601 time after which it no longer counts')
        .option('--days <days>', 'instead: days from now'),
    create,
  );
  addCommand(
    token,
    'list',
    'tokens that are there, newest first; never their secrets',
    () => {},
    async (context) => {
      const tokens = await (await context.app()).tokens.list();
      const rows = tokens.map((t) => [t.id, plain(t.owner), t.scope, t.createdAt, t.expiresAt ?? 'never']);
      return {
        json: { tokens },
        text:
          tokens.length === 0
            ? 'No tokens: caco token create --scope read --for NAME'
            : tableText(['token', 'for', 'scope', 'made', 'expires'], rows),
      };
    },
  );
  addCommand(
    token,
    'revoke <id>',
    'end a token at once, in every process',
    () => {},
    async (context, [id]) => {
      requirePerson(context);
      await (await context.app()).tokens.revoke(id!);
      await journal(context, 'token_revoked', id!, {});
      return { json: { id, revoked: true }, text: `Token ${id} no longer counts.` };
    },
  );
};
