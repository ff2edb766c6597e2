/** What the name of a column says of its numbers: carbon per energy in which unit, money, or something that is neither. */
import type { CarbonKind } from '../../../domain/signal.js';

export type Meaning =
  /** A mass of CO2 per energy. */
  | { readonly what: 'intensity'; readonly gPerKwh: number }
  /** A word for carbon intensity and no unit. */
  | { readonly what: 'unstated' }
  /** It may be one of several things, and no word decides which. */
  | { readonly what: 'unclear'; readonly why: string }
  | { readonly what: 'price'; readonly perMwh: number; readonly currency: string | null; readonly stated: boolean }
  /** Something that is no carbon intensity, whoever asks for it. */
  | { readonly what: 'other'; readonly as: string }
  | { readonly what: 'silent' };

/** Grams. The US short ton has 2 000 lb. */
const GRAMS: Readonly<Record<string, number>> = {
  g: 1,
  gram: 1,
  kg: 1000,
  kilogram: 1000,
  t: 1e6,
  mt: 1e6,
  tonne: 1e6,
  metricton: 1e6,
  metrictonne: 1e6,
  shortton: 907_184.74,
  lb: 453.59237,
  pound: 453.59237,
};
/** kWh. */
const ENERGIES: Readonly<Record<string, number>> = { kwh: 1, mwh: 1000, gwh: 1e6, mj: 1 / 3.6, gj: 1000 / 3.6 };

const CO2 = '(?:[ _-]*(?:of[ _])?co2(?:[ _-]?(?:equivalents?|equiv|eq|e))?)?';
const MASS =
  '(short[ _-]?tons?|metric[ _-]?tons?|metric[ _-]?tonnes?|tonnes?|tons?|mt|t|kilograms?|kgs?|grams?|g|pounds?|lbs?)';
const MASS_PER_ENERGY = new RegExp(`(?<![a-z])${MASS}${CO2}[ _.-]*(?:per|/)?[ _.-]*(kwh|mwh|gwh|mj|gj)(?![a-z])`);
const MASS_PER_TIME = new RegExp(
  `(?<![a-z])${MASS}${CO2}[ _]*(?:per|/)[ _]*(h|hr|hour|s|min|minute|day|year|yr)(?![a-z])`,
);
const MASS_ALONE =
  /(?<![a-z])(?:short[ _-]?tons?|tonnes?|tons?|mt|t|kgs?|kilograms?|grams?|g|lbs?|pounds?)(?:co2(?:eq|e)?)?(?![a-z])/;
const SHARE = /percent|perc(?![a-z])|pct|share|ratio|fraction|proportion|%|(?<![a-z])cfe(?![a-z])/;
/** Electricity that comes without carbon, by power, energy or share. */
const CLEAN = /(?:low|zero|no)[ _-]?carbon|carbon[ _-]?free|renewable|fossil/;
const OTHER_SUBSTANCE = /(?<![a-z])(?:nox|no2|so2|sox|pm\d*|ch4|n2o|hg|water|fuel)(?![a-z])/;
const POWER = /(?<![a-z])(?:k|m|g)w(?![a-z])|(?<![a-z])load(?![a-z])|demand|generation/;
const ENERGY = /(?<![a-z])(?:k|m|g|t)wh(?![a-z])|consumption/;
const INTENSITY =
  /(?:^|carbon|co2e?q?|ghg|emissions?|average|avg|mean|marginal|grid|actual|forecast|life[ _-]?cycle|direct)[ _.-]*intensity|(?<![a-z])ci(?![a-z])|emissions?[ _-]?factor|^carbon(?![ _-]?(?:emission|price|cost|tax|mass|total|rate))/;
const RATE = /intensity|(?<![a-z])ci(?![a-z])|factor|rate/;
const PER_ENERGY = /(?:per|\/)[ _]*(?:kwh|mwh|gwh|mj|gj)(?![a-z])/;
const MARGINAL_RATE = /(?<![a-z])(?:moer|aoer|mer)(?![a-z])/;
const CARBON = /carbon|co2|ghg|emission|intensity|(?<![a-z])ci(?![a-z])|moer|aoer/;
const PRICE_WORD = /price|cost|tariff|(?<![a-z])rate(?![a-z])|spot/;
const CURRENCIES: Readonly<Record<string, string>> = {
  '€': 'EUR',
  '£': 'GBP',
  $: 'USD',
  euro: 'EUR',
  p: 'GBP',
  pence: 'GBP',
  pound: 'GBP',
};
const MONEY_PER_ENERGY =
  /(?<![a-z])(p|pence|ct|cents?|c|öre|øre|gbp|eur|euros?|usd|inr|sek|nok|dkk|pln|chf|aud|jpy|pounds?|€|£|\$)[ _]*(?:per|\/)?[ _]*(kwh|mwh)(?![a-z])/;
const CURRENCY = /(?<![a-z])(gbp|eur|usd|inr|sek|nok|dkk|pln|chf|aud|jpy)(?![a-z])|([€£$])/;

/** `kgCO2PerMWh` and `kg CO₂ per MWh` are one. */
const plain = (header: string): string =>
  header
    .normalize('NFKC')
    .replace(/([a-z0-9])Per([A-Zkm])/g, '$1_per_$2')
    .toLowerCase();

/** Throws nothing. */
export const meaningOf = (header: string): Meaning => {
  const text = plain(header);
  if (SHARE.test(text)) return { what: 'other', as: 'a share' };
  if (CLEAN.test(text)) return { what: 'other', as: 'an amount of clean or fossil electricity' };
  const mass = MASS_PER_ENERGY.exec(text);
  if (mass) return massMeaning(text, mass[1]!, mass[2]!);
  const money = MONEY_PER_ENERGY.exec(text);
  if (money) return moneyMeaning(text, money[1]!, money[2]!);
  if (MASS_PER_TIME.test(text)) return { what: 'other', as: 'a mass per time, not per energy' };
  if (PRICE_WORD.test(text) && !/carbon|co2|emission/.test(text))
    return {
      what: 'price',
      perMwh: /kwh/.test(text) ? 1000 : 1,
      currency: currencyIn(text),
      stated: /[km]wh/.test(text),
    };
  if (/per_mwh$/.test(text) && !CARBON.test(text))
    return { what: 'price', perMwh: 1, currency: currencyIn(text), stated: true };
  if (CARBON.test(text) && PER_ENERGY.test(text)) return { what: 'unclear', why: 'the mass has no unit' };
  if (MASS_ALONE.test(text) && CARBON.test(text) && !RATE.test(text))
    return { what: 'other', as: 'a mass, not a mass per energy' };
  if (INTENSITY.test(text) && !POWER.test(text)) return { what: 'unstated' };
  if (MARGINAL_RATE.test(text))
    return { what: 'unclear', why: 'publishers give marginal rates in lb/MWh and in kg/kWh' };
  if (POWER.test(text)) return { what: 'other', as: 'a power' };
  if (ENERGY.test(text)) return { what: 'other', as: 'an energy' };
  if (CARBON.test(text)) return { what: 'unclear', why: 'it may be a total as well as an intensity' };
  return { what: 'silent' };
};

const massMeaning = (text: string, massText: string, energyText: string): Meaning => {
  if (OTHER_SUBSTANCE.test(text)) return { what: 'other', as: 'another substance than CO2' };
  const mass = massText.replace(/[ _-]/g, '').replace(/s$/, '');
  if (mass === 'pound') {
    const carbon = CARBON.test(text);
    const price = PRICE_WORD.test(text);
    if (price && !carbon) return moneyMeaning(text, 'pound', energyText);
    if (price === carbon) return { what: 'unclear', why: 'pounds may be a mass or money' };
  }
  if (mass === 'ton') return { what: 'unclear', why: 'tons may be metric tonnes or US short tons' };
  return { what: 'intensity', gPerKwh: GRAMS[mass]! / ENERGIES[energyText]! };
};

const moneyMeaning = (text: string, money: string, energy: string): Meaning => {
  const hundredth = /^(p|pence|c|ct|cents?|öre|øre)$/.test(money);
  const perMwh = (energy === 'kwh' ? 1000 : 1) / (hundredth ? 100 : 1);
  const named = CURRENCIES[money.replace(/s$/, '')];
  const currency = currencyIn(text) ?? named ?? (/^[a-z]{3}$/.test(money) ? money.toUpperCase() : null);
  return { what: 'price', perMwh, currency, stated: true };
};

const currencyIn = (text: string): string | null => {
  const [, code, sign] = CURRENCY.exec(text) ?? [];
  return code !== undefined ? code.toUpperCase() : sign !== undefined ? CURRENCIES[sign]! : null;
};

/** What words say of the kind of a signal; what they do not say is left out. */
export const kindIn = (words: string): Partial<CarbonKind> => {
  const text = plain(words);
  const accounting = /marginal|moer|(?<![a-z])mer(?![a-z])/.test(text)
    ? 'marginal'
    : /average|aoer|(?<![a-z])avg(?![a-z])/.test(text)
      ? 'average'
      : undefined;
  const scope = /life[ _-]?cycle|(?<![a-z])lca(?![a-z])/.test(text)
    ? 'lifecycle'
    : /operational|direct|moer|aoer/.test(text)
      ? 'operational'
      : undefined;
  return { ...(accounting && { accounting }), ...(scope && { scope }) };
};
