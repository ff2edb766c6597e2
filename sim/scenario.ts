/** A world as data: sites, regions' signals, teams, kinds of jobs and thresholds. The format is described in docs/scenarios.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { invalid, notFound } from '../domain/fault.js';
import { Category, JobKind } from '../domain/job.js';
import { Setting } from '../domain/setting.js';
import { Site } from '../domain/site.js';
import { Instant } from '../domain/time.js';

const weight = z.number().min(0);

/** A daily cosine around a mean plus AR(1) noise; see sim/grid.ts for the formula. */
const wave = {
  dailyAmplitudeRatio: z.number().min(0).max(1).describe('half the daily swing as a share of the mean'),
  noiseRatio: z.number().min(0).max(1).describe('standard deviation of the noise as a share of the mean'),
  noiseCorrelation: z.number().min(0).max(0.98).describe('hour-to-hour autocorrelation of the noise'),
};

export const RegionSignals = z.strictObject({
  area: z.string().min(1).describe('regions of one area may share jobs of a category whose rule is "area"'),
  carbon: z.strictObject({
    meanGPerKwh: z.number().positive(),
    cleanestHourUtc: z
      .number()
      .min(0)
      .max(24)
      .describe('about local noon where solar, about local 3 o’clock where wind'),
    ...wave,
  }),
  price: z.strictObject({
    meanPerMwh: z.number().positive(),
    dearestHourUtc: z.number().min(0).max(24),
    ...wave,
  }),
  forecastErrorRatio: z
    .number()
    .min(0)
    .max(1)
    .describe('standard deviation of the 24-hour-ahead forecast error as a share of the mean'),
});
export type RegionSignals = z.infer<typeof RegionSignals>;

export const CategoryRule = z
  .strictObject({
    deferralHours: z
      .number()
      .min(0)
      .describe('how long the start may wait beyond the first half-hour after submission'),
    dueSlackHours: z.number().min(0).describe('how much later than possible a job may finish before it is late'),
    allowedRegions: z.enum(['home', 'area', 'any']),
    tardinessCostPerHour: z.number().min(0),
  })
  .refine((c) => c.dueSlackHours <= c.deferralHours, 'dueSlackHours must not exceed deferralHours');

export const Machine = z.strictObject({
  instanceType: z.string().nullable(),
  vcpus: z.number().min(0),
  gpus: z.number().min(0).default(0),
  measuredKw: z.number().positive().nullable().default(null).describe('IT power that meters show for it'),
  weight,
});

export const KindSpec = z.strictObject({
  kind: JobKind,
  prefix: z
    .string()
    .regex(/^[a-z0-9]+$/, 'must be lower-case letters and digits')
    .describe('first part of the jobs’ names, for example ci'),
  weight,
  teams: z.array(z.string()).min(1).describe('who runs this kind, equally often unless named twice'),
  categories: z.strictObject({ urgent: weight, balanced: weight, sustainable: weight }),
  durationHours: z
    .strictObject({
      median: z.number().positive(),
      sigma: z.number().min(0).describe('of the log-normal'),
      min: z.number().positive(),
      max: z.number().positive(),
    })
    .refine((d) => d.min <= d.median && d.median <= d.max, 'min <= median <= max must hold'),
  machines: z.array(Machine).min(1),
  measuredShare: z.number().min(0).max(1).default(0).describe('share of jobs that carry a measured power'),
  dataGb: z.strictObject({ median: z.number().min(0), sigma: z.number().min(0), max: z.number().min(0) }),
  interruptible: z.boolean().default(false),
  minChunkMinutes: z.number().min(0).default(0),
  resumeCost: z.number().min(0).default(0),
  workUnitsPerHour: z.number().positive().nullable().default(null),
});
export type KindSpec = z.infer<typeof KindSpec>;

export const Scenario = z
  .strictObject({
    ...Setting.shape,
    grid: z.enum(['sim', 'recorded']).describe('where signals come from unless CACO_GRID says otherwise'),
    start: Instant.describe('the instant at which this world starts'),
    sites: z.array(Site).min(1),
    regions: z.record(z.string(), RegionSignals).describe('wave parameters of the simulated signals, by region'),
    homes: z.record(z.string(), weight).describe('how often a region is a job’s home'),
    categories: z.record(Category, CategoryRule),
    kinds: z.array(KindSpec).min(1),
    arrivals: z.strictObject({
      jobsPerDay: z.number().positive().describe('mean over a whole week'),
      hourWeights: z.array(weight).length(24).describe('UTC, relative'),
      weekdayWeights: z.array(weight).length(7).describe('Monday first, UTC, relative'),
      noticeHours: z.number().min(0).default(0).describe('how long before its earliest start a job is submitted'),
    }),
  })
  .superRefine((s, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const regions = new Set(s.sites.map((site) => site.region));
    const sum = (weights: readonly number[]) => weights.reduce((total, w) => total + w, 0);
    for (const [i, site] of s.sites.entries())
      if (site.currency !== s.currency)
        complain(['sites', i, 'currency'], `is ${site.currency}, must be the scenario’s ${s.currency}`);
    for (const [i, site] of s.sites.entries())
      if (s.sites.findIndex((other) => other.region === site.region) < i)
        complain(['sites', i, 'region'], `${site.region} has a site already, and a region is planned as one place`);
    for (const region of regions)
      if (!s.regions[region]) complain(['regions', region], 'a site lies there, so its signals must be described');
    for (const region of Object.keys(s.homes))
      if (!regions.has(region)) complain(['homes', region], 'no site lies in this region');
    if (sum(Object.values(s.homes)) <= 0) complain(['homes'], 'at least one weight must be above 0');
    if (sum(s.kinds.map((k) => k.weight)) <= 0) complain(['kinds'], 'at least one weight must be above 0');
    for (const [i, k] of s.kinds.entries()) {
      if (sum(Object.values(k.categories)) <= 0) complain(['kinds', i, 'categories'], 'all weights are 0');
      if (sum(k.machines.map((m) => m.weight)) <= 0) complain(['kinds', i, 'machines'], 'all weights are 0');
    }
    if (sum(s.arrivals.hourWeights) <= 0 || sum(s.arrivals.weekdayWeights) <= 0)
      complain(['arrivals'], 'all weights are 0');
  });
export type Scenario = z.output<typeof Scenario>;

/** What of a scenario describes the world; the rest generates its work and signals. */
export const settingOf = (scenario: Scenario, seed: number = scenario.seed): Setting => {
  const { name, title, currency, start, dataNote, sites, thresholds } = scenario;
  return { name, title, currency, start, seed, dataNote, sites, thresholds };
};

const FOLDER = new URL('./scenarios/', import.meta.url);

/** Names of the scenarios that ship. */
export const scenarioNames = (): string[] =>
  readdirSync(fileURLToPath(FOLDER))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort();

/** Throws Fault `invalid-input` that lists every problem. `from` names the document in the message. */
export const parseScenario = (document: unknown, from: string): Scenario => {
  const parsed = Scenario.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => ({ field: i.path.join('.') || '(file)', message: i.message }));
  throw invalid(
    `${from} is not a scenario: ${problems.map((p) => `${p.field}: ${p.message}`).join('; ')}`,
    'Mend the named fields; docs/scenarios.md describes the format.',
    problems,
  );
};

/**
 * A shipped scenario by name, or a scenario file by path (anything with a slash, a backslash or a dot).
 * Throws Fault `not-found` for an unknown name or missing file, `invalid-input` for a file that is not a scenario.
 */
export const loadScenario = (nameOrPath: string, folder: string = process.cwd()): Scenario => {
  const isPath = /[\\/.]/.test(nameOrPath);
  const names = scenarioNames();
  if (!isPath && !names.includes(nameOrPath))
    throw notFound(
      `there is no scenario "${nameOrPath}"`,
      `Use one of ${names.join(', ')}, or the path of a scenario file such as ./mine.json.`,
    );
  const path = isPath
    ? isAbsolute(nameOrPath)
      ? nameOrPath
      : resolve(folder, nameOrPath)
    : fileURLToPath(new URL(`${nameOrPath}.json`, FOLDER));
  return parseScenario(readJson(path), isPath ? nameOrPath : `scenario ${nameOrPath}`);
};

const readJson = (path: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw notFound(
      `cannot read the scenario file ${path}: ${(error as Error).message}`,
      `Check the path; the shipped scenarios are ${scenarioNames().join(', ')}.`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(
      `${path} is not JSON: ${(error as Error).message}`,
      'Mend the file; docs/scenarios.md has an example.',
    );
  }
};
