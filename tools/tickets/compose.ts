/** The words of a ticket: fixed order of sections, every figure from the plan. Pure. */
import type { Decision } from '../../domain/decision.js';
import {
  countText,
  figure,
  isNothing,
  massText,
  moneyText,
  powerText,
  savedMassText,
  savedMoneyText,
} from '../../domain/figures.js';
import type { Job } from '../../domain/job.js';
import type { Plan, Recommendation } from '../../domain/plan.js';
import { moveCommand } from '../../domain/slurm-moves.js';
import { moment, oneLine, sentences } from '../../domain/text.js';
import { secondsBetween } from '../../domain/time.js';
import { toAdf } from './adf.js';
import {
  type Block,
  code,
  em,
  heading,
  type Inline,
  link,
  list,
  paragraph,
  strong,
  type TicketDoc,
  table,
} from './document.js';
import type { Group } from './groups.js';
import { toMarkdown } from './markdown.js';
import { besideText, effect, isPriced, NO_PRICE, promise } from './promise.js';
import { slurmMoves } from './slurm.js';

/** What all tickets of one plan share. */
export interface Setting {
  readonly plan: Plan;
  /** null: nobody has decided yet */
  readonly decision: Decision | null;
  readonly currency: string;
  readonly dataNote: string;
  /** what the plan was made to keep, in words; null: it was made for no sale */
  readonly sale: string | null;
  /** number of the newest ledger entry when the ticket was written */
  readonly ledgerSeq: number | null;
  readonly tableRows: number;
  /** a declined change stays silent for so long */
  readonly muteDays: number;
}

/** What a tracker takes: Jira's 32 767 characters of description with room to spare, whichever way it counts them. */
const MAX_ADF_CHARS = 30_000;
const MAX_MARKDOWN_CHARS = 60_000;

export const jobCount = (jobs: number): string => (jobs === 1 ? '1 job' : `${countText(jobs)} jobs`);

const nameOf = (jobs: ReadonlyMap<string, Job>, jobId: string): string => {
  const name = jobs.get(jobId)?.name ?? '';
  const id = oneLine(jobId, 60);
  return name === '' || name === jobId ? id : `${oneLine(name, 60)} (${id})`;
};

/** A job that keeps its first start has been split, or moves a later piece of it. */
const whereTo = (r: Recommendation): string => {
  const to = `${oneLine(r.toRegion, 40)} ${moment(r.toStart)}`;
  return r.fromRegion === r.toRegion && r.fromStart === r.toStart ? `${to}, in pieces until ${moment(r.toEnd)}` : to;
};

const changeTable = (rows: readonly Recommendation[], jobs: ReadonlyMap<string, Job>, setting: Setting): Block =>
  table(
    ['Job', 'From (UTC)', 'To (UTC)', 'Effect'],
    rows.map((r) => [
      nameOf(jobs, r.jobId),
      `${oneLine(r.fromRegion, 40)} ${moment(r.fromStart)}`,
      whereTo(r),
      effect(r.savedKg, r.savedCost, setting),
    ]),
  );

/** Slack is the time between the planned end and the moment by which a job should have finished. */
export const riskOf = (rows: readonly Recommendation[], jobs: ReadonlyMap<string, Job>) => {
  let least = Number.POSITIVE_INFINITY;
  let late = 0;
  let unknown = 0;
  for (const r of rows) {
    const job = jobs.get(r.jobId);
    const limit = job?.due ?? job?.deadline ?? null;
    if (job === undefined) unknown += 1;
    if (limit === null) continue;
    const slack = secondsBetween(r.toEnd, limit) / 3600;
    if (slack < 0) late += 1;
    if (slack < least) least = slack;
  }
  const level = late > 0 ? 'high' : unknown > 0 || least < 3 ? 'medium' : 'low';
  const why =
    late > 0
      ? `${jobCount(late)} of ${countText(rows.length)} would finish after due`
      : least === Number.POSITIVE_INFINITY
        ? `none of the ${jobCount(rows.length)} has a due time`
        : least * 60 < 1
          ? 'at least one job finishes just when it is due, none after'
          : `every job with a due time finishes at least ${figure(least)} h before it`;
  return { level, why: unknown > 0 ? `${why}; ${jobCount(unknown)} could not be looked up` : why, late };
};

const savesSomething = ({ savedKg, savedCost }: Group): boolean =>
  (savedKg.value > 0 && !isNothing(savedKg.value)) || (savedCost > 0 && !isNothing(savedCost));

const decisionBlocks = (group: Group, { decision }: Setting): Block[] => {
  if (decision === null)
    return [
      heading(2, 'Decision wanted'),
      paragraph(
        'Approve or reject the moves below by ',
        strong(`${moment(group.actBy)} UTC`),
        !savesSomething(group)
          ? '; after that they can no longer be made. '
          : group.actBy === group.lastActBy
            ? '; after that nothing of the saving is left. '
            : ` for the full saving; after ${moment(group.lastActBy)} UTC nothing of it is left. `,
        code('caco approvals'),
        ' lists what waits.',
      ),
    ];
  return [
    heading(2, 'Decision'),
    paragraph(
      strong(
        decision.status === 'approved' ? 'Approved' : decision.status === 'refused' ? 'Refused' : 'Partly approved',
      ),
      ` by ${decision.by.map((by) => oneLine(by, 80)).join(', ')} on ${moment(decision.at)} UTC`,
      decision.reasons.length === 0 ? '.' : `: ${oneLine(decision.reasons.join('; '), 400)}.`,
    ),
    paragraph(
      'Each job can be put back until its new start, ',
      group.firstStart === group.lastStart
        ? strong(`${moment(group.firstStart)} UTC.`)
        : strong(`${moment(group.firstStart)} UTC for the first, ${moment(group.lastStart)} UTC for the last.`),
    ),
  ];
};

const signalLines = (plan: Plan): Inline[][] => {
  const lines = plan.signals
    .slice(0, 6)
    .map((s) => [
      { text: oneLine(`${s.region}: ${s.kind}, ${s.source}, ${s.status}, issued ${moment(s.issuedAt)} UTC`, 200) },
    ]);
  const more = plan.signals.length - lines.length;
  return more > 0 ? [...lines, [{ text: `and ${countText(more)} more signals` }]] : lines;
};

const evidenceBlocks = (key: string, { plan, decision, dataNote, ledgerSeq, muteDays }: Setting): Block[] => [
  heading(2, 'Evidence'),
  list([
    ['Plan ', code(plan.id), ', SHA-256 ', code(plan.digest)],
    ...(decision === null ? [] : [['Decision ', code(decision.id)]]),
    ledgerSeq === null
      ? ['No ledger entry was written before this ticket.']
      : ['Ledger up to entry ', code(String(ledgerSeq)), ': ', code(`caco ledger show ${ledgerSeq}`)],
    [`Figures are modelled from the plan, not measured. Data: ${sentences(dataNote, 600)}`],
    ...signalLines(plan),
    ...plan.unseen.slice(0, 5).map((gap) => [`Not seen: ${sentences(gap, 400)}`]),
  ]),
  { type: 'rule' },
  paragraph(
    'CACO key ',
    code(key),
    `. To mute: close as not wanted; the same change then stays silent for ${countText(muteDays)} days.`,
  ),
];

/** Only where each row is a move within Slurm's queue. */
const slurmBlocks = (rows: readonly Recommendation[], jobs: ReadonlyMap<string, Job>): Block[] => {
  const known = rows.map((recommendation) => ({ recommendation, job: jobs.get(recommendation.jobId) }));
  const lines = (undo: boolean) => {
    const { moves, submissions, left } = slurmMoves(known, undo);
    return submissions.length + left.length > 0 ? '' : moves.map(moveCommand).join('\n');
  };
  if (lines(false) === '') return [];
  return [
    paragraph('For Slurm, to apply:'),
    { type: 'code', language: 'sh', text: lines(false) },
    paragraph('and to undo:'),
    { type: 'code', language: 'sh', text: lines(true) },
  ];
};

export interface Decided {
  readonly key: string;
  readonly group: Group;
  readonly jobs: ReadonlyMap<string, Job>;
  /** address of the closed ticket that this one takes up again */
  readonly follows: string | null;
  /** a model's checked paragraph */
  readonly words: string | null;
}

/** The ticket of one group; rows are left out of the table until every tracker takes it. */
export const decisionDoc = (of: Decided, setting: Setting): TicketDoc =>
  fitting(setting.tableRows, (rows) => decisionWith(of, setting, rows));

const decisionWith = ({ key, group, jobs, follows, words }: Decided, setting: Setting, rows: number): TicketDoc => {
  const { plan, currency } = setting;
  const shown = group.rows.slice(0, rows);
  const more = group.rows.length - shown.length;
  const risk = riskOf(group.rows, jobs);
  const [carbon, money] = promise(group.savedKg, group.savedCost, setting);
  const first = group.rows[0]!;
  return [
    paragraph(
      strong(carbon),
      `${money} by moving ${jobCount(group.rows.length)} of ${oneLine(group.team, 80)}.${isPriced(setting) ? '' : ` ${NO_PRICE}`} Risk ${risk.level}: ${risk.why}.`,
    ),
    ...decisionBlocks(group, setting),
    heading(2, 'Effect'),
    paragraph(
      `Within ${moment(plan.window.start)} to ${moment(plan.window.end)} UTC, at ${moneyText(plan.carbonPricePerTonne, currency)} per tonne in the objective. The interval treats errors of the carbon signal as shared by all jobs of the ticket.`,
    ),
    paragraph('Why: the largest single move. ', `${nameOf(jobs, first.jobId)}: ${sentences(first.reason, 300)}`),
    ...(words === null
      ? []
      : [
          paragraph(
            em('Written by a language model; its figures were checked against this ticket: '),
            oneLine(words, 700),
          ),
        ]),
    heading(2, 'Change'),
    ...(shown.length === 0 ? [] : [changeTable(shown, jobs, setting)]),
    ...(more > 0
      ? [
          paragraph(
            `and ${countText(more)} more: `,
            code(`caco export --sbatch --out moves.sh`),
            ' writes all of the plan.',
          ),
        ]
      : []),
    heading(2, 'Constraints kept'),
    list([
      [`Risk ${risk.level}: ${risk.why}.`],
      ['Urgent jobs are not moved; no job leaves its allowed regions or its deadline.'],
      plan.bindingLimits.length === 0
        ? ['No limit of the sites binds in this plan.']
        : [
            `At their limit: ${oneLine(
              plan.bindingLimits
                .slice(0, 3)
                .map((l) => `${l.limit} in ${countText(l.slots)} slots`)
                .join('; '),
              300,
            )}.`,
          ],
      ...(plan.policySetId === null ? [] : [['Policy set obeyed: ', code(plan.policySetId)]]),
      ...(setting.sale === null ? [] : [[`Made for a sale, ${oneLine(setting.sale, 300)}.`]]),
    ]),
    heading(2, 'Accept, reject, undo'),
    list([
      setting.decision === null
        ? ['Accept: ', code('caco approve ID'), '; reject: ', code('caco reject ID --why "…"')]
        : ['Accept: nothing to do, the moves are placed under the decision above.'],
      ['Undo: give the jobs the region and start of the column From again before they start.'],
      ['Plan anew from here: ', code(`caco replan --from ${plan.id}`)],
    ]),
    ...slurmBlocks(shown, jobs),
    heading(2, 'What changed'),
    paragraph(
      ...(follows === null
        ? ['Nothing yet; re-planning and the verified saving are told in comments.']
        : ['This takes up again what was settled in ', link(follows, follows), '.']),
    ),
    ...evidenceBlocks(key, setting),
  ];
};

/** One row of the overview. */
export interface OverviewRow {
  readonly group: Group;
  readonly where: string;
}

/** Everything that the plan moves, with the place where each group is dealt with. */
export const overviewDoc = (
  key: string,
  rows: readonly OverviewRow[],
  notes: readonly string[],
  setting: Setting,
): TicketDoc =>
  fitting(setting.tableRows, (count) => {
    const { plan, currency } = setting;
    const shown = rows.slice(0, count);
    const rest = rows.slice(count);
    const restKg = rest.reduce((sum, row) => sum + row.group.savedKg.value, 0);
    const [carbon, money] = promise(plan.savings.emissionsKg, plan.savings.cost, setting);
    return [
      paragraph(
        strong(`The plan ${carbon[0]!.toLowerCase()}${carbon.slice(1)}`),
        `${money}: ${jobCount(plan.jobs.moved)} of ${countText(plan.jobs.total)} move in ${rows.length === 1 ? '1 group' : `${countText(rows.length)} groups`}.`,
      ),
      heading(2, 'Decision'),
      paragraph('No decision is asked for here; groups that need one have tickets of their own.'),
      ...notes.map((note) => paragraph(sentences(note, 300))),
      heading(2, 'Effect'),
      paragraph(
        `Planned ${[
          besideText(plan.planned.emissionsKg.value, plan.baseline.emissionsKg.value, (kg) => `${massText(kg)} CO2e`),
          isPriced(setting) &&
            besideText(plan.planned.cost.total, plan.baseline.cost.total, (v) => moneyText(v, currency)),
          `peak ${besideText(plan.planned.peakKw, plan.baseline.peakKw, powerText)}`,
        ]
          .filter((part) => part !== false)
          .join(', ')}.${isPriced(setting) ? '' : ` ${NO_PRICE}`}`,
      ),
      heading(2, 'Change'),
      ...(shown.length === 0
        ? []
        : [
            table(
              ['Change', 'Jobs', 'Effect', 'Where'],
              shown.map(({ group, where }) => [
                group.title.replace('[CACO] ', ''),
                countText(group.rows.length),
                effect(group.savedKg.value, group.savedCost, setting),
                oneLine(where, 120),
              ]),
            ),
          ]),
      ...(rest.length > 0
        ? [
            paragraph(
              `and ${rest.length === 1 ? '1 more group' : `${countText(rest.length)} more groups`}, which together ${savedMassText(restKg).replace(/^(saves|emits)/, (verb) => verb.slice(0, -1))}: `,
              code('caco tickets'),
            ),
          ]
        : []),
      heading(2, 'Constraints kept'),
      list([
        [`${jobCount(plan.jobs.urgent)} urgent and left alone; ${jobCount(plan.jobs.unplaced)} could not be placed.`],
        [
          `Late jobs: ${countText(plan.planned.lateJobs)} planned, ${countText(plan.baseline.lateJobs)} without the plan.`,
        ],
        ...(setting.sale === null ? [] : [[`Made for a sale, ${oneLine(setting.sale, 300)}.`]]),
      ]),
      ...evidenceBlocks(key, setting),
    ];
  });

/** The first of ever shorter tables with which both renderings fit. */
const fitting = (tableRows: number, make: (rows: number) => TicketDoc): TicketDoc => {
  for (let rows = tableRows; rows > 0; rows = Math.floor(rows / 2)) {
    const document = make(rows);
    if (fits(document)) return document;
  }
  return make(0);
};

const fits = (document: TicketDoc): boolean =>
  JSON.stringify(toAdf(document)).length <= MAX_ADF_CHARS && toMarkdown(document).length <= MAX_MARKDOWN_CHARS;

/** What is told in a comment when the numbers of a filed ticket moved. */
export const replanDoc = (
  of: Omit<Decided, 'words' | 'follows'>,
  before: { savedKg: number; savedCost: number; jobs: number },
  setting: Setting,
): TicketDoc =>
  fitting(setting.tableRows, (rows) => [
    paragraph(
      strong('Planned anew. '),
      `${promise(of.group.savedKg, of.group.savedCost, setting).join('')} with ${jobCount(of.group.rows.length)}; before, with ${jobCount(before.jobs)}: ${savedMassText(before.savedKg)}${isPriced(setting) ? ` and ${savedMoneyText(before.savedCost, setting.currency)}` : ''}.`,
    ),
    ...decisionBlocks(of.group, setting).slice(1),
    ...(rows === 0 ? [] : [changeTable(of.group.rows.slice(0, rows), of.jobs, setting)]),
    ...(of.group.rows.length > rows ? [paragraph(`and ${countText(of.group.rows.length - rows)} more`)] : []),
    paragraph('Plan ', code(setting.plan.id), ', SHA-256 ', code(setting.plan.digest)),
  ]);
