/** Front door of the exports: the books of what ran, in the forms that other people's programs read and recompute. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { invalid } from '../../domain/fault.js';
import { energyText, massText } from '../../domain/figures.js';
import { Instant } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { booksOf, pricedOf, totalsOf } from './books.js';
import { manifestOf } from './impact-framework.js';
import { codecarbonOf, focusOf } from './tables.js';

const softwareName = (): string => {
  const manifest = z
    .object({ name: z.string(), version: z.string() })
    .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
  return `${manifest.name} ${manifest.version}`;
};

const textOf = (pieces: Iterable<string>): string => {
  let text = '';
  for (const piece of pieces) text += piece;
  return text;
};

export const exportBooks = defineTool({
  name: 'export_books',
  title: 'Export books',
  description:
    'What really ran in a period, as a document for other programs: an Impact Framework manifest that if-run and if-diff recompute, CSV rows as CodeCarbon writes them, or FOCUS rows for FinOps. Only verified plans are in the books.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    format: z.enum(['if', 'codecarbon', 'focus']).describe('if: Impact Framework manifest (YAML); the others: CSV'),
    from: Instant.optional().describe('start of the period; a piece belongs to the period in which it starts'),
    to: Instant.optional().describe('end of the period, exclusive'),
    planId: z.string().optional().describe('one plan only'),
    region: z.string().optional().describe('one region only'),
    team: z.string().optional().describe('one team only'),
  }),
  output: z.strictObject({
    format: z.enum(['if', 'codecarbon', 'focus']),
    text: z.string().describe('the document'),
    rows: z.number().int().describe('pieces of work in it'),
    omitted: z
      .number()
      .int()
      .describe('pieces left out because their intensity is not known, or in FOCUS rows their price'),
    from: Instant,
    to: Instant,
    totals: z.strictObject({
      energyKwh: z.string().describe('decimal text'),
      emissionsKg: z.string().describe('decimal text'),
      cost: z.string().nullable().describe('decimal text; null: a price is not known'),
      currency: z.string(),
    }),
    verifications: z.array(z.string()),
  }),
  run: async ({ format, ...period }, world, call) => {
    if (period.from !== undefined && period.to !== undefined && period.from >= period.to)
      throw invalid(`the period ends at ${period.to}, not after its start ${period.from}`, 'Give a later end.');
    const all = await booksOf(world, period, call.signal);
    const books = format === 'focus' ? pricedOf(all) : all;
    const software = softwareName();
    const text =
      format === 'if'
        ? textOf(manifestOf(books, { software }))
        : format === 'codecarbon'
          ? codecarbonOf(books, software)
          : focusOf(books);
    return {
      format,
      text,
      rows: books.entries.length,
      omitted: books.omitted,
      from: books.from,
      to: books.to,
      totals: totalsOf(books),
      verifications: [...books.verifications],
    };
  },
  tell: (o) =>
    `${o.rows} pieces from ${o.from} to ${o.to}: ${energyText(Number(o.totals.energyKwh))}, ${massText(Number(o.totals.emissionsKg))} CO2e${o.omitted === 0 ? '' : `; ${o.omitted} left out for want of an intensity or a price`}.`,
});

export const exportTools = [exportBooks] as const;
