/** What a run of the cases comes to: results, rates with their interval, failures by kind, and the table for people. */

export interface FailureKind {
  readonly kind: string;
  readonly count: number;
  readonly cases: readonly string[];
}

export interface CaseResult {
  readonly id: string;
  readonly area: string;
  readonly gate: 'deterministic' | 'reported';
  readonly passed: boolean;
  /** null when it passed */
  readonly why: string | null;
  /** sentences of the case that no rule reads; they were not judged */
  readonly notJudged: readonly string[];
  readonly model: string;
  readonly seconds: number;
  /** it took longer than was wanted: how long, and what was wanted; no part of the verdict */
  readonly late: string | null;
  /** with a real model: of how many runs how many passed */
  readonly runs?: { readonly of: number; readonly passed: number; readonly low: number; readonly high: number };
}

export interface EvalReport {
  readonly model: string;
  readonly cases: readonly CaseResult[];
  readonly passed: number;
  readonly failed: number;
  readonly kinds: readonly FailureKind[];
  readonly seconds: number;
  /** false when a gate failed */
  readonly ok: boolean;
}

/** Wilson score interval at 95 %. */
export const rateOf = (passed: number, of: number): { low: number; high: number } => {
  if (of === 0) return { low: 0, high: 1 };
  const z = 1.959964;
  const p = passed / of;
  const middle = (p + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
};

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/in no figure|cannot be traced|was shown|grounded/i, 'ungrounded figure or word'],
  [/nothing usable|did not answer|server|cut off|malformed/i, 'model gave nothing'],
  [/taken for|was answered|not answered/i, 'question misread'],
  [/left out|is missing|nothing fits|no figure is|not cited/i, 'finding left out'],
  [/journalled|placed|approved|approvals are|decisions|offered/i, 'effect or leave'],
  [/constraint|questions|conflict|dropped|flag|understood|force/i, 'policy reading'],
  [/terminal|event|socket|asked|log line/i, 'stream or calls'],
  [/too long|words/i, 'length'],
];

/** Each failed case counts once for every kind of failure in it. */
export const kindsOf = (results: readonly CaseResult[]): FailureKind[] => {
  const kinds = new Map<string, string[]>();
  for (const { id, why } of results)
    for (const kind of new Set((why?.split('; ') ?? []).map((w) => KINDS.find(([p]) => p.test(w))?.[1] ?? 'other')))
      kinds.set(kind, [...(kinds.get(kind) ?? []), id]);
  return [...kinds.entries()]
    .map(([kind, cases]) => ({ kind, count: cases.length, cases }))
    .sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
};

const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]) => {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  return [head, ...rows].map((r) =>
    `  ${r.map((c, i) => (i === 0 ? c.padEnd(widths[i]!) : c.padStart(widths[i]!))).join('  ')}`.trimEnd(),
  );
};

/** What `caco eval` prints. */
export const evalText = (report: EvalReport): string => {
  const areas = [...new Set(report.cases.map((c) => c.area))];
  const rows = areas.map((area) => {
    const gates = report.cases.filter((c) => c.area === area && c.runs === undefined);
    const with_ = (model: string) => {
      const of = gates.filter((g) => g.model === model);
      return of.length === 0 ? '–' : `${of.filter((g) => g.passed).length} of ${of.length}`;
    };
    const runs = report.cases.filter((c) => c.area === area && c.runs !== undefined).map((c) => c.runs!);
    const [of, passed] = [runs.reduce((n, r) => n + r.of, 0), runs.reduce((n, r) => n + r.passed, 0)];
    const { low, high } = rateOf(passed, of);
    const real = of === 0 ? '–' : `${percent(passed / of)} (${percent(low)} to ${percent(high)})`;
    return [area, with_('none'), with_('scripted'), ...(report.model === 'none' ? [] : [real])];
  });
  const failed = report.cases.filter((c) => !c.passed);
  const late = report.cases.filter((c) => c.late !== null);
  const silent = report.cases.filter((c) => c.notJudged.length > 0);
  const gates = report.cases.filter((c) => c.runs === undefined);
  return [
    `${gates.filter((g) => g.passed).length} of ${gates.length} gates passed in ${report.seconds.toFixed(1)} s.`,
    '',
    ...table(['area', 'no model', 'scripted', ...(report.model === 'none' ? [] : [report.model])], rows),
    ...(report.kinds.length === 0
      ? []
      : [
          '',
          ...table(
            ['kind of failure', 'cases'],
            report.kinds.map((k) => [k.kind, String(k.count)]),
          ),
        ]),
    ...(failed.length === 0 ? [] : ['', 'Failed:', ...failed.map((c) => `  ${c.id}: ${c.why}`)]),
    ...(late.length === 0
      ? []
      : ['', 'Slower than wanted, which fails nothing:', ...late.map((c) => `  ${c.id}: ${c.late}`)]),
    ...(silent.length === 0
      ? []
      : [
          '',
          'Not judged, because no rule reads it:',
          ...silent.flatMap((c) => c.notJudged.map((n) => `  ${c.id}: ${n}`)),
        ]),
  ].join('\n');
};
