/** The cheapest deeds, on choices small enough to work out by hand. */
import { describe, expect, it, vi } from 'vitest';
import { cheapest, hullOf } from './cheapest.js';
import type { Deed, Levers, Option } from './levers.js';

const option = (watts: number, costPerHour: number, deed: Deed = { do: 'cap', capW: watts }): Option => ({
  ...{ deed, watts, costPerHour, lossRatio: 0 },
});
const left = (watts: number) => option(watts, 0, { do: 'leave' });
const rested = (watts: number, costPerHour: number) => option(watts, costPerHour, { do: 'pause' });
const lever = (jobId: string, ...options: Option[]): Levers => ({ jobId, options });
const never = (): Option => {
  throw new Error('nothing stands between these');
};
const wattsOf = (found: ReturnType<typeof cheapest>) =>
  Object.fromEntries([...found.chosen].map(([id, { watts }]) => [id, watts]));

describe('the lower hull of what can be done', () => {
  it.each([
    [
      'leaves out what costs more a watt than the next step',
      [
        [100, 0],
        [90, 1],
        [80, 5],
        [60, 5.5],
      ],
      [100, 90, 60],
    ],
    [
      'what lies on the line between two others',
      [
        [100, 0],
        [90, 1],
        [80, 2],
      ],
      [100, 80],
    ],
    [
      'what saves no more and costs more',
      [
        [100, 0],
        [90, 2],
        [90, 3],
        [70, 9],
      ],
      [100, 90, 70],
    ],
    [
      'what costs as much and saves less',
      [
        [100, 0],
        [90, 2],
        [80, 2],
      ],
      [100, 80],
    ],
    [
      'all that is dearer than a deeper step',
      [
        [100, 0],
        [95, 1],
        [90, 6],
        [60, 0.5],
      ],
      [100, 60],
    ],
    [
      'and keeps steps that get dearer',
      [
        [100, 0],
        [90, 1],
        [80, 3],
      ],
      [100, 90, 80],
    ],
    [
      'what saves no more and costs more, also at the end',
      [
        [100, 0],
        [90, 2],
        [90, 3],
      ],
      [100, 90],
    ],
    [
      'what saves less and costs more, at the end',
      [
        [100, 0],
        [90, 2],
        [95, 3],
      ],
      [100, 90],
    ],
    [
      'a first step that is dearer than the next',
      [
        [100, 3],
        [80, 2],
      ],
      [80],
    ],
    [
      'and keeps many that get dearer',
      [
        [100, 0],
        [90, 1],
        [80, 3],
        [70, 6],
        [69, 6.31],
      ],
      [100, 90, 80, 70, 69],
    ],
  ])('%s', (_, given, kept) => {
    expect(hullOf(given.map(([watts, cost]) => option(watts!, cost!))).map(({ watts }) => watts)).toEqual(kept);
  });
});

describe('the walk down', () => {
  const a = lever('a', left(100), option(50, 1));
  const b = lever('b', left(100), option(50, 2));

  it('does nothing where power is at the limit already, which costs nothing', () => {
    const found = cheapest([a, b], 200, never);
    expect([wattsOf(found), found.isKept]).toEqual([{ a: 100, b: 100 }, true]);
    expect(found.certificate).toMatchObject({ costPerHour: 0, pricePerMwh: 0, gapRatio: null });
  });

  it('takes what is worth least a watt, and is proved where it ends at a step', () => {
    const found = cheapest([b, a], 150, never);
    expect(wattsOf(found)).toEqual({ a: 50, b: 100 });
    expect(found.certificate).toEqual({
      ...{ limitKw: 0.15, reachedKw: 0.15, costPerHour: 1, lowerBoundPerHour: 1, pricePerMwh: 20_000, gapRatio: 0 },
    });
  });

  it('takes the first of two that are worth as much', () => {
    const twin = lever('twin', left(100), option(50, 1));
    expect(wattsOf(cheapest([a, twin], 150, never))).toEqual({ a: 50, twin: 100 });
    expect(wattsOf(cheapest([twin, a], 150, never))).toEqual({ a: 100, twin: 50 });
  });

  it('gives the last step back as far as there is room, and asks for no more', () => {
    const between = vi.fn((_: string, watts: number) => option(watts, 0.8));
    const found = cheapest([a, b], 130, between);
    expect(between.mock.calls).toEqual([['b', 80]]);
    expect(wattsOf(found)).toEqual({ a: 50, b: 80 });
    expect(found.certificate.reachedKw).toBeCloseTo(0.13, 12);
    expect(found.certificate.costPerHour).toBeCloseTo(1.8, 12);
  });

  it('gives a cheaper step back whole where the dearer one cannot stand in between', () => {
    const light = lever('light', left(100), option(90, 0.05));
    const deep = lever('deep', left(100), rested(0, 1));
    const found = cheapest([light, deep], 120, never);
    expect(wattsOf(found)).toEqual({ light: 100, deep: 0 });
    // At 0.01 a watt: 0.95 and 1 for the cheaper of each, less 1.20 for the limit, of a cost of 1.
    expect(found.certificate.lowerBoundPerHour).toBeCloseTo(0.75, 12);
    expect(found.certificate.gapRatio).toBeCloseTo(0.25, 12);
    expect(wattsOf(cheapest([light, deep], 100, never))).toEqual({ light: 100, deep: 0 });
    // Of five watts of room a cap makes use, too.
    expect(wattsOf(cheapest([light, deep], 95, (_, watts) => option(watts, 0.02)))).toEqual({ light: 95, deep: 0 });
  });

  it('lets a battery give less than it could, too', () => {
    const battery = lever('battery', option(0, 0, { do: 'leave' }), option(-60, 3, { do: 'discharge', kw: 0.06 }));
    const part = (_: string, watts: number) => option(watts, 2, { do: 'discharge', kw: -watts / 1000 });
    expect(wattsOf(cheapest([lever('a', left(100)), battery], 60, part))).toEqual({ a: 100, battery: -40 });
  });

  it('keeps a step where what stands in between would be lighter still', () => {
    expect(wattsOf(cheapest([a, b], 130, () => option(49, 3)))).toEqual({ a: 50, b: 50 });
  });

  it('goes down to the last step where the limit cannot be kept, and says so', () => {
    const found = cheapest([a, b], 90, never);
    expect([wattsOf(found), found.isKept]).toEqual([{ a: 50, b: 50 }, false]);
    expect(found.certificate).toMatchObject({ limitKw: 0.09, reachedKw: 0.1, costPerHour: 3, lowerBoundPerHour: 3 });
    expect(cheapest([a, b], 100, never).isKept).toBe(true);
  });

  it('passes over work to which nothing can be done', () => {
    expect(wattsOf(cheapest([lever('none'), a], 60, (_, watts) => option(watts, 0.8)))).toEqual({ a: 60 });
  });
});
