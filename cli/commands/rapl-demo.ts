/** `rapl-demo`: what a slow scraper and a masked reader lose on counters that wrap, beside our accumulator. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Fault, invalid } from '../../domain/fault.js';
import { figure, percentText } from '../../domain/figures.js';
import type { Point } from '../../metering.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { numberOf } from '../fields.js';
import { tableText } from '../terminal.js';
import { countersFlags, countersOf } from './rapl.js';

const WIDTH = 60;
const HEIGHT = 12;
/** A package then counts beyond 32 bits of microjoules, so that the mask shows. */
const WRAP_SECONDS = 20;

/** Energy over time; where lines meet, ours is on top. */
const curves = (points: readonly Point[]): string => {
  const last = points.at(-1)!;
  const top = Math.max(1, Number(last.accumulatorUj));
  const cells = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(' '));
  for (const [mark, of] of [
    ['m', (p: Point) => p.maskedUj],
    ['s', (p: Point) => p.scraperUj],
    ['●', (p: Point) => p.accumulatorUj],
  ] as const)
    for (const point of points) {
      const column = Math.round((point.seconds / Math.max(last.seconds, 1e-9)) * (WIDTH - 1));
      const row = HEIGHT - 1 - Math.round(Math.min(1, Number(of(point)) / top) * (HEIGHT - 1));
      cells[row]![column] = mark;
    }
  return [
    ...cells.map(
      (line, row) => `  ${row === 0 ? `${figure(top / 1e6)} J`.padStart(10) : ''.padStart(10)} │${line.join('')}`,
    ),
    `  ${'0'.padStart(10)} └${'─'.repeat(WIDTH)} ${figure(last.seconds)} s`,
  ]
    .map((line) => line.trimEnd())
    .join('\n');
};

const demo = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const { aliasing, openCounters, paced, simulatedPowercap, simulatedZones, thisMoment } = await import(
    '../../metering.js'
  );
  const duration = numberOf('--duration', options.duration);
  const scrape = numberOf('--scrape', options.scrape);
  if (!(duration > 0 && scrape > 0 && scrape <= duration))
    throw invalid(
      `--duration is ${duration} s and --scrape ${scrape} s`,
      'Give a duration that holds several scrapes, for example --duration 120 --scrape 15.',
    );
  const isReal = options.powercapRoot !== undefined || options.raplMode === 'msr';
  const folder = isReal ? null : mkdtempSync(join(tmpdir(), 'caco-rapl-demo-'));
  try {
    const simulated =
      folder === null ? null : simulatedPowercap(folder, simulatedZones({ watts: 390, wrapSeconds: WRAP_SECONDS }));
    const where = await countersOf(options);
    const source = openCounters(folder === null ? where : { powercapRoot: folder });
    if (source.look().sightings.length === 0)
      throw new Fault('unavailable', `${source.from} shows no energy counter`, 'Leave out --powercap-root.');
    const maxWatts = options.maxWatts === undefined ? undefined : numberOf('--max-watts', options.maxWatts);
    const three = aliasing(source, scrape, maxWatts);
    const began = process.hrtime.bigint();
    if (folder !== null)
      context.warn(`Simulated counters of 390 W that wrap every ${WRAP_SECONDS} s, for ${duration} s.`);
    await paced({ intervalMs: 100, forMs: duration * 1000, signal: context.signal }, () => {
      simulated?.show((process.hrtime.bigint() - began) / 1000n);
      three.sample(thisMoment());
    });
    context.signal.throwIfAborted();
    const points = three.points();
    const { totalUj, coverageRatio } = three.report();
    if (totalUj === null)
      throw new Fault(
        'unavailable',
        `no energy is known of ${source.from}`,
        'Its counters wrap faster than two looks can tell, or cannot be read: caco rapl read says why.',
      );
    const last = points.at(-1)!;
    const lost = (uj: bigint) => last.accumulatorUj - uj;
    const share = (uj: bigint) => (last.accumulatorUj > 0n ? Number(lost(uj)) / Number(last.accumulatorUj) : 0);
    const rows = [
      ['● accumulator, 10 Hz', last.accumulatorUj],
      [`s scraper, ${scrape} s`, last.scraperUj],
      [`m masked to 32 bits, ${scrape} s`, last.maskedUj],
    ] as const;
    return {
      json: {
        ...{ simulated: folder !== null, from: source.from, seconds: last.seconds, scrapeSeconds: scrape },
        coverageRatio,
        accumulatorUj: String(last.accumulatorUj),
        scraperUj: String(last.scraperUj),
        maskedUj: String(last.maskedUj),
        scraperMissingUj: String(lost(last.scraperUj)),
        maskedMissingUj: String(lost(last.maskedUj)),
        points: points.map((p) => ({
          seconds: p.seconds,
          accumulatorUj: String(p.accumulatorUj),
          scraperUj: String(p.scraperUj),
          maskedUj: String(p.maskedUj),
        })),
      },
      text: [
        `A scraper every ${scrape} s misses ${figure(Number(lost(last.scraperUj)) / 1e6)} J of ${figure(Number(last.accumulatorUj) / 1e6)} J.`,
        '',
        tableText(
          ['reader', 'energy', 'missing', ''],
          rows.map(([name, uj]) => [
            name,
            `${figure(Number(uj) / 1e6)} J`,
            `${figure(Number(lost(uj)) / 1e6)} J`,
            percentText(share(uj)),
          ]),
        ),
        '',
        curves(points),
      ].join('\n'),
    };
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
};

export const register = (program: Command) => {
  addCommand(
    program,
    'rapl-demo',
    'what a slow scraper and a masked reader lose on counters that wrap (simulated unless --powercap-root)',
    (c) =>
      void countersFlags(c)
        .option('--duration <seconds>', 'how long', '120')
        .option('--scrape <seconds>', 'interval of the other two readers', '15'),
    demo,
  );
};
