/** `caco pilot report`: what weeks of watching came to, for whoever decides whether plans are carried out. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import {
  counted,
  dayText,
  energyText,
  figure,
  isNothing,
  massEstimateText,
  massText,
  moneyText,
} from '../../domain/figures.js';
import { oneLine } from '../../domain/text.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { flagsOf } from '../flags.js';
import { type Sheet, writeSheet } from '../sheet.js';
import { tableText } from '../terminal.js';

type Pilot = ToolAnswer<'report_pilot'>;
type Saved = Pilot['saved'];

const FLAGS = flagsOf('report_pilot', {});

const hours = (value: number) => `${figure(value)} h`;
const moneyOf = (amount: number | null, currency: string) =>
  amount === null ? 'not known' : moneyText(amount, currency);

const delayText = ({ delay }: Pilot): string =>
  delay === null
    ? 'No job would have been moved.'
    : `Of the moved jobs one half would have started within ${hours(delay.medianHours)} of their own start, nine of ten within ${hours(delay.p90Hours)}, the last ${hours(delay.mostHours)} later; ${delay.pastDue === 0 ? 'none' : delay.pastDue} would have ended past its due time because of it.`;

const touchedText = ({ touched: t }: Pilot): string =>
  t.deeds + t.orders + t.changes === 0
    ? 'Nothing was touched: no fleet has an order of these plans, no deed of placing or filing was begun for one, and no job of a scheduler was changed.'
    : `Something was touched after all: ${counted(t.orders, 'order')}, ${counted(t.deeds, 'deed')}, ${counted(t.changes, 'change')} under these plans.`;

const plansText = ({ plans }: Pilot): string =>
  [
    `${counted(plans.over, 'plan')} would have been carried out`,
    ...(plans.open === 0 ? [] : [`${plans.open} more, whose work is not over yet`]),
    ...(plans.refused === 0 ? [] : [`${plans.refused} refused by the rules`]),
    ...(plans.waiting === 0 ? [] : [`${plans.waiting} wait for a person`]),
    `${plans.frozen} of ${plans.over} with their promise in the ledger before`,
  ].join('; ');

const leaveText = (saved: Saved): string =>
  `With the leave of the owners of ${counted(saved.jobs, 'more job')}: ${massEstimateText(saved.emissionsKg)} CO2e more.`;

const weekRows = ({ weeks, currency }: Pilot) =>
  weeks.map((w) => [w.week, massEstimateText(w.emissionsKg), moneyOf(w.cost, currency), String(w.jobs)]);

const teamRows = ({ teams, currency }: Pilot, most: number) =>
  teams
    .slice(0, most)
    .map((t) => [
      oneLine(t.team, 30),
      massEstimateText(t.emissionsKg),
      moneyOf(t.cost, currency),
      energyText(t.energyKwh),
      String(t.jobs),
      hours(t.delay.medianHours),
      hours(t.delay.p90Hours),
    ]);

const WEEKS = ['week of', 'saved (CO2e)', 'money', 'jobs'];
const TEAMS = ['team', 'would have saved (CO2e)', 'money', 'energy', 'jobs', 'later by, half', 'nine of ten'];
const MOST_TEAMS = 12;

const text = (o: Pilot, finding: string, files: readonly string[]): string =>
  [
    `Pilot of ${o.world}, ${dayText(o.since)} to ${dayText(o.until)}`,
    finding,
    `Money: ${moneyOf(o.saved.cost, o.currency)}. Plans had expected ${massText(o.expectedKg)} CO2e.`,
    delayText(o),
    touchedText(o),
    `${plansText(o)}.`,
    ...(o.withLeave === null ? [] : [leaveText(o.withLeave)]),
    ...(o.weeks.length < 2 ? [] : ['', tableText(WEEKS, weekRows(o))]),
    ...(o.teams.length === 0 ? [] : ['', tableText(TEAMS, teamRows(o, MOST_TEAMS))]),
    ...[...o.left, ...o.uncounted].map(({ why, jobs }) => `${counted(jobs, 'job')}: ${oneLine(why)}`),
    '',
    ...o.notes,
    ...files.map((file) => `Written to ${file}.`),
  ].join('\n');

const sheetOf = (o: Pilot, finding: string, dataNote: string): Sheet => ({
  title: `Pilot of ${oneLine(o.world)}, ${o.since.slice(0, 10)} to ${o.until.slice(0, 10)}`,
  lead: finding,
  paragraphs: [
    `Money: ${moneyOf(o.saved.cost, o.currency)}.`,
    touchedText(o),
    `${plansText(o)}. ${o.jobs.seen} jobs were seen, ${o.jobs.urgent} of them urgent and never moved.`,
    ...(o.withLeave === null ? [] : [leaveText(o.withLeave)]),
    dataNote,
  ],
  parts: [
    { heading: 'What it would have delayed', text: delayText(o) },
    { heading: 'Week by week', table: { head: WEEKS, rows: weekRows(o), numbersFrom: 1 } },
    { heading: 'Teams', table: { head: TEAMS, rows: teamRows(o, o.teams.length), numbersFrom: 1 } },
    {
      heading: 'From what plans expected to what it would have come to',
      table: {
        rows: [
          ['expected', massText(o.expectedKg)],
          ...o.difference.filter((d) => !isNothing(d.emissionsKg)).map((d) => [d.cause, massText(d.emissionsKg)]),
          ['by what really happened', massText(o.saved.emissionsKg.value)],
        ],
        numbersFrom: 1,
      },
    },
    ...(o.left.length + o.uncounted.length === 0
      ? []
      : [
          {
            heading: 'Jobs that are in none of these figures',
            table: {
              head: ['why', 'jobs'],
              rows: [...o.left, ...o.uncounted].map(({ why, jobs }) => [oneLine(why), String(jobs)]),
              numbersFrom: 1,
            },
          },
        ]),
  ],
  notes: o.notes,
});

const report = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const answer = await context.call('report_pilot', await FLAGS.input(options));
  const finding = await context.tell('report_pilot', answer);
  const { dataNote } = (await context.app()).world.setting;
  const files = writeSheet(sheetOf(answer, finding, dataNote), options);
  return { json: { ...answer, dataNote, files }, text: text(answer, finding, files) };
};

export const register = (program: Command) => {
  const pilot = program.command('pilot').description('weeks of watching (CACO_OBSERVE=on), before anything is placed');
  addCommand(
    pilot,
    'report',
    'what plans would have saved, how sure that is, whom it would have delayed, and that nothing was touched',
    async (c) => {
      await FLAGS.shape(c);
      c.option('--html <file>', 'write it as one page that can be printed').option(
        '--markdown <file>',
        'write it as Markdown',
      );
    },
    report,
  );
};
