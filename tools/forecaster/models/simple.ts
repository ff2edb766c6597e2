/** Models that learn nothing: the last value, the last day, the last week, the profile of seven days, and that profile corrected. */
import type { Frame } from '../frame.js';
import type { Model, Recipe } from '../model.js';

const simple = (name: string, about: string, at: (frame: Frame, origin: number, h: number) => number): Recipe => {
  const model: Model = {
    name,
    state: null,
    predict: (frame, origin, steps) => Float64Array.from({ length: steps }, (_, h) => at(frame, origin, h)),
  };
  return { name, about, learns: false, priced: false, fit: () => model, load: () => model };
};

export const persistence = simple(
  'persistence',
  'the last value',
  ({ values }, origin) => values[origin - 1] ?? Number.NaN,
);
export const dailyNaive = simple(
  'daily_naive',
  'the day before',
  ({ values, perDay }, origin, h) => values[origin + (h % perDay) - perDay] ?? Number.NaN,
);
export const weeklyNaive = simple(
  'weekly_naive',
  'the week before',
  ({ values, perDay }, origin, h) => values[origin + (h % (7 * perDay)) - 7 * perDay] ?? Number.NaN,
);
export const profile7 = simple('profile7', 'the mean of seven days at that time of day', (frame, origin, h) =>
  frame.profileAt(origin, h),
);
export const dampedProfile7 = simple(
  'damped_profile7',
  'that mean, and what the last value stands above it, fading',
  (frame, origin, h) => frame.damped(origin, h),
);
