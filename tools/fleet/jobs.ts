/** The tools that list jobs page by page and submit one. */
import { z } from 'zod';
import { shortId } from '../../domain/digest.js';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { holdersIn } from '../../domain/held.js';
import { Category, JOBS, Job, WORKLOADS } from '../../domain/job.js';
import type { Tx } from '../../domain/store.js';
import { Instant } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { Assumptions } from './assumptions.js';
import { DEFAULTS } from './defaults.js';
import { Foresight } from './foresight.js';
import { jobMaker } from './job-maker.js';

/** Pages of the store that one call reads at most while it looks for matching jobs. */
const MOST_PAGES = 50;

export const listJobs = defineTool({
  name: 'list_jobs',
  title: 'List jobs',
  description:
    'Jobs of a workload in pages, by team, category, id or name; the workload taken in last when none is named.',
  toolset: 'fleet',
  effect: 'reads',
  input: z.strictObject({
    workloadId: z.string().optional().describe('the newest when left out'),
    team: z.string().optional().describe('jobs of this team only'),
    category: Category.optional().describe('jobs of this category only'),
    ids: z.array(z.string()).max(200).optional().describe('only those of these ids that there are'),
    name: z.string().optional().describe('jobs that somebody gave exactly this name or id, in whatever case'),
    limit: z.number().int().min(1).max(500).default(50).describe('jobs in one answer, 1 to 500'),
    cursor: z.string().optional().describe('the next cursor of the answer before'),
  }),
  output: z.strictObject({
    workloadId: z.string().nullable(),
    total: z.number().int().describe('jobs in the workload'),
    jobs: z.array(Job),
    next: z.string().nullable().describe('cursor for the next page; null at the end'),
  }),
  run: async ({ workloadId, team, category, ids, name, limit, cursor }, world) => {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
      throw invalid('the cursor is not one of ours', 'Use the member next of the answer before.');
    const id = workloadId ?? (await world.store.collection(WORKLOADS).list({ limit: 1 }))[0]?.id;
    if (id === undefined) return { workloadId: null, total: 0, jobs: [], next: null };
    const known = (await world.store.collection(WORKLOADS).get(id))?.value;
    if (!known) throw notFound(`there is no workload ${id}`, '`caco ingest FILE` makes one and prints its id.');
    const said = name?.toLowerCase();
    const wanted = (job: Job) =>
      (team === undefined || job.team === team) &&
      (category === undefined || job.category === category) &&
      (said === undefined || job.name.toLowerCase() === said || job.id.toLowerCase() === said);
    if (ids !== undefined) {
      const found = [...(await world.store.rows(JOBS).findAll(id, ids)).values()];
      return { workloadId: id, total: known.jobs, jobs: found.filter(wanted), next: null };
    }
    const jobs: Job[] = [];
    let after = cursor;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const { items, next } = await world.store.rows(JOBS).page(id, { after, limit: limit - jobs.length });
      for (const job of items) if (wanted(job)) jobs.push(job);
      after = next ?? undefined;
      if (next === null || jobs.length >= limit) return { workloadId: id, total: known.jobs, jobs, next };
    }
    return { workloadId: id, total: known.jobs, jobs, next: after ?? null };
  },
  tell: (o) =>
    `${o.jobs.length} of ${o.total} jobs of workload ${o.workloadId ?? '(none)'}${o.next === null ? '' : '; there are more'}.`,
});

/** Jobs that were submitted one by one share this workload. */
const SUBMITTED = 'W-SUBMITTED';

/** Fault `conflict`: a job that is with the fleet is not another one because it is told otherwise. */
const refuseWhatIsHeld = async (world: World, id: string): Promise<void> => {
  const before = await world.store.rows(JOBS).find(SUBMITTED, id);
  const holder = before && (await holdersIn(world, [before])).get(id);
  if (holder)
    throw new Fault(
      'conflict',
      `job ${id} is with the fleet already, under plan ${holder.planId}`,
      'Give the new job an id of its own; `caco replan` moves what has not started.',
    );
};

const SubmittedJob = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('made from the rest when left out; a known id is replaced, unless the job is with the fleet'),
  name: z.string().max(500).optional().describe('what people call it'),
  team: z.string().min(1).max(200).optional().describe('who runs it'),
  kind: z.string().min(1).max(64).optional().describe('such as training or ci-build'),
  category: Category.optional().describe('urgent jobs are never moved'),
  durationHours: z.number().positive().describe('hours'),
  vcpus: z.number().min(0).optional().describe('count'),
  gpus: z.number().min(0).optional().describe('count of whole GPUs'),
  powerKw: z.number().min(0).optional().describe('measured IT power in kW'),
  earliestStart: Instant.optional().describe('now when left out'),
  due: Instant.optional().describe('finishing later costs'),
  deadline: Instant.optional().describe('must have finished by then'),
  region: z.string().optional().describe('home region'),
  allowedRegions: z.array(z.string()).optional().describe('the home only when left out'),
  clusterId: z.string().optional().describe('cluster that it must stay on'),
  dataGb: z.number().min(0).optional().describe('GB that move with the job'),
  instanceType: z.string().optional().describe('as the site’s price list names it'),
  interruptible: z.boolean().optional().describe('may run in pieces'),
  workUnits: z.number().positive().optional().describe('inferences, frames, … that the job produces'),
});

export const submitJob = defineTool({
  name: 'submit_job',
  title: 'Submit a job',
  description:
    'Adds one job, or many in jobs, to the workload of submitted jobs, so that the next plan can place it. Needs a duration and one of vcpus, gpus or powerKw; the rest follows documented defaults, which the answer names.',
  toolset: 'fleet',
  effect: 'records',
  input: SubmittedJob.partial({ durationHours: true }).extend({
    jobs: z
      .array(SubmittedJob)
      .min(1)
      .max(1000)
      .optional()
      .describe('many jobs in one call, in place of the members above; all of them or none is taken'),
  }),
  output: z.strictObject({
    jobId: z.string().describe('of the first'),
    jobIds: z.array(z.string()).describe('of all, in their order'),
    workloadId: z.string(),
    job: Job.describe('the first as it is kept'),
    assumed: z.array(z.strictObject({ field: z.string(), value: z.string() })),
  }),
  run: async ({ jobs: many, ...one }, world, call) => {
    if (many !== undefined && Object.values(one).some((value) => value !== undefined))
      throw invalid('both jobs and members of a single job are given', 'Put every job into jobs, or leave jobs out.');
    const { durationHours } = one;
    if (many === undefined && durationHours === undefined)
      throw invalid('durationHours is missing', 'Give it, for example 3; a duration is never assumed.');
    const wanted = many ?? [{ ...one, durationHours: durationHours! }];
    const now = world.clock.now();
    const assumed = new Assumptions();
    const places = { sites: await world.fleet.sites(), region: null, clusterId: null };
    // A job that is told by itself tells its duration, not a limit.
    const make = jobMaker(now, places, DEFAULTS, assumed, world.method, new Foresight(null));
    const jobs = new Map<string, Job>();
    for (const [i, input] of wanted.entries()) {
      // Jobs that are told alike are as many jobs.
      const id = input.id ?? shortId('J', many === undefined ? { ...input, now } : { ...input, now, i });
      const where = many === undefined ? '' : `jobs[${i}]: `;
      if (jobs.has(id)) throw invalid(`${where}id ${id} occurs already`, 'Give every job an id of its own.');
      await refuseWhatIsHeld(world, id);
      const job = make({ ...input, id, line: i + 1 });
      if (!('durationHours' in job)) throw invalid(`${where}${job.field ?? 'job'}: ${job.message}`, job.remedy, [job]);
      jobs.set(id, job);
    }
    const all = [...jobs.values()];
    call.commit((tx) => keep(tx, all, now));
    const [first] = all;
    return {
      jobId: first!.id,
      jobIds: [...jobs.keys()],
      workloadId: SUBMITTED,
      job: first!,
      assumed: assumed.list().map(({ field, value }) => ({ field, value })),
    };
  },
  tell: (o) =>
    o.jobIds.length === 1
      ? `Job ${o.jobId} is in workload ${o.workloadId}; make_plan finds its place.`
      : `${o.jobIds.length} jobs are in workload ${o.workloadId}; make_plan finds their places.`,
});

const keep = async (tx: Tx, jobs: readonly Job[], now: Instant): Promise<void> => {
  await tx.rows(JOBS).upsert(
    SUBMITTED,
    jobs.map((job) => ({ id: job.id, value: job })),
  );
  const before = (await tx.collection(WORKLOADS).get(SUBMITTED))?.value;
  await tx.collection(WORKLOADS).delete(SUBMITTED);
  await tx.collection(WORKLOADS).insert(SUBMITTED, {
    id: SUBMITTED,
    origin: 'submitted',
    source: 'jobs submitted one by one',
    createdAt: now,
    jobs: await tx.rows(JOBS).count(SUBMITTED),
    earliestStart: jobs.reduce((first, job) => earlier(first, job.earliestStart), before?.earliestStart ?? null),
    latestEnd: jobs.reduce((last, job) => later(last, job.deadline ?? job.due), before?.latestEnd ?? null),
    assumed: before?.assumed ?? [],
  });
};

const earlier = (a: Instant | null, b: Instant): Instant | null => (a !== null && a < b ? a : b);
const later = (a: Instant | null, b: Instant | null): Instant | null => (a === null ? b : b !== null && b > a ? b : a);
