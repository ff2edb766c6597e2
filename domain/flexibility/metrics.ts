/**
 * How an event was kept, from what was measured and nothing else. A mean hides the minutes that missed, so the worst of them, the share of
 * time above the target, the bias and the 95th percentile stand beside it; and no single “response time” is told, but six moments.
 * `trackingOf` and `followingError` are what it is made of; both reproduce figures that others published of their own readings.
 */
import { type FollowingError, followingError, type Power, type Tracking, trackingOf } from '../settlement/tracking.js';

export interface Asked {
  readonly baselineKw: number;
  readonly targetKw: number;
  /** seconds on the clock of the readings */
  readonly receivedAt: number;
  /** the stretch that was promised; its end does not belong to it */
  readonly holdFrom: number;
  readonly holdUntil: number;
  /** until when what comes after counts; the end of the readings when left out */
  readonly reboundUntil?: number;
}

/** Seconds after the signal; null: not yet, or nobody could tell. The first is 0. */
export interface Moments {
  readonly received: 0;
  readonly decided: number | null;
  /** the last command of the way down was sent, and the last of them acknowledged */
  readonly issued: number | null;
  readonly acknowledged: number | null;
  readonly itBelow: number | null;
  /** from here on the facility meter stays at or below the target until the end */
  readonly facilityBelow: number | null;
  /** what the facility meter can tell apart */
  readonly resolutionS: number;
}

export interface Kept {
  readonly tracking: Tracking;
  /** means of whole minutes of the hold */
  readonly minutes: readonly Power[];
  readonly worstMinute: Power & { readonly reductionRatio: number };
  readonly minutesAbove: number;
  /** minutes of the hold of which nothing was read: they are not kept, they are not known */
  readonly minutesUnread: number;
  /** of the readings against the target; `p95` and `meanAbsolute` in kW */
  readonly following: FollowingError;
  readonly requestedKw: number;
  readonly deliveredKw: number;
  /** delivered ÷ requested: 1 is exact */
  readonly deliveredRatio: number;
  /** null: nothing was read after it */
  readonly rebound: { readonly highestKw: number; readonly minutesAbove: number; readonly minutes: number } | null;
  readonly facilityBelow: number | null;
}

/** Means by minute, counted from `from`; a minute of which nothing was read has none. */
export const minuteMeans = (readings: readonly Power[], from: number, until: number): Power[] => {
  const sums = new Map<number, { kw: number; n: number }>();
  for (const { at, kw } of readings) {
    if (at < from || at >= until) continue;
    const minute = Math.floor((at - from) / 60);
    const sum = sums.get(minute) ?? { kw: 0, n: 0 };
    sums.set(minute, { kw: sum.kw + kw, n: sum.n + 1 });
  }
  return [...sums].sort(([a], [b]) => a - b).map(([minute, { kw, n }]) => ({ at: from + minute * 60, kw: kw / n }));
};

/**
 * `readings` of one meter in order of time, each the mean of the step that begins at its time. Null where nothing was read within the hold.
 */
export const keptOf = (readings: readonly Power[], asked: Asked): Kept | null => {
  const { baselineKw, targetKw, receivedAt, holdFrom, holdUntil } = asked;
  const tracking = trackingOf(readings, { baselineKw, targetKw, signalledAt: receivedAt, holdFrom, holdUntil });
  if (tracking === null) return null;
  const minutes = minuteMeans(readings, holdFrom, holdUntil);
  const worst = minutes.reduce((a, b) => (b.kw > a.kw ? b : a));
  const until = asked.reboundUntil ?? Number.POSITIVE_INFINITY;
  const after = minuteMeans(readings, holdUntil, until);
  const held = readings.filter(({ at }) => at >= holdFrom && at < holdUntil);
  return {
    tracking,
    minutes,
    worstMinute: { ...worst, reductionRatio: 1 - worst.kw / baselineKw },
    minutesAbove: minutes.filter(({ kw }) => kw > targetKw).length,
    minutesUnread: Math.ceil((holdUntil - holdFrom) / 60) - minutes.length,
    following: followingError(held.map(({ kw }) => ({ asked: targetKw, drawn: kw })))!,
    requestedKw: baselineKw - targetKw,
    deliveredKw: baselineKw - tracking.meanKw,
    deliveredRatio: (baselineKw - tracking.meanKw) / (baselineKw - targetKw),
    rebound:
      after.length === 0
        ? null
        : {
            highestKw: Math.max(...after.map(({ kw }) => kw)),
            minutesAbove: after.filter(({ kw }) => kw > baselineKw).length,
            minutes: after.length,
          },
    facilityBelow: stayingBelow(readings, asked),
  };
};

/** Seconds from the signal to the first reading at or below the target after which no minute lies above it until the end; null: there is none. */
const stayingBelow = (readings: readonly Power[], asked: Asked): number | null => {
  const { receivedAt, holdFrom, holdUntil, targetKw } = asked;
  const during = readings.filter(({ at }) => at >= receivedAt && at < holdUntil);
  const lastAbove = minuteMeans(readings, holdFrom, holdUntil).findLast(({ kw }) => kw > targetKw);
  const from = lastAbove === undefined ? receivedAt : lastAbove.at + 60;
  const first = during.find(({ at, kw }) => at >= from && kw <= targetKw);
  return first === undefined ? null : first.at - receivedAt;
};

/** Of figures that were measured many times: a mean alone says little of a latency. Null: none. */
export const spread = (values: readonly number[]): { median: number; p95: number; max: number } | null => {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return {
    median: Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!,
    p95: sorted[Math.ceil(sorted.length * 0.95) - 1]!,
    max: sorted.at(-1)!,
  };
};

/** Jain’s index: 1 where all have the same, 1 ÷ n where one has everything. Null: nobody, or nothing. */
export const fairness = (shares: readonly number[]): number | null => {
  const squares = shares.reduce((sum, share) => sum + share * share, 0);
  if (squares === 0) return null;
  return shares.reduce((sum, share) => sum + share, 0) ** 2 / (shares.length * squares);
};
