/**
 * The books as a manifest of the Impact Framework (Green Software Foundation): builtin plugins only, inputs and outputs, so
 * that `if-run` recomputes every figure and `if-diff` refuses a changed one. carbon = energy × intensity ÷ 1000 in the order
 * of operations that physics.ts uses, so that both agree to the last bit.
 */
import { decimal } from '../../domain/decimal.js';
import { secondsBetween } from '../../domain/time.js';
import type { Books } from './books.js';

/** JSON writes these as they are; YAML forbids them or takes them for the end of a line. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A YAML string; JSON's double quotes are YAML's. The framework computes texts with `=`, and names are not formulas. */
const quoted = (text: string) =>
  JSON.stringify(text.replaceAll('=', '%3D')).replace(
    UNPRINTABLE,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const sum = (unit: string, description: string, how: 'sum' | 'avg' = 'sum', indent = 10) => {
  const pad = ' '.repeat(indent);
  return [
    `${pad}unit: ${unit}`,
    `${pad}description: ${description}`,
    `${pad}aggregation-method:`,
    `${pad}  time: ${how}`,
    `${pad}  component: ${how}`,
  ];
};

/** The manifest piece by piece: the books may hold any number of entries, and no list of them is made a second time. */
export function* manifestOf(books: Books, about: { readonly software: string }): Generator<string> {
  yield `${headOf(books, about.software).join('\n')}\n`;
  for (const entry of books.entries) yield inputOf(entry);
  yield '      outputs:\n';
  let [energy, carbon] = [0, 0];
  for (const entry of books.entries) {
    const grams = entry.energyKwh * entry.intensityGPerKwh!;
    yield `${inputOf(entry)}          carbon-grams: ${decimal(grams)}\n          carbon: ${decimal(grams / 1000)}\n`;
    energy += entry.energyKwh;
    carbon += grams / 1000;
  }
  yield `      aggregated:\n        energy: ${decimal(energy)}\n        carbon: ${decimal(carbon)}\n`;
}

const inputOf = (entry: Books['entries'][number]): string =>
  [
    `        - timestamp: ${quoted(entry.start)}`,
    `          duration: ${secondsBetween(entry.start, entry.end)}`,
    `          energy: ${decimal(entry.energyKwh)}`,
    `          grid/carbon-intensity: ${decimal(entry.intensityGPerKwh!)}`,
    `          job: ${quoted(entry.jobId)}`,
    `          team: ${quoted(entry.team)}`,
    `          cloud/region: ${quoted(entry.region)}`,
    '',
  ].join('\n');

const headOf = (books: Books, software: string): string[] => [
  `name: ${quoted(`CACO books from ${books.from} to ${books.to}`)}`,
  `description: ${quoted(
    `Energy and operational location-based emissions of ${books.entries.length} pieces of work as they ran, from verifications ${books.verifications.slice(0, 20).join(', ')}; ${books.omitted} pieces without a known intensity are left out. ${software}`,
  )}`,
  'tags: null',
  'aggregation:',
  '  metrics:',
  '    - energy',
  '    - carbon',
  '  type: time',
  'initialize:',
  '  plugins:',
  '    carbon-in-grams:',
  '      path: builtin',
  '      method: Multiply',
  '      config:',
  '        input-parameters:',
  '          - energy',
  '          - grid/carbon-intensity',
  '        output-parameter: carbon-grams',
  '      parameter-metadata:',
  '        inputs:',
  '          energy:',
  ...sum('kWh', 'facility energy of the piece', 'sum', 12),
  '          grid/carbon-intensity:',
  ...sum('g/kWh', 'actual intensity of the region over the piece', 'avg', 12),
  '        outputs:',
  '          carbon-grams:',
  ...sum('g', 'emissions', 'sum', 12),
  '    carbon-in-kg:',
  '      path: builtin',
  '      method: Divide',
  '      config:',
  '        numerator: carbon-grams',
  '        denominator: 1000',
  '        output: carbon',
  '      parameter-metadata:',
  '        inputs:',
  '          carbon-grams:',
  ...sum('g', 'emissions', 'sum', 12),
  '        outputs:',
  '          carbon:',
  ...sum('kg', 'emissions', 'sum', 12),
  'execution:',
  '  command: if-run',
  '  status: success',
  'tree:',
  '  children:',
  '    books:',
  '      pipeline:',
  '        compute:',
  '          - carbon-in-grams',
  '          - carbon-in-kg',
  '      inputs:',
];
