/** The lines of verified records that a query means: whole records, teams of them, or their jobs with what the plan of each knows of it. */
import type { Verification, VerifiedJob } from '../../domain/evidence/verification.js';
import type { TableJob } from '../../domain/plan-table.js';
import { type Desk, planNamed } from '../desk.js';
import { selectJobs } from './evaluate.js';
import type { MeasureName } from './measures.js';
import { type Filters, narrows, type Query } from './query.js';
import { rowsOfPlan, verifiedJobsOf } from './rows.js';
import type { Ways } from './sums.js';

export interface VerifiedLine {
  readonly team: string;
  /** id of the job; '' where the line is of several */
  readonly job: string;
  readonly record: string;
  readonly jobs: number;
  readonly kg: Verification['verified']['emissionsKg'];
  readonly cost: number | null;
  readonly energyKwh: number | null;
  readonly actualKg: number | null;
  /** as it would have emitted without the plan; null of lines of several jobs */
  readonly counterfactualKg: number | null;
  readonly claimedKg: number;
  readonly claimedCost: number;
  /** what the plan knows of the job; null: not looked up, or the plan is not kept */
  readonly row: TableJob | null;
}
export interface VerifiedLines {
  readonly lines: readonly VerifiedLine[];
  /** jobs of plans that are not kept: whether they are meant cannot be told */
  readonly unknown: number;
}

/** Figures that a verified job has of its own; all else of it only its plan knows. */
const OWN: Partial<Record<MeasureName, (job: VerifiedJob) => number | null>> = {
  saving: (job) => job.savedKg.value,
  'cost-saving': (job) => job.savedCost,
  energy: (job) => job.energyKwh,
  emissions: (job) => job.actualKg,
};

/** What of the filters only a plan's rows can tell. */
const ofThePlan = (f: Filters): Filters => ({
  ...f,
  jobs: [],
  teams: [],
  except: { ...f.except, teams: [] },
  // Only moved jobs are verified.
  states: f.states.filter((state) => state !== 'moved'),
  limits: f.limits.filter((l) => OWN[l.measure] === undefined),
});
const NEEDS_JOBS = new Set(['median', 'least', 'most', 'change']);

export const verifiedLines = async (
  desk: Desk,
  records: readonly Verification[],
  query: Query,
): Promise<VerifiedLines> => {
  const { filters: f, by, measures, bases, stat } = query;
  const more = { ...f, teams: [] };
  const bound =
    narrows({ ...more, states: f.states.filter((s) => s !== 'moved') }) ||
    (by !== null && by !== 'team' && by !== 'plan') ||
    NEEDS_JOBS.has(stat);
  if (bound || measures.includes('emissions') || (bases.includes('planned') && f.teams.length > 0))
    return jobLines(desk, records, query);
  if (by === 'team' || f.teams.length > 0) {
    const lines = records.flatMap((v) =>
      v.byTeam
        .filter((t) => f.teams.length === 0 || f.teams.includes(t.team))
        .map((t) => ({
          ...whole(v),
          team: t.team,
          jobs: t.jobs,
          kg: t.saved.emissionsKg,
          cost: t.saved.cost,
          energyKwh: t.energyKwh,
          claimedKg: 0,
          claimedCost: 0,
        })),
    );
    return { lines, unknown: 0 };
  }
  return { lines: records.map(whole), unknown: 0 };
};

const whole = (v: Verification): VerifiedLine => ({
  team: '',
  job: '',
  record: v.id,
  jobs: v.jobs,
  kg: v.verified.emissionsKg,
  cost: v.verified.cost,
  energyKwh: v.energy?.actualKwh ?? sumKnown(v.byTeam.map((t) => t.energyKwh)),
  actualKg: null,
  counterfactualKg: null,
  claimedKg: v.claimed.emissionsKg,
  claimedCost: v.claimed.cost,
  row: null,
});

/** Job by job. Each is looked up in the plan that its record verifies, and in no other. */
const jobLines = async (desk: Desk, records: readonly Verification[], query: Query): Promise<VerifiedLines> => {
  const { filters: f, by } = query;
  const rest = ofThePlan(f);
  const asksPlan = narrows(rest) || by === 'kind' || by === 'category' || by === 'place';
  const plans = new Map<string, ReadonlyMap<string, { row: TableJob; meant: boolean }> | null>();
  if (asksPlan)
    for (const id of new Set(records.map((v) => v.planId)))
      plans.set(id, await rowsById(desk, id, { ...query, filters: rest }));
  const jobs = await verifiedJobsOf(desk, records, f.jobs.length > 0 ? f.jobs : undefined);
  let unknown = 0;
  const lines: VerifiedLine[] = [];
  for (const { record, job } of jobs) {
    if (f.teams.length > 0 && !f.teams.includes(job.team)) continue;
    if (f.except.teams.includes(job.team) || !f.limits.every((limit) => passes(job, limit))) continue;
    const known = plans.get(record.planId)?.get(job.jobId);
    if (asksPlan && known === undefined) {
      unknown++;
      continue;
    }
    if (known?.meant === false) continue;
    lines.push({
      team: job.team,
      job: job.jobId,
      record: record.id,
      jobs: 1,
      kg: job.savedKg,
      cost: job.savedCost,
      energyKwh: job.energyKwh,
      actualKg: job.actualKg,
      counterfactualKg: job.counterfactualKg,
      claimedKg: job.claimedKg,
      claimedCost: job.claimedCost ?? 0,
      row: known?.row ?? null,
    });
  }
  return { lines, unknown };
};

const passes = (job: VerifiedJob, { measure, is, value }: Filters['limits'][number]): boolean => {
  const own = OWN[measure];
  if (own === undefined) return true;
  const figure = own(job);
  return figure !== null && (is === 'above' ? figure > value : figure < value);
};

/** Whole jobs need no signal: it tells only parts of one. */
const NO_SIGNALS: Ways = { signals: new Map(), uncertaintyRatio: 0, confidence: 0.95, embodiedGPerVcpuHour: 0 };

/** null: the plan is not kept. */
const rowsById = async (desk: Desk, planId: string, query: Query) => {
  const plan = await planNamed(desk, planId);
  if (!plan) return null;
  const rows = await rowsOfPlan(desk, plan);
  const ways = { ...NO_SIGNALS, embodiedGPerVcpuHour: desk.world.method.embodiedGPerVcpuHour };
  const meant = new Set(selectJobs(rows, query, 'planned', ways, null));
  return new Map(rows.map((row) => [row.id, { row, meant: meant.has(row) }]));
};

/** null: none of them is known. */
export const sumKnown = (values: readonly (number | null)[]): number | null =>
  values.every((v) => v === null) ? null : values.reduce<number>((sum, v) => sum + (v ?? 0), 0);
