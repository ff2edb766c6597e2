/** `replay`: published studies computed again with the planner's own parts. */
import type { Command } from 'commander';
import type { StudyAnswer } from '../../offline.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { tableText } from '../terminal.js';

/** As many decimals as the tolerance needs to be seen. */
const decimalsOf = (tolerance: number | null) =>
  tolerance === null || tolerance <= 0 ? 3 : Math.min(6, Math.max(0, Math.ceil(-Math.log10(tolerance)) + 1));

export const replayText = (o: StudyAnswer): string => {
  const rows = o.rows.map((r) => {
    const digits = decimalsOf(r.tolerance);
    const say = (value: number | null) =>
      value === null
        ? '–'
        : value
            .toFixed(digits)
            .replace(/^-(?=0\.?0*$)/, '')
            .replace('-', '−');
    return [
      r.ok === null ? '·' : r.ok ? 'ok' : 'OFF',
      r.case,
      r.variant === 'as-published' ? 'published' : r.variant,
      say(r.published),
      say(r.ours),
      say(r.difference),
      r.unit,
    ];
  });
  const notes = [...new Set(o.rows.map((r) => r.note).filter((note) => note !== null))];
  return [
    o.failed === 0
      ? `${o.study}: all ${o.held} figures that can be held against the study agree within their tolerance; ${o.open} have nothing to be held against.`
      : `${o.study}: ${o.failed} of ${o.held + o.failed} figures lie outside their tolerance.`,
    `  ${o.title}. ${o.source}.`,
    '',
    tableText(['', 'case', 'variant', 'published', 'ours', 'difference', ''], rows),
    '',
    ...[...o.notes, ...notes].map((note) => `  ${note}`),
  ].join('\n');
};

const replay = async (context: Context, [study]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const { replayStudy } = await import('../../offline.js');
  const answer = replayStudy(study!, String(options.data), {
    capped: options.capped !== false,
    year: options.year !== false,
    onProgress: (done, total) => context.progress({ done, total, note: study! }),
  });
  return { json: answer, text: replayText(answer), exitCode: answer.failed === 0 ? 0 : 1 };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'replay <study>',
    'compute a published study again: lwa-nightly, lwa-ml, gaia, limits, gb-cost-carbon',
    (c) =>
      void c
        .requiredOption('--data <folder>', 'folder of the public data sets')
        .option('--no-capped', 'gaia: leave out the plans under a cap')
        .option('--no-year', 'gaia: leave out the year of 100 000 jobs'),
    replay,
  );
};
