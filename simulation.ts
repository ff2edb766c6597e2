/**
 * `caco simulate`: a scenario's world run twice over some days, as it would be and as planned, written as files. It keeps
 * nothing and reads no store, so that one seed gives the same bytes on every machine. The plan knows the signals that come
 * true (the question is what could be saved at most, not how well somebody forecasts), and `summary.json` says so.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';
import { around } from './domain/estimate.js';
import { Fault, invalid } from './domain/fault.js';
import type { Job } from './domain/job.js';
import type { Placement, Recommendation, Totals } from './domain/plan.js';
import type { Series } from './domain/series.js';
import { pricesOf } from './domain/tariff.js';
import { fromEpoch, type Instant, plusHours } from './domain/time.js';
import type { Grid } from './domain/world.js';
import { simulatedClock } from './sim/clock.js';
import { simulatedGrid } from './sim/grid.js';
import { loadScenario, type Scenario } from './sim/scenario.js';
import {
  JOBS_FILE,
  PLACEMENTS_FILE,
  PRICES_FILE,
  priceRows,
  RECOMMENDATIONS_FILE,
  SIGNALS_FILE,
  signalRows,
  touchedHours,
} from './sim/simulate.js';
import { simulateJobs } from './sim/workload.js';
import { profileForecaster } from './tools/forecaster/forecaster.js';
import { openGrid } from './tools/grid/sources/sources.js';
import type { FleetQuestion } from './tools/optimizer/fleet-question.js';
import { type OptimizeOptions, optimize, piecesOf } from './tools/optimizer/optimizer.js';
import { recommend, spansOf, Tally } from './tools/optimizer/placements.js';
import { gridEnd, problemOf } from './tools/optimizer/workload.js';

const MAX_DAYS = 35;

export interface SimulateOptions {
  readonly days: number;
  readonly out: string;
  /** Plan the same jobs, and run the world again with the plan applied. */
  readonly apply: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: NonNullable<OptimizeOptions['onProgress']>;
}

export interface Simulated {
  readonly scenario: string;
  readonly seed: number;
  readonly start: Instant;
  readonly days: number;
  readonly currency: string;
  readonly jobs: number;
  readonly baseline: Totals;
  readonly optimised?: Totals & { readonly moved: number; readonly unplaced: number };
  /** Proof of the plan's quality, with --apply. */
  readonly proof?: {
    objective: number;
    lowerBound: number | null;
    gap: number | null;
    engine: string;
    stoppedBy: string;
  };
  readonly files: readonly string[];
}

const gridOf = async (config: Config, scenario: Scenario, seed: number): Promise<Grid> => {
  const clock = simulatedClock(scenario.start);
  const choice = config.grid ?? scenario.grid;
  const simulated = () => simulatedGrid(scenario, seed, clock);
  if (choice === 'sim' || choice === 'recorded')
    return (await openGrid(choice, { clock, forecaster: profileForecaster, setting: scenario, simulated }, config))
      .grid;
  throw invalid(
    '`caco simulate` runs a scenario’s own world, not a signal file',
    'Leave --grid out, or ingest jobs and use `caco plan` with --grid file:PATH.',
  );
};

/** Throws Fault `invalid-input` for a span that cannot be simulated, `unavailable` for a folder that cannot be written. */
export const simulate = async (config: Config, options: SimulateOptions): Promise<Simulated> => {
  const { days, out } = options;
  if (!(Number.isInteger(days) && days >= 1 && days <= MAX_DAYS))
    throw invalid(`${days} days cannot be simulated`, `Give a whole number from 1 to ${MAX_DAYS}.`);
  const scenario = loadScenario(config.scenario);
  const seed = config.seed ?? scenario.seed;
  const start = scenario.start;
  const jobs = simulateJobs(scenario, { seed, start, days });
  const grid = await gridOf(config, scenario, seed);
  const hours = touchedHours(jobs) ?? { start, end: plusHours(start, 24 * days) };
  const regions = [...new Set(scenario.sites.map((site) => site.region))];
  const signals = await signalRows(grid, regions, hours);

  const question = await questionOf(config, scenario, grid, jobs, { start, end: plusHours(start, 24 * days) });
  const { problem } = question;
  const planned = options.apply
    ? await optimize(problem, {
        seed: 1,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      })
    : null;
  if (planned !== null && planned.schedule === null)
    throw new Fault(
      'conflict',
      planned.conflict?.sentence ?? 'no schedule was found',
      'Loosen the limit that is named, or simulate fewer jobs.',
      {
        details: { conflict: planned.conflict },
      },
    );

  const runs = bothRuns(
    question,
    jobs,
    planned?.schedule ? { problem: planned.problem, schedule: planned.schedule } : null,
  );
  const currency = scenario.currency;
  const summary: Simulated = {
    scenario: scenario.name,
    seed,
    start,
    days,
    currency,
    jobs: jobs.length,
    baseline: runs.before.totals(currency),
    ...(planned?.schedule
      ? {
          optimised: {
            ...runs.after.totals(currency),
            moved: runs.recommendations.length,
            unplaced: jobs.length - runs.placed,
          },
          proof: {
            objective: planned.objective,
            lowerBound: planned.lowerBound,
            gap: planned.gap,
            engine: planned.engine,
            stoppedBy: planned.stoppedBy,
          },
        }
      : {}),
    files: options.apply ? [...FILES, ...APPLIED_FILES] : FILES,
  };
  const bounds = (placement: Placement) => {
    const { low, high } = around(
      placement.emissionsKg,
      question.asked.method.uncertaintyRatio,
      question.asked.method.confidence,
    );
    return { placement, emissionsLowKg: low, emissionsHighKg: high };
  };
  writeAll(out, {
    'jobs.csv': JOBS_FILE.text(jobs),
    'signals.csv': SIGNALS_FILE.text(signals),
    'prices.csv': PRICES_FILE.text(priceRows(scenario.sites)),
    'placements-baseline.csv': PLACEMENTS_FILE.text(runs.baseline.map(bounds)),
    ...(options.apply
      ? {
          'placements-optimised.csv': PLACEMENTS_FILE.text(runs.optimised.map(bounds)),
          'recommendations.csv': RECOMMENDATIONS_FILE.text(runs.recommendations),
        }
      : {}),
    'summary.json': `${JSON.stringify({ ...summary, parameters: question.parameters }, null, 2)}\n`,
  });
  return summary;
};

const FILES = ['jobs.csv', 'signals.csv', 'prices.csv', 'placements-baseline.csv', 'summary.json'];
const APPLIED_FILES = ['placements-optimised.csv', 'recommendations.csv'];

async function* onePage(jobs: Job[]) {
  yield jobs;
}

const questionOf = async (
  config: Config,
  scenario: Scenario,
  grid: Grid,
  jobs: Job[],
  window: FleetQuestion['window'],
) => {
  const { kwPerVcpu, kwPerGpu, carbonPricePerTonne, uncertaintyRatio, confidence, slotMinutes, embodiedGPerVcpuHour } =
    config;
  const method = {
    kwPerVcpu,
    kwPerGpu,
    carbonPricePerTonne,
    uncertaintyRatio,
    confidence,
    slotMinutes,
    embodiedGPerVcpuHour,
  };
  const endEpoch = await gridEnd(onePage(jobs), window);
  const interval = { start: window.start, end: fromEpoch(endEpoch) };
  const carbon = new Map<string, Series>();
  const prices = new Map<string, Series>();
  for (const site of scenario.sites) {
    carbon.set(site.region, (await grid.carbon(site.region, interval, 'actual')).series);
    prices.set(site.region, pricesOf(site, await grid.price(site.region, interval, 'actual'), interval, slotMinutes));
  }
  const asked: FleetQuestion = {
    window,
    sites: scenario.sites,
    carbon,
    prices,
    method,
    carbonPricePerTonne,
    tardinessWeight: 1,
    maxPowerKw: null,
    clusterId: null,
    policy: null,
    sold: [],
  };
  const { problem, origin } = await problemOf(onePage(jobs), asked, scenario.name, endEpoch);
  const parameters = {
    ...method,
    pue: Object.fromEntries(scenario.sites.map((site) => [site.id, site.pue])),
    foresight: 'actual',
    formula: 'emissions_kg = kW x hours x PUE x g/kWh / 1000, over the true span to the second',
  };
  return { asked, problem, origin, parameters };
};

/** Walks the jobs once beside the problem's rows: as they would run, and as planned. */
const bothRuns = (
  { asked, problem, origin }: Awaited<ReturnType<typeof questionOf>>,
  jobs: readonly Job[],
  plan: { problem: typeof problem; schedule: Parameters<typeof piecesOf>[1] } | null,
) => {
  const step = asked.method.slotMinutes * 60;
  const before = new Tally(asked, origin, problem.slots);
  const after = new Tally(asked, origin, problem.slots);
  const baseline: Placement[] = [];
  const optimised: Placement[] = [];
  const recommendations: Recommendation[] = [];
  let row = 0;
  let placed = 0;
  for (const job of jobs) {
    if (problem.jobs.ids[row] !== job.id) continue;
    const j = row++;
    const home = problem.regions[problem.jobs.home[j]!]!.id;
    const release = problem.jobs.release[j]!;
    const stay = before.add(job, spansOf(job, home, [release, release + problem.jobs.slots[j]!], origin, step));
    if (stay === null) continue;
    baseline.push(...stay);
    const pieces = plan && piecesOf(plan.problem, plan.schedule, j);
    if (!plan || !pieces) continue;
    const run = after.add(job, spansOf(job, problem.regions[plan.schedule.region[j]!]!.id, pieces, origin, step));
    if (run === null) continue;
    placed++;
    optimised.push(...run);
    const recommendation = recommend(job, stay, run, asked.sites[0]!.currency);
    if (recommendation) recommendations.push(recommendation);
  }
  return { before, after, baseline, optimised, recommendations, placed };
};

/** All or nothing: the files appear together, after the last one was written. */
const writeAll = (out: string, files: Record<string, string>) => {
  const draft = join(out, `.writing-${process.pid}`);
  try {
    mkdirSync(draft, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(draft, name), text);
    for (const name of Object.keys(files)) renameSync(join(draft, name), join(out, name));
  } catch (cause) {
    throw new Fault(
      'unavailable',
      `${out} cannot be written: ${(cause as Error).message}`,
      'Give a folder that can be written, with --out.',
      { cause },
    );
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};
