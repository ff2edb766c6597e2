/**
 * Which source answers: of those that know the region the first, and when that is silent the next of the same kind, which then says
 * for whom it stands in. All of them together are waited for no longer than one would be.
 */
import { Fault, notFound } from '../../../domain/fault.js';
import type { CarbonSignal, PriceSignal } from '../../../domain/signal.js';
import type { Timer } from '../../../wire/wire.js';

export type Signal = CarbonSignal | PriceSignal;

export interface Answer<S extends Signal> {
  readonly signal: S;
  /** why the source did not answer anew, where it did not */
  readonly silent: Fault | null;
}

/** A source that knows the region in question. */
export interface Candidate<S extends Signal> {
  readonly name: string;
  /** what must not be mixed, as far as it is known before it is asked: kind of intensity, currency and basis of a price */
  readonly unit: string | null;
  ask(waitMs: number): Promise<Answer<S>>;
}

const kindOf = (signal: Signal): string | null =>
  'kind' in signal ? `g/kWh ${signal.kind.accounting} ${signal.kind.scope}` : null;

const hasValues = ({ series }: Signal) => series.values.some((value) => value !== null);

/** A source that is down, that does not take our key, or that does not have this of the region; a mistake of ours travels up. */
const isAway = (error: unknown): error is Fault =>
  error instanceof Fault && ['unavailable', 'forbidden', 'unsupported', 'not-found'].includes(error.code);

/** Throws the first one's Fault where nobody has anything. */
export const firstToAnswer = async <S extends Signal>(
  candidates: readonly Candidate<S>[],
  { waitMs, timer }: { readonly waitMs: number; readonly timer: Timer },
): Promise<S> => {
  const [first] = candidates;
  if (first === undefined) throw notFound('no source knows this region', 'Check CACO_GRID.');
  const began = timer.ticks();
  const missed: string[] = [];
  let fault: unknown;
  /** what a silent source said before, and what a source answered that has nothing */
  let old: { candidate: Candidate<S>; signal: S } | undefined;
  let empty: S | undefined;
  let unit = first.unit;
  /** Kinds never mix: not within a signal either, nor from one hour's answer to the next. */
  const isOther = (name: string, other: string | null) => {
    if (unit === null || other === null || other === unit) return false;
    missed.push(`${name} cannot stand in: it says ${other}, ${first.name} ${unit}.`);
    return true;
  };
  for (const [i, candidate] of candidates.entries()) {
    if (i > 0 && isOther(candidate.name, candidate.unit)) continue;
    const left = waitMs - (timer.ticks() - began);
    const isLast = i === candidates.length - 1;
    try {
      const { signal, silent } = await candidate.ask(Math.max(0, isLast ? left : left / 2));
      if (i === 0) unit ??= kindOf(signal);
      else if (candidate.unit === null && isOther(candidate.name, kindOf(signal))) continue;
      if (silent === null && hasValues(signal)) return i === 0 ? signal : standingIn(signal, first.name, missed);
      if (hasValues(signal)) old ??= { candidate, signal };
      else if (silent === null) empty ??= signal;
      fault ??= silent ?? undefined;
      missed.push(silent === null ? `${candidate.name} has no value for this time.` : `${silent.message}.`);
    } catch (error) {
      if (!isAway(error)) throw error;
      fault ??= error;
      missed.push(`${error.message}.`);
    }
  }
  if (old === undefined) {
    if (empty === undefined) throw fault;
    return withNotes(empty, missed);
  }
  return old.candidate === first ? withNotes(old.signal, missed.slice(1)) : standingIn(old.signal, first.name, missed);
};

const withNotes = <S extends Signal>(signal: S, notes: readonly string[]): S => {
  // First how old its own values are, then who else was asked.
  const all = [...new Set([...(signal.notes ?? []), ...notes])];
  return all.length === 0 ? signal : { ...signal, notes: all };
};

const standingIn = <S extends Signal>(signal: S, name: string, why: readonly string[]): S =>
  withNotes({ ...signal, source: `${signal.source}, standing in for ${name}` }, why);
