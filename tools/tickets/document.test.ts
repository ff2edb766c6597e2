/** The two renderings hold for arbitrary text: ADF by Atlassian's schema and our lint, Markdown by what it must not open. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, label, oneLine, sentences } from '../../domain/text.js';
import { type AdfDoc, lintAdf, plainAdf, toAdf } from './adf.js';
import type { Block, Inline, TicketDoc } from './document.js';
import { adfProblem } from './fixtures/adf-schema.js';
import { HOSTILE } from './fixtures/scene.js';
import { escapeMarkdown, toMarkdown } from './markdown.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8'));

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom(...HOSTILE));
const inline: fc.Arbitrary<Inline> = fc.oneof(
  fc.record({ text: anyText }),
  fc.record({ text: anyText, mark: fc.constantFrom('strong' as const, 'em' as const, 'code' as const) }),
  fc.record({
    text: anyText,
    href: fc.oneof(fc.constantFrom('https://a.example/x?y=(1)', 'javascript:alert(1)', 'data:x', 'no'), anyText),
  }),
);
const line = fc.array(inline, { maxLength: 4 });
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant('heading' as const), level: fc.integer({ min: 1, max: 6 }), text: anyText }),
  fc.record({ type: fc.constant('paragraph' as const), content: line }),
  fc.record({
    type: fc.constant('table' as const),
    head: fc.array(anyText, { minLength: 1, maxLength: 4 }),
    rows: fc.array(fc.array(line, { maxLength: 6 }), { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('list' as const),
    ordered: fc.boolean(),
    items: fc.array(line, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('code' as const), language: fc.constantFrom('', 'sh'), text: anyText }),
  fc.constant({ type: 'rule' as const }),
);
const document: fc.Arbitrary<TicketDoc> = fc.array(block, { minLength: 1, maxLength: 6 });

describe('ADF', () => {
  it('of arbitrary documents is valid by Atlassian’s schema and by our lint', () => {
    fc.assert(
      fc.property(document, (doc) => {
        const adf = toAdf(doc);
        expect([adfProblem(adf), lintAdf(adf)]).toEqual([null, []]);
      }),
      { numRuns: 300 },
    );
  });

  it('in its plain form is valid too', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.array(anyText).map((rows) => rows.join('\n')),
        ),
        (text) => {
          expect(adfProblem(plainAdf(text))).toBeNull();
        },
      ),
    );
  });

  it('is judged by the same schema as the recorded cases', () => {
    expect(adfProblem(fixture('adf-valid.json').document)).toBeNull();
    expect(lintAdf(fixture('adf-valid.json').document)).toEqual([]);
    for (const { name, document: doc, schemaAccepts } of fixture('adf-invalid.json').cases)
      expect([name, adfProblem(doc) === null]).toEqual([name, schemaAccepts]);
  });

  const traps: { name: string; document: AdfDoc }[] = fixture('adf-invalid.json').cases.filter(
    (c: { schemaAccepts: boolean }) => c.schemaAccepts,
  );
  it.each(traps.map((t) => [t.name, t.document] as const))('lint: %s', (name, doc) => {
    // An empty paragraph is what an empty cell holds: the one case that is no fault.
    expect(lintAdf(doc).length > 0).toBe(name !== '(trap) empty paragraph content []');
  });
});

describe('Markdown', () => {
  it('of arbitrary text opens no comment, mention, link, image, tag or table cell', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).not.toMatch(/\n|(?<!\\)(?:\\\\)*[<>[\]|`*_~]|@[A-Za-z0-9]|#\d|:\/\/|^[-+=#]/);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps tables rectangular and code within its fence', () => {
    fc.assert(
      fc.property(document, (doc) => {
        const text = toMarkdown(doc);
        const only = doc.length === 1 ? doc[0] : undefined;
        if (only?.type === 'table')
          for (const row of text.trimEnd().split('\n'))
            expect(row.match(/(?<!\\)(?:\\\\)*\|/g)).toHaveLength(only.head.length + 1);
        if (only?.type === 'code') {
          const lines = text.trimEnd().split('\n');
          const fence = /^`+/.exec(lines[0]!)![0];
          expect(lines.at(-1)).toBe(fence);
          for (const inside of lines.slice(1, -1)) expect(inside).not.toContain(fence);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('sentences that fit', () => {
  it('are whole: a note is never cut in the middle of one that fits not', () => {
    const note = 'Real: NESO, recorded in 2022. Simulated: jobs and sites. Nothing measures them';
    expect(sentences(note, 600)).toBe(`${note}.`);
    expect(sentences(note, 60)).toBe('Real: NESO, recorded in 2022. Simulated: jobs and sites.');
    expect(sentences(note, 10)).toBe('Real: NES…');
  });
});

describe('foreign text', () => {
  it('is one well-formed line within its bounds', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 300 }), (text, max) => {
        const line = oneLine(text, max);
        expect(line).not.toMatch(/\p{Cc}|\p{Cs}|[\u202a-\u202e]/u);
        expect(line.length).toBeLessThanOrEqual(Math.max(max, '(none)'.length));
        expect(cut(text, max).length).toBeLessThanOrEqual(max);
        expect(label(text)).toMatch(/^[^\s@<>#]{1,50}$/);
      }),
      { numRuns: 500 },
    );
  });
});
