/** The tool that takes jobs in: from a file or from the call itself, into a workload that is there whole or not at all. */
import { basename } from 'node:path';
import { z } from 'zod';
import { shortId } from '../../domain/digest.js';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { Category, JOBS, WORKLOADS } from '../../domain/job.js';
import type { Tx } from '../../domain/store.js';
import { Instant, isTimeZone } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { FORMATS, objectReader } from './formats/formats.js';
import { type Intake, type IntakeOptions, type Sink, takeIn, takeInline } from './intake.js';
import { JobSet, sweepJobSets } from './job-set.js';
import { KnownLives } from './lives.js';

const MOST_INLINE = 100_000;

export const IngestInput = z.strictObject({
  jobs: z
    .array(z.unknown())
    .max(MOST_INLINE)
    .optional()
    .describe('jobs as objects: id, duration_hours, one of vcpus, gpus or power_kw (IT kW), and what else is known'),
  path: z
    .string()
    .min(1)
    .optional()
    .describe('file to read instead of jobs (command line only), - for standard input; .gz is unpacked'),
  format: z.enum(FORMATS).optional().describe('told by the file’s beginning when left out'),
  unit: z.enum(['s', 'm', 'h']).optional().describe('unit of durations and arrival times that carry none'),
  start: Instant.optional().describe('the instant that a trace’s clock calls 0'),
  timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone').optional().describe('zone of times without one'),
  region: z.string().optional().describe('home of jobs that name none'),
  clusterId: z.string().optional().describe('cluster of jobs that name none'),
  category: Category.optional().describe('of jobs that name none; balanced when left out'),
  workloadId: z
    .string()
    .optional()
    .describe('add to this workload: known ids are overwritten, others appended; a new workload when left out'),
});

const RejectedRow = z.strictObject({
  line: z.number().int().describe('counts from 1, header and comments included; for inline jobs the position'),
  id: z.string().nullable().describe('of the job, where the row says it'),
  field: z.string().nullable().describe('null: the whole row'),
  code: z.string(),
  value: z.string().nullable(),
  message: z.string(),
  remedy: z.string(),
});

export const IngestOutput = z.strictObject({
  workloadId: z.string().nullable().describe('null when no job could be taken in'),
  accepted: z.number().int(),
  rejected: z.array(RejectedRow).describe('the first 1000'),
  rejectedCount: z.number().int(),
  assumed: z.array(z.strictObject({ field: z.string(), value: z.string(), count: z.number().int() })),
  format: z.string(),
  skipped: z
    .array(z.strictObject({ what: z.string(), count: z.number().int() }))
    .describe('rows that are no waiting work'),
  ignored: z
    .array(z.strictObject({ field: z.string(), count: z.number().int(), suggestion: z.string().nullable() }))
    .describe('columns that nobody reads'),
  warnings: z.array(z.string()),
  earliestStart: Instant.nullable(),
  latestEnd: Instant.nullable(),
});

export const ingestJobs = defineTool({
  name: 'ingest_jobs',
  title: 'Ingest jobs',
  description:
    'Takes jobs into a workload: inline objects, or a file of JSON, CSV, SWF, Slurm, Kubernetes or trace rows. Rows that cannot become jobs are named with line, field and remedy; the rest is kept. What a row does not say follows documented defaults and is listed as assumed.',
  toolset: 'fleet',
  effect: 'records',
  input: IngestInput,
  output: IngestOutput,
  run: async (input, world, call) => {
    if ((input.jobs === undefined) === (input.path === undefined))
      throw invalid('give either jobs or path', 'Give the jobs themselves, or name the file that holds them.');
    if (input.path !== undefined && call.actor.via !== 'cli')
      throw new Fault(
        'forbidden',
        'only the command line reads files of this machine',
        'Send the jobs themselves in the member jobs, or run `caco ingest FILE`.',
      );
    if (input.jobs?.length === 0) throw invalid('the list of jobs is empty', 'Give at least one job.');
    const known = input.workloadId === undefined ? undefined : await workload(world, input.workloadId);
    const options = await optionsOf(input, world);
    await sweepJobSets(world.store);
    const draft = await JobSet.open(world.store);
    try {
      const sink = sinkOf(draft, call);
      const intake =
        input.path === undefined
          ? await takeInline(input.jobs ?? [], objectReader, options, sink)
          : await takeIn(input.path, options, sink, call.signal);
      return await finish(input, world, call, intake, draft, known?.id);
    } catch (error) {
      await draft.discard();
      throw error;
    }
  },
  tell: (o) =>
    `${counted(o.accepted, 'job is', 'jobs are')} in workload ${o.workloadId ?? '(none)'}${o.rejectedCount > 0 ? `; ${counted(o.rejectedCount, 'row was', 'rows were')} left out: mend and ingest them again, ids keep them from doubling` : ''}.`,
});

const workload = async (world: World, id: string) => {
  const known = await world.store.collection(WORKLOADS).get(id);
  if (!known) throw notFound(`there is no workload ${id}`, 'Leave workloadId out for a new one.');
  return known;
};

const optionsOf = async (input: z.output<typeof IngestInput>, world: World): Promise<IntakeOptions> => {
  const sites = await world.fleet.sites();
  if (input.region !== undefined && sites.length > 0 && !sites.some((s) => s.region === input.region))
    throw notFound(
      `there is no region ${input.region}`,
      `Known: ${[...new Set(sites.map((s) => s.region))].slice(0, 10).join(', ')}; \`caco site import\` adds sites.`,
    );
  return {
    format: input.format ?? null,
    unit: input.unit ?? null,
    start: input.start ?? null,
    timeZone: input.timeZone ?? null,
    clusterId: input.clusterId ?? null,
    places: { sites, region: input.region ?? null, clusterId: input.clusterId ?? null },
    method: world.method,
    now: world.clock.now(),
    category: input.category ?? null,
    jobForecaster: world.jobForecaster ?? null,
  };
};

const finish = async (
  input: z.output<typeof IngestInput>,
  world: World,
  call: Running,
  intake: Intake,
  draft: JobSet,
  into: string | undefined,
): Promise<z.input<typeof IngestOutput>> => {
  const { digest, ...said } = intake;
  const answer = { ...said, rejected: intake.rejected.map((row) => ({ ...row, id: row.id ?? null })) };
  if (intake.accepted === 0) {
    await draft.discard();
    return { ...answer, workloadId: into ?? null };
  }
  // The same text read in the same way is the same workload. Where rows were left out it depends on the sites which ones, and
  // another set of jobs must not take the place of one that plans rest on.
  const { format, unit, start, timeZone, region, clusterId, category } = input;
  const accepted = intake.rejectedCount === 0 ? undefined : intake.accepted;
  const foretoldBy = world.jobForecaster?.digest;
  const read = { format, unit, start, timeZone, region, clusterId, category, foretoldBy };
  const id = into ?? shortId('W', { digest, ...read, accepted });
  const source =
    input.path === undefined
      ? 'jobs given in a call'
      : input.path === '-'
        ? 'standard input'
        : `file ${basename(input.path)}`;
  const kept = await draft.keepHeld(world, id);
  const warnings =
    kept === 0
      ? intake.warnings
      : [
          ...intake.warnings,
          `${kept} ${kept === 1 ? 'job is' : 'jobs are'} with the fleet already and stay as taken in before.`,
        ];
  call.commit(async (tx) => {
    if (into === undefined) await draft.become(tx, id);
    else await pour(tx, draft, id);
    const before = (await tx.collection(WORKLOADS).get(id))?.value;
    const merged = into === undefined ? undefined : before;
    // Taken in anew it is the newest again.
    await tx.collection(WORKLOADS).delete(id);
    await tx.collection(WORKLOADS).insert(id, {
      id,
      origin: merged?.origin ?? 'ingested',
      source: merged?.source ?? source,
      createdAt: world.clock.now(),
      jobs: await tx.rows(JOBS).count(id),
      earliestStart: first(merged?.earliestStart ?? null, intake.earliestStart, (a, b) => a < b),
      latestEnd: first(merged?.latestEnd ?? null, intake.latestEnd, (a, b) => a > b),
      assumed: [...(merged?.assumed ?? []), ...intake.assumed],
    });
  });
  return { ...answer, warnings, workloadId: id };
};

const first = (a: Instant | null, b: Instant | null, better: (a: Instant, b: Instant) => boolean) =>
  a === null ? b : b === null || better(a, b) ? a : b;

/** Rows of the draft into a workload that is there already. */
const pour = async (tx: Tx, from: JobSet, to: string) => {
  const rows = tx.rows(JOBS);
  const lives = new KnownLives();
  for await (const page of rows.pages(to)) for (const job of page) lives.know(job);
  for await (const page of rows.pages(from.name))
    await rows.upsert(
      to,
      page.map((job) => lives.asKnown(job)).map((job) => ({ id: job.id, value: job })),
    );
  await from.discard(tx);
};

const sinkOf = (draft: JobSet, call: Running): Sink => ({
  page: async (jobs) => {
    await draft.append(jobs);
    // Timers, pings and cancel get their turn between two pages.
    await new Promise(setImmediate);
    call.signal.throwIfAborted();
  },
  find: (id) => draft.find(id),
  progress: (done) => call.progress({ done, note: 'rows read' }),
});
