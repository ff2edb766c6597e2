/** What a forecaster is asked and answers. Whoever holds history asks one; how it forecasts is nobody else's business. */
import type { Market } from './day-ahead.js';
import type { Series } from './series.js';
import type { Instant } from './time.js';

/** Prices that are published ahead of their time, by the rule of a market that is known. */
export interface MarketPrice {
  readonly series: Series;
  readonly market: Market;
}

export interface ForecastQuestion {
  /** What was known, and nothing else: no value that came or was published later. A gap is null. */
  readonly history: Series;
  /** Start of the first step to forecast, on the grid of the history; it may lie before, at or beyond the history's end. */
  readonly from: Instant;
  /** how many steps of the history's length */
  readonly steps: number;
  /** the least possible value, in the history's unit: 0 for carbon; none where left out, as for prices */
  readonly floor?: number | undefined;
  /** what the history is of, so that a model that was trained for it can be found; nobody's where left out */
  readonly of?: { readonly region: string; readonly quantity: 'carbon' | 'price' } | undefined;
  /** The price of energy there as far as it is public, and the market that says what was public at an earlier moment. */
  readonly price?: MarketPrice | undefined;
}

/** One entry a step, in the history's unit; null where nothing can be said. */
export interface Forecast {
  readonly values: readonly (number | null)[];
  /** How it was made and what its bounds are, for people: it stands before the name of the history's source. */
  readonly by: string;
  /** bounds of the interval that `by` states */
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

export interface Forecaster {
  forecast(question: ForecastQuestion): Promise<Forecast>;
}
