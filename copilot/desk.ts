/** What an answer is made from: the world's documents and rows, the reading tools by name, and who asks. Everything here only reads. */
import type { Actor } from '../domain/decision.js';
import { VERIFICATIONS, type Verification } from '../domain/evidence/verification.js';
import { notFound } from '../domain/fault.js';
import { JOBS, type Job } from '../domain/job.js';
import { PLACEMENTS, PLANS, type Plan, RECOMMENDATIONS, type Recommendation } from '../domain/plan.js';
import { PLAN_SUMS, PlanSummer, type Taken, type TeamSums } from '../domain/plan-sums.js';
import { noteOf, originOf } from '../domain/provenance.js';
import { RUNS, type Run } from '../domain/run.js';
import type { CollectionOf } from '../domain/store.js';
import type { Instant } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { callTool, type Tool } from '../tools/tool.js';

export interface Desk {
  readonly world: World;
  readonly now: Instant;
  readonly actor: Actor;
  readonly signal: AbortSignal;
  readonly question: string;
  /** Reading tools by name; a tool that acts, records or decides is not in here. */
  readonly reading: ReadonlyMap<string, Tool>;
  /** Names of every tool of the program, to say what a proposal would need. */
  readonly toolNames: ReadonlySet<string>;
}

export const deskOf = (
  world: World,
  options: { tools: readonly Tool[]; actor: Actor; signal: AbortSignal; question: string },
): Desk => ({
  world,
  now: world.clock.now(),
  actor: options.actor,
  signal: options.signal,
  question: options.question,
  reading: new Map(options.tools.filter((t) => t.effect === 'reads').map((t) => [t.name, t])),
  toolNames: new Set(options.tools.map((t) => t.name)),
});

/** Calls a reading tool. Throws Fault `not-found` for any other name: what changes something is out of reach here. */
export const read = async (desk: Desk, name: string, input: unknown): Promise<unknown> => {
  const tool = desk.reading.get(name);
  if (!tool) throw notFound(`there is no reading tool ${name}`, `There are: ${[...desk.reading.keys()].join(', ')}.`);
  return callTool(tool, input, desk.world, { actor: desk.actor, cause: null, signal: desk.signal, progress: () => {} });
};

export const runs = async (desk: Desk, limit = 20): Promise<Run[]> =>
  (await desk.world.store.collection(RUNS).list({ limit })).map((r) => r.value);

/** The named plan; without a name that of the newest run that has one, else the newest plan. */
export const planOf = async (desk: Desk, planId?: string): Promise<Plan | undefined> => {
  const plans = desk.world.store.collection(PLANS);
  if (planId !== undefined) return (await plans.get(planId))?.value;
  for (const run of await runs(desk)) if (run.planId !== null) return (await plans.get(run.planId))?.value;
  return (await plans.list({ limit: 1 }))[0]?.value;
};

/** Every document of a collection, newest first, in pages: a list that ends early would count too little. */
export async function* allOf<T>(desk: Desk, of: CollectionOf<T>): AsyncIterable<T> {
  let after: string | undefined;
  for (;;) {
    const page = await desk.world.store.collection(of).list({ limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const { value } of page) yield value;
    after = page.at(-1)?.id;
    if (page.length < 1000 || after === undefined) return;
  }
}

export const runOfPlan = async (desk: Desk, planId: string): Promise<Run | undefined> => {
  for await (const run of allOf(desk, RUNS)) if (run.planId === planId) return run;
  return undefined;
};

/** Now, or the newest verified record where that is later: a recorded world starts anew at its own instant, its books do not. */
export const presentOf = async (desk: Desk): Promise<Instant> => {
  let at = desk.now;
  for (const v of await verifications(desk)) if (v.at > at) at = v.at;
  return at;
};

/** Teams that somebody can mean: those of verified records and of the newest plan. */
export const teamNames = async (desk: Desk): Promise<Set<string>> => {
  const names = new Set<string>();
  for (const v of await verifications(desk)) for (const { team } of v.byTeam) names.add(team);
  const plan = await planOf(desk);
  if (plan) for (const team of (await sumsOf(desk, plan)).teams.keys()) names.add(team);
  return names;
};

export const verifications = async (desk: Desk, from?: Instant, to?: Instant): Promise<Verification[]> => {
  const all: Verification[] = [];
  for await (const v of allOf(desk, VERIFICATIONS)) all.push(v);
  const revised = new Set(all.flatMap((v) => (v.supersedes === null ? [] : [v.supersedes])));
  return all.filter(
    (v) => !revised.has(v.id) && (from === undefined || v.at >= from) && (to === undefined || v.at < to),
  );
};

/** A job of a workload by id, else by the exact name that somebody gave it. */
export const findJob = async (desk: Desk, workloadId: string, said: string): Promise<Job | undefined> => {
  const jobs = desk.world.store.rows(JOBS);
  const found = await jobs.find(workloadId, said);
  if (found) return found;
  const name = said.toLowerCase();
  for await (const page of jobs.pages(workloadId))
    for (const job of page) if (job.name.toLowerCase() === name || job.id.toLowerCase() === name) return job;
  return undefined;
};

/** The newest plan whose workload holds a job; among the last few plans, and none when one was named. */
export const planWithJob = async (desk: Desk, said: string, planId?: string): Promise<Plan | undefined> => {
  const first = await planOf(desk, planId);
  const rows = desk.world.store.rows(JOBS);
  if (!first || planId !== undefined || (await rows.find(first.workloadId, said))) return first;
  for (const { value } of await desk.world.store.collection(PLANS).list({ limit: 5 }))
    if (await rows.find(value.workloadId, said)) return value;
  return first;
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
  const plans: Plan[] = [];
  for (const planId of new Set(records.slice(0, 10).map((r) => r.planId))) {
    const plan = (await desk.world.store.collection(PLANS).get(planId))?.value;
    if (plan) plans.push(plan);
  }
  return plans.length === 0 ? [desk.world.setting.dataNote] : dataOf(desk, ...plans);
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

/** Kept with the plan; a plan that was written without them is summed from its rows. */
const keptSums = async (desk: Desk, plan: Plan): Promise<PlanSums> => {
  const found = (await desk.world.store.collection(PLAN_SUMS).get(plan.id))?.value;
  const { teams, moves, movesOf, largest, starts } = found?.digest === plan.digest ? found : await sum(desk, plan);
  return { teams: new Map(teams), moves, movesOf: new Map(movesOf), largest, starts: new Map(starts) };
};

const kept = new WeakMap<object, Map<string, Promise<PlanSums>>>();

export const sumsOf = (desk: Desk, plan: Plan): Promise<PlanSums> => {
  const { store } = desk.world;
  const known = kept.get(store) ?? new Map<string, Promise<PlanSums>>();
  kept.set(store, known);
  const key = `${plan.id} ${plan.digest}`;
  let sums = known.get(key);
  if (!sums) {
    sums = keptSums(desk, plan);
    known.set(key, sums);
    // A failed reading is not kept, and neither are more than a few plans.
    sums.catch(() => known.delete(key));
    if (known.size > 8) known.delete([...known.keys()][0]!);
  }
  return sums;
};

const sum = async ({ world: { store } }: Desk, plan: Plan) => {
  const summer = new PlanSummer();
  const taken = new Map<string, Taken>();
  for await (const page of store.rows(PLACEMENTS).pages(plan.id))
    for (const piece of page) {
      const job = taken.get(piece.jobId);
      summer.piece(piece, job === undefined);
      if (job) {
        job.energyKwh += piece.energyKwh;
        job.emissionsKg += piece.emissionsKg;
      } else taken.set(piece.jobId, { energyKwh: piece.energyKwh, emissionsKg: piece.emissionsKg, start: piece.start });
    }
  for await (const page of store.rows(JOBS).pages(plan.workloadId))
    for (const job of page) summer.job(job, taken.get(job.id));
  for await (const page of store.rows(RECOMMENDATIONS).pages(plan.id)) for (const move of page) summer.move(move);
  return summer.sums(plan.digest);
};
