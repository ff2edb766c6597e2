/** Units and currencies behind a number, as people write them. */

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

export const SYMBOLS: Readonly<Record<string, string>> = {
  '£': 'GBP',
  '€': 'EUR',
  $: 'USD',
  us$: 'USD',
  a$: 'AUD',
  c$: 'CAD',
};
export const CURRENCY_WORDS: Readonly<Record<string, string>> = {
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
/** ISO 4217, the common ones. */
export const CODES = 'gbp|eur|usd|chf|sek|nok|dkk|pln|czk|huf|cad|aud|nzd|jpy|cny|inr|sgd|brl|zar';

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
  // The pound of mass is defined as 0.45359237 kg; without "of CO2" the word is money.
  { dimension: 'mass', factor: 0.45359237, pattern: String.raw`(?:lbs?\b|pounds?(?= (?:of )?(?:co2|carbon)))${CO2}` },
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
export const UNIT_PATTERNS = UNITS.map((unit) => ({
  ...unit,
  regex: new RegExp(`^(?:\\s*\\([a-z -]+\\))?[\\s-]*${unit.pattern}`),
}));
