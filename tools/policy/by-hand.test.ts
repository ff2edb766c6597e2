/**
 * Sentences whose meaning was written down by hand before the reader saw them: paraphrases, units, zones, exceptions, and those
 * that look like a limit and are none. What must never happen is a clear constraint that the sentence does not say.
 */
import { describe, expect, it } from 'vitest';
import { asks, bindingOf, gradeOf, readSentence, SETS } from './fixtures/sentences.js';

describe('what a sentence says, decided by hand', () => {
  for (const sentence of SETS.first)
    it(sentence.text.slice(0, 100).replace(/\s+/g, ' '), () => {
      const got = readSentence(sentence);
      const asked = sentence.clear.length > 0 && asks(got) && bindingOf(got).length === 0;
      // Where a word was left over, asking is as good as reading; binding anybody to something else never is.
      expect(asked ? ['exact', 'asked'] : ['exact']).toContain(gradeOf(sentence));
      if (sentence.open === 'conflict') {
        const [one, other] = got.constraints;
        expect([one!.status, other!.status]).toEqual(['conflict', 'conflict']);
        expect(one!.questions[0]).toContain(other!.quote);
      }
    });
});
