/** Numbers with their units, as people write them: 1.000,50 and 1,000.50, "£8k", "half an hour", "1.2 tonnes". */

export type Dimension =
  | 'mass'
  | 'money'
  | 'time'
  | 'power'
  | 'energy'
  | 'ratio'
  | 'count'
  | 'intensity'
  | 'other'
  | 'none';

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

export type DecimalMark = ',' | '.';

const WORDS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
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
  fifteen: 15,
  eighteen: 18,
  twenty: 20,
  thirty: 30,
  forty: 40,
  'forty-five': 45,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  'seventy-two': 72,
  eighty: 80,
  ninety: 90,
  'twenty-four': 24,
  'forty-eight': 48,
  'thirty-six': 36,
  hundred: 100,
  dozen: 12,
  half: 0.5,
  couple: 2,
  'one hundred': 100,
  'two hundred': 200,
  'three hundred': 300,
  'four hundred': 400,
  'five hundred': 500,
  'one thousand': 1000,
  'two thousand': 2000,
  'five thousand': 5000,
  'ten thousand': 10_000,
};

/** 1 to 12 and the larger ones in use; undefined for any other word. */
export const numberWord = (word: string): number | undefined => WORDS[word];

const SYMBOLS: Readonly<Record<string, string>> = {
  '£': 'GBP',
  '€': 'EUR',
  $: 'USD',
  us$: 'USD',
  a$: 'AUD',
  c$: 'CAD',
};
const CURRENCY_WORDS: Readonly<Record<string, string>> = {
  euro: 'EUR',
  euros: 'EUR',
  pound: 'GBP',
  pounds: 'GBP',
  'pounds sterling': 'GBP',
  sterling: 'GBP',
  dollar: 'USD',
  dollars: 'USD',
  'us dollars': 'USD',
  'swiss francs': 'CHF',
  francs: 'CHF',
};
const CODES = 'gbp|eur|usd|chf|sek|nok|dkk|pln|czk|huf|cad|aud|nzd|jpy|cny|inr|sgd|brl|zar';

interface Unit {
  readonly dimension: Dimension;
  readonly factor: number;
  readonly pattern: string;
}

const CO2 = String.raw`(?:\s*(?:of\s+)?(?:co2(?:[- ]?e(?:q(?:uivalents?|\.)?)?)?|carbon(?: dioxide)?|emissions)\b)?`;
const UNITS: readonly Unit[] = [
  {
    dimension: 'intensity',
    factor: 1,
    pattern: String.raw`(?:g|grams?|kg|t)(?:\s*(?:of\s+)?co2(?:[- ]?e(?:q)?)?)?\s*(?:\/|per)\s*[km]wh\b`,
  },
  { dimension: 'other', factor: 1, pattern: String.raw`(?:\/|per)\s*(?:k|m)wh\b` },
  { dimension: 'mass', factor: 1e6, pattern: String.raw`(?:kt|kilotonnes?)\b${CO2}` },
  {
    dimension: 'mass',
    factor: 1,
    pattern: String.raw`(?:kgs?|kilos?|kilogram(?:me)?s?|kg(?=co2))(?:(?=co2)|\b)${CO2}`,
  },
  { dimension: 'mass', factor: 1000, pattern: String.raw`(?:metric tons?|tonnes?|tons?|t)(?:(?=co2)|\b)${CO2}` },
  { dimension: 'mass', factor: 0.001, pattern: String.raw`(?:grams?|g)(?:(?=co2)|\b)${CO2}` },
  { dimension: 'power', factor: 1e6, pattern: String.raw`(?:gw|gigawatts?)\b` },
  { dimension: 'power', factor: 1000, pattern: String.raw`(?:mw|megawatts?)\b` },
  { dimension: 'power', factor: 1, pattern: String.raw`(?:kw|kilowatts?)\b` },
  { dimension: 'power', factor: 0.001, pattern: String.raw`(?:w|watts?)\b` },
  { dimension: 'energy', factor: 1, pattern: String.raw`(?:kwh|kilowatt[- ]hours?)\b` },
  { dimension: 'energy', factor: 1000, pattern: String.raw`(?:mwh|megawatt[- ]hours?)\b` },
  {
    dimension: 'other',
    factor: 1,
    pattern: String.raw`(?:ms|milliseconds?|seconds?|secs?|s|gb|tb|mb|gib|tib|vcpus?|cpus?|cores?|gpus?|nodes?|°c|km)\b`,
  },
  { dimension: 'other', factor: 1, pattern: String.raw`(?:working|business|calendar)[ -]days?\b` },
  { dimension: 'time', factor: 1, pattern: String.raw`(?:minutes?|mins?)\b` },
  { dimension: 'time', factor: 60, pattern: String.raw`(?:hours?|hrs?|h)\b` },
  { dimension: 'time', factor: 1440, pattern: String.raw`(?:days?|d)\b` },
  { dimension: 'time', factor: 10_080, pattern: String.raw`(?:weeks?|wks?)\b` },
  { dimension: 'time', factor: 1, pattern: String.raw`m\b` },
  { dimension: 'ratio', factor: 0.01, pattern: String.raw`(?:%|per ?cent\b|pct\b|percent\b)` },
  {
    dimension: 'count',
    factor: 1,
    pattern: String.raw`(?:(?:or more|and more|plus) )?(?:(?:batch|training|waiting|single|individual|other|different|moved)\s+)?(?:jobs?|workloads?|moves?|placements?|changes?|relocations?|runs?|tasks?)\b`,
  },
];
const UNIT_PATTERNS = UNITS.map((unit) => ({
  ...unit,
  regex: new RegExp(`^(?:\\s*\\([a-z -]+\\))?[\\s-]*${unit.pattern}`),
}));

const NUMBER = new RegExp(
  String.raw`(?<![\w.,:/+#-]|[£€$]\s?\d)(us\$|a\$|c\$|[£€$]|(?:${CODES})(?=\s?\d))?\s?(\d{1,3}(?:[ ']\d{3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d+)*)(?![\d:])`,
  'g',
);
const SCALE = /^\s?(?:(k|thousand)|(m|mn|million)|(bn|billion))\b(?!\s?(?:\/|wh|w\b))/;

/** What a written number means; the second value is the other reading where the text does not decide. */
export const readNumber = (written: string, mark: DecimalMark | null): [number | null, string | null] => {
  const bare = written.replace(/[ ']/g, '');
  const dots = bare.split('.').length - 1;
  const commas = bare.split(',').length - 1;
  if (dots === 0 && commas === 0) return [Number(bare), null];
  if (dots > 0 && commas > 0) {
    const decimal = bare.lastIndexOf('.') > bare.lastIndexOf(',') ? '.' : ',';
    const grouping = decimal === '.' ? ',' : '.';
    const [whole, fraction, more] = bare.split(decimal) as [string, string, string?];
    if (more !== undefined || !/^\d{1,3}(?:[.,]\d{3})+$/.test(whole)) return [null, 'not a number in any locale'];
    return [Number(`${whole.replaceAll(grouping, '')}.${fraction}`), null];
  }
  const separator: DecimalMark = dots > 0 ? '.' : ',';
  const parts = bare.split(separator);
  if (parts.length > 2) {
    const grouped = /^\d{1,3}(?:[.,]\d{3})+$/.test(bare);
    return grouped ? [Number(parts.join('')), null] : [null, 'not a number in any locale'];
  }
  const [whole, fraction] = parts as [string, string];
  const asDecimal = Number(`${whole}.${fraction}`);
  if (fraction.length !== 3 || whole === '0' || whole.length > 3) return [asDecimal, null];
  const asGroups = Number(whole + fraction);
  if (mark !== null) return [mark === separator ? asDecimal : asGroups, null];
  return separator === ',' ? [asGroups, null] : [null, `${asGroups} or ${asDecimal}`];
};

/** The decimal mark that a text shows by figures that can be read in one way only; null when it shows none, or both. */
export const decimalMarkOf = (low: string): DecimalMark | null => {
  const unit = String.raw`\s?(?:%|kg|t\b|tonnes?|kw|mw|kwh|mwh|h\b|hours?|eur\b|€|gbp|£|usd)`;
  const comma =
    /\d\.\d{3},\d/.test(low) ||
    new RegExp(String.raw`(?<![\d.,])\d+,(?:\d|\d\d)${unit}`).test(low) ||
    /[€£$]\s?\d+,\d{1,2}(?!\d)/.test(low);
  const point =
    /\d,\d{3}\.\d/.test(low) ||
    new RegExp(String.raw`(?<![\d.,])\d+\.(?:\d|\d\d)${unit}`).test(low) ||
    /[€£$]\s?\d+\.\d{1,2}(?!\d)/.test(low);
  return comma === point ? null : comma ? ',' : '.';
};

const BEHIND = new RegExp(
  `^\\s?(${CODES}|[£€]|\\$|pounds sterling|us dollars|swiss francs|euros?|pounds?|dollars?|francs)(?![\\w])(?! of co2)`,
);

/** Figures in order of position. Give a text in which dates and times of day are blanked out. */
export const figuresIn = (low: string, mark: DecimalMark | null): Figure[] => {
  const figures: Figure[] = [];
  for (const match of low.matchAll(NUMBER)) {
    const written = match[2]!;
    const at = match.index + match[0].length;
    let [value, doubt] = readNumber(written, mark);
    let rest = low.slice(at, at + 60);
    let to = at;
    let scale = SCALE.exec(rest);
    // "m" after a number without a currency is minutes or metres, never millions.
    const symbol = match[1]?.trim();
    if (scale?.[2] === 'm' && symbol === undefined) scale = null;
    if (scale) {
      const by = scale[1] ? 1e3 : scale[2] ? 1e6 : 1e9;
      value = value === null ? null : value * by;
      to += scale[0].length;
      rest = rest.slice(scale[0].length);
    }
    const start = low.slice(match.index).search(/\S/) + match.index;
    const behind = BEHIND.exec(rest);
    if (symbol !== undefined || behind) {
      const name = symbol ?? behind![1]!;
      const currency = SYMBOLS[name] ?? CURRENCY_WORDS[name] ?? name.toUpperCase();
      if (symbol === undefined) to += behind![0].length;
      const perEnergy = /^\s*(?:\/|per)\s*(?:k|m)wh|^\s*(?:\/|per|a)\s*(?:t|tonne|kg)\b/.test(low.slice(to, to + 14));
      figures.push({
        from: start,
        to,
        dimension: perEnergy ? 'other' : 'money',
        value: rounded(value),
        currency,
        written,
        doubt,
      });
      continue;
    }
    const unit = UNIT_PATTERNS.map((u) => ({ u, found: u.regex.exec(rest) })).find(({ found }) => found !== null);
    if (unit?.found) to += unit.found[0].length;
    const dimension = unit?.u.dimension ?? 'none';
    figures.push({
      from: start,
      to,
      dimension,
      value: value === null ? null : rounded(value * (unit?.u.factor ?? 1)),
      currency: null,
      written,
      doubt,
    });
  }
  for (const match of low.matchAll(/(?<![\w.,:-])(\d{1,3})\s?h\s?([0-5]\d)(?:\s?m(?:in)?)?\b/g))
    if (!figures.some((f) => f.from < match.index + match[0].length && match.index < f.to && f.dimension !== 'none'))
      figures.splice(
        0,
        figures.length,
        ...figures.filter((f) => f.to <= match.index || f.from >= match.index + match[0].length),
        {
          from: match.index,
          to: match.index + match[0].length,
          dimension: 'time',
          value: Number(match[1]) * 60 + Number(match[2]),
          currency: null,
          written: match[0],
          doubt: null,
        },
      );
  for (const match of low.matchAll(WORD_FIGURE)) {
    if (figures.some((f) => f.from < match.index + match[0].length && match.index < f.to)) continue;
    const word = match[1]!;
    const value = /^half an?$/.test(word)
      ? 0.5
      : /^(?:a )?couple of$/.test(word)
        ? 2
        : /^an? (?:quarter of an)$/.test(word)
          ? 0.25
          : WORDS[word.replace(/ and a half$/, '')];
    const unit = UNIT_PATTERNS.map((u) => ({ u, found: u.regex.exec(` ${match[2]}`) })).find(
      ({ found }) => found !== null,
    );
    if (value === undefined || !unit) continue;
    const more = / and a half$/.test(word) || match[3] !== undefined ? 0.5 : 0;
    figures.push({
      from: match.index,
      to: match.index + match[0].length,
      dimension: unit.u.dimension,
      value: (value + more) * unit.u.factor,
      currency: null,
      written: word,
      doubt: null,
    });
  }
  return joined(
    figures.sort((a, b) => a.from - b.from),
    low,
  );
};

const WORD_FIGURE = new RegExp(
  String.raw`\b(half an?|a quarter of an|(?:a )?couple of|(?:${Object.keys(WORDS)
    .filter((w) => w.length > 2)
    .sort((a, b) => b.length - a.length)
    .join(
      '|',
    )})(?: and a half)?|an?)[ -](minutes?|mins?|hours?|days?|weeks?|jobs?|moves?|workloads?|tonnes?|tons?|kilos?|kilograms?|per ?cent)\b( and a half)?`,
  'g',
);

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
