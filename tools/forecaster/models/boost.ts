/**
 * Gradient-boosted regression trees on histograms, for a quantile: stagewise additive modelling (Friedman 2001, "Greedy function
 * approximation", LAD_TreeBoost) with the pinball loss, whose gradient is a constant on each side and whose leaves are quantiles.
 * Missing inputs (NaN) go left.
 */
import { seeded } from '../random.js';

export interface BoostOptions {
  /** 0.5 makes the mean absolute error least */
  readonly quantile: number;
  readonly trees: number;
  readonly depth: number;
  readonly rate: number;
  /** fewest rows of a leaf */
  readonly leaf: number;
  /** shares of rows and of columns that each tree sees */
  readonly rows: number;
  readonly columns: number;
  readonly seed: number;
  readonly onTree?: (done: number) => void;
}

/** Trees as complete binary heaps: node n has children 2n + 1 and 2n + 2. A node that does not split sends all to the left. */
export interface Boosted {
  readonly depth: number;
  readonly base: number;
  readonly feature: Int16Array;
  readonly threshold: Float64Array;
  readonly leaves: Float64Array;
}

const BINS = 64;

/** `columns[f][row]` are the inputs, `target[row]` what is to be foretold. */
export const boost = (columns: readonly Float64Array[], target: Float64Array, options: BoostOptions): Boosted => {
  const { trees, depth, rate, quantile } = options;
  const count = target.length;
  const random = seeded(options.seed);
  const edges = columns.map(edgesOf);
  const bins = columns.map((column, f) => binned(column, edges[f]!));
  const inner = 2 ** depth - 1;
  const model = {
    depth,
    base: quantileOf(target, quantile),
    feature: new Int16Array(trees * inner).fill(-1),
    threshold: new Float64Array(trees * inner),
    leaves: new Float64Array(trees * (inner + 1)),
  };
  const residual = target.map((value) => value - model.base);
  const grower = new Grower(bins, edges, residual, options, random);
  const leafOf = new Uint8Array(count);
  for (let t = 0; t < trees; t++) {
    const tree = grower.grow();
    model.feature.set(tree.feature, t * inner);
    model.threshold.set(tree.threshold, t * inner);
    for (let leaf = 0; leaf <= inner; leaf++) model.leaves[t * (inner + 1) + leaf] = rate * tree.leaves[leaf]!;
    // Every row, seen by the tree or not, goes down it.
    leafOf.fill(0);
    for (let row = 0; row < count; row++) {
      let node = 0;
      for (let level = 0; level < depth; level++) {
        const f = tree.feature[node]!;
        node = 2 * node + (f >= 0 && bins[f]![row]! > tree.bin[node]! ? 2 : 1);
      }
      residual[row]! -= rate * tree.leaves[node - inner]!;
    }
    options.onTree?.(t + 1);
  }
  return model;
};

/** `read(f)` is input f of the row. */
export const boosted = (model: Boosted, inputs: Float64Array): number => {
  const { depth, feature, threshold, leaves } = model;
  const inner = 2 ** depth - 1;
  const trees = leaves.length / (inner + 1);
  let sum = model.base;
  for (let t = 0; t < trees; t++) {
    const at = t * inner;
    let node = 0;
    for (let level = 0; level < depth; level++) {
      const f = feature[at + node]!;
      node = 2 * node + (f >= 0 && inputs[f]! > threshold[at + node]! ? 2 : 1);
    }
    sum += leaves[t * (inner + 1) + node - inner]!;
  }
  return sum;
};

/** Upper edges of the bins, ascending, from the known values; bin 0 holds what is missing and what is not above the first. */
const edgesOf = (column: Float64Array): Float64Array => {
  const known = column.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let b = 1; b < BINS; b++) {
    const edge = known[Math.floor((b * known.length) / BINS)];
    if (edge !== undefined && edge !== edges.at(-1) && edge < known[known.length - 1]!) edges.push(edge);
  }
  return Float64Array.from(edges);
};

const binned = (column: Float64Array, edges: Float64Array): Uint8Array =>
  Uint8Array.from(column, (value) => {
    if (Number.isNaN(value)) return 0;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  });

/** Between order statistics, weighted as numpy does; of a copy. */
export const quantileOf = (values: Float64Array, share: number): number => {
  if (values.length === 0) return 0;
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below]! + ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!) * (at - below);
};

interface Tree {
  readonly feature: Int16Array;
  readonly bin: Uint8Array;
  readonly threshold: Float64Array;
  readonly leaves: Float64Array;
}

class Grower {
  readonly #order: Int32Array;
  readonly #gradient: Float64Array;
  readonly #sums = new Float64Array(BINS);
  readonly #counts = new Int32Array(BINS);

  constructor(
    readonly bins: readonly Uint8Array[],
    readonly edges: readonly Float64Array[],
    readonly residual: Float64Array,
    readonly options: BoostOptions,
    readonly random: () => number,
  ) {
    this.#order = new Int32Array(residual.length);
    this.#gradient = new Float64Array(residual.length);
  }

  grow(): Tree {
    const { depth, quantile, leaf } = this.options;
    const inner = 2 ** depth - 1;
    const tree = {
      feature: new Int16Array(inner).fill(-1),
      bin: new Uint8Array(inner),
      threshold: new Float64Array(inner),
      leaves: new Float64Array(inner + 1),
    };
    let count = 0;
    for (let row = 0; row < this.residual.length; row++) {
      this.#gradient[row] = this.residual[row]! > 0 ? quantile : quantile - 1;
      if (this.random() < this.options.rows) this.#order[count++] = row;
    }
    // A column that is the same everywhere splits nothing.
    const seen = this.bins
      .map((_, f) => f)
      .filter((f) => this.random() < this.options.columns && this.edges[f]!.length > 0);
    const walk = (node: number, from: number, to: number): void => {
      if (node >= inner) {
        const rows = Float64Array.from(this.#order.subarray(from, to), (row) => this.residual[row]!);
        tree.leaves[node - inner] = quantileOf(rows, quantile);
        return;
      }
      const split = to - from >= 2 * leaf ? this.#split(seen, from, to) : null;
      let middle = to;
      if (split !== null) {
        tree.feature[node] = split.feature;
        tree.bin[node] = split.bin;
        tree.threshold[node] = this.edges[split.feature]![split.bin]!;
        middle = this.#part(this.bins[split.feature]!, split.bin, from, to);
      }
      walk(2 * node + 1, from, middle);
      if (middle < to) walk(2 * node + 2, middle, to);
    };
    walk(0, 0, count);
    return tree;
  }

  #split(seen: readonly number[], from: number, to: number): { feature: number; bin: number } | null {
    const { leaf } = this.options;
    const total = to - from;
    let whole = 0;
    for (let i = from; i < to; i++) whole += this.#gradient[this.#order[i]!]!;
    let best: { feature: number; bin: number } | null = null;
    let most = (whole * whole) / total + 1e-9 * total;
    const [sums, counts] = [this.#sums, this.#counts];
    for (const feature of seen) {
      const column = this.bins[feature]!;
      const last = this.edges[feature]!.length;
      sums.fill(0);
      counts.fill(0);
      for (let i = from; i < to; i++) {
        const row = this.#order[i]!;
        const bin = column[row]!;
        sums[bin]! += this.#gradient[row]!;
        counts[bin]!++;
      }
      let sum = 0;
      let count = 0;
      for (let bin = 0; bin < last; bin++) {
        sum += sums[bin]!;
        count += counts[bin]!;
        if (count < leaf) continue;
        if (total - count < leaf) break;
        const gain = (sum * sum) / count + ((whole - sum) * (whole - sum)) / (total - count);
        if (gain > most) {
          most = gain;
          best = { feature, bin };
        }
      }
    }
    return best;
  }

  /** Rows up to the bin first; answers where the others begin. */
  #part(column: Uint8Array, bin: number, from: number, to: number): number {
    let left = from;
    let right = to - 1;
    while (left <= right) {
      const row = this.#order[left]!;
      if (column[row]! <= bin) left++;
      else {
        this.#order[left] = this.#order[right]!;
        this.#order[right] = row;
        right--;
      }
    }
    return left;
  }
}
