/**
 * The history-only forecast with fixed constants: the mean of the last seven known days at that time of day, plus what the
 * last known value stands above its own such mean, fading with exp(−(h + 1) / 12 h). It looks at values before its origin only.
 */

const DAYS = 7;
const FADE_HOURS = 12;
/** Daily origins whose residuals make the interval, and the number of horizon buckets within the first two days. */
const RESIDUAL_DAYS = 28;
const BUCKET_HOURS = [6, 12, 24, Number.POSITIVE_INFINITY] as const;

type Values = readonly (number | null)[];

export interface ProfileForecast {
  readonly values: (number | null)[];
  /** 10 % and 90 % quantiles of the residuals of the last 28 daily origins, added to the value. */
  readonly low: (number | null)[];
  readonly high: (number | null)[];
}

/**
 * Forecast of `values[origin … origin + steps)` from `values[0 … origin)`. A gap in the history is left out of its mean;
 * null where nothing at all is known for that time of day. Never below `floor`.
 */
export const profileForecast = (
  values: Values,
  origin: number,
  steps: number,
  stepMinutes: number,
  floor = Number.NEGATIVE_INFINITY,
): ProfileForecast => {
  const perDay = Math.round(1440 / stepMinutes);
  const hours = stepMinutes / 60;
  const predicted = dampedProfile(values, origin, steps, perDay, hours);
  const residuals = BUCKET_HOURS.map((): number[] => []);
  const longest = Math.min(steps, 2 * perDay);
  for (let day = 1; day <= RESIDUAL_DAYS; day++) {
    const past = origin - day * perDay;
    // The first origin that has a whole profile before it.
    if (past < DAYS * perDay) break;
    const back = dampedProfile(values, past, longest, perDay, hours);
    for (let h = 0; h < longest && past + h < origin; h++) {
      const truth = values[past + h];
      const guess = back[h];
      if (truth === null || truth === undefined || guess === null || guess === undefined) continue;
      residuals[bucketOf((h + 1) * hours)]?.push(truth - guess);
    }
  }
  const bounds = residuals.map((list) => ({ low: quantile(list, 0.1), high: quantile(list, 0.9) }));
  const bound = (side: 'low' | 'high') =>
    predicted.map((value, h) => {
      const shift = nearest(bounds, bucketOf((h + 1) * hours), side);
      if (value === null || shift === null) return null;
      return Math.max(floor, side === 'low' ? Math.min(value, value + shift) : Math.max(value, value + shift));
    });
  const low = bound('low');
  const high = bound('high');
  return { values: predicted.map((v) => (v === null ? null : Math.max(floor, v))), low, high };
};

/** The point forecast alone. */
export const dampedProfile = (
  values: Values,
  origin: number,
  steps: number,
  perDay: number,
  hoursPerStep: number,
): (number | null)[] => {
  // What the profile said of the last known value before that was known.
  const before = profileAt(values, origin - 1, 0, perDay);
  const last = values[origin - 1] ?? null;
  const anomaly = before === null || last === null ? 0 : last - before;
  return Array.from({ length: steps }, (_, h) => {
    const profile = profileAt(values, origin, h, perDay);
    return profile === null ? null : profile + anomaly * Math.exp((-(h + 1) * hoursPerStep) / FADE_HOURS);
  });
};

const profileAt = (values: Values, origin: number, h: number, perDay: number): number | null => {
  let sum = 0;
  let count = 0;
  const newest = origin + h - perDay * (Math.floor(h / perDay) + 1);
  for (let day = 0; day < DAYS; day++) {
    const value = values[newest - day * perDay];
    if (value === null || value === undefined) continue;
    sum += value;
    count++;
  }
  return count === 0 ? null : sum / count;
};

const bucketOf = (leadHours: number) => BUCKET_HOURS.findIndex((limit) => leadHours <= limit);

/** The bound of a bucket, or of the nearest one that has residuals. */
const nearest = (
  bounds: readonly { low: number | null; high: number | null }[],
  bucket: number,
  side: 'low' | 'high',
): number | null => {
  for (let i = bucket; i >= 0; i--) {
    const value = bounds[i]?.[side];
    if (value !== null && value !== undefined) return value;
  }
  return null;
};

/** Linear between order statistics; null of an empty list. */
const quantile = (list: number[], share: number): number | null => {
  if (list.length === 0) return null;
  const sorted = [...list].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const lower = sorted[below]!;
  return lower + ((sorted[below + 1] ?? lower) - lower) * (at - below);
};
