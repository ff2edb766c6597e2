/** `ingest` and `site import`: what comes in from files. */
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { plain, tableText } from '../terminal.js';

interface Ingested {
  readonly workloadId: string | null;
  readonly accepted: number;
  readonly rejected: readonly {
    line: number;
    field: string | null;
    value: string | null;
    message: string;
    remedy: string;
  }[];
  readonly rejectedCount: number;
  readonly assumed: readonly { field: string; value: string; count: number }[];
  readonly format: string;
  readonly skipped: readonly { what: string; count: number }[];
  readonly ignored: readonly { field: string; suggestion: string | null }[];
  readonly warnings: readonly string[];
}

/** Rows that people read one by one; the rest is in --json. */
const SHOWN = 20;
const count = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ' ');

/** `-` is standard input. */
const pathOf = (file: string) => (file === '-' ? file : resolve(file));

const assumedText = (assumed: Ingested['assumed'], all: number) =>
  assumed.length === 0
    ? []
    : [
        '',
        '  Assumed where rows did not say it:',
        tableText(
          ['field', 'value', 'jobs'],
          assumed.map((a) => [a.field, plain(a.value), a.count === all ? 'all' : count(a.count)]),
        ),
      ];

const ingestedText = (file: string, o: Ingested): string => {
  const rows = o.accepted + o.rejectedCount;
  const again = o.workloadId === null ? '' : ` --workload ${o.workloadId}`;
  const left =
    o.rejectedCount === 0
      ? []
      : [
          `${plain(basename(file))}: ${count(o.rejectedCount)} of ${count(rows)} rows were left out`,
          tableText(
            ['line', 'field', 'value', 'why'],
            o.rejected
              .slice(0, SHOWN)
              .map((r) => [
                String(r.line),
                r.field ?? '(row)',
                r.value === null ? '' : `"${plain(r.value).slice(0, 40)}"`,
                `${plain(r.message)}; ${plain(r.remedy)}`,
              ]),
          ),
          ...(o.rejectedCount > SHOWN ? [`  … and ${count(o.rejectedCount - SHOWN)} more: --json`] : []),
        ];
  const kept =
    o.accepted === 0
      ? 'No job was taken in.'
      : `${count(o.accepted)} jobs are in workload ${o.workloadId} (read as ${o.format}).`;
  return [
    ...left,
    o.rejectedCount > 0 && o.accepted > 0
      ? `${kept} Mend and ingest the rows again with${again}; ids keep them from doubling.`
      : kept,
    ...o.skipped.map((s) => `  ${count(s.count)} passed over: ${plain(s.what)}`),
    ...o.ignored.map(
      (i) => `  nobody reads ${plain(i.field)}${i.suggestion === null ? '' : `; did you mean ${i.suggestion}?`}`,
    ),
    ...o.warnings.map((w) => `  ${plain(w)}`),
    ...assumedText(o.assumed, o.accepted),
    ...(o.accepted === 0
      ? []
      : ['', `  Next: caco plan --workload ${o.workloadId}   caco account --workload ${o.workloadId}`]),
  ].join('\n');
};

const OPTIONS = [
  ['format', 'format'],
  ['unit', 'unit'],
  ['start', 'start'],
  ['timeZone', 'timeZone'],
  ['region', 'region'],
  ['cluster', 'clusterId'],
  ['category', 'category'],
  ['workload', 'workloadId'],
] as const;

const ingest = async (context: Context, [file = '']: string[], options: Record<string, unknown>): Promise<Answer> => {
  const given = Object.fromEntries(
    OPTIONS.flatMap(([option, member]) => (options[option] === undefined ? [] : [[member, options[option]]])),
  );
  const answer = await context.call<Ingested>('ingest_jobs', { path: pathOf(file), ...given });
  const empty = answer.accepted === 0 && answer.rejectedCount > 0;
  return { json: answer, text: ingestedText(file, answer), exitCode: empty ? EXIT.usage : EXIT.done };
};

interface Imported {
  readonly accepted: number;
  readonly replaced: number;
  readonly sites: readonly { id: string; region: string; clusterId: string | null }[];
  readonly rejected: readonly { line: number; field: string; message: string; remedy: string }[];
  readonly assumed: Ingested['assumed'];
  readonly warnings: readonly string[];
}

const importedText = (o: Imported): string =>
  [
    `${o.accepted} ${o.accepted === 1 ? 'site' : 'sites'} imported${o.replaced > 0 ? `, ${o.replaced} in place of one that was known` : ''}.`,
    ...(o.sites.length > 0
      ? [
          tableText(
            ['site', 'region', 'cluster'],
            o.sites.map((s) => [plain(s.id), plain(s.region), plain(s.clusterId ?? '')]),
          ),
        ]
      : []),
    ...(o.rejected.length > 0
      ? [
          'Left out:',
          tableText(
            ['row', 'field', 'why'],
            o.rejected.map((r) => [String(r.line), plain(r.field), `${plain(r.message)}; ${plain(r.remedy)}`]),
          ),
        ]
      : []),
    ...o.warnings.map((w) => `  ${plain(w)}`),
    ...assumedText(o.assumed, o.accepted),
  ].join('\n');

export const register = (program: Command) => {
  addCommand(
    program,
    'ingest <file>',
    'take jobs in: CSV, JSON, SWF, Slurm, Kubernetes or a public trace; - reads standard input',
    (c) =>
      c
        .option(
          '--format <format>',
          'csv, json, jsonl, swf, slurm-json, sacct, scontrol, gaia, alibaba-gpu-2023, lwa, k8s',
        )
        .option('--unit <unit>', 'unit of times in traces that do not say it: s, m or h')
        .option('--start <time>', 'the instant that a trace’s clock calls 0')
        .option('--time-zone <zone>', 'zone of times that carry none, for example UTC')
        .option('--region <region>', 'home of jobs that name none')
        .option('--cluster <id>', 'cluster of jobs that name none')
        .option('--category <category>', 'of jobs that name none: urgent, balanced or sustainable')
        .option('--workload <id>', 'add to this workload instead of making one'),
    ingest,
  );
  const site = program.command('site').description('the places that run work: caps and tariffs');
  addCommand(
    site,
    'import <file>',
    'take sites in from JSON, YAML or CSV; a site of the same id is replaced',
    () => {},
    async (context, [file = '']) => {
      const answer = await context.call<Imported>('import_sites', { path: pathOf(file) });
      const empty = answer.accepted === 0 && answer.rejected.length > 0;
      return { json: answer, text: importedText(answer), exitCode: empty ? EXIT.usage : EXIT.done };
    },
  );
};
