/** `meter`: what was measured: readings in from files or by looking, and what they say. */
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { invalid } from '../../domain/fault.js';
import { energyText, figure, percentText } from '../../domain/figures.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Options = Record<string, unknown>;
const known = (kwh: number | null) => (kwh === null ? 'not known' : energyText(kwh));

const IMPORT = flagsOf('import_meter', {
  path: false,
  text: false,
  meterId: '--name <meter>',
  site: '--site <id>',
  job: '--job <id>',
});
const SHOW = flagsOf('show_meter', { meterId: false });
const LIST = flagsOf('list_meters', {});
const RECORD = flagsOf('record_meters', {});
const TELEMETRY = flagsOf('read_telemetry', { meterId: '--name <meter>', stepMinutes: '--step <minutes>' });
const COVARIATE = flagsOf('read_covariate', { id: '--name <name>', stepMinutes: '--step <minutes>' });

const SHOWN = 20;

const importedText = (o: ToolAnswer<'import_meter'>): string =>
  [
    ...(o.rejectedCount > 0
      ? [
          `${o.rejectedCount} rows were left out`,
          tableText(
            ['line', 'field', 'why'],
            o.rejected
              .slice(0, SHOWN)
              .map((r) => [
                r.line === 0 ? '' : String(r.line),
                plain(r.field),
                `${plain(r.message)}; ${plain(r.remedy)}`,
              ]),
          ),
          ...(o.rejectedCount > SHOWN ? [`  … and ${o.rejectedCount - SHOWN} more: --json`] : []),
        ]
      : []),
    `${o.accepted} rows were read as ${o.basis} in ${o.unit}.`,
    tableText(
      ['meter', 'energy', 'known', 'from', 'to', 'new', 'gaps'],
      o.meters.map((m) => [
        plain(m.id),
        known(m.energyKwh),
        percentText(m.coverageRatio),
        m.from ?? '',
        m.to ?? '',
        m.same > 0 ? `${m.spans} (${m.same} known before)` : String(m.spans),
        String(m.gaps),
      ]),
    ),
    ...o.assumed.map((text) => `  Taken for granted: ${plain(text)}.`),
    '',
    `  Next: caco meter show ${plain(o.meters[0]?.id ?? 'ID')}`,
  ].join('\n');

const importFile = async (context: Context, [file = '']: string[], options: Options): Promise<Answer> => {
  const answer = await context.call('import_meter', { ...(await IMPORT.input(options)), path: resolve(file) });
  const empty = answer.accepted === 0 && answer.rejectedCount > 0;
  return { json: answer, text: importedText(answer), exitCode: empty ? EXIT.usage : EXIT.done };
};

const subjectText = ({ kind, id }: ToolAnswer<'list_meters'>['meters'][number]['subject']) =>
  kind === 'none' ? '' : `${kind} ${plain(id)}`;

const listText = (o: ToolAnswer<'list_meters'>): string =>
  o.total === 0
    ? 'No meter is known: caco meter import FILE takes readings in.'
    : tableText(
        ['meter', 'covers', 'of', 'from', 'to', 'source'],
        o.meters.map((m) => [
          plain(m.id),
          m.boundary,
          subjectText(m.subject),
          m.covers?.start ?? '',
          m.covers?.end ?? '',
          plain(m.source),
        ]),
      );

const showText = (o: ToolAnswer<'show_meter'>): string =>
  [
    o.energyKwh === null
      ? `Nothing is known of ${plain(o.meter.id)} in that time.`
      : `${plain(o.meter.id)}: ${energyText(o.energyKwh)} from ${o.from} to ${o.to}; ${percentText(o.coverageRatio)} of the time is known.`,
    `  Boundary: ${o.meter.boundary}${o.meter.subject.kind === 'none' ? '' : `, ${subjectText(o.meter.subject)}`}. Source: ${plain(o.meter.source)}, ${o.meter.basis}.`,
    '',
    tableText(
      ['from', 'energy', 'known'],
      o.rows.slice(0, 62).map((r) => [r.start, known(r.energyKwh), percentText(r.coverageRatio)]),
    ),
    ...(o.rowCount > 62 ? [`  … and ${o.rowCount - 62} more rows: --json, or --from and --to`] : []),
    ...o.gaps.slice(0, SHOWN).map((gap) => `  Gap ${gap.start} to ${gap.end}: ${plain(gap.why)}.`),
    ...(o.gapCount > SHOWN ? [`  … and ${o.gapCount - SHOWN} more gaps`] : []),
  ].join('\n');

const recordText = (o: ToolAnswer<'record_meters'>): string =>
  [
    o.readings.length === 0
      ? 'No meter can be looked at: CACO_METER chooses one.'
      : tableText(
          ['meter', 'covers', 'counter', 'power', 'since the look before'],
          o.readings
            .slice(0, 50)
            .map((r) => [
              plain(r.meter.id),
              r.meter.boundary,
              known(r.energyKwh),
              r.powerKw === null ? 'not known' : `${figure(r.powerKw * 1000)} W`,
              r.sinceKwh === null ? 'not known' : energyText(r.sinceKwh),
            ]),
        ),
    ...(o.readings.length > 50 ? [`  … and ${o.readings.length - 50} more: --json`] : []),
  ].join('\n');

const telemetryText = (o: ToolAnswer<'read_telemetry'>): string =>
  [
    `${o.samples} samples were read, ${o.scrapeSeconds === null ? 'too few to say how far apart' : `${figure(o.scrapeSeconds)} s apart`}.`,
    tableText(
      ['meter', 'series', 'energy', 'known', 'basis'],
      o.meters.map((m) => [plain(m.id), String(m.series), known(m.energyKwh), percentText(m.coverageRatio), m.basis]),
    ),
    ...o.meters.flatMap((m) =>
      m.gaps.slice(0, 5).map((gap) => `  Gap of ${plain(m.id)} from ${gap.start}: ${plain(gap.why)}.`),
    ),
    '',
    `  Next: caco meter show ${plain(o.meters[0]?.id ?? 'ID')}   caco savings train`,
  ].join('\n');

const record = async (context: Context, _: string[], options: Options): Promise<Answer> => {
  const { every, looks, ...rest } = options;
  const [seconds, count] = [numberOf('--every', every), numberOf('--looks', looks)];
  if (!(seconds > 0 && Number.isInteger(count) && count >= 1))
    throw invalid('the looks make no sense', 'Give seconds above 0 and whole looks: --every 60 --looks 10.');
  const input = await RECORD.input(rest);
  let before: string | null = null;
  for (let n = 1; ; n++) {
    const answer = await context.call('record_meters', input);
    if (answer.at === before && seconds >= 1)
      throw invalid(
        'time stands still for this simulated meter, so that looking again tells nothing',
        'Use a live grid, which lives by the system’s clock: CACO_GRID=live.',
      );
    before = answer.at;
    if (n >= count) return { json: answer, text: recordText(answer) };
    context.warn(await context.tell('record_meters', answer));
    await pause(seconds * 1000, undefined, { signal: context.signal });
  }
};

export const register = (program: Command) => {
  const meter = program.command('meter').description('measured energy: readings of meters, in and out');
  addCommand(meter, 'import <file>', 'take in the readings of a building or PDU meter: CSV', IMPORT.shape, importFile);
  addCommand(meter, 'list', 'the meters that readings are kept of', LIST.shape, async (context, _, options) => {
    const answer = await context.call('list_meters', await LIST.input(options));
    return { json: answer, text: listText(answer) };
  });
  addCommand(
    meter,
    'show <meter>',
    'what a meter measured, by day or hour, with its gaps',
    SHOW.shape,
    async (context, [meterId = ''], options) => {
      const answer = await context.call('show_meter', { ...(await SHOW.input(options)), meterId });
      return { json: answer, text: showText(answer) };
    },
  );
  addCommand(
    meter,
    'record',
    'look at the meters of CACO_METER and keep what they tell',
    async (c) =>
      void (await RECORD.shape(c))
        .option('--every <seconds>', 'time between two looks', '60')
        .option('--looks <n>', 'how many; the first keeps nothing', '1'),
    record,
  );
  addCommand(
    meter,
    'telemetry',
    'bring the energy that the Prometheus of CACO_METER_URL remembers',
    TELEMETRY.shape,
    async (context, _, options) => {
      const answer = await context.call('read_telemetry', await TELEMETRY.input(options));
      return { json: answer, text: telemetryText(answer) };
    },
  );
  addCommand(
    meter,
    'covariate',
    'bring a series beside the energy from there, by an expression: the work that was asked for',
    COVARIATE.shape,
    async (context, _, options) => {
      const answer = await context.call('read_covariate', await COVARIATE.input(options));
      const { covariate: c, values, coverageRatio } = answer;
      const text = `${values} values of ${plain(c.id)}, ${c.covers?.start} to ${c.covers?.end}; ${percentText(coverageRatio)} of the time is known.`;
      return { json: answer, text };
    },
  );
};
