/** What is generated is frozen: a change of a tool or of a setting shows here, and `npm run docs` accepts it. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect, test } from 'vitest';
import { generatedFiles, SNAPSHOT, withTools } from './document.js';

const files = await withTools(generatedFiles);

test.each([...files].map(([path, text]) => [relative('.', path), path, text] as const))(
  '%s is what npm run docs writes',
  (name, path, text) => {
    expect(readFileSync(path, 'utf8') === text, `${name} is stale: npm run docs`).toBe(true);
  },
);

test('no schema has changed unseen', () => {
  const frozen = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Record<string, unknown>;
  const current = JSON.parse(files.get(SNAPSHOT)!) as Record<string, unknown>;
  const changed = [...new Set([...Object.keys(frozen), ...Object.keys(current)])].filter(
    (name) => JSON.stringify(frozen[name]) !== JSON.stringify(current[name]),
  );
  expect(changed, 'npm run docs accepts the change').toEqual([]);
});
