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

export const manifestOf = (books: Books, about: { readonly software: string }): string => {
  const lines = [
    `name: ${quoted(`CACO books from ${books.from} to ${books.to}`)}`,
    `description: ${quoted(
      `Energy and operational location-based emissions of ${books.entries.length} pieces of work as they ran, from verifications ${books.verifications.slice(0, 20).join(', ')}; ${books.omitted} pieces without a known intensity are left out. ${about.software}`,
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
  const outputs: string[] = [];
  let [energy, carbon] = [0, 0];
  for (const e of books.entries) {
    const input = [
      `        - timestamp: ${quoted(e.start)}`,
      `          duration: ${secondsBetween(e.start, e.end)}`,
      `          energy: ${decimal(e.energyKwh)}`,
      `          grid/carbon-intensity: ${decimal(e.intensityGPerKwh!)}`,
      `          job: ${quoted(e.jobId)}`,
      `          team: ${quoted(e.team)}`,
      `          cloud/region: ${quoted(e.region)}`,
    ];
    lines.push(...input);
    const grams = e.energyKwh * e.intensityGPerKwh!;
    outputs.push(...input, `          carbon-grams: ${decimal(grams)}`, `          carbon: ${decimal(grams / 1000)}`);
    energy += e.energyKwh;
    carbon += grams / 1000;
  }
  lines.push('      outputs:', ...outputs);
  lines.push('      aggregated:', `        energy: ${decimal(energy)}`, `        carbon: ${decimal(carbon)}`, '');
  return lines.join('\n');
};
