/**
 * How well a site kept what an event asked of it, from measured power alone. A mean hides the minutes that missed: the worst of them,
 * the time until the target was reached and the share of time above it stand beside it. A reading stands for one step.
 */

export interface Power {
  /** seconds, on any clock that runs evenly */
  readonly at: number;
  readonly kw: number;
}

export interface Event {
  readonly baselineKw: number;
  readonly targetKw: number;
  /** when the signal came, on the clock of the readings */
  readonly signalledAt: number;
  /** the stretch that was promised; the end does not belong to it */
  readonly holdFrom: number;
  readonly holdUntil: number;
}

export interface Tracking {
  readonly meanKw: number;
  /** reductions as shares of the baseline */
  readonly meanReductionRatio: number;
  readonly worstReductionRatio: number;
  readonly bestReductionRatio: number;
  /** the first reading at or below the target after the signal; null: none */
  readonly reachedAt: number | null;
  readonly secondsToTarget: number | null;
  /** readings within the hold, and those of them above the target */
  readonly readings: number;
  readonly above: number;
  readonly aboveRatio: number;
  /** readings at or below the target from the signal on, whether promised or not */
  readonly atOrBelow: number;
  /** the highest reading after the hold as a share of the baseline; null: nothing was read after it */
  readonly reboundRatio: number | null;
}

/** `readings` are in order of time. Null where nothing was read within the hold: then nothing is known, least of all that it was kept. */
export const trackingOf = (readings: readonly Power[], event: Event): Tracking | null => {
  const { baselineKw, targetKw, signalledAt, holdFrom, holdUntil } = event;
  const held = readings.filter(({ at }) => at >= holdFrom && at < holdUntil);
  if (held.length === 0) return null;
  const powers = held.map(({ kw }) => kw);
  const reduction = (kw: number) => 1 - kw / baselineKw;
  const meanKw = powers.reduce((sum, kw) => sum + kw, 0) / powers.length;
  const reached = readings.find(({ at, kw }) => at >= signalledAt && kw <= targetKw) ?? null;
  const above = powers.filter((kw) => kw > targetKw).length;
  const after = readings.filter(({ at }) => at >= holdUntil).map(({ kw }) => kw);
  return {
    meanKw,
    meanReductionRatio: reduction(meanKw),
    worstReductionRatio: reduction(Math.max(...powers)),
    bestReductionRatio: reduction(Math.min(...powers)),
    reachedAt: reached?.at ?? null,
    secondsToTarget: reached === null ? null : reached.at - signalledAt,
    readings: held.length,
    above,
    aboveRatio: above / held.length,
    atOrBelow: readings.filter(({ at, kw }) => at >= signalledAt && kw <= targetKw).length,
    reboundRatio: after.length === 0 ? null : Math.max(...after) / baselineKw,
  };
};

export interface FollowingError {
  /** mean of the absolute difference, in the unit of both */
  readonly meanAbsolute: number;
  /** the same as a share of the mean that was asked for */
  readonly relative: number;
  /** mean of what was drawn less what was asked for: below 0 it drew less */
  readonly bias: number;
  /** 95 % of the readings differ by less */
  readonly p95: number;
  /** share of the readings that lie more than `tolerance` above what was asked for */
  readonly aboveRatio: number;
}

/** How closely power follows a demand that moves. Null where there is nothing to compare. */
export const followingError = (
  pairs: readonly { readonly asked: number; readonly drawn: number }[],
  tolerance = 0.02,
): FollowingError | null => {
  if (pairs.length === 0) return null;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const errors = pairs.map(({ asked, drawn }) => Math.abs(drawn - asked)).sort((a, b) => a - b);
  const meanAbsolute = mean(errors);
  return {
    meanAbsolute,
    relative: meanAbsolute / mean(pairs.map(({ asked }) => asked)),
    bias: mean(pairs.map(({ asked, drawn }) => drawn - asked)),
    p95: errors[Math.ceil(errors.length * 0.95) - 1]!,
    aboveRatio: pairs.filter(({ asked, drawn }) => drawn > asked * (1 + tolerance)).length / pairs.length,
  };
};
