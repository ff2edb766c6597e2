/**
 * Sentences whose meaning was written down by hand before the reader saw them: paraphrases, units, zones, exceptions, and those
 * that look like a limit and are none. What must never happen is a clear constraint that the sentence does not say.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readPolicy } from './policy.js';

const Case = z.strictObject({
  text: z.string(),
  clear: z
    .array(
      z.strictObject({
        type: z.string(),
        scope: z.record(z.string(), z.unknown()),
        params: z.record(z.string(), z.unknown()),
        strength: z.string().optional(),
      }),
    )
    .describe('the constraints that may bind'),
  open: z
    .enum(['asked', 'instead', 'may be', 'conflict'])
    .optional()
    .describe(
      'asked: and something is asked or listed; instead: asking is as good; may be: listed or a remark; conflict: a contradiction is shown',
    ),
  tz: z.null().optional(),
});
const cases = z
  .array(Case)
  .parse(JSON.parse(readFileSync(new URL('./fixtures/by-hand.json', import.meta.url), 'utf8')));

type Said = z.infer<typeof Case>['clear'][number];
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map((v) => JSON.stringify(sorted(v))).sort()
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => key !== 'crossesMidnight')
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, v]) => [key, sorted(v)]),
        )
      : value;
const plain = ({ type, scope, params, strength }: Said) => JSON.stringify(sorted({ type, scope, params, strength }));

describe('what a sentence says, decided by hand', () => {
  for (const { text, clear, open, tz } of cases)
    it(text.slice(0, 100).replace(/\s+/g, ' '), () => {
      const got = readPolicy(text, { doc: 'policy.md', tz: tz === null ? null : 'Europe/London' });
      const strict = clear.some((c) => c.strength !== undefined);
      const binding = got.constraints
        .filter((c) => c.status === 'clear')
        .map(({ type, scope, params, strength }) => plain({ type, scope, params, ...(strict ? { strength } : {}) }))
        .sort();
      const asks =
        got.notUnderstood.length > 0 ||
        got.constraints.some((c) => c.status === 'ambiguous' || c.status === 'conflict');
      if (open === 'instead' && asks && binding.length === 0) return;
      expect(binding).toEqual(clear.map(plain).sort());
      if (open === 'asked') expect(asks).toBe(true);
      if (open === undefined || open === 'instead') expect(asks).toBe(false);
      if (open === 'conflict') {
        const [one, other] = got.constraints;
        expect([one!.status, other!.status]).toEqual(['conflict', 'conflict']);
        expect(one!.questions[0]).toContain(other!.quote);
      }
    });
});
