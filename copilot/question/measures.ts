/** What can be asked for, each declared once: its unit, how it adds up over jobs, and on which basis it is known. */
import { z } from 'zod';

export const Basis = z
  .enum(['planned', 'baseline', 'verified'])
  .describe('as planned; as it would have run without the plan; as verified after it ran');
export type Basis = z.infer<typeof Basis>;

export const MEASURE_NAMES = [
  'energy',
  'emissions',
  'intensity',
  'cost',
  'electricity-cost',
  'price',
  'saving',
  'cost-saving',
  'count',
  'start',
  'end',
  'delay',
  'duration',
  'run-hours',
  'gpu-hours',
  'core-hours',
  'slack',
  'power',
  'embodied',
  'cap',
  'pue',
] as const;
export type MeasureName = (typeof MEASURE_NAMES)[number];

export type Dimension =
  | 'mass'
  | 'energy'
  | 'power'
  | 'intensity'
  | 'money'
  | 'rate'
  | 'hours'
  | 'time'
  | 'count'
  | 'ratio';

export interface Measure {
  /** as an answer says it, at the beginning of a sentence */
  readonly title: string;
  readonly dimension: Dimension;
  /** sum: adds over jobs. ratio: a quotient of two sums. each: one value a job, told as its mean, first, last, least or most. peak: the most at one time. */
  readonly sums: 'sum' | 'ratio' | 'each' | 'peak';
  /** what is told of many jobs where nothing else was asked */
  readonly usually?: 'mean' | 'least' | 'most';
  readonly bases: readonly Basis[];
  /** a positive value means less than without the plan */
  readonly saving?: true;
}

const RUN: readonly Basis[] = ['planned', 'baseline'];
const SAVED: readonly Basis[] = ['planned', 'verified'];

export const MEASURES: Readonly<Record<MeasureName, Measure>> = {
  energy: { title: 'Energy', dimension: 'energy', sums: 'sum', bases: [...RUN, 'verified'] },
  emissions: { title: 'Emissions', dimension: 'mass', sums: 'sum', bases: [...RUN, 'verified'] },
  intensity: { title: 'Emissions per kWh', dimension: 'intensity', sums: 'ratio', bases: RUN },
  cost: { title: 'Cost', dimension: 'money', sums: 'sum', bases: RUN },
  'electricity-cost': { title: 'Cost of electricity', dimension: 'money', sums: 'sum', bases: RUN },
  price: { title: 'Price of electricity', dimension: 'rate', sums: 'ratio', bases: RUN },
  saving: { title: 'Saving of CO2e', dimension: 'mass', sums: 'sum', bases: SAVED, saving: true },
  'cost-saving': { title: 'Saving of cost', dimension: 'money', sums: 'sum', bases: SAVED, saving: true },
  count: { title: 'Number', dimension: 'count', sums: 'sum', bases: [...RUN, 'verified'] },
  start: { title: 'Start', dimension: 'time', sums: 'each', usually: 'least', bases: RUN },
  end: { title: 'End', dimension: 'time', sums: 'each', usually: 'most', bases: RUN },
  delay: { title: 'Delay of the start', dimension: 'hours', sums: 'each', usually: 'mean', bases: ['planned'] },
  duration: { title: 'Length', dimension: 'hours', sums: 'each', usually: 'mean', bases: RUN },
  'run-hours': { title: 'Run time in all', dimension: 'hours', sums: 'sum', bases: RUN },
  'gpu-hours': { title: 'GPU hours', dimension: 'hours', sums: 'sum', bases: RUN },
  'core-hours': { title: 'Core hours', dimension: 'hours', sums: 'sum', bases: RUN },
  slack: { title: 'Time between end and deadline', dimension: 'hours', sums: 'each', usually: 'least', bases: RUN },
  power: { title: 'Power', dimension: 'power', sums: 'peak', bases: RUN },
  embodied: { title: 'Embodied emissions', dimension: 'mass', sums: 'sum', bases: RUN },
  cap: { title: 'Power cap', dimension: 'power', sums: 'sum', bases: ['planned'] },
  pue: { title: 'PUE', dimension: 'ratio', sums: 'ratio', bases: ['planned'] },
};

/** A unit of the answer: what it measures, and how many of the measure's own unit it is. */
export interface Unit {
  readonly name: string;
  readonly dimension: Dimension;
  readonly factor: number;
}
const unit = (name: string, dimension: Dimension, factor: number): Unit => ({ name, dimension, factor });
/** As people write them, lower case; money by its code. */
export const UNITS: Readonly<Record<string, Unit>> = {
  g: unit('g', 'mass', 1e-3),
  kg: unit('kg', 'mass', 1),
  t: unit('t', 'mass', 1e3),
  kt: unit('kt', 'mass', 1e6),
  lb: unit('lb', 'mass', 0.45359237),
  Wh: unit('Wh', 'energy', 1e-3),
  kWh: unit('kWh', 'energy', 1),
  MWh: unit('MWh', 'energy', 1e3),
  GWh: unit('GWh', 'energy', 1e6),
  MJ: unit('MJ', 'energy', 1 / 3.6),
  GJ: unit('GJ', 'energy', 1e3 / 3.6),
  W: unit('W', 'power', 1e-3),
  kW: unit('kW', 'power', 1),
  MW: unit('MW', 'power', 1e3),
  'g/kWh': unit('g/kWh', 'intensity', 1),
  'kg/kWh': unit('kg/kWh', 'intensity', 1e3),
  'kg/MWh': unit('kg/MWh', 'intensity', 1),
  min: unit('min', 'hours', 1 / 60),
  h: unit('h', 'hours', 1),
  d: unit('d', 'hours', 24),
};
/** Money has no factor: one currency is never made of another. */
export const CURRENCIES = ['GBP', 'EUR', 'USD'] as const;
export const PENCE = 'p';
