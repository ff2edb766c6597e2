/** Which side of a figure is closed: "up to 6 hours" and "no more than", or "more than" and "above". */
import type { Clause } from './clause.js';
import type { Figure } from './figures.js';
import type { Span } from './words.js';

const UPPER =
  /\b(?:(?:no|not)(?: be)? (?:more|longer|later|greater|higher|bigger|larger) than|(?:no|not)(?: be)? (?:above|over|beyond)|up to|at (?:the )?most|max(?:imum|\.)?(?: of)?|below|under|within|less than|fewer than|(?:for )?as (?:much|long) as|until|till)\s*(?:an? |the |total of |only )*$/;
const OVER =
  /\b(?:(?:more|longer|later|greater|higher|bigger|larger) than|exceed(?:s|ing)?|surpass(?:es|ing)?|over|above|beyond|past|in excess of|upwards of|tops?)\s*(?:an? |the |(?:a )?total of |about )*$/;
const LOWER = /\b(?:at least|no less than|not less than|a minimum of|minimum|no fewer than|down to)\s*(?:an? |the )*$/;

export interface Bound {
  readonly side: 'upper' | 'over' | 'lower' | 'plain';
  /** the words in front of the figure that say it */
  readonly words: readonly Span[];
}

export const boundOf = (low: string, figure: Figure): Bound => {
  const start = Math.max(0, figure.from - 60);
  const before = low.slice(start, figure.from);
  for (const [side, regex] of [
    ['upper', UPPER],
    ['lower', LOWER],
    ['over', OVER],
  ] as const) {
    const match = regex.exec(before);
    if (match) return { side, words: [[start + match.index, figure.from]] };
  }
  return { side: 'plain', words: [] };
};

/**
 * What is odd about a ceiling said so: "may not … up to 6 hours" and "may … more than 6 hours" both say something else than a
 * longest wait or a largest amount.
 */
export const oddBound = (c: Clause, figure: Figure, bound: Bound): string[] =>
  (bound.side === 'upper' && c.negated && !/\bstay|\bremain|\bkept|\bkeep/.test(c.low)) ||
  (bound.side === 'over' && !c.negated)
    ? [`is "${c.low.slice(bound.words[0]?.[0] ?? figure.from, figure.to).trim()}" the most that is allowed?`]
    : [];
