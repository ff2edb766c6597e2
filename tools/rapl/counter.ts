/**
 * A counter runs from 0 to its range and begins again. What it counted is the sum of the steps between two readings, as long
 * as one step can hold no more than one wrap. Where that is not sure, the step is a gap: unknown energy with a duration.
 * Arithmetic is in `bigint`; nothing is ever cut to 32 bits here, and a register's reader cuts its own reserved bits.
 */

/** A moment on two clocks in milliseconds: one stands still while the machine is suspended, the other runs on. */
export interface Moment {
  readonly monotonicMs: number;
  readonly boottimeMs: number;
}

/** One look at a counter. */
export type Reading =
  | { readonly ticks: bigint }
  /** Not a number, or beyond the range: passed over, the next good reading covers the time since the last one. */
  | { readonly bad: string }
  /** It could not be read; the error's name, such as `EACCES`. */
  | { readonly errno: string };

/** What one tick is worth and how far the counter runs. */
export interface Scale {
  /** the largest value before it begins anew; null where nobody says it */
  readonly range: bigint | null;
  /** microjoules per tick, as a fraction: registers count in 2⁻ⁿ joules, which no decimal says */
  readonly ujPerTick: readonly [numerator: bigint, denominator: bigint];
  /** the greatest power that the zone says of itself, W; null where it says none */
  readonly ratedWatts: number | null;
}

export const MICROJOULES: Scale['ujPerTick'] = [1n, 1n];

export const GAP_REASONS = [
  'vanished',
  'unreadable',
  'suspended',
  'interval-too-long',
  'fell-without-range',
  'fell-too-far',
  'other-boot',
] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** Energy that nobody knows. Times are milliseconds on the monotonic clock. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: GapReason;
  /** the error that the counter gave meanwhile, such as `ENOENT` */
  readonly errno: string | null;
}

/** Everything that a counter remembers; plain, so that it can be kept and taken up again. */
export interface Count {
  /** first reading or first attempt: what it is answerable for begins here */
  readonly sinceMs: number;
  readonly ticks: bigint;
  readonly last: { readonly ticks: bigint; readonly at: Moment } | null;
  /** why it cannot be read now, or why the next step cannot be known; null: the newest attempt gave a value */
  readonly trouble: { readonly reason: GapReason; readonly errno: string | null } | null;
  readonly wraps: number;
  readonly badReadings: number;
  /** time whose energy is known */
  readonly coveredMs: number;
  /** the newest ones; `gapCount` counts all */
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
}

/** So that a machine that sleeps every minute for years does not fill the memory. */
const KEPT_GAPS = 100;
/** The clock of suspended time is read in hundredths of a second, and a little after the other. */
const SUSPENDED_MS = 500;
/** Steps of the counter and of our clock do not fall together; a fall is judged with this much more time. */
const SLACK_MS = 1000;
/** A device that is gone may come back with a counter that began anew. Other errors leave the counter as it is. */
const VANISHED = new Set(['ENOENT', 'ENODEV', 'ENXIO']);

export const newCount = (at: Moment): Count => ({
  sinceMs: at.monotonicMs,
  ticks: 0n,
  last: null,
  trouble: null,
  wraps: 0,
  badReadings: 0,
  coveredMs: 0,
  gaps: [],
  gapCount: 0,
});

/** Microjoules of so many ticks, rounded down once, so that no error builds up. */
export const microjoulesOf = (ticks: bigint, { ujPerTick: [numerator, denominator] }: Scale): bigint =>
  (ticks * numerator) / denominator;

const withGap = (count: Count, gap: Gap): Count => ({
  ...count,
  gaps: [...count.gaps, gap].slice(-KEPT_GAPS),
  gapCount: count.gapCount + 1,
});

/** What this much power turns into ticks in so many milliseconds. */
const ticksOf = (watts: number, ms: number, { ujPerTick: [numerator, denominator] }: Scale): bigint =>
  (BigInt(Math.ceil(watts * ms * 1000)) * denominator) / numerator;

/** For a while a processor draws twice what it is rated at; twice that is out of its reach. */
const ABOVE_RATED = 4;

/** The longest time between two readings in which at most half a wrap can have passed; null without a range. */
export const safeIntervalMs = (scale: Scale, maxWatts: number): number | null => {
  if (scale.range === null) return null;
  const watts = scale.ratedWatts === null ? maxWatts : Math.min(maxWatts, scale.ratedWatts * ABOVE_RATED);
  return Number(microjoulesOf(scale.range, scale)) / 2 / 1000 / watts;
};

/** Why the step to `ticks` cannot be known; null where it can. */
const doubtOf = (count: Count, ticks: bigint, at: Moment, scale: Scale, maxWatts: number): GapReason | null => {
  const last = count.last!;
  const ms = at.monotonicMs - last.at.monotonicMs;
  // What cannot be read for a while counts on; anything else may have begun anew.
  if (count.trouble !== null && count.trouble.reason !== 'unreadable') return count.trouble.reason;
  if (at.boottimeMs - last.at.boottimeMs - ms > SUSPENDED_MS) return 'suspended';
  const safeMs = safeIntervalMs(scale, maxWatts);
  if (safeMs !== null && ms > safeMs) return 'interval-too-long';
  if (ticks >= last.ticks) return null;
  if (scale.range === null) return 'fell-without-range';
  const step = scale.range - last.ticks + ticks + 1n;
  return step > ticksOf(maxWatts, ms + SLACK_MS, scale) ? 'fell-too-far' : null;
};

/**
 * The count after one more reading. `maxWatts` is more than the zone can draw. The step over a wrap is
 * range − last + now + 1: the value after the range is 0.
 */
export const counted = (count: Count, reading: Reading, at: Moment, scale: Scale, maxWatts: number): Count => {
  if ('errno' in reading) {
    const reason = VANISHED.has(reading.errno) ? 'vanished' : 'unreadable';
    const isWorse = count.trouble === null || count.trouble.reason === 'unreadable';
    return isWorse ? { ...count, trouble: { reason, errno: reading.errno } } : count;
  }
  if ('bad' in reading || (scale.range !== null && reading.ticks > scale.range))
    return { ...count, badReadings: count.badReadings + 1 };
  const { ticks } = reading;
  const errno = count.trouble?.errno ?? null;
  const next: Count = { ...count, last: { ticks, at }, trouble: null };
  if (count.last === null) {
    if (count.sinceMs >= at.monotonicMs) return next;
    return withGap(next, { fromMs: count.sinceMs, toMs: at.monotonicMs, reason: 'unreadable', errno });
  }
  const fromMs = count.last.at.monotonicMs;
  const reason = doubtOf(count, ticks, at, scale, maxWatts);
  if (reason !== null) return withGap(next, { fromMs, toMs: at.monotonicMs, reason, errno });
  const wrapped = ticks < count.last.ticks;
  const step = ticks - count.last.ticks + (wrapped ? scale.range! + 1n : 0n);
  return {
    ...next,
    ticks: count.ticks + step,
    wraps: count.wraps + (wrapped ? 1 : 0),
    coveredMs: count.coveredMs + at.monotonicMs - fromMs,
  };
};

/** The time since the last good reading of a counter that cannot be read now; null where it can. */
export const openGap = (count: Count, at: Moment): Gap | null =>
  count.trouble && { ...count.trouble, fromMs: count.last?.at.monotonicMs ?? count.sinceMs, toMs: at.monotonicMs };

/**
 * A count that was kept during another boot: the counter has begun anew, and so has the clock, by which the kept times are
 * `shiftMs` later.
 */
export const resumed = (count: Count, shiftMs: number): Count => {
  const later = ({ monotonicMs, boottimeMs }: Moment) => ({
    monotonicMs: monotonicMs + shiftMs,
    boottimeMs: boottimeMs + shiftMs,
  });
  return {
    ...count,
    sinceMs: count.sinceMs + shiftMs,
    last: count.last && { ...count.last, at: later(count.last.at) },
    gaps: count.gaps.map((gap) => ({ ...gap, fromMs: gap.fromMs + shiftMs, toMs: gap.toMs + shiftMs })),
    trouble: { reason: 'other-boot', errno: null },
  };
};
