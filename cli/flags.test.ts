/** What scripts type: every command with its arguments and flags. A flag that goes or is spelt anew breaks somebody's script. */
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { programOf } from './program.js';

const linesOf = (command: Command, path = ''): string[] => {
  const name = `${path}${command.name()}`;
  const args = command.registeredArguments.map((a) => {
    const rest = a.variadic ? `${a.name()}...` : a.name();
    return a.required ? `<${rest}>` : `[${rest}]`;
  });
  const flags = command.options.filter((o) => !o.hidden).map((o) => `${o.flags}${o.mandatory ? ' (needed)' : ''}`);
  return [
    [name, ...args].join(' '),
    ...flags.sort().map((flag) => `  ${flag}`),
    ...command.commands.flatMap((inner) => linesOf(inner, `${name} `)),
  ];
};

it('has the commands and flags that it had', async () => {
  const program = await programOf([]);
  await expect(`${linesOf(program).join('\n')}\n`).toMatchFileSnapshot('__snapshots__/flags.txt');
});
