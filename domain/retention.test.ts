/** Whoever declares something to keep says whether it may ever go. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GOES_WITH, STAYS } from './retention.js';

const ROOT = join(import.meta.dirname, '..');
const SKIP = new Set(['node_modules', 'dist', 'out', 'fixtures', 'coverage', 'bench']);
const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || SKIP.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return path.endsWith('.ts') && !path.includes('.test.') ? [path] : [];
  });

const declared = sources(ROOT).flatMap((path) =>
  [...readFileSync(path, 'utf8').matchAll(/define(?:Collection|Rows)\(\s*'([^']+)'/g)].map((found) => found[1]!),
);
const goes: string[] = Object.values(GOES_WITH).flatMap(({ documents, rows }) => [...documents, ...rows]);

it('names each collection and set of rows once: it goes with something, or it stays and why', () => {
  expect(declared.length).toBeGreaterThan(40);
  const named = [...goes, ...Object.keys(STAYS), 'pruned'];
  expect(new Set(named).size).toBe(named.length);
  expect(declared.filter((name) => !named.includes(name))).toEqual([]);
  expect(named.filter((name) => !declared.includes(name))).toEqual([]);
});
