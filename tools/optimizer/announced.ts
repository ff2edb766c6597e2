/**
 * Work that was handed to the fleet before: it runs, has run or was announced. A new plan keeps it where it is. Jobs of its
 * own workload are frozen rows; what others take is taken from the caps. Where announced and urgent work alone is above a
 * limit, the limit is what it takes there, so that nothing is added and the plan says so.
 */
import { powerText } from '../../domain/figures.js';
import { handings, heldPieces } from '../../domain/held.js';
import { type Job, spanSeconds } from '../../domain/job.js';
import { ORDERS, type Order, type Placement, worldName } from '../../domain/plan.js';
import type { Store, Versioned } from '../../domain/store.js';
import { fromEpoch, toEpoch } from '../../domain/time.js';
import { WATCHED } from '../../domain/watched.js';
import type { World } from '../../domain/world.js';
import {
  buildModel,
  emptySchedule,
  evaluate,
  FROZEN,
  type Loads,
  MOVABLE,
  type PowerEvent,
  type Problem,
  runImmediately,
  selectJobs,
} from './engine/engine.js';
import type { LeftOut } from './fleet-question.js';

/** Small, for a fleet may have announced a million of them. */
export interface Announced {
  readonly planId: string;
  /** Length of the job. */
  readonly seconds: number;
  readonly team: string;
  readonly vcpus: number;
  readonly gpus: number;
  readonly region: string;
  /** Facility power. */
  readonly kw: number;
  /** Epoch seconds, from and to of each piece in their order. */
  readonly times: readonly number[];
  /** Of each piece. */
  readonly kg: readonly number[];
}

const compact = ({ planId }: Order, job: Job, unordered: readonly Placement[]): Announced => {
  const pieces = [...unordered].sort((a, b) => (a.start < b.start ? -1 : 1));
  const times = pieces.flatMap((p) => [toEpoch(p.start), toEpoch(p.end)]);
  return {
    planId,
    seconds: spanSeconds(job),
    team: job.team,
    vcpus: job.vcpus,
    gpus: job.gpus,
    region: pieces[0]!.region,
    kw: (pieces[0]!.energyKwh * 3600) / (times[1]! - times[0]!),
    times,
    kg: pieces.map((p) => p.emissionsKg),
  };
};

/** By job id, all that was ordered in this world and is not over by `from` (epoch seconds); the newest order of a job counts. */
export const announcedSince = async (world: World, from: number): Promise<Map<string, Announced>> => {
  const found = new Map<string, Announced>();
  const add = (pieces: Iterable<readonly [string, Announced]>) => {
    for (const [jobId, announced] of pieces) if (!found.has(jobId)) found.set(jobId, announced);
  };
  const mine = (order: Order) => order.world === worldName(world);
  for (const order of await world.store.collection(ORDERS).open(fromEpoch(from)))
    if (mine(order.value)) add(await heldBy(world, order));
  // In a pilot one plan leaves room for another as if both had been placed; nobody holds their jobs.
  if (world.fleet.watches)
    for (const { value } of await world.store.collection(WATCHED).open(fromEpoch(from)))
      if (mine(value)) add(await read(value, handings(world.store, value)));
  return found;
};

type Pieces = readonly (readonly [jobId: string, announced: Announced])[];

const read = async (order: Order, pages: AsyncIterable<{ job: Job; pieces: Placement[] }[]>): Promise<Pieces> => {
  const found: [string, Announced][] = [];
  for await (const page of pages) for (const { job, pieces } of page) found.push([job.id, compact(order, job, pieces)]);
  return found;
};

/** Jobs that are remembered in all, some 300 bytes each. */
const MOST_REMEMBERED = 50_000;
const remembered = new WeakMap<Store, Map<string, { readonly version: number; readonly pieces: Pieces }>>();

/** What an order holds. Read again only when the order is another version, which it is whenever it holds something else. */
const heldBy = async (world: World, { value: order, version }: Versioned<Order>): Promise<Pieces> => {
  const known = remembered.get(world.store) ?? new Map();
  remembered.set(world.store, known);
  const before = known.get(order.planId);
  known.delete(order.planId);
  const pieces = before?.version === version ? before.pieces : await read(order, heldPieces(world, order));
  known.set(order.planId, { version, pieces });
  // The one that nobody asked for longest goes first.
  let jobs = 0;
  for (const one of known.values()) jobs += one.pieces.length;
  for (const [planId, one] of known) {
    if (jobs <= MOST_REMEMBERED) break;
    known.delete(planId);
    jobs -= one.pieces.length;
  }
  return pieces;
};

export interface WithAnnounced {
  readonly problem: Problem;
  readonly leftOut: readonly LeftOut[];
  /** Jobs that stay by the plan that announced them. */
  readonly keptBy: ReadonlyMap<string, number>;
  readonly remarks: readonly string[];
  /** Facility kW that others take, region-major; null where nothing was announced. */
  readonly takenKw: Float64Array | null;
  /** The same as means of each slot: work that ends within one takes less than its power there. */
  readonly takenMeanKw: Float64Array | null;
}

/**
 * `own` says what becomes of announced jobs of the problem itself: `free` leaves them to be planned, `keep` freezes them.
 * A job is the same where id and length are the same; one that has begun before slot 0 cannot be planned any more.
 */
export const withAnnounced = (
  problem: Problem,
  origin: number,
  announced: ReadonlyMap<string, Announced>,
  own: 'keep' | 'free',
): WithAnnounced => {
  if (announced.size === 0)
    return { problem, leftOut: [], keptBy: new Map(), remarks: [], takenKw: null, takenMeanKw: null };
  const { jobs, slots: T } = problem;
  const step = problem.slotHours * 3600;
  const regions = new Map(problem.regions.map((region, r) => [region.id, r]));
  const grid: Grid = { problem, origin, step, regions };
  const others = new Map(announced);
  const current = emptySchedule(jobs.count);
  const kind = jobs.kind.slice();
  const keptBy = new Map<string, number>();
  const leftOut: LeftOut[] = [];
  const rows: number[] = [];
  for (let j = 0; j < jobs.count; j++) {
    const id = jobs.ids[j]!;
    const known = announced.get(id);
    const seconds = Math.round((jobs.slots[j]! - 1 + jobs.lastFraction[j]!) * step);
    const same = known !== undefined && Math.abs(seconds - known.seconds) <= 1;
    if (same && own === 'free') others.delete(id);
    if (!same || own === 'free') {
      rows.push(j);
      continue;
    }
    const place = placeOf(grid, known, jobs.slots[j]!);
    if (place === null) {
      leftOut.push({ jobId: id, why: `plan ${known.planId} has it elsewhere or begun by then` });
      continue;
    }
    others.delete(id);
    kind[j] = FROZEN;
    current.region[j] = place.region;
    current.start[j] = place.pieces[0]!;
    if (place.pieces.length > 2) current.pieces.set(j, place.pieces);
    keptBy.set(known.planId, (keptBy.get(known.planId) ?? 0) + 1);
    rows.push(j);
  }
  const frozen: Problem = { ...problem, jobs: { ...jobs, kind, current: keptBy.size > 0 ? current : jobs.current } };
  const left = rows.length === jobs.count ? frozen : selectJobs(frozen, rows);
  const taken = loadOf(grid, others.values());
  const kept = fixedLoads(left);
  const { over, ...caps } = capsBeside(left, taken, kept, T);
  return {
    problem: { ...left, ...caps },
    leftOut,
    keptBy,
    remarks: [...inWords(keptBy, others, taken), ...over],
    takenKw: taken.power,
    takenMeanKw: meanPower(grid, others.values()),
  };
};

interface Grid {
  readonly problem: Problem;
  readonly origin: number;
  readonly step: number;
  readonly regions: ReadonlyMap<string, number>;
}

/** On the grid, or null where it does not lie on it as a whole or in slots without data. */
const placeOf = ({ problem, origin, step, regions }: Grid, { region: id, times }: Announced, slots: number) => {
  const region = regions.get(id);
  if (region === undefined) return null;
  const list: number[] = [];
  let total = 0;
  for (let p = 0; p < times.length; p += 2) {
    const from = (times[p]! - origin) / step;
    const to = Math.ceil((times[p + 1]! - origin) / step - 1e-9);
    if (from < 0 || from !== Math.floor(from) || to > problem.slots) return null;
    for (let i = region * problem.slots + from; i < region * problem.slots + to; i++)
      if (Number.isNaN(problem.pricePerMwh[i]!) || Number.isNaN(problem.ciGPerKwh[i]!)) return null;
    list.push(from, to);
    total += to - from;
  }
  return total === slots ? { region, pieces: Int32Array.from(list) } : null;
};

/** What work of others takes: facility kW, vCPU and GPU of every slot that it touches, kg in the carbon caps' slots. */
const loadOf = ({ problem, origin, step, regions }: Grid, others: Iterable<Announced>): Loads => {
  const { slots: T, carbonCaps, teams } = problem;
  const cells = problem.regions.length * T;
  const loads: Loads = {
    power: new Float64Array(cells),
    vcpu: new Float64Array(cells),
    gpu: new Float64Array(cells),
    carbon: new Float64Array(carbonCaps.length),
  };
  for (const { region, times, kw, vcpus, gpus, team, kg } of others) {
    const r = regions.get(region);
    if (r === undefined) continue;
    for (let p = 0; p < times.length; p += 2) {
      const from = (times[p]! - origin) / step;
      const to = (times[p + 1]! - origin) / step;
      const last = Math.min(T, Math.ceil(to - 1e-9));
      for (let i = r * T + Math.max(0, Math.floor(from)); i < r * T + last; i++) {
        loads.power[i]! += kw;
        loads.vcpu[i]! += vcpus;
        loads.gpu[i]! += gpus;
      }
      carbonCaps.forEach((cap, c) => {
        if (cap.team !== -1 && teams[cap.team] !== team) return;
        const within = Math.min(to, cap.toSlot) - Math.max(from, cap.fromSlot);
        if (within > 0) loads.carbon[c]! += (kg[p / 2]! * within) / (to - from);
      });
    }
  }
  return loads;
};

const meanPower = ({ problem, origin, step, regions }: Grid, others: Iterable<Announced>): Float64Array => {
  const { slots: T } = problem;
  const mean = new Float64Array(problem.regions.length * T);
  for (const { region, times, kw } of others) {
    const r = regions.get(region);
    if (r === undefined) continue;
    for (let p = 0; p < times.length; p += 2) {
      const from = Math.max(0, (times[p]! - origin) / step);
      const to = Math.min(T, (times[p + 1]! - origin) / step);
      for (let t = Math.floor(from); t < to; t++)
        mean[r * T + t]! += kw * Math.max(0, Math.min(to, t + 1) - Math.max(from, t));
    }
  }
  return mean;
};

/** What kept and urgent jobs take: no plan can change it. */
const fixedLoads = (problem: Problem): Loads => {
  const rows: number[] = [];
  for (let j = 0; j < problem.jobs.count; j++) if (problem.jobs.kind[j] !== MOVABLE) rows.push(j);
  const fixed = buildModel(selectJobs(problem, rows));
  return evaluate(fixed, runImmediately(fixed)).loads;
};

/** Every limit less what others take, but never below what kept and urgent jobs take. */
const capsBeside = (problem: Problem, taken: Loads, kept: Loads, T: number) => {
  const over = new Map<string, number>();
  const beside = (limit: (i: number) => string, cap: number, others: number, mine: number, i: number): number => {
    if (others + mine > cap * (1 + 1e-9)) over.set(limit(i), (over.get(limit(i)) ?? 0) + 1);
    return Math.max(0, cap - others, mine > 0 ? mine * (1 + 1e-9) : 0);
  };
  const site = (i: number) => problem.regions[Math.floor(i / T)]!.id;
  const row = (what: string, caps: Float64Array, of: 'power' | 'vcpu' | 'gpu') =>
    caps.map((cap, i) => beside((at) => `the ${what} of ${site(at)}`, cap, taken[of][i]!, kept[of][i]!, i));
  const power = (i: number) => taken.power[i]! + kept.power[i]! > 0;
  const events: PowerEvent[] = [];
  for (const event of problem.events) {
    const base = event.region * T;
    for (let t = event.fromSlot; t < event.toSlot; ) {
      const at = (slot: number) =>
        power(base + slot)
          ? beside(
              (i) => `a lower power cap of ${site(i)}`,
              event.maxPowerKw,
              taken.power[base + slot]!,
              kept.power[base + slot]!,
              base + slot,
            )
          : event.maxPowerKw;
      const maxPowerKw = at(t);
      let to = t + 1;
      while (to < event.toSlot && !power(base + t) && !power(base + to)) to++;
      events.push({ ...event, fromSlot: t, toSlot: to, maxPowerKw });
      t = to;
    }
  }
  const carbonCaps = problem.carbonCaps.map((cap, c) => ({
    ...cap,
    capKg: beside(() => 'a carbon cap of the policy', cap.capKg, taken.carbon[c]!, kept.carbon[c]!, 0),
  }));
  return {
    powerCapKw: row('power cap', problem.powerCapKw, 'power'),
    vcpuCap: row('vCPU capacity', problem.vcpuCap, 'vcpu'),
    gpuCap: row('GPU capacity', problem.gpuCap, 'gpu'),
    events,
    carbonCaps,
    over: [...over].map(
      ([limit, slots]) => `announced and urgent work alone is above ${limit} in ${slots} slots: nothing is added there`,
    ),
  };
};

const inWords = (keptBy: ReadonlyMap<string, number>, others: ReadonlyMap<string, Announced>, taken: Loads) => {
  const words = [...keptBy].map(
    ([planId, count]) =>
      `${count} jobs were announced by plan ${planId} and stay where they are (\`caco replan --from ${planId}\` plans them again)`,
  );
  if (taken.power.some((kw) => kw > 0)) {
    const plans = [...new Set([...others.values()].map((a) => a.planId))];
    const most = taken.power.reduce((a, b) => Math.max(a, b), 0);
    words.push(
      `announced work of ${plans.slice(0, 3).join(', ')}${plans.length > 3 ? ', …' : ''} takes up to ${powerText(most)} of a site: it counts against the caps`,
    );
  }
  return words;
};
