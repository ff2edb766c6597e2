/** A study that was published, computed again with the planner's own parts; its answer is a table of differences. */
import { z } from 'zod';
import { buildModel, emptyJobs, evaluate, type Model, type Problem, type Schedule } from '../engine/engine.js';

export const StudyRow = z.strictObject({
  case: z.string(),
  published: z.number().nullable().describe('null where nobody printed a figure'),
  ours: z.number().nullable().describe('null where the data for it are not to be had'),
  difference: z.number().nullable().describe('ours − published'),
  tolerance: z.number().nullable(),
  ok: z.boolean().nullable().describe('null where there is nothing to hold against, or the study is not reproducible'),
  unit: z.string(),
  variant: z
    .enum(['as-published', 'strict', 'target'])
    .describe('as-published: with the study’s own quirks; strict: as it should have been; target: at least this'),
  note: z.string().nullable(),
});
export type StudyRow = z.infer<typeof StudyRow>;

export const StudyAnswer = z.strictObject({
  study: z.string(),
  title: z.string(),
  source: z.string(),
  rows: z.array(StudyRow),
  held: z.number().int().describe('rows within their tolerance'),
  failed: z.number().int(),
  open: z.number().int().describe('rows with nothing to hold against'),
  notes: z.array(z.string()),
});
export type StudyAnswer = z.infer<typeof StudyAnswer>;

export interface RowMore {
  readonly unit: string;
  readonly variant: StudyRow['variant'];
  readonly note?: string;
}

/** A row held against a figure; without one, or with `note` on a figure that cannot be had, `ok` is null. */
export const row = (
  name: string,
  published: number | null,
  ours: number | null,
  tolerance: number | null,
  more: RowMore,
): StudyRow => {
  const difference = published === null || ours === null ? null : ours - published;
  const within =
    difference === null || tolerance === null
      ? null
      : more.variant === 'target'
        ? difference >= -tolerance
        : Math.abs(difference) <= tolerance;
  return { case: name, published, ours, difference, tolerance, ok: within, ...more, note: more.note ?? null };
};

/** A row that is shown and not judged, whatever it says. */
export const shown = (line: StudyRow): StudyRow => ({ ...line, ok: null });

export const answerOf = (
  head: Pick<StudyAnswer, 'study' | 'title' | 'source' | 'notes'>,
  rows: readonly StudyRow[],
): StudyAnswer => ({
  ...head,
  rows: [...rows],
  held: rows.filter((r) => r.ok === true).length,
  failed: rows.filter((r) => r.ok === false).length,
  open: rows.filter((r) => r.ok === null).length,
});

/** A job of a trace in slots; `deadline` is exclusive. */
export interface TraceJob {
  readonly release: number;
  readonly slots: number;
  readonly deadline: number;
  readonly kw: number;
  /** Part of the last slot that is used; 1 when left out. */
  readonly lastFraction?: number;
}

/** One region, carbon only: the objective of the problem is its kg. */
export const traceProblem = (ciGPerKwh: Float64Array, slotHours: number, trace: readonly TraceJob[]): Problem => {
  const slots = ciGPerKwh.length;
  const jobs = emptyJobs(trace.length);
  trace.forEach((job, j) => {
    jobs.release[j] = job.release;
    jobs.slots[j] = job.slots;
    jobs.due[j] = slots;
    jobs.deadline[j] = Math.min(slots, job.deadline);
    jobs.powerKw[j] = job.kw;
    jobs.lastFraction[j] = job.lastFraction ?? 1;
  });
  jobs.ids = trace.map((_, j) => `j${j}`);
  const unlimited = () => new Float64Array(slots).fill(Number.POSITIVE_INFINITY);
  return {
    name: 'trace',
    slotHours,
    slots,
    carbonPricePerTonne: 1000,
    egressPerGb: 0,
    regions: [{ id: 'site', pue: 1, pricePerVcpuHour: 0, pricePerGpuHour: 0, peakChargePerKw: 0 }],
    teams: [''],
    regionSets: [Uint16Array.of(0)],
    machinePricePerHour: new Float64Array(0),
    pricePerMwh: new Float64Array(slots),
    ciGPerKwh,
    powerCapKw: unlimited(),
    vcpuCap: unlimited(),
    gpuCap: unlimited(),
    events: [],
    carbonCaps: [],
    jobs,
  };
};

/** The same jobs under another signal: decisions are made on one, what is emitted follows the other. */
export const underSignal = (problem: Problem, ciGPerKwh: Float64Array): Model => buildModel({ ...problem, ciGPerKwh });

export const kgOf = (model: Model, schedule: Schedule): number => evaluate(model, schedule).emissionsKg;
