#!/usr/bin/env node
/** `caco …`: the door for people. */
import { CommanderError } from 'commander';
import { EXIT } from './exit.js';
import { programOf } from './program.js';

/** A pipe whose reader has gone (`caco … | head`) ends the program quietly. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

const words = process.argv.slice(2);
const program = await programOf(words);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  const asked = error.exitCode === 0;
  process.exitCode = asked ? EXIT.done : EXIT.usage;
  if (!asked && words.includes('--json')) {
    const remedy = `caco ${words[0] ?? ''} --help`.replace('  ', ' ');
    process.stdout.write(
      `${JSON.stringify({ error: { code: 'invalid-input', message: error.message.replace(/^error: /, ''), remedy } }, null, 2)}\n`,
    );
  }
}
