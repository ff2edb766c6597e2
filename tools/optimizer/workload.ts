/** A fleet's workload as a Problem: jobs in pages become columns; the jobs themselves stay in the store. */
import { Fault } from '../../domain/fault.js';
import { type Job, spanSeconds } from '../../domain/job.js';
import { meanOver, type Series } from '../../domain/series.js';
import type { Site } from '../../domain/site.js';
import { type Interval, toEpoch } from '../../domain/time.js';
import type { Problem } from './engine/engine.js';
import type { FleetQuestion, LeftOut } from './fleet-question.js';
import { type JobFrame, JobRows } from './job-rows.js';
import type { Least } from './least-saving.js';
import { PolicyRows } from './policy-rows.js';

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

/** Second pass: columns. */
export const problemOf = async (
  pages: AsyncIterable<Job[]>,
  question: FleetQuestion,
  name: string,
  endEpoch: number,
): Promise<{
  problem: Problem;
  /** Epoch seconds of slot 0. */
  origin: number;
  leftOut: readonly LeftOut[];
  rows: PolicyRows;
  /** What moving must save, by job id, where the policy says so. */
  least: ReadonlyMap<string, Least>;
  remarks: string[];
}> => {
  const { slotMinutes } = question.method;
  const frame = frameOf(question, endEpoch);
  const { origin, slots, sites } = frame;
  const rules = new PolicyRows(question.policy, question.sold, { origin, slots, slotMinutes, sites });
  const rows = new JobRows(frame, rules);
  for await (const page of pages) for (const job of page) rows.add(job);
  const capped = rules.carbonCaps(rows.teams.names);
  const cap = (of: (site: Site) => number | null) => {
    const values = new Float64Array(sites.length * slots);
    sites.forEach((site, r) => {
      values.fill(of(site) ?? Number.POSITIVE_INFINITY, r * slots, (r + 1) * slots);
    });
    return values;
  };
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
    teams: rows.teams.names,
    regionSets: rows.regionSets(),
    machinePricePerHour: rows.machinePrices(),
    pricePerMwh: frame.prices,
    ciGPerKwh: frame.carbon,
    powerCapKw: cap(({ powerCapKw }) =>
      Math.min(powerCapKw ?? Number.POSITIVE_INFINITY, question.maxPowerKw ?? Number.POSITIVE_INFINITY),
    ),
    vcpuCap: cap((site) => site.vcpuCapacity),
    gpuCap: cap((site) => site.gpuCapacity),
    events: rules.events(),
    carbonCaps: capped.caps,
    jobs: rows.columns(),
  };
  const stay = [...rows.staying].map(([why, count]) => `${count} jobs of Slurm stay where they are: ${why}`);
  const remarks = [...stay, ...capped.notPlanned, ...rules.notPlanned(), ...rules.unresolved()];
  return { problem, origin, leftOut: rows.leftOut, rows: rules, least: rows.least, remarks };
};

/** Throws Fault `not-found` when no site has the cluster that is asked for. */
const frameOf = (question: FleetQuestion, endEpoch: number): JobFrame => {
  const step = question.method.slotMinutes * 60;
  const origin = Math.floor(toEpoch(question.window.start) / step) * step;
  const slots = Math.max(1, Math.ceil((endEpoch - origin) / step));
  const sites = question.sites.filter((s) => question.clusterId === null || s.clusterId === question.clusterId);
  if (sites.length === 0)
    throw new Fault(
      'not-found',
      `no site has the cluster ${question.clusterId}`,
      'Name a cluster of the scenario or of an imported site.',
    );
  const curves = (of: ReadonlyMap<string, Series>) => {
    const values = new Float64Array(sites.length * slots).fill(Number.NaN);
    sites.forEach(({ region }, r) => {
      const series = of.get(region);
      if (series) fill(values, r * slots, series, origin, step, slots);
    });
    return values;
  };
  return { question, origin, step, slots, sites, carbon: curves(question.carbon), prices: curves(question.prices) };
};

const fill = (into: Float64Array, at: number, series: Series, origin: number, step: number, slots: number) => {
  for (let t = 0; t < slots; t++) {
    const mean = meanOver(series, origin + t * step, origin + (t + 1) * step);
    if (mean !== null) into[at + t] = mean;
  }
};
