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
    this.rows.push({ lower, upper, columns: kept.map(([column]) => column), values: kept.map(([, value]) => value) });
  }
}

export interface MilpAnswer {
  /** limit: the time ran out, `x` is then the best found or null. */
  readonly status: 'optimal' | 'infeasible' | 'limit' | 'failed';
  readonly x: Float64Array | null;
  readonly objective: number | null;
}

export interface MilpSolver {
  readonly name: MilpName;
  /** `relax`: ignore integrality; then `optimal` means the optimum of the linear programme. */
  solve(model: MilpModel, seconds: number, relax?: boolean): MilpAnswer;
}
