/** The tools that look at meters: which there are, and what one of them measured. */
import { z } from 'zod';
import { invalid, notFound } from '../../domain/fault.js';
import { energyText, percentText } from '../../domain/figures.js';
import { energyWithin, MeterCard, type MeterSpan } from '../../domain/meter.js';
import { floorTo, fromEpoch, Instant, toEpoch } from '../../domain/time.js';
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

const STEPS = { hour: 60, day: 24 * 60 } as const;
const MOST_ROWS = 2000;
const MOST_GAPS = 100;

export const showMeter = defineTool({
  name: 'show_meter',
  title: 'Show a meter',
  description:
    'What a meter measured over an interval, in total and by hour or day (UTC), with the share of time that is known and the gaps. A gap is unknown energy, not zero.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    meterId: z.string().min(1),
    from: Instant.optional().describe('from here on; the first kept moment when left out'),
    to: Instant.optional().describe('before here; the last kept moment when left out'),
    by: z.enum(['hour', 'day']).default('day').describe('length of the rows'),
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
    const { rows, rowCount } = rowsOf(spans, start, end, STEPS[by]);
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

/** The first rows, and how many there are of the whole interval. */
const rowsOf = (spans: readonly MeterSpan[], start: Instant, end: Instant, stepMinutes: number) => {
  const rows: { start: Instant; energyKwh: number | null; coverageRatio: number }[] = [];
  let first = 0;
  const [begin, step] = [toEpoch(floorTo(start, stepMinutes)), stepMinutes * 60];
  const rowCount = Math.ceil((toEpoch(end) - begin) / step);
  for (let n = 0; n < Math.min(rowCount, MOST_ROWS); n++) {
    const at = begin + n * step;
    const row = {
      start: fromEpoch(Math.max(at, toEpoch(start))),
      end: fromEpoch(Math.min(at + step, toEpoch(end))),
    };
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

const gapsIn = (spans: readonly MeterSpan[], from: number, to: number) => {
  const gaps: { start: Instant; end: Instant; why: string }[] = [];
  let at = from;
  const until = (end: number) => {
    if (end > at) gaps.push({ start: fromEpoch(at), end: fromEpoch(end), why: 'nothing is kept' });
  };
  for (const span of spans) {
    const [a, b] = [Math.max(from, toEpoch(span.start)), Math.min(to, toEpoch(span.end))];
    until(a);
    if (span.energyKwh === null) gaps.push({ start: fromEpoch(a), end: fromEpoch(b), why: span.why ?? 'not known' });
    at = Math.max(at, b);
  }
  until(to);
  return gaps;
};
