/** The money of an event line by line, each worked out by hand. */
import { describe, expect, it } from 'vitest';
import { amountText, paidFor } from './lines.js';
import type { Terms } from './terms.js';

describe('traded at the wholesale market', () => {
  const terms: Terms = {
    ...{ as: 'wholesale', contractedMwh: [0.2, 0.3], tradePrice: [100, 200], systemPrice: [80, 300] },
    compensationPrice: 150,
  };
  it('is the trade, and what was delivered beside it at the price of the system', () => {
    const { lines, beside } = paidFor(terms, [250, 200], 'GBP');
    expect(lines).toEqual([
      // 0.2 MWh × 100 + 0.3 MWh × 200
      { product: 'trade', volumeMwh: 0.5, price: 160, amount: 80 },
      // 0.05 MWh too much × 80, 0.1 MWh too little × 300
      { product: 'imbalance', volumeMwh: -0.05, price: 520, amount: -26 },
    ]);
    // 0.45 MWh × 150; and 80 − 26 − 67.50
    expect(beside).toEqual([
      'The host supplier is paid 67.50 GBP from a pot that all suppliers fund, none of it by the site.',
      'Paid by the seller itself, as a rejected alternative had it, the event would come to -13.50 GBP.',
    ]);
  });
  it('has no price where there was no energy', () => {
    expect(paidFor(terms, [200, 300], 'GBP').lines[1]).toEqual({
      ...{ product: 'imbalance', volumeMwh: 0, price: null, amount: 0 },
    });
  });
  it.each(['contractedMwh', 'tradePrice', 'systemPrice'] as const)('names %s where it has another length', (name) => {
    expect(() => paidFor({ ...terms, [name]: [1, 2, 3] }, [1, 2], 'GBP')).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        message: `${name} has 3 values and the event 2 half-hours`,
        remedy: 'Give one value, or one for each half-hour.',
      }),
    );
  });
});

describe('paid as bid', () => {
  it('is what was delivered up to each bid, and nothing beside', () => {
    expect(paidFor({ as: 'bid', bidMwh: [0.1, 0.1], price: 500, adjusted: false }, [150, 60], 'GBP')).toEqual({
      lines: [{ product: 'utilisation', volumeMwh: 0.16, price: 500, amount: 80 }],
      beside: [],
    });
    expect(() => paidFor({ as: 'bid', bidMwh: [0.1], price: 500, adjusted: false }, [150, 60], 'GBP')).toThrow(
      'bidMwh has 1 values',
    );
  });
});

describe('the contract of a distribution network', () => {
  const terms: Terms = {
    ...{ as: 'utilisation', instructedKw: 400, price: 300, averaging: 'half-hour', adjusted: false },
    curve: [
      { delivered: 0.5, paid: 0 },
      { delivered: 1, paid: 1 },
    ],
  };
  it('pays each half-hour by the share that it delivered of what was instructed', () => {
    // 200 kWh were instructed in each: all of it, then three quarters, of which half is paid.
    expect(paidFor(terms, [200, 150], 'GBP')).toEqual({
      lines: [{ product: 'utilisation', volumeMwh: 0.35, price: expect.closeTo(82.5 / 0.35, 9), amount: 82.5 }],
      beside: [],
    });
  });
  it('or the event by its mean', () => {
    // 350 of 400 kWh are seven eighths, of which three quarters are paid.
    expect(paidFor({ ...terms, averaging: 'event' }, [200, 150], 'GBP').lines[0]!.amount).toBe(78.75);
  });
  it('and for standing ready', () => {
    const paid = paidFor({ ...terms, availability: { mw: 0.4, hours: 5, price: 8 } }, [200], 'GBP');
    expect(paid).toEqual({
      lines: [
        { product: 'utilisation', volumeMwh: 0.2, price: 300, amount: 60 },
        { product: 'availability', volumeMwh: 0, price: null, amount: 16 },
      ],
      beside: [],
    });
  });
});

it.each([
  [1.005, '1.00 GBP'],
  [-0.001, '0.00 GBP'],
  [0, '0.00 GBP'],
  [-0.01, '-0.01 GBP'],
  [-10, '-10.00 GBP'],
])('%s is told to the penny as %s', (amount, text) => expect(amountText(amount, 'GBP')).toBe(text));
