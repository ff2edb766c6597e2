import { describe, expect, it } from 'vitest';
import { BRITAIN, CONTINENT, marketOf, publishedSteps, publishedTo } from './day-ahead.js';
import { fromEpoch, instant, toEpoch } from './time.js';

describe('day-ahead prices', () => {
  it.each([
    ['the clocks go forward', '2022-03-26T00:00:00Z', 1800],
    ['the clocks go back', '2022-10-29T00:00:00Z', 3600],
    ['a series starts within a day', '2022-06-01T15:30:00Z', 1800],
  ])('are public at each origin as at each moment, also where %s', (_, from, step) => {
    const start = toEpoch(instant(from));
    for (const market of [BRITAIN, CONTINENT]) {
      const each = Array.from({ length: 121 }, (_, i) =>
        Math.floor((toEpoch(publishedTo(fromEpoch(start + i * step), market)) - start) / step),
      );
      expect([...publishedSteps(start, step, 120, market)]).toEqual(each);
    }
  });

  it('are public on the continent from 12:45 up to the midnight that ends the next day', () => {
    const at = (now: string) => publishedTo(instant(now), CONTINENT);
    expect(at('2022-06-01T10:44:59Z')).toBe('2022-06-01T22:00:00Z');
    expect(at('2022-06-01T10:45:00Z')).toBe('2022-06-02T22:00:00Z');
    expect(at('2022-01-15T11:45:00Z')).toBe('2022-01-16T23:00:00Z');
  });

  it.each([
    ['GB', null, BRITAIN],
    ['gb_hourly', null, BRITAIN],
    ['UK-London', 'EUR', BRITAIN],
    ['GB-NIR', 'GBP', null],
    ['GBR', null, null],
    ['DE', 'EUR', CONTINENT],
    ['DK-DK1', null, CONTINENT],
    ['NO1', null, CONTINENT],
    ['no-price', null, null],
    ['DENVER', null, null],
    ['CH', 'EUR', null],
    ['US-CAL-CISO', 'USD', null],
    ['prices', 'GBP', BRITAIN],
    ['prices', 'EUR', null],
  ])('of %s in %s follow their own auction, or none that is known', (region, currency, market) => {
    expect(marketOf(region, currency)).toBe(market);
  });
});
