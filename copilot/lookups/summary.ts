/** The week in one screen, for everybody or one team: what was verified, what was missed, one thing to change. Ranked by verified saving per kWh, not by size. */
import { type Estimate, sumCorrelated } from '../../domain/estimate.js';
import type { Verification } from '../../domain/evidence/verification.js';
import { isNothing } from '../../domain/figures.js';
import type { Plan } from '../../domain/plan.js';
import { atWallClock, type Instant, plusDays, plusSeconds, wallClock } from '../../domain/time.js';
import { type Desk, dataOfRecords, newestPlans, planNamed, presentOf, read, sumsOf, verifications } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';
import { planSource } from './of-plan.js';
import { foundText, promisedText, uncountable } from './savings.js';

export interface Standing {
  readonly rank: number;
  readonly team: string;
  readonly savedKg: Estimate;
  readonly energyKwh: number;
  /** verified saving per kWh of the work that was verified; null without energy */
  readonly savedGPerKwh: number | null;
  /** false when the interval of the saving includes zero */
  readonly demonstrated: boolean;
}

/** Surely more was emitted: all of the interval lies below zero. */
const isIncrease = ({ savedKg }: Standing): boolean => savedKg.high < 0;

export interface Week {
  readonly from: Instant;
  readonly to: Instant;
}

/** The seven days that end with the day of `now`, or the ISO week `2026-W47`. */
export const weekOf = (now: Instant, week?: { year: number; week: number }): Week => {
  if (week === undefined) {
    const { date } = wallClock(now, 'UTC');
    return {
      from: atWallClock(plusDays(date, -6), '00:00', 'UTC'),
      to: atWallClock(plusDays(date, 1), '00:00', 'UTC'),
    };
  }
  const fourth = atWallClock(`${week.year}-01-04`, '00:00', 'UTC');
  const monday = plusDays(`${week.year}-01-04`, 1 - wallClock(fourth, 'UTC').weekday + 7 * (week.week - 1));
  return { from: atWallClock(monday, '00:00', 'UTC'), to: atWallClock(plusDays(monday, 7), '00:00', 'UTC') };
};

const total = (parts: readonly Estimate[]): Estimate =>
  sumCorrelated(parts, Math.min(...parts.map((p) => p.confidence)));

export const standingsOf = (records: readonly Verification[]): Standing[] => {
  const teams = new Map<string, { saved: Estimate[]; energyKwh: number }>();
  for (const record of records)
    for (const { team, saved, energyKwh } of record.byTeam) {
      const sums = teams.get(team) ?? { saved: [], energyKwh: 0 };
      sums.saved.push(saved.emissionsKg);
      sums.energyKwh += energyKwh;
      teams.set(team, sums);
    }
  const all = [...teams.entries()].map(([team, { saved, energyKwh }]) => {
    const savedKg = total(saved);
    return {
      team,
      savedKg,
      energyKwh,
      savedGPerKwh: energyKwh > 0 ? (savedKg.value / energyKwh) * 1000 : null,
      demonstrated: savedKg.low > 0,
    };
  });
  // A saving that cannot be told from zero stands below one that can.
  all.sort(
    (a, b) =>
      Number(b.demonstrated) - Number(a.demonstrated) ||
      (b.savedGPerKwh ?? Number.NEGATIVE_INFINITY) - (a.savedGPerKwh ?? Number.NEGATIVE_INFINITY) ||
      (a.team < b.team ? -1 : 1),
  );
  return all.map((s, i) => ({ rank: i + 1, ...s }));
};

export const recordsIn = (desk: Desk, { from, to }: Week) => verifications(desk, from, to);

/** What the plans had promised the team, from the verified jobs' own rows. */
const claimedBy = async (desk: Desk, records: readonly Verification[], team: string): Promise<number> => {
  let kg = 0;
  for (let i = 0; i < records.length; i += MOST_AT_ONCE) {
    const ids = records.slice(i, i + MOST_AT_ONCE).map((r) => r.id);
    kg += (await read(desk, 'sum_claims', { ids, team })).claimedKg;
  }
  return kg;
};
const MOST_AT_ONCE = 1000;

export const summaryDraft = async (
  desk: Desk,
  { team, week }: { team?: string | undefined; week?: Week },
): Promise<Draft> => {
  const span = week ?? weekOf(await presentOf(desk));
  const records = await recordsIn(desk, span);
  const standings = standingsOf(records);
  const draft = new Draft();
  const when = `between ${draft.time(span.from, { label: 'first day of the summary', source: 'clock' }, 'day')} and ${draft.time(plusSeconds(span.to, -1), { label: 'last day of the summary', source: 'clock' }, 'day')}`;
  const mine = team === undefined ? undefined : standings.find((s) => s.team === team);
  if (records.length === 0 || (team !== undefined && !mine)) {
    draft.answered = false;
    const who =
      team === undefined ? '' : ` for team ${draft.name(team, { label: 'the team', source: 'your question' })}`;
    draft.say(`Nothing was verified${who} ${when}, so there is no saving to report.`);
    await nextWeek(draft, desk, team, records);
    return draft.from(...(await dataOfRecords(desk, records)));
  }
  const source = `verification ${records
    .slice(0, 5)
    .map((r) => r.id)
    .join(', ')}${records.length > 5 ? ', …' : ''}`;
  draft.cite(...records.slice(0, 5).map((r) => `verification ${r.id} (${r.method})`));
  if (mine) await forTeam(draft, desk, mine, standings, { records, source, when });
  else forAll(draft, records, standings, { source, when });
  await nextWeek(draft, desk, team, records);
  const shown = team === undefined ? standings.slice(0, 12) : standings.slice(0, 5);
  draft.table(
    ['rank', 'team', 'saved per kWh', 'verified saving', 'energy', ''],
    shown.map((s) => {
      const fact = { source, about: [s.team] };
      return [
        String(s.rank),
        draft.name(s.team, { ...fact, label: 'a team' }),
        s.savedGPerKwh === null
          ? 'not known'
          : s.savedGPerKwh < 0
            ? `${draft.intensity(-s.savedGPerKwh, { ...fact, label: 'verified increase per kWh', verified: true })} more`
            : draft.intensity(s.savedGPerKwh, {
                ...fact,
                label: 'verified saving per kWh',
                verified: true,
                saving: true,
              }),
        draft.saved(s.savedKg, { ...fact, label: 'verified saving of the team', verified: true }),
        draft.energy(s.energyKwh, { ...fact, label: 'energy of the verified jobs' }),
        s.demonstrated ? '' : isIncrease(s) ? 'emitted more' : 'not told from zero',
      ];
    }),
  );
  draft.lines('Ranked by verified saving per kWh, so that a small team stands as well as a large one.');
  return draft.from(...(await dataOfRecords(desk, records)));
};

type Told = { records?: readonly Verification[]; source: string; when: string };

const forAll = (
  draft: Draft,
  records: readonly Verification[],
  standings: readonly Standing[],
  { source, when }: Told,
) => {
  const fact = { source, about: [] };
  const nothing = uncountable(draft, records, fact);
  if (nothing !== null) {
    draft.say(nothing);
    return;
  }
  const kg = total(records.map((r) => r.verified.emissionsKg));
  const sure = draft.ratio(kg.confidence, { ...fact, label: 'coverage of the interval' });
  const n = draft.count(records.length, 'verified record', { ...fact, label: 'verified records counted' });
  draft.say(`${foundText(draft, 'We', kg, ` ${when}`, fact)} (${sure} interval), over ${n}.`);
  const rated = standings.filter((s) => s.savedGPerKwh !== null);
  const [best, worst] = [rated[0], rated.at(-1)];
  const rate = (s: Standing) => {
    const fact = { source, about: [s.team], verified: true, saving: true, key: true };
    const name = draft.name(s.team, { source, about: [s.team], label: 'a team' });
    if (isIncrease(s))
      return `team ${name}, whose work emitted ${draft.saved(s.savedKg, { ...fact, saving: false, label: 'verified saving of the team' })} than without the plan`;
    return s.demonstrated
      ? `team ${name}, ${draft.intensity(s.savedGPerKwh!, { ...fact, label: 'verified saving per kWh' })} of its work`
      : `team ${name}, whose verified figure of ${draft.mass(s.savedKg, { ...fact, label: 'verified saving of the team' })} cannot be told from zero`;
  };
  if (best && worst && !isNothing(best.savedGPerKwh! - worst.savedGPerKwh!))
    draft.say(`Per kWh the best result is that of ${rate(best)}; the weakest is that of ${rate(worst)}.`);
  const most = standings.filter((s) => s.demonstrated).sort((a, b) => b.savedKg.value - a.savedKg.value)[0];
  if (most && most !== best) {
    const mine = { source, about: [most.team], verified: true, saving: true };
    draft.say(
      `By amount the most was saved by team ${draft.name(most.team, { source, about: [most.team], label: 'a team' })}: ${draft.mass(most.savedKg, { ...mine, label: 'verified saving of the team' })}.`,
    );
  }
  const claimed = records.reduce((sum, r) => sum + r.claimed.emissionsKg, 0);
  draft.say(promisedText(draft, claimed, kg.value, fact));
  causes(draft, records, fact);
};

const forTeam = async (
  draft: Draft,
  desk: Desk,
  mine: Standing,
  standings: readonly Standing[],
  { records = [], source, when }: Told,
) => {
  const fact = { source, about: [mine.team] };
  const sure = draft.ratio(mine.savedKg.confidence, { ...fact, label: 'coverage of the interval' });
  const team = draft.name(mine.team, { ...fact, label: 'the team' });
  draft.say(`${foundText(draft, `Team ${team}`, mine.savedKg, ` ${when}`, fact)} (${sure} interval, verified).`);
  if (mine.savedGPerKwh !== null)
    draft.say(
      `That is ${draft.intensity(mine.savedGPerKwh, { ...fact, label: 'verified saving per kWh', verified: true, saving: true, key: true })} of its work, place ${draft.count(mine.rank, 'of', { ...fact, label: 'place among the teams' }, 'of')} ${draft.count(standings.length, 'team', { ...fact, label: 'teams with verified work' })} per kWh.`,
    );
  const claimed = await claimedBy(desk, records, mine.team);
  if (claimed !== 0) draft.say(promisedText(draft, claimed, mine.savedKg.value, fact));
};

const causes = (draft: Draft, records: readonly Verification[], fact: { source: string; about: readonly string[] }) => {
  const sums = new Map<string, number>();
  for (const record of records)
    for (const { cause, emissionsKg } of record.difference) sums.set(cause, (sums.get(cause) ?? 0) + emissionsKg);
  const most = [...sums.entries()].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0];
  if (most && Math.abs(most[1]) > 1e-9)
    draft.say(
      `The largest part of the difference is “${draft.name(most[0], { ...fact, label: 'largest cause' }, most[0])}”.`,
    );
  const open = records.reduce((sum, r) => sum + r.unverifiedCount, 0);
  if (open > 0)
    draft.say(
      `${draft.count(open, 'job', { ...fact, label: 'jobs that could not be verified' })} could not be verified and count for nothing.`,
    );
};

/** One thing to change, the one with the most energy behind it: windows that leave no other start, else jobs nobody could verify. */
const nextWeek = async (draft: Draft, desk: Desk, team: string | undefined, records: readonly Verification[]) => {
  const plan = await planBehind(desk, records);
  const teams = plan ? [...(await sumsOf(desk, plan)).teams.entries()] : [];
  const lever = (team === undefined ? teams : teams.filter(([name]) => name === team))
    .filter(([, s]) => s.fixed - s.urgent > 0 && s.energyKwh > 0)
    .sort((a, b) => b[1].fixedKwh - a[1].fixedKwh)[0];
  if (plan && lever) {
    const [name, sums] = lever;
    const fact = { source: `${planSource(plan)}, jobs of team ${name}`, about: [name] };
    draft.cite(planSource(plan));
    draft.say(
      `One thing to change next week: ${draft.count(sums.fixed - sums.urgent, 'job', { ...fact, label: 'jobs whose window leaves no other start' })} of team ${draft.name(name, { ...fact, label: 'a team' })} had a window that leaves no other start; a later deadline would let them move.`,
    );
    return;
  }
  const open = records.reduce((sum, r) => sum + r.unverifiedCount, 0);
  draft.say(
    open > 0
      ? 'One thing to change next week: the jobs that could not be verified need measured energy or a signal for their hours.'
      : plan?.jobs.urgent === 0
        ? 'One thing to change next week: none stands out; no job was marked urgent, and each had other starts.'
        : 'One thing to change next week: mark work that can wait as balanced or sustainable; only such work can move.',
  );
};

const planBehind = async (desk: Desk, records: readonly Verification[]): Promise<Plan | undefined> => {
  const id = records[0]?.planId;
  const found = id === undefined ? undefined : await planNamed(desk, id);
  return found ?? (await newestPlans(desk, 1))[0];
};

const weekly = async ({ team, period }: Slots, desk: Desk): Promise<Draft> => {
  const present = await presentOf(desk);
  const { date, weekday } = wallClock(present, 'UTC');
  const monday = plusDays(date, 1 - weekday);
  const at = (day: string) => atWallClock(day, '00:00', 'UTC');
  const week = period === 'this week' ? { from: at(monday), to: at(plusDays(date, 1)) } : weekOf(present);
  return summaryDraft(desk, { team, week });
};

export const summaryLookups: readonly Lookup[] = [
  {
    name: 'weekly_summary',
    description: 'The week: verified saving, best and worst result per kWh, what was missed, one thing to change',
    uses: ['team', 'period'],
    answer: weekly,
  },
];
