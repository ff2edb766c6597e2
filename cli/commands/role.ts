/** Roles that policies name: given and taken by a person on this machine, as tokens are. */
import type { Command } from 'commander';
import { Fault } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { plain, tableText } from '../terminal.js';

/** Who may agree in whose name is the owner's word; a token could otherwise make itself the one that a policy asks for. */
const requireOwner = (context: Context) => {
  if (context.config.token !== undefined)
    throw new Fault(
      'forbidden',
      'a token cannot say who holds a role',
      'Run it without CACO_TOKEN, as the person who owns CACO_HOME.',
    );
};

const change =
  (kind: 'grant' | 'revoke') =>
  async (context: Context, [role]: string[], options: Record<string, unknown>): Promise<Answer> => {
    requireOwner(context);
    const { id, via } = await context.actor('approve');
    const { roles, world } = await context.app();
    const person = String(kind === 'grant' ? options.to : options.from);
    const held = await roles[kind](role!, person);
    await world.ledger.append([
      {
        kind: kind === 'grant' ? 'role_granted' : 'role_revoked',
        at: world.clock.now(),
        actor: `${via}:${id}`,
        cause: null,
        subject: held.name,
        data: { person: person.trim() },
      },
    ]);
    const people = held.people.map((p) => plain(p)).join(', ');
    return { json: held, text: `${plain(held.name)}: ${people === '' ? 'nobody' : people}.` };
  };

export const register = (program: Command) => {
  const role = program.command('role').description('whom a policy means by a name such as “operations manager”');
  addCommand(
    role,
    'grant <role>',
    'say that somebody holds it; their yes then counts where a policy asks for it',
    (c) => c.requiredOption('--to <name>', 'operating-system user or owner of a token'),
    change('grant'),
  );
  addCommand(
    role,
    'revoke <role>',
    'say that somebody does not hold it any more',
    (c) => c.requiredOption('--from <name>', 'operating-system user or owner of a token'),
    change('revoke'),
  );
  addCommand(
    role,
    'list',
    'roles and who holds them',
    () => {},
    async (context) => {
      const roles = await (await context.app()).roles.list();
      const rows = roles.map((r) => [plain(r.name), plain(r.people.join(', ')) || 'nobody']);
      return {
        json: { roles },
        text:
          roles.length === 0
            ? 'No roles: caco role grant "operations manager" --to NAME'
            : tableText(['role', 'held by'], rows),
      };
    },
  );
};
