/**
 * The exchange format `caco-opt-1`: problems in, solution.json and certificate.json out. Indices name regions, slots are
 * half-open. The format names its money in dollars (`priceUsdPerMwh`); from here on it is money (`pricePerMwh`).
 */
import { z } from 'zod';
import { invalid } from '../../../domain/fault.js';
import type { Certificate } from './answer.js';
import { emptyJobs, type Problem, piecesOf, type Schedule, URGENT } from './problem.js';

const Curve = z.array(z.number().nullable());
const Limit = z.number().nullable().optional();

const CacoRegion = z.object({
  id: z.string().min(1),
  pue: z.number(),
  priceUsdPerMwh: Curve,
  ciGPerKwh: Curve,
  maxPowerKw: z.union([z.number(), Curve]).nullable().optional(),
  vcpuCapacity: Limit,
  gpuCapacity: Limit,
  instanceUsdPerVcpuHour: z.number().default(0),
  instanceUsdPerGpuHour: z.number().default(0),
  peakUsdPerKw: z.number().nullable().default(0),
});

const CacoFrame = z.object({
  format: z.literal('caco-opt-1'),
  name: z.string().default('problem'),
  seed: z.number().optional(),
  slotHours: z.number(),
  slots: z.number(),
  carbonPriceUsdPerTonne: z.number(),
  egressUsdPerGb: z.number().default(0),
  regions: z.array(CacoRegion),
  carbonCaps: z
    .array(z.object({ id: z.string(), team: z.string(), fromSlot: z.number(), toSlot: z.number(), capKg: z.number() }))
    .default([]),
  events: z
    .array(
      z.object({
        id: z.string(),
        region: z.number(),
        fromSlot: z.number(),
        toSlot: z.number(),
        maxPowerKw: z.number(),
      }),
    )
    .default([]),
});
export type CacoFrame = z.infer<typeof CacoFrame>;

export interface CacoJob {
  readonly id: string;
  readonly team: string;
  readonly sla: string;
  readonly home: number;
  readonly regions: readonly number[];
  readonly release: number;
  readonly due: number;
  readonly deadline: number;
  readonly slots: number;
  readonly powerKw: number;
  readonly vcpu: number;
  readonly gpu: number;
  readonly dataGb: number;
  readonly tardyUsdPerHour: number;
  readonly interruptible?: { readonly minChunk: number; readonly resumeUsd: number } | null;
}

/** Takes jobs one by one, so that a file larger than memory's longest string can be read as a stream. */
export class CacoReader {
  private readonly rows: CacoJob[] = [];

  add(job: unknown) {
    if (typeof job !== 'object' || job === null) throw invalid('A job is not an object.', 'Send jobs as objects.');
    this.rows.push(job as CacoJob);
  }

  finish(frame: unknown): Problem {
    const parsed = CacoFrame.safeParse(frame);
    if (!parsed.success) {
      const what = parsed.error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
      throw invalid(
        `This is not a caco-opt-1 problem: ${what.join('; ')}.`,
        'See the format in docs/methods/planning.md.',
      );
    }
    return toProblem(parsed.data, this.rows);
  }
}

const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);
/** Integers only: anything else becomes a value that the check of the problem refuses by name. */
const integer = (value: unknown): number =>
  Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? (value as number) : -1;
const NO_REGION = 65535;

const toProblem = (frame: CacoFrame, rows: readonly CacoJob[]): Problem => {
  const { slots } = frame;
  if (!(Number.isInteger(slots) && slots > 0 && slots <= 1_000_000))
    throw invalid(`slots must be 1 to 1000000, not ${slots}.`, 'Correct slots.');
  const R = frame.regions.length;
  const flat = (
    name: string,
    empty: number,
    of: (region: CacoFrame['regions'][number]) => number | readonly (number | null)[] | null | undefined,
  ) => {
    const out = new Float64Array(R * slots);
    frame.regions.forEach((region, r) => {
      const values = of(region);
      if (values === null || values === undefined || typeof values === 'number') {
        out.fill(values ?? empty, r * slots, (r + 1) * slots);
        return;
      }
      if (values.length !== slots) {
        throw invalid(
          `${name} of region ${region.id} has ${values.length} values for ${slots} slots.`,
          'Give one value (or null) per slot.',
        );
      }
      values.forEach((value, t) => {
        out[r * slots + t] = value ?? empty;
      });
    });
    return out;
  };
  const teams = new Map<string, number>();
  const team = (name: string) => {
    if (!teams.has(name)) teams.set(name, teams.size);
    return teams.get(name)!;
  };
  const carbonCaps = frame.carbonCaps.map((cap) => ({ ...cap, team: team(cap.team) }));
  const sets = new Map<string, number>();
  const regionSets: Uint16Array[] = [];
  const jobs = emptyJobs(rows.length);
  const ids: string[] = [];
  rows.forEach((row, j) => {
    ids.push(String(row.id ?? ''));
    jobs.team[j] = team(String(row.team ?? ''));
    jobs.kind[j] = row.sla === 'urgent' ? URGENT : 0;
    const home = integer(row.home);
    jobs.home[j] = home >= 0 && home < NO_REGION ? home : NO_REGION;
    const list = Array.isArray(row.regions)
      ? row.regions.map(integer).map((r) => (r >= 0 && r < NO_REGION ? r : NO_REGION))
      : [];
    const key = list.join();
    if (!sets.has(key)) {
      sets.set(key, regionSets.length);
      regionSets.push(Uint16Array.from(list));
    }
    jobs.regionSet[j] = sets.get(key)!;
    jobs.release[j] = integer(row.release);
    jobs.due[j] = row.due === null || row.due === undefined ? Infinity : number(row.due);
    jobs.deadline[j] = row.deadline === null || row.deadline === undefined ? Infinity : number(row.deadline);
    jobs.slots[j] = integer(row.slots);
    jobs.powerKw[j] = number(row.powerKw);
    jobs.vcpu[j] = number(row.vcpu ?? 0);
    jobs.gpu[j] = number(row.gpu ?? 0);
    jobs.dataGb[j] = number(row.dataGb ?? 0);
    jobs.tardinessCostPerHour[j] = number(row.tardyUsdPerHour ?? 0);
    if (row.interruptible) {
      const chunk = integer(row.interruptible.minChunk);
      jobs.minChunk[j] = chunk === 0 ? 1 : chunk;
      jobs.resumeCost[j] = number(row.interruptible.resumeUsd ?? 0);
    }
  });
  jobs.ids = ids;
  return {
    name: frame.name,
    slotHours: frame.slotHours,
    slots,
    carbonPricePerTonne: frame.carbonPriceUsdPerTonne,
    egressPerGb: frame.egressUsdPerGb,
    regions: frame.regions.map((region) => ({
      id: region.id,
      pue: region.pue,
      pricePerVcpuHour: region.instanceUsdPerVcpuHour,
      pricePerGpuHour: region.instanceUsdPerGpuHour,
      peakChargePerKw: region.peakUsdPerKw ?? 0,
    })),
    machinePricePerHour: new Float64Array(0),
    teams: [...teams.keys()],
    regionSets,
    pricePerMwh: flat('priceUsdPerMwh', Number.NaN, (region) => region.priceUsdPerMwh),
    ciGPerKwh: flat('ciGPerKwh', Number.NaN, (region) => region.ciGPerKwh),
    powerCapKw: flat('maxPowerKw', Infinity, (region) => region.maxPowerKw),
    vcpuCap: flat('vcpuCapacity', Infinity, (region) => region.vcpuCapacity),
    gpuCap: flat('gpuCapacity', Infinity, (region) => region.gpuCapacity),
    events: frame.events,
    carbonCaps,
    jobs,
  };
};

/** A whole problem held in memory. Throws an `invalid-input` Fault when it is not `caco-opt-1`. */
export const parseCaco = (document: unknown): Problem => {
  if (typeof document !== 'object' || document === null || !Array.isArray((document as { jobs?: unknown }).jobs)) {
    throw invalid(
      'This is not a caco-opt-1 problem: it has no list of jobs.',
      'See the format in docs/methods/planning.md.',
    );
  }
  const { jobs, ...frame } = document as { jobs: unknown[] };
  const reader = new CacoReader();
  for (const job of jobs) reader.add(job);
  return reader.finish(frame);
};

export interface CacoSolution {
  readonly objective: number;
  readonly assignments: { readonly job: string; readonly region: number; readonly segments: [number, number][] }[];
}

export const solutionOf = (problem: Problem, schedule: Schedule, objective: number): CacoSolution => {
  const assignments: CacoSolution['assignments'] = [];
  for (let j = 0; j < problem.jobs.count; j++) {
    const pieces = piecesOf(problem, schedule, j);
    if (pieces === null) continue;
    const segments: [number, number][] = [];
    for (let p = 0; p < pieces.length; p += 2) segments.push([pieces[p]!, pieces[p + 1]!]);
    assignments.push({ job: problem.jobs.ids[j] ?? `#${j}`, region: schedule.region[j]!, segments });
  }
  return { objective, assignments };
};

/** solution.json, piece by piece: a million assignments never form one string. */
export function* writeSolution(problem: Problem, schedule: Schedule, objective: number): Generator<string> {
  yield `{"objective":${JSON.stringify(objective)},"assignments":[`;
  let text = '';
  let first = true;
  for (let j = 0; j < problem.jobs.count; j++) {
    const pieces = piecesOf(problem, schedule, j);
    if (pieces === null) continue;
    const segments: string[] = [];
    for (let p = 0; p < pieces.length; p += 2) segments.push(`[${pieces[p]},${pieces[p + 1]}]`);
    text += `${first ? '' : ','}\n{"job":${JSON.stringify(problem.jobs.ids[j] ?? `#${j}`)},"region":${schedule.region[j]},"segments":[${segments.join()}]}`;
    first = false;
    if (text.length > 65536) {
      yield text;
      text = '';
    }
  }
  yield `${text}\n]}\n`;
}

export const writeCertificate = (certificate: Certificate): string => `${JSON.stringify(certificate)}\n`;
