/** `caco report`: what a month came to, for people who read no terminal. */
import type { Command } from 'commander';
import { invalid, notFound } from '../../domain/fault.js';
import { counted, energyText, figure, massEstimateText, massText, moneyText } from '../../domain/figures.js';
import { type MonthReport, monthOf, monthReport, type ReportedRecord } from '../../domain/month-report.js';
import { oneLine } from '../../domain/text.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { type Sheet, writeSheet } from '../sheet.js';

const everyRecord = async (context: Context): Promise<ReportedRecord[]> => {
  const records: ReportedRecord[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await context.call('list_verifications', { limit: 200, cursor });
    records.push(...page.verifications);
    if (page.next === null) return records;
    cursor = page.next;
  }
};

const sheetOf = (
  report: MonthReport,
  currency: string,
  dataNote: string,
  records: readonly ReportedRecord[],
): Sheet => {
  const money = (amount: number | null) => (amount === null ? 'not known' : moneyText(amount, currency));
  return {
    title: `Savings of ${report.month}`,
    lead: `Verified: ${massEstimateText(report.savedKg)} CO2e saved, 95 % interval, of ${massText(report.plannedKg)} that were planned. Money: ${money(report.savedCost)} saved; ${money(report.plannedCost)} had been planned.`,
    paragraphs: [dataNote],
    parts: [
      {
        heading: 'Why it differs from the plan',
        table: {
          rows: [
            ['planned', massText(report.plannedKg)],
            ...report.causes.map((c) => [c.cause, massText(c.emissionsKg)]),
            ['verified', massText(report.savedKg.value)],
          ],
          numbersFrom: 1,
        },
      },
      {
        heading: 'Teams by verified saving per kWh',
        table: {
          head: ['team', 'saved per kWh', 'verified saving', 'money', 'energy', 'jobs'],
          rows: report.teams.map((t) => [
            oneLine(t.team),
            t.savedKgPerKwh === null ? 'not known' : `${figure(t.savedKgPerKwh * 1000)} g`,
            massEstimateText(t.savedKg),
            money(t.savedCost),
            energyText(t.energyKwh),
            String(t.jobs),
          ]),
          numbersFrom: 1,
        },
      },
      {
        heading: 'Records',
        table: {
          rows: records.map((r) => [r.id, `plan ${r.planId}`, massEstimateText(r.verified.emissionsKg)]),
          numbersFrom: 2,
        },
      },
    ],
    notes: [
      `${report.unverifiedJobs === 0 ? 'Every moved job was verified.' : `${counted(report.unverifiedJobs, 'moved job')} could not be verified and ${report.unverifiedJobs === 1 ? 'counts' : 'count'} as nothing saved.`} Location-based. Each record can be computed again by a stranger: caco verify ID --out FILE, and its proof is in the ledger.`,
    ],
  };
};

const text = (report: MonthReport, currency: string, files: readonly string[]): string =>
  [
    `${report.month}: ${massEstimateText(report.savedKg)} CO2e saved, verified; ${massText(report.plannedKg)} had been planned, in ${counted(report.records, 'record')}.`,
    ...(report.savedCost === null
      ? ['Money: not known.']
      : [
          `Money: ${moneyText(report.savedCost, currency)} saved; ${moneyText(report.plannedCost, currency)} had been planned.`,
        ]),
    ...report.teams
      .slice(0, 10)
      .map(
        (t, i) =>
          `  ${String(i + 1).padStart(2)}. ${oneLine(t.team, 30).padEnd(30)} ${t.savedKgPerKwh === null ? 'not known' : `${figure(t.savedKgPerKwh * 1000)} g/kWh`}  ${massEstimateText(t.savedKg)}`,
      ),
    ...files.map((file) => `Written to ${file}.`),
  ].join('\n');

const report = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const records = await everyRecord(context);
  const months = [...new Set(records.map((r) => monthOf(r.at)))].sort();
  const month = options.month === undefined ? months.at(-1) : String(options.month);
  if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw invalid(`"${month}" is no month`, 'Write it as 2022-05.');
  if (month === undefined || !months.includes(month))
    throw notFound(
      month === undefined ? 'no saving was verified yet' : `no saving was verified in ${month}`,
      months.length === 0 ? 'caco runs lists what waits to be verified.' : `There are records of ${months.join(', ')}.`,
    );
  const made = monthReport(records, month);
  const { world } = await context.app();
  const { currency, dataNote } = world.setting;
  const own = records.filter((r) => monthOf(r.at) === month);
  const files = writeSheet(sheetOf(made, currency, dataNote, own), options);
  return { json: { ...made, currency, dataNote, files }, text: text(made, currency, files) };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'report',
    'what a month came to: planned and verified savings, causes, teams',
    (c) =>
      c
        .option('--month <month>', 'for example 2022-05; the newest with a verified saving when left out')
        .option('--html <file>', 'write it as one page that can be printed')
        .option('--markdown <file>', 'write it as Markdown'),
    report,
  );
};
