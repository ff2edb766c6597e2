/** What a schedule breaks, in figures and in words: an unlawful plan's saving is no saving. */
import { z } from 'zod';
import { figure, massText, percentText } from '../../../domain/figures.js';
import {
  allowed,
  type Evaluation,
  MOVABLE,
  type Model,
  piecesOf,
  type Schedule,
  SLOT_EPSILON,
  unlawful,
} from '../engine/engine.js';

export const Violations = z.strictObject({
  energyOverCapRatio: z.number().describe('share of all energy that lies above power caps'),
  mostOverCapKw: z.number().describe('highest load above a power cap, facility kW'),
  slotsOverPower: z.number().int(),
  slotsOverVcpu: z.number().int(),
  slotsOverGpu: z.number().int(),
  carbonCapsBroken: z.array(z.strictObject({ cap: z.string(), overKg: z.number() })),
  missedDeadlines: z.number().int(),
  interrupted: z.number().int().describe('jobs broken into pieces that may not be, or into shorter ones than allowed'),
  unplaced: z.number().int().describe('jobs without a place; the cost omits them'),
  unseenJobs: z.number().int().describe('jobs that run where the signal has no data'),
});
export type Violations = z.infer<typeof Violations>;

export const violationsOf = (model: Model, schedule: Schedule, { loads, unplaced }: Evaluation): Violations => {
  const { problem, T, R } = model;
  let total = 0;
  let over = 0;
  let most = 0;
  const slots = { power: 0, vcpu: 0, gpu: 0 };
  for (let i = 0; i < R * T; i++) {
    total += loads.power[i]!;
    if (loads.power[i]! > allowed(model.powerCap[i]!)) {
      const excess = loads.power[i]! - model.powerCap[i]!;
      over += excess;
      slots.power++;
      if (excess > most) most = excess;
    }
    if (loads.vcpu[i]! > allowed(problem.vcpuCap[i]!)) slots.vcpu++;
    if (loads.gpu[i]! > allowed(problem.gpuCap[i]!)) slots.gpu++;
  }
  const broken = new Set(unlawful(model, schedule));
  let missedDeadlines = 0;
  let interrupted = 0;
  let unseenJobs = 0;
  const { jobs } = problem;
  for (let j = 0; j < model.N; j++) {
    const pieces = piecesOf(problem, schedule, j);
    if (pieces === null) continue;
    const row = schedule.region[j]! * (T + 1);
    let unseen = false;
    for (let p = 0; p < pieces.length; p += 2)
      if (model.gapsBefore && model.gapsBefore[row + pieces[p + 1]!]! > model.gapsBefore[row + pieces[p]!]!)
        unseen = true;
    if (unseen) unseenJobs++;
    if (!broken.has(j) || jobs.kind[j] !== MOVABLE) continue;
    const end = pieces[pieces.length - 1]! - 1 + jobs.lastFraction[j]!;
    if (end > jobs.deadline[j]! + SLOT_EPSILON) missedDeadlines++;
    let short = pieces.length > 2 && jobs.minChunk[j] === 0;
    for (let p = 0; p < pieces.length; p += 2) if (pieces[p + 1]! - pieces[p]! < jobs.minChunk[j]!) short = true;
    if (short) interrupted++;
  }
  return {
    energyOverCapRatio: total > 0 ? over / total : 0,
    mostOverCapKw: most,
    slotsOverPower: slots.power,
    slotsOverVcpu: slots.vcpu,
    slotsOverGpu: slots.gpu,
    carbonCapsBroken: problem.carbonCaps.flatMap((cap, c) =>
      loads.carbon[c]! > allowed(cap.capKg) ? [{ cap: cap.id, overKg: loads.carbon[c]! - cap.capKg }] : [],
    ),
    missedDeadlines,
    interrupted,
    unplaced,
    unseenJobs,
  };
};

/** One phrase for each kind; [] when nothing is broken. */
export const inWords = (v: Violations): string[] => {
  const said: string[] = [];
  if (v.slotsOverPower > 0)
    said.push(
      `${percentText(v.energyOverCapRatio)} of the energy above power caps, in ${v.slotsOverPower} slot${v.slotsOverPower === 1 ? '' : 's'}, by ${figure(v.mostOverCapKw)} kW at most`,
    );
  if (v.slotsOverVcpu > 0) said.push(`vCPU capacity exceeded in ${v.slotsOverVcpu} slots`);
  if (v.slotsOverGpu > 0) said.push(`GPU capacity exceeded in ${v.slotsOverGpu} slots`);
  for (const { cap, overKg } of v.carbonCapsBroken) said.push(`carbon cap ${cap} exceeded by ${massText(overKg)}`);
  const jobs = (n: number, what: string) => {
    if (n > 0) said.push(`${n} job${n === 1 ? '' : 's'} ${what}`);
  };
  jobs(v.missedDeadlines, 'past the deadline');
  jobs(v.interrupted, 'interrupted that may not be');
  jobs(v.unplaced, 'without a place, which the cost omits');
  jobs(v.unseenJobs, 'where the signal has no data');
  return said;
};
