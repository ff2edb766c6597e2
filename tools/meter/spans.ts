/** From readings to spans of energy: what lies between is known, or a gap with its reason. */
import type { MeterSpan } from '../../domain/meter.js';
import { fromEpoch } from '../../domain/time.js';
import { stretch } from './keep.js';
import type { Basis, Problem, Reading } from './sheet.js';

export interface Spans {
  readonly spans: readonly MeterSpan[];
  readonly problems: readonly Problem[];
  /** rows that stand twice with the same value */
  readonly repeated: number;
}

/** The distance of two rows that occurs most often, s; null with fewer than two. */
const stepOf = (readings: readonly Reading[]): number | null => {
  const counts = new Map<number, number>();
  for (let i = 1; i < readings.length; i++) {
    const step = readings[i]!.at - readings[i - 1]!.at;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  let best: [step: number, count: number] | null = null;
  for (const one of counts) if (best === null || one[1] > best[1]) best = one;
  return best === null ? null : best[0];
};

/** Power at moments says nothing of a longer time. */
const MOST_STEPS_APART = 2;

const once = (readings: readonly Reading[]): { kept: Reading[]; problems: Problem[]; repeated: number } => {
  const sorted = [...readings].sort((a, b) => a.at - b.at || a.line - b.line);
  const kept: Reading[] = [];
  const problems: Problem[] = [];
  let repeated = 0;
  for (const reading of sorted) {
    const before = kept.at(-1);
    if (before?.at !== reading.at) kept.push(reading);
    else if (before.value === reading.value) repeated += 1;
    else if (before.value === null) kept[kept.length - 1] = reading;
    else if (reading.value !== null)
      problems.push({
        ...{
          line: reading.line,
          field: 'time',
          message: `line ${before.line} gives another value for ${fromEpoch(reading.at)}`,
        },
        remedy: 'Keep one of them.',
      });
  }
  return { kept, problems, repeated };
};

/** `rangeKwh`: where the register begins anew; without it a fall is a gap. */
const ofCounter = (readings: readonly Reading[], rangeKwh: number | null): MeterSpan[] => {
  const spans: MeterSpan[] = [];
  let last: Reading | null = null;
  for (const reading of readings) {
    if (reading.value === null) continue;
    if (last !== null) {
      const step: number = reading.value - last.value!;
      const wrapped = step < 0 && rangeKwh !== null ? step + rangeKwh : step;
      if (wrapped >= 0) spans.push(...stretch(last.at, reading.at, wrapped, null));
      else spans.push(...stretch(last.at, reading.at, null, 'the counter fell'));
    }
    last = reading;
  }
  return spans;
};

const ofIntervals = (
  readings: readonly Reading[],
  basis: Basis,
  isEnd: boolean,
): { spans: MeterSpan[]; problems: Problem[] } => {
  const spans: MeterSpan[] = [];
  const problems: Problem[] = [];
  const step = stepOf(readings) ?? 3600;
  let until: number | null = null;
  for (const { at, until: end, value, line } of readings) {
    const [from, to]: [number, number] = end !== null ? [at, end] : isEnd ? [at - step, at] : [at, at + step];
    if (until !== null && from < until) {
      problems.push({
        ...{ line, field: 'time', message: `it begins at ${fromEpoch(from)}, before the row above has ended` },
        remedy: 'Give each time once, and rows of one length; or a column interval_end.',
      });
      continue;
    }
    if (until !== null && from > until) spans.push(...stretch(until, from, null, 'no rows'));
    const energyKwh = value === null ? null : basis === 'average' ? (value * (to - from)) / 3600 : value;
    spans.push(...stretch(from, to, energyKwh, energyKwh === null ? 'no value' : null));
    until = to;
  }
  return { spans, problems };
};

/** Between two moments power is taken to have gone evenly from one to the other (trapezoids). */
const ofPower = (readings: readonly Reading[]): MeterSpan[] => {
  const seen = readings.filter(({ value }) => value !== null);
  const step = stepOf(seen) ?? 0;
  const spans: MeterSpan[] = [];
  for (let i = 1; i < seen.length; i++) {
    const [before, now] = [seen[i - 1]!, seen[i]!];
    const seconds = now.at - before.at;
    if (seconds > MOST_STEPS_APART * step) spans.push(...stretch(before.at, now.at, null, 'no reading'));
    else spans.push(...stretch(before.at, now.at, ((before.value! + now.value!) / 2) * (seconds / 3600), null));
  }
  return spans;
};

/** Spans of one meter in order, without overlap. */
export const spansOf = (
  readings: readonly Reading[],
  of: { readonly basis: Basis; readonly isEnd: boolean; readonly rangeKwh: number | null },
): Spans => {
  const { kept, problems, repeated } = once(readings);
  if (of.basis === 'counter') return { spans: ofCounter(kept, of.rangeKwh), problems, repeated };
  if (of.basis === 'power') return { spans: ofPower(kept), problems, repeated };
  const found = ofIntervals(kept, of.basis, of.isEnd);
  return { spans: found.spans, problems: [...problems, ...found.problems], repeated };
};
