/** Figures that another one takes the place of: "lowered from 500 kg to 300 kg", "4 hours instead of 6". */
import type { Figure } from './figures.js';
import { type Span, spansOf } from './words.js';

const CHANGES =
  /\b(?:lower|reduc|rais|increas|cut|chang|ris|r[io]se|fall|fell|go(?:es)?|drop|mov|decreas|adjust|extend|shorten|rais)\w*\b/;
const BEFORE =
  /\b(?:instead of|rather than|in place of|up from|down from|replac(?:es|ing) (?:[\w-]+ ){0,4}(?:of|by)?|formerly|previously)\s*(?:the )?(?:\(?\s*)$/;
const BEHIND = /^[^.;]*?\b(?:is|are|was|were|has been|have been|gets?)\s+(?:now |hereby )?replaced (?:by|with)\b/;
const WORDS =
  /\b(?:instead of|rather than|in place of|up from|down from|replac(?:es|ing|ed)(?: (?:by|with))?|formerly|previously|now|hereby|(?:lower|reduc|rais|increas|decreas|adjust|extend|shorten)(?:e?d|es|s)?|changed|cut|rises?|falls?|goes (?:up|down)|drops?|drop(?:ped)|old|former|earlier|previous|new)\b/;

/** The figures that no longer hold, and the words that say so. */
export const replacedIn = (low: string, figures: readonly Figure[]): { figures: Figure[]; spans: Span[] } => {
  const gone = figures.filter((f, i) => {
    const next = figures[i + 1];
    const follows = next !== undefined && next.dimension === f.dimension;
    const before = low.slice(Math.max(0, f.from - 60), f.from);
    if (BEFORE.test(before)) return figures.some((o) => o !== f && o.dimension === f.dimension);
    if (!follows) return false;
    const between = low.slice(f.to, next.from);
    return (
      BEHIND.test(low.slice(f.to)) || (/\bfrom\s*$/.test(before) && /^\s*to\s*$/.test(between) && CHANGES.test(low))
    );
  });
  if (gone.length === 0) return { figures: [], spans: [] };
  return { figures: gone, spans: [...gone.map((f): Span => [f.from, f.to]), ...spansOf(low, WORDS)] };
};
