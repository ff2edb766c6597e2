/** The statement that people read: the event, the half-hours, the money, and what stands beside it. */
import { oneLine } from '../../domain/text.js';
import { amountText, type Line } from './lines.js';

export interface Statement {
  readonly id: string;
  readonly site: string;
  readonly run: string;
  readonly baseline: { readonly days: readonly string[]; readonly used: 'unadjusted' | 'adjusted' };
  readonly periods: readonly {
    readonly start: string;
    readonly period: number;
    readonly meteredKwh: number;
    readonly unadjustedKwh: number;
    readonly adjustedKwh: number;
    readonly deliveredKwh: number;
  }[];
  readonly deliveredMwh: number;
  readonly clippedMwh: number | null;
  readonly lines: readonly Line[];
  readonly gross: number;
  readonly avoided: number | null;
  readonly rebound: number | null;
  readonly net: number | null;
  readonly currency: string;
  readonly notes: readonly string[];
  readonly evidence: string;
}

/** Names come from outside: one line, and no bar that would end a cell. */
const cell = (text: string) => (text === '' ? '' : oneLine(text, 200).replaceAll('|', '\\|'));
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`);
const kwh = (value: number) => value.toFixed(1);

/** In Markdown. */
export const statementOf = (s: Statement): string => {
  const money = (amount: number) => amountText(amount, s.currency);
  const first = s.periods[0]!;
  return [
    `# Settlement of ${cell(s.id)}, ${cell(s.site)}`,
    '',
    `Run ${s.run}. ${s.periods.length} half-hours from ${first.start}; baseline BL01 over ${s.baseline.days.length} days, ${s.baseline.used}.`,
    '',
    ...table(
      ['period', 'start', 'metered kWh', 'baseline', 'with adjustment', 'delivered kWh'],
      s.periods.map((p) => [
        ...[String(p.period), p.start],
        ...[p.meteredKwh, p.unadjustedKwh, p.adjustedKwh, p.deliveredKwh].map(kwh),
      ]),
    ),
    '',
    ...table(
      ['', 'MWh', 'per MWh', 'amount'],
      [
        ...s.lines.map((l) => [
          l.product,
          l.volumeMwh === 0 ? '' : l.volumeMwh.toFixed(4),
          l.price === null ? '' : l.price.toFixed(2),
          money(l.amount),
        ]),
        ['**gross**', s.deliveredMwh.toFixed(4), '', money(s.gross)],
        ['not bought during the event', '', '', s.avoided === null ? 'not known' : money(s.avoided)],
        ['bought later instead', '', '', s.rebound === null ? 'not known' : money(s.rebound)],
        ['**net**', '', '', s.net === null ? 'not known' : money(s.net)],
      ],
    ),
    '',
    ...(s.clippedMwh === null
      ? []
      : [
          `Meter by meter and never below nothing it would be ${s.clippedMwh.toFixed(4)} MWh; a site is settled on its sum.`,
          '',
        ]),
    ...s.notes.map((note) => `- ${note}`),
    ...(s.notes.length > 0 ? [''] : []),
    `SHA-256 of all figures: ${s.evidence}`,
    '',
  ].join('\n');
};
