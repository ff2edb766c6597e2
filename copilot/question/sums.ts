/** What jobs add up to on a basis and within a stretch of time. Pure. Energy is spread evenly over a piece, emissions by the signal where it is known. */
import { type Estimate, sumOfCells } from '../../domain/estimate.js';
import type { TableJob, TablePiece } from '../../domain/plan-table.js';
import { integrate, type Series } from '../../domain/series.js';
import type { Basis, MeasureName } from './measures.js';

/** Epoch seconds, open ends as infinities; the same twice for a moment. */
export interface Clip {
  readonly from: number;
  readonly to: number;
}
export const ALL: Clip = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

export interface Ways {
  /** intensity by place as the plan saw it */
  readonly signals: ReadonlyMap<string, Series>;
  readonly uncertaintyRatio: number;
  readonly confidence: number;
  readonly embodiedGPerVcpuHour: number;
}

export interface Value {
  /** null: not known, or of no job */
  readonly value: number | null;
  readonly estimate?: Estimate;
  /** the job that it is of, where it is one job's */
  readonly who?: string;
  /** epoch seconds at which a peak is reached */
  readonly at?: number;
  /** emissions of a piece that lies partly within the time were spread evenly: its signal is not known any more */
  readonly spread?: boolean;
}

export const runOf = (job: TableJob, basis: Basis): readonly TablePiece[] =>
  basis === 'baseline' ? job.baseline : job.planned;

/** The part of a piece's time that lies within. */
const shareOf = (p: TablePiece, clip: Clip): number => {
  if (clip === ALL) return 1;
  const { from, to } = clip;
  const length = p.end - p.start;
  return length <= 0 ? 0 : Math.max(0, Math.min(p.end, to) - Math.max(p.start, from)) / length;
};

/** kg of a piece within, by the signal where the signal is the one that the plan saw. */
const kgOf = (p: TablePiece, clip: Clip, signals: Ways['signals']): { kg: number; spread: boolean } => {
  const share = shareOf(p, clip);
  if (share === 0 || share === 1) return { kg: p.kg * share, spread: false };
  const series = signals.get(p.place);
  const whole = series === undefined ? null : integrate(series, p.start, p.end);
  const kw = p.kwh / ((p.end - p.start) / 3600);
  if (series === undefined || whole === null || Math.abs((kw * whole) / 1000 - p.kg) > 1e-6 * Math.abs(p.kg))
    return { kg: p.kg * share, spread: true };
  const part = integrate(series, Math.max(p.start, clip.from), Math.min(p.end, clip.to));
  return part === null ? { kg: p.kg * share, spread: true } : { kg: (kw * part) / 1000, spread: false };
};

const HOUR = 3600;
/** kg by place and hour: errors within a cell move together, between cells they do not. */
const addCells = (
  cells: Map<string, number>,
  pieces: readonly TablePiece[],
  clip: Clip,
  sign: 1 | -1,
  signals: Ways['signals'],
) => {
  for (const p of pieces) {
    const [from, to] = [Math.max(p.start, clip.from), Math.min(p.end, clip.to)];
    for (let at = from; at < to; ) {
      const hour = Math.floor(at / HOUR);
      const until = Math.min(to, (hour + 1) * HOUR);
      const key = `${p.place} ${hour}`;
      cells.set(key, (cells.get(key) ?? 0) + sign * kgOf(p, { from: at, to: until }, signals).kg);
      at = until;
    }
  }
};

const add = (jobs: readonly TableJob[], of: (job: TableJob) => number) => jobs.reduce((sum, job) => sum + of(job), 0);
// Most jobs run in one piece.
const pieces = (run: readonly TablePiece[], of: (p: TablePiece) => number) =>
  run.length === 1 ? of(run[0]!) : run.reduce((sum, p) => sum + of(p), 0);
const kwhOf = (job: TableJob, basis: Basis, clip: Clip) => pieces(runOf(job, basis), (p) => p.kwh * shareOf(p, clip));
const hoursOf = (job: TableJob, basis: Basis, clip: Clip) =>
  pieces(runOf(job, basis), (p) => ((p.end - p.start) / HOUR) * shareOf(p, clip));
const electricity = (job: TableJob, basis: Basis, clip: Clip) =>
  pieces(runOf(job, basis), (p) => p.energyCost * shareOf(p, clip));
const costOf = (job: TableJob, basis: Basis, clip: Clip) =>
  pieces(runOf(job, basis), (p) => (p.energyCost + p.otherCost) * shareOf(p, clip));
const massOf = (job: TableJob, basis: Basis, clip: Clip, { signals }: Ways) => {
  if (clip === ALL) return { kg: pieces(runOf(job, basis), (p) => p.kg), spread: false };
  let spread = false;
  const kg = pieces(runOf(job, basis), (p) => {
    const part = kgOf(p, clip, signals);
    spread ||= part.spread;
    return part.kg;
  });
  return { kg, spread };
};

export const startOf = (job: TableJob, basis: Basis): number | null => runOf(job, basis)[0]?.start ?? null;
export const endOf = (job: TableJob, basis: Basis): number | null => runOf(job, basis).at(-1)?.end ?? null;
export const savedKgOf = (job: TableJob): number =>
  pieces(job.baseline, (p) => p.kg) - pieces(job.planned, (p) => p.kg);
const savedCostOf = (job: TableJob): number =>
  pieces(job.baseline, (p) => p.energyCost + p.otherCost) - pieces(job.planned, (p) => p.energyCost + p.otherCost);

const difference = (a: number | null, b: number | null) => (a === null || b === null ? null : (a - b) / HOUR);

/** One job's own value: kg, kWh, money, hours, g/kWh, money per MWh, kW; start and end in epoch seconds. null: it has none. */
export const ownValue = (job: TableJob, measure: MeasureName, basis: Basis, clip: Clip, ways: Ways): number | null => {
  const kwh = () => kwhOf(job, basis, clip);
  switch (measure) {
    case 'energy':
      return kwh();
    case 'emissions':
      return massOf(job, basis, clip, ways).kg;
    case 'intensity':
      return kwh() === 0 ? null : (massOf(job, basis, clip, ways).kg / kwh()) * 1000;
    case 'cost':
      return costOf(job, basis, clip);
    case 'electricity-cost':
      return electricity(job, basis, clip);
    case 'price':
      return kwh() === 0 ? null : (electricity(job, basis, clip) / kwh()) * 1000;
    case 'saving':
      return savedKgOf(job);
    case 'cost-saving':
      return savedCostOf(job);
    case 'count':
      return 1;
    case 'start':
      return startOf(job, basis);
    case 'end':
      return endOf(job, basis);
    case 'delay':
      return difference(startOf(job, 'planned'), startOf(job, 'baseline'));
    case 'duration':
      return job.hours;
    case 'run-hours':
      return hoursOf(job, basis, clip);
    case 'gpu-hours':
      return job.gpus * hoursOf(job, basis, clip);
    case 'core-hours':
      return job.vcpus * hoursOf(job, basis, clip);
    case 'slack':
      return difference(job.deadline, endOf(job, basis));
    case 'power':
      return Math.max(0, ...runOf(job, basis).map((p) => p.kwh / ((p.end - p.start) / HOUR)));
    case 'embodied':
      return (job.vcpus * job.hours * ways.embodiedGPerVcpuHour) / 1000;
    default:
      return null;
  }
};

/** The sum, quotient or peak over jobs; with the interval of emissions and savings where `exact` asks for it. */
export const totalOf = (
  jobs: readonly TableJob[],
  measure: MeasureName,
  basis: Basis,
  clip: Clip,
  ways: Ways,
  exact: boolean,
): Value => {
  const kwh = () => add(jobs, (job) => kwhOf(job, basis, clip));
  const over = (sum: number): Value => {
    const energy = kwh();
    return { value: energy === 0 ? null : (sum / energy) * 1000 };
  };
  switch (measure) {
    case 'emissions':
    case 'intensity': {
      let [kg, spread] = [0, false];
      for (const job of jobs) {
        const part = massOf(job, basis, clip, ways);
        kg += part.kg;
        spread ||= part.spread;
      }
      if (measure === 'intensity') return { ...over(kg), spread };
      return exact
        ? {
            ...estimated(kg, ways, (cells) =>
              jobs.forEach((j) => void addCells(cells, runOf(j, basis), clip, 1, ways.signals)),
            ),
            spread,
          }
        : { value: kg, spread };
    }
    case 'saving': {
      const kg = add(jobs, savedKgOf);
      if (!exact) return { value: kg };
      return estimated(kg, ways, (cells) => {
        for (const job of jobs) {
          addCells(cells, job.baseline, ALL, 1, ways.signals);
          addCells(cells, job.planned, ALL, -1, ways.signals);
        }
      });
    }
    case 'price':
      return over(add(jobs, (job) => electricity(job, basis, clip)));
    case 'power':
      return peakOf(jobs, basis, clip);
    default:
      return { value: add(jobs, (job) => ownValue(job, measure, basis, clip, ways) ?? 0) };
  }
};

const estimated = (
  kg: number,
  { uncertaintyRatio, confidence }: Ways,
  fill: (cells: Map<string, number>) => void,
): Value => {
  const cells = new Map<string, number>();
  fill(cells);
  const { low, high, value } = sumOfCells(cells.values(), uncertaintyRatio, confidence);
  // Cells cut a piece by the clock; its sum is what the plan says.
  return { value: kg, estimate: { value: kg, low: kg - (value - low), high: kg + (high - value), confidence } };
};

/** The most kW at one time within, and when it is first reached; at a moment what runs then. */
const peakOf = (jobs: readonly TableJob[], basis: Basis, clip: Clip): Value => {
  const steps: [at: number, kw: number][] = [];
  let now = 0;
  for (const job of jobs)
    for (const p of runOf(job, basis)) {
      const kw = p.kwh / ((p.end - p.start) / HOUR);
      if (clip.from === clip.to) {
        if (p.start <= clip.from && p.end > clip.from) now += kw;
      } else if (p.start < clip.to && p.end > clip.from)
        steps.push([Math.max(p.start, clip.from), kw], [Math.min(p.end, clip.to), -kw]);
    }
  if (clip.from === clip.to) return { value: now, at: clip.from };
  steps.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [load, peak, at] = [0, 0, Number.NaN];
  for (const [when, kw] of steps) {
    load += kw;
    if (load > peak + 1e-9) [peak, at] = [load, when];
  }
  return { value: peak, ...(Number.isNaN(at) ? {} : { at }) };
};

/** Mean, median, least or most of the jobs' own values; null where no job has one. */
export const amongOf = (
  jobs: readonly TableJob[],
  stat: 'mean' | 'median' | 'least' | 'most',
  value: (job: TableJob) => number | null,
): Value => {
  const known = jobs.flatMap((job) => {
    const v = value(job);
    return v === null ? [] : [{ id: job.id, v }];
  });
  if (known.length === 0) return { value: null };
  if (stat === 'mean') return { value: known.reduce((sum, k) => sum + k.v, 0) / known.length };
  const sorted = known.sort((a, b) => a.v - b.v || (a.id < b.id ? -1 : 1));
  if (stat === 'median') {
    const middle = (sorted.length - 1) / 2;
    return { value: (sorted[Math.floor(middle)]!.v + sorted[Math.ceil(middle)]!.v) / 2 };
  }
  const one = stat === 'least' ? sorted[0]! : sorted.findLast((k) => k.v === sorted.at(-1)!.v)!;
  return { value: one.v, who: one.id };
};
