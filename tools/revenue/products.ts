/** What each product pays in a year, with an interval where there are figures for one, and why there are none where there are not. */
import { z } from 'zod';
import { exact } from '../../domain/decimal.js';
import type { Projected } from './asked.js';
import { DFS } from './published.js';
import { meanOf } from './series.js';
import type { Year } from './years.js';

export const Range = z.strictObject({
  mean: z.number(),
  low: z.number().describe('the lowest of what the interval is over'),
  high: z.number(),
});
export type Range = z.infer<typeof Range>;

export const Product = z.strictObject({
  product: z.enum(['wholesale', 'dfs', 'balancing', 'network']),
  name: z.string(),
  hoursPerYear: Range.nullable().describe('how long the power stays away in a year'),
  gross: Range.nullable(),
  rebound: Range.nullable().describe('what the work costs when it is done later, below 0'),
  net: Range.nullable(),
  netPerMwh: z.number().nullable().describe('the mean net for each MWh that stays away'),
  levers: z.array(z.string()).describe('levers that cost less than that: with any other it is a loss'),
  basis: z.string().describe('what the figures rest on and what the interval is over; or why there are none'),
});
export type Product = z.infer<typeof Product>;

export const rangeOf = (values: readonly number[]): Range => ({
  mean: exact(meanOf(values)),
  low: exact(Math.min(...values)),
  high: exact(Math.max(...values)),
});

export const NO_YEAR =
  'No whole year of prices is known: give a series with --grid file:PATH, and say with --prices what it is.';

type Bare = Omit<Product, 'levers' | 'netPerMwh'>;
const unknown = (product: Bare['product'], name: string, basis: string): Bare => ({
  ...{ product, name, basis },
  ...{ hoursPerYear: null, gross: null, rebound: null, net: null },
});

export const productsOf = (asked: Projected, years: readonly Year[]): Bare[] => [
  wholesale(asked, years),
  dfs(asked, years),
  balancing(asked, years),
  network(asked, years),
];

const wholesale = (asked: Projected, years: readonly Year[]): Bare => {
  const name = 'day-ahead trades (P415)';
  if (years.length === 0) return unknown('wholesale', name, NO_YEAR);
  return {
    ...{ product: 'wholesale', name },
    hoursPerYear: rangeOf(years.map((year) => year.soldDays * asked.hours)),
    gross: rangeOf(years.map(({ gross }) => gross)),
    rebound: rangeOf(years.map(({ rebound }) => rebound)),
    net: rangeOf(years.map(({ net }) => net)),
    basis: `prices of ${years.map(({ year }) => year).join(', ')}; the interval is from the worst of these years to the best`,
  };
};

/** `later`: money per MWh at which the work is done afterwards, in each year. */
const called = (asked: Projected, years: readonly Year[], hours: number) => {
  const later = years.flatMap(({ boughtBackPerMwh }) => (boughtBackPerMwh === null ? [] : [boughtBackPerMwh]));
  const mwh = asked.mw * hours;
  return later.length === 0 ? null : rangeOf(later.map((price) => -mwh * asked.reboundRatio * price));
};

/** The mean with the mean; the worst gross with the dearest rebound. */
const netOf = (gross: Range, rebound: Range | null): Range | null =>
  rebound === null
    ? null
    : {
        mean: exact(gross.mean + rebound.mean),
        low: exact(gross.low + rebound.low),
        high: exact(gross.high + rebound.high),
      };

const always = (value: number): Range => rangeOf([value]);

const paidBy = (
  of: Pick<Bare, 'product' | 'name' | 'basis'>,
  asked: Projected,
  years: readonly Year[],
  hours: number,
  gross: Range,
): Bare => {
  const rebound = called(asked, years, hours);
  return { ...of, hoursPerYear: always(hours), gross, rebound, net: netOf(gross, rebound) };
};

const dfs = (asked: Projected, years: readonly Year[]): Bare => {
  const delivered = DFS.deliveredMwh / DFS.acceptedMwh;
  const full = asked.mw * DFS.events * (DFS.paid / DFS.deliveredMwh);
  const gross = { mean: exact((full * (1 + delivered)) / 2), low: exact(full * delivered), high: exact(full) };
  return paidBy(
    {
      ...{ product: 'dfs', name: 'Demand Flexibility Service, pay-as-bid' },
      basis: `season ${DFS.season}: ${DFS.events} events, one hour each, every bid accepted at the mean of what was paid; the interval is from the ${(delivered * 100).toFixed(1)} % that was delivered by all to all of it`,
    },
    ...[asked, years, DFS.events, gross],
  );
};

const balancing = (asked: Projected, years: readonly Year[]): Bare => {
  const name = 'Balancing Mechanism';
  if (asked.balancing === undefined)
    return unknown(
      'balancing',
      name,
      'No series of acceptances ships, and their price and number are not those of the day-ahead market: give both with --terms FILE.',
    );
  const { perMwh, hours } = asked.balancing;
  const gross = always(asked.mw * hours * perMwh);
  return paidBy(
    { product: 'balancing', name, basis: `${hours} h a year at ${perMwh} per MWh, as given` },
    ...[asked, years, hours, gross],
  );
};

const network = (asked: Projected, years: readonly Year[]): Bare => {
  const name = 'distribution network, availability and utilisation';
  if (asked.network === undefined)
    return unknown(
      'network',
      name,
      'A network pays by zone and tender, and not every zone needs anything: give the contract with --terms FILE. Published examples were of 12 and 500 kW and are not stretched to yours.',
    );
  const { availabilityPerMwHour, availabilityHours, utilisationPerMwh, utilisationHours } = asked.network;
  const ready = asked.mw * availabilityHours * availabilityPerMwHour;
  const gross = always(ready + asked.mw * utilisationHours * utilisationPerMwh);
  return paidBy(
    {
      product: 'network',
      name,
      basis: `the contract as given, wholly delivered; ${exact(ready)} of it for standing ready`,
    },
    ...[asked, years, utilisationHours, gross],
  );
};
