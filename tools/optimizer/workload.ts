/** A fleet's workload as a Problem: jobs in pages become columns; the jobs themselves stay in the store. */
import { Fault } from '../../domain/fault.js';
import { itPowerKw, type Job, latestPlannedEnd, spanSeconds } from '../../domain/job.js';
import type { Method } from '../../domain/method.js';
import { Names } from '../../domain/names.js';
import type { SoldFlexibility } from '../../domain/offer.js';
import type { PolicySet } from '../../domain/policy/policy.js';
import { meanOver, type Series } from '../../domain/series.js';
import type { Site } from '../../domain/site.js';
import { instancePriceOf } from '../../domain/tariff.js';
import { type Instant, type Interval, toEpoch } from '../../domain/time.js';
import { COLUMNS, emptyJobs, MOVABLE, type Problem, URGENT } from './engine/engine.js';
import type { Least } from './least-saving.js';
import { PolicyRows } from './policy-rows.js';

export interface FleetQuestion {
  readonly window: Interval;
  readonly sites: readonly Site[];
  /** g/kWh by region. */
  readonly carbon: ReadonlyMap<string, Series>;
  /** What the site really pays per MWh, by region. */
  readonly prices: ReadonlyMap<string, Series>;
  readonly method: Method;
  readonly carbonPricePerTonne: number;
  /** Multiplies what lateness costs. */
  readonly tardinessWeight: number;
  /** A cap below the sites' own, facility kW. */
  readonly maxPowerKw: number | null;
  readonly clusterId: string | null;
  /** The confirmed policy in force. */
  readonly policy: PolicySet | null;
  /** Flexibility that was sold within the window. */
  readonly sold: readonly SoldFlexibility[];
}

/** A job that cannot be planned, and why; it runs as it would have. */
export interface LeftOut {
  readonly jobId: string;
  readonly why: string;
}

/** No plan looks further than this beyond its window. */
const MAX_TAIL_HOURS = 24 * 7;

/** First pass: how far the grid must reach for the jobs of the question. */
export const gridEnd = async (pages: AsyncIterable<Job[]>, window: Interval): Promise<number> => {
  const limit = toEpoch(window.end) + MAX_TAIL_HOURS * 3600;
  let end = toEpoch(window.end);
  for await (const page of pages)
    for (const job of page) {
      const run = toEpoch(job.earliestStart) + spanSeconds(job);
      end = Math.max(end, run + 3600, job.deadline === null ? 0 : toEpoch(job.deadline));
    }
  return Math.min(end, limit);
};

/** Second pass: columns. `rows[i]` of the result is the position of problem row i in the workload. */
export const problemOf = async (
  pages: AsyncIterable<Job[]>,
  question: FleetQuestion,
  name: string,
  endEpoch: number,
): Promise<{
  problem: Problem;
  origin: number;
  leftOut: LeftOut[];
  rows: PolicyRows;
  /** What moving must save, by job id, where the policy says so. */
  least: Map<string, Least>;
  remarks: string[];
}> => {
  const slotMinutes = question.method.slotMinutes;
  const step = slotMinutes * 60;
  const origin = Math.floor(toEpoch(question.window.start) / step) * step;
  const slots = Math.max(1, Math.ceil((endEpoch - origin) / step));
  const sites = question.sites.filter((s) => question.clusterId === null || s.clusterId === question.clusterId);
  if (sites.length === 0)
    throw new Fault(
      'not-found',
      `no site has the cluster ${question.clusterId}`,
      'Name a cluster of the scenario or of an imported site.',
    );
  const regions = sites.map((site) => site.region);
  const place = new Map(regions.map((region, i) => [region, i]));
  const seen = regions.map((region) => question.carbon.has(region) && question.prices.has(region));

  const cells = regions.length * slots;
  const grid = (of: ReadonlyMap<string, Series>) => {
    const values = new Float64Array(cells).fill(Number.NaN);
    regions.forEach((region, r) => {
      const series = of.get(region);
      if (series) fill(values, r * slots, series, origin, step, slots);
    });
    return values;
  };
  const cap = (of: (site: Site) => number | null) => {
    const values = new Float64Array(cells);
    sites.forEach((site, r) => {
      values.fill(of(site) ?? Number.POSITIVE_INFINITY, r * slots, (r + 1) * slots);
    });
    return values;
  };
  const lower = question.maxPowerKw ?? Number.POSITIVE_INFINITY;

  const rules = new PolicyRows(question.policy, question.sold, { origin, slots, slotMinutes, sites });
  const carbon = grid(question.carbon);
  const prices = grid(question.prices);
  /** Energy and priced carbon per IT kW of a start, for the choice among stretches that the policy leaves. */
  const priceOf = (count: number) => (start: number, allowed: readonly string[]) => {
    let least = Number.POSITIVE_INFINITY;
    for (const region of allowed) {
      const r = place.get(region);
      if (r === undefined) continue;
      let sum = 0;
      for (let i = r * slots + start; i < r * slots + start + count; i++)
        sum += prices[i]! + (carbon[i]! * question.carbonPricePerTonne) / 1000;
      if (sum * sites[r]!.pue < least) least = sum * sites[r]!.pue;
    }
    return least;
  };
  const rows: Row[] = [];
  const leftOut: LeftOut[] = [];
  const least = new Map<string, Least>();
  const staying = new Map<string, number>();
  const teams = new Names();
  const sets = new Names();
  const machines = new Names();
  for await (const page of pages)
    for (const job of page) {
      if (question.clusterId !== null && job.clusterId !== null && job.clusterId !== question.clusterId) continue;
      const home = place.get(job.region);
      if (home === undefined) {
        leftOut.push({ jobId: job.id, why: `its region ${job.region} has no site` });
        continue;
      }
      if (!seen[home]) {
        leftOut.push({ jobId: job.id, why: `there is no signal for ${job.region}` });
        continue;
      }
      const release = Math.max(0, Math.ceil((toEpoch(job.earliestStart) - origin) / step));
      const span = spanSeconds(job) / step;
      const count = Math.ceil(span - 1e-9);
      if (release + count > slots) {
        leftOut.push({ jobId: job.id, why: 'it ends after the last moment that the plan can see' });
        continue;
      }
      const affordable = (r: number) => instancePriceOf(sites[r]!, job.instanceType) !== null;
      if (!affordable(home)) {
        leftOut.push({ jobId: job.id, why: `site ${sites[home]!.id} has no price for ${job.instanceType}` });
        continue;
      }
      const allowed: number[] = [];
      for (const region of homeFirst(job)) {
        const r = place.get(region);
        if (r !== undefined && seen[r] && affordable(r) && !allowed.includes(r)) allowed.push(r);
      }
      const slotOf = (end: Instant | null) => (end === null ? slots : Math.min(slots, (toEpoch(end) - origin) / step));
      const planned = slotOf(latestPlannedEnd(job));
      // Too late already, or no room: it stays where it is, and lateness is told, not planned away.
      const fits = release + span <= planned + 1e-9;
      const fixed = job.slurm?.stays ?? (!fits && release + span <= slotOf(job.deadline) + 1e-9 ? TOO_NEAR : null);
      if (fixed !== null) staying.set(fixed, (staying.get(fixed) ?? 0) + 1);
      const deadline = fits ? planned : slotOf(job.deadline);
      if (allowed.length === 0) {
        leftOut.push({ jobId: job.id, why: 'none of its allowed regions has a site, a signal and a price for it' });
        continue;
      }
      const left = rules.left(
        job,
        { regions: allowed.map((r) => regions[r]!), release, deadline, slots: count, span },
        priceOf(count),
      );
      if (left.impossible !== null) {
        leftOut.push({ jobId: job.id, why: left.impossible });
        continue;
      }
      const worth = rules.least(job);
      if (worth !== null) least.set(job.id, worth);
      rows.push({
        id: job.id,
        team: teams.of(job.team),
        kind: job.category === 'urgent' || !fits || fixed !== null || left.stays ? URGENT : MOVABLE,
        home,
        regionSet: sets.of(left.regions.map((region) => place.get(region)!).join(',')),
        release: left.stays ? release : left.release,
        due: job.due === null ? slots : (toEpoch(job.due) - origin) / step,
        deadline: left.stays ? deadline : left.deadline,
        slots: count,
        lastFraction: Math.min(1, Math.max(1e-6, span - (count - 1))),
        powerKw: itPowerKw(job, question.method),
        vcpu: job.vcpus,
        gpu: job.gpus,
        dataGb: job.dataGb,
        tardinessCostPerHour: job.tardinessCostPerHour * question.tardinessWeight,
        // A job shorter than its least piece runs in one.
        minChunk: job.interruptible ? Math.min(count, Math.max(1, Math.ceil(job.minChunkMinutes / slotMinutes))) : 0,
        resumeCost: job.resumeCost,
        machine: machines.of(job.instanceType ?? ''),
      });
    }

  const jobs = emptyJobs(rows.length);
  jobs.ids = rows.map((row) => row.id);
  for (const column of OF_WORKLOAD) {
    const target = jobs[column];
    for (let i = 0; i < rows.length; i++) target[i] = rows[i]![column];
  }
  const rates = new Float64Array(machines.names.length * regions.length);
  machines.names.forEach((machine, m) => {
    sites.forEach((site, r) => {
      rates[m * regions.length + r] = instancePriceOf(site, machine === '' ? null : machine) ?? Number.NaN;
    });
  });

  const capped = rules.carbonCaps(teams.names);
  const problem: Problem = {
    name,
    slotHours: slotMinutes / 60,
    slots,
    carbonPricePerTonne: question.carbonPricePerTonne,
    egressPerGb: Math.max(0, ...sites.map((s) => (s.payer === 'tenant' ? s.egressPerGb : 0))),
    regions: sites.map((site) => ({
      id: site.region,
      pue: site.pue,
      pricePerVcpuHour: 0,
      pricePerGpuHour: 0,
      peakChargePerKw: site.payer === 'owner' ? site.tariff.demandChargePerKw : 0,
    })),
    teams: teams.names,
    regionSets: sets.names.map((text) => Uint16Array.from(text.split(','), Number)),
    machinePricePerHour: rates,
    pricePerMwh: prices,
    ciGPerKwh: carbon,
    powerCapKw: cap((site) => Math.min(site.powerCapKw ?? Number.POSITIVE_INFINITY, lower)),
    vcpuCap: cap((site) => site.vcpuCapacity),
    gpuCap: cap((site) => site.gpuCapacity),
    events: rules.events(),
    carbonCaps: capped.caps,
    jobs,
  };
  const stay = [...staying].map(([why, count]) => `${count} jobs of Slurm stay where they are: ${why}`);
  const remarks = [...stay, ...capped.notPlanned, ...rules.notPlanned(), ...rules.unresolved()];
  return { problem, origin, leftOut, rows: rules, least, remarks };
};

const TOO_NEAR = 'their deadline leaves no room to wait';

/** Churn is a replan's: a workload says nothing of it. */
const OF_WORKLOAD = COLUMNS.filter((column) => column !== 'churnCost');

type Row = { readonly id: string } & Readonly<Record<(typeof OF_WORKLOAD)[number], number>>;

/** At equal cost a job stays where it is. */
const homeFirst = (job: Job) =>
  job.allowedRegions.includes(job.region) ? [job.region, ...job.allowedRegions] : job.allowedRegions;

const fill = (into: Float64Array, at: number, series: Series, origin: number, step: number, slots: number) => {
  for (let t = 0; t < slots; t++) {
    const mean = meanOver(series, origin + t * step, origin + (t + 1) * step);
    if (mean !== null) into[at + t] = mean;
  }
};
