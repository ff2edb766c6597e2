/** `settle FILE`: what a flexibility event is worth, from the site's meters to pounds. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Command } from 'commander';
import type { ToolInput } from '../../app.js';
import { invalid, notFound } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { write } from '../output-file.js';

/** YAML, of which JSON is a part. */
const read = (path: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw notFound(
      `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`,
      'Give the path of an event in YAML or JSON; docs/methods/settlement.md has one.',
    );
  }
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  try {
    // Core schema: a date stays the text that it is.
    return parse(text, { schema: 'core' });
  } catch (error) {
    throw invalid(
      `${path} is neither YAML nor JSON: ${(error as Error).message}`,
      'docs/methods/settlement.md has an example.',
    );
  }
};

const settle = async (context: Context, [path]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const event = read(path!) as ToolInput<'settle_event'>;
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
