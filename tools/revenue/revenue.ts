/** Front door: what an amount of flexibility would have been paid in each year of prices, beside what was claimed and what it costs. */
import { z } from 'zod';
import { exact } from '../../domain/decimal.js';
import { invalid } from '../../domain/fault.js';
import { lastKnown } from '../../domain/signal.js';
import { atWallClock, civilDate, type Instant } from '../../domain/time.js';
import { Currency } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { Projected } from './asked.js';
import { Claim, claimsOf } from './claims.js';
import { documentOf } from './document.js';
import { Lever, leverCosts } from './levers.js';
import { NO_YEAR, Product, productsOf, Range, rangeOf } from './products.js';
import { type Day, dayOf, daysBetween, type Prices, wholesaleOf } from './series.js';
import { Year, yearOf } from './years.js';

const LONDON = 'Europe/London';
const YEARS_BACK = 10;

export const projectRevenue = defineTool({
  name: 'project_revenue',
  title: 'Project flexibility revenue',
  description:
    'What an amount of flexibility would have been paid in each year of prices that the grid source has: gross, rebound and net per product with an interval over the years, beside what was claimed and what each lever costs.',
  toolset: 'fleet',
  effect: 'reads',
  input: Projected,
  output: z.strictObject({
    offer: z.strictObject({
      magnitudeMw: z.number(),
      timing: z.string(),
      durationHours: z.number(),
      frequencyPerYear: Range.nullable().describe(
        'days a year that can be sold day-ahead; null: no whole year is known',
      ),
    }),
    region: z.string(),
    source: z.string().describe('who says what the prices were'),
    currency: Currency,
    years: z.array(Year),
    products: z.array(Product),
    claims: z.array(Claim),
    levers: z.array(Lever),
    notes: z.array(z.string()),
    document: z.string().describe('the projection in Markdown'),
  }),
  run: async (asked, world, call) => {
    const { prices, source, currency } = await pricesOf(asked, world);
    const years = await yearsOf(asked, prices, call.signal);
    const whole = years.filter((year) => year.whole);
    const levers = leverCosts();
    const products = productsOf(asked, whole).map((product): Product => {
      const mwh = product.hoursPerYear === null ? 0 : product.hoursPerYear.mean * asked.mw;
      const netPerMwh = product.net === null || mwh === 0 ? null : exact(product.net.mean / mwh);
      const paying = levers.filter(({ perMwh }) => netPerMwh !== null && perMwh < netPerMwh);
      return { ...product, netPerMwh, levers: paying.map(({ lever }) => lever) };
    });
    const found = {
      offer: {
        magnitudeMw: asked.mw,
        timing: asked.at === 'dearest' ? 'the dearest hours of each day' : `from ${asked.at} in London`,
        durationHours: asked.hours,
        frequencyPerYear: whole.length === 0 ? null : rangeOf(whole.map(({ soldDays }) => soldDays)),
      },
      ...{ region: asked.region, source, currency, years, products, levers },
      claims: claimsOf(asked, whole, currency),
      notes: notesOf(asked, years),
    };
    return { ...found, document: documentOf(found) };
  },
  tell: ({ products, currency }) =>
    products
      .map(({ name, net }) =>
        net === null
          ? `${name}: not known`
          : `${name}: ${Math.round(net.mean)} ${currency} a year net (${Math.round(net.low)} to ${Math.round(net.high)})`,
      )
      .join('\n'),
});

export const revenueTools = [projectRevenue] as const;

const pricesOf = async (asked: Projected, { grid, clock }: Pick<World, 'grid' | 'clock'>) => {
  const thisYear = Number(civilDate(clock.now(), LONDON).slice(0, 4));
  const [first, last] = [asked.from ?? thisYear - YEARS_BACK, asked.to ?? thisYear];
  if (first > last) throw invalid(`${first} comes after ${last}`, 'Give --from as the earlier year.');
  if (last - first > 30)
    throw invalid('more than thirty years were asked for', 'Give --from and --to closer together.');
  const day = (date: string): Instant => atWallClock(date, '00:00', LONDON);
  // The night after the last day is where its work is done.
  const interval = { start: day(`${first}-01-01`), end: day(`${last + 1}-01-02`) };
  const signal = await grid.price(asked.region, interval, 'actual');
  if (lastKnown(signal.series) === null)
    throw invalid(
      `no price of ${asked.region} is known from ${first} to ${last} (${signal.source})`,
      'Give a series, and say what its prices are: caco revenue project --mw 2 --grid file:PATH --prices wholesale',
    );
  const prices: Prices =
    asked.prices === 'wholesale'
      ? { series: signal.series, capped: new Set() }
      : wholesaleOf(signal.series, asked.retail);
  return { prices, source: signal.source, currency: signal.currency };
};

const yearsOf = async (asked: Projected, prices: Prices, signal: AbortSignal): Promise<Year[]> => {
  const { start } = prices.series;
  const known = lastKnown(prices.series)!;
  const byYear = new Map<number, Day[]>();
  for (const date of daysBetween(civilDate(start, LONDON), civilDate(known, LONDON))) {
    const day = dayOf(prices, date, asked);
    const year = Number(date.slice(0, 4));
    if (date.endsWith('-01')) {
      signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    if (day === null) continue;
    const days = byYear.get(year);
    if (days === undefined) byYear.set(year, [day]);
    else days.push(day);
  }
  return [...byYear].map(([year, days]) => yearOf(year, days, asked, new Set()));
};

const notesOf = (asked: Projected, years: readonly Year[]): string[] => {
  const capped = years.reduce((sum, { cappedDays }) => sum + cappedDays, 0);
  return [
    ...(years.some(({ whole }) => whole) ? [] : [NO_YEAR]),
    ...(asked.prices === 'agile'
      ? [
          `Wholesale prices are computed back from a household tariff: (price ÷ ${1 + asked.retail.vatRatio} − ${asked.retail.peakAdderPerMwh} from 16 to 19 h) ÷ ${asked.retail.multiple}. Its formula changed with the years and regions.`,
        ]
      : []),
    ...(capped > 0
      ? [
          `On ${capped} sold days the tariff stood at its cap: what they bring is at least what is said, and so is their rebound.`,
        ]
      : []),
    'Net is gross less the rebound. What a site does not buy during events comes on top where its supply contract bills what is metered; a statement of an event counts it.',
    'Each event is an event day of the baseline BL01: it credits none without five working days, or four others, free of events in the sixty before. Bank holidays count as working days here.',
    'The same MWh is paid once: products of one half-hour are not to be added up.',
    ...(asked.daysPerYear === undefined
      ? []
      : ['The days that pay most are known only when the year is over: a seller gets less than these.']),
    'Prices of the levers are assumed (docs/flexibility.md), for GPUs of 400 W at their own meter.',
  ];
};
