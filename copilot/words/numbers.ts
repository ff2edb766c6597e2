/** The quantities that a text states: figures, number words, multipliers and units, each with the value it may mean. Pure. */
import { LARGE_NUMBERS, numberInWords, SMALL_NUMBERS } from '../../domain/number-words.js';
import type { Dimension } from '../facts.js';

export interface Said {
  /** as it stands in the text */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** in the base unit of its dimension; without unit, the bare number */
  readonly value: number;
  /** half of the last printed digit, in the same unit */
  readonly tolerance: number;
  /** kg, kWh, kW, g/kWh, h, ratio, a currency code, or currency per MWh or t; null: a bare number */
  readonly unit: string | null;
  readonly dimension: Dimension | null;
  readonly sign: -1 | 0 | 1;
  /** value in the base unit per number written */
  readonly factor: number;
  /** the word after it, lower case */
  readonly next: string;
}

type UnitOf = readonly [pattern: string, dimension: Dimension, base: string, factor: number];
const CO2 = '(?:\\s?(?:of\\s)?(?:CO2e?q?|CO2-?eq|CO₂e?|carbon dioxide))?';
// The longest forms first: the first that fits is taken.
const UNITS: readonly UnitOf[] = [
  [`(?:g|grams?)${CO2}\\s?(?:/|per)\\s?(?:kWh|kilowatt[- ]hours?)`, 'intensity', 'g/kWh', 1],
  [`(?:kg|kilograms?|kilos?)${CO2}\\s?(?:/|per)\\s?(?:MWh|megawatt[- ]hours?)`, 'intensity', 'g/kWh', 1],
  [`(?:kg|kilograms?|kilos?)${CO2}\\s?(?:/|per)\\s?(?:kWh|kilowatt[- ]hours?)`, 'intensity', 'g/kWh', 1000],
  [`(?:t|tonnes?|tons?)${CO2}\\s?(?:/|per)\\s?(?:MWh|megawatt[- ]hours?)`, 'intensity', 'g/kWh', 1000],
  ['(?:Mt|megatonnes?|megatons?)', 'mass', 'kg', 1e9],
  ['(?:kt|kilotonnes?|kilotons?)', 'mass', 'kg', 1e6],
  ['(?:metric )?(?:t|tonnes?|tons?)', 'mass', 'kg', 1e3],
  ['(?:kg|kgs|kilograms?|kilos?)', 'mass', 'kg', 1],
  ['(?:mg|milligrams?)', 'mass', 'kg', 1e-6],
  ['(?:g|grams?)', 'mass', 'kg', 1e-3],
  ['(?:lbs?)', 'mass', 'kg', 0.45359237],
  ['(?:GWh|gigawatt[- ]?hours?)', 'energy', 'kWh', 1e6],
  ['(?:MWh|megawatt[- ]?hours?)', 'energy', 'kWh', 1e3],
  ['(?:kWh|kilowatt[- ]?hours?)', 'energy', 'kWh', 1],
  ['(?:Wh|watt[- ]?hours?)', 'energy', 'kWh', 1e-3],
  ['(?:GJ|gigajoules?)', 'energy', 'kWh', 1e9 / 3.6e6],
  ['(?:MJ|megajoules?)', 'energy', 'kWh', 1e6 / 3.6e6],
  ['(?:kJ|kilojoules?)', 'energy', 'kWh', 1e3 / 3.6e6],
  ['(?:J|joules?)', 'energy', 'kWh', 1 / 3.6e6],
  ['(?:GW|gigawatts?)', 'power', 'kW', 1e6],
  ['(?:MW|megawatts?)', 'power', 'kW', 1e3],
  ['(?:kW|kilowatts?)', 'power', 'kW', 1],
  ['(?:W|watts?)', 'power', 'kW', 1e-3],
  ['(?:%|per ?cent|percentage points?)', 'ratio', 'ratio', 0.01],
  ['(?:seconds?|secs?|s)', 'duration', 'h', 1 / 3600],
  ['(?:minutes?|mins?)', 'duration', 'h', 1 / 60],
  ['(?:hours?|hrs?|h)', 'duration', 'h', 1],
  ['(?:days?)', 'duration', 'h', 24],
  ['(?:weeks?)', 'duration', 'h', 168],
  ['(?:years?)', 'duration', 'h', 8766],
];
const MONEY: readonly [pattern: string, code: string, factor: number][] = [
  ['(?:GBP|pounds?(?: sterling)?|quid)', 'GBP', 1],
  ['(?:pence|p)', 'GBP', 0.01],
  ['(?:USD|(?:US )?dollars?)', 'USD', 1],
  ['(?:EUR|euros?)', 'EUR', 1],
  ['cents?', 'cent', 0.01],
];
const SYMBOLS: Readonly<Record<string, string>> = { '£': 'GBP', $: 'USD', '€': 'EUR' };
const RATES: readonly [pattern: string, per: string, factor: number][] = [
  ['(?:MWh|megawatt[- ]?hours?)', 'MWh', 1],
  ['(?:kWh|kilowatt[- ]?hours?)', 'MWh', 1000],
  ['(?:t|tonnes?|tons?)', 't', 1],
  ['(?:kg|kilograms?|kilos?)', 't', 1000],
];

/** "One" counts only where a unit or a large number follows. */
const { one: _, ...WORDS } = SMALL_NUMBERS;
const SCALES: Readonly<Record<string, number>> = { ...LARGE_NUMBERS, k: 1e3, m: 1e6, mn: 1e6, bn: 1e9 };
const FRACTIONS: Readonly<Record<string, number>> = {
  half: 0.5,
  halved: 0.5,
  halves: 0.5,
  third: 1 / 3,
  thirds: 1 / 3,
  quarter: 0.25,
  quarters: 0.25,
  fifth: 0.2,
  fifths: 0.2,
  tenth: 0.1,
  tenths: 0.1,
};
const TIMES: Readonly<Record<string, number>> = {
  twice: 2,
  double: 2,
  doubled: 2,
  doubles: 2,
  thrice: 3,
  triple: 3,
  tripled: 3,
  tenfold: 10,
  quadruple: 4,
};

const NUMERAL =
  /(?<![\p{L}\d_])([-−–+]\s?)?((?:\d{1,3}(?:[ ,'’]\d{3})+(?!\d)|\d+)(?:[.,]\d+)?|\.\d+)(?:\s?[x×]\s?10\s?\^?\s?([-−+]?\d+)|[eE]([-+]?\d+)(?![\p{L}\d]))?/gu;
const SCALE_AFTER = /^[\s-]?(hundreds?|thousands?|millions?|billions?|trillions?|dozens?|k|bn|mn|m)(?![\p{L}\d])/iu;
const WORD_NUMBER = new RegExp(
  `(?<![\\p{L}\\d_-])(?:an?\\s+(?=(?:hundred|thousand|million|billion|trillion|dozen)))?(?:(?:one(?=[\\s-](?:hundred|thousand|million|billion)))|${Object.keys(WORDS).join('|')}|hundreds?|thousands?|millions?|billions?|trillions?)(?:(?:[\\s-]+(?:and[\\s-]+)?|-)(?:one|${Object.keys(WORDS).join('|')}|hundreds?|thousands?|millions?|billions?|trillions?|point)(?![\\p{L}]))*(?![\\p{L}])`,
  'giu',
);

const compile = (pattern: string) => new RegExp(`^[\\s-]?(?:${pattern})(?![\\p{L}\\d])`, 'iu');
const exact = (pattern: string) => new RegExp(`^[\\s-]?(?:${pattern})(?![\\p{L}\\d])`, 'u');
// Symbols of units differ by case (MW, mW, t, T), their names do not.
const unitRules = UNITS.map(([pattern, dimension, base, factor]) => ({
  rules: [
    exact(`${pattern}${dimension === 'mass' ? CO2 : ''}`),
    compile(`${pattern}${dimension === 'mass' ? CO2 : ''}`),
  ],
  dimension,
  base,
  factor,
}));
const moneyRules = MONEY.map(([pattern, code, factor]) => ({ rule: compile(pattern), code, factor }));
const rateRules = RATES.map(([pattern, per, factor]) => ({
  rule: new RegExp(`^\\s?(?:/|per|a)\\s?${pattern}${CO2}(?![\\p{L}\\d])`, 'iu'),
  per,
  factor,
}));

type Unit = { unit: string; dimension: Dimension; factor: number; length: number };

const unitAt = (rest: string): Unit | null => {
  for (const pass of [0, 1])
    for (const { rules, dimension, base, factor } of unitRules) {
      const match = rules[pass]!.exec(rest);
      if (match) return { unit: base, dimension, factor, length: match[0].length };
    }
  for (const { rule, code, factor } of moneyRules) {
    const match = rule.exec(rest);
    if (match) return withRate({ unit: code, dimension: 'money', factor, length: match[0].length }, rest);
  }
  return null;
};

const withRate = (money: Unit, rest: string): Unit => {
  const after = rest.slice(money.length);
  for (const { rule, per, factor } of rateRules) {
    const match = rule.exec(after);
    if (match)
      return {
        ...money,
        unit: `${money.unit}/${per}`,
        factor: money.factor * factor,
        length: money.length + match[0].length,
      };
  }
  return money;
};

const symbolBefore = (text: string, at: number): { code: string; length: number } | null => {
  const match = /(?:([£$€])|\b(GBP|USD|EUR))\s?$/u.exec(text.slice(Math.max(0, at - 6), at));
  if (!match) return null;
  return { code: match[1] === undefined ? match[2]! : SYMBOLS[match[1]]!, length: match[0].length };
};

const wordAfter = (text: string, at: number) =>
  /^[^\p{L}]{0,3}(\p{L}+)/u.exec(text.slice(at))?.[1]?.toLowerCase() ?? '';

/** Value and half of the last printed digit of `1 234.50`, `1,5`, `2e3`. */
const numeralValue = (digits: string, exponent: string | undefined): { value: number; step: number } => {
  const power = 10 ** Number((exponent ?? '0').replace('−', '-'));
  const plain = digits.replace(/[ '’]/g, '').replace(/,(?=\d{3}(?!\d))/g, '');
  const dotted = plain.replace(',', '.');
  const decimals = dotted.includes('.') ? dotted.length - dotted.indexOf('.') - 1 : 0;
  return { value: Number(dotted) * power, step: 10 ** -decimals * power };
};

const normal = (text: string) => text.replace(/[\u00a0\u2000-\u200a\u202f\u205f]/g, ' ');

/** Every quantity in reading order. Positions are those of `text`. */
export const quantitiesIn = (text: string): Said[] => {
  const plain = normal(text);
  const found: Said[] = [];
  const taken = (from: number, to: number) => found.some((s) => from < s.to && s.from < to);
  const push = (from: number, end: number, value: number, step: number, sign: -1 | 0 | 1, scaled = 1) => {
    const rest = plain.slice(end);
    const symbol = symbolBefore(plain, from);
    const unit = symbol
      ? withRate({ unit: symbol.code, dimension: 'money', factor: 1, length: 0 }, rest)
      : unitAt(rest);
    const start = symbol ? from - symbol.length : from;
    const to = end + (unit?.length ?? 0);
    const factor = (unit?.factor ?? 1) * scaled;
    const before = /([-−–+])\s?$/.exec(plain.slice(Math.max(0, start - 2), start))?.[1];
    const said = sign !== 0 || before === undefined || !symbol ? sign : before === '+' ? 1 : -1;
    found.push({
      text: text.slice(start, to),
      from: start,
      to,
      value: value * factor,
      tolerance: (step * factor) / 2,
      unit: unit?.unit ?? null,
      dimension: unit?.dimension ?? null,
      sign: said,
      factor,
      next: wordAfter(plain, to),
    });
  };

  for (const match of plain.matchAll(NUMERAL)) {
    const [whole, mark, digits, power, exponent] = match;
    const from = match.index;
    // A dash between two figures is a range, not a minus.
    const range = mark !== undefined && /\d\s?$/.test(plain.slice(0, from));
    const sign = mark === undefined || range ? 0 : mark.trim() === '+' ? 1 : -1;
    const { value, step } = numeralValue(digits!, power ?? exponent);
    const scale = SCALE_AFTER.exec(plain.slice(from + whole.length));
    // `5 m` and `3 k` without more are no multipliers; `5 million`, `9k` are.
    const times = scale && (scale[1]!.length > 2 || !/^\s/.test(scale[0])) ? SCALES[scale[1]!.toLowerCase()]! : 1;
    const end = from + whole.length + (times === 1 ? 0 : scale![0].length);
    push(from + (range ? mark!.length : 0), end, sign === -1 ? -value : value, step, sign, times);
  }
  for (const match of plain.matchAll(WORD_NUMBER)) {
    const [from, to] = [match.index, match.index + match[0].length];
    if (!taken(from, to)) push(from, to, numberInWords(match[0]), 0, 0);
  }
  for (const match of plain.matchAll(
    /(?<![\p{L}-])(?:(a|one|two|three)\s+)?(half|halved|thirds?|quarters?|fifths?|tenths?)(?![\p{L}])/giu,
  )) {
    const [from, to] = [match.index, match.index + match[0].length];
    const word = match[2]!.toLowerCase();
    // `half an hour` and `half-hour` name a slot; `the third` is an ordinal.
    if (
      /^[\s-](?:an?\s)?hour/i.test(plain.slice(to)) ||
      (match[1] === undefined && !word.startsWith('hal')) ||
      taken(from, to)
    )
      continue;
    const share = FRACTIONS[word]! * ({ two: 2, three: 3 }[match[1]?.toLowerCase() ?? ''] ?? 1);
    found.push({
      text: match[0],
      from,
      to,
      value: share,
      tolerance: 0.005,
      unit: 'ratio',
      dimension: 'ratio',
      sign: 0,
      factor: 1,
      next: wordAfter(plain, to),
    });
  }
  for (const match of plain.matchAll(
    /(?<![\p{L}-])(twice|double[sd]?|thrice|tripled?|tenfold|quadruple)(?![\p{L}])/giu,
  )) {
    const [from, to] = [match.index, match.index + match[0].length];
    if (!taken(from, to)) push(from, to, TIMES[match[1]!.toLowerCase()]!, 0, 0);
  }
  // `a tonne`, `one megawatt-hour`: a number word where a unit follows.
  for (const match of plain.matchAll(/(?<![\p{L}\d])(an?|one)\s+(?=\p{L})/giu)) {
    const end = match.index + match[1]!.length;
    const unit = unitAt(plain.slice(end));
    const word = plain.slice(end).trim().split(/\P{L}/u)[0]!;
    if (unit && unit.dimension !== 'duration' && word.length > 2 && !taken(match.index, end))
      push(match.index, end, 1, 0, 0);
  }
  for (const match of plain.matchAll(
    /[\u2150-\u215e\u00bc-\u00be\u00b2\u00b3\u00b9\u2070-\u2089]|(?![0-9])\p{Nd}|\p{Nl}/gu,
  )) {
    const at = match.index;
    // Signs for numbers that nothing of ours prints: never grounded, but for the index of CO₂.
    if (match[0] === '₂' && /CO$/.test(plain.slice(0, at))) continue;
    if (!taken(at, at + 1))
      found.push({
        text: match[0],
        from: at,
        to: at + 1,
        value: Number.NaN,
        tolerance: 0,
        unit: null,
        dimension: null,
        sign: 0,
        factor: 1,
        next: '',
      });
  }
  return borrowed(
    found.sort((a, b) => a.from - b.from),
    plain,
  );
};

/** `146 to 218 kg`: the first figure of a range has the unit of the second. */
const borrowed = (found: readonly Said[], plain: string): Said[] =>
  found.map((said, i) => {
    const next = found[i + 1];
    if (said.unit !== null || !next || next.unit === null || next.dimension === null) return said;
    if (!/^\s?(?:to|and|or|–|—|-)\s?$/.test(plain.slice(said.to, next.from))) return said;
    const { unit, dimension, factor } = next;
    return { ...said, unit, dimension, factor, value: said.value * factor, tolerance: said.tolerance * factor };
  });
