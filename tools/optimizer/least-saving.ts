import {
  allowed,
  buildModel,
  evaluate,
  fixedCost,
  gapsOf,
  MOVABLE,
  type Model,
  Pricer,
  type Problem,
  piecesOf,
  type Result,
  runImmediately,
  type Schedule,
} from './engine/engine.js';
/**
 * Moves that the policy holds not worth it: the job stays where it is, as far as there is room. That is where an earlier plan
 * has it, else its home at once.
 */

/** What a move must save: kg CO2e, money for energy, machines and egress, or both. */
export interface Least {
  readonly kg: number;
  readonly amount: number;
  /** The clauses that say so, in words. */
  readonly because: string;
}

export interface Heeded {
  readonly schedule: Schedule;
  /** Jobs that stay, and jobs that move although it saves less because nothing else is within the limits, by clause. */
  readonly stay: ReadonlyMap<string, number>;
  readonly moved: ReadonlyMap<string, number>;
}

/** Of jobs that are bound to a least saving, `least` by job id. The schedule must be within the limits, and the answer is. */
export const heedLeastSaving = (problem: Problem, planned: Schedule, least: ReadonlyMap<string, Least>): Heeded => {
  if (least.size === 0) return { schedule: planned, stay: new Map(), moved: new Map() };
  const { jobs } = problem;
  const model = buildModel(problem);
  const pricer = new Pricer(model);
  const room = new Room(model, planned);
  const schedule = { region: planned.region.slice(), start: planned.start.slice(), pieces: new Map(planned.pieces) };
  const stay = new Map<string, number>();
  let open: number[] = [];
  for (let j = 0; j < jobs.count; j++) if (tooLittle(model, pricer, schedule, j, least)) open.push(j);
  // Each job that goes back leaves room elsewhere, so those that found none are asked again.
  for (let before = -1; open.length !== before; ) {
    before = open.length;
    open = open.filter((j) => {
      const { region, pieces } = whereItIs(problem, j);
      if (!room.swap(j, schedule.region[j]!, piecesOf(problem, schedule, j)!, region, pieces)) return true;
      schedule.region[j] = region;
      schedule.start[j] = pieces[0]!;
      if (pieces.length > 2) schedule.pieces.set(j, Int32Array.from(pieces));
      else schedule.pieces.delete(j);
      count(stay, least.get(jobs.ids[j]!)!.because);
      return false;
    });
  }
  const moved = new Map<string, number>();
  for (const j of open) count(moved, least.get(jobs.ids[j]!)!.because);
  return { schedule, stay, moved };
};

/** After some jobs were sent home: the bound still holds, for the limits without that wish. */
export const figuresAfter = (problem: Problem, schedule: Schedule, solved: Result) => {
  const model = buildModel(problem);
  const { objective, parts } = evaluate(model, schedule);
  const { lowerBound, status } = solved;
  if (lowerBound === null) return { objective, objectiveParts: parts, status, gap: null, savingsGap: null };
  return {
    objective,
    objectiveParts: parts,
    status: objective - lowerBound > 1e-9 * Math.abs(objective) ? ('feasible' as const) : status,
    ...gapsOf(objective, lowerBound, evaluate(model, runImmediately(model)).objective),
  };
};

const count = (of: Map<string, number>, key: string) => of.set(key, (of.get(key) ?? 0) + 1);

const whereItIs = (problem: Problem, j: number): { region: number; pieces: ArrayLike<number> } => {
  const { current, home, release, slots } = problem.jobs;
  if (current !== null && current.region[j]! >= 0)
    return { region: current.region[j]!, pieces: piecesOf(problem, current, j)! };
  return { region: home[j]!, pieces: [release[j]!, release[j]! + slots[j]!] };
};

const tooLittle = (
  model: Model,
  pricer: Pricer,
  schedule: Schedule,
  j: number,
  least: ReadonlyMap<string, Least>,
): boolean => {
  const { problem, T } = model;
  const { jobs } = problem;
  const wanted = least.get(jobs.ids[j]!);
  const region = schedule.region[j]!;
  if (wanted === undefined || jobs.kind[j] !== MOVABLE || region < 0) return false;
  const stay = whereItIs(problem, j);
  // Where it may not stay, it does not move for the saving.
  if (!pricer.mayStay(j, stay.region, stay.pieces)) return false;
  const here = piecesOf(problem, schedule, j)!;
  if (region === stay.region && here.length === stay.pieces.length && here.every((t, i) => t === stay.pieces[i]))
    return false;
  const sum = (values: Float64Array, r: number, pieces: ArrayLike<number>) => {
    let total = 0;
    const end = pieces[pieces.length - 1]!;
    for (let p = 0; p < pieces.length; p += 2)
      for (let t = pieces[p]!; t < pieces[p + 1]!; t++)
        total += values[r * T + t]! * (t === end - 1 ? jobs.lastFraction[j]! : 1);
    return total * jobs.powerKw[j]!;
  };
  const saved = (values: Float64Array) => sum(values, stay.region, stay.pieces) - sum(values, region, here);
  const cost = saved(model.energyCost) + fixedCost(problem, j, stay.region) - fixedCost(problem, j, region);
  return saved(model.kg) < wanted.kg - 1e-9 || cost < wanted.amount - 1e-9;
};

/** Loads of a schedule under change. */
class Room {
  readonly #model: Model;
  readonly #loads: ReturnType<typeof evaluate>['loads'];

  constructor(model: Model, schedule: Schedule) {
    this.#model = model;
    this.#loads = evaluate(model, schedule).loads;
  }

  /** Moves job `j` when it fits within every limit there; else nothing changes. */
  swap(j: number, from: number, was: ArrayLike<number>, to: number, pieces: ArrayLike<number>): boolean {
    this.#add(j, from, was, -1);
    this.#add(j, to, pieces, 1);
    if (this.#within(j, to, pieces)) return true;
    this.#add(j, to, pieces, -1);
    this.#add(j, from, was, 1);
    return false;
  }

  #add(j: number, r: number, pieces: ArrayLike<number>, sign: number) {
    const { problem, T } = this.#model;
    const { jobs } = problem;
    const kw = jobs.powerKw[j]!;
    const end = pieces[pieces.length - 1]!;
    for (let p = 0; p < pieces.length; p += 2)
      for (let t = pieces[p]!; t < pieces[p + 1]!; t++) {
        const i = r * T + t;
        this.#loads.power[i]! += sign * kw * problem.regions[r]!.pue;
        this.#loads.vcpu[i]! += sign * jobs.vcpu[j]!;
        this.#loads.gpu[i]! += sign * jobs.gpu[j]!;
        for (const c of this.#caps(j)) {
          const cap = problem.carbonCaps[c]!;
          if (t < cap.fromSlot || t >= cap.toSlot) continue;
          this.#loads.carbon[c]! += sign * kw * this.#model.kg[i]! * (t === end - 1 ? jobs.lastFraction[j]! : 1);
        }
      }
  }

  #within(j: number, r: number, pieces: ArrayLike<number>): boolean {
    const { problem, T, powerCap } = this.#model;
    const { power, vcpu, gpu, carbon } = this.#loads;
    for (let p = 0; p < pieces.length; p += 2)
      for (let i = r * T + pieces[p]!; i < r * T + pieces[p + 1]!; i++)
        if (
          power[i]! > allowed(powerCap[i]!) ||
          vcpu[i]! > allowed(problem.vcpuCap[i]!) ||
          gpu[i]! > allowed(problem.gpuCap[i]!)
        )
          return false;
    return this.#caps(j).every((c) => carbon[c]! <= allowed(problem.carbonCaps[c]!.capKg));
  }

  #caps(j: number): readonly number[] {
    return this.#model.capsOfClass[this.#model.classOfTeam[this.#model.problem.jobs.team[j]!]!]!;
  }
}

/** One sentence for each clause that changed something. */
export const leastSavingInWords = ({ stay, moved }: Heeded): string[] => [
  ...[...stay].map(
    ([because, jobs]) => `${jobs} jobs stay where they are: moving them saves less than ${because} asks for`,
  ),
  ...[...moved].map(
    ([because, jobs]) =>
      `${jobs} jobs move although it saves less than ${because} asks for: there is no room for them where they are`,
  ),
];
