/**
 * Seeded random numbers with the same bits on every machine. Only +, −, ×, ÷, integer operations and Math.sqrt are used,
 * which IEEE 754 rounds exactly; Math.exp, Math.log and Math.sin are left to the engine's taste and therefore not used.
 */

/** 32-bit FNV-1a over the UTF-16 units of the parts, each closed by a separator, so that ('a','bc') and ('ab','c') differ. */
export const seedOf = (...parts: readonly (string | number)[]): number => {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    const text = String(part);
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0x1f, 0x01000193);
  }
  return hash >>> 0;
};

/** splitmix32: spreads one integer over the whole state. */
const splitmix = (state: number) => () => {
  state = (state + 0x9e3779b9) | 0;
  let z = state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
};

export interface Random {
  /** [0, 1), 53 bits. */
  uniform(): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** Median × exp(sigma × normal). */
  logNormal(median: number, sigma: number): number;
  /** Count with this mean (and variance). */
  poisson(mean: number): number;
  /** Index drawn in proportion to weights that are not all 0. */
  pick(weights: readonly number[]): number;
}

/** xoshiro128** (Blackman and Vigna), seeded by splitmix32. */
export const random = (...seed: readonly (string | number)[]): Random => {
  const next = splitmix(seedOf(...seed));
  let [a, b, c, d] = [next() | 0, next() | 0, next() | 0, next() | 1];
  const bits = (): number => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = () => ((bits() >>> 5) * 67108864 + (bits() >>> 6)) / 9007199254740992;
  const normal = () => {
    // Marsaglia's polar method, without the second value, so that every call uses the stream alike.
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const s = x * x + y * y;
      if (s > 0 && s < 1) return x * Math.sqrt((-2 * ln(s)) / s);
    }
  };
  const poisson = (mean: number) => {
    // Knuth's product, in portions small enough that exp(−portion) stays far from underflow.
    let count = 0;
    for (let left = mean; left > 0; left -= 16) {
      const limit = exp(-Math.min(left, 16));
      for (let product = uniform(); product > limit; product *= uniform()) count++;
    }
    return count;
  };
  const pick = (weights: readonly number[]) => {
    let total = 0;
    for (const weight of weights) total += weight;
    let at = uniform() * total;
    let last = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i] ?? 0;
      if (weight <= 0) continue;
      if (at < weight) return i;
      at -= weight;
      last = i;
    }
    return last;
  };
  return { uniform, normal, logNormal: (median, sigma) => median * exp(sigma * normal()), poisson, pick };
};

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const { LN2, SQRT2, SQRT1_2 } = Math;

/** 2^n by repeated exact doubling or halving. */
const powerOfTwo = (n: number): number => {
  let result = 1;
  const factor = n < 0 ? 0.5 : 2;
  for (let i = Math.abs(n); i > 0; i--) result *= factor;
  return result;
};

/** eˣ for |x| below 700, relative error below 1e-15: reduction by ln 2 and a Taylor polynomial. */
export const exp = (x: number): number => {
  const n = Math.floor(x / LN2 + 0.5);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  let sum = 1;
  for (let k = 14; k >= 1; k--) sum = 1 + (r / k) * sum;
  return sum * powerOfTwo(n);
};

/** Natural logarithm of a positive, normal number: exact scaling into [√½, √2), then the atanh series. */
export const ln = (x: number): number => {
  let n = 0;
  let m = x;
  while (m >= SQRT2) {
    m *= 0.5;
    n++;
  }
  while (m < SQRT1_2) {
    m *= 2;
    n--;
  }
  const s = (m - 1) / (m + 1);
  const s2 = s * s;
  let sum = 0;
  for (let k = 23; k >= 1; k -= 2) sum = sum * s2 + 1 / k;
  return n * LN2 + 2 * s * sum;
};

/** Cosine of a whole turn's share: cosTurn(0) = 1, cosTurn(0.5) = −1. */
export const cosTurn = (turns: number): number => {
  const t = turns - Math.floor(turns + 0.5);
  const folded = Math.abs(t);
  // cos is odd about a quarter turn, which keeps the polynomial's argument within π/2.
  const sign = folded > 0.25 ? -1 : 1;
  const angle = (folded > 0.25 ? 0.5 - folded : folded) * 6.283185307179586;
  const a2 = angle * angle;
  let sum = 1;
  for (let k = 22; k >= 2; k -= 2) sum = 1 - (a2 / (k * (k - 1))) * sum;
  return sign * sum;
};
