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
      const store = resolve(context.config.home, 'caco.db');
      return {
        json: { file, bytes, entries: await app.world.ledger.size() },
        text: [
          `${file} holds the store as it was (${(bytes / 1e6).toFixed(1)} MB).`,
          `  Keys are not in it; keep ${resolve(context.config.home, 'keys')} apart.`,
          '  To go back, with nothing else running on it (a log of the old store must not be replayed on the copy):',
          `    rm -f ${store}-wal ${store}-shm && cp ${file} ${store} && caco ledger audit`,
        ].join('\n'),
      };
    },
  );
};
