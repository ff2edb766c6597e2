/** Jobs of a simulated world. Every hour draws from its own stream, so any interval gives the same jobs as a longer one around it. */
import { invalid } from '../domain/fault.js';
import type { Category, Job } from '../domain/job.js';
import { fromEpoch, type Instant, toEpoch } from '../domain/time.js';
import { hours, kw } from '../domain/units.js';
import { type Random, random } from './random.js';
import type { KindSpec, Scenario } from './scenario.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const SLOT = 1800;
const CATEGORIES: readonly Category[] = ['urgent', 'balanced', 'sustainable'];

/** Jobs whose earliest start lies in [start, start + days). Throws Fault `invalid-input` for a number of days outside (0, 3700]. */
export const simulateJobs = (
  scenario: Scenario,
  { seed, start, days }: { seed: number; start: Instant; days: number },
): Job[] => {
  if (!(days > 0 && days <= 3700))
    throw invalid(`${days} days cannot be simulated`, 'Give a number of days above 0 and up to 3700.');
  const jobs: Job[] = [];
  const from = toEpoch(start);
  for (const page of jobsByHour(scenario, seed, from, from + Math.round(days * DAY)))
    for (const job of page) jobs.push(job);
  return jobs;
};

/** The jobs of [from, to) in epoch seconds, hour by hour, ordered by earliest start. */
export function* jobsByHour(scenario: Scenario, seed: number, from: number, to: number): Generator<Job[]> {
  const draw = generator(scenario, seed);
  for (let hour = Math.floor(from / HOUR); hour * HOUR < to; hour++) {
    const jobs = draw(hour).filter(({ at }) => at >= from && at < to);
    yield jobs.map(({ job }) => job);
  }
}

/** Mean number of arrivals in an hour counted from the epoch. Day and week rhythm multiply, each with mean 1. */
export const arrivalRate = ({ arrivals }: Scenario, hour: number): number => {
  const mean = (weights: readonly number[]) => weights.reduce((sum, w) => sum + w, 0) / weights.length;
  // 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
  const weekday = (Math.floor(hour / 24) + 3) % 7;
  const ofDay = (arrivals.hourWeights[hour % 24] ?? 0) / mean(arrivals.hourWeights);
  const ofWeek = (arrivals.weekdayWeights[weekday] ?? 0) / mean(arrivals.weekdayWeights);
  return (arrivals.jobsPerDay / 24) * ofDay * ofWeek;
};

const generator = (scenario: Scenario, seed: number) => {
  const origin = Math.floor(toEpoch(scenario.start) / HOUR);
  const homes = Object.keys(scenario.homes);
  const homeWeights = Object.values(scenario.homes);
  const kindWeights = scenario.kinds.map((k) => k.weight);
  const categoryWeights = scenario.kinds.map((k) => CATEGORIES.map((c) => k.categories[c]));
  const machineWeights = scenario.kinds.map((k) => k.machines.map((m) => m.weight));
  const siteOf = new Map(scenario.sites.map((site) => [site.region, site]));
  const allowed = allowedRegions(scenario);

  return (hour: number): { at: number; job: Job }[] => {
    const rng = random(scenario.name, seed, 'jobs', hour);
    const count = rng.poisson(arrivalRate(scenario, hour));
    const seconds = Array.from({ length: count }, () => Math.floor(rng.uniform() * HOUR)).sort((a, b) => a - b);
    return seconds.map((second, n) => {
      const k = rng.pick(kindWeights);
      const kind = scenario.kinds[k]!;
      const team = kind.teams[Math.floor(rng.uniform() * kind.teams.length)]!;
      const category = CATEGORIES[rng.pick(categoryWeights[k]!)]!;
      const region = homes[rng.pick(homeWeights)]!;
      const machine = kind.machines[rng.pick(machineWeights[k]!)]!;
      const at = hour * HOUR + second;
      const duration = durationOf(kind, rng);
      const rule = scenario.categories[category];
      const possible = Math.ceil(at / SLOT) * SLOT + duration;
      const measured = rng.uniform() < kind.measuredShare && machine.measuredKw !== null;
      // Drawn whether used or not, so that a change of one field leaves the others' numbers alone.
      const load = rng.logNormal(1, 0.08);
      const dataGb = Math.min(kind.dataGb.max, rng.logNormal(1, kind.dataGb.sigma) * kind.dataGb.median);
      const id = `${kind.prefix}-${team}-${serial(hour - origin, n)}`;
      const job: Job = {
        id,
        name: id,
        kind: kind.kind,
        team,
        category,
        submittedAt: fromEpoch(at - Math.round(scenario.arrivals.noticeHours * HOUR)),
        earliestStart: fromEpoch(at),
        due: fromEpoch(possible + Math.round(rule.dueSlackHours * HOUR)),
        deadline: fromEpoch(possible + Math.round(rule.deferralHours * HOUR)),
        durationHours: hours(duration / HOUR),
        vcpus: machine.vcpus,
        gpus: machine.gpus,
        powerKw: measured ? kw(Math.round((machine.measuredKw ?? 0) * load * 10) / 10) : null,
        region,
        allowedRegions: allowed(category, region),
        clusterId: siteOf.get(region)?.clusterId ?? null,
        dataGb: Math.round(dataGb * 10) / 10,
        instanceType: machine.instanceType,
        interruptible: kind.interruptible && category !== 'urgent',
        minChunkMinutes: kind.minChunkMinutes,
        resumeCost: kind.resumeCost,
        tardinessCostPerHour: rule.tardinessCostPerHour,
        workUnits:
          kind.workUnitsPerHour === null
            ? null
            : Math.max(1, Math.round(kind.workUnitsPerHour * machineUnits(machine) * (duration / HOUR))),
      };
      return { at, job };
    });
  };
};

/** Units of work scale with the GPUs where there are any, else with the vCPUs. */
const machineUnits = (machine: { vcpus: number; gpus: number }) => (machine.gpus > 0 ? machine.gpus : machine.vcpus);

/** Whole seconds, log-normal, cut at the kind's bounds. */
const durationOf = ({ durationHours: d }: KindSpec, rng: Random): number =>
  Math.max(1, Math.round(Math.min(d.max, Math.max(d.min, rng.logNormal(d.median, d.sigma))) * HOUR));

/** Hour since the world's start and number within the hour: `012003` is the fourth job of hour 12; `b` counts hours before the start. */
const serial = (hour: number, n: number): string =>
  `${hour < 0 ? 'b' : ''}${String(Math.abs(hour)).padStart(3, '0')}${String(n).padStart(3, '0')}`;

const allowedRegions = (scenario: Scenario) => {
  const regions = [...new Set(scenario.sites.map((site) => site.region))];
  const area = (region: string) => scenario.regions[region]?.area;
  const lists = new Map<string, string[]>();
  return (category: Category, home: string): string[] => {
    const key = `${category} ${home}`;
    let list = lists.get(key);
    if (!list) {
      const rule = scenario.categories[category].allowedRegions;
      const others = regions.filter(
        (r) => r !== home && (rule === 'any' || (rule === 'area' && area(r) === area(home))),
      );
      list = [home, ...others];
      lists.set(key, list);
    }
    return list;
  };
};
