/** Models beside each other, and beside none: the same questions, how often rightly, how fast, at what cost, and what went wrong. */
import { z } from 'zod';
import { invalid } from '../domain/fault.js';
import { type CaseResult, type EvalReport, kindsOf, rateOf } from './report.js';

export const BOARD = 'caco-eval-board/1';

const Row = z.object({
  model: z.string(),
  questions: z.number().int(),
  runs: z.number().int(),
  passed: z.number().int(),
  rate: z.object({ value: z.number(), low: z.number(), high: z.number() }).describe('95 % Wilson interval'),
  medianS: z.number().nullable().describe('seconds for a question'),
  p95S: z.number().nullable(),
  tokens: z.number().int().nullable().describe('read and written, all runs together; null: not counted'),
  cost: z.number().nullable().describe('of these tokens, at the price that was given; null: none was'),
  failures: z.record(z.string(), z.number().int()).describe('cases by kind of failure'),
});
export type BoardRow = z.infer<typeof Row>;

const Gates = z.object({ passed: z.number().int(), of: z.number().int() });
export const ModelBoard = z.object({ form: z.literal(BOARD), gates: Gates, rows: z.array(Row) });
export type ModelBoard = z.infer<typeof ModelBoard>;

const quantile = (sorted: readonly number[], share: number): number | null =>
  sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;

const rowOf = (
  model: string,
  cases: readonly CaseResult[],
  tokens: number | null,
  pricePerMillion: number | null,
): BoardRow => {
  const runs = cases.reduce((n, { runs: r }) => n + (r?.of ?? 1), 0);
  const passed = cases.reduce((n, { runs: r, passed: p }) => n + (r?.passed ?? (p ? 1 : 0)), 0);
  const seconds = cases.map((c) => c.seconds).sort((a, b) => a - b);
  return {
    ...{ model, questions: cases.length, runs, passed },
    rate: { value: runs === 0 ? 0 : passed / runs, ...rateOf(passed, runs) },
    ...{ medianS: quantile(seconds, 0.5), p95S: quantile(seconds, 0.95), tokens },
    cost: tokens === null || pricePerMillion === null ? null : (tokens * pricePerMillion) / 1e6,
    failures: Object.fromEntries(kindsOf(cases).map(({ kind, count }) => [kind, count])),
  };
};

/** The row "no model" is always there: what a model does not better, it is not worth. `asked`: ids of the questions that both were asked. */
export const modelBoard = (
  report: EvalReport,
  asked: ReadonlySet<string>,
  more: { readonly tokens: number | null; readonly pricePerMillion: number | null },
): ModelBoard => {
  const gates = report.cases.filter((c) => c.runs === undefined);
  const none = gates.filter((c) => c.model === 'none' && asked.has(c.id));
  const real = report.cases.filter((c) => c.runs !== undefined);
  return {
    form: BOARD,
    gates: { passed: gates.filter((g) => g.passed).length, of: gates.length },
    rows: [
      rowOf('no model', none, 0, more.pricePerMillion),
      ...(report.model === 'none' ? [] : [rowOf(report.model, real, more.tokens, more.pricePerMillion)]),
    ],
  };
};

/** Rows of earlier boards, or of reports that hold one, beside these; a model that was asked again counts as it was now. Throws Fault `invalid-input`. */
export const withEarlier = (board: ModelBoard, documents: readonly { name: string; value: unknown }[]): ModelBoard => {
  const rows = new Map(board.rows.map((row) => [row.model, row]));
  for (const { name, value } of documents) {
    const read = ModelBoard.safeParse((value as { board?: unknown } | null)?.board ?? value);
    if (!read.success) throw invalid(`${name} holds no ${BOARD}`, 'Give what `caco eval --model … --json` printed.');
    for (const row of read.data.rows) if (!rows.has(row.model)) rows.set(row.model, row);
  }
  return { ...board, rows: [...rows.values()] };
};

const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;
const seconds = (s: number | null) => (s === null ? '–' : s.toFixed(s < 1 ? 3 : 1));

/** As Markdown. */
export const boardText = ({ gates, rows }: ModelBoard): string => {
  const kinds = [...new Set(rows.flatMap(({ failures }) => Object.keys(failures)))].sort();
  const cells = rows.map((row) => [
    row.model,
    `${row.questions} × ${row.questions === 0 ? 0 : row.runs / row.questions}`,
    `${percent(row.rate.value)} (${percent(row.rate.low)} to ${percent(row.rate.high)})`,
    seconds(row.medianS),
    seconds(row.p95S),
    row.tokens === null ? '–' : String(row.tokens),
    row.cost === null ? '–' : row.cost.toPrecision(3),
    ...kinds.map((kind) => String(row.failures[kind] ?? 0)),
  ]);
  const head = ['model', 'questions × runs', 'passed (95 %)', 'median s', 'p95 s', 'tokens', 'cost', ...kinds];
  return [
    `Gates: ${gates.passed} of ${gates.of} passed.`,
    '',
    `| ${head.join(' | ')} |`,
    `|---|${head
      .slice(1)
      .map(() => '--:|')
      .join('')}`,
    ...cells.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`),
  ].join('\n');
};
