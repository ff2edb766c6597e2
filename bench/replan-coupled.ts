/**
 * A plan of coupled jobs planned again half a day later, from nothing and in place, on the same forecasts and on drifted ones (multiplicative
 * AR(1), 10 % a day ahead), and under a cap in a window: CPU seconds of the search and of the proof without the charge, moved jobs, gap
 * with the charge for moving (what is searched) and without (what the plan says).
 * `CACO_REFERENCE=FOLDER npx tsx bench/replan-coupled.ts`, with instances/ in caco-opt-1.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  churnCharges,
  type Hooks,
  type Outcome,
  type Problem,
  parseCaco,
  replanProblem,
  type Schedule,
  solve,
  withoutCharge,
  withoutChargeNear,
} from '../offline.js';
import { keep, rounded, timed } from './results.js';

const NOW = 24;
const HOOKS: Hooks = { cancelled: () => false, cpuSeconds: () => 0, tell: () => {}, milp: {} };
const LIMITS = { seed: 1, engine: 'decomposition', relaxed: false } as const;

/** What this reads of a document in the format caco-opt-1. */
interface Caco {
  readonly jobs: readonly object[];
  readonly regions: readonly { readonly maxPowerKw: number }[];
}

/** `count` jobs out of the instance, caps in proportion. */
const cut = (document: Caco, count: number): Problem => {
  const { jobs, regions } = document;
  const part = count / jobs.length;
  const picked = Array.from({ length: count }, (_, i) => jobs[Math.floor((i * jobs.length) / count)]!);
  const capped = regions.map((region) => ({ ...region, maxPowerKw: Math.max(20, region.maxPowerKw * part) }));
  return parseCaco({ ...document, jobs: picked, regions: capped });
};

let state = 7;
const uniform = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

/** As the first forecast had it: wrong by a factor that drifts from the first slot on. */
const drifted = (values: Float64Array, slots: number): Float64Array => {
  const out = values.slice();
  let error = 0;
  for (let i = 0; i < out.length; i++) {
    error = i % slots === 0 ? normal() : 0.97 * error + Math.sqrt(1 - 0.97 ** 2) * normal();
    out[i]! *= Math.max(0.05, 1 + 0.1 * Math.sqrt((i % slots) / 48) * error);
  }
  return out;
};

const movedOf = (problem: Problem, before: Schedule, after: Schedule) => {
  let moved = 0;
  for (let j = 0; j < problem.jobs.count; j++)
    if (before.region[j] !== after.region[j] || before.start[j] !== after.start[j]) moved++;
  return moved;
};

/** Facility kW-slots of each region in these slots; jobs in one piece. */
const loadsOf = ({ jobs, regions }: Problem, { region, start }: Schedule, from: number, to: number): number[] => {
  const loads = regions.map(() => 0);
  for (let j = 0; j < jobs.count; j++) {
    const slots = Math.min(to, start[j]! + jobs.slots[j]!) - Math.max(from, start[j]!);
    if (slots > 0) loads[region[j]!]! += slots * jobs.powerKw[j]! * regions[region[j]!]!.pue;
  }
  return loads;
};

const rows: object[] = [];
const measure = async (name: string, what: string, first: Outcome, today: Problem, events: Problem['events']) => {
  const before = first.schedule!;
  const churnCost = churnCharges(today, before, { cost: undefined, ratio: 0.02 });
  const happened = { nowSlot: NOW, noticeSlot: NOW, mayPause: false, events, lost: [], churnCost };
  const { problem } = replanProblem(today, before, happened);
  for (const inPlace of [false, true]) {
    let outcome: Outcome | undefined;
    let own: ReturnType<typeof withoutCharge> | undefined;
    const warm = first.certificate!;
    const spent = await timed(() => {
      outcome = solve(problem, { ...LIMITS, warm, inPlace }, HOOKS);
      const { schedule, certificate } = outcome;
      if (schedule === null) return;
      own = inPlace
        ? withoutChargeNear(problem, schedule, [certificate!, warm])
        : withoutCharge(problem, schedule, certificate);
    });
    const moved = outcome!.schedule === null ? null : movedOf(problem, before, outcome!.schedule);
    const row = {
      ...{ name, jobs: problem.jobs.count, what, from: inPlace ? 'the plan in place' : 'nothing' },
      cpuSeconds: rounded(spent.cpuSeconds),
      moved,
      movedPercent: moved === null ? null : rounded((100 * moved) / problem.jobs.count),
      gapPercent: own?.gap == null ? null : rounded(100 * own.gap, 3),
      chargedGapPercent: outcome!.gap === null ? null : rounded(100 * outcome!.gap, 3),
      chargedObjective: outcome!.objective === null ? null : rounded(outcome!.objective),
    };
    rows.push(row);
    process.stderr.write(`${JSON.stringify(row)}\n`);
  }
};

const reference = process.env.CACO_REFERENCE!;
for (const [name, count] of [
  ['r-10k-336-tight', 3000],
  ['s-30k-1440-tight', 30_000],
] as const) {
  const file = join(reference, 'instances', `${name}.json.gz`);
  const today = cut(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Caco, count);
  const first = solve(today, LIMITS, HOOKS);
  await measure(name, 'nothing happened', first, today, []);
  // Where most runs in the next hours, only nine tenths of that may run.
  const [fromSlot, toSlot] = [NOW + 12, NOW + 20];
  const loads = loadsOf(today, first.schedule!, fromSlot, toSlot);
  const region = loads.indexOf(Math.max(...loads));
  const maxPowerKw = (0.9 * loads[region]!) / (toSlot - fromSlot);
  await measure(name, 'a cap in a window', first, today, [{ id: 'e', region, fromSlot, toSlot, maxPowerKw }]);
  const { pricePerMwh, ciGPerKwh, slots } = today;
  const seen = { ...today, pricePerMwh: drifted(pricePerMwh, slots), ciGPerKwh: drifted(ciGPerKwh, slots) };
  await measure(name, 'other forecasts', solve(seen, LIMITS, HOOKS), today, []);
}
keep('replan-coupled', { rows });
