/** Numbers with their units, as people write them: "£8k", "half an hour", "1.2 tonnes", "two hundred and fifty kilograms". */
import { LARGE_NUMBERS, numberInWords, SMALL_NUMBERS } from '../../domain/number-words.js';
import { type DecimalMark, readNumber } from './numerals.js';
import { CODES, CURRENCY_WORDS, type Dimension, SYMBOLS, UNIT_PATTERNS } from './units.js';

export interface Figure {
  readonly from: number;
  readonly to: number;
  readonly dimension: Dimension;
  /** in kg, minutes, kW, kWh, 0 to 1, or the currency; null where the text can be read in two ways */
  readonly value: number | null;
  readonly currency: string | null;
  /** the number as written */
  readonly written: string;
  /** the other reading, when there are two */
  readonly doubt: string | null;
}

const NUMBER = new RegExp(
  String.raw`(?<![\w.,:/+#-]|[£€$]\s?\d)(us\$|a\$|c\$|[£€$]|(?:${CODES})(?=\s?\d))?\s?(\d{1,3}(?:[ ']\d{3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d+)*)(?![\d:])`,
  'g',
);
const SCALE = /^\s?(?:(k|thousand)|(m|mn|million)|(bn|billion))\b(?!\s?(?:\/|wh|w\b))/;

const BEHIND = new RegExp(
  `^\\s?(${CODES}|[£€]|\\$|pounds sterling|us dollars|swiss francs|euros?|pounds?|dollars?|francs)(?![\\w])(?!,? (?:of )?(?:co2|carbon))`,
);

/** Figures in order of position. Give a text in which dates and times of day are blanked out. */
export const figuresIn = (low: string, mark: DecimalMark | null): Figure[] => {
  const found: Figure[] = [];
  const overlaps = (from: number, to: number) => found.some((f) => f.from < to && from < f.to);
  // "1h30" is one figure, though each half of it looks like one.
  for (const figure of hoursAndMinutesIn(low)) found.push(figure);
  for (const figure of [...digitsIn(low, mark), ...wordsIn(low)])
    if (!overlaps(figure.from, figure.to)) found.push(figure);
  return joined(
    found.sort((a, b) => a.from - b.from),
    low,
  );
};

const unitBehind = (rest: string) => {
  for (const unit of UNIT_PATTERNS) {
    const found = unit.regex.exec(rest);
    if (found) return { dimension: unit.dimension, factor: unit.factor, length: found[0].length };
  }
  return undefined;
};
/** "£5 per MWh" is a price, and no sum of money. */
const PRICE = /^\s*(?:\/|per)\s*(?:k|m)wh|^\s*(?:\/|per|a)\s*(?:t|tonne|kg)\b/;

const digitsIn = (low: string, mark: DecimalMark | null): Figure[] =>
  [...low.matchAll(NUMBER)].map((match): Figure => {
    const written = match[2]!;
    let to = match.index + match[0].length;
    let [value, doubt] = readNumber(written, mark);
    // "m" after a number without a currency is minutes or metres, never millions.
    const symbol = match[1]?.trim();
    const scale = SCALE.exec(low.slice(to, to + 60));
    if (scale && !(scale[2] === 'm' && symbol === undefined)) {
      const by = scale[1] ? 1e3 : scale[2] ? 1e6 : 1e9;
      value = value === null ? null : value * by;
      to += scale[0].length;
    }
    const rest = low.slice(to, to + 60);
    const from = low.slice(match.index).search(/\S/) + match.index;
    const behind = BEHIND.exec(rest);
    if (symbol !== undefined || behind) {
      const name = symbol ?? behind![1]!;
      const currency = SYMBOLS[name] ?? CURRENCY_WORDS[name] ?? name.toUpperCase();
      if (symbol === undefined) to += behind![0].length;
      const dimension = PRICE.test(low.slice(to, to + 14)) ? 'other' : 'money';
      return { from, to, dimension, value: rounded(value), currency, written, doubt };
    }
    const unit = unitBehind(rest);
    return {
      from,
      to: to + (unit?.length ?? 0),
      dimension: unit?.dimension ?? 'none',
      value: value === null ? null : rounded(value * (unit?.factor ?? 1)),
      currency: null,
      written,
      doubt,
    };
  });

const hoursAndMinutesIn = (low: string): Figure[] =>
  [...low.matchAll(/(?<![\w.,:-])(\d{1,3})\s?h\s?([0-5]\d)(?:\s?m(?:in)?)?\b/g)].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
    dimension: 'time',
    value: Number(match[1]) * 60 + Number(match[2]),
    currency: null,
    written: match[0],
    doubt: null,
  }));

const NUMBER_WORD = [...Object.keys(SMALL_NUMBERS), ...Object.keys(LARGE_NUMBERS)].sort((a, b) => b.length - a.length);
const IN_WORDS = new RegExp(
  String.raw`(?<![\w-])(half an?|a quarter of an|(?:a )?couple of|((?:an? (?=hundred|thousand|million|dozen))?(?:${NUMBER_WORD.join('|')})(?:(?: and |[ -])(?:${NUMBER_WORD.join('|')})\b)*)( and a half)?|an?)(?=[ -]([a-z%]+))`,
  'g',
);
/** What "a" and "an" may count: "a week" is a length of time here, "a month" a period. */
const COUNTED = /^(?:minutes?|mins?|hours?|days?|weeks?|jobs?|moves?|workloads?|tonnes?|tons?|kilos?|kilograms?|per)$/;

const wordsIn = (low: string): Figure[] =>
  [...low.matchAll(IN_WORDS)].flatMap((match): Figure[] => {
    const [whole, written, number, half, next] = [match[0], match[1]!, match[2], match[3], match[4]!];
    if (number === undefined && !COUNTED.test(next)) return [];
    const end = match.index + whole.length;
    const rest = low.slice(end).replace(/^-/, ' ');
    const money = number === undefined ? null : BEHIND.exec(rest);
    const unit = money ? undefined : unitBehind(rest);
    // A single letter behind a word is no unit.
    if (!money && (!unit || next.length < 3)) return [];
    let to = end + (money ? money[0].length : unit!.length);
    const more = / and a half\b/y;
    more.lastIndex = to;
    const andHalf = half !== undefined || more.test(low);
    if (half === undefined && andHalf) to += ' and a half'.length;
    const value =
      number !== undefined
        ? numberInWords(number)
        : written.startsWith('half')
          ? 0.5
          : written.includes('quarter')
            ? 0.25
            : written.includes('couple')
              ? 2
              : 1;
    const name = money?.[1];
    return [
      {
        from: match.index,
        to,
        dimension: unit?.dimension ?? 'money',
        value: rounded((value + (andHalf ? 0.5 : 0)) * (unit?.factor ?? 1)),
        currency: name === undefined ? null : (SYMBOLS[name] ?? CURRENCY_WORDS[name] ?? name.toUpperCase()),
        written,
        doubt: null,
      },
    ];
  });

/** "1 h 30 min" is one duration. */
const joined = (figures: Figure[], low: string): Figure[] => {
  const out: Figure[] = [];
  for (const figure of figures) {
    const before = out.at(-1);
    const gap = before ? low.slice(before.to, figure.from) : '';
    if (
      before?.dimension === 'time' &&
      figure.dimension === 'time' &&
      /^\s*(?:and\s*)?$/.test(gap) &&
      before.value !== null &&
      figure.value !== null &&
      figure.value < before.value
    )
      out[out.length - 1] = { ...before, to: figure.to, value: before.value + figure.value };
    else out.push(figure);
  }
  return out;
};

/** Removes what binary fractions add: 1.1 × 1000 is 1100. */
const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(12)));
