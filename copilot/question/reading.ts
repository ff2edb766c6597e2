/** What the rules read in a question: a query where there is one, its parts for what follows, and the words left over. */
import type { MeasureName } from './measures.js';
import type { By, Filters, Period, Query } from './query.js';

export interface Reading {
  /** null: the words make no query */
  readonly query: Query | null;
  /** what was read, also where it makes no whole query: for "and nlp?" after another question */
  readonly parts: Parts;
  /** content words that nothing used, as typed */
  readonly left: readonly string[];
  /** why it cannot be read for certain, in words */
  readonly unclear: string | null;
  /** no word named a measure: with words left over it is not known what was asked */
  readonly guessed: boolean;
}
export interface Parts {
  readonly measures: readonly MeasureName[];
  readonly filters: Filters;
  readonly period: Period | null;
  readonly by: By | null;
  readonly rank: Query['rank'];
  readonly unit: string | null;
  readonly bases: Query['bases'] | null;
  readonly stat: Query['stat'] | null;
  readonly further: boolean;
  readonly why: boolean;
}
