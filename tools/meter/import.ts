/** The tool that takes in what a meter of a building or PDU recorded. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { energyText } from '../../domain/figures.js';
import { Boundary, MeterCard, type MeterSpan } from '../../domain/meter.js';
import { fromEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { joined, keepEdges } from './edges.js';
import { keep, type Merge, mergeWith, secondsOf } from './keep.js';
import { type Problem, type Reading, readSheet } from './sheet.js';
import { spansOf } from './spans.js';

const LARGEST = 64 * 1024 * 1024;
const LISTED = 200;
/** What lies further apart is a broken time, and would fill the store with gaps. */
const LONGEST_FILE_S = 50 * 366 * 86_400;

const Input = z.strictObject({
  path: z.string().min(1).optional().describe('CSV file of readings (command line only)'),
  text: z.string().min(1).max(LARGEST).optional().describe('the CSV itself'),
  boundary: Boundary.optional(),
  meterId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('name of the meter; the file’s own names, or the file’s name, when left out'),
  site: z.string().min(1).optional().describe('id of the site that it measures'),
  job: z.string().min(1).optional().describe('id of the job that it measures, and nothing else'),
  column: z.string().optional().describe('column of the values, where the file has several'),
  unit: z.string().optional().describe('their unit, where the header does not say it: kWh, W, …'),
  as: z
    .enum(['counter', 'interval', 'average', 'power'])
    .optional()
    .describe(
      'counter: a register that counts up; interval: energy of each row; average: mean power of each row; power: power at moments',
    ),
  zone: z.string().optional().describe('time zone of times without an offset: UTC, Europe/London'),
  dates: z.enum(['day-first', 'month-first']).optional().describe('how 01/06/2022 is read'),
  rangeKwh: z
    .number()
    .positive()
    .optional()
    .describe('where the register begins anew, kWh; without it a fall is a gap'),
  replace: z.boolean().default(false).describe('take these readings in place of kept ones of the same time'),
});
type Input = z.output<typeof Input>;

const Imported = z.strictObject({
  id: z.string(),
  name: z.string(),
  spans: z.number().int().describe('new stretches of time'),
  same: z.number().int().describe('stretches that were kept already'),
  gaps: z.number().int().describe('of the file’s stretches, those whose energy is not known'),
  energyKwh: z.number().nullable().describe('of the file’s known time; null: nothing is known'),
  coverageRatio: z.number().describe('share of the file’s time whose energy is known'),
  from: z.string().nullable(),
  to: z.string().nullable(),
});

export const importMeter = defineTool({
  name: 'import_meter',
  title: 'Import meter readings',
  description:
    'Takes in readings of a building, PDU or machine meter from CSV: registers, power or energy of intervals. What the file does not say (unit, zone, kind) is asked for; missing rows and falling registers become gaps, never zero.',
  toolset: 'proof',
  // Verified savings rest on what was measured, so it is a person's word.
  effect: 'decides',
  input: Input,
  output: z.strictObject({
    meters: z.array(Imported),
    accepted: z.number().int().describe('rows that were read'),
    repeated: z.number().int().describe('rows that stand twice'),
    rejectedCount: z.number().int(),
    rejected: z
      .array(z.strictObject({ line: z.number().int(), field: z.string(), message: z.string(), remedy: z.string() }))
      .describe(`the first ${LISTED}`),
    assumed: z.array(z.string()),
    unit: z.string(),
    basis: MeterCard.shape.basis,
  }),
  run: async (input, world, call) => {
    const { text, name } = await sourceOf(input, call.actor.via);
    const { boundary } = input;
    if (boundary === undefined)
      throw invalid(
        'nobody has said what the meter covers',
        'Say it: --boundary facility (building with cooling), it (behind a PDU or UPS), server, components, gpu or process.',
      );
    const subject = await subjectOf(input, world);
    const sheet = readSheet(name, text, {
      column: input.column ?? null,
      unit: input.unit ?? null,
      as: input.as ?? null,
      zone: input.zone ?? null,
      dates: input.dates ?? null,
    });
    if (input.rangeKwh !== undefined && sheet.basis !== 'counter')
      throw invalid('only a register begins anew', 'Leave --range-kwh out, or say --as counter.');
    const problems: Problem[] = [...sheet.problems];
    const merges: { card: MeterCard; merge: Merge; readings: readonly Reading[] }[] = [];
    const meters: z.output<typeof Imported>[] = [];
    let [accepted, repeated] = [0, 0];
    for (const [own, readings] of sheet.meters) {
      call.signal.throwIfAborted();
      const id = idOf(input.meterId, own, name, sheet.meters.size);
      const times = readings.map(({ at }) => at);
      const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
      if (last - first > LONGEST_FILE_S)
        throw invalid(
          `readings of ${id} run from ${fromEpoch(first)} to ${fromEpoch(last)}`,
          'Check its times: a file holds 50 years at most.',
        );
      const of = { basis: sheet.basis, isEnd: sheet.isEnd, rangeKwh: input.rangeKwh ?? null };
      const found = spansOf(sheet.basis === 'counter' ? await joined(world.store, id, readings) : readings, of);
      const merge = await mergeWith(world.store, id, found.spans, input.replace);
      problems.push(...found.problems, ...merge.refused.map(overlap));
      accepted += readings.length - found.problems.length;
      repeated += found.repeated;
      const source = `file ${basename(name)}`;
      const card = { id, name: own === '' ? id : own, boundary, subject, source, basis: sheet.basis, covers: null };
      merges.push({ card, merge, readings });
      meters.push({ id, name: card.name, spans: merge.fresh.length, same: merge.same, ...summaryOf(found.spans) });
    }
    if (merges.length > 0 && accepted > 0)
      call.commit(async (tx) => {
        for (const { card, merge, readings } of merges) {
          await keep(tx, card, merge);
          if (sheet.basis === 'counter') await keepEdges(tx, card.id, readings);
        }
      });
    problems.sort((a, b) => a.line - b.line);
    return {
      ...{ meters, accepted, repeated, rejectedCount: problems.length, rejected: problems.slice(0, LISTED) },
      ...{ assumed: [...sheet.assumed], unit: sheet.unit.name, basis: sheet.basis },
    };
  },
  tell: ({ meters, rejectedCount }) =>
    `${meters.length} ${meters.length === 1 ? 'meter' : 'meters'} imported: ${meters
      .slice(0, 3)
      .map(({ id, energyKwh }) => `${id} ${energyKwh === null ? 'with nothing known' : energyText(energyKwh)}`)
      .join(', ')}${rejectedCount > 0 ? `; ${rejectedCount} rows were left out` : ''}.`,
});

const sourceOf = async ({ path, text }: Input, via: string): Promise<{ text: string; name: string }> => {
  if ((path === undefined) === (text === undefined))
    throw invalid('give either path or text', 'Name the file, or give its text.');
  if (path === undefined) return { text: text!, name: 'readings' };
  if (via !== 'cli')
    throw new Fault(
      'forbidden',
      'only the command line reads files of this machine',
      'Send the text itself in the member text, or run `caco meter import FILE`.',
    );
  try {
    if ((await stat(path)).size > LARGEST) throw invalid(`${path} is larger than 64 MiB`, 'Give it in parts.');
    const bytes = await readFile(path);
    if (bytes.includes(0)) throw invalid(`${path} is no text`, 'Save its sheet as CSV and give that.');
    return { text: bytes.toString('utf8'), name: basename(path) };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof Fault || typeof code !== 'string') throw cause;
    if (code === 'ENOENT') throw notFound(`there is no file ${path}`, 'Check the path.');
    throw new Fault('unavailable', `${path} cannot be read: ${code}`, 'Check the path and its rights.', { cause });
  }
};

const subjectOf = async ({ site, job }: Input, world: World): Promise<MeterCard['subject']> => {
  if (site !== undefined && job !== undefined)
    throw invalid('both a site and a job are given', 'Say whose energy it is: --site or --job.');
  if (job !== undefined) return { kind: 'job', id: job };
  if (site === undefined) return { kind: 'none', id: '' };
  const known = (await world.fleet.sites()).map(({ id }) => id);
  if (!known.includes(site))
    throw notFound(
      `there is no site ${site}`,
      `Known are ${known.slice(0, 12).join(', ')}; \`caco site import\` adds one.`,
    );
  return { kind: 'site', id: site };
};

const idOf = (given: string | undefined, own: string, file: string, meters: number): string => {
  const base = given ?? (own === '' ? basename(file).replace(/\.[^.]*$/, '') : own);
  return given !== undefined && meters > 1 ? `${base}:${own === '' ? '-' : own}` : base;
};

const overlap = (span: MeterSpan): Problem => ({
  line: 0,
  field: 'time',
  message: `${span.start} to ${span.end} is kept already with another value`,
  remedy: 'Leave it out, or say --replace.',
});

const summaryOf = (spans: readonly MeterSpan[]) => {
  const known = spans.filter(({ energyKwh }) => energyKwh !== null);
  const seconds = (of: readonly MeterSpan[]) => of.reduce((sum, span) => sum + secondsOf(span), 0);
  return {
    gaps: spans.length - known.length,
    energyKwh: known.length === 0 ? null : known.reduce((sum, { energyKwh }) => sum + energyKwh!, 0),
    coverageRatio: spans.length === 0 ? 0 : seconds(known) / seconds(spans),
    from: spans[0]?.start ?? null,
    to: spans.at(-1)?.end ?? null,
  };
};
