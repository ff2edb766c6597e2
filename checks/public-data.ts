/**
 * Where tests find the public data sets and the published figures that ours are held against.
 *
 * `checks/data` has those whose licences let us ship them. The others a person gets from their publishers (README.md says
 * which) and names their folder in CACO_TEST_DATA. A test without its data is
 * skipped, and a line on standard error says what is missing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const SHIPPED = fileURLToPath(new URL('data/', import.meta.url));

/** The folder of the data that is not shipped; `shared/data` beside the checkout unless CACO_TEST_DATA names another. */
export const FOREIGN_DATA = process.env.CACO_TEST_DATA ?? fileURLToPath(new URL('../../shared/data/', import.meta.url));

/** The text of a data set that ships, compressed or not. */
export const shippedText = (path: string): string => {
  const bytes = readFileSync(join(SHIPPED, path));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};
export const shippedPath = (path: string): string => join(SHIPPED, path);

/** True where some of the foreign files are not here, which is then said aloud together with what is not tested. */
export const lacksData = (untested: string, paths: readonly string[]): boolean => {
  const missing = paths.filter((path) => !existsSync(join(FOREIGN_DATA, path)));
  if (missing.length > 0)
    console.warn(
      `Not tested here: ${untested}. ${missing.join(', ')} may not be shipped and is not here; checks/README.md says how to get it.`,
    );
  return missing.length > 0;
};
