/** `revenue project`: what an amount of flexibility would have been paid, year by year. */
import type { Command } from 'commander';
import type { ToolInput } from '../../app.js';
import { invalid } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { flagsOf } from '../flags.js';
import { write } from '../output-file.js';
import { readYaml } from '../yaml-file.js';

const EXAMPLE = 'docs/revenue.md';

const FLAGS = flagsOf('project_revenue', {
  mw: '--mw <mw>',
  at: { flag: '--at <time>', read: (text) => text },
  leastPerMwh: '--least <money>',
  from: '--from <year>',
  to: '--to <year>',
  retail: false,
  balancing: false,
  network: false,
});

const TERMS = ['retail', 'balancing', 'network'] as const;

/** Members of the file that are terms; another is a slip of the pen, and no term that counts for nothing. */
const termsOf = (path: string): Pick<ToolInput<'project_revenue'>, (typeof TERMS)[number]> => {
  const found = readYaml(path, EXAMPLE);
  const stray = Object.keys(found ?? {}).find((name) => !TERMS.some((term) => term === name));
  if (typeof found !== 'object' || found === null || Array.isArray(found) || stray !== undefined)
    throw invalid(
      `${path} holds ${stray ?? 'no terms'}, which is none of ${TERMS.join(', ')}`,
      `${EXAMPLE} has an example.`,
    );
  return found;
};

const project = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const terms = options.terms === undefined ? {} : termsOf(String(options.terms));
  const found = await context.call('project_revenue', { ...(await FLAGS.input(options)), ...terms });
  if (options.out !== undefined) write(String(options.out), found.document);
  return { json: found, text: found.document };
};

export const register = (program: Command) => {
  const revenue = program.command('revenue').description('what flexibility would be paid');
  addCommand(
    revenue,
    'project',
    'gross, rebound and net of an offer in each year of prices, beside what was claimed and what each lever costs',
    async (command) => {
      await FLAGS.shape(command);
      command
        .option('--terms <file>', 'contracts and how the tariff is made, in YAML')
        .option('--out <file>', 'write the projection there too, in Markdown');
    },
    project,
  );
};
