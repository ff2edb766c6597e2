/** `ingest` and `site import`: what comes in from files. */
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { counted } from '../../domain/figures.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Ingested = ToolAnswer<'ingest_jobs'>;

const FLAGS = flagsOf('ingest_jobs', { path: false, jobs: false });

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
      : `${counted(o.accepted, 'job is', 'jobs are')} in workload ${o.workloadId} (read as ${o.format}).`;
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

const ingest = async (context: Context, [file = '']: string[], options: Record<string, unknown>): Promise<Answer> => {
  const answer = await context.call('ingest_jobs', { ...(await FLAGS.input(options)), path: pathOf(file) });
  const empty = answer.accepted === 0 && answer.rejectedCount > 0;
  return { json: answer, text: ingestedText(file, answer), exitCode: empty ? EXIT.usage : EXIT.done };
};

const importedText = (o: ToolAnswer<'import_sites'>): string =>
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
    FLAGS.shape,
    ingest,
  );
  const site = program.command('site').description('the places that run work: caps and tariffs');
  addCommand(
    site,
    'import <file>',
    'take sites in from JSON, YAML or CSV; a site of the same id is replaced',
    () => {},
    async (context, [file = '']) => {
      const answer = await context.call('import_sites', { path: pathOf(file) });
      const empty = answer.accepted === 0 && answer.rejected.length > 0;
      return { json: answer, text: importedText(answer), exitCode: empty ? EXIT.usage : EXIT.done };
    },
  );
};
