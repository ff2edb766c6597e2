/** Weighted least squares with a penalty, by Cholesky's decomposition. */

const gramOf = (
  z: Float64Array,
  target: Float64Array | null,
  weight: Float64Array | null,
  count: number,
  width: number,
): { gram: Float64Array; right: Float64Array; n: number } => {
  const n = width + 1;
  const gram = new Float64Array(n * n);
  const right = new Float64Array(n);
  const row = new Float64Array(n).fill(1);
  // Most inputs of a row may be 0, where they say which hour it is.
  const some = new Int32Array(n);
  for (let i = 0; i < count; i++) {
    let m = 0;
    for (let f = 0; f < width; f++) {
      row[f] = z[i * width + f]!;
      if (row[f] !== 0) some[m++] = f;
    }
    some[m++] = width;
    const by = weight === null ? 1 : weight[i]!;
    const aim = target === null ? 0 : target[i]!;
    for (let k = 0; k < m; k++) {
      const a = some[k]!;
      const scaled = by * row[a]!;
      right[a]! += scaled * aim;
      for (let l = 0; l <= k; l++) gram[a * n + some[l]!]! += scaled * row[some[l]!]!;
    }
  }
  return { gram, right, n };
};

/**
 * `z` holds `count` rows of `width` inputs; a constant is added last and not penalised. Answers a weight for each input and the
 * constant.
 */
export const solveNormal = (
  z: Float64Array,
  target: Float64Array,
  weight: Float64Array | null,
  count: number,
  width: number,
  penalty: number,
): Float64Array => {
  const { gram, right, n } = gramOf(z, target, weight, count, width);
  for (let f = 0; f < width; f++) gram[f * n + f]! += penalty;
  gram[n * n - 1]! += 1e-9;
  return cholesky(gram, right, n);
};

/**
 * (ZᵀZ + penalty)⁻¹ with the constant last, row by row: how unsure the weights are, in squared errors of a row. What the rows say
 * nothing of is very large.
 */
export const unsureness = (z: Float64Array, count: number, width: number, penalty: number): Float64Array => {
  const { gram, n } = gramOf(z, null, null, count, width);
  for (let f = 0; f < n; f++) gram[f * n + f]! += penalty;
  const inverse = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let f = 0; f < n; f++) {
    unit.fill(0);
    unit[f] = 1;
    inverse.set(cholesky(gram.slice(), unit, n), f * n);
  }
  return inverse;
};

const cholesky = (a: Float64Array, right: Float64Array, n: number): Float64Array => {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / a[j * n + j]!;
    }
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= a[i * n + k]! * x[k]!;
    x[i]! /= a[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= a[k * n + i]! * x[k]!;
    x[i]! /= a[i * n + i]!;
  }
  return x;
};
