/**
 * What a Prometheus server remembers, over its HTTP interface. Counters are read as raw samples (an instant query of a range), not as
 * steps: a step repeats the last value for five minutes after a target has gone, and `increase()` leaves out what a counter had when it
 * was first seen. Expressions are read in steps, in pages below the limit of 11 000.
 */
import { z } from 'zod';
import { Fault, invalid } from '../../../domain/fault.js';
import type { Telemetry, TelemetrySeries } from '../../../domain/telemetry.js';
import { jsonIfAny, jsonOf } from '../../../wire/wire.js';
import type { Asking } from './ask.js';
import { numberIn, type Samples, samplesIn } from './matrix.js';

/** `values`: a list, or the number of one that was read before. */
const Body = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.unknown() })),
  }),
});

const MOST_STEPS = 10_000;

const noMatrix = (ask: Asking) =>
  new Fault(
    'unavailable',
    `${ask.who} answered what is no matrix`,
    'Check CACO_METER_URL, and that it is a range that is asked for.',
    { details: { reason: 'shape' } },
  );

/** Samples one by one, of a server that spells its lists otherwise than Prometheus does. */
const listed = (values: readonly unknown[]): Samples | null => {
  const [times, numbers] = [new Float64Array(values.length), new Float64Array(values.length)];
  for (const [i, pair] of values.entries()) {
    const [at, text] = (Array.isArray(pair) ? pair : []) as [unknown, unknown];
    if (typeof at !== 'number' || typeof text !== 'string') return null;
    times[i] = at;
    numbers[i] = numberIn(text);
  }
  return { times, values: numbers };
};

const matrix = async (ask: Asking, path: string, signal: AbortSignal | undefined): Promise<TelemetrySeries[]> => {
  const { bytes, ...head } = await ask.bytes(path, signal);
  const whole = () => jsonOf({ ...head, text: Buffer.from(bytes).toString('utf8') });
  const scanned = head.status < 300 ? samplesIn(bytes) : null;
  let answer: unknown;
  try {
    answer = scanned === null ? whole() : (jsonIfAny(scanned.text) ?? whole());
  } catch (error) {
    // 400 and 422: the expression is not understood, or would take too much.
    if (error instanceof Fault && (error.details as { fate?: string } | undefined)?.fate === 'refused')
      throw invalid(`${ask.who} refuses the expression: ${error.message}`, 'Try it in the page of the server first.');
    throw error;
  }
  const read = Body.safeParse(answer);
  if (!read.success) throw noMatrix(ask);
  let next = 0;
  const samplesOf = (values: unknown): Samples | null =>
    Array.isArray(values) ? listed(values) : values === next ? (scanned?.lists[next++] ?? null) : null;
  return read.data.data.result.map(({ metric, values }) => {
    const samples = samplesOf(values);
    if (samples === null) throw noMatrix(ask);
    return { labels: metric, ...samples };
  });
};

const keyOf = (labels: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

const chained = (parts: readonly Float64Array[]): Float64Array => {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** Pages of one answer, series by series. */
const joined = (pages: readonly TelemetrySeries[]): TelemetrySeries[] => {
  const found = new Map<string, TelemetrySeries[]>();
  for (const page of pages) {
    const key = keyOf(page.labels);
    const before = found.get(key);
    if (before === undefined) found.set(key, [page]);
    else before.push(page);
  }
  return [...found.values()].map((parts) => ({
    labels: parts[0]!.labels,
    times: chained(parts.map(({ times }) => times)),
    values: chained(parts.map(({ values }) => values)),
  }));
};

export const prometheusHistory = (ask: Asking): Telemetry => ({
  about: ask.who,
  samples: (selector, startS, endS, signal) => {
    const query = `${selector}[${Math.round((endS - startS) * 1000)}ms]`;
    return matrix(ask, `/api/v1/query?query=${encodeURIComponent(query)}&time=${endS}`, signal);
  },
  steps: async (expression, startS, endS, stepS, signal) => {
    const pages: TelemetrySeries[] = [];
    for (let from = startS; from <= endS; from += MOST_STEPS * stepS) {
      const to = Math.min(endS, from + (MOST_STEPS - 1) * stepS);
      const query = `query=${encodeURIComponent(expression)}&start=${from}&end=${to}&step=${stepS}`;
      pages.push(...(await matrix(ask, `/api/v1/query_range?${query}`, signal)));
    }
    return joined(pages);
  },
});
