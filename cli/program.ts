/** The tree of commands. Each file of commands/ brings the commands of one matter. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { shapeCommands } from './command.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

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
  ['forecast', ['backtest', 'train']],
  ['replan', ['replan']],
  ['event', ['event']],
  ['settle', ['settle']],
  ['revenue', ['revenue']],
  ['savings', ['savings']],
  ['kwhsave', ['kwhsave']],
  ['changes', ['changes', 'undo']],
  ['verify', ['verify']],
  ['report', ['report']],
  ['pilot', ['pilot']],
  ['export', ['export']],
  ['ledger', ['ledger']],
  ['token', ['token']],
  ['role', ['role']],
  ['backup', ['backup']],
  ['prune', ['prune']],
  ['doors', ['mcp', 'serve']],
  ['energy', ['energy']],
  ['meter', ['meter']],
  ['rapl', ['rapl', 'rapl-daemon', 'rapl-sim']],
  ['rapl-demo', ['rapl-demo']],
  ['tickets', ['tickets']],
  ['beckn', ['beckn']],
  ['operate', ['operate']],
  ['kubernetes', ['kubernetes']],
  ['operator', ['operator']],
  ['outbox', ['outbox']],
  ['copilot', ['chat', 'summary']],
  ['eval', ['eval']],
  ['config', ['config']],
  ['doctor', ['doctor']],
  ['tool', ['tool']],
];

const empty = () =>
  new Command('caco')
    .description('Runs computing when and where electricity is clean and cheap, and proves what that saved.')
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
    .addHelpText(
      'after',
      `
Exit codes: 0 done · 1 a defect of ours · 2 bad input or usage · 3 not found · 4 refused, or waiting for an
approval · 5 infeasible · 6 something outside unavailable · 130 interrupted`,
    );

/** exitOverride and output settings hold for the whole tree. */
const inherit = (command: Command) => {
  for (const inner of command.commands) inherit(inner.copyInheritedSettings(command));
};

/** The program with the commands that `words`, the command line, can mean; with all of them where it names none. */
export const programOf = async (words: readonly string[]): Promise<Command> => {
  const program = empty();
  const matters = MATTERS.filter(([, commands]) => words[0] !== undefined && commands.includes(words[0]));
  for (const [file] of matters.length > 0 ? matters : MATTERS) {
    const command = `./commands/${file}.js`;
    const { register } = (await import(command)) as { register: (program: Command) => void };
    register(program);
  }
  inherit(program);
  await shapeCommands(program, (name) => words.includes(name));
  return program;
};
