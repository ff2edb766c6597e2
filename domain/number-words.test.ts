/** One table of number words serves the copilot's checker and the reader of policies. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberInWords, SMALL_NUMBERS } from './number-words.js';

describe('numbers in words', () => {
  it.each([
    ['two', 2],
    ['seventy-five', 75],
    ['two hundred and fifty', 250],
    ['a hundred', 100],
    ['twelve thousand', 12_000],
    ['two hundred and five thousand', 205_000],
    ['a dozen', 12],
    ['two dozen', 24],
    ['one million two hundred thousand', 1_200_000],
  ])('%s is %d', (words, value) => expect(numberInWords(words)).toBe(value));

  it('reads every number below 1000 as it is said', () => {
    const word = (n: number) => Object.keys(SMALL_NUMBERS).find((w) => SMALL_NUMBERS[w] === n)!;
    const below100 = (n: number) => (n <= 20 || n % 10 === 0 ? word(n) : `${word(n - (n % 10))}-${word(n % 10)}`);
    const said = (n: number) =>
      n < 100 ? below100(n) : `${word(Math.floor(n / 100))} hundred${n % 100 === 0 ? '' : ` and ${below100(n % 100)}`}`;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), (n) => {
        expect(numberInWords(said(n))).toBe(n);
      }),
    );
  });
});
