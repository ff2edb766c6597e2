/** Recommendations become few groups, one decision each: a team and one kind of change. Pure. */
import { digest } from '../../domain/digest.js';
import type { Estimate } from '../../domain/estimate.js';
import type { Plan, Recommendation } from '../../domain/plan.js';
import { label, oneLine, wellFormed } from '../../domain/text.js';
import type { Instant } from '../../domain/time.js';

/** To another region, or to another part of the UTC day in the same one. */
export type Change =
  | { readonly type: 'region'; readonly to: string }
  | { readonly type: 'time'; readonly from: string; readonly to: string };

export interface Group {
  /** What the group is about, whatever the plan: `team/region:to` or `team/time:00:00`. */
  readonly subject: string;
  readonly team: string;
  readonly change: Change;
  /** Without counts, dates or masses, so that it stays true when the numbers move. */
  readonly title: string;
  readonly labels: readonly string[];
  /** The largest saving first. */
  readonly rows: readonly Recommendation[];
  readonly savedKg: Estimate;
  readonly savedCost: number;
  /** The full saving needs leave before this moment, none is left after `lastActBy`. */
  readonly actBy: Instant;
  readonly lastActBy: Instant;
  /** A job can be put back until its new start: of the first, of the last. */
  readonly firstStart: Instant;
  readonly lastStart: Instant;
}

const BANDS = ['00:00', '06:00', '12:00', '18:00', '24:00'] as const;

const changeOf = (r: Recommendation): Change => {
  if (r.fromRegion !== r.toRegion) return { type: 'region', to: r.toRegion };
  const band = Math.floor(Number(r.toStart.slice(11, 13)) / 6);
  return { type: 'time', from: BANDS[band]!, to: BANDS[band + 1]! };
};

/** A moved job keeps its saving until the earlier of its two starts. */
const actBy = (r: Recommendation): Instant => (r.fromStart < r.toStart ? r.fromStart : r.toStart);

const titleOf = (team: string, change: Change): string =>
  change.type === 'region'
    ? `[CACO] Move work to ${oneLine(change.to, 60)} (${oneLine(team, 80)})`
    : `[CACO] Start deferrable work at ${change.from}–${change.to} UTC (${oneLine(team, 80)})`;

/**
 * The interval of a part of the plan's saving. A part is never known better than the whole, so its relative half-widths
 * are those of the plan, and at least the method's own.
 */
export const partOf = (whole: Estimate, value: number, uncertaintyRatio: number): Estimate => {
  const size = Math.abs(whole.value);
  const below = Math.max(uncertaintyRatio, size === 0 ? 0 : (whole.value - whole.low) / size);
  const above = Math.max(uncertaintyRatio, size === 0 ? 0 : (whole.high - whole.value) / size);
  return {
    value,
    low: value - below * Math.abs(value),
    high: value + above * Math.abs(value),
    confidence: whole.confidence,
  };
};

/** Every recommendation in exactly one group, the largest saving first; ties by subject, so that the order is fixed. */
export const groupRecommendations = (
  recommendations: Iterable<Recommendation>,
  plan: Pick<Plan, 'savings'>,
  uncertaintyRatio: number,
): Group[] => {
  const bySubject = new Map<string, { team: string; change: Change; rows: Recommendation[] }>();
  for (const r of recommendations) {
    const change = changeOf(r);
    const subject = wellFormed(`${r.team}/${change.type}:${change.type === 'region' ? change.to : change.from}`);
    const group = bySubject.get(subject);
    if (group) group.rows.push(r);
    else bySubject.set(subject, { team: wellFormed(r.team), change, rows: [r] });
  }
  const groups: Group[] = [];
  for (const [subject, { team, change, rows }] of bySubject) {
    rows.sort((a, b) => b.savedKg - a.savedKg || (a.jobId < b.jobId ? -1 : 1));
    let kg = 0;
    let cost = 0;
    let first = actBy(rows[0]!);
    let last = first;
    let firstStart = rows[0]!.toStart;
    let lastStart = firstStart;
    for (const r of rows) {
      kg += r.savedKg;
      cost += r.savedCost;
      const by = actBy(r);
      if (by < first) first = by;
      if (by > last) last = by;
      if (r.toStart < firstStart) firstStart = r.toStart;
      if (r.toStart > lastStart) lastStart = r.toStart;
    }
    groups.push({
      subject,
      team,
      change,
      title: titleOf(team, change),
      labels: ['caco', `team-${label(team)}`, change.type === 'region' ? 'caco-region' : 'caco-time'],
      rows,
      savedKg: partOf(plan.savings.emissionsKg, kg, uncertaintyRatio),
      savedCost: cost,
      actBy: first,
      lastActBy: last,
      firstStart,
      lastStart,
    });
  }
  return groups.sort((a, b) => b.savedKg.value - a.savedKg.value || (a.subject < b.subject ? -1 : 1));
};

/** When a group is worth a ticket of its own, and how many tickets people are sent. */
export interface Limits {
  readonly minSavedKg: number;
  readonly minSavedCost: number;
  /** share of the plan's saving below which a group stays in the overview */
  readonly minShareRatio: number;
  readonly createdPerDay: number;
  readonly openTickets: number;
  readonly tableRows: number;
  /** a told number must move by more than this share before it is told again */
  readonly changeRatio: number;
  /** a group that a person declined stays silent for so long */
  readonly muteDays: number;
  /** what happens when a settled subject comes up again */
  readonly whenClosed: 'reopen' | 'next';
}

export const LIMITS: Limits = {
  minSavedKg: 1,
  minSavedCost: 10,
  minShareRatio: 0.05,
  createdPerDay: 3,
  openTickets: 10,
  tableRows: 20,
  changeRatio: 0.1,
  muteDays: 30,
  whenClosed: 'next',
};

/** Worth a person's time: enough kg or money, and a visible share of what the plan saves. */
export const passes = (group: Group, plan: Pick<Plan, 'savings'>, limits: Limits): boolean => {
  const enough = (part: number, whole: number, least: number) => part >= least && part >= limits.minShareRatio * whole;
  return (
    enough(group.savedKg.value, plan.savings.emissionsKg.value, limits.minSavedKg) ||
    enough(group.savedCost, plan.savings.cost, limits.minSavedCost)
  );
};

/** The calendar span that a ticket speaks for: the ISO week for windows of up to seven days, the month for longer ones. */
export const periodOf = (window: { start: Instant; end: Instant }): string => {
  const days = (Date.parse(window.end) - Date.parse(window.start)) / 86_400_000;
  if (days > 7) return window.start.slice(0, 7);
  const at = new Date(`${window.start.slice(0, 10)}T00:00:00Z`);
  // ISO 8601: the week belongs to the year of its Thursday.
  at.setUTCDate(at.getUTCDate() + 4 - (at.getUTCDay() || 7));
  const week = Math.ceil(((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7);
  return `${at.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
};

export type TicketKind = 'decision' | 'overview';

/** `caco-` and 16 hex digits. No run id and no time of filing in it: the same decision must find the same ticket. */
export const keyOf = (
  at: { deployment: string; name: string; project: string },
  what: { kind: TicketKind; subject: string; period: string },
): string => `caco-${digest([at.deployment, at.name, at.project, what.kind, what.subject, what.period]).slice(0, 16)}`;
