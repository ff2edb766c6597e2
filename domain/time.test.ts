import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  atWallClock,
  ceilTo,
  civilDate,
  floorTo,
  fromEpoch,
  Instant,
  Interval,
  instant,
  isTimeZone,
  plusDays,
  plusHours,
  settlementPeriodOf,
  settlementPeriodsIn,
  settlementStart,
  toEpoch,
  wallClock,
} from './time.js';

/** Whole seconds from 2000 to 2040. */
const moments = fc.integer({ min: 946_684_800, max: 2_208_988_800 }).map(fromEpoch);

describe('an instant', () => {
  it('is UTC to the second, whatever the offset it came with', () => {
    expect(instant('2022-06-01T01:30:00+01:00')).toBe('2022-06-01T00:30:00Z');
    expect(instant('2022-06-01 00:30Z')).toBe('2022-06-01T00:30:00Z');
    expect(instant('2022-06-01T00:30:00.999-0530')).toBe('2022-06-01T06:00:00Z');
    expect(Instant.parse('2022-06-01T02:00:00+02:00')).toBe('2022-06-01T00:00:00Z');
  });

  it.each(['2022-06-01', '2022-06-01T00:00:00', '2022-13-01T00:00:00Z', 'now', '', '1654041600'])(
    'is not guessed from "%s"',
    (text) => {
      expect(() => instant(text)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
      expect(Instant.safeParse(text).success).toBe(false);
    },
  );

  it.each(['2022-02-30T00:00:00Z', '2022-04-31T12:00:00+01:00', '2023-02-29T00:00:00Z', '0000-01-01T00:00:00+01:00'])(
    'is not moved to another day or out of the calendar from "%s"',
    (text) => {
      expect(() => instant(text)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
      expect(Instant.safeParse(text).success).toBe(false);
    },
  );

  it('is one text for one moment: the end of a day is the beginning of the next', () => {
    expect(Instant.parse('2022-05-30T24:00:00Z')).toBe('2022-05-31T00:00:00Z');
    expect(Instant.parse('9999-12-31T23:59:59Z')).toBe('9999-12-31T23:59:59Z');
  });

  it.each([253_402_300_800, 1e300, -1e12, Number.NaN, Number.POSITIVE_INFINITY])(
    'is not made up from %d seconds, which no calendar here holds',
    (seconds) => expect(() => fromEpoch(seconds)).toThrow(expect.objectContaining({ code: 'invalid-input' })),
  );

  it('sorts as text as it sorts as time, and comes back from seconds', () => {
    fc.assert(
      fc.property(moments, moments, (a, b) => {
        expect(a < b).toBe(toEpoch(a) < toEpoch(b));
        expect(fromEpoch(toEpoch(a))).toBe(a);
        expect(instant(a)).toBe(a);
      }),
    );
  });

  it('lies between the grid moments around it', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(1, 5, 15, 30, 60), (at, step) => {
        const [low, high] = [floorTo(at, step), ceilTo(at, step)];
        expect(low <= at && at <= high).toBe(true);
        expect(toEpoch(high) - toEpoch(low)).toBe(low === at ? 0 : step * 60);
        expect(toEpoch(low) % (step * 60)).toBe(0);
      }),
    );
  });

  it('bounds an interval that is never empty or turned round', () => {
    const [start, end] = [instant('2022-06-01T00:00:00Z'), instant('2022-06-01T01:00:00Z')];
    expect(Interval.safeParse({ start, end }).success).toBe(true);
    expect(Interval.safeParse({ start, end: start }).success).toBe(false);
    expect(Interval.safeParse({ start: end, end: start }).success).toBe(false);
  });
});

describe('a settlement day', () => {
  it.each([
    ['2022-03-27', 46],
    ['2022-06-01', 48],
    ['2022-10-30', 50],
    ['2024-02-29', 48],
  ])('%s has %i periods', (date, count) => {
    expect(settlementPeriodsIn(date)).toBe(count);
    const starts = Array.from({ length: count }, (_, i) => settlementStart({ date, period: i + 1 }));
    starts.forEach((start, i) => {
      expect(settlementPeriodOf(start)).toEqual({ date, period: i + 1 });
      if (i > 0) expect(toEpoch(start) - toEpoch(starts[i - 1]!)).toBe(1800);
    });
    expect(plusHours(starts.at(-1)!, 0.5)).toBe(settlementStart({ date: plusDays(date, 1), period: 1 }));
    for (const period of [0, count + 1, 1.5])
      expect(() => settlementStart({ date, period })).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });

  it('holds every moment in exactly one of its periods', () => {
    fc.assert(
      fc.property(moments, (at) => {
        const where = settlementPeriodOf(at);
        const start = settlementStart(where);
        expect(start <= at && at < plusHours(start, 0.5)).toBe(true);
        expect(where.period).toBeLessThanOrEqual(settlementPeriodsIn(where.date));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the wall clock', () => {
  it('reads a gap as the later and a fold as the earlier moment', () => {
    expect(atWallClock('2022-03-27', '01:30', 'Europe/London')).toBe('2022-03-27T01:30:00Z');
    expect(atWallClock('2022-10-30', '01:30', 'Europe/London')).toBe('2022-10-30T00:30:00Z');
  });

  it('shows the place’s own day', () => {
    const at = instant('2022-06-05T23:30:00Z');
    expect(wallClock(at, 'Europe/London')).toEqual({
      date: '2022-06-06',
      weekday: 1,
      minuteOfDay: 30,
      month: 6,
      day: 6,
    });
    expect(civilDate(at, 'America/New_York')).toBe('2022-06-05');
    expect([isTimeZone('Europe/London'), isTimeZone('Mars/Olympus')]).toEqual([true, false]);
  });
});
