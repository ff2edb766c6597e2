/**
 * The law of turning words: "not", "unless", "only", "at most" and their like, put anywhere into a sentence, change what is read of
 * it, or are named. None leaves the same constraints clear without a word about it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Constraint } from '../../domain/policy/policy.js';
import { placesIn } from './fixtures/places.js';
import { bindingOf, readSentence, SETS } from './fixtures/sentences.js';
import { readPolicy } from './read.js';

const DENIALS = ['not', 'never', 'no', 'without', 'unless', 'except'];
const OTHERS = [
  'only',
  'until',
  'than',
  'other than',
  'may',
  'need not',
  'at least',
  'at most',
  'each',
  'every',
].concat(['half', 'double', 'first', 'last', 'per']);
const sentences = Object.values(SETS)
  .flat()
  .filter(({ text }) => !text.includes('|'));
const said = ({ type, scope, params }: Constraint) => JSON.stringify([type, scope, params]);

const turned = (words: readonly string[]) =>
  fc
    .record({ sentence: fc.constantFrom(...sentences), place: fc.nat(), word: fc.constantFrom(...words) })
    .map(({ sentence, place, word }) => {
      const places = placesIn(sentence.text);
      const at = places[place % places.length] ?? 0;
      return { sentence, word, text: `${sentence.text.slice(0, at)}${word} ${sentence.text.slice(at)}` };
    });

/** The same is clear as without the word, and a clear constraint quotes it. */
const passes = ({ sentence, word, text }: { sentence: (typeof sentences)[number]; word: string; text: string }) => {
  const [before, now] = [bindingOf(readSentence(sentence)), bindingOf(readSentence({ ...sentence, text }))];
  const same = JSON.stringify(before.map(said).sort()) === JSON.stringify(now.map(said).sort());
  return same && now.some((c) => new RegExp(`\\b${word}\\b`).test(c.quote) && !quotedBefore(before, c, word));
};
const quotedBefore = (before: readonly Constraint[], c: Constraint, word: string) =>
  before.some((b) => b.quote === c.quote && b.quote.includes(word));

describe('a word that turns a sentence round', () => {
  it('never passes unnamed, wherever it stands: denials', () => {
    fc.assert(
      fc.property(turned(DENIALS), (drawn) => {
        expect(passes(drawn), drawn.text).toBe(false);
      }),
      { numRuns: 1500 },
    );
  });
  it('nor do words that change the force of a sentence, in 99 of 100', () => {
    const drawn = fc.sample(turned(OTHERS), 1500);
    expect(drawn.filter(passes).length).toBeLessThanOrEqual(15);
  });

  const clearly = (text: string) =>
    bindingOf(readPolicy(text, { doc: 'p.md', tz: 'Europe/London' })).map((c) => [c.type, c.scope, c.params]);
  for (const text of [
    'except gold jobs may wait at most 10 minutes.',
    'It is forbidden to start training except on Mondays before 10:00.',
    'The cluster except hpc-9 has to stay below 1.8 MW.',
    'Customer data has to remain in France or not Belgium.',
    'Plans above £500 need approval by three duty no officers.',
    'Jobs may not be moved out of the UK only at weekends.',
    'All last jobs have to finish before their deadline.',
    '## Not production\n\n- Jobs must stay in eu-west-1.',
  ])
    it(`asks: ${text.slice(0, 70)}`, () => expect(clearly(text)).toEqual([]));
  it('where it stands rightly, it turns the reading', () => {
    expect(clearly('Jobs of the legal team must not stay in Switzerland.')).toEqual([
      ['region_deny', { teams: ['legal'] }, { regions: ['switzerland'] }],
    ]);
    expect(clearly('Patient data, not including backups, must stay in the EU.')).toEqual([
      ['residency', { labels: { data: 'patient' }, except: { kinds: ['backup'] } }, { regions: ['eu'] }],
    ]);
    expect(clearly('Do not place workloads other than in Poland or Ireland.')).toEqual([
      ['region_allow', {}, { regions: ['poland', 'ireland'] }],
    ]);
  });
});
