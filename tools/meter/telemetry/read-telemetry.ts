/** The tool that brings energy that a Prometheus server remembers, as spans of meters. */
import { z } from 'zod';
import { Fault, invalid, notFound } from '../../../domain/fault.js';
import { energyText } from '../../../domain/figures.js';
import { Boundary, type MeterCard, type MeterSpan } from '../../../domain/meter.js';
import type { Telemetry, TelemetrySeries } from '../../../domain/telemetry.js';
import { fromEpoch, Instant, toEpoch } from '../../../domain/time.js';
import type { World } from '../../../domain/world.js';
import { defineTool } from '../../tool.js';
import { keep, type Merge, mergeWith } from '../keep.js';
import { Accumulator, type Buckets, emptyBuckets, isWhole } from './buckets.js';
import { PRESET_NAMES, PRESETS, type Preset } from './presets.js';

/** Samples that one answer may hold: some 16 MB of text. */
const PAGE_SAMPLES = 300_000;
const FIRST_PAGE_S = 3600;
const SHORTEST_PAGE_S = 60;
const LONGEST_PAGE_S = 7 * 86_400;
const MOST_BUCKETS = 120_000;
/** Half a wrap: a longer time between samples may hide one. */
const WRAP_SHARE = 0.5;

export const telemetryOf = (world: World): Telemetry => {
  if (world.meter.telemetry) return world.meter.telemetry;
  throw new Fault(
    'unsupported',
    'the configured meter remembers nothing',
    'Set CACO_METER=prometheus and CACO_METER_URL=http://HOST:9090.',
  );
};

interface Host {
  readonly id: string;
  readonly parts: Map<string, { accumulator: Accumulator; from: string; scrapes: number[] }>;
}

const describeSeries = ({ job, instance }: TelemetrySeries['labels']) =>
  `job ${job ?? '?'}, instance ${instance ?? '?'}`;

const isTooLarge = (error: unknown): boolean =>
  error instanceof Fault && (error.details as { reason?: string } | undefined)?.reason === 'too-large';

interface Page {
  readonly to: number;
  readonly series: Promise<TelemetrySeries[]>;
}

/** Samples of all series in pages; `take` gets each page, in order of time. */
const eachPage = async (
  telemetry: Telemetry,
  selector: string,
  startS: number,
  endS: number,
  { signal, progress }: { signal: AbortSignal; progress: (done: number, total: number) => void },
  take: (series: readonly TelemetrySeries[]) => void,
): Promise<number> => {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const ask = (from: number, pageS: number): Page => {
    const to = Math.min(endS, from + pageS);
    const series = telemetry.samples(selector, from, to, either);
    // Whoever waits for it hears of it; nobody does where an earlier page already failed.
    series.catch(() => undefined);
    return { to, series };
  };
  let [pageS, samples] = [FIRST_PAGE_S, 0];
  let ahead: Page | null = null;
  try {
    for (let from = startS; from < endS; ) {
      const page: Page = ahead ?? ask(from, pageS);
      const { to } = page;
      // The server makes the next page while this one is read, but not before it is known how much one holds.
      ahead = samples === 0 || to >= endS ? null : ask(to, pageS);
      let series: TelemetrySeries[];
      try {
        series = await page.series;
      } catch (error) {
        if (!isTooLarge(error) || to - from <= SHORTEST_PAGE_S) throw error;
        // More was scraped in it than before.
        pageS = Math.max(SHORTEST_PAGE_S, (to - from) / 4);
        ahead = null;
        continue;
      }
      const count = series.reduce((sum, { times }) => sum + times.length, 0);
      samples += count;
      take(series);
      progress(to - startS, endS - startS);
      // A later page takes as long as its samples fill one answer.
      pageS =
        count === 0
          ? Math.min(LONGEST_PAGE_S, pageS * 4)
          : Math.max(SHORTEST_PAGE_S, Math.min(LONGEST_PAGE_S, ((to - from) * PAGE_SAMPLES) / count));
      from = to;
    }
    return samples;
  } finally {
    stop.abort();
  }
};

/** Buckets in which an exporter said that it could not read everything, by host. */
const notWhole = async (
  telemetry: Telemetry,
  preset: Preset,
  startS: number,
  endS: number,
  stepS: number,
  signal: AbortSignal,
) => {
  if (preset.whole === undefined) return null;
  const series = await telemetry.steps(
    `min_over_time(${preset.whole}[${stepS}s])`,
    startS + stepS,
    endS,
    stepS,
    signal,
  );
  const bad = new Map<string, Set<number>>();
  for (const { labels, times, values } of series) {
    const host = preset.host(labels);
    const some = bad.get(host) ?? new Set<number>();
    for (let i = 0; i < times.length; i++) if (values[i] !== 1) some.add(Math.round((times[i]! - startS) / stepS) - 1);
    bad.set(host, some);
  }
  return bad;
};

const median = (values: number[]): number | null =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;

/** Fault where the scrapes are so far apart that a counter may begin anew unseen between two of them. */
const requireOftenEnough = (hosts: ReadonlyMap<string, Host>, preset: Preset, maxKw: number): void => {
  for (const { id, parts } of hosts.values())
    for (const { accumulator, scrapes } of parts.values()) {
      if (accumulator.range === null) continue;
      const wrapS = (accumulator.range * preset.factor * 3600) / maxKw;
      const apart = median(scrapes);
      if (apart !== null && apart > WRAP_SHARE * wrapS)
        throw invalid(
          `samples of ${id} lie ${Math.round(apart)} s apart, and its counters may begin anew after ${Math.round(wrapS)} s at ${maxKw} kW`,
          'Scrape it more often, or say what it can draw at most: --max-kw.',
        );
    }
};

const spansOf = (parts: readonly Buckets[], bad: ReadonlySet<number> | undefined): MeterSpan[] => {
  const [{ startS, stepS, kwh }] = parts as [Buckets];
  return Array.from(kwh, (_, i) => {
    const gap = parts.find((part) => !isWhole(part, i));
    const why = bad?.has(i)
      ? 'the exporter could not read all zones'
      : gap === undefined
        ? null
        : (gap.why[i] ?? 'not known from end to end');
    const energyKwh = why === null ? parts.reduce((sum, part) => sum + part.kwh[i]!, 0) : null;
    return { start: fromEpoch(startS + i * stepS), end: fromEpoch(startS + (i + 1) * stepS), energyKwh, why };
  });
};

export const readTelemetry = defineTool({
  name: 'read_telemetry',
  title: 'Read telemetry',
  description:
    'Brings energy that the Prometheus server of CACO_METER_URL remembers as spans of meters, one a host or one in all: raw samples, counters that begin anew told from ones that fell, gaps told and never filled. Refuses to add two exporters of one machine.',
  toolset: 'proof',
  // As import_meter: savings rest on it, and the caller says which series are whose.
  effect: 'decides',
  input: z.strictObject({
    preset: z
      .enum(PRESET_NAMES)
      .describe('who exported it: node-rapl, kepler, scaphandre, dcgm; joules or watts with a query'),
    query: z
      .string()
      .max(2000)
      .optional()
      .describe('selector of the series, where the preset has none or others are meant'),
    from: Instant,
    to: Instant,
    stepMinutes: z.union([z.literal(1), z.literal(5), z.literal(15), z.literal(30), z.literal(60)]).default(30),
    meterId: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('all hosts together as one meter of this name; left out: one meter a host'),
    site: z.string().min(1).optional().describe('the site that the one meter measures'),
    boundary: Boundary.optional().describe('what it covers, where a query says something else than the preset'),
    maxKw: z.number().positive().default(1).describe('what one series can draw at most, kW'),
    apartSeconds: z
      .number()
      .positive()
      .max(3600)
      .default(120)
      .describe('samples further apart say nothing of the time between'),
  }),
  output: z.strictObject({
    meters: z.array(
      z.strictObject({
        id: z.string(),
        series: z.number().int(),
        basis: z.enum(['measured', 'estimated']),
        energyKwh: z.number().nullable(),
        coverageRatio: z.number(),
        gaps: z.array(z.strictObject({ start: Instant, why: z.string() })).describe('the first 20'),
      }),
    ),
    samples: z.number().int(),
    scrapeSeconds: z.number().nullable().describe('how far apart samples usually lie'),
  }),
  run: async (asked, world, call) => {
    const telemetry = telemetryOf(world);
    const preset: Preset = PRESETS[asked.preset];
    const selector = asked.query ?? preset.selector;
    if (selector === '') throw invalid(`${asked.preset} names no series of its own`, 'Say which: --query METRIC.');
    const [startS, endS, stepS] = [toEpoch(asked.from), toEpoch(asked.to), asked.stepMinutes * 60];
    const count = (endS - startS) / stepS;
    if (startS % stepS !== 0 || endS % stepS !== 0 || count < 1 || count > MOST_BUCKETS)
      throw invalid(
        `${asked.from} to ${asked.to} is no stretch of whole ${asked.stepMinutes} minutes`,
        'Begin and end on a full step, a year of half-hours at most.',
      );
    const boundary = asked.boundary ?? preset.boundary;
    const apartS = asked.apartSeconds;
    const hosts = new Map<string, Host>();
    const take = (series: readonly TelemetrySeries[]) => {
      for (const { labels, times, values } of series) {
        if (!preset.counts(labels)) continue;
        const id = preset.host(labels) || 'unnamed';
        const host = hosts.get(id) ?? { id, parts: new Map() };
        hosts.set(id, host);
        const [part, from] = [preset.part(labels), describeSeries(labels)];
        let one = host.parts.get(part);
        if (one !== undefined && one.from !== from)
          throw invalid(
            `${one.from} and ${from} both tell ${part} of ${id}: their sum would be its energy twice`,
            `Name one: --query '${selector.replace(/}$/, '').includes('{') ? selector.replace(/}$/, '') : `${selector}{`},job="…"}'.`,
          );
        if (one === undefined) {
          const reading = { of: preset.of, factor: preset.factor, ranges: preset.ranges, maxKw: asked.maxKw, apartS };
          one = { accumulator: new Accumulator(emptyBuckets(startS, stepS, count), reading), from, scrapes: [] };
          host.parts.set(part, one);
        }
        if (one.scrapes.length < 100)
          for (let i = 1; i < times.length && i < 20; i++) one.scrapes.push(times[i]! - times[i - 1]!);
        one.accumulator.take(times, values);
      }
    };
    // A scrape before the start and one behind the end, so that the first and the last bucket are whole.
    const pages = {
      signal: call.signal,
      progress: (done: number, total: number) => call.progress({ done, total, note: 'samples' }),
    };
    const samples = await eachPage(telemetry, selector, startS - apartS, endS + apartS, pages, take);
    if (hosts.size === 0)
      throw notFound(
        `${telemetry.about} has no samples of ${selector} from ${asked.from} to ${asked.to}`,
        'Check the name and the time; an unknown series is no error there.',
      );
    requireOftenEnough(hosts, preset, asked.maxKw);
    const bad = asked.query === undefined ? await notWhole(telemetry, preset, startS, endS, stepS, call.signal) : null;
    if (bad !== null && bad.size === 0)
      throw notFound(
        'nothing says whether the exporter could read all zones',
        `Scrape ${preset.whole} too: without it a zone that is missing looks like one that used nothing.`,
      );
    const groups: [string, Host[], MeterCard['subject']][] =
      asked.meterId === undefined
        ? [...hosts.values()].map((host) => [`prometheus:${host.id}`, [host], { kind: 'host', id: host.id }])
        : [
            [
              asked.meterId,
              [...hosts.values()],
              asked.site === undefined ? { kind: 'none', id: '' } : { kind: 'site', id: asked.site },
            ],
          ];
    const found: { card: MeterCard; series: number; spans: MeterSpan[]; merge: Merge }[] = [];
    for (const [id, members, subject] of groups) {
      const parts = members.flatMap((host) => [...host.parts.values()].map(({ accumulator }) => accumulator.buckets));
      const badHere = new Set(members.flatMap((host) => [...(bad?.get(host.id) ?? [])]));
      const spans = spansOf(parts, badHere);
      const source = `Prometheus, ${asked.preset}`;
      const card: MeterCard = { id, name: id, boundary, subject, source, basis: preset.of, covers: null };
      found.push({ card, series: parts.length, spans, merge: await mergeWith(world.store, id, spans, false) });
    }
    call.commit(async (tx) => {
      for (const { card, merge } of found) await keep(tx, card, merge);
    });
    const scrapes = [...hosts.values()].flatMap(({ parts }) => [...parts.values()].flatMap((part) => part.scrapes));
    return {
      meters: found.map(({ card, series, spans }) => {
        const known = spans.filter(({ energyKwh }) => energyKwh !== null);
        const gaps = spans.filter(({ energyKwh }) => energyKwh === null);
        return {
          ...{
            id: card.id,
            series,
            basis: preset.measured && boundary !== 'process' ? ('measured' as const) : ('estimated' as const),
          },
          energyKwh: known.length === 0 ? null : known.reduce((sum, { energyKwh }) => sum + energyKwh!, 0),
          coverageRatio: known.length / spans.length,
          gaps: gaps.slice(0, 20).map(({ start, why }) => ({ start, why: why! })),
        };
      }),
      ...{ samples, scrapeSeconds: median(scrapes.slice(0, 1000)) },
    };
  },
  tell: ({ meters, samples }) =>
    `${samples} samples read: ${meters
      .slice(0, 3)
      .map(({ id, energyKwh }) => `${id} ${energyKwh === null ? 'with nothing known' : energyText(energyKwh)}`)
      .join(', ')}.`,
});
