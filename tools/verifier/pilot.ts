/** The tool that tells what a pilot came to: weeks of plans that nobody carried out, held against what really happened. */
import { z } from 'zod';

import type { EvidenceJob, EvidencePlace } from '../../domain/evidence/record.js';
import { invalid, notFound } from '../../domain/fault.js';
import { counted, massEstimateText, massText, percentText } from '../../domain/figures.js';
import { type Delay, PilotReport } from '../../domain/pilot.js';
import { worldName } from '../../domain/plan.js';
import { fromEpoch, Instant, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { constantsOf } from './constants.js';
import { verifyRows } from './evidence.js';
import { kindOf } from './load.js';
import { loadPilot, type Pilot, watchedOrders } from './pilot-load.js';
import { laterHours, rowOf, type WatchedJob } from './pilot-rows.js';
import { actualPlaces } from './signals.js';
import { digestOfLines, type Verified } from './verify.js';

const EARLIEST = fromEpoch(0);
const LATEST = Instant.parse('9999-01-01T00:00:00Z');
const WEEK = 7 * 86_400;
/** Epoch second 0 was a Thursday. */
const MONDAY = 4 * 86_400;

export const reportPilot = defineTool({
  name: 'report_pilot',
  title: 'Report on a pilot',
  description:
    'What plans of a pilot (CACO_OBSERVE=on) would have saved had they been carried out, by the signals that came true and, where a scheduler keeps accounts, by how the jobs really ran; by week and team, with intervals, with how much later jobs would have started, and with what was touched: nothing.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    since: Instant.optional().describe('plans whose window begins then or later; the first when left out'),
    until: Instant.optional().describe('plans whose window begins before it; the last when left out'),
  }),
  output: PilotReport,
  run: async ({ since = EARLIEST, until = LATEST }, world, call) => {
    if (since >= until) throw invalid(`${since} is not before ${until}`, 'Give --since before --until.');
    const span = { since, until };
    const [first, ...rest] = await watchedOrders(world, span);
    if (first === undefined)
      throw notFound(
        `nothing was watched in the world ${worldName(world)}${since === EARLIEST && until === LATEST ? '' : ' in that time'}`,
        'A pilot is CACO_OBSERVE=on caco operate, left on for some weeks (docs/pilot.md).',
      );
    const pilot = await loadPilot(world, span, call.signal, (done, total) =>
      call.progress({ done, total, note: 'plans gathered' }),
    );
    const last = rest.at(-1) ?? first;
    return reportOf(world, pilot, { since: first.span.start, until: last.span.end }, call);
  },
  tell: (o) => findingOf(o),
});

/** The finding in a sentence. */
export const findingOf = ({ saved, isShown, plans, jobs }: PilotReport): string => {
  if (plans.over === 0)
    return `${counted(plans.open, 'plan')} would have been carried out, and none of their work is over yet.`;
  if (jobs.counted === 0)
    return `${counted(plans.over, 'plan')} would have been carried out and moved ${counted(jobs.moved, 'job')}; what that would have saved is not known.`;
  const kg = saved.emissionsKg;
  const of = `${counted(jobs.counted, 'job')} of ${jobs.seen} moved in ${counted(plans.over, 'plan')}`;
  if (isShown)
    return `${massEstimateText(kg)} CO2e would have been saved, ${percentText(kg.confidence)} interval${jobs.baselineKg > 0 ? `, ${percentText(kg.value / jobs.baselineKg)} of the ${massText(jobs.baselineKg)} that all of it was forecast to emit` : ''}: ${of}.`;
  return `A saving is not shown: ${massEstimateText(kg)} CO2e, ${percentText(kg.confidence)} interval; ${of}.`;
};

const reportOf = async (
  world: World,
  pilot: Pilot,
  span: { since: Instant; until: Instant },
  call: Running,
): Promise<PilotReport> => {
  const now = world.clock.now();
  const sites = await world.fleet.sites();
  const pues = new Map(sites.map(({ region, pue }) => [region, pue]));
  const rowsOf = (jobs: readonly WatchedJob[]) => jobs.map((one) => rowOf(one, now, (region) => pues.get(region)));
  const [rows, others] = [rowsOf(pilot.moved), rowsOf(pilot.lackingLeave)];
  const pieces = [...pilot.moved, ...pilot.lackingLeave].flatMap((one) => [one.baseline, one.planned, one.ran ?? []]);
  const { places, currency } = await actualPlaces(world, pieces, call.signal);
  const reckon = (jobs: readonly EvidenceJob[]) => reckoned(world, pilot, places, jobs);
  const all = reckon(rows);
  const { output } = all;
  const kg = estimateOf(output.verified.locationBased.savedKg);
  const { plans } = pilot;
  const total = (of: (jobs: (typeof plans)[number]['jobs']) => number) =>
    plans.reduce((sum, plan) => sum + of(plan.jobs), 0);
  const asRan = pilot.moved.filter(({ ran }) => ran !== null && ran.length > 0).length;
  const byTeam = grouped(
    all.jobs.map(({ job }) => job),
    ({ team }) => team,
  );
  return {
    ...span,
    now,
    world: worldName(world),
    currency: currency ?? world.setting.currency,
    plans: {
      over: plans.length,
      open: pilot.open,
      refused: pilot.refused,
      waiting: pilot.waiting,
      frozen: pilot.frozen,
    },
    jobs: {
      seen: total((jobs) => jobs.total),
      urgent: total((jobs) => jobs.urgent),
      moved: pilot.moved.length,
      counted: output.jobs,
      baselineKg: plans.reduce((sum, { baseline }) => sum + baseline.emissionsKg.value, 0),
    },
    saved: savedOf(all),
    isShown: output.verdict === 'saving' && kg.low > 0,
    expectedKg: Number(output.claimed.emissionsKg),
    difference: output.difference.map((one) => ({
      cause: one.cause,
      emissionsKg: Number(one.emissionsKg),
      cost: Number(one.cost),
    })),
    weeks: [...grouped(rows, weekOf)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([week, jobs]) => ({ week, ...savedOf(reckon(jobs)) })),
    teams: output.byTeam.map((team) => ({
      team: team.team,
      emissionsKg: estimateOf(team.savedKg),
      cost: team.savedCost === null ? null : Number(team.savedCost),
      jobs: team.jobs,
      energyKwh: Number(team.energyKwh),
      delay: delayOf(byTeam.get(team.team) ?? [])!,
    })),
    delay: delayOf(all.jobs.map(({ job }) => job)),
    withLeave: others.length === 0 ? null : savedOf(reckon(others)),
    left: listOf(pilot.left),
    uncounted: listOf(new Map([...grouped(all.unverified, ({ why }) => why)].map(([why, jobs]) => [why, jobs.length]))),
    basis: { asRan, asAsked: pilot.moved.length - asRan },
    touched: pilot.touched,
    notes: notesOf(pilot, all, asRan),
  };
};

/** Together, since all work of one region and hour shares the error of its intensity, in whichever plan it stands. */
const reckoned = (
  world: World,
  { plans, frozen }: Pilot,
  places: readonly EvidencePlace[],
  jobs: readonly EvidenceJob[],
): Verified =>
  verifyRows(
    { jobs, places, contracts: null },
    {
      kind: kindOf(plans[0], places),
      constants: constantsOf(world.method, undefined),
      frozen: frozen === plans.length,
      unplanned: { jobs: 0, energyKwh: '0' },
      jobsDigest: digestOfLines(jobs.map((row) => JSON.stringify(row))),
    },
  );

const estimateOf = (of: { value: string; low: string; high: string; confidence: string }) => ({
  value: Number(of.value),
  low: Number(of.low),
  high: Number(of.high),
  confidence: Number(of.confidence),
});

const savedOf = ({ output }: Verified) => ({
  emissionsKg: estimateOf(output.verified.locationBased.savedKg),
  cost: output.verified.cost.saved === null ? null : Number(output.verified.cost.saved),
  jobs: output.jobs,
});

const grouped = <T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group) group.push(item);
    else groups.set(nameOf(item), [item]);
  }
  return groups;
};

/** Its Monday, by when the job would have begun by itself. */
const weekOf = ({ baseline }: EvidenceJob): string => {
  const start = toEpoch((baseline[0]?.start ?? EARLIEST) as Instant);
  return fromEpoch(Math.floor((start - MONDAY) / WEEK) * WEEK + MONDAY).slice(0, 10);
};

const delayOf = (jobs: readonly EvidenceJob[]): Delay | null => {
  if (jobs.length === 0) return null;
  const hours = jobs.map(({ baseline, ran }) => laterHours(baseline, ran)).sort((a, b) => a - b);
  const at = (share: number) => hours[Math.min(hours.length - 1, Math.ceil(share * hours.length) - 1)]!;
  const end = (pieces: readonly { end: string }[]) =>
    pieces.reduce((last, one) => (one.end > last ? one.end : last), '');
  const pastDue = jobs.filter(
    ({ due, baseline, ran }) => due !== null && end(ran) > due && end(baseline) <= due,
  ).length;
  return { medianHours: at(0.5), p90Hours: at(0.9), mostHours: hours.at(-1)!, pastDue };
};

const MOST_REASONS = 20;
const listOf = (counts: ReadonlyMap<string, number>) =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_REASONS)
    .map(([why, jobs]) => ({ why, jobs }));

const notesOf = (pilot: Pilot, { output }: Verified, asRan: number): string[] => {
  const notes: string[] = [];
  if (pilot.plans.length === 0) return notes;
  if (asRan < pilot.moved.length)
    notes.push(
      `${counted(pilot.moved.length - asRan, 'job')} ${pilot.moved.length - asRan === 1 ? 'is' : 'are'} reckoned as asked for: nobody keeps accounts of how work ran that no plan placed. Energy is modelled, to ±20 %.`,
    );
  if (pilot.frozen < pilot.plans.length)
    notes.push('Not every promise was in the ledger before its plan, so no saving is called shown.');
  if (pilot.twice > 0)
    notes.push(
      `${counted(pilot.twice, 'job')} stood in several plans and ${pilot.twice === 1 ? 'counts' : 'count'} under the first.`,
    );
  if (pilot.touched.otherOrders > 0)
    notes.push(
      `${counted(pilot.touched.otherOrders, 'plan')} of the same time ${pilot.touched.otherOrders === 1 ? 'was' : 'were'} placed and ${pilot.touched.otherOrders === 1 ? 'is' : 'are'} no part of this.`,
    );
  if (output.verified.cost.withoutPrice)
    notes.push(`The price of ${counted(output.verified.cost.withoutPrice, 'job')} is not known.`);
  notes.push('What is learnt while plans are carried out, such as users who submit more or elsewhere, no pilot shows.');
  return notes;
};
