/** The law of leftover words: a stray word, put anywhere into a sentence, is read, or named, and never passed over. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Constraint } from '../../domain/policy/policy.js';
import { FOREIGN_WORDS } from './fixtures/foreign-words.js';
import { placesIn } from './fixtures/places.js';
import { bindingOf, readSentence, SETS } from './fixtures/sentences.js';
import { readPolicy } from './read.js';

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

/** Words of the sentences themselves: every one is known to some rule, or says nothing where it stands rightly. */
const KNOWN_WORDS = [...new Set(all.flatMap((s) => s.text.toLowerCase().match(/[a-z][a-z'-]*[a-z]|\ba\b/g) ?? []))];
const known = fc
  .record({
    sentence: fc.constantFrom(...all.filter((s) => !isTable(s.text))),
    place: fc.nat(),
    word: fc.constantFrom(...KNOWN_WORDS),
  })
  .map(({ sentence, place, word }) => {
    const places = placesIn(sentence.text);
    const at = places[place % places.length] ?? 0;
    return { sentence, word, text: `${sentence.text.slice(0, at)}${word} ${sentence.text.slice(at)}` };
  });
const readings = (of: Parameters<typeof readSentence>[0]) =>
  JSON.stringify(bindingOf(readSentence(of)).map(said).sort());

describe('a word that the rules know, in a wrong place', () => {
  it('leaves the reading as it was and clear in less than 4 of 100', () => {
    const passed = fc.sample(known, 1000).filter(({ sentence, word, text }) => {
      const [before, now] = [readSentence(sentence), readSentence({ ...sentence, text })];
      return (
        bindingOf(before).length > 0 &&
        readings(sentence) === readings({ ...sentence, text }) &&
        bindingOf(now).some(
          (c) =>
            new RegExp(`\\b${word}\\b`).test(c.quote.toLowerCase()) &&
            !before.constraints.some((b) => b.quote === c.quote),
        )
      );
    });
    expect(passed.length, passed.map((p) => p.text).join('\n')).toBeLessThan(40);
  });

  const clearly = (text: string) =>
    bindingOf(readPolicy(text, { doc: 'p.md', tz: 'Europe/London' })).map((c) => c.type);
  for (const text of [
    'Batch jobs may the wait up to 4 hours.',
    'Batch moves jobs may wait up to 4 hours.',
    'UK workloads must run was in the UK.',
    'Jobs queued may run only on weekdays.',
    'Platinum rescheduled services are pinned.',
    'Prefer the cheaper cleanest hours.',
    'Batch jobs may wait up to longer 4 hours.',
    'Data of EU customers must not leave outside the EEA.',
    'For batch jobs may be postponed, but not by more than 3 hours.',
    'They may not run on Sundays.',
    'The finance team runs payroll jobs at night. These jobs must finish by 06:00 UTC.',
    'Such workloads must stay in Germany.',
    'Preemptible jobs may be suspended between 17:00 and 20:00.',
  ])
    it(`asks, or lists: ${text.slice(0, 70)}`, () => expect(clearly(text)).toEqual([]));
  it('what points back to the sentence before takes over whom that is about', () => {
    const [, closed] = bindingOf(
      readPolicy('Batch jobs may wait 4 hours. They may not run on Sundays.', { doc: 'p.md', tz: 'UTC' }),
    );
    expect(closed).toMatchObject({ type: 'blackout', scope: { kinds: ['batch'] } });
  });
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
