/** What a measured span emitted: its energy in each half-hour by that half-hour's intensity. */
import { drawnSumOfCells, type Estimate, type EstimateMethod, sumOfCells, truncated } from '../../domain/estimate.js';
import { emissions } from '../../domain/physics.js';
import { meanOver, type Series } from '../../domain/series.js';
import { floorTo, fromEpoch, type Instant, plusSeconds, toEpoch } from '../../domain/time.js';
import { gPerKwh, kwh } from '../../domain/units.js';

const HALF_HOUR_MINUTES = 30;
const UJ_PER_KWH = 3.6e12;

export const kwhOf = (uj: bigint): number => Number(uj) / UJ_PER_KWH;

export interface HalfHour {
  readonly start: Instant;
  readonly energyKwh: number;
  /** null: nobody says it */
  readonly intensityGPerKwh: number | null;
  readonly emissionsKg: number | null;
}

/** Energy by minute since `start`, gathered by half-hour of the calendar. */
export const halfHours = (minutesUj: readonly bigint[], start: Instant, intensity: Series): HalfHour[] => {
  const sums = new Map<Instant, bigint>();
  for (const [minute, uj] of minutesUj.entries()) {
    const at = floorTo(plusSeconds(start, minute * 60), HALF_HOUR_MINUTES);
    sums.set(at, (sums.get(at) ?? 0n) + uj);
  }
  return [...sums].map(([at, uj]) => {
    const from = toEpoch(at);
    const mean = meanOver(intensity, from, from + HALF_HOUR_MINUTES * 60);
    const used = kwh(kwhOf(uj));
    return {
      start: at,
      energyKwh: used,
      intensityGPerKwh: mean,
      emissionsKg: mean === null ? null : emissions(used, gPerKwh(mean)),
    };
  });
};

/** An estimate with how its interval was come by, so that anybody can make it again. */
export interface EmissionsRecord extends Estimate {
  readonly method: EstimateMethod;
  /** half-width as a share, at `confidence` */
  readonly uncertaintyRatio: number;
  /** of monte_carlo */
  readonly seed: number | null;
  readonly draws: number | null;
}

/** The interval's ends are then sure to about a hundredth of its width. */
const DRAWS = 10_000;

/**
 * kg CO2e. Half-widths are a share of each amount: within an hour they move together, between hours they do not. Null where the
 * intensity of any half-hour is not known.
 */
export const emissionsOf = (
  rows: readonly HalfHour[],
  { uncertaintyRatio, confidence }: { readonly uncertaintyRatio: number; readonly confidence: number },
  { method, seed = 1 }: { readonly method: EstimateMethod; readonly seed?: number },
): EmissionsRecord | null => {
  const hours = new Map<string, number>();
  for (const { start, emissionsKg } of rows) {
    if (emissionsKg === null) return null;
    const hour = start.slice(0, 13);
    hours.set(hour, (hours.get(hour) ?? 0) + emissionsKg);
  }
  const isDrawn = method === 'monte_carlo';
  const estimate = isDrawn
    ? drawnSumOfCells(hours.values(), uncertaintyRatio, confidence, { seed, draws: DRAWS })
    : truncated(sumOfCells(hours.values(), uncertaintyRatio, confidence));
  return { ...estimate, method, uncertaintyRatio, seed: isDrawn ? seed : null, draws: isDrawn ? DRAWS : null };
};

/** The interval of the calendar's half-hours that a span lies in. */
export const spanOf = (start: Instant, minutes: number): { start: Instant; end: Instant } => {
  const from = floorTo(start, HALF_HOUR_MINUTES);
  const last = floorTo(plusSeconds(start, Math.max(0, minutes - 1) * 60), HALF_HOUR_MINUTES);
  return { start: from, end: fromEpoch(toEpoch(last) + HALF_HOUR_MINUTES * 60) };
};
