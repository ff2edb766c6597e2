/** A piece of work that wants to run. */
import { z } from 'zod';
import { KubernetesJob } from './kubernetes.js';
import { durationSeconds } from './physics.js';
import { latestSafeEnd, SlurmJob } from './slurm.js';
import { defineCollection, defineRows, type Tx } from './store.js';
import { Instant, plusSeconds } from './time.js';
import { Hours, Kw } from './units.js';

export const Category = z.enum(['urgent', 'balanced', 'sustainable']);
export type Category = z.infer<typeof Category>;

export const JobKind = z.string().min(1).max(64).describe('ci-build, training, batch, rendering, …');

/** Kept with a job whose duration was foretold: `durationHours` is the expected one. */
export const Foreseen = z.strictObject({
  askedHours: Hours.describe('what was asked for: the limit that stood for the duration'),
  lowHours: Hours.describe('one job of ten is shorter'),
  highHours: Hours.describe('one job of ten is longer; its deadline is planned by this'),
  by: z.string().describe('what it was foretold from'),
});
export type Foreseen = z.infer<typeof Foreseen>;

export const Job = z.strictObject({
  id: z.string().min(1).max(200),
  name: z.string().max(500),
  kind: JobKind,
  team: z.string().min(1).max(200),
  category: Category.describe('urgent jobs are never moved'),
  submittedAt: Instant,
  earliestStart: Instant,
  due: Instant.nullable().describe('finishing later than this costs tardinessCostPerHour'),
  deadline: Instant.nullable().describe('must have finished by then'),
  durationHours: Hours.describe('exact to the second'),
  vcpus: z.number().min(0),
  gpus: z.number().min(0),
  powerKw: Kw.nullable().describe('measured IT power; null: estimated from vcpus and gpus'),
  region: z.string().describe('home region'),
  allowedRegions: z.array(z.string()).min(1),
  clusterId: z.string().nullable(),
  dataGb: z.number().min(0),
  instanceType: z.string().nullable(),
  interruptible: z.boolean(),
  minChunkMinutes: z.number().min(0),
  resumeCost: z.number().min(0).describe('money per resumption'),
  tardinessCostPerHour: z.number().min(0).describe('money per hour finished after due'),
  workUnits: z.number().positive().nullable().describe('inferences, frames, … produced by the job'),
  slurm: SlurmJob.optional().describe('what Slurm knows it by; only for jobs that came from Slurm'),
  kubernetes: KubernetesJob.optional().describe(
    'what Kubernetes knows it by; only for jobs of a cluster that is asked',
  ),
  startedAt: Instant.optional().describe('when it began to run; only for jobs of a history, which are accounted there'),
  foreseen: Foreseen.optional().describe('only for jobs whose duration was foretold in place of the limit'),
});
export type Job = z.infer<typeof Job>;

/** IT power: measured when the job carries it, else vCPU-linear plus GPUs. */
export const itPowerKw = (
  job: Pick<Job, 'powerKw' | 'vcpus' | 'gpus'>,
  method: { kwPerVcpu: number; kwPerGpu: number },
): number => job.powerKw ?? job.vcpus * method.kwPerVcpu + job.gpus * method.kwPerGpu;

export const spanSeconds = (job: Pick<Job, 'durationHours'>): number => durationSeconds(job.durationHours);

/** What was asked for: the duration, or the limit in whose place another was foretold. */
export const askedSeconds = (job: Pick<Job, 'durationHours' | 'foreseen'>): number =>
  durationSeconds(job.foreseen?.askedHours ?? job.durationHours);

/** How much longer than planned a job whose duration was foretold may well take: of ten such jobs nine end within it. Else 0. */
export const beyondSeconds = (job: Pick<Job, 'durationHours' | 'foreseen'>): number =>
  job.foreseen === undefined ? 0 : Math.max(0, durationSeconds(job.foreseen.highHours) - spanSeconds(job));

/**
 * By when a plan has the job end: its deadline, with room to spare where Slurm would remove the job, and where its duration was
 * foretold, since one job of two takes longer: by its deadline nine of ten shall have ended. Null: no deadline.
 */
export const latestPlannedEnd = (
  job: Pick<Job, 'deadline' | 'durationHours' | 'slurm' | 'foreseen'>,
): Instant | null => {
  const { deadline, slurm } = job;
  const safe = slurm === undefined ? null : latestSafeEnd(slurm, spanSeconds(job));
  const likely = deadline === null ? null : plusSeconds(deadline, -beyondSeconds(job));
  return safe !== null && (likely === null || safe < likely) ? safe : likely;
};

/** Why the scheduler that it waits in leaves it where it is, in words; null: it may be moved. */
export const stays = ({ slurm, kubernetes }: Pick<Job, 'slurm' | 'kubernetes'>): string | null =>
  slurm?.stays ?? kubernetes?.stays ?? null;

/** Characters that JSON writes as they are. */
const AS_IS = /^[ !#-[\]-~]*$/;
const quoted = (text: string): string => (AS_IS.test(text) ? `"${text}"` : JSON.stringify(text));
const orNull = (text: string | null): string => (text === null ? 'null' : quoted(text));

/** What JSON.stringify writes, sooner: a workload may have a million jobs. A category and an instant need no escapes. */
export function jobText(job: Job): string {
  const { durationHours, vcpus, gpus, powerKw, dataGb, minChunkMinutes, resumeCost, tardinessCostPerHour, workUnits } =
    job;
  const numbers = durationHours + vcpus + gpus + (powerKw ?? 0) + dataGb + minChunkMinutes + resumeCost;
  // JSON has no NaN and no infinity; a sum that is neither has no such part.
  if (!Number.isFinite(numbers + tardinessCostPerHour + (workUnits ?? 0))) return JSON.stringify(job);
  const { allowedRegions, due, deadline } = job;
  const regions = allowedRegions.length === 1 ? `[${quoted(allowedRegions[0]!)}]` : JSON.stringify(allowedRegions);
  return (
    `{"id":${quoted(job.id)},"name":${quoted(job.name)},"kind":${quoted(job.kind)},"team":${quoted(job.team)},` +
    `"category":"${job.category}","submittedAt":"${job.submittedAt}","earliestStart":"${job.earliestStart}",` +
    `"due":${due === null ? null : `"${due}"`},"deadline":${deadline === null ? null : `"${deadline}"`},` +
    `"durationHours":${durationHours},"vcpus":${vcpus},` +
    `"gpus":${gpus},"powerKw":${powerKw},"region":${quoted(job.region)},"allowedRegions":${regions},` +
    `"clusterId":${orNull(job.clusterId)},"dataGb":${dataGb},"instanceType":${orNull(job.instanceType)},` +
    `"interruptible":${job.interruptible},"minChunkMinutes":${minChunkMinutes},"resumeCost":${resumeCost},` +
    `"tardinessCostPerHour":${tardinessCostPerHour},"workUnits":${workUnits}` +
    (job.slurm === undefined ? '' : `,"slurm":${JSON.stringify(job.slurm)}`) +
    (job.kubernetes === undefined ? '' : `,"kubernetes":${JSON.stringify(job.kubernetes)}`) +
    (job.startedAt === undefined ? '' : `,"startedAt":"${job.startedAt}"`) +
    (job.foreseen === undefined ? '}' : `,"foreseen":${JSON.stringify(job.foreseen)}}`)
  );
}

/** `queue`: gathered from what waits in the fleet; `ingested`: taken in from a file or a call; `submitted`: sent one by one. */
export const WorkloadOrigin = z.enum(['queue', 'ingested', 'submitted']);
export type WorkloadOrigin = z.infer<typeof WorkloadOrigin>;

/** A set of jobs that came in together. Its jobs are rows of JOBS under the workload's id. */
export const Workload = z.strictObject({
  id: z.string(),
  origin: WorkloadOrigin,
  source: z.string().describe('file, agent or scenario that it came from, in words'),
  createdAt: Instant,
  jobs: z.number().int().min(0),
  earliestStart: Instant.nullable(),
  latestEnd: Instant.nullable().describe('the latest deadline, or start plus duration where there is none'),
  assumed: z.array(z.strictObject({ field: z.string(), value: z.string(), count: z.number().int() })),
});
export type Workload = z.infer<typeof Workload>;

export const WORKLOADS = defineCollection('workloads', Workload);

/** The newest workload that was ingested or submitted; undefined where only the fleet's queue was ever gathered. */
export const newestIngested = async (store: Pick<Tx, 'collection'>): Promise<Workload | undefined> => {
  for (let after: string | undefined; ; ) {
    const page = await store.collection(WORKLOADS).list({ after, limit: 50 });
    const found = page.find(({ value }) => value.origin !== 'queue');
    if (found || page.length < 50) return found?.value;
    after = page.at(-1)!.id;
  }
};

/** Rows by workload id, named by job id. */
export const JOBS = defineRows('jobs', Job, jobText);
