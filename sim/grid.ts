/**
 * The simulated grid: every value is a function of (scenario, seed, region, hour) alone, so any interval gives the same
 * values. value = mean × (1 + daily wave + noise), noise a moving-average form of AR(1), rounded to tenths, never below 0.
 */
import { notFound } from '../domain/fault.js';
import type { CarbonSignal, PriceSignal } from '../domain/signal.js';
import { fromEpoch, type Interval, toEpoch } from '../domain/time.js';
import type { Clock, Grid } from '../domain/world.js';
import { cosTurn, random } from './random.js';
import type { RegionSignals, Scenario } from './scenario.js';

const HOUR = 3600;
/** Hours of shocks that one value remembers. At the largest allowed correlation, 0.98, the rest weighs under 1 %. */
const MEMORY = 240;
/** Lead time beyond which the forecast grows no worse. */
const LONGEST_LEAD_HOURS = 72;
/** Standard deviations on each side of a forecast that hold 80 % of a normal error. */
const Z80 = 1.2815515655446004;

/**
 * `actual` is the truth, also past the clock's now; `forecast` is the truth plus a seeded error that grows with the square
 * root of the lead time and vanishes as the hour comes near. low and high hold 80 %. Throws Fault `not-found` for a region
 * that the scenario does not describe.
 */
export const simulatedGrid = (scenario: Scenario, seed: number, clock: Pick<Clock, 'now'>): Grid => {
  const describe = (region: string): RegionSignals => {
    const found = scenario.regions[region];
    if (found) return found;
    throw notFound(
      `scenario ${scenario.name} has no signal for ${region}`,
      `Use one of ${Object.keys(scenario.regions).join(', ')}, or describe the region in the scenario.`,
    );
  };
  const source = `simulated (scenario ${scenario.name}, seed ${seed})`;

  const signal = (region: string, what: 'carbon' | 'price', interval: Interval, status: 'forecast' | 'actual') => {
    const spec = describe(region);
    const first = Math.floor(toEpoch(interval.start) / HOUR);
    const count = Math.max(0, Math.ceil(toEpoch(interval.end) / HOUR) - first);
    const key = [scenario.name, seed, region, what] as const;
    const truth = what === 'carbon' ? carbonTruth(spec, key, first, count) : priceTruth(spec, key, first, count);
    const common = { region, source, status, issuedAt: clock.now() };
    const frame = { start: fromEpoch(first * HOUR), stepMinutes: 60 };
    if (status === 'actual') return { ...common, series: { ...frame, values: truth } };
    const mean = what === 'carbon' ? spec.carbon.meanGPerKwh : spec.price.meanPerMwh;
    const errors = noise([...key, 'forecast'], 0.9, first, count);
    // An hour is known once it has ended.
    const origin = Math.floor(toEpoch(clock.now()) / HOUR);
    const bound = (z: number) =>
      truth.map((value, i) => {
        const lead = Math.min(LONGEST_LEAD_HOURS, first + i + 1 - origin);
        if (lead <= 0) return value;
        const deviation = mean * spec.forecastErrorRatio * Math.sqrt(lead / 24);
        return tenths(value + deviation * ((errors[i] ?? 0) + z));
      });
    return { ...common, series: { ...frame, values: bound(0) }, low: bound(-Z80), high: bound(Z80) };
  };

  return {
    regions: async () => Object.keys(scenario.regions),
    carbon: async (region, interval, status): Promise<CarbonSignal> => ({
      ...signal(region, 'carbon', interval, status),
      kind: { accounting: 'average', scope: 'operational' },
    }),
    price: async (region, interval, status): Promise<PriceSignal> => ({
      ...signal(region, 'price', interval, status),
      currency: scenario.currency,
    }),
  };
};

type Key = readonly (string | number)[];

const carbonTruth = ({ carbon }: RegionSignals, key: Key, first: number, count: number): number[] => {
  const shocks = noise(key, carbon.noiseCorrelation, first, count);
  return shocks.map((shock, i) => {
    const wave = -cosTurn((first + i - carbon.cleanestHourUtc) / 24);
    return tenths(carbon.meanGPerKwh * (1 + carbon.dailyAmplitudeRatio * wave + carbon.noiseRatio * shock));
  });
};

const priceTruth = ({ price }: RegionSignals, key: Key, first: number, count: number): number[] => {
  const shocks = noise(key, price.noiseCorrelation, first, count);
  return shocks.map((shock, i) => {
    const wave = cosTurn((first + i - price.dearestHourUtc) / 24);
    return tenths(price.meanPerMwh * (1 + price.dailyAmplitudeRatio * wave + price.noiseRatio * shock));
  });
};

/** Tenths, never below 0. */
const tenths = (value: number) => Math.max(0, Math.round(value * 10) / 10);

/**
 * Unit-variance noise for hours [first, first + count) since the epoch: Σ φᵏ ε(t − k) over the last MEMORY hours, scaled.
 * Each hour's shock ε has a stream of its own.
 */
const noise = (key: Key, correlation: number, first: number, count: number): number[] => {
  const weights: number[] = [];
  for (let k = 0, w = 1; k < MEMORY && w > 1e-9; k++, w *= correlation) weights.push(w);
  const scale = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0));
  const reach = weights.length - 1;
  const shocks = new Float64Array(count + reach);
  for (let i = 0; i < shocks.length; i++) shocks[i] = random(...key, first - reach + i).normal();
  return Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let k = 0; k <= reach; k++) sum += (weights[k] ?? 0) * (shocks[i + reach - k] ?? 0);
    return sum / scale;
  });
};
