/** The files of a simulation as text: UTF-8 CSV with a header, `\n`, numbers in shortest round-trip form, lists joined by `;`. */
import { invalid } from '../domain/fault.js';
import type { Job } from '../domain/job.js';
import { spanSeconds } from '../domain/job.js';
import type { Placement, Recommendation } from '../domain/plan.js';
import { instantAt, regrid, type Series, valueAt } from '../domain/series.js';
import type { CarbonSignal, PriceSignal } from '../domain/signal.js';
import type { Site } from '../domain/site.js';
import { ceilTo, floorTo, type Instant, type Interval, plusSeconds } from '../domain/time.js';
import type { Grid } from '../domain/world.js';

type Cell = string | number | boolean | null | readonly string[];

/** A CSV file: its header line and one line per item, each closed by `\n`. */
export interface Table<T> {
  readonly header: string;
  readonly line: (item: T) => string;
  /** The whole file. */
  readonly text: (items: Iterable<T>) => string;
}

const table = <T>(columns: readonly (readonly [name: string, value: (item: T) => Cell])[]): Table<T> => {
  const header = `${columns.map(([name]) => name).join(',')}\n`;
  const line = (item: T) => `${columns.map(([, value]) => field(value(item))).join(',')}\n`;
  return {
    header,
    line,
    text: (items) => {
      const lines = [header];
      for (const item of items) lines.push(line(item));
      return lines.join('');
    },
  };
};

/** Null is an empty field. Text is quoted where RFC 4180 demands it. */
const field = (cell: Cell): string => {
  if (cell === null) return '';
  if (typeof cell === 'number') {
    if (!Number.isFinite(cell))
      throw invalid(`${cell} cannot stand in a file`, 'Report this as a defect, with the command.');
    return String(cell === 0 ? 0 : cell);
  }
  const text = typeof cell === 'string' ? cell : typeof cell === 'boolean' ? String(cell) : cell.join(';');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** `jobs.csv`. */
export const JOBS_FILE = table<Job>([
  ['id', (j) => j.id],
  ['name', (j) => j.name],
  ['kind', (j) => j.kind],
  ['team', (j) => j.team],
  ['category', (j) => j.category],
  ['submitted_at', (j) => j.submittedAt],
  ['earliest_start', (j) => j.earliestStart],
  ['due', (j) => j.due],
  ['deadline', (j) => j.deadline],
  ['duration_hours', (j) => j.durationHours],
  ['vcpus', (j) => j.vcpus],
  ['gpus', (j) => j.gpus],
  ['power_kw', (j) => j.powerKw],
  ['region', (j) => j.region],
  ['allowed_regions', (j) => j.allowedRegions],
  ['cluster_id', (j) => j.clusterId],
  ['data_gb', (j) => j.dataGb],
  ['instance_type', (j) => j.instanceType],
  ['interruptible', (j) => j.interruptible],
  ['min_chunk_minutes', (j) => j.minChunkMinutes],
  ['resume_cost', (j) => j.resumeCost],
  ['tardiness_cost_per_hour', (j) => j.tardinessCostPerHour],
  ['work_units', (j) => j.workUnits],
]);

export interface SignalRow {
  readonly region: string;
  readonly start: Instant;
  readonly stepMinutes: number;
  readonly intensityGPerKwh: number | null;
  readonly pricePerMwh: number | null;
}

/** `signals.csv`. A gap is an empty field. */
export const SIGNALS_FILE = table<SignalRow>([
  ['region', (r) => r.region],
  ['start', (r) => r.start],
  ['step_minutes', (r) => r.stepMinutes],
  ['intensity_g_per_kwh', (r) => r.intensityGPerKwh],
  ['price_per_mwh', (r) => r.pricePerMwh],
]);

/** `prices.csv`. */
export const PRICES_FILE = table<{ region: string; instanceType: string; pricePerHour: number }>([
  ['region', (r) => r.region],
  ['instance_type', (r) => r.instanceType],
  ['price_per_hour', (r) => r.pricePerHour],
]);

/** A placement with the bounds of its emissions. */
export interface PlacementRow {
  readonly placement: Placement;
  readonly emissionsLowKg: number;
  readonly emissionsHighKg: number;
}

/** `placements-baseline.csv` and `placements-optimised.csv`: a row per contiguous piece. */
export const PLACEMENTS_FILE = table<PlacementRow>([
  ['job_id', (r) => r.placement.jobId],
  ['region', (r) => r.placement.region],
  ['start', (r) => r.placement.start],
  ['end', (r) => r.placement.end],
  ['energy_kwh', (r) => r.placement.energyKwh],
  ['emissions_kg', (r) => r.placement.emissionsKg],
  ['emissions_low_kg', (r) => r.emissionsLowKg],
  ['emissions_high_kg', (r) => r.emissionsHighKg],
  ['energy_cost', (r) => r.placement.energyCost],
  ['instance_cost', (r) => r.placement.instanceCost],
  ['egress_cost', (r) => r.placement.egressCost],
]);

/** `recommendations.csv`. */
export const RECOMMENDATIONS_FILE = table<Recommendation>([
  ['job_id', (r) => r.jobId],
  ['from_region', (r) => r.fromRegion],
  ['to_region', (r) => r.toRegion],
  ['from_start', (r) => r.fromStart],
  ['to_start', (r) => r.toStart],
  ['saved_kg', (r) => r.savedKg],
  ['saved_cost', (r) => r.savedCost],
  ['reason', (r) => r.reason],
]);

/** Whole hours that any of the jobs may touch, wherever in its window it runs; null for no jobs. */
export const touchedHours = (jobs: Iterable<Job>): Interval | null => {
  let start: Instant | undefined;
  let end: Instant | undefined;
  for (const job of jobs) {
    // Without a deadline a job is taken to start on the first whole hour at the latest.
    const latest = job.deadline ?? plusSeconds(ceilTo(job.earliestStart, 60), spanSeconds(job));
    if (start === undefined || job.earliestStart < start) start = job.earliestStart;
    if (end === undefined || latest > end) end = latest;
  }
  return start === undefined || end === undefined ? null : { start: floorTo(start, 60), end: ceilTo(end, 60) };
};

/** The truth of every region over the interval, on the carbon signal's steps, region by region in order of time. */
export const signalRows = async (grid: Grid, regions: readonly string[], interval: Interval): Promise<SignalRow[]> => {
  const rows: SignalRow[] = [];
  for (const region of regions) {
    const carbon = await grid.carbon(region, interval, 'actual');
    const price = await grid.price(region, interval, 'actual');
    for (const row of rowsOf(carbon, price)) rows.push(row);
  }
  return rows;
};

const rowsOf = (carbon: CarbonSignal, price: PriceSignal): SignalRow[] => {
  const { stepMinutes, values } = carbon.series;
  const money: Series = stepMinutes > price.series.stepMinutes ? regrid(price.series, stepMinutes) : price.series;
  return values.map((intensityGPerKwh, i) => {
    const start = instantAt(carbon.series, i);
    return { region: carbon.region, start, stepMinutes, intensityGPerKwh, pricePerMwh: valueAt(money, start) };
  });
};

/** What each site charges for each type of machine, in the scenario's order. */
export const priceRows = (sites: readonly Site[]) =>
  sites.flatMap(({ region, instancePricesPerHour }) =>
    Object.entries(instancePricesPerHour).map(([instanceType, pricePerHour]) => ({
      region,
      instanceType,
      pricePerHour,
    })),
  );
