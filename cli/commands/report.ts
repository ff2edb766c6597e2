/** `caco report`: what a month came to, for people who read no terminal. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { invalid, notFound } from '../../domain/fault.js';
import { counted, energyText, figure, massEstimateText, massText, moneyText } from '../../domain/figures.js';
import { type MonthReport, monthOf, monthReport, type ReportedRecord } from '../../domain/month-report.js';
import { oneLine } from '../../domain/text.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { write } from '../output-file.js';

const everyRecord = async (context: Context): Promise<ReportedRecord[]> => {
  const records: ReportedRecord[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await context.call('list_verifications', { limit: 200, cursor });
    records.push(...page.verifications);
    if (page.next === null) return records;
    cursor = page.next;
  }
};

const html = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!);

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#14201d}
h1{font-size:1.5rem}h2{font-size:1.05rem;margin-top:1.6rem}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid #dde4e1}td.num,th.num{text-align:right}
.lead{font-size:1.15rem}small,.note{color:#55645f}`;

const row = (cells: readonly string[], numbers: number): string =>
  `<tr>${cells.map((cell, i) => (i === 0 ? `<th scope="row">${html(cell)}</th>` : `<td${i >= numbers ? ' class="num"' : ''}>${html(cell)}</td>`)).join('')}</tr>`;

/** One page that stands by itself: no script, nothing from elsewhere. */
const pageOf = (
  report: MonthReport,
  currency: string,
  dataNote: string,
  records: readonly ReportedRecord[],
): string => {
  const money = (amount: number | null) => (amount === null ? 'not known' : moneyText(amount, currency));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>CACO: savings of ${report.month}</title><style>${STYLE}</style></head><body>
<h1>Savings of ${report.month}</h1>
<p class="lead">Verified: ${html(massEstimateText(report.savedKg))} CO2e saved, 95 % interval, of ${html(massText(report.plannedKg))} that were planned.
Money: ${html(money(report.savedCost))} saved; ${html(money(report.plannedCost))} had been planned.</p>
<p>${html(dataNote)}</p>
<h2>Why it differs from the plan</h2>
<table><tbody>${[['planned', massText(report.plannedKg)], ...report.causes.map((c) => [c.cause, massText(c.emissionsKg)]), ['verified', massText(report.savedKg.value)]].map((r) => row(r, 1)).join('')}</tbody></table>
<h2>Teams by verified saving per kWh</h2>
<table><thead><tr><th scope="col">team</th><th scope="col" class="num">saved per kWh</th><th scope="col" class="num">verified saving</th><th scope="col" class="num">money</th><th scope="col" class="num">energy</th><th scope="col" class="num">jobs</th></tr></thead>
<tbody>${report.teams.map((t) => row([oneLine(t.team), t.savedKgPerKwh === null ? 'not known' : `${figure(t.savedKgPerKwh * 1000)} g`, massEstimateText(t.savedKg), money(t.savedCost), energyText(t.energyKwh), String(t.jobs)], 1)).join('')}</tbody></table>
<h2>Records</h2>
<table><tbody>${records.map((r) => row([r.id, `plan ${r.planId}`, massEstimateText(r.verified.emissionsKg)], 2)).join('')}</tbody></table>
<p class="note">${report.unverifiedJobs === 0 ? 'Every moved job was verified.' : `${counted(report.unverifiedJobs, 'moved job')} could not be verified and ${report.unverifiedJobs === 1 ? 'counts' : 'count'} as nothing saved.`}
Location-based. Each record can be computed again by a stranger: caco verify ID --out FILE, and its proof is in the ledger.</p>
</body></html>
`;
};

const text = (report: MonthReport, currency: string, file: string | null): string =>
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
    ...(file === null ? [] : [`Written to ${file}.`]),
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
  const file = options.html === undefined ? null : resolve(String(options.html));
  if (file !== null)
    write(
      file,
      pageOf(
        made,
        currency,
        dataNote,
        records.filter((r) => monthOf(r.at) === month),
      ),
    );
  return { json: { ...made, currency, dataNote, file }, text: text(made, currency, file) };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'report',
    'what a month came to: planned and verified savings, causes, teams',
    (c) =>
      c
        .option('--month <month>', 'for example 2022-05; the newest with a verified saving when left out')
        .option('--html <file>', 'write it as one page that can be printed'),
    report,
  );
};
