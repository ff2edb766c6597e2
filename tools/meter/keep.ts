/** Puts spans to those that are kept: each time of a meter is known once. */
import { METERED, METERS, type MeterCard, type MeterSpan, spanSet } from '../../domain/meter.js';
import type { Store, Tx } from '../../domain/store.js';
import { fromEpoch, type Interval, toEpoch } from '../../domain/time.js';
import { keptSpans, LONGEST_SPAN_S } from './meters/meters.js';

export interface Merge {
  /** to be written */
  readonly fresh: readonly MeterSpan[];
  /** kept ones that give way: gaps that are filled now, and with `replace` whatever lies in the same time */
  readonly gone: readonly MeterSpan[];
  readonly same: number;
  /** new spans that lie in the time of kept ones that say otherwise */
  readonly refused: readonly MeterSpan[];
}

const interval = (spans: readonly MeterSpan[]): Interval => ({
  start: spans.reduce((first, { start }) => (start < first ? start : first), spans[0]!.start),
  end: spans.reduce((last, { end }) => (end > last ? end : last), spans[0]!.end),
});

/** A register read twice gives the same step to within its last digit, however it was added up. */
const isSame = (a: MeterSpan, b: MeterSpan) =>
  a.start === b.start &&
  a.end === b.end &&
  (a.energyKwh === b.energyKwh ||
    (a.energyKwh !== null &&
      b.energyKwh !== null &&
      Math.abs(a.energyKwh - b.energyKwh) <= 1e-9 * Math.max(1, a.energyKwh)));

/** How new spans of a meter meet the kept ones. Both are in order and without overlap among themselves. */
export const mergeWith = async (
  store: Pick<Store, 'rows'>,
  meterId: string,
  spans: readonly MeterSpan[],
  replace: boolean,
): Promise<Merge> => {
  if (spans.length === 0) return { fresh: [], gone: [], same: 0, refused: [] };
  const kept: MeterSpan[] = [];
  for await (const page of keptSpans(store, meterId, interval(spans))) kept.push(...page);
  const [fresh, refused]: MeterSpan[][] = [[], []];
  const gone = new Set<MeterSpan>();
  let [same, first] = [0, 0];
  for (const span of spans) {
    while (first < kept.length && kept[first]!.end <= span.start) first++;
    const beside: MeterSpan[] = [];
    for (let i = first; i < kept.length && kept[i]!.start < span.end; i++) beside.push(kept[i]!);
    const [only] = beside;
    if (beside.length === 1 && isSame(only!, span)) same += 1;
    else if (span.energyKwh === null && beside.some(({ energyKwh }) => energyKwh !== null) && !replace) same += 1;
    else if (replace || beside.every(({ energyKwh }) => energyKwh === null)) {
      fresh!.push(span);
      for (const one of beside) gone.add(one);
    } else refused!.push(span);
  }
  return { fresh: fresh!, gone: [...gone], same, refused: refused! };
};

const bySet = (meterId: string, spans: readonly MeterSpan[]): Map<string, MeterSpan[]> => {
  const sets = new Map<string, MeterSpan[]>();
  for (const span of spans) {
    const set = spanSet(meterId, span.start);
    const of = sets.get(set) ?? [];
    of.push(span);
    sets.set(set, of);
  }
  return sets;
};

/** Writes a merge, and the meter's card with the time that it now covers. */
export const keep = async (tx: Tx, card: MeterCard, { fresh, gone }: Merge): Promise<void> => {
  for (const [set, spans] of bySet(card.id, gone))
    await tx.rows(METERED).remove(
      set,
      spans.map(({ start }) => start),
    );
  for (const [set, spans] of bySet(card.id, fresh))
    await tx.rows(METERED).upsert(
      set,
      spans.map((value) => ({ id: value.start, value })),
    );
  const before = (await tx.collection(METERS).get(card.id))?.value.covers ?? null;
  const now = fresh.length === 0 ? null : interval(fresh);
  const covers =
    before === null || now === null
      ? (before ?? now)
      : {
          start: before.start < now.start ? before.start : now.start,
          end: before.end > now.end ? before.end : now.end,
        };
  await tx.collection(METERS).put(card.id, { ...card, covers });
};

/** Spans that cover one stretch evenly, none longer than is kept. */
export const stretch = (from: number, to: number, energyKwh: number | null, why: string | null): MeterSpan[] => {
  const parts = Math.max(1, Math.ceil((to - from) / LONGEST_SPAN_S));
  return Array.from({ length: parts }, (_, i) => {
    const [a, b] = [i, i + 1].map((n) => from + Math.round(((to - from) * n) / parts)) as [number, number];
    return {
      start: fromEpoch(a),
      end: fromEpoch(b),
      energyKwh: energyKwh === null ? null : (energyKwh * (b - a)) / (to - from),
      why,
    };
  });
};

export const secondsOf = ({ start, end }: Interval): number => toEpoch(end) - toEpoch(start);
