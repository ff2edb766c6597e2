/** `settle FILE`: what flexibility events are worth, from the site's meters to pounds; one event, or a month of them. */
import type { Command } from 'commander';
import { Fault, invalid } from '../../domain/fault.js';
import { Instant, settlementPeriodOf } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { write } from '../output-file.js';
import { readYaml } from '../yaml-file.js';

const EXAMPLE = 'docs/methods/settlement.md';

const inMonth = (month: string) => (event: unknown) => {
  const start = Instant.safeParse((event as { start?: unknown } | null)?.start);
  // What says no start is named by the settlement itself.
  return !start.success || settlementPeriodOf(start.data).date.startsWith(month);
};

const eventsIn = (path: string, month: string | undefined): unknown[] => {
  const found = readYaml(path, EXAMPLE);
  const events = Array.isArray(found) ? found : [found];
  if (month === undefined) return events;
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw invalid(`${month} is no month`, 'Give one such as 2026-02.');
  const of = events.filter(inMonth(month));
  if (of.length === 0) throw invalid(`${path} holds no event of ${month}`, 'Give the month in which they began.');
  return of;
};

const settle = async (context: Context, [path]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const events = eventsIn(path!, options.month as string | undefined);
  const actor = await context.actor('operate');
  const { run, statements, failed, together } = await (await context.app()).settle(events, {
    ...{ actor, signal: context.signal },
  });
  const [only] = statements;
  const fault = failed[0]?.fault;
  // One that was asked for alone fails alone.
  if (fault && events.length === 1) throw new Fault(fault.code, fault.message, fault.remedy);
  if (options.out !== undefined) write(String(options.out), together.document);
  if (options.csv !== undefined) write(String(options.csv), together.csv);
  const json =
    events.length === 1
      ? { ...only!.figures, evidence: only!.evidence, document: together.document }
      : { runId: run.id, totals: together.totals, statements, failed };
  const missing = failed.map(({ id, fault: why }) => `Not settled: ${id}, for ${why!.message}. ${why!.remedy}`);
  return { json, text: [together.document, ...missing].join('\n'), exitCode: failed.length === 0 ? 0 : 4 };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'settle <events>',
    'what flexibility events delivered by the site’s meters, and what they are paid; EVENTS is a file of one or a list',
    (c) =>
      c
        .option('--month <month>', 'only those that began in it, such as 2026-02')
        .option('--out <file>', 'write the statement there too, in Markdown')
        .option('--csv <file>', 'write its lines there too, as CSV'),
    settle,
  );
};
