/** What a model of usage is told of each step: covariates and calendar, never energy. */
import type { UsageModel, UsageRows } from '../../../domain/usage.js';
import { type Calendar, calendarOf } from './calendar.js';

/**
 * `waves`: hours as two harmonics, free days apart. `hours`: an own level for each hour of working and of free days, the
 * time-of-week model of measurement and verification (Mathieu et al. 2011) with days of two kinds.
 */
export const FORMS = ['waves', 'hours'] as const;
export type Form = (typeof FORMS)[number];

/** Where a building begins to be heated and cooled, °C: between them the weather says nothing. */
const HEATED_BELOW = 15;
const COOLED_ABOVE = 18;

/** Inputs row by row; a row with something unknown has NaN in its first place. */
export interface Inputs {
  readonly count: number;
  readonly width: number;
  readonly values: Float64Array;
}

type Known = UsageModel['covariates'];

/** Covariates by the place and the scale that training gave them: in the range of what was learned they lie within 0 and 1. */
const scaled = (rows: UsageRows, known: Known): Float64Array[] =>
  known.map(({ name, kind, low, high }) => {
    const values = rows.covariates.find((one) => one.name === name)?.values;
    const count = rows.energyKwh.length;
    if (values === undefined) return new Float64Array(count).fill(Number.NaN);
    return kind === 'temperature' ? values : values.map((value) => (value - low) / (high - low || 1));
  });

const calendarWidth = (form: Form) => (form === 'waves' ? 7 : 48);

export const widthOf = (form: Form, known: Known): number => calendarWidth(form) + 2 * known.length;

const ofCalendar = (form: Form, { hour, free }: Calendar, i: number, out: Float64Array, at: number): void => {
  const isFree = free[i]!;
  if (form === 'hours') {
    out[at + 24 * isFree + Math.floor(hour[i]!)] = 1;
    return;
  }
  const turn = (2 * Math.PI * hour[i]!) / 24;
  out[at] = isFree;
  out[at + 1] = Math.sin(turn);
  out[at + 2] = Math.cos(turn);
  out[at + 3] = Math.sin(2 * turn);
  out[at + 4] = Math.cos(2 * turn);
  out[at + 5] = isFree * Math.sin(turn);
  out[at + 6] = isFree * Math.cos(turn);
};

export const inputsOf = (form: Form, rows: UsageRows, known: Known): Inputs => {
  const count = rows.energyKwh.length;
  const calendar = calendarOf(rows);
  const covariates = scaled(rows, known);
  const width = widthOf(form, known);
  const values = new Float64Array(count * width);
  for (let i = 0; i < count; i++) {
    let at = i * width;
    let isKnown = true;
    covariates.forEach((of, c) => {
      const x = of[i]!;
      if (Number.isNaN(x)) isKnown = false;
      const isWeather = known[c]!.kind === 'temperature';
      values[at++] = isWeather ? Math.max(0, HEATED_BELOW - x) / 10 : x;
      values[at++] = isWeather ? Math.max(0, x - COOLED_ABOVE) / 10 : x * x;
    });
    ofCalendar(form, calendar, i, values, at);
    if (!isKnown) values[i * width] = Number.NaN;
  }
  return { count, width, values };
};

export const isKnown = ({ values, width }: Inputs, i: number): boolean => !Number.isNaN(values[i * width]!);
