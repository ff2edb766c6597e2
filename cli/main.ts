#!/usr/bin/env node
/** `caco …`: the door for people. */
import { existsSync, readFileSync } from 'node:fs';

/** A pipe whose reader has gone (`caco … | head`) ends the program quietly. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const words = process.argv.slice(2);

/** What is asked at every turn and never changes was written down when the program was built; null: to be worked out. */
const written = (): string | null => {
  if (words.length > 1) return null;
  const at = (name: string) => new URL(name, import.meta.url);
  if (words[0] === '--version')
    return `${(JSON.parse(readFileSync(at('../package.json'), 'utf8')) as { version: string }).version}\n`;
  const asked = words[0] === '--help' || words[0] === '-h';
  return asked && existsSync(at('help.txt')) ? readFileSync(at('help.txt'), 'utf8') : null;
};

const run = async () => {
  const [{ CommanderError }, { EXIT }, { programOf }] = await Promise.all([
    import('commander'),
    import('./exit.js'),
    import('./program.js'),
  ]);
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
};

const answer = written();
if (answer === null) await run();
else process.stdout.write(answer);
