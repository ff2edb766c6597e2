/** `config show`: every setting with its value and where it comes from. */
import type { Command } from 'commander';
import { addCommand } from '../command.js';
import { tableText } from '../terminal.js';

export const register = (program: Command) => {
  const config = program
    .command('config')
    .description('settings: flags > environment > caco.yaml > user file > defaults');
  addCommand(
    config,
    'show',
    'every setting in force; secrets are masked',
    (c) => c.option('--origin', 'also say where each value comes from'),
    async (context, _, options) => {
      const withOrigin = options.origin === true;
      const rows = context.settings.map((s) => [
        s.name,
        s.value === undefined ? '–' : String(s.value),
        ...(withOrigin ? [s.origin] : []),
        s.env,
      ]);
      return {
        json: { settings: context.settings.map((s) => ({ ...s, value: s.value ?? null })) },
        text: tableText(['setting', 'value', ...(withOrigin ? ['from'] : []), 'environment'], rows),
      };
    },
  );
};
