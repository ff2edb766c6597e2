import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOf, gapsIn, instantAt, integrate, meanOver, regrid, type Series, slice, valueAt } from './series.js';
import { instant, plusHours, plusSeconds, toEpoch } from './time.js';

const START = instant('2022-06-01T00:00:00Z');
const hourly = (...values: (number | null)[]): Series => ({ start: START, stepMinutes: 60, values });
const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 40 });
const seconds = (s: Series) => fc.integer({ min: 0, max: s.values.length * s.stepMinutes * 60 });

describe('a series', () => {
  it('holds a value up to the next step, and none outside itself or in a gap', () => {
    const s = hourly(10, null, 30);
    expect(valueAt(s, START)).toBe(10);
    expect(valueAt(s, plusSeconds(START, 3599))).toBe(10);
    expect(valueAt(s, plusHours(START, 1))).toBeNull();
    expect(valueAt(s, endOf(s))).toBeNull();
    expect(valueAt(s, plusSeconds(START, -1))).toBeNull();
    expect(instantAt(s, 2)).toBe('2022-06-01T02:00:00Z');
  });

  it('integrates to the second, and not over a gap', () => {
    const s = hourly(10, 20, null, 40);
    const at = toEpoch(START);
    expect(integrate(s, at + 1800, at + 5400)).toBeCloseTo(15, 12);
    expect(integrate(s, at, at + 7201)).toBeNull();
    expect(integrate(s, at - 1, at + 1)).toBeNull();
    expect(meanOver(s, at, at + 7200)).toBe(15);
    expect(meanOver(s, at, at)).toBeNull();
  });

  it('integrates to the same whether in one piece or in two', () => {
    fc.assert(
      fc.property(
        values.map((v) => hourly(...v)).chain((s) => fc.tuple(fc.constant(s), seconds(s), seconds(s), seconds(s))),
        ([s, ...cuts]) => {
          const [a, b, c] = cuts.sort((x, y) => x - y).map((x) => toEpoch(START) + x) as [number, number, number];
          expect(integrate(s, a, b)! + integrate(s, b, c)!).toBeCloseTo(integrate(s, a, c)!, 6);
        },
      ),
    );
  });

  it('keeps its integral when its grid becomes finer, and comes back', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(5, 15, 30), (v, step) => {
        const s = hourly(...v);
        const fine = regrid(s, step);
        const [from, to] = [toEpoch(START), toEpoch(endOf(s))];
        expect(endOf(fine)).toBe(endOf(s));
        expect(integrate(fine, from, to)).toBeCloseTo(integrate(s, from, to)!, 6);
        for (const [i, value] of regrid(fine, 60).values.entries()) expect(value).toBeCloseTo(v[i]!, 9);
      }),
    );
  });

  it('answers for all that was asked, with null where nothing is known', () => {
    const part = slice(hourly(1, 2), plusHours(START, -1), plusHours(START, 3));
    expect(part).toEqual({ start: plusHours(START, -1), stepMinutes: 60, values: [null, 1, 2, null] });
    expect(slice(hourly(1, 2, 3), plusSeconds(START, 3601), plusSeconds(START, 7201)).values).toEqual([2, 3]);
  });

  it('loses a coarse step when any of it is missing, and names its gaps', () => {
    const s: Series = { start: START, stepMinutes: 30, values: [1, 3, null, 5, 7, 9, null, null] };
    expect(regrid(s, 60).values).toEqual([2, null, 8, null]);
    expect(gapsIn(s)).toEqual([
      { from: '2022-06-01T01:00:00Z', to: '2022-06-01T01:30:00Z' },
      { from: '2022-06-01T03:00:00Z', to: '2022-06-01T04:00:00Z' },
    ]);
  });
});
