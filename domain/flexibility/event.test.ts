import { expect, it } from 'vitest';
import { instant } from '../time.js';
import { directionOf, EventAsked, eventIdOf, targetKwOf } from './event.js';
import { deliveredKwh, periodsTouched } from './volume.js';

const asked = {
  source: 'dso',
  ref: 'X-1',
  product: 'dfs',
  site: 'hpc-1',
  start: '2026-01-05T17:00Z',
  end: '2026-01-05T19:00Z',
  target: { as: 'reduction', kw: 500 },
};

it('is the same event by source and name, whatever else it says', () => {
  const one = EventAsked.parse(asked);
  expect(eventIdOf(EventAsked.parse({ ...asked, product: 'other' }))).toBe(eventIdOf(one));
  expect(eventIdOf({ ...one, source: 'tso' })).not.toBe(eventIdOf(one));
  expect(EventAsked.safeParse({ ...asked, target: { as: 'reduction', kw: -1 } }).success).toBe(false);
});

it('has a target only where what it is taken from is known', () => {
  expect(targetKwOf({ as: 'share', ratio: 0.25 }, 1000)).toBe(750);
  expect(targetKwOf({ as: 'share', ratio: 0.25 }, null)).toBeNull();
  expect(targetKwOf({ as: 'limit', kw: 825 }, null)).toBe(825);
  expect(targetKwOf({ as: 'reduction', kw: 1200 }, 1000)).toBe(0);
  expect(targetKwOf({ as: 'increase', kw: 200 }, 1000)).toBe(1200);
});

it('counts what was delivered in the direction that was asked for', () => {
  expect(directionOf({ as: 'increase', kw: 1 })).toBe('turn-up');
  expect(deliveredKwh('turn-down', 500, 400)).toBe(100);
  expect(deliveredKwh('turn-up', 500, 400)).toBe(-100);
});

it('names every settlement period on days of 46, 48 and 50', () => {
  const day = (from: string, to: string) => periodsTouched(instant(from), instant(to));
  expect(day('2025-03-30T00:00Z', '2025-03-30T23:00Z')).toHaveLength(46);
  expect(day('2025-10-25T23:00Z', '2025-10-27T00:00Z').at(-1)).toEqual({ date: '2025-10-26', period: 50 });
  expect(day('2026-01-05T17:10Z', '2026-01-05T17:31Z')).toEqual([
    { date: '2026-01-05', period: 35 },
    { date: '2026-01-05', period: 36 },
  ]);
  expect(day('2026-01-05T17:00Z', '2026-01-05T17:00Z')).toEqual([]);
});
