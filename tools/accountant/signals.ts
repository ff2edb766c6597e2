/** The signals that an account needs: what came true where it is known, the forecast where it is not, a gap where neither is. */
import { Fault } from '../../domain/fault.js';
import { type Steps, stepsOf } from '../../domain/footprint.js';
import { regrid, type Series } from '../../domain/series.js';
import type { CarbonSignal, PriceSignal } from '../../domain/signal.js';
import { needsPrices, type Site } from '../../domain/site.js';
import { pricesOf } from '../../domain/tariff.js';
import { floorTo, fromEpoch, type Instant, type Interval, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';

/** What is asked of the grid's sources. */
type Status = 'actual' | 'forecast';

/**
 * `known`: what came true up to now, and the forecast of what lies ahead; nobody knows more. `actual`: what came true, also past
 * now where a recording or a simulation holds it, which is hindsight. `forecast`: what is foreseen now.
 */
export type Foresight = Status | 'known';

/** What the intensity of a region was taken from. */
export interface Factor {
  readonly region: string;
  readonly source: string;
  readonly kind: string;
  /** what its hours were taken from: what came true, the forecast, or both and how much of each */
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
  const spells = spellsOf(interval, foresight, world.clock.now());
  const carbon: (Steps | null)[] = [];
  const prices: (Steps | null)[] = [];
  const factors: Factor[] = [];
  const unseen: string[] = [];
  /** Who was silent, who stands in, how old it is: said beside the figures that were made of it. */
  const notes = new Set<string>();
  let kind: string | undefined;
  for (const [i, site] of sites.entries()) {
    if (!used.has(i)) {
      carbon.push(null);
      prices.push(null);
      continue;
    }
    const found = await known(() => whole((status, part) => world.grid.carbon(site.region, part, status), spells));
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
        status: statusText(signal.forecastRatio),
        issuedAt: signal.signal.issuedAt,
      });
    carbon.push(signal === null ? null : stepsOf(signal.signal.series));
    for (const note of signal?.signal.notes ?? []) notes.add(note);
    const needsPrice = needsPrices(site);
    const price = needsPrice
      ? await known(() => whole((status, part) => world.grid.price(site.region, part, status), spells))
      : null;
    if (needsPrice && price === null) unseen.push(`There is no price signal for ${site.region}.`);
    for (const note of price?.signal.notes ?? []) notes.add(note);
    const owed = pricesOf(site, price?.signal ?? null, interval, stepOf(world, price?.signal));
    prices.push(stepsOf(owed));
  }
  return { carbon, prices, factors, unseen: [...unseen, ...notes] };
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

const statusText = (forecastRatio: number): string =>
  forecastRatio === 0
    ? 'actual'
    : forecastRatio === 1
      ? 'forecast'
      : `actual; ${Number((forecastRatio * 100).toPrecision(2))} % of the time by forecast`;

/** Stretches of bounded length, each with the question that is asked of it. The hour that holds now has not come true yet. */
const spellsOf = (
  { start, end }: Interval,
  foresight: Foresight,
  now: Instant,
): { status: Status; part: Interval }[] => {
  const from = toEpoch(start);
  const to = toEpoch(end);
  const turn = foresight === 'known' ? toEpoch(floorTo(now, 60)) : foresight === 'actual' ? to : from;
  const spells: { status: Status; part: Interval }[] = [];
  for (let at = from; at < to; ) {
    const status = at < turn ? ('actual' as const) : ('forecast' as const);
    const until = Math.min(to, at + LONGEST_HOURS * 3600, status === 'actual' ? turn : to);
    spells.push({ status, part: { start: fromEpoch(at), end: fromEpoch(until) } });
    at = until;
  }
  return spells;
};

/** All stretches one after the other; gaps of what came true are filled by the forecast. */
const whole = async <S extends CarbonSignal | PriceSignal>(
  ask: (status: Status, part: Interval) => Promise<S>,
  spells: readonly { status: Status; part: Interval }[],
): Promise<{ signal: S; forecastRatio: number }> => {
  let newest: S | undefined;
  let foreseen = 0;
  let all = 0;
  const parts: Series[] = [];
  const notes = new Set<string>();
  for (const { status, part } of spells) {
    const signal = await ask(status, part);
    newest = signal;
    for (const note of signal.notes ?? []) notes.add(note);
    let series: Series = signal.series;
    if (status === 'actual' && series.values.includes(null)) {
      const forecast = await known(() => ask('forecast', part));
      const fits =
        forecast !== null && (!('kind' in forecast) || !('kind' in signal) || kindText(forecast) === kindText(signal));
      if (fits) for (const note of forecast.notes ?? []) notes.add(note);
      const mended = !fits ? series : patched(series, regrid(forecast.series, series.stepMinutes));
      foreseen += (gapsOf(series) - gapsOf(mended)) * series.stepMinutes;
      series = mended;
    }
    const minutes = series.values.length * series.stepMinutes;
    if (status === 'forecast') foreseen += minutes;
    all += minutes;
    parts.push(series);
  }
  const signal = { ...newest!, series: joined(parts), ...(notes.size === 0 ? {} : { notes: [...notes] }) };
  return { signal, forecastRatio: all === 0 ? 0 : foreseen / all };
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
