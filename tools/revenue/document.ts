/** The projection for people, in Markdown: what is offered, each product with its interval, the claims, the levers, the years. */
import { percentText } from '../../domain/figures.js';
import type { Claim } from './claims.js';
import type { Lever } from './levers.js';
import type { Product, Range } from './products.js';
import { ELSEWHERE } from './published.js';
import type { Year } from './years.js';

export interface Projection {
  readonly offer: {
    readonly magnitudeMw: number;
    readonly timing: string;
    readonly durationHours: number;
    readonly frequencyPerYear: Range | null;
  };
  readonly source: string;
  readonly currency: string;
  readonly years: readonly Year[];
  readonly products: readonly Product[];
  readonly claims: readonly Claim[];
  readonly levers: readonly Lever[];
  readonly notes: readonly string[];
}

const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map(row),
];

/** Thin spaces would not be found by a search: `76 650`. */
const whole = (value: number): string => {
  const text = Math.abs(Math.round(value))
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
  return Math.round(value) < 0 ? `−${text}` : text;
};
const cents = (value: number | null): string => (value === null ? '' : value.toFixed(2).replace('-', '−'));
const span = (of: Range | null, text: (value: number) => string): string =>
  of === null
    ? 'not known'
    : of.low === of.high
      ? text(of.mean)
      : `${text(of.mean)} (${text(of.low)} to ${text(of.high)})`;

export const documentOf = (p: Projection): string => {
  const { magnitudeMw, timing, durationHours, frequencyPerYear } = p.offer;
  return [
    `# What ${magnitudeMw} MW of flexibility would be paid in a year`,
    '',
    `Offer: ${magnitudeMw} MW (magnitude), ${timing} (timing), ${durationHours} h (duration), ${span(frequencyPerYear, whole)} days a year (frequency). Prices: ${p.source}.`,
    '',
    ...table(
      ['product', 'hours a year', `gross ${p.currency}`, 'rebound', '**net**', 'net per MWh'],
      p.products.map((product) => [
        product.name,
        ...[span(product.hoursPerYear, whole), span(product.gross, whole), span(product.rebound, whole)],
        ...[product.net === null ? 'not known' : `**${span(product.net, whole)}**`, cents(product.netPerMwh)],
      ]),
    ),
    '',
    ...p.products.map(({ name, basis }) => `- ${name}: ${basis}`),
    '',
    '## Which lever pays',
    '',
    ...table(
      ['lever', `${p.currency} per MWh`, 'is less than the net of'],
      p.levers.map(({ lever, perMwh }) => [
        ...[lever, cents(perMwh)],
        p.products
          .filter(({ levers }) => levers.includes(lever))
          .map(({ name }) => name)
          .join('; ') || 'none of them',
      ]),
    ),
    '',
    ELSEWHERE,
    '',
    '## What was claimed',
    '',
    ...p.claims.flatMap(claimed),
    '',
    '## The years',
    '',
    ...table(
      [
        'year',
        'days',
        'sold',
        'not credited',
        'at a cap',
        'MWh',
        'sold at',
        'bought back at',
        'gross',
        'rebound',
        'net',
      ],
      p.years.map((y) => [
        `${y.year}${y.whole ? '' : ' (in part)'}`,
        ...[y.days, y.soldDays, y.uncreditedDays, y.cappedDays].map(String),
        ...[whole(y.soldMwh), cents(y.soldPerMwh), cents(y.boughtBackPerMwh)],
        ...[y.gross, y.rebound, y.net].map(whole),
      ]),
    ),
    '',
    ...p.notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
};

const claimed = ({ claim, unit, said, found, reasons }: Claim): string[] => {
  const text = unit === 'ratio' ? percentText : whole;
  const shown = unit === 'ratio' ? '' : ` ${unit}`;
  return [
    `**${claim}**: ${span(found, text)}${found === null ? '' : shown}${found === null ? '' : found.mean < said.from ? ', less than was said' : ''}`,
    '',
    ...reasons.map(({ why, amount }) => `- ${amount === null ? '' : `${text(amount)}${shown}: `}${why}`),
    '',
  ];
};
