/**
 * What a Prometheus server remembers, over its HTTP interface. Counters are read as raw samples (an instant query of a range), not as
 * steps: a step repeats the last value for five minutes after a target has gone, and `increase()` leaves out what a counter had when it
 * was first seen. Expressions are read in steps, in pages below the limit of 11 000.
 */
import { z } from 'zod';
import { Fault, invalid } from '../../../domain/fault.js';
import type { Telemetry, TelemetrySeries } from '../../../domain/telemetry.js';
import type { Asking } from './ask.js';

const Body = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      // Millions of samples: each is looked at by hand where it is read.
      z.object({ metric: z.record(z.string(), z.string()), values: z.custom<unknown[]>(Array.isArray) }),
    ),
  }),
});

const MOST_STEPS = 10_000;

/** Values are text; Go spells infinity +Inf. */
const numberIn = (text: string): number =>
  /^[+-]?Inf$/i.test(text) ? Number(text.replace(/Inf/i, 'Infinity')) : Number(text);

const noMatrix = (ask: Asking) =>
  new Fault(
    'unavailable',
    `${ask.who} answered what is no matrix`,
    'Check CACO_METER_URL, and that it is a range that is asked for.',
    { details: { reason: 'shape' } },
  );

const matrix = async (ask: Asking, path: string, signal: AbortSignal | undefined): Promise<TelemetrySeries[]> => {
  let answer: unknown;
  try {
    answer = await ask.json(path, signal);
  } catch (error) {
    // 400 and 422: the expression is not understood, or would take too much.
    if (error instanceof Fault && (error.details as { fate?: string } | undefined)?.fate === 'refused')
      throw invalid(`${ask.who} refuses the expression: ${error.message}`, 'Try it in the page of the server first.');
    throw error;
  }
  const read = Body.safeParse(answer);
  if (!read.success) throw noMatrix(ask);
  return read.data.data.result.map(({ metric, values }) => {
    const times = new Array<number>(values.length);
    const numbers = new Array<number>(values.length);
    for (let i = 0; i < values.length; i++) {
      const [at, text] = (Array.isArray(values[i]) ? values[i] : []) as [unknown, unknown];
      if (typeof at !== 'number' || typeof text !== 'string') throw noMatrix(ask);
      times[i] = at;
      numbers[i] = numberIn(text);
    }
    return { labels: metric, times, values: numbers };
  });
};

const keyOf = (labels: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Pages of one answer, series by series. */
const joined = (pages: readonly TelemetrySeries[][]): TelemetrySeries[] => {
  const found = new Map<string, { labels: TelemetrySeries['labels']; times: number[]; values: number[] }>();
  for (const page of pages)
    for (const { labels, times, values } of page) {
      const key = keyOf(labels);
      const one = found.get(key) ?? { labels, times: [], values: [] };
      for (const at of times) one.times.push(at);
      for (const value of values) one.values.push(value);
      found.set(key, one);
    }
  return [...found.values()];
};

export const prometheusHistory = (ask: Asking): Telemetry => ({
  about: ask.who,
  samples: (selector, startS, endS, signal) => {
    const query = `${selector}[${Math.round((endS - startS) * 1000)}ms]`;
    return matrix(ask, `/api/v1/query?query=${encodeURIComponent(query)}&time=${endS}`, signal);
  },
  steps: async (expression, startS, endS, stepS, signal) => {
    const pages: TelemetrySeries[][] = [];
    for (let from = startS; from <= endS; from += MOST_STEPS * stepS) {
      const to = Math.min(endS, from + (MOST_STEPS - 1) * stepS);
      const query = `query=${encodeURIComponent(expression)}&start=${from}&end=${to}&step=${stepS}`;
      pages.push(await matrix(ask, `/api/v1/query_range?${query}`, signal));
    }
    return joined(pages);
  },
});
