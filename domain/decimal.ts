/**
 * Decimal text for what is signed, and the integers behind it. Sums of kg, kWh and money run in whole 1e-9 of the unit
 * (bigint), so that books add up to the last digit whoever reads them.
 */
import { z } from 'zod';
import { invalid } from './fault.js';

/** An exact decimal: no exponent, no leading zeros, no trailing zeros, no "-0". */
export const Decimal = z
  .string()
  .regex(/^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/, 'must be a decimal such as 18.25')
  .describe('decimal text');
export type Decimal = string;

/** Whole 1e-9 of a unit. */
export type Nano = bigint;

const NANO = 1_000_000_000n;

/** The shortest decimal that reads back as the same number. Throws Fault `invalid-input` for NaN and infinities. */
export const decimal = (value: number): Decimal => {
  if (!Number.isFinite(value))
    throw invalid(`${value} is not a number that can be written down`, 'Give finite numbers.');
  if (value === 0) return '0';
  const text = String(value);
  const [mantissa, exponent] = text.split('e');
  if (exponent === undefined) return text;
  const negative = mantissa!.startsWith('-');
  const [whole, fraction = ''] = mantissa!.replace('-', '').split('.');
  const digits = whole! + fraction;
  const point = whole!.length + Number(exponent);
  const plain =
    point <= 0
      ? `0.${'0'.repeat(-point)}${digits}`
      : digits.length <= point
        ? digits + '0'.repeat(point - digits.length)
        : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${plain}` : plain;
};

export const numberOf = (text: Decimal): number => Number(text);

/** To the nearest 1e-9. Throws Fault `invalid-input` for NaN and infinities. */
export const nano = (value: number): Nano => {
  const scaled = Math.round(value * 1e9);
  if (!Number.isFinite(scaled)) throw invalid(`${value} is not an amount`, 'Give finite numbers.');
  return BigInt(scaled);
};

export const nanoText = (value: Nano): Decimal => {
  const size = value < 0n ? -value : value;
  const rest = size % NANO;
  const fraction = rest === 0n ? '' : `.${rest.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${value < 0n ? '-' : ''}${size / NANO}${fraction}`;
};

/** Whole 1e-9 at most: what lies beyond the ninth digit is cut off, never rounded up. */
export const nanoAtMost = (text: Decimal): Nano => {
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole) * NANO + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  // Below zero, what is cut off makes it smaller.
  return negative ? -size - (/[1-9]/.test(fraction.slice(9)) ? 1n : 0n) : size;
};

/** Whole units at most, and what is left over. Throws Fault `invalid-input` below zero. */
export const wholeUnits = (value: Nano): { readonly whole: number; readonly rest: Nano } => {
  if (value < 0n) throw invalid(`${nanoText(value)} is below zero`, 'Give an amount.');
  return { whole: Number(value / NANO), rest: value % NANO };
};

/** The nearest floating-point number; its shortest text is the decimal itself below 1e6 of the unit. */
export const nanoNumber = (value: Nano): number => {
  const n = Number(value);
  return Number.isSafeInteger(n) ? n / 1e9 : Number(nanoText(value));
};

/** To the nearest 1e-9: what comes of a product of two amounts. */
export const exact = (value: number): number => nanoNumber(nano(value));

/** The sum to the last 1e-9, in whatever order. */
export const exactSum = (values: readonly number[]): number =>
  nanoNumber(values.reduce((sum, value) => sum + nano(value), 0n));

/** Microjoules of an energy in 1e-9 kWh, exactly: 1e-9 kWh = 3600 µJ. */
export const microjoules = (energy: Nano): string => (energy * 3600n).toString();
