/** The law of leftover words: a stray word, put anywhere into a sentence, is read, or named, and never passed over. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Constraint } from '../../domain/policy/policy.js';
import { FOREIGN_WORDS } from './fixtures/foreign-words.js';
import { placesIn } from './fixtures/places.js';
import { bindingOf, readSentence, SETS } from './fixtures/sentences.js';

const all = [...SETS.first, ...SETS.misread, ...SETS.operators];
/** Months, numbers and "except" may make another date, figure or day of what stands there: then the reading shows it. */
const COUNTS =
  /^(?:january|february|march|april|june|july|august|september|october|november|december|half|third|seventh|dozen|except)$/;
const said = ({ type, scope, params }: Constraint) => JSON.stringify([type, scope, params]);

/** A row of headings names the columns, and is no sentence. */
const isTable = (text: string) => text.includes('|');

const stray = fc
  .record({
    sentence: fc.constantFrom(...all.filter((s) => !isTable(s.text))),
    place: fc.nat(),
    word: fc.constantFrom(...FOREIGN_WORDS),
  })
  .map(({ sentence, place, word }) => {
    const places = placesIn(sentence.text);
    const at = places[place % places.length] ?? 0;
    return { sentence, word, text: `${sentence.text.slice(0, at)}${word} ${sentence.text.slice(at)}` };
  });

describe('a stray word in a sentence', () => {
  it('leaves no constraint clear that quotes it, unless it is a part of what was read', () => {
    fc.assert(
      fc.property(stray, ({ sentence, word, text }) => {
        const before = bindingOf(readSentence(sentence)).map(said);
        const got = readSentence({ ...sentence, text });
        const holds = (c: Constraint) => JSON.stringify([c.scope, c.params]).toLowerCase().includes(word);
        const used = got.constraints.some(holds);
        const passedOver = bindingOf(got).filter(
          (c) => c.quote.includes(word) && !used && !(COUNTS.test(word) && !before.includes(said(c))),
        );
        expect(passedOver.map((c) => c.quote)).toEqual([]);
      }),
      { numRuns: 1200 },
    );
  });

  it('takes no reading away without a word about it', () => {
    fc.assert(
      fc.property(stray, ({ sentence, word, text }) => {
        const got = readSentence({ ...sentence, text });
        const now = bindingOf(got).map(said);
        const gone = bindingOf(readSentence(sentence)).filter((c) => !now.includes(said(c)));
        if (gone.length === 0) return;
        const told = [...got.notUnderstood, ...got.constraints].some((p) => p.quote.includes(word));
        expect(told, text).toBe(true);
      }),
      { numRuns: 600 },
    );
  });
});
