/** What was claimed before anybody had computed it, beside what the years of prices come to, with a reason for every difference. */
import { z } from 'zod';
import { exact } from '../../domain/decimal.js';
import { percentText } from '../../domain/figures.js';
import type { Projected } from './asked.js';
import { type Range, Range as RangeSchema, rangeOf } from './products.js';
import { CLAIMS } from './published.js';
import { meanOf } from './series.js';
import type { Year } from './years.js';

export const Claim = z.strictObject({
  claim: z.string(),
  unit: z.string(),
  said: z.strictObject({ from: z.number(), to: z.number() }),
  found: RangeSchema.nullable().describe('over the whole years of prices; null: there is none'),
  reasons: z.array(
    z.strictObject({
      why: z.string(),
      amount: z
        .number()
        .nullable()
        .describe('what it takes from the claim, in its unit; these add up to what was found'),
    }),
  ),
});
export type Claim = z.infer<typeof Claim>;

export const claimsOf = (asked: Projected, years: readonly Year[], currency: string): Claim[] => [
  revenue(asked, years, currency),
  price(years, currency),
  bill(asked, years),
];

/** Scaled to the MW that is asked for. The amounts add up to the difference. */
const revenue = (asked: Projected, years: readonly Year[], currency: string): Claim => {
  const { said: base, mw, hours, days } = CLAIMS.revenue;
  const said = (base * asked.mw) / mw;
  const needed = base / (mw * hours * days);
  const full = asked.mw * hours * days;
  const claim = {
    claim: `${asked.mw === mw ? '200 000 a year for 2 MW' : `200 000 a year for 2 MW, for ${asked.mw} MW`}`,
    ...{ unit: `${currency} a year`, said: { from: said, to: said } },
  };
  if (years.length === 0) return { ...claim, found: null, reasons: [] };
  const mean = (of: (year: Year) => number) => meanOf(years.map(of));
  const gross = mean(({ gross }) => gross);
  const soldMwh = mean((year) => year.soldMwh);
  return {
    ...claim,
    found: rangeOf(years.map(({ net }) => net)),
    reasons: [
      {
        why: `it takes ${needed.toFixed(2)} per MWh net in ${hours} hours of every day; so many hours are not sold (${percentText(soldMwh / full)} are): not every day pays, and the baseline credits none that has too few days without an event before it`,
        amount: exact((soldMwh - full) * needed),
      },
      {
        why: `what is sold brings ${(gross / soldMwh || 0).toFixed(2)} per MWh before the rebound`,
        amount: exact(gross - soldMwh * needed),
      },
      {
        why: 'the work is done later, and that energy is bought: the claim left it out',
        amount: exact(mean(({ rebound }) => rebound)),
      },
    ],
  };
};

const price = (years: readonly Year[], currency: string): Claim => {
  const sold = years.flatMap(({ soldPerMwh }) => (soldPerMwh === null ? [] : [soldPerMwh]));
  return {
    claim: '150–250 per MWh from P415',
    ...{ unit: `${currency} per MWh`, said: { from: CLAIMS.priceFrom, to: CLAIMS.priceTo } },
    found: sold.length === 0 ? null : rangeOf(sold),
    reasons: [
      {
        why: 'P415 pays wholesale prices, gross; that range is what the Demand Flexibility Service paid, in some forty hours of a winter',
        amount: null,
      },
    ],
  };
};

/** Of the energy itself: network charges and levies move little with the hour, so that a whole bill falls by less. */
const bill = (asked: Projected, years: readonly Year[]): Claim => {
  const claim = {
    claim: '30–40 % lower bills by working in cheap hours',
    ...{ unit: 'ratio', said: { from: CLAIMS.billFrom, to: CLAIMS.billTo } },
  };
  if (years.length === 0) return { ...claim, found: null, reasons: [] };
  const moved = (share: number): Range =>
    rangeOf(years.map((year) => (share * asked.hours * year.spreadPerMwh) / (24 * year.meanPerMwh)));
  const half = rangeOf(years.map((year) => 1 - year.cheaperHalfPerMwh / year.meanPerMwh));
  const text = ({ low, high }: Range) => `${percentText(low)} to ${percentText(high)}`;
  return {
    ...claim,
    found: moved(asked.flexibleRatio),
    reasons: [
      {
        why: `${percentText(asked.flexibleRatio)} of the power can stay away, for ${asked.hours} h a day; could all of it, it would be ${text(moved(1))}`,
        amount: null,
      },
      {
        why: `all of the work in the cheaper half of every day, on twice the machines, would save ${text(half)} of the energy’s cost`,
        amount: null,
      },
      {
        why: 'network charges and levies hardly move with the hour, and stand beside the energy on the bill',
        amount: null,
      },
    ],
  };
};
