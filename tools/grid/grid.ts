/** What the grid is going to be like, and when work is cleanest: the grid's tools over the World's port. */
import { z } from 'zod';
import { invalid, notFound } from '../../domain/fault.js';
import { counted, figure } from '../../domain/figures.js';
import { gapsIn, instantAt, valueAt } from '../../domain/series.js';
import { CarbonKind, knownUntil, SignalStatus, whyUnknown } from '../../domain/signal.js';
import { Instant, type Interval, plusHours, secondsBetween } from '../../domain/time.js';
import { Currency } from '../../domain/units.js';
import { carbonAndPrice, type World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { recordCommandRun } from './command-run.js';
import { findGreenWindow } from './green-window.js';
import { homeRegions, refreshGrid } from './refresh.js';
import { whenToRun } from './when.js';
import { ranked, windowsOf } from './windows.js';

const MAX_HOURS = 24 * 31;

const Extreme = z
  .strictObject({ start: Instant, end: Instant, meanGPerKwh: z.number() })
  .nullable()
  .describe('null when no window of that length has data throughout');

export const getGridForecast = defineTool({
  name: 'get_grid_forecast',
  title: 'Get the grid forecast',
  description:
    'Carbon intensity and energy price of a region over the coming hours, as known now: values per step with bounds, mean, least and most, the cleanest and dirtiest window, gaps, source and age.',
  toolset: 'grid',
  effect: 'reads',
  input: z.strictObject({
    region: z
      .string()
      .optional()
      .describe('region with a signal, for example GB; may be left out where the sites lie in one'),
    from: Instant.optional().describe('start of the interval; now when left out'),
    to: Instant.optional().describe('end of the interval, exclusive; instead of horizonHours'),
    horizonHours: z
      .number()
      .positive()
      .max(MAX_HOURS)
      .optional()
      .describe('length of the interval in hours, 24 when left out'),
    windowHours: z
      .number()
      .positive()
      .max(48)
      .default(2)
      .describe('length in hours of the cleanest and dirtiest window to look for'),
  }),
  output: z.strictObject({
    region: z.string(),
    kind: CarbonKind,
    source: z.string(),
    status: SignalStatus,
    now: Instant.describe('the world’s now: what lies after it has not happened'),
    knownUntil: Instant.nullable().describe(
      'nothing is known from here on, as far as its source was asked; null: of no hour',
    ),
    generatedAt: Instant.describe('when this was known'),
    ageHours: z.number().describe('hours from then to the world’s now'),
    priceSource: z.string().nullable(),
    stepMinutes: z.number(),
    points: z.array(
      z.strictObject({
        start: Instant,
        intensityGPerKwh: z.number().nullable(),
        low: z.number().nullable().describe('g/kWh'),
        high: z.number().nullable().describe('g/kWh'),
        pricePerMwh: z.number().nullable(),
        currency: Currency,
      }),
    ),
    stats: z.strictObject({
      meanGPerKwh: z.number().nullable(),
      minGPerKwh: z.number().nullable(),
      maxGPerKwh: z.number().nullable(),
      meanPricePerMwh: z.number().nullable(),
      coverageRatio: z.number().describe('share of steps that have an intensity'),
    }),
    cleanest: Extreme,
    dirtiest: Extreme,
    gaps: z.array(z.strictObject({ from: Instant, to: Instant })),
    notes: z
      .array(z.string())
      .describe('what a reader must know beside the values: who stands in for whom, what is old, what is short'),
  }),
  run: async (input, world) => {
    const interval = intervalOf(input, world.clock.now());
    const region = input.region ?? (await onlyRegion(world));
    const { carbon, price } = await carbonAndPrice(world.grid, region, interval, 'forecast');
    const { series } = carbon;
    const points = series.values.map((value, i) => {
      const start = instantAt(series, i);
      return {
        start,
        intensityGPerKwh: value,
        low: carbon.low?.[i] ?? null,
        high: carbon.high?.[i] ?? null,
        pricePerMwh: valueAt(price.series, start),
        currency: price.currency,
      };
    });
    const known = series.values.filter((value) => value !== null);
    const prices = points.map((p) => p.pricePerMwh).filter((value) => value !== null);
    const windows = windowsOf(series, interval.start, interval.end, input.windowHours * 3600, series.stepMinutes);
    const least = ranked(windows, (w) => w.mean)[0];
    const most = ranked(windows, (w) => -w.mean)[0];
    return {
      region,
      kind: carbon.kind,
      source: carbon.source,
      status: carbon.status,
      now: world.clock.now(),
      knownUntil: knownUntil(carbon),
      generatedAt: carbon.issuedAt,
      ageHours: secondsBetween(carbon.issuedAt, world.clock.now()) / 3600,
      priceSource: prices.length === 0 ? null : price.source,
      stepMinutes: series.stepMinutes,
      points,
      stats: {
        meanGPerKwh: meanOf(known),
        minGPerKwh: known.length === 0 ? null : known.reduce((a, b) => Math.min(a, b)),
        maxGPerKwh: known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b)),
        meanPricePerMwh: meanOf(prices),
        coverageRatio: series.values.length === 0 ? 0 : known.length / series.values.length,
      },
      cleanest: least ? { start: least.start, end: least.end, meanGPerKwh: least.mean } : null,
      dirtiest: most ? { start: most.start, end: most.end, meanGPerKwh: most.mean } : null,
      gaps: gapsIn(series),
      notes: [...new Set([...(carbon.notes ?? []), ...(price.notes ?? [])])],
    };
  },
  tell: (o) =>
    o.stats.meanGPerKwh === null
      ? `${o.region}: no data in this interval: ${whyUnknown(o.region, o.knownUntil, { end: o.gaps.at(-1)?.to ?? o.now }, o.now)}. Source: ${o.source}.${o.notes.map((note) => ` ${note}`).join('')}`
      : `${o.region}: mean ${figure(o.stats.meanGPerKwh)} g/kWh, ${figure(o.stats.minGPerKwh!)} to ${figure(o.stats.maxGPerKwh!)} (${o.status}, ${o.kind.accounting} ${o.kind.scope})` +
        `${o.cleanest && o.stats.minGPerKwh !== o.stats.maxGPerKwh ? `; cleanest from ${o.cleanest.start} (${figure(o.cleanest.meanGPerKwh)} g/kWh)` : ''}` +
        `${o.gaps.length > 0 ? `; ${counted(o.gaps.length, 'gap')} without data` : ''}. Source: ${o.source}.${o.notes.map((note) => ` ${note}`).join('')}`,
});

const meanOf = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Throws Fault `invalid-input` for an interval that is empty, given twice or longer than 31 days. */
const intervalOf = (
  {
    from,
    to,
    horizonHours,
  }: { from?: Instant | undefined; to?: Instant | undefined; horizonHours?: number | undefined },
  now: Instant,
): Interval => {
  if (to !== undefined && horizonHours !== undefined)
    throw invalid('to and horizonHours both say where the interval ends', 'Give one of them.');
  const start = from ?? now;
  const end = to ?? plusHours(start, horizonHours ?? 24);
  if (end <= start) throw invalid(`the interval ends at ${end}, not after its start ${start}`, 'Give a later end.');
  if (secondsBetween(start, end) > MAX_HOURS * 3600)
    throw invalid('the interval is longer than 31 days', 'Ask for 31 days at most.');
  return { start, end };
};

/** Throws Fault `invalid-input` where there are several regions, `not-found` where there is none. */
const onlyRegion = async (world: World): Promise<string> => {
  const regions = await homeRegions(world);
  const [first] = regions;
  if (first === undefined) throw notFound('there is no region with a carbon signal', 'Check CACO_GRID.');
  if (regions.length > 1)
    throw invalid(`there are ${regions.length} regions`, `Name one: ${regions.slice(0, 20).join(', ')}.`);
  return first;
};

export { COMMAND_RUNS, CommandRun, recordCommandRun } from './command-run.js';
export { answerWhen, type WhenAnswer, type WhenInput, type WhenWorld, whenToRun } from './when.js';
export { findGreenWindow };
export const gridTools = [getGridForecast, findGreenWindow, whenToRun, recordCommandRun, refreshGrid] as const;
