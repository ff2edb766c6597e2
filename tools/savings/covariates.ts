/** The tool that takes in what else was going on: submitted work, temperature. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import {
  COVARIATES,
  CovariateCard,
  type CovariateSpan,
  keepCovariate,
  LONGEST_COVARIATE_S,
} from '../../domain/covariate.js';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { fromEpoch, Instant, toEpoch } from '../../domain/time.js';
import { defineTool } from '../tool.js';

const LARGEST = 64 * 2 ** 20;
const LISTED = 50;

export const importCovariate = defineTool({
  name: 'import_covariate',
  title: 'Import a covariate',
  description:
    'Takes in a series beside the energy from CSV, by which savings are judged: work that was submitted, temperature. Each row holds the mean until the next; a gap stays one.',
  toolset: 'proof',
  // Savings rest on it as they do on meters, so it is a person's word.
  effect: 'decides',
  input: z.strictObject({
    path: z.string().min(1).optional().describe('CSV file with a header (command line only)'),
    text: z.string().min(1).max(LARGEST).optional().describe('the CSV itself'),
    id: CovariateCard.shape.id.describe('name of the series'),
    kind: CovariateCard.shape.kind,
    basis: CovariateCard.shape.basis,
    unit: CovariateCard.shape.unit.default(''),
    timeColumn: z
      .string()
      .optional()
      .describe('column of times, ISO 8601 with Z or an offset; the first when left out'),
    column: z.string().optional().describe('column of values; the one named as the series, or the second'),
  }),
  output: z.strictObject({
    covariate: CovariateCard,
    accepted: z.number().int(),
    rejectedCount: z.number().int(),
    rejected: z.array(z.strictObject({ line: z.number().int(), message: z.string() })).describe(`the first ${LISTED}`),
    stepMinutes: z.number().describe('how far apart rows usually lie'),
  }),
  run: async ({ path, text, timeColumn, column, ...card }, world, call) => {
    const source = await sourceOf(path, text, call.actor.via);
    const { rows, rejected } = readRows(source, { timeColumn, column: column ?? null, id: card.id });
    const step = usualStep(rows.map(({ at }) => at));
    const spans: CovariateSpan[] = rows.map(({ at, value }) => ({
      start: fromEpoch(at),
      end: fromEpoch(at + step),
      value,
    }));
    const before = (await world.store.collection(COVARIATES).get(card.id))?.value;
    if (before !== undefined && (before.kind !== card.kind || before.unit !== card.unit))
      throw new Fault(
        'conflict',
        `${card.id} is kept as ${before.kind} in "${before.unit}"`,
        'Say the same of it, or give the series another name.',
      );
    const covariate = { ...card, source: `file ${basename(path ?? 'text')}`, covers: null };
    call.commit((tx) => keepCovariate(tx, covariate, spans));
    const covers = { start: spans[0]!.start, end: spans.at(-1)!.end };
    return {
      covariate: { ...covariate, covers },
      ...{ accepted: rows.length, rejectedCount: rejected.length, rejected: rejected.slice(0, LISTED) },
      stepMinutes: step / 60,
    };
  },
  tell: ({ covariate, accepted }) => `${accepted} rows of ${covariate.id} taken in.`,
});

const sourceOf = async (path: string | undefined, text: string | undefined, via: string): Promise<string> => {
  if ((path === undefined) === (text === undefined))
    throw invalid('give either path or text', 'Name the file, or give its text.');
  if (path === undefined) return text!;
  if (via !== 'cli')
    throw new Fault('forbidden', 'only the command line reads files of this machine', 'Send the text itself.');
  try {
    if ((await stat(path)).size > LARGEST) throw invalid(`${path} is larger than 64 MiB`, 'Give it in parts.');
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw notFound(`there is no file ${path}`, 'Check the path.');
    throw cause;
  }
};

interface Row {
  readonly at: number;
  readonly value: number;
}

const readRows = (
  text: string,
  of: { timeColumn: string | undefined; column: string | null; id: string },
): { rows: Row[]; rejected: { line: number; message: string }[] } => {
  let table: string[][];
  try {
    table = parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true, trim: true }) as string[][];
  } catch (cause) {
    throw invalid(`it is not CSV: ${(cause as Error).message}`, 'Save it as CSV with a header, and give that.');
  }
  const [header = [], ...cells] = table;
  const at = of.timeColumn === undefined ? 0 : header.indexOf(of.timeColumn);
  const named = header.indexOf(of.column ?? of.id);
  const value = named >= 0 || of.column !== null ? named : 1;
  if (at < 0 || value < 0 || value >= header.length)
    throw invalid(
      `there is no column ${at < 0 ? of.timeColumn : of.column}`,
      `Its columns are ${header.slice(0, 12).join(', ')}: say --time-column and --column.`,
    );
  const found = new Map<number, number>();
  const rejected: { line: number; message: string }[] = [];
  cells.forEach((row, i) => {
    const line = i + 2;
    const moment = Instant.safeParse(row[at]);
    const number = Number(row[value]);
    if (!moment.success) rejected.push({ line, message: `"${(row[at] ?? '').slice(0, 40)}" is no time with a zone` });
    else if ((row[value] ?? '') === '' || /^nan$/i.test(row[value]!)) return;
    else if (!Number.isFinite(number)) rejected.push({ line, message: `"${row[value]!.slice(0, 40)}" is no number` });
    else if (found.has(toEpoch(moment.data))) rejected.push({ line, message: `${moment.data} stands twice` });
    else found.set(toEpoch(moment.data), number);
  });
  const rows = [...found].map(([moment, number]) => ({ at: moment, value: number })).sort((a, b) => a.at - b.at);
  if (rows.length < 2)
    throw invalid('fewer than two rows can be read', 'Give times such as 2026-01-05T00:00:00Z, and numbers.', {
      rejected: rejected.slice(0, LISTED),
    });
  return { rows, rejected };
};

/** The distance that occurs most often, s. */
const usualStep = (times: readonly number[]): number => {
  const counts = new Map<number, number>();
  for (let i = 1; i < times.length; i++)
    counts.set(times[i]! - times[i - 1]!, (counts.get(times[i]! - times[i - 1]!) ?? 0) + 1);
  const [step] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best));
  if (step > LONGEST_COVARIATE_S)
    throw invalid(`rows lie ${step / 86_400} days apart`, 'Give a series of steps of a week at most.');
  return step;
};
