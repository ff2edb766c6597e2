import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosTurn, exp, ln, random, seedOf } from './random.js';

const moments = (draw: () => number, n: number) => {
  const values = Array.from({ length: n }, draw);
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1);
  return { mean, variance, values };
};

describe('elementary functions', () => {
  it('agree with the engine within a few units in the last place', () => {
    fc.assert(
      fc.property(fc.double({ min: -300, max: 300, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(4e-15);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), (x) => {
        expect(Math.abs(ln(x) - Math.log(x))).toBeLessThan(1e-14 * Math.max(1, Math.abs(Math.log(x))));
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (t) => {
        expect(Math.abs(cosTurn(t) - Math.cos(2 * Math.PI * t))).toBeLessThan(2e-13);
      }),
    );
  });

  it('use nothing that the engine may round its own way', async () => {
    const { readFileSync } = await import('node:fs');
    for (const file of ['random.ts', 'workload.ts', 'grid.ts', 'fleet.ts']) {
      const code = readFileSync(new URL(`./${file}`, import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      expect(code).not.toMatch(/Math\.(exp|log\w*|sin|cos|tan|pow|cbrt|hypot|random)\b|\*\*/);
    }
  });
});

describe('the generator', () => {
  it('follows the published xoshiro128** recurrence', () => {
    // Reference in 64-bit integers, written from the authors' C code.
    const mask = 0xffffffffn;
    const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
    let z = BigInt(seedOf('reference', 1));
    const splitmix = () => {
      z = (z + 0x9e3779b9n) & mask;
      let y = z;
      y = ((y ^ (y >> 16n)) * 0x21f0aaadn) & mask;
      y = ((y ^ (y >> 15n)) * 0x735a2d97n) & mask;
      return y ^ (y >> 15n);
    };
    const s = [splitmix(), splitmix(), splitmix(), splitmix() | 1n] as [bigint, bigint, bigint, bigint];
    const next = () => {
      const result = (rotl((s[1] * 5n) & mask, 7n) * 9n) & mask;
      const t = (s[1] << 9n) & mask;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= t;
      s[3] = rotl(s[3], 11n);
      return result;
    };
    const ours = random('reference', 1);
    for (let i = 0; i < 100; i++) {
      const high = next() >> 5n;
      const low = next() >> 6n;
      expect(ours.uniform()).toBe(Number(high * 67108864n + low) / 2 ** 53);
    }
  });

  it('gives the bits that an independent implementation in Python gives', () => {
    const rng = random('across machines', 42);
    expect([rng.uniform(), rng.uniform()]).toEqual([0.8700440363873578, 0.1386182639438901]);
    expect(Array.from({ length: 6 }, () => rng.poisson(40))).toEqual([36, 51, 34, 45, 35, 49]);
    expect(Array.from({ length: 4 }, () => rng.normal())).toEqual([
      1.4225758592488054, 0.7323141023241847, 0.6550740012972134, 1.47452484595154,
    ]);
  });

  it('keeps streams of different names apart', () => {
    expect(seedOf('a', 'bc')).not.toBe(seedOf('ab', 'c'));
    expect(random('x', 1).uniform()).not.toBe(random('x', 2).uniform());
    expect(random('x', 1).uniform()).toBe(random('x', 1).uniform());
  });

  it.each([0.3, 4, 42, 180])('draws Poisson counts of mean and variance %d', (mean) => {
    const n = 20_000;
    const rng = random('poisson', mean);
    const m = moments(() => rng.poisson(mean), n);
    // Five standard errors: of the mean √(λ/n), of the variance about √((2λ² + λ)/n).
    expect(Math.abs(m.mean - mean)).toBeLessThan(5 * Math.sqrt(mean / n));
    expect(Math.abs(m.variance - mean)).toBeLessThan(5 * Math.sqrt((2 * mean * mean + mean) / n));
  });

  it('draws normals and log-normals with the stated moments', () => {
    const n = 40_000;
    const rng = random('normal');
    const m = moments(() => rng.normal(), n);
    expect(Math.abs(m.mean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(m.variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    const sorted = moments(() => rng.logNormal(3, 0.7), n).values.sort((a, b) => a - b);
    expect(Math.abs(sorted[n / 2]! / 3 - 1)).toBeLessThan(0.03);
    const upper = sorted.filter((v) => v > 3 * Math.exp(0.7)).length / n;
    expect(Math.abs(upper - 0.1587)).toBeLessThan(0.01);
  });

  it('picks in proportion to weights and never a weight of 0', () => {
    const rng = random('pick');
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 30_000; i++) counts[rng.pick([1, 0, 3, 2])]!++;
    expect(counts[1]).toBe(0);
    expect(Math.abs(counts[2]! / 30_000 - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(counts[0]! / 30_000 - 1 / 6)).toBeLessThan(0.02);
  });
});
