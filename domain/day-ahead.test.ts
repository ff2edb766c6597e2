import { describe, expect, it } from 'vitest';
import { publishedSteps, publishedTo } from './day-ahead.js';
import { fromEpoch, instant, toEpoch } from './time.js';

describe('day-ahead prices', () => {
  it.each([
    ['the clocks go forward', '2022-03-26T00:00:00Z', 1800],
    ['the clocks go back', '2022-10-29T00:00:00Z', 3600],
    ['a series starts within a day', '2022-06-01T15:30:00Z', 1800],
  ])('are public at each origin as at each moment, also where %s', (_, from, step) => {
    const start = toEpoch(instant(from));
    const steps = publishedSteps(start, step, 120);
    const each = Array.from({ length: 121 }, (_, i) =>
      Math.floor((toEpoch(publishedTo(fromEpoch(start + i * step))) - start) / step),
    );
    expect([...steps]).toEqual(each);
  });
});
