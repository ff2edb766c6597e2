/** The tools that look at meters: which there are, and what one of them measured. */
import { z } from 'zod';
import { invalid, notFound } from '../../domain/fault.js';
import { energyText, percentText } from '../../domain/figures.js';
import { energyWithin, MeterCard, type MeterSpan } from '../../domain/meter.js';
import { floorTo, fromEpoch, Instant, instant, plusHours, toEpoch } from '../../domain/time.js';
import { defineTool } from '../tool.js';

export const listMeters = defineTool({
  name: 'list_meters',
  title: 'List meters',
  description: 'Every meter that readings are kept of: what it covers, whose energy it is, and from when to when.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    boundary: MeterCard.shape.boundary.optional(),
    limit: z.number().int().min(1).max(1000).default(200),
  }),
  output: z.strictObject({ meters: z.array(MeterCard), total: z.number().int() }),
  run: async ({ boundary, limit }, world) => {
    const meters = (await world.meter.meters()).filter((one) => boundary === undefined || one.boundary === boundary);
    return { meters: meters.slice(0, limit), total: meters.length };
  },
  tell: ({ total }) => `${total} ${total === 1 ? 'meter' : 'meters'}.`,
});

const ROWS = ['hour', 'day', 'month'] as const;
type RowLength = (typeof ROWS)[number];
const MOST_ROWS = 2000;
const MOST_GAPS = 100;

export const showMeter = defineTool({
  name: 'show_meter',
  title: 'Show a meter',
  description:
    'What a meter measured over an interval, in total and by hour, day or month (UTC), with the share of time that is known and the gaps. A gap is unknown energy, not zero.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    meterId: z.string().min(1),
    from: Instant.optional().describe('from here on; the first kept moment when left out'),
    to: Instant.optional().describe('before here; the last kept moment when left out'),
    by: z.enum(ROWS).default('day').describe('length of the rows'),
  }),
  output: z.strictObject({
    meter: MeterCard,
    from: Instant.nullable(),
    to: Instant.nullable(),
    energyKwh: z.number().nullable().describe('of the known time; null: nothing is known'),
    coverageRatio: z.number(),
    rows: z.array(z.strictObject({ start: Instant, energyKwh: z.number().nullable(), coverageRatio: z.number() })),
    rowCount: z.number().int(),
    gaps: z
      .array(z.strictObject({ start: Instant, end: Instant, why: z.string() }))
      .describe(`the first ${MOST_GAPS} stretches within it that are not known`),
    gapCount: z.number().int(),
  }),
  run: async ({ meterId, from, to, by }, world) => {
    const meter = (await world.meter.meters()).find(({ id }) => id === meterId);
    if (!meter) throw notFound(`there is no meter ${meterId}`, '`caco meter list` names those that are known.');
    const [start, end] = [from ?? meter.covers?.start, to ?? meter.covers?.end];
    const nothing = { meter, from: null, to: null, energyKwh: null, coverageRatio: 0, rows: [], rowCount: 0 };
    if (start === undefined || end === undefined) return { ...nothing, gaps: [], gapCount: 0 };
    if (end <= start) throw invalid('to is not after from', 'Give a later to.');
    const interval = { start, end };
    const spans: MeterSpan[] = [];
    for await (const page of world.meter.spans(meterId, interval)) spans.push(...page);
    const whole = energyWithin(spans, interval);
    const gaps = gapsIn(spans, toEpoch(start), toEpoch(end));
    const { rows, rowCount } = rowsOf(spans, start, end, by);
    return {
      ...{ meter, from: start, to: end, energyKwh: whole.energyKwh },
      coverageRatio: whole.coveredSeconds / whole.seconds,
      ...{ rows, rowCount },
      ...{ gaps: gaps.slice(0, MOST_GAPS), gapCount: gaps.length },
    };
  },
  tell: ({ meter, energyKwh, coverageRatio, from, to }) =>
    energyKwh === null
      ? `Nothing is known of ${meter.id}.`
      : `${meter.id} (${meter.boundary}): ${energyText(energyKwh)} from ${from} to ${to}, ${percentText(coverageRatio)} of the time known.`,
});

/** The first moment of the row that `at` lies in. */
const rowStart = (at: Instant, by: RowLength): Instant =>
  by === 'month' ? instant(`${at.slice(0, 7)}-01T00:00:00Z`) : floorTo(at, by === 'hour' ? 60 : 1440);

/** The first moment of the row behind: 31 days after the first of a month lie in the next. */
const nextRow = (row: Instant, by: RowLength): Instant =>
  by === 'month' ? rowStart(plusHours(row, 24 * 31), by) : plusHours(row, by === 'hour' ? 1 : 24);

const monthNumber = (at: Instant) => Number(at.slice(0, 4)) * 12 + Number(at.slice(5, 7));

/** From the start of a row on, the last one may be cut by the end. */
const rowsBetween = (row: Instant, end: Instant, by: RowLength): number => {
  if (by !== 'month') return Math.ceil((toEpoch(end) - toEpoch(row)) / (by === 'hour' ? 3600 : 86_400));
  return monthNumber(end) - monthNumber(row) + (rowStart(end, by) < end ? 1 : 0);
};

/** The first rows, and how many there are of the whole interval. */
const rowsOf = (spans: readonly MeterSpan[], start: Instant, end: Instant, by: RowLength) => {
  const rows: { start: Instant; energyKwh: number | null; coverageRatio: number }[] = [];
  let first = 0;
  let at = rowStart(start, by);
  const rowCount = rowsBetween(at, end, by);
  for (; at < end && rows.length < MOST_ROWS; at = nextRow(at, by)) {
    const next = nextRow(at, by);
    const row = { start: at > start ? at : start, end: next < end ? next : end };
    while (first < spans.length && spans[first]!.end <= row.start) first++;
    let last = first;
    while (last < spans.length && spans[last]!.start < row.end) last++;
    const found = energyWithin(spans.slice(first, last), row);
    rows.push({
      start: row.start,
      energyKwh: found.energyKwh,
      coverageRatio: found.seconds > 0 ? found.coveredSeconds / found.seconds : 0,
    });
  }
  return { rows, rowCount };
};

/** Stretches that follow one another and are not known for the same reason are one. */
const gapsIn = (spans: readonly MeterSpan[], from: number, to: number) => {
  const gaps: { start: Instant; end: Instant; why: string }[] = [];
  let at = from;
  const add = (start: number, end: number, why: string) => {
    const last = gaps.at(-1);
    if (last && last.why === why && last.end === fromEpoch(start)) last.end = fromEpoch(end);
    else gaps.push({ start: fromEpoch(start), end: fromEpoch(end), why });
  };
  const until = (end: number) => {
    if (end > at) add(at, end, 'nothing is kept');
  };
  for (const span of spans) {
    const [a, b] = [Math.max(from, toEpoch(span.start)), Math.min(to, toEpoch(span.end))];
    until(a);
    if (span.energyKwh === null) add(a, b, span.why ?? 'not known');
    at = Math.max(at, b);
  }
  until(to);
  return gaps;
};
