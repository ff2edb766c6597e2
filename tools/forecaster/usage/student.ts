/** Student's t, whose tails are wide where few values speak. */

/** ln Γ by Lanczos (1964), g = 7. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const logGamma = (z: number): number => {
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z);
  const x = z - 1;
  const t = x + 7.5;
  const sum = LANCZOS.reduce((all, c, i) => (i === 0 ? c : all + c / (x + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
};

const density = (t: number, freedom: number): number =>
  Math.exp(
    logGamma((freedom + 1) / 2) -
      logGamma(freedom / 2) -
      0.5 * Math.log(freedom * Math.PI) -
      ((freedom + 1) / 2) * Math.log1p((t * t) / freedom),
  );

/** P(T ≤ t) for t ≥ 0, by Simpson's rule on the density. */
const below = (t: number, freedom: number): number => {
  const parts = 400;
  const h = t / parts;
  let sum = density(0, freedom) + density(t, freedom);
  for (let i = 1; i < parts; i++) sum += (i % 2 === 1 ? 4 : 2) * density(i * h, freedom);
  return 0.5 + (sum * h) / 3;
};

const kept = new Map<string, number>();

/** The t below which T lies with this probability, at least 0.5, for whole degrees of freedom from 1. */
export const studentQuantile = (probability: number, freedom: number): number => {
  const key = `${probability}/${freedom}`;
  const found = kept.get(key);
  if (found !== undefined) return found;
  let [low, high] = [0, 100];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (below(middle, freedom) < probability) low = middle;
    else high = middle;
  }
  kept.set(key, high);
  return high;
};
