/** Numbers written in words, for whoever reads what people write: "two hundred and five", "a dozen", "seventy-five thousand". */

export const SMALL_NUMBERS: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
  dozen: 12,
  dozens: 24,
  score: 20,
};

/** What multiplies the words before it. */
export const LARGE_NUMBERS: Readonly<Record<string, number>> = {
  hundred: 100,
  hundreds: 100,
  thousand: 1e3,
  thousands: 1e3,
  million: 1e6,
  millions: 1e6,
  billion: 1e9,
  billions: 1e9,
  trillion: 1e12,
  trillions: 1e12,
  dozen: 12,
  dozens: 12,
};

/** The value of a run of such words; "and", "a" and "an" between them count nothing. Each large one multiplies what stands before it. */
export const numberInWords = (text: string): number => {
  let total = 0;
  let group = 0;
  let seen = false;
  for (const word of text.toLowerCase().split(/[\s-]+/)) {
    if (word === 'and' || word === 'a' || word === 'an' || word === 'point') continue;
    const small = SMALL_NUMBERS[word];
    const large = LARGE_NUMBERS[word];
    if (large !== undefined && (seen || small === undefined)) {
      group = (seen ? Math.max(group, 1) : 1) * large;
      if (large >= 1000) {
        total += group;
        group = 0;
      }
    } else if (small !== undefined) group += small;
    seen = true;
  }
  return total + group;
};
