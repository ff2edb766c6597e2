/** Figures as people read them: three significant digits, a unit, a true minus sign, and an interval where there is one. */
import { type Estimate, scale } from './estimate.js';
import { type Instant, toEpoch } from './time.js';

/** Smaller amounts are what sums of floating-point numbers leave behind: a microgram, a billionth of a pound. */
const NOTHING = 1e-9;
export const isNothing = (value: number): boolean => Math.abs(value) < NOTHING;

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ' ');

/** A count, thousands set apart. */
export const countText = (value: number): string => grouped(String(value));

/** `1 job`, `12 400 jobs`. */
export const counted = (n: number, noun: string, plural = `${noun}s`): string =>
  `${countText(n)} ${n === 1 ? noun : plural}`;

/** Three significant digits, thin groups of thousands, no exponent. */
export const figure = (value: number, digits = 3): string => {
  if (isNothing(value)) return '0';
  // Of the rounded value, so that 9.996 is 10.0 and not 10.00.
  const magnitude = Math.floor(Math.log10(Number(Math.abs(value).toPrecision(digits))));
  const decimals = Math.max(0, digits - 1 - magnitude);
  const scale = 10 ** Math.max(0, magnitude - digits + 1);
  const rounded =
    decimals > 0
      ? Math.abs(value).toFixed(Math.min(decimals, 12))
      : String(Math.round(Math.abs(value) / scale) * scale);
  const [whole, fraction] = rounded.split('.');
  return `${value < 0 ? '−' : ''}${grouped(whole!)}${fraction === undefined ? '' : `.${fraction}`}`;
};

/** Every digit of a number that a person set. */
export const exact = (value: number): string => {
  const [whole, fraction] = String(Number(value.toPrecision(12)))
    .replace('-', '−')
    .split('.');
  return `${grouped(whole!)}${fraction === undefined ? '' : `.${fraction}`}`;
};

/** A value beside the limit that it exceeds, with the digits that it takes to tell the two apart: never `50.0 %, more than 50 %`. */
export const besideLimit = (value: number, limit: number): [value: string, limit: string] => {
  if (value === limit) return [exact(value), exact(limit)];
  let digits = 3;
  while (digits < 12 && Number(value.toPrecision(digits)) === Number(limit.toPrecision(digits))) digits++;
  const isShort = Number(value.toPrecision(digits)) === value;
  return [isShort ? exact(value) : figure(value, digits), exact(limit)];
};

/** With a sign always, as a change is written. */
export const change = (text: string): string => (text.startsWith('−') || text === '0' ? text : `+${text}`);

type Unit = readonly [size: number, name: string];
const MASS: Unit[] = [
  [1e6, 'kt'],
  [1e3, 't'],
  [1, 'kg'],
  [0, 'g'],
];
const ENERGY: Unit[] = [
  [1e6, 'GWh'],
  [1e3, 'MWh'],
  [1, 'kWh'],
  [0, 'Wh'],
];
const POWER: Unit[] = [
  [1e3, 'MW'],
  [1, 'kW'],
  [0, 'W'],
];

const pick = (value: number, units: readonly Unit[]): { divide: number; name: string } => {
  const size3 = Number(Math.abs(value).toPrecision(3));
  const [size, name] = units.find(([from]) => size3 >= from) ?? units.at(-1)!;
  return { divide: size === 0 ? 1e-3 : size, name };
};
const said = (value: number, units: readonly Unit[]) => {
  if (isNothing(value)) return `0 ${units.at(-2)![1]}`;
  const { divide, name } = pick(value, units);
  return `${figure(value / divide)} ${name}`;
};

export const massText = (kg: number): string => said(kg, MASS);
export const energyText = (kwh: number): string => said(kwh, ENERGY);
export const powerText = (kw: number): string => said(kw, POWER);

const SYMBOLS: Readonly<Record<string, string>> = { GBP: '£', USD: '$', EUR: '€' };

export const moneyText = (amount: number, currency: string): string => {
  const symbol = SYMBOLS[currency];
  const text = figure(Math.abs(amount), Math.abs(amount) >= 1000 ? 4 : 3);
  const sign = amount < 0 && text !== '0' ? '−' : '';
  return symbol ? `${sign}${symbol}${text}` : `${sign}${text} ${currency}`;
};

export const percentText = (ratio: number): string => `${figure(ratio * 100)} %`;

/** A gap, whose digits below a hundredth of a percent nobody needs. */
export const gapText = (ratio: number): string => (ratio < 1e-4 ? '0.01 %' : percentText(ratio));

/** How good a plan is known to be. */
export const boundText = (gap: number | null): string =>
  gap === null
    ? 'How far this is from the best schedule is not known.'
    : gap <= 1e-9
      ? 'No schedule can beat this one (proved).'
      : `No schedule can beat this one by more than ${gapText(gap)} (proved).`;

/** `7.4 t (6.1 to 8.7)`, both bounds in the value's unit. */
export const massEstimateText = (kg: Estimate): string => {
  const largest = Math.max(Math.abs(kg.value), Math.abs(kg.high), Math.abs(kg.low));
  const { divide, name } = isNothing(largest) ? { divide: 1, name: 'kg' } : pick(largest, MASS);
  return `${figure(kg.value / divide)} ${name} (${figure(kg.low / divide)} to ${figure(kg.high / divide)})`;
};

type Verbs = readonly [less: string, more: string, none: string];

/** A saving as people say it: never a negative one. `say` is given the amount without its sign. */
const savedText = (value: number, [less, more, none]: Verbs, say: (amount: number) => string): string =>
  isNothing(value) ? none : value > 0 ? `${less} ${say(value)}` : `${more} ${say(-value)} more`;

/** `saves 7.40 t CO2e`, `emits 9.96 kg CO2e more`. */
export const savedMassText = (kg: number): string =>
  savedText(kg, ['saves', 'emits', 'emits as much CO2e'], (v) => `${massText(v)} CO2e`);

/** The same with its interval, which keeps its sign: `saves 1.13 kg (−0.920 to 3.19) CO2e`. */
export const savedMassEstimateText = (kg: Estimate): string =>
  savedText(
    kg.value,
    ['saves', 'emits', 'emits as much CO2e'],
    () => `${massEstimateText(kg.value < 0 ? scale(kg, -1) : kg)} CO2e`,
  );

/** `saves £410`, `costs £3.20 more`. */
export const savedMoneyText = (amount: number, currency: string): string =>
  savedText(amount, ['saves', 'costs', 'costs as much'], (v) => moneyText(v, currency));

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Wed 1 Jun 2022 00:00 UTC`. */
export const dayText = (at: Instant): string => {
  const t = new Date(toEpoch(at) * 1000);
  return `${WEEKDAYS[t.getUTCDay()]} ${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]} ${t.getUTCFullYear()} ${at.slice(11, 16)} UTC`;
};
