/** What meters counted, by settlement period: a half-hour that is not wholly known is not known. */
import type { MeteredDays } from '../../domain/settlement/bl01.js';
import {
  fromEpoch,
  type Instant,
  plusDays,
  settlementPeriodOf,
  settlementPeriodsIn,
  settlementStart,
  toEpoch,
} from '../../domain/time.js';
import type { World } from '../../domain/world.js';

const HALF_HOUR_S = 1800;

/** Settlement days from `days` before `date` up to and with it. */
export const meteredDays = async (
  meter: Pick<World['meter'], 'spans'>,
  meterId: string,
  date: string,
  days: number,
): Promise<MeteredDays> => {
  const first = plusDays(date, -days);
  const start = toEpoch(settlementStart({ date: first, period: 1 }));
  const end = toEpoch(settlementStart({ date: plusDays(date, 1), period: 1 }));
  const count = (end - start) / HALF_HOUR_S;
  const kwh = new Float64Array(count);
  const covered = new Float64Array(count);
  for await (const page of meter.spans(meterId, { start: fromEpoch(start), end: fromEpoch(end) }))
    for (const span of page) {
      if (span.energyKwh === null) continue;
      const [a, b] = [toEpoch(span.start), toEpoch(span.end)];
      const last = Math.min(count - 1, Math.ceil((b - start) / HALF_HOUR_S) - 1);
      for (let i = Math.max(0, Math.floor((a - start) / HALF_HOUR_S)); i <= last; i++) {
        const from = start + i * HALF_HOUR_S;
        const seconds = Math.min(b, from + HALF_HOUR_S) - Math.max(a, from);
        kwh[i]! += (span.energyKwh * seconds) / (b - a);
        covered[i]! += seconds;
      }
    }
  const found = new Map<string, (number | null)[]>();
  let i = 0;
  for (let day = first; day <= date; day = plusDays(day, 1))
    found.set(
      day,
      Array.from({ length: settlementPeriodsIn(day) }, () => {
        const at = i++;
        return covered[at]! >= HALF_HOUR_S - 1 ? kwh[at]! : null;
      }),
    );
  return found;
};

/** Several meters of one site: their sum, known where each is. */
export const together = (meters: readonly MeteredDays[]): MeteredDays => {
  const [first, ...others] = meters;
  return new Map(
    [...first!].map(([date, values]) => [
      date,
      values.map((value, i) =>
        others.reduce<number | null>((sum, other) => {
          const more = other.get(date)?.[i] ?? null;
          return sum === null || more === null ? null : sum + more;
        }, value),
      ),
    ]),
  );
};

/** The periods of a stretch within one settlement day, counted from 1. */
export const periodsOf = (start: Instant, end: Instant): { date: string; periods: number[] } => {
  const { date, period } = settlementPeriodOf(start);
  const count = (toEpoch(end) - toEpoch(start)) / HALF_HOUR_S;
  return { date, periods: Array.from({ length: count }, (_, i) => period + i) };
};
