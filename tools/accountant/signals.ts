/** The signals that an account needs: what came true where it is known, the forecast where it is not, a gap where neither is. */
import { Fault } from '../../domain/fault.js';
import { type Steps, stepsOf } from '../../domain/footprint.js';
import { regrid, type Series } from '../../domain/series.js';
import type { CarbonSignal, PriceSignal } from '../../domain/signal.js';
import type { Site } from '../../domain/site.js';
import { pricesOf } from '../../domain/tariff.js';
import { fromEpoch, type Instant, type Interval, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';

export type Foresight = 'actual' | 'forecast';

/** What the intensity of a region was taken from. */
export interface Factor {
  readonly region: string;
  readonly source: string;
  readonly kind: string;
  /** actual, forecast, or how much of what should be actual a forecast had to fill */
  readonly status: string;
  readonly issuedAt: Instant;
}

export interface Signals {
  readonly carbon: (Steps | null)[];
  readonly prices: (Steps | null)[];
  readonly factors: Factor[];
  readonly unseen: string[];
}

/** One request may be that long at most; a longer account asks several times. */
const LONGEST_HOURS = 24 * 31;

export const signalsFor = async (
  world: World,
  sites: readonly Site[],
  used: ReadonlySet<number>,
  interval: Interval,
  foresight: Foresight,
): Promise<Signals> => {
  const carbon: (Steps | null)[] = [];
  const prices: (Steps | null)[] = [];
  const factors: Factor[] = [];
  const unseen: string[] = [];
  let kind: string | undefined;
  for (const [i, site] of sites.entries()) {
    if (!used.has(i)) {
      carbon.push(null);
      prices.push(null);
      continue;
    }
    const found = await known(() =>
      whole((status, part) => world.grid.carbon(site.region, part, status), interval, foresight),
    );
    if (found === null) unseen.push(`There is no carbon signal for ${site.region}.`);
    else kind ??= kindText(found.signal);
    // Kinds never mix, not in a sum either: what is of another kind is not known in this one.
    const signal = found !== null && kindText(found.signal) === kind ? found : null;
    if (found !== null && signal === null)
      unseen.push(
        `The signal of ${site.region} is ${kindText(found.signal)} and the account is ${kind}: kinds are never added.`,
      );
    if (signal !== null && !factors.some((f) => f.region === site.region))
      factors.push({
        region: site.region,
        source: signal.signal.source,
        kind: kindText(signal.signal),
        status:
          signal.filledRatio === 0
            ? foresight
            : `actual; ${Number((signal.filledRatio * 100).toPrecision(2))} % of the time by forecast`,
        issuedAt: signal.signal.issuedAt,
      });
    carbon.push(signal === null ? null : stepsOf(signal.signal.series));
    const needsPrice = site.payer === 'owner' && site.tariff.energy.kind === 'signal';
    const price = needsPrice
      ? await known(() => whole((status, part) => world.grid.price(site.region, part, status), interval, foresight))
      : null;
    if (needsPrice && price === null) unseen.push(`There is no price signal for ${site.region}.`);
    const owed = pricesOf(site, price?.signal ?? null, interval, stepOf(world, price?.signal));
    prices.push(stepsOf(owed));
  }
  return { carbon, prices, factors, unseen };
};

const kindText = ({ kind }: CarbonSignal): string => `${kind.accounting} ${kind.scope}`;

/** A price signal is kept on its own steps; tariffs without one on the plan's. */
const stepOf = (world: World, price: PriceSignal | undefined) => price?.series.stepMinutes ?? world.method.slotMinutes;

const known = async <T>(ask: () => Promise<T>): Promise<T | null> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault && error.code === 'not-found') return null;
    throw error;
  }
};

/** The whole interval in parts of bounded length; gaps of what came true are filled by the forecast. */
const whole = async <S extends CarbonSignal | PriceSignal>(
  ask: (status: Foresight, part: Interval) => Promise<S>,
  interval: Interval,
  foresight: Foresight,
): Promise<{ signal: S; filledRatio: number }> => {
  const from = toEpoch(interval.start);
  const to = toEpoch(interval.end);
  let first: S | undefined;
  let filled = 0;
  let steps = 0;
  const parts: Series[] = [];
  for (let at = from; at < to; at += LONGEST_HOURS * 3600) {
    const part = { start: fromEpoch(at), end: fromEpoch(Math.min(to, at + LONGEST_HOURS * 3600)) };
    const signal = await ask(foresight, part);
    first ??= signal;
    let series: Series = signal.series;
    if (foresight === 'actual' && series.values.includes(null)) {
      const forecast = await known(() => ask('forecast', part));
      const fits =
        forecast !== null && (!('kind' in forecast) || !('kind' in signal) || kindText(forecast) === kindText(signal));
      const mended = !fits ? series : patched(series, regrid(forecast.series, series.stepMinutes));
      filled += gapsOf(series) - gapsOf(mended);
      series = mended;
    }
    steps += series.values.length;
    parts.push(series);
  }
  return { signal: { ...first!, series: joined(parts) }, filledRatio: steps === 0 ? 0 : filled / steps };
};

const gapsOf = ({ values }: Series): number => values.reduce((count: number, v) => (v === null ? count + 1 : count), 0);

/** The same series with its gaps taken from another one on the same steps; itself when that has nothing for them. */
const patched = (series: Series, by: Series): Series => {
  const shift = (toEpoch(series.start) - toEpoch(by.start)) / (series.stepMinutes * 60);
  if (!Number.isInteger(shift)) return series;
  let changed = false;
  const values = series.values.map((value, i) => {
    const other = value === null ? (by.values[i + shift] ?? null) : value;
    if (other !== value) changed = true;
    return other;
  });
  return changed ? { ...series, values } : series;
};

/** Parts on one grid of steps, one after the other; what lies between them is a gap. */
const joined = (parts: readonly Series[]): CarbonSignal['series'] => {
  const [head] = parts;
  if (!head) return { start: fromEpoch(0), stepMinutes: 60, values: [] };
  const step = head.stepMinutes * 60;
  const origin = toEpoch(head.start);
  const values: (number | null)[] = [];
  for (const part of parts) {
    const same = part.stepMinutes === head.stepMinutes ? part : regrid(part, head.stepMinutes);
    const first = Math.round((toEpoch(same.start) - origin) / step);
    while (values.length < first) values.push(null);
    same.values.forEach((value, i) => {
      values[first + i] = value ?? values[first + i] ?? null;
    });
  }
  return { start: head.start, stepMinutes: head.stepMinutes, values };
};
