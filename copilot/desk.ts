/** What an answer is made from: the answers of reading tools, the world's present and place, and who asks. Nothing here changes anything. */
import type { z } from 'zod';
import { type ToolAnswer, type ToolInput, type ToolName, toolOf } from '../catalogue.js';
import type { Actor, Approval, Decision } from '../domain/decision.js';
import type { Verification } from '../domain/evidence/verification.js';
import { Fault } from '../domain/fault.js';
import type { Job } from '../domain/job.js';
import type { Plan, Recommendation } from '../domain/plan.js';
import type { TeamSums } from '../domain/plan-sums.js';
import { noteOf, originOf, TAKEN_IN } from '../domain/provenance.js';
import type { Run } from '../domain/run.js';
import type { Instant } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { callTool, type Tool } from '../tools/tool.js';

export interface Desk {
  readonly world: World;
  readonly now: Instant;
  readonly actor: Actor;
  readonly signal: AbortSignal;
  readonly question: string;
}

export const deskOf = (
  world: World,
  { actor, signal, question }: { actor: Actor; signal: AbortSignal; question: string },
): Desk => ({ world, now: world.clock.now(), actor, signal, question });

/** Calls a reading tool. Throws Fault `forbidden` for a tool that acts, records or decides: those are out of reach here. */
export const read = async <N extends ToolName>(desk: Desk, name: N, input: ToolInput<N>): Promise<ToolAnswer<N>> => {
  const tool = await toolOf(name);
  if (tool.effect !== 'reads')
    throw new Fault(
      'forbidden',
      `${name} changes something, and chat only reads`,
      '`caco --help` lists what a person can do.',
    );
  const call = { actor: desk.actor, cause: null, signal: desk.signal, progress: () => {} };
  const known = asked.get(desk) ?? new Map<string, Promise<unknown>>();
  asked.set(desk, known);
  const key = `${name} ${JSON.stringify(input)}`;
  const answer = known.get(key) ?? callTool<z.ZodType, z.ZodType>(tool as Tool, input, desk.world, call);
  known.set(key, answer);
  // The tool that the name stands for answers with its own type.
  return (await answer) as ToolAnswer<N>;
};
/** What was looked up for a question: the same again within it is the same answer, and the next question looks anew. */
const asked = new WeakMap<Desk, Map<string, Promise<unknown>>>();

/** The same, where what is named may not be there: undefined for Fault `not-found`. */
export const readIfThere = async <N extends ToolName>(
  desk: Desk,
  name: N,
  input: ToolInput<N>,
): Promise<ToolAnswer<N> | undefined> => {
  try {
    return await read(desk, name, input);
  } catch (error) {
    if (error instanceof Fault && error.code === 'not-found') return undefined;
    throw error;
  }
};

/** Every page of a list: one that ends early would count too little. */
const everyPage = async <T>(
  page: (cursor: { cursor?: string }) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
): Promise<T[]> => {
  const all: T[] = [];
  for (let cursor: { cursor?: string } = {}; ; ) {
    const { items, next } = await page(cursor);
    all.push(...items);
    if (next === null) return all;
    cursor = { cursor: next };
  }
};
const PAGE = { limit: 1000 };

export const runs = async (desk: Desk, limit = 20): Promise<Run[]> => (await read(desk, 'list_runs', { limit })).runs;

export const failedRuns = (desk: Desk): Promise<Run[]> =>
  everyPage(async (cursor) => {
    const { runs: items, next } = await read(desk, 'list_runs', { status: 'failed', ...PAGE, ...cursor });
    return { items, next };
  });

export const runOfPlan = async (desk: Desk, planId: string): Promise<Run | undefined> =>
  (await read(desk, 'list_runs', { planId, limit: 1 })).runs[0];

/** Newest first. */
export const newestPlans = async (desk: Desk, limit: number): Promise<Plan[]> =>
  (await read(desk, 'list_plans', { limit })).plans;

export const planNamed = async (desk: Desk, id: string): Promise<Plan | undefined> =>
  (await read(desk, 'list_plans', { ids: [id] })).plans[0];

/** The named plan; without a name that of the newest run that has one, else the newest plan. */
export const planOf = async (desk: Desk, planId?: string): Promise<Plan | undefined> => {
  if (planId !== undefined) return planNamed(desk, planId);
  for (const run of await runs(desk)) {
    const plan = run.planId === null ? undefined : await planNamed(desk, run.planId);
    if (plan) return plan;
  }
  return (await newestPlans(desk, 1))[0];
};

/** Approvals that a person can still answer. */
export const waitingApprovals = async (desk: Desk): Promise<Approval[]> => {
  const open = await everyPage(async (cursor) => {
    const { approvals: items, next } = await read(desk, 'list_approvals', { ...PAGE, ...cursor });
    return { items, next };
  });
  return open.filter((approval) => approval.expiresAt > desk.now);
};

/** What was sold, the newest order first; `from` and `to` bound the windows. */
export const sales = (
  desk: Desk,
  stretch: { from?: Instant | undefined; to?: Instant | undefined } = {},
): Promise<ToolAnswer<'list_sales'>['sales']> =>
  everyPage(async (cursor) => {
    const { sales: items, next } = await read(desk, 'list_sales', { ...stretch, ...PAGE, ...cursor });
    return { items, next };
  });

/** Events that ask for another power, the newest first. */
export const events = (desk: Desk): Promise<ToolAnswer<'list_events'>['events']> =>
  everyPage(async (cursor) => {
    const { events: items, next } = await read(desk, 'list_events', { ...PAGE, ...cursor });
    return { items, next };
  });

/** In order of time, the newest first; `from` and `to` bound when they were taken. */
export const decisions = (
  desk: Desk,
  stretch: { from?: Instant | undefined; to?: Instant | undefined } = {},
): Promise<Decision[]> =>
  everyPage(async (cursor) => {
    const { decisions: items, next } = await read(desk, 'list_decisions', { ...stretch, ...PAGE, ...cursor });
    return { items, next };
  });

/** Verified records that stand, the newest first. */
export const verifications = (desk: Desk, from?: Instant, to?: Instant): Promise<Verification[]> =>
  everyPage(async (cursor) => {
    const { verifications: items, next } = await read(desk, 'list_verifications', { from, to, ...PAGE, ...cursor });
    return { items, next };
  });

/** Now, or the newest verified record where that is later: a recorded world starts anew at its own instant, its books do not. */
export const presentOf = async (desk: Desk): Promise<Instant> => {
  let at = desk.now;
  for (const v of await verifications(desk)) if (v.at > at) at = v.at;
  return at;
};

/** Of the ids that are named those of jobs of a workload; none where the workload is gone. */
export const jobsNamed = async (desk: Desk, workloadId: string, ids: readonly string[]): Promise<Job[]> =>
  ids.length === 0 ? [] : ((await readIfThere(desk, 'list_jobs', { workloadId, ids: [...ids] }))?.jobs ?? []);

/** A job of a workload by id, else by the exact name that somebody gave it. */
export const findJob = async (desk: Desk, workloadId: string, said: string): Promise<Job | undefined> => {
  const [found] = await jobsNamed(desk, workloadId, [said]);
  if (found) return found;
  for (let cursor: string | undefined; ; ) {
    const page = await readIfThere(desk, 'list_jobs', { workloadId, name: said, limit: 500, cursor });
    if (!page || page.jobs[0] || page.next === null) return page?.jobs[0];
    cursor = page.next;
  }
};

/** How many plans back one is looked for that holds a job. */
const PLANS_BACK = 5;

/** Where a job may be meant to lie: in the named plan, else in that of the newest run or one of the last few. */
export const plansToSearch = async (desk: Desk, planId?: string): Promise<Plan[]> => {
  const first = await planOf(desk, planId);
  if (!first || planId !== undefined) return first ? [first] : [];
  return [first, ...(await newestPlans(desk, PLANS_BACK)).filter(({ id }) => id !== first.id)];
};

/** The newest plan whose workload holds a job; the newest of all where none does. */
export const planWithJob = async (desk: Desk, said: string, planId?: string): Promise<Plan | undefined> => {
  const plans = await plansToSearch(desk, planId);
  if (plans.length > 1)
    for (const plan of plans) if ((await jobsNamed(desk, plan.workloadId, [said])).length > 0) return plan;
  return plans[0];
};

/** Whose data plans are made of: the note of the scenario of their runs; of another one than the configured, what the plan itself says. */
export const dataOf = async (desk: Desk, ...plans: readonly Plan[]): Promise<string[]> => {
  const { setting } = desk.world;
  const notes = new Set<string>();
  for (const plan of plans) {
    const run = await runOfPlan(desk, plan.id);
    if (!run || run.scenario === setting.name)
      notes.add(noteOf(desk.world.provenance, await originOf(desk.world.store, plan)));
    else {
      const sources = [...new Set(plan.signals.map((s) => s.source))];
      notes.add(
        `plan ${plan.id} is of scenario ${run.scenario}, not of ${setting.name} as configured here.${sources.length === 0 ? '' : ` Its signals: ${sources.slice(0, 4).join('; ')}.`}`,
      );
    }
  }
  return [...notes];
};

/** The same of verified records, by the plans that they verify. */
export const dataOfRecords = async (desk: Desk, records: readonly Verification[]): Promise<string[]> => {
  const ids = [...new Set(records.slice(0, 10).map((r) => r.planId))];
  const { plans } = await read(desk, 'list_plans', { ids });
  if (plans.length === 0) return [desk.world.setting.dataNote];
  // Whether what ran was played is a matter of the records, not of how this program was started.
  const played = records.some((r) => r.ranAs?.includes('simulated'));
  const notes = await dataOf(desk, ...plans);
  return played ? notes.map((note) => note.replace(TAKEN_IN.queue, TAKEN_IN.all)) : notes;
};

/** Sums over a plan's rows. */
export interface PlanSums {
  readonly teams: ReadonlyMap<string, TeamSums>;
  /** largest planned saving first, at most 20 */
  readonly moves: readonly Recommendation[];
  /** by team, at most 5 each */
  readonly movesOf: ReadonlyMap<string, readonly Recommendation[]>;
  /** energy-heaviest first, at most 20 */
  readonly largest: readonly { job: Job; energyKwh: number; emissionsKg: number; start: Instant | null }[];
  /** per UTC hour of the window that has starts */
  readonly starts: ReadonlyMap<Instant, { jobs: number; energyKwh: number }>;
}

export const sumsOf = async (desk: Desk, { id }: Plan): Promise<PlanSums> => {
  const { teams, moves, movesOf, largest, starts } = await read(desk, 'sum_plan', { planId: id });
  return { teams: new Map(teams), moves, movesOf: new Map(movesOf), largest, starts: new Map(starts) };
};
