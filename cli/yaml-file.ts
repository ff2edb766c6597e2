/** A file that somebody wrote for us in YAML, of which JSON is a part. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { invalid, notFound } from '../domain/fault.js';

/** `example`: where the documentation has one. Throws Fault `not-found` or `invalid-input`. */
export const readYaml = (path: string, example: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw notFound(
      `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`,
      `Give the path of an event in YAML or JSON; ${example} has one.`,
    );
  }
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  try {
    // Core schema: a date stays the text that it is.
    return parse(text, { schema: 'core' });
  } catch (error) {
    throw invalid(`${path} is neither YAML nor JSON: ${(error as Error).message}`, `${example} has an example.`);
  }
};
