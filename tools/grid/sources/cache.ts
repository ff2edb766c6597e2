/**
 * One memory in front of all live sources: what each said about a question, and when that was known. Several callers of the
 * same question share one request; a request that fails leaves its error to them and nothing behind.
 */
import { slice } from '../../../domain/series.js';
import type { CarbonSignal, PriceSignal } from '../../../domain/signal.js';
import { fromEpoch, type Instant, type Interval, secondsBetween, toEpoch } from '../../../domain/time.js';
import type { CarbonSource, Clock, PriceSource } from '../../../domain/world.js';

/** A younger answer is not asked for again: no source publishes more often. */
export const RENEW_MINUTES = 5;
/** Answers kept in all. One of a region's two days in half-hours takes about 3 kB. */
const MOST_ANSWERS = 2000;
/** Intervals are widened to whole hours, so that questions a moment apart are one. */
const WHOLE_SECONDS = 3600;

type Signal = CarbonSignal | PriceSignal;
type Status = 'forecast' | 'actual';

/** What a source said; `issuedAt` stands in the signal. */
interface Answer {
  readonly signal: Signal;
  readonly askedAt: Instant;
}

export interface SignalCache {
  /** `name` is the source's; what two sources said of a region is never mixed. */
  carbon(name: string, source: CarbonSource): CarbonSource;
  price(name: string, source: PriceSource): PriceSource;
}

export const signalCache = (
  clock: Pick<Clock, 'now'>,
  { mostAnswers = MOST_ANSWERS, renewMinutes = RENEW_MINUTES } = {},
): SignalCache => {
  /** By question (source, carbon or price, region, status, interval), the one asked last at the end; answers in order of issue. */
  const held = new Map<string, Answer[]>();
  const underWay = new Map<string, Promise<Signal>>();
  let answers = 0;

  /** An answer of the same issue is the same answer, seen again. */
  const keep = (question: string, answer: Answer) => {
    const others = (held.get(question) ?? []).filter((a) => a.signal.issuedAt !== answer.signal.issuedAt);
    const all = [...others, answer].sort((a, b) => toEpoch(a.signal.issuedAt) - toEpoch(b.signal.issuedAt));
    answers += all.length - (held.get(question)?.length ?? 0);
    held.delete(question);
    held.set(question, all);
    while (answers > mostAnswers) forgetOne();
  };

  const forgetOne = () => {
    const [oldest] = held as Iterable<[string, Answer[]]>;
    if (!oldest) return;
    const [question, [, ...rest]] = oldest;
    answers--;
    if (rest.length > 0) held.set(question, rest);
    else held.delete(question);
  };

  /** The newest of what was known at `now`, where it need not be asked for again. */
  const known = (question: string, now: Instant): Signal | null => {
    const all = held.get(question);
    const newest = all?.findLast(({ signal, askedAt }) => signal.issuedAt <= now && askedAt <= now);
    if (!all || !newest || secondsBetween(newest.askedAt, now) >= renewMinutes * 60) return null;
    held.delete(question);
    held.set(question, all);
    return newest.signal;
  };

  const ask = async (question: string, load: () => Promise<Signal>): Promise<Signal> => {
    const askedAt = clock.now();
    const before = known(question, askedAt);
    if (before !== null) return before;
    const shared = underWay.get(question);
    if (shared !== undefined) return shared;
    const request = load()
      .then((signal) => {
        keep(question, { signal, askedAt });
        return signal;
      })
      .finally(() => underWay.delete(question));
    underWay.set(question, request);
    return request;
  };

  const through = async <S extends Signal>(
    name: string,
    what: 'carbon' | 'price',
    load: (region: string, interval: Interval, status: Status) => Promise<S>,
    ...[region, interval, status]: [string, Interval, Status]
  ): Promise<S> => {
    const whole = widened(interval);
    const question = JSON.stringify([name, what, region, status, whole.start, whole.end]);
    return cut((await ask(question, () => load(region, whole, status))) as S, interval);
  };

  return {
    carbon: (name, source) => ({
      regions: () => source.regions(),
      carbon: (...asked) => through(name, 'carbon', (...whole) => source.carbon(...whole), ...asked),
    }),
    price: (name, source) => ({
      regions: () => source.regions(),
      price: (...asked) => through(name, 'price', (...whole) => source.price(...whole), ...asked),
    }),
  };
};

const widened = ({ start, end }: Interval): Interval => ({
  start: fromEpoch(Math.floor(toEpoch(start) / WHOLE_SECONDS) * WHOLE_SECONDS),
  end: fromEpoch(Math.ceil(toEpoch(end) / WHOLE_SECONDS) * WHOLE_SECONDS),
});

/** The part of a signal that was asked for, as a copy: what a caller does to it stays with the caller. */
const cut = <S extends Signal>(signal: S, { start, end }: Interval): S => {
  const part = (values: readonly (number | null)[]) => slice({ ...signal.series, values }, start, end);
  const series = part(signal.series.values);
  return {
    ...signal,
    series: { ...series, values: [...series.values] },
    ...(signal.low === undefined ? {} : { low: [...part(signal.low).values] }),
    ...(signal.high === undefined ? {} : { high: [...part(signal.high).values] }),
  };
};
