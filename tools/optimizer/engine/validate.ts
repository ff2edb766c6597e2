/** Finds what is wrong with a problem and names every wrong job; nothing is dropped unless the caller says so. */
import { Fault, invalid } from '../../../domain/fault.js';
import { FROZEN, MOVABLE, type Problem, selectJobs, URGENT } from './problem.js';
import { fitsWindow } from './window.js';

export interface JobFinding {
  readonly row: number;
  readonly id: string;
  readonly reason: string;
}

/** Numbers above this are refused: no site, job or price is that large, and sums would lose digits. */
const ABSURD = 1e12;

const amount = (value: number, what: string, allowNegative = false): string | null => {
  if (Number.isNaN(value)) return `${what} is not a number`;
  if (!allowNegative && value < 0) return `${what} is negative (${value})`;
  if (Math.abs(value) > ABSURD) return `${what} is absurdly large (${value})`;
  return null;
};

/** Fields of money as people read of them: a problem file and the fields here call them differently. */
const MONEY = {
  carbonPricePerTonne: 'the carbon price per tonne',
  egressPerGb: 'the egress price per GB',
  pricePerVcpuHour: 'the price per vCPU and hour',
  pricePerGpuHour: 'the price per GPU and hour',
  peakChargePerKw: 'the peak charge per kW',
  tardinessCostPerHour: 'the cost of tardiness per hour',
  resumeCost: 'the cost of a resumption',
  churnCost: 'the charge for moving',
} as const;

/** Faults of the problem outside the rows of jobs. */
export const checkFrame = (problem: Problem): string[] => {
  const found: string[] = [];
  const { slots, regions } = problem;
  const cells = slots * regions.length;
  if (!(Number.isInteger(slots) && slots > 0 && slots <= 1_000_000))
    found.push(`slots must be 1 to 1000000, not ${slots}`);
  if (!(problem.slotHours >= 1 / 60 && problem.slotHours <= 24))
    found.push(`slotHours must be 1/60 to 24, not ${problem.slotHours}`);
  if (regions.length === 0) found.push('there is no region');
  if (regions.length > 1000) found.push(`${regions.length} regions are more than 1000`);
  for (const what of ['carbonPricePerTonne', 'egressPerGb'] as const) {
    const wrong = amount(problem[what], MONEY[what]);
    if (wrong) found.push(wrong);
  }
  for (const region of regions) {
    if (!(region.pue >= 1 && region.pue <= 10))
      found.push(`region ${region.id}: pue must be 1 to 10, not ${region.pue}`);
    for (const what of ['pricePerVcpuHour', 'pricePerGpuHour', 'peakChargePerKw'] as const) {
      const wrong = amount(region[what], `region ${region.id}: ${MONEY[what]}`);
      if (wrong) found.push(wrong);
    }
  }
  if (new Set(regions.map((region) => region.id)).size !== regions.length) found.push('two regions have the same id');
  const series = [
    ['price per MWh', problem.pricePerMwh, -ABSURD, true],
    ['ciGPerKwh', problem.ciGPerKwh, 0, true],
    ['powerCapKw', problem.powerCapKw, 0, false],
    ['vcpuCap', problem.vcpuCap, 0, false],
    ['gpuCap', problem.gpuCap, 0, false],
  ] as const;
  for (const [what, values, lowest, gaps] of series) {
    if (values.length !== cells) {
      found.push(`${what} has ${values.length} values for ${regions.length} regions × ${slots} slots`);
      continue;
    }
    for (let i = 0; i < cells; i++) {
      const value = values[i]!;
      const fine = Number.isNaN(value) ? gaps : value >= lowest && (value <= ABSURD || (!gaps && value === Infinity));
      if (fine) continue;
      found.push(`${what} of region ${regions[Math.floor(i / slots)]!.id} in slot ${i % slots} is ${value}`);
      break;
    }
  }
  const span = (id: string, fromSlot: number, toSlot: number) => {
    if (
      !(Number.isInteger(fromSlot) && Number.isInteger(toSlot) && fromSlot >= 0 && fromSlot < toSlot && toSlot <= slots)
    )
      found.push(`${id}: slots ${fromSlot} to ${toSlot} are not inside 0 to ${slots}`);
  };
  for (const event of problem.events) {
    span(`event ${event.id}`, event.fromSlot, event.toSlot);
    if (!regions[event.region]) found.push(`event ${event.id}: unknown region ${event.region}`);
    const wrong = amount(event.maxPowerKw, `event ${event.id}: maxPowerKw`);
    if (wrong) found.push(wrong);
  }
  for (const cap of problem.carbonCaps) {
    span(`carbon cap ${cap.id}`, cap.fromSlot, cap.toSlot);
    const wrong = amount(cap.capKg, `carbon cap ${cap.id}: capKg`);
    if (wrong) found.push(wrong);
  }
  if (new Set(problem.carbonCaps.map((cap) => cap.id)).size !== problem.carbonCaps.length)
    found.push('two carbon caps have the same id');
  return found;
};

const checkJob = (problem: Problem, j: number): string | null => {
  const jobs = problem.jobs;
  for (const what of ['powerKw', 'vcpu', 'gpu', 'dataGb'] as const) {
    const wrong = amount(jobs[what][j]!, what);
    if (wrong) return wrong;
  }
  for (const what of ['tardinessCostPerHour', 'resumeCost', 'churnCost'] as const) {
    const wrong = amount(jobs[what][j]!, MONEY[what]);
    if (wrong) return wrong;
  }
  const slots = jobs.slots[j]!;
  const release = jobs.release[j]!;
  const fraction = jobs.lastFraction[j]!;
  if (!(slots >= 1)) return `its duration is ${slots} slots`;
  if (slots > problem.slots) return `its ${slots} slots are longer than the horizon of ${problem.slots}`;
  if (!(fraction > 0 && fraction <= 1)) return `lastFraction must be above 0 up to 1, not ${fraction}`;
  if (release < 0) return `release is negative (${release})`;
  if (Number.isNaN(jobs.due[j]!)) return 'due is not a number';
  if (Number.isNaN(jobs.deadline[j]!)) return 'deadline is not a number';
  if (!problem.regions[jobs.home[j]!]) return `unknown home region ${jobs.home[j]}`;
  const set = problem.regionSets[jobs.regionSet[j]!];
  if (!set || (set.length === 0 && jobs.kind[j] === MOVABLE)) return 'no region is allowed';
  for (const r of set) if (!problem.regions[r]) return `unknown region ${r}`;
  for (const r of [jobs.home[j]!, ...set]) {
    const rate = problem.machinePricePerHour[jobs.machine[j]! * problem.regions.length + r] ?? 0;
    if (!(rate >= 0 && rate <= ABSURD)) return `its machine costs ${rate} per hour in ${problem.regions[r]!.id}`;
  }
  if (problem.teams[jobs.team[j]!] === undefined) return `unknown team ${jobs.team[j]}`;
  if (jobs.minChunk[j]! < 0) return `minChunk is negative (${jobs.minChunk[j]})`;
  if (jobs.underWay[j] !== 0) {
    if (jobs.kind[j] !== MOVABLE || jobs.minChunk[j] === 0) return 'it is under way and may not be interrupted';
    if (set.length !== 1) return 'it is under way and has not one region';
  } else if (jobs.minChunk[j]! > slots) return `minChunk ${jobs.minChunk[j]} is longer than its ${slots} slots`;
  if (jobs.kind[j]! === FROZEN) {
    const region = jobs.current?.region[j] ?? -1;
    if (!problem.regions[region]) return 'it is frozen but has no current placement';
    const pieces = jobs.current!.pieces.get(j) ?? [jobs.current!.start[j]!, jobs.current!.start[j]! + slots];
    let total = 0;
    let previous = -1;
    for (let p = 0; p + 1 < pieces.length; p += 2) {
      if (pieces[p]! < 0 || pieces[p]! <= previous || pieces[p + 1]! <= pieces[p]! || pieces[p + 1]! > problem.slots)
        return 'its current placement is not inside the horizon';
      previous = pieces[p + 1]!;
      total += pieces[p + 1]! - pieces[p]!;
    }
    return total === slots ? null : `its current placement has ${total} slots instead of ${slots}`;
  }
  if (jobs.kind[j]! === URGENT) {
    return release + slots <= problem.slots
      ? null
      : `it is urgent and would end in slot ${release + slots}, after the horizon of ${problem.slots}`;
  }
  if (!fitsWindow(problem, j)) {
    const end = Math.min(jobs.deadline[j]!, problem.slots);
    return `its window is too short: ${slots - 1 + fraction} slots of work between slot ${release} and ${end}`;
  }
  return null;
};

/** Every wrong row with the first reason found; duplicate names are wrong from the second on. */
export const checkJobs = (problem: Problem): JobFinding[] => {
  const found: JobFinding[] = [];
  const { ids, count } = problem.jobs;
  const seen = new Set<string>();
  for (let row = 0; row < count; row++) {
    const id = ids[row] ?? `#${row}`;
    const reason = seen.has(id) ? 'its id is used twice' : id === '' ? 'its id is empty' : checkJob(problem, row);
    seen.add(id);
    if (reason) found.push({ row, id, reason });
  }
  return found;
};

export interface Checked {
  readonly problem: Problem;
  readonly skipped: readonly JobFinding[];
}

const list = (findings: readonly JobFinding[]) =>
  findings
    .slice(0, 10)
    .map((finding) => `${finding.id}: ${finding.reason}`)
    .join('; ') + (findings.length > 10 ? `; and ${findings.length - 10} more` : '');

/**
 * The problem, fit to be solved. Throws an `invalid-input` Fault whose `details.jobs` lists every wrong job; with
 * `skipInvalid` those jobs are left out and returned as `skipped`.
 */
export const checkProblem = (problem: Problem, options: { skipInvalid?: boolean } = {}): Checked => {
  const frame = checkFrame(problem);
  if (frame.length > 0) {
    throw invalid(
      `The problem is malformed: ${frame.slice(0, 5).join('; ')}.`,
      'Correct these values and send it again.',
      { frame },
    );
  }
  const wrong = checkJobs(problem);
  if (wrong.length === 0) return { problem, skipped: [] };
  if (!options.skipInvalid) {
    throw new Fault(
      'invalid-input',
      `${wrong.length} of ${problem.jobs.count} jobs cannot be planned: ${list(wrong)}.`,
      'Correct these jobs, or plan the rest with skipInvalid.',
      { details: { jobs: wrong } },
    );
  }
  const bad = new Set(wrong.map((finding) => finding.row));
  const keep = new Uint32Array(problem.jobs.count - bad.size);
  for (let j = 0, k = 0; j < problem.jobs.count; j++) if (!bad.has(j)) keep[k++] = j;
  return { problem: selectJobs(problem, keep), skipped: wrong };
};
