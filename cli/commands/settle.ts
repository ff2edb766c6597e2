/** `settle FILE`: what a flexibility event is worth, from the site's meters to pounds. */
import type { Command } from 'commander';
import type { ToolInput } from '../../app.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { write } from '../output-file.js';
import { readYaml } from '../yaml-file.js';

const settle = async (context: Context, [path]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const event = readYaml(path!, 'docs/methods/settlement.md') as ToolInput<'settle_event'>;
  const settled = await context.call('settle_event', event);
  if (options.out !== undefined) write(String(options.out), settled.document);
  return { json: settled, text: settled.document };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'settle <event>',
    'what a flexibility event delivered by the site’s meters, and what it is paid; EVENT is a file',
    (c) => c.option('--out <file>', 'write the statement there too, in Markdown'),
    settle,
  );
};
