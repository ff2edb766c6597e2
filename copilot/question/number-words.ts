/** Numbers as they are said: "three hundred", "twenty-five thousand", "2 dozen", 1,200. */
import type { Token } from './tokens.js';

const SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const LARGE: Readonly<Record<string, number>> = { dozen: 12, hundred: 100, thousand: 1000, million: 1e6, billion: 1e9 };
/** Parts of one, which this reader does not add up. */
const BROKEN = /^(?:half|halves|quarters?|thirds?|point|dozens|hundreds|thousands|millions)$/;

const saidAs = (word: string): number | undefined => {
  if (/^\d+(?:[.,]\d+)*$/.test(word)) return Number(word.replace(/,(?=\d{3}\b)/g, ''));
  const parts = word.split('-');
  const values = parts.map((p) => {
    const ten = TENS.indexOf(p);
    return ten >= 0 ? 20 + 10 * ten : SMALL.indexOf(p);
  });
  if (values.length > 2 || values.some((v) => v < 0)) return undefined;
  return values[1] === undefined ? values[0]! : values[0]! >= 20 && values[1] < 10 ? values[0]! + values[1] : undefined;
};

/**
 * The number that begins at a token, and how many tokens it takes; undefined: none does, or one that is not read for certain. A
 * lone "one" is no number: "this one", "the last one".
 */
export const numberAt = (
  tokens: readonly Token[],
  at: number,
  free: (i: number) => boolean,
): { value: number; length: number } | undefined => {
  let [total, group, length] = [0, 0, 0];
  let before: number | undefined;
  for (let i = at; i < tokens.length && free(i); i++) {
    const { low } = tokens[i]!;
    const large = LARGE[low];
    const value = saidAs(low);
    if (large !== undefined && before !== undefined) {
      group *= large;
      if (large >= 1000) [total, group] = [total + group, 0];
      before = large;
    } else if (value !== undefined && (before === undefined || fits(before, value))) {
      group += value;
      before = value;
    } else if (!(low === 'and' && before === 100 && saidAs(tokens[i + 1]?.low ?? '') !== undefined)) break;
    length = i - at + 1;
  }
  if (length === 0 || BROKEN.test(tokens[at + length]?.low ?? '')) return undefined;
  if (length === 1 && tokens[at]!.low === 'one') return undefined;
  return { value: total + group, length };
};
/** "twenty five", "hundred twenty": a smaller one behind a round one; digits stand alone. */
const fits = (before: number, value: number) =>
  (before >= 20 && before < 100 && before % 10 === 0 && value < 10 && value > 0) ||
  (before >= 100 && before % 100 === 0 && value < 100 && LARGE_VALUES.has(before));
const LARGE_VALUES = new Set(Object.values(LARGE));
