/** Mixed-integer models as data, so that any solver can stand behind them. */

export type MilpName = 'glpk' | 'highs';

export interface MilpRow {
  readonly lower: number;
  readonly upper: number;
  readonly columns: number[];
  readonly values: number[];
}

/** Minimise cost · x over the rows; every column lies in [0, upper] and is whole where `binary` says so (then upper is 1). */
export class MilpModel {
  readonly cost: number[] = [];
  readonly upper: number[] = [];
  readonly binary: boolean[] = [];
  readonly rows: MilpRow[] = [];
  private entries = 0;

  /** About what one step of a solver goes through: columns, entries, and rows for the basis that each belongs to. */
  get size(): number {
    return this.cost.length + this.entries + 3 * this.rows.length;
  }

  column(cost: number, binary: boolean, upper = binary ? 1 : Infinity): number {
    this.cost.push(cost);
    this.upper.push(upper);
    this.binary.push(binary);
    return this.cost.length - 1;
  }

  /** Entries of the same column are summed: a column twice in a row aborts GLPK. */
  row(lower: number, upper: number, entries: Iterable<readonly [column: number, value: number]>): void {
    const sums = new Map<number, number>();
    for (const [column, value] of entries) sums.set(column, (sums.get(column) ?? 0) + value);
    const kept = [...sums].filter(([, value]) => value !== 0);
    this.entries += kept.length;
    this.rows.push({ lower, upper, columns: kept.map(([column]) => column), values: kept.map(([, value]) => value) });
  }
}

export interface MilpAnswer {
  /** limit: the effort ran out, `x` is then the best found or null. */
  readonly status: 'optimal' | 'infeasible' | 'limit' | 'failed';
  readonly x: Float64Array | null;
  readonly objective: number | null;
}

export interface Effort {
  /** Work that the solver may do, in its own unit: 1 is what it is given by default (ten seconds or so), Infinity no limit. */
  readonly work?: number;
  /** Looked at as it works; true ends it at once. */
  readonly stop?: () => boolean;
}

export interface MilpSolver {
  readonly name: MilpName;
  /**
   * The same model and work give the same answer on every machine, unless `stop` struck.
   * `relax`: ignore integrality; then `optimal` means the optimum of the linear programme.
   */
  solve(model: MilpModel, effort?: Effort, relax?: boolean): MilpAnswer;
}
