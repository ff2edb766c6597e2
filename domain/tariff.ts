/**
 * What a site really pays: electricity per step of time, machines, data that leaves home, and peak demand. A tenant pays
 * instances and egress, an owner energy (tariff plus levy) and demand, so that nothing is paid twice.
 */
import { invalid } from './fault.js';
import type { Series } from './series.js';
import { meanOver } from './series.js';
import type { PriceSignal } from './signal.js';
import type { Site, Tariff } from './site.js';
import { fromEpoch, type Interval, toEpoch, wallClock } from './time.js';

type Bands = Extract<Tariff['energy'], { kind: 'bands' }>;

/**
 * Money per MWh of facility energy that the site's payer owes, levy included, on the UTC grid of `stepMinutes`, covering
 * the interval. `signal` matters for tariffs of kind `signal` only. A step with any moment without a price is null.
 * A tenant's energy is part of the instance price: every step is 0.
 * Throws Fault `invalid-input` when the signal's currency is not the site's.
 */
export const pricesOf = (
  site: Pick<Site, 'id' | 'payer' | 'currency' | 'tariff'>,
  signal: Pick<PriceSignal, 'series' | 'currency'> | null,
  interval: Interval,
  stepMinutes: number,
): Series => {
  const step = stepMinutes * 60;
  const from = Math.floor(toEpoch(interval.start) / step) * step;
  const count = Math.ceil((toEpoch(interval.end) - from) / step);
  const values = energyPrices(site, signal, from, count, step);
  return { start: fromEpoch(from), stepMinutes, values };
};

const energyPrices = (
  site: Pick<Site, 'id' | 'payer' | 'currency' | 'tariff'>,
  signal: Pick<PriceSignal, 'series' | 'currency'> | null,
  from: number,
  count: number,
  step: number,
): (number | null)[] => {
  if (site.payer === 'tenant') return new Array<number>(count).fill(0);
  const { energy, levyPerMwh } = site.tariff;
  if (energy.kind === 'flat') return new Array<number>(count).fill(energy.pricePerMwh + levyPerMwh);
  if (energy.kind === 'bands') {
    const price = bandPrices(energy, from, from + count * step);
    return Array.from({ length: count }, (_, i) => plus(price(from + i * step, from + (i + 1) * step), levyPerMwh));
  }
  if (!signal) return new Array<null>(count).fill(null);
  if (signal.currency !== site.currency)
    throw invalid(
      `site ${site.id} counts in ${site.currency}, its price signal in ${signal.currency}`,
      `Give a price signal in ${site.currency}, or set the site's currency to ${signal.currency}.`,
    );
  return Array.from({ length: count }, (_, i) =>
    plus(meanOver(signal.series, from + i * step, from + (i + 1) * step), levyPerMwh),
  );
};

const plus = (value: number | null, levy: number) => (value === null ? null : value + levy);

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const WEEK = 7 * 1440;
const minutesOf = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/** Price by minute of the local week, Monday 00:00 first; the first band that covers a minute holds, none: NaN. */
const weekOf = (bands: Bands['bands']): Float64Array => {
  const week = new Float64Array(WEEK).fill(Number.NaN);
  for (const band of [...bands].reverse()) {
    const begin = minutesOf(band.from);
    const end = minutesOf(band.to);
    // A band whose end is not after its begin runs past midnight and belongs to the day on which it begins.
    const length = end > begin ? end - begin : end + 1440 - begin;
    for (const day of band.days ?? DAYS)
      for (let m = 0; m < length; m++) week[(DAYS.indexOf(day) * 1440 + begin + m) % WEEK] = band.pricePerMwh;
  }
  return week;
};

/** Mean price over [a, b) in epoch seconds on whole minutes; follows the clock changes of the band's time zone. */
const bandPrices = ({ bands, timeZone }: Bands, from: number, to: number) => {
  const week = weekOf(bands);
  const shifts = localMinutes(timeZone, from, to);
  return (a: number, b: number): number | null => {
    let sum = 0;
    for (let t = a; t < b; t += 60) sum += week[shifts(t) % WEEK]!;
    const mean = sum / ((b - a) / 60);
    return Number.isNaN(mean) ? null : mean;
  };
};

const QUARTER = 900;
/** 1969-12-29, the Monday before the epoch, so that minute 0 of the local week is Monday 00:00. */
const MONDAY_MINUTES = 3 * 1440;

/** Local minutes since a Monday 00:00 for epoch seconds in [from, to). Offsets change on quarter hours of UTC at the earliest. */
const localMinutes = (zone: string, from: number, to: number) => {
  const first = Math.floor(from / QUARTER);
  const offsets = new Int32Array(Math.max(1, Math.ceil(to / QUARTER) - first));
  const offsetAt = (quarter: number) => {
    const wall = wallClock(fromEpoch(quarter * QUARTER), zone);
    return Date.parse(`${wall.date}T00:00:00Z`) / 60_000 + wall.minuteOfDay - quarter * 15;
  };
  for (let i = 0; i < offsets.length; i += 96) {
    const end = Math.min(i + 96, offsets.length);
    const same = offsetAt(first + i) === offsetAt(first + end - 1);
    if (same) offsets.fill(offsetAt(first + i), i, end);
    else for (let k = i; k < end; k++) offsets[k] = offsetAt(first + k);
  }
  return (epoch: number) =>
    Math.floor(epoch / 60) + (offsets[Math.floor(epoch / QUARTER) - first] ?? 0) + MONDAY_MINUTES;
};

/** Money per hour of an instance; 0 for an owner and for jobs without an instance type, null when the site has no price for it. */
export const instancePriceOf = (
  site: Pick<Site, 'payer' | 'instancePricesPerHour'>,
  instanceType: string | null,
): number | null => {
  if (site.payer === 'owner' || instanceType === null) return 0;
  return site.instancePricesPerHour[instanceType] ?? null;
};

/** Money for the data that a job brings along when it runs away from home: the home's price, as clouds bill it at the source. */
export const egressCostOf = (
  home: Pick<Site, 'payer' | 'region' | 'egressPerGb'>,
  runsIn: string,
  dataGb: number,
): number => (home.payer === 'tenant' && runsIn !== home.region ? home.egressPerGb * dataGb : 0);

/** Money for the highest slot of the planned period, facility kW. */
export const demandCostOf = (site: Pick<Site, 'payer' | 'tariff'>, peakKw: number): number =>
  site.payer === 'owner' ? site.tariff.demandChargePerKw * peakKw : 0;
