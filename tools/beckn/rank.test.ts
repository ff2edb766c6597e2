/** What a buyer is shown first: price and carbon in one figure, and nothing that is not known passes for nothing. */
import { describe, expect, it } from 'vitest';
import type { MarketItem, Need } from '../../domain/market.js';
import { itemOf } from './fixtures/orders.js';
import { rank } from './rank.js';

const CARBON = { carbonPricePerTonne: 75, currency: 'GBP' };
const ANY: Need = { kind: null, place: null, radiusKm: null, window: null, powerKw: null, durationMinutes: null };
const offered = (...items: Partial<MarketItem>[]) =>
  items.map((item) => ({
    bppId: 'b',
    bppUri: 'http://b.example',
    providerId: 'p',
    providerName: 'P',
    item: itemOf({ kind: 'COMPUTE_SLOT', ...item }),
  }));
const ranked = (need: Need, carbon: typeof CARBON, ...items: Partial<MarketItem>[]) =>
  rank({ offers: offered(...items), need }, carbon).map(({ item, scorePerMwh }) => [item.id, scorePerMwh]);

describe('offers', () => {
  it('of carbon that nobody tells come after those that tell it, by price', () => {
    const items = [
      { id: 'silent', pricePerMwh: '50' },
      { id: 'dirty', pricePerMwh: '60', intensityGPerKwh: 400 },
      { id: 'cheap', pricePerMwh: '10' },
      { id: 'clean', pricePerMwh: '60', intensityGPerKwh: 0 },
    ];
    expect(ranked(ANY, CARBON, ...items)).toEqual([
      ['clean', 60],
      ['dirty', 90],
      ['cheap', null],
      ['silent', null],
    ]);
    const free = { ...CARBON, carbonPricePerTonne: 0 };
    expect(ranked(ANY, free, ...items).map(([id]) => id)).toEqual(['cheap', 'silent', 'clean', 'dirty']);
  });
  it('in another money are not held against ours', () => {
    const told = { intensityGPerKwh: 100 };
    expect(
      ranked(
        ANY,
        CARBON,
        { id: 'rupees', pricePerMwh: '1', currency: 'INR', ...told },
        { id: 'pounds', pricePerMwh: '100', ...told },
      ),
    ).toEqual([
      ['pounds', 107.5],
      ['rupees', null],
    ]);
  });
  it('meet a place by their distance, and one that is not told is nowhere near', () => {
    const cambridge = { latitude: 52.2053, longitude: 0.1218 };
    const items = [
      { id: 'here', place: { latitude: 52.3, longitude: 0.1 } },
      { id: 'far', place: { latitude: 53.48, longitude: -2.24 } },
      { id: 'somewhere' },
    ];
    const ids = (need: Partial<Need>) => ranked({ ...ANY, ...need }, CARBON, ...items).map(([id]) => id);
    expect(ids({ place: cambridge })).toEqual(['here']);
    expect(ids({ place: cambridge, radiusKm: 5 })).toEqual([]);
    expect(ids({ place: cambridge, radiusKm: 300 })).toEqual(['far', 'here']);
    expect(ids({})).toHaveLength(3);
  });
});
