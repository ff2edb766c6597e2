/** Statements together, of a month or of whatever was settled at once: their sum, for people and as CSV. */
import { exactSum } from '../../domain/decimal.js';
import { RUNS } from '../../domain/settlement/runs.js';
import type { KeptStatement } from '../../domain/settlement/statement.js';
import { amountText } from './lines.js';
import { statementOf } from './statement.js';

export interface Month {
  /** null: of one of them it is not known, so it is not of all */
  readonly totals: {
    readonly deliveredMwh: number;
    readonly gross: number;
    readonly avoided: number | null;
    readonly rebound: number | null;
    readonly net: number | null;
    readonly currency: string;
  }[];
  readonly document: string;
  readonly csv: string;
}

/** An event that several runs settled counts with the newest of them. Sums are by currency. */
export const monthOf = (statements: readonly KeptStatement[]): Month => {
  const newest = new Map<string, KeptStatement>();
  for (const one of statements) {
    const other = newest.get(one.figures.id);
    if (other === undefined || RUNS.indexOf(one.run) > RUNS.indexOf(other.run)) newest.set(one.figures.id, one);
  }
  const counted = [...newest.values()].sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
  const totals = [...new Set(counted.map(({ figures }) => figures.currency))].map((currency) => {
    const of = counted.map(({ figures }) => figures).filter((figures) => figures.currency === currency);
    const all = (values: readonly (number | null)[]) => (values.includes(null) ? null : exactSum(values as number[]));
    return {
      ...{ currency, deliveredMwh: exactSum(of.map((f) => f.deliveredMwh)), gross: exactSum(of.map((f) => f.gross)) },
      avoided: all(of.map((f) => f.avoided)),
      rebound: all(of.map((f) => f.rebound)),
      net: all(of.map((f) => f.net)),
    };
  });
  const each = counted.map(({ figures, run, evidence }) => statementOf({ ...figures, run, evidence }));
  const document = counted.length === 1 ? each[0]! : [...headOf(counted, totals), ...each].join('\n');
  return { totals, document, csv: csvOf(counted) };
};

const startOf = ({ figures }: KeptStatement): string => figures.periods[0]!.start;

const headOf = (counted: readonly KeptStatement[], totals: Month['totals']): string[] => [
  `# ${counted.length} events settled`,
  '',
  '| | MWh | gross | not bought | rebound | **net** |',
  '| --- | --- | --- | --- | --- | --- |',
  ...totals.map(({ currency, deliveredMwh, ...money }) => {
    const text = (amount: number | null) => (amount === null ? 'not known' : amountText(amount, currency));
    return `| all | ${deliveredMwh.toFixed(4)} | ${text(money.gross)} | ${text(money.avoided)} | ${text(money.rebound)} | **${text(money.net)}** |`;
  }),
  '',
];

/** RFC 4180. A name that a spreadsheet would take for a formula gets an apostrophe before it. */
const cell = (value: string | number | null): string => {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const csvOf = (counted: readonly KeptStatement[]): string => {
  const head = ['event', 'site', 'start', 'run', 'line', 'mwh', 'per_mwh', 'amount', 'currency', 'evidence'];
  const rows = counted.flatMap(({ figures: f, run, evidence, ...rest }) => {
    const start = startOf({ figures: f, run, evidence, ...rest });
    const row = (line: string, mwh: number | null, price: number | null, amount: number | null) =>
      [f.id, f.site, start, run, line, mwh, price, amount, f.currency, evidence].map(cell).join(',');
    return [
      ...f.lines.map(({ product, volumeMwh, price, amount }) => row(product, volumeMwh, price, amount)),
      row('gross', f.deliveredMwh, null, f.gross),
      row('avoided', null, null, f.avoided),
      row('rebound', null, null, f.rebound),
      row('net', null, null, f.net),
    ];
  });
  return `${[head.join(','), ...rows].join('\r\n')}\r\n`;
};
