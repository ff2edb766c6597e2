/** `backup FILE`: a copy of the store while others go on writing. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addCommand } from '../command.js';

export const register = (program: Command) => {
  addCommand(
    program,
    'backup <file>',
    'copy the store into a new file, while others go on writing',
    () => {},
    async (context, [given]) => {
      const file = resolve(given!);
      const app = await context.app();
      await app.world.store.backup(file);
      const bytes = statSync(file).size;
      return {
        json: { file, bytes, entries: await app.world.ledger.size() },
        text: `${file} holds the store as it was (${(bytes / 1e6).toFixed(1)} MB).\n  Keys are not in it; keep ${resolve(context.config.home, 'keys')} apart.\n  To go back: put the file at ${resolve(context.config.home, 'caco.db')}, then caco ledger audit.`,
      };
    },
  );
};
