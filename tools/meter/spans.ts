/** From readings to spans of energy: what lies between is known, or a gap with its reason. */
import { figure } from '../../domain/figures.js';
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
export const usualStep = (readings: readonly Reading[]): number | null => {
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

/** A rise this many times faster than the middle one is no energy but a register that told nonsense. */
const NONSENSE = 100;
/** Too few steps say nothing of how fast a register rises. */
const FEWEST_STEPS = 3;

/** How fast a register rises, kWh/s: the fastest of its steps that are no nonsense; null where it has too few. */
const fastestOf = (readings: readonly Reading[]): { believed: number; usual: number } | null => {
  const rates: number[] = [];
  for (let i = 1; i < readings.length; i++) {
    const [before, now] = [readings[i - 1]!, readings[i]!];
    if (now.value! > before.value!) rates.push((now.value! - before.value!) / (now.at - before.at));
  }
  if (rates.length < FEWEST_STEPS) return null;
  rates.sort((a, b) => a - b);
  const believed = NONSENSE * rates[Math.floor((rates.length - 1) / 2)]!;
  return { believed, usual: rates.findLast((rate) => rate <= believed)! };
};

/**
 * Takes out what stands between two good readings and fits neither: a 0 where the register gave no answer, a jump that is taken
 * back. The register ran on meanwhile, and the next good reading knows its energy.
 */
const passingOver = (readings: readonly Reading[], believed: number): { good: Reading[]; problems: Problem[] } => {
  const good: Reading[] = [];
  const problems: Problem[] = [];
  for (let i = 0; i < readings.length; ) {
    const [before, odd] = [good.at(-1), readings[i]!];
    let next = i + 1;
    while (next < readings.length && readings[next]!.value === odd.value) next++;
    const after = readings[next];
    const isOdd =
      before !== undefined &&
      after !== undefined &&
      after.value! >= before.value! &&
      (odd.value! > after.value! ||
        (odd.value! < before.value! && (after.value! - odd.value!) / (after.at - readings[next - 1]!.at) > believed));
    for (const reading of readings.slice(i, next))
      if (isOdd)
        problems.push({
          ...{ line: reading.line, field: 'value', message: `${figure(odd.value!)} kWh fits neither neighbour` },
          remedy: 'It is passed over; the register ran on.',
        });
      else good.push(reading);
    i = next;
  }
  return { good, problems };
};

/**
 * `rangeKwh`: where the register begins anew; without it a fall is a gap. A fall is believed to be a wrap while it is no more than
 * half of the range and no more than twice as fast as the register rises elsewhere: else it is another meter.
 */
const ofCounter = (
  readings: readonly Reading[],
  rangeKwh: number | null,
): { spans: MeterSpan[]; problems: Problem[] } => {
  const known = readings.filter(({ value }) => value !== null);
  const isBeyond = ({ value }: Reading) => rangeKwh !== null && value! > rangeKwh;
  const [beyond, within] = [known.filter(isBeyond), known.filter((reading) => !isBeyond(reading))];
  const { believed, usual } = fastestOf(within) ?? { believed: Infinity, usual: Infinity };
  const { good, problems } = passingOver(within, believed);
  for (const { line, value } of beyond)
    problems.push({
      ...{ line, field: 'value', message: `${figure(value!)} kWh is beyond the range of ${figure(rangeKwh!)} kWh` },
      remedy: 'Check --range-kwh, or leave the row out.',
    });
  const spans: MeterSpan[] = [];
  for (let i = 1; i < good.length; i++) {
    const [last, reading] = [good[i - 1]!, good[i]!];
    const [seconds, step] = [reading.at - last.at, reading.value! - last.value!];
    const wrapped = step + (rangeKwh ?? 0);
    const isWrap = rangeKwh !== null && wrapped >= 0 && wrapped <= rangeKwh / 2 && wrapped / seconds <= 2 * usual;
    const energyKwh = step >= 0 ? (step / seconds > believed ? null : step) : isWrap ? wrapped : null;
    const why =
      energyKwh !== null
        ? null
        : step >= 0
          ? 'the counter rose too far to be believed'
          : rangeKwh === null
            ? 'the counter fell'
            : 'the counter fell, too far for a new beginning: another meter?';
    spans.push(...stretch(last.at, reading.at, energyKwh, why));
  }
  return { spans, problems };
};

const ofIntervals = (
  readings: readonly Reading[],
  basis: Basis,
  isEnd: boolean,
): { spans: MeterSpan[]; problems: Problem[] } => {
  const spans: MeterSpan[] = [];
  const problems: Problem[] = [];
  const step = usualStep(readings) ?? 3600;
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
  const step = usualStep(seen) ?? 0;
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
  if (of.basis === 'counter') {
    const found = ofCounter(kept, of.rangeKwh);
    return { spans: found.spans, problems: [...problems, ...found.problems], repeated };
  }
  if (of.basis === 'power') return { spans: ofPower(kept), problems, repeated };
  const found = ofIntervals(kept, of.basis, of.isEnd);
  return { spans: found.spans, problems: [...problems, ...found.problems], repeated };
};
