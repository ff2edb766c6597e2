/**
 * What the solver sees: jobs, regions and limits as numbers in typed arrays, free of clocks and stores.
 *
 * Money is in one currency that the engine does not know: the setting's, or that of the file a problem was read from. A field
 * of money says what is paid (price, cost, charge) and per what, and never a currency.
 */

/** Options of a job: `MOVABLE` within its window, `URGENT` only (home, release), `FROZEN` only its current placement. */
export const MOVABLE = 0;
export const URGENT = 1;
export const FROZEN = 2;

export interface Region {
  readonly id: string;
  /** Facility kW per IT kW, at least 1. */
  readonly pue: number;
  /** Of the machines, for each vCPU or GPU that a job takes. */
  readonly pricePerVcpuHour: number;
  readonly pricePerGpuHour: number;
  /** Charge on the highest facility kW of the horizon; 0 when there is none. */
  readonly peakChargePerKw: number;
}

/** A lower power cap in some slots: a demand-response event or sold flexibility. `toSlot` is exclusive. */
export interface PowerEvent {
  readonly id: string;
  readonly region: number;
  readonly fromSlot: number;
  readonly toSlot: number;
  readonly maxPowerKw: number;
}

/** Most kg CO2e that a team (or all teams: −1) may cause in some slots. `toSlot` is exclusive. */
export interface CarbonCap {
  readonly id: string;
  readonly team: number;
  readonly fromSlot: number;
  readonly toSlot: number;
  readonly capKg: number;
}

/** Where each job runs. `region` −1: nowhere. `pieces` holds from,to pairs of the jobs that run in more than one piece. */
export interface Schedule {
  readonly region: Int16Array;
  readonly start: Int32Array;
  readonly pieces: ReadonlyMap<number, Int32Array>;
}

/** One row per job in every column; all columns have `count` rows. */
export interface JobTable {
  readonly count: number;
  /** Names; empty inside the worker, where jobs are known by their row. */
  readonly ids: readonly string[];
  /** Row of `Problem.teams`. */
  readonly team: Int32Array;
  /** MOVABLE, URGENT or FROZEN. */
  readonly kind: Uint8Array;
  readonly home: Uint16Array;
  /** Row of `Problem.regionSets`. */
  readonly regionSet: Uint32Array;
  /** First slot in which the job may run. */
  readonly release: Int32Array;
  /** In slots from the start of the horizon, fractions allowed: finishing later costs `tardinessCostPerHour`. */
  readonly due: Float64Array;
  /** In slots, fractions allowed: the job must have finished by then. */
  readonly deadline: Float64Array;
  /** Slots that the job touches, the last one possibly in part. */
  readonly slots: Int32Array;
  /** Part of the last slot that is used, above 0 up to 1. Energy counts this part, capacity counts the slot in full. */
  readonly lastFraction: Float64Array;
  /** IT power. */
  readonly powerKw: Float64Array;
  readonly vcpu: Float64Array;
  readonly gpu: Float64Array;
  readonly dataGb: Float64Array;
  /** Row of `Problem.machinePricePerHour`. */
  readonly machine: Int32Array;
  readonly tardinessCostPerHour: Float64Array;
  /** 0: runs in one piece; otherwise the fewest slots of a piece. */
  readonly minChunk: Int32Array;
  readonly resumeCost: Float64Array;
  /**
   * Of work that had begun before its window opens: slots that its piece has run when it opens, so that it goes on there for nothing
   * and stops only once that piece is long enough; −1: it rests then, and whatever comes is a resumption. 0: it has not begun.
   */
  readonly underWay: Int32Array;
  /** Charge for leaving the current placement. */
  readonly churnCost: Float64Array;
  /** Where jobs are placed now; needed for FROZEN rows and for churn. */
  readonly current: Schedule | null;
}

export interface Problem {
  readonly name: string;
  readonly slotHours: number;
  readonly slots: number;
  readonly carbonPricePerTonne: number;
  readonly egressPerGb: number;
  readonly regions: readonly Region[];
  readonly teams: readonly string[];
  /** Sets of allowed regions that jobs point to, in order of preference at equal cost. */
  readonly regionSets: readonly Uint16Array[];
  /** Price of a whole machine per hour, machine-major (machine × regions + region); empty where only vCPU and GPU rates count. */
  readonly machinePricePerHour: Float64Array;
  /** Region-major (region × slots + slot). NaN is a gap: no movable job may run there. */
  readonly pricePerMwh: Float64Array;
  readonly ciGPerKwh: Float64Array;
  /** Region-major; Infinity where there is no cap. Power is facility kW. */
  readonly powerCapKw: Float64Array;
  readonly vcpuCap: Float64Array;
  readonly gpuCap: Float64Array;
  readonly events: readonly PowerEvent[];
  readonly carbonCaps: readonly CarbonCap[];
  readonly jobs: JobTable;
}

export const emptyJobs = (count: number): { -readonly [K in keyof JobTable]: JobTable[K] } => ({
  count,
  ids: [],
  team: new Int32Array(count),
  kind: new Uint8Array(count),
  home: new Uint16Array(count),
  regionSet: new Uint32Array(count),
  release: new Int32Array(count),
  due: new Float64Array(count),
  deadline: new Float64Array(count),
  slots: new Int32Array(count),
  lastFraction: new Float64Array(count).fill(1),
  powerKw: new Float64Array(count),
  vcpu: new Float64Array(count),
  gpu: new Float64Array(count),
  dataGb: new Float64Array(count),
  machine: new Int32Array(count),
  tardinessCostPerHour: new Float64Array(count),
  minChunk: new Int32Array(count),
  resumeCost: new Float64Array(count),
  underWay: new Int32Array(count),
  churnCost: new Float64Array(count),
  current: null,
});

/** What the machines of job `j` cost per hour in a region. */
export const instanceCostPerHour = (problem: Problem, j: number, r: number): number => {
  const { jobs } = problem;
  const region = problem.regions[r]!;
  const machine = problem.machinePricePerHour[jobs.machine[j]! * problem.regions.length + r] ?? 0;
  return machine + jobs.vcpu[j]! * region.pricePerVcpuHour + jobs.gpu[j]! * region.pricePerGpuHour;
};

export const emptySchedule = (
  count: number,
): { region: Int16Array; start: Int32Array; pieces: Map<number, Int32Array> } => ({
  region: new Int16Array(count).fill(-1),
  start: new Int32Array(count),
  pieces: new Map(),
});

/** What a job has a number for, a column each. */
export const COLUMNS = [
  'team',
  'kind',
  'home',
  'regionSet',
  'release',
  'due',
  'deadline',
  'slots',
  'lastFraction',
  'powerKw',
  'vcpu',
  'gpu',
  'dataGb',
  'machine',
  'tardinessCostPerHour',
  'minChunk',
  'resumeCost',
  'underWay',
  'churnCost',
] as const;

/** The rows `keep`, in that order. */
export const selectJobs = (problem: Problem, keep: ArrayLike<number>): Problem => {
  const from = problem.jobs;
  const to = emptyJobs(keep.length);
  for (const column of COLUMNS) {
    const source = from[column];
    const target = to[column];
    for (let i = 0; i < keep.length; i++) target[i] = source[keep[i]!]!;
  }
  to.ids = Array.from(keep, (j) => from.ids[j] ?? '');
  if (from.current) {
    const current = emptySchedule(keep.length);
    for (let i = 0; i < keep.length; i++) {
      const j = keep[i]!;
      current.region[i] = from.current.region[j]!;
      current.start[i] = from.current.start[j]!;
      const pieces = from.current.pieces.get(j);
      if (pieces) current.pieces.set(i, pieces);
    }
    to.current = current;
  }
  return { ...problem, jobs: to };
};

/** How often a job is taken up again when it runs in these pieces. */
export const resumptions = ({ jobs }: Problem, j: number, pieces: ArrayLike<number>): number => {
  const before = jobs.underWay[j]!;
  const first = before < 0 || (before > 0 && pieces[0]! > jobs.release[j]!) ? 1 : 0;
  return pieces.length / 2 - 1 + first;
};

/** Fewest slots of a piece that begins in slot `from`: one that goes on has some of them behind it. */
export const leastPiece = ({ jobs }: Problem, j: number, from: number): number =>
  from === jobs.release[j]! && jobs.underWay[j]! > 0
    ? Math.min(jobs.slots[j]!, jobs.minChunk[j]! - jobs.underWay[j]!)
    : jobs.minChunk[j]!;

/** Work whose piece is not long enough yet when its window opens goes on. */
export const mustGoOn = ({ jobs }: Problem, j: number): boolean =>
  jobs.underWay[j]! > 0 && jobs.underWay[j]! < jobs.minChunk[j]!;

/** Piece list from,to,… of job `j` under a schedule; null when it runs nowhere. */
export const piecesOf = (problem: Problem, schedule: Schedule, j: number): readonly number[] | Int32Array | null => {
  if (schedule.region[j]! < 0) return null;
  return schedule.pieces.get(j) ?? [schedule.start[j]!, schedule.start[j]! + problem.jobs.slots[j]!];
};

/**
 * A copy of the problem for the worker and the buffers to transfer with it. The caller's arrays stay usable: the
 * columns are copied once; names stay behind.
 */
export const packProblem = (problem: Problem): { packed: Problem; transfer: ArrayBuffer[] } => {
  const transfer: ArrayBuffer[] = [];
  const own = <A extends { slice(): A; readonly buffer: ArrayBufferLike }>(array: A): A => {
    const copy = array.slice();
    transfer.push(copy.buffer as ArrayBuffer);
    return copy;
  };
  const jobs = { ...problem.jobs, ids: [] as string[] };
  for (const column of COLUMNS) Object.assign(jobs, { [column]: own(problem.jobs[column] as Float64Array) });
  const packed: Problem = {
    ...problem,
    pricePerMwh: own(problem.pricePerMwh),
    ciGPerKwh: own(problem.ciGPerKwh),
    powerCapKw: own(problem.powerCapKw),
    vcpuCap: own(problem.vcpuCap),
    gpuCap: own(problem.gpuCap),
    jobs,
  };
  return { packed, transfer };
};
