/** A model of jobs as it is kept: card, trees, and the newest jobs, which are the past of those to come. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { digest } from '../../../domain/digest.js';
import { Fault, invalid, notFound } from '../../../domain/fault.js';
import { Category } from '../../../domain/job.js';
import type { Foretold, JobForecaster, JobLook, RanJob } from '../../../domain/job-forecast.js';
import { Instant } from '../../../domain/time.js';
import { Packed, pack, unpack } from '../saved.js';
import { type Aim, HOURS, Past, POWER, type Three } from './past.js';
import { expectedOf, type Fitted, fittedOf, setRight, stateOf, threeOf } from './quantiles.js';

export const JobsCard = z.strictObject({
  format: z.literal('caco-jobs-1'),
  span: z
    .strictObject({ from: Instant, to: Instant })
    .describe('first submission and last end of what was learned from; jobs submitted before `to` are not foretold'),
  jobs: z.number().int().describe('that ended in it'),
  measured: z.number().int().describe('of these with a measured power'),
  learns: z.boolean().describe('false: too few for trees, quantiles of jobs that are alike'),
  tried: z
    .strictObject({ jobs: z.number().int(), median: z.number(), high: z.number() })
    .nullable()
    .describe(
      'share of the jobs of the last quarter, foretold from those before, that the median and the 90 % quantile held',
    ),
  seed: z.number(),
});
export type JobsCard = z.infer<typeof JobsCard>;

/** What foretells one quantity; offsets are of the logarithm. */
export interface Teller {
  readonly fitted: Fitted | null;
  readonly offsets: Three;
  /** of the expected value between median and high quantile */
  readonly weight: number;
}

export interface SavedJobs {
  readonly card: JobsCard;
  readonly hours: Teller;
  /** null where nothing measured it */
  readonly powerKw: Teller | null;
  /** the newest, in the order of their ends */
  readonly past: readonly RanJob[];
}

const RAN = z.array(
  z.strictObject({
    submittedAt: Instant,
    endedAt: Instant,
    name: z.string().nullable(),
    team: z.string().nullable(),
    kind: z.string().nullable(),
    category: Category.nullable(),
    vcpus: z.number(),
    gpus: z.number(),
    limitHours: z.number().nullable(),
    hours: z.number().positive(),
    powerKw: z.number().nullable(),
  }),
);
const Kept = z.strictObject({
  fitted: Packed.nullable(),
  offsets: z.tuple([z.number(), z.number(), z.number()]),
  weight: z.number(),
});
const File = z.strictObject({ card: JobsCard, hours: Kept, powerKw: Kept.nullable(), past: RAN, digest: z.string() });

const kept = ({ fitted, offsets, weight }: Teller): z.infer<typeof Kept> => ({
  fitted: fitted && pack(stateOf(fitted)),
  offsets: [...offsets],
  weight,
});

const FILE = 'jobs/durations.json';
const REMEDY = 'Train anew: caco train --jobs FILE.';

/** In the folder of models; a new one takes the place of the old. Answers the path. */
export const saveJobs = (folder: string, { card, hours, powerKw, past }: SavedJobs): string => {
  const path = join(folder, FILE);
  mkdirSync(dirname(path), { recursive: true });
  const body = { card, hours: kept(hours), powerKw: powerKw && kept(powerKw), past };
  writeFileSync(`${path}.part`, JSON.stringify({ ...body, digest: digest(body) }));
  renameSync(`${path}.part`, path);
  return path;
};

/** Throws Fault `not-found` where none was trained, `invalid-input` for a file that is none of ours. */
export const loadJobs = (folder: string): JobForecaster => {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw notFound(
      'no model of jobs has been trained',
      'caco train --jobs FILE makes one from a history; or leave durations as asked: CACO_DURATIONS=asked.',
    );
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw new Fault('invalid-input', `${path} cannot be read as a model of jobs`, REMEDY, { cause });
  }
  const parsed = File.safeParse(given);
  if (!parsed.success) throw invalid(`${path} is not a model of jobs of this version`, REMEDY);
  const { digest: named, ...body } = parsed.data;
  if (digest(body) !== named) throw invalid(`${path} is not as it was written`, REMEDY);
  const teller = ({ fitted, offsets, weight }: z.infer<typeof Kept>): Teller => ({
    fitted: fitted && fittedOf(unpack(fitted)),
    offsets,
    weight,
  });
  const { card, past } = body;
  return jobForecaster({ card, past, hours: teller(body.hours), powerKw: body.powerKw && teller(body.powerKw) }, named);
};

/** Answers from what was learned; `name` names it. */
export const jobForecaster = ({ card, past, hours, powerKw }: SavedJobs, name: string): JobForecaster => {
  const of = (aim: Aim, { fitted, offsets, weight }: Teller) => {
    const known = new Past(aim);
    for (const job of past) known.ended(job);
    return (job: JobLook): Foretold | null => {
      const said = fitted === null ? known.cold(job) : threeOf(fitted, known.look(job));
      if (said === null) return null;
      const asked = aim.asked(job);
      const three = setRight(said, offsets, asked === null ? null : Math.log(asked));
      return { low: Math.exp(three[0]), expected: Math.exp(expectedOf(three, weight)), high: Math.exp(three[2]) };
    };
  };
  const duration = of(HOURS, hours);
  const power = powerKw && of(POWER, powerKw);
  return {
    digest: name,
    forecast: (job, asOf = job.submittedAt) => {
      if (asOf < card.span.to)
        return `it was submitted before the last of the jobs that the model knows had ended, ${card.span.to}`;
      const told = duration(job);
      if (told === null) return 'too few jobs like it have ended';
      return {
        hours: told,
        powerKw: power === null ? null : power(job),
        by: `${card.jobs} jobs that had ended by ${card.span.to}`,
      };
    },
  };
};
