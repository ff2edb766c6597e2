/** Models of power where no meter says it, against the vectors of the fact sheet that were computed from the published tables (H9). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FOREIGN_DATA, lacksData } from '../checks/public-data.js';
import { facilityKw, plantOf } from './flexibility/plant.js';
import { cappedGpu, cpuPowerShare, linearWattsPerVcpu } from './power.js';

const lacks = lacksData('power models that others published', ['flexibility/v100-cap-sweep.csv']);
const check = (name: string) =>
  JSON.parse(readFileSync(join(FOREIGN_DATA, '../reference/grid/checks', `${name}.json`), 'utf8'));

describe.skipIf(lacks)('H9: power as others published it', () => {
  it('hits the linear model and the concave one at their points, and rises with utilisation', () => {
    const { linear_ccf, teads_aws_instance_curve_median } = check('power_models') as {
      linear_ccf: { expected: { u: number; w: number }[] };
      teads_aws_instance_curve_median: { util_to_fraction_of_100pct_power: [number, number][] };
    };
    for (const { u, w } of linear_ccf.expected) expect(linearWattsPerVcpu(u)).toBeCloseTo(w, 9);
    for (const [u, share] of teads_aws_instance_curve_median.util_to_fraction_of_100pct_power)
      expect(cpuPowerShare(u)).toBeCloseTo(share, 9);
    for (let u = 0.01; u <= 1; u += 0.01) {
      expect(cpuPowerShare(u)).toBeGreaterThan(cpuPowerShare(u - 0.01));
      // Real machines are concave: at every share of time they draw more than a straight line has it.
      expect(cpuPowerShare(u)).toBeGreaterThanOrEqual(0.282 + u * (1 - 0.282) - 1e-9);
    }
  });

  it('hits the mean of the sweep of caps', () => {
    const { aggregate } = check('dvfs_curve') as {
      aggregate: { cap_w: number; mean_normalised_throughput: number; power_fraction_of_400w_cap: number }[];
    };
    for (const { cap_w, mean_normalised_throughput, power_fraction_of_400w_cap } of aggregate) {
      const { throughputRatio, powerRatio } = cappedGpu(cap_w / 400);
      // Ours has three digits.
      expect(Math.abs(throughputRatio - mean_normalised_throughput)).toBeLessThan(0.0006);
      expect(Math.abs(powerRatio - power_fraction_of_400w_cap)).toBeLessThan(0.0006);
    }
  });

  it('never cools for less as it gets warmer, as a widely copied chiller model with a slip in it does above 25 °C', () => {
    const { chiller, dc_rl_as_coded } = check('chiller_pue') as {
      chiller: { ambient_c: number; chiller_kw: number }[];
      dc_rl_as_coded: { ambient_c: number; chiller_kw_as_coded: number }[];
    };
    const warm = chiller.filter(({ ambient_c }) => ambient_c >= 10);
    const plant = plantOf(1400);
    for (const [i, { ambient_c, chiller_kw }] of warm.entries()) {
      const pue = facilityKw(plant, 1000, ambient_c) / 1000;
      expect(pue).toBeGreaterThanOrEqual(1);
      const before = warm[i - 1];
      if (before === undefined) continue;
      expect(chiller_kw).toBeGreaterThan(before.chiller_kw);
      expect(pue).toBeGreaterThanOrEqual(facilityKw(plant, 1000, before.ambient_c) / 1000);
    }
    const coded = dc_rl_as_coded.filter(({ ambient_c }) => ambient_c >= 25).map((row) => row.chiller_kw_as_coded);
    expect(coded.at(-1)).toBeLessThan(coded[0]!);
  });
});
