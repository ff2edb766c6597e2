/** What an account's intensities and prices are: what came true, what is foreseen, or what nobody could have known. */
import { floorTo, type Instant, type Interval } from '../../domain/time.js';
import type { Foresight } from './signals.js';

export const BASES = ['actual', 'forecast', 'actual and forecast', 'hindsight'] as const;
export type Basis = (typeof BASES)[number];

export const BASIS_TEXT: Readonly<Record<Basis, string>> = {
  actual: 'as it came true',
  forecast: 'as forecast',
  'actual and forecast': 'as it came true up to now and as forecast from then on',
  hindsight: 'as it comes true after now, which nobody could have known',
};

/** `seen` is the interval whose signals were asked for; null where nothing runs. */
export const basisOf = (seen: Interval | null, foresight: Foresight, now: Instant): Basis => {
  if (foresight === 'forecast') return 'forecast';
  if (seen === null || seen.end <= now) return 'actual';
  if (foresight === 'actual') return 'hindsight';
  return seen.start < floorTo(now, 60) ? 'actual and forecast' : 'forecast';
};
