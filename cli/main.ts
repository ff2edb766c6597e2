#!/usr/bin/env node
/** `caco …`: the door for people. Each file of commands/ brings the commands of one matter. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT } from './exit.js';

/** A pipe whose reader has gone (`caco … | head`) ends the program quietly. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('caco')
  .description('Runs computing when and where electricity is clean and cheap, and proves what that saved.')
  .version(version)
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) });
program.addHelpText(
  'after',
  `
Exit codes: 0 done · 1 a defect of ours · 2 bad input or usage · 3 not found · 4 refused, or waiting for an
approval · 5 infeasible · 6 something outside unavailable · 130 interrupted`,
);

/** Files of commands/ in the order of the help. Loaded one by one: a door that must start quickly loads its own only. */
const MATTERS: readonly (readonly [file: string, commands: readonly string[]])[] = [
  ['launch', ['launch', 'resume', 'runs', 'show']],
  ['approvals', ['approvals', 'approve', 'reject']],
  ['policy', ['policy']],
  ['ingest', ['ingest', 'site']],
  ['jobs', ['jobs']],
  ['account', ['account']],
  ['flexibility', ['flexibility']],
  ['agents', ['compute', 'grid', 'coordination']],
  ['simulate', ['simulate']],
  ['when', ['when', 'run']],
  ['plan', ['plan']],
  ['tradeoff', ['tradeoff']],
  ['baselines', ['baselines']],
  ['replay', ['replay']],
  ['replan', ['replan']],
  ['verify', ['verify']],
  ['export', ['export']],
  ['ledger', ['ledger']],
  ['token', ['token']],
  ['role', ['role']],
  ['backup', ['backup']],
  ['doors', ['mcp', 'serve']],
  ['tickets', ['tickets']],
  ['copilot', ['chat', 'summary']],
  ['eval', ['eval']],
  ['config', ['config']],
  ['doctor', ['doctor']],
  ['tool', ['tool']],
];

const wanted = process.argv[2];
const matters = MATTERS.filter(([, commands]) => wanted !== undefined && commands.includes(wanted));
for (const [file] of matters.length > 0 ? matters : MATTERS) {
  const command = `./commands/${file}.js`;
  const { register } = (await import(command)) as { register: (program: Command) => void };
  register(program);
}
// exitOverride and output settings hold for the whole tree.
const inherit = (command: Command) => {
  for (const inner of command.commands) inherit(inner.copyInheritedSettings(command));
};
inherit(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  const asked = error.exitCode === 0;
  process.exitCode = asked ? EXIT.done : EXIT.usage;
  if (!asked && process.argv.includes('--json')) {
    const remedy = `caco ${wanted ?? ''} --help`.replace('  ', ' ');
    process.stdout.write(
      `${JSON.stringify({ error: { code: 'invalid-input', message: error.message.replace(/^error: /, ''), remedy } }, null, 2)}\n`,
    );
  }
}
