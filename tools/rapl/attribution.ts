/**
 * Whose energy it was. The law: rows of one interval add up to its energy exactly, to the microjoule. Idle power is there
 * whoever works, so it is taken off first; the rest goes by CPU time; what no process owns is a row of its own.
 */

/** CPU time of one process within the interval. */
export interface ProcessTime {
  readonly pid: number;
  /** start of the process in the kernel's ticks: numbers are dealt out again */
  readonly startTicks: bigint;
  /** job, container or other control group */
  readonly group: string;
  readonly cpuUs: bigint;
}

export interface Span {
  readonly energyUj: bigint;
  readonly seconds: number;
  /** what the machine draws with nothing to do, W */
  readonly idleWatts: number;
  /** all CPU time that was not idle, kernel included */
  readonly activeUs: bigint;
  readonly processes: readonly ProcessTime[];
  /** CPU time of groups as their control group counts it: it knows the processes that came and went between two looks too */
  readonly groups?: ReadonlyMap<string, bigint>;
  /** processes ended of whose group nobody kept the time: what is left over is theirs or the kernel's, nobody knows */
  readonly isLost?: boolean;
  /** cores that groups hold, and how many there are; without it idle energy is one row */
  readonly reserved?: { readonly cores: ReadonlyMap<string, number>; readonly of: number };
}

export interface Row {
  /** process: one; ended: of its group, came and went between looks; kernel: owned by none; idle: of a group, or of nobody */
  readonly kind: 'process' | 'ended' | 'kernel' | 'unattributed' | 'idle';
  readonly id: string;
  readonly group: string;
  readonly energyUj: bigint;
  /** share of the dynamic energy, for idle rows of the idle energy */
  readonly allocationRatio: number;
}

export interface Attribution {
  readonly idleUj: bigint;
  readonly dynamicUj: bigint;
  readonly rows: readonly Row[];
  /** energy by group, idle parts included; sums to the whole as the rows do */
  readonly groups: ReadonlyMap<string, bigint>;
}

/** Work of nobody's job. */
export const SYSTEM = 'system';
/** Cores that nobody holds, and idle energy where nobody says who holds what. */
export const IDLE = 'idle';

/**
 * Whole parts in proportion to weights whose sum is exactly `total` (largest remainder; at equal remainders the first id by
 * text order). Weights are not negative, and not all 0.
 */
export const split = (
  total: bigint,
  weights: readonly { readonly id: string; readonly weight: bigint }[],
): bigint[] => {
  const sum = weights.reduce((s, { weight }) => s + weight, 0n);
  const parts = weights.map(({ weight }) => (total * weight) / sum);
  const left = Number(total - parts.reduce((s, part) => s + part, 0n));
  const remainder = weights.map(({ weight }) => (total * weight) % sum);
  const order = weights
    .map((_, i) => i)
    .sort((a, b) => {
      if (remainder[a] !== remainder[b]) return remainder[a]! > remainder[b]! ? -1 : 1;
      return weights[a]!.id < weights[b]!.id ? -1 : 1;
    });
  for (const i of order.slice(0, left)) parts[i]! += 1n;
  return parts;
};

type Weighted = Omit<Row, 'energyUj' | 'allocationRatio'> & { readonly weight: bigint };

const rowsOf = (total: bigint, weighted: readonly Weighted[]): Row[] => {
  const sum = Number(weighted.reduce((s, { weight }) => s + weight, 0n));
  const parts = split(total, weighted);
  return weighted.map(({ weight, ...row }, i) => ({
    ...row,
    energyUj: parts[i]!,
    allocationRatio: Number(weight) / sum,
  }));
};

/** Cores in millionths, so that parts of a core count too. */
const idleRows = (idleUj: bigint, reserved: Span['reserved']): Row[] => {
  const whole = [{ kind: 'idle' as const, id: IDLE, group: IDLE, weight: 1n }];
  if (reserved === undefined) return rowsOf(idleUj, whole);
  const millionths = (cores: number) => BigInt(Math.round(Math.max(0, cores) * 1e6));
  const held = [...reserved.cores].map(([group, cores]) => ({
    ...{ kind: 'idle' as const, id: `${IDLE} ${group}`, group, weight: millionths(cores) },
  }));
  const free = millionths(reserved.of) - held.reduce((s, { weight }) => s + weight, 0n);
  const rows = [...held, { ...whole[0]!, weight: free > 0n ? free : 0n }].filter(({ weight }) => weight > 0n);
  return rowsOf(idleUj, rows.length > 0 ? rows : whole);
};

/** Who used the time that was not idle. */
const dynamicRows = (dynamicUj: bigint, span: Span): Row[] => {
  const owned = new Map<string, bigint>();
  const weighted: Weighted[] = span.processes.map(({ pid, startTicks, group, cpuUs }) => {
    owned.set(group, (owned.get(group) ?? 0n) + cpuUs);
    return { kind: 'process', id: `pid ${pid} ${startTicks}`, group, weight: cpuUs };
  });
  for (const [group, usedUs] of span.groups ?? []) {
    const weight = usedUs - (owned.get(group) ?? 0n);
    if (weight > 0n) weighted.push({ kind: 'ended', id: `ended ${group}`, group, weight });
  }
  const used = weighted.reduce((s, { weight }) => s + weight, 0n);
  // Ticks are rounded one by one, so processes can have a little more than the machine had.
  const rest = span.activeUs > used ? span.activeUs - used : 0n;
  const kind = span.isLost || used + rest === 0n ? 'unattributed' : 'kernel';
  const leftOver: Weighted = { kind, id: kind, group: SYSTEM, weight: used + rest === 0n ? 1n : rest };
  return rowsOf(
    dynamicUj,
    [...weighted, leftOver].filter(({ weight }) => weight > 0n),
  );
};

/** Idle energy is idle power × time, and never more than there was. */
export const attribute = (span: Span): Attribution => {
  const idle = BigInt(Math.round(span.idleWatts * span.seconds * 1e6));
  const idleUj = idle < span.energyUj ? idle : span.energyUj;
  const dynamicUj = span.energyUj - idleUj;
  const rows = [...dynamicRows(dynamicUj, span), ...idleRows(idleUj, span.reserved)];
  const groups = new Map<string, bigint>();
  for (const { group, energyUj } of rows) groups.set(group, (groups.get(group) ?? 0n) + energyUj);
  return { idleUj, dynamicUj, rows, groups };
};
