/** Figures as people read them: three significant digits, a unit, a true minus sign, and an interval where there is one. */
import type { Estimate } from './estimate.js';
import { type Instant, toEpoch } from './time.js';

/** Three significant digits, thin groups of thousands, no exponent. */
export const figure = (value: number, digits = 3): string => {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.max(0, digits - 1 - magnitude);
  const scale = 10 ** Math.max(0, magnitude - digits + 1);
  const rounded =
    decimals > 0
      ? Math.abs(value).toFixed(Math.min(decimals, 12))
      : String(Math.round(Math.abs(value) / scale) * scale);
  const [whole, fraction] = rounded.split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ' ');
  return `${value < 0 ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
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
  const [size, name] = units.find(([from]) => Math.abs(value) >= from) ?? units.at(-1)!;
  return { divide: size === 0 ? 1e-3 : size, name };
};
const said = (value: number, units: readonly Unit[]) => {
  if (value === 0) return `0 ${units.at(-2)![1]}`;
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
  const sign = amount < 0 ? '−' : '';
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
  const { divide, name } = pick(Math.max(Math.abs(kg.value), Math.abs(kg.high), Math.abs(kg.low)), MASS);
  return `${figure(kg.value / divide)} ${name} (${figure(kg.low / divide)} to ${figure(kg.high / divide)})`;
};

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Wed 1 Jun 2022 00:00 UTC`. */
export const dayText = (at: Instant): string => {
  const t = new Date(toEpoch(at) * 1000);
  return `${WEEKDAYS[t.getUTCDay()]} ${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]} ${t.getUTCFullYear()} ${at.slice(11, 16)} UTC`;
};
