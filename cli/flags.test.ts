/** What scripts type: every command with its arguments and flags. A flag that goes or is spelt anew breaks somebody's script. */
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { shapeCommands } from './command.js';
import { programOf } from './program.js';

const linesOf = (command: Command, path = ''): string[] => {
  const name = `${path}${command.name()}`;
  const args = command.registeredArguments.map((a) => {
    const rest = a.variadic ? `${a.name()}...` : a.name();
    return a.required ? `<${rest}>` : `[${rest}]`;
  });
  // What stands for a value is help, not spelling.
  const spelt = (text: string) => text.replace(/<[^>.]*/g, '<…');
  const flags = command.options
    .filter((o) => !o.hidden)
    .map((o) => `${spelt(o.flags)}${o.mandatory ? ' (needed)' : ''}`);
  return [
    [name, ...args].join(' '),
    ...flags.sort().map((flag) => `  ${flag}`),
    ...command.commands.flatMap((inner) => linesOf(inner, `${name} `)),
  ];
};

it('has the commands and flags that it had', async () => {
  const program = await programOf([]);
  await shapeCommands(program, () => true);
  await expect(`${linesOf(program).join('\n')}\n`).toMatchFileSnapshot('__snapshots__/flags.txt');
});
