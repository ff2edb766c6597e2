/** Published demonstrations, recomputed by our code from their own files, before it judges us. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FOREIGN_DATA, lacksData } from '../../checks/public-data.js';
import { followingError } from '../settlement/tracking.js';
import { waysToServe } from './batch-curve.js';
import { fairness, keptOf, minuteMeans, spread } from './metrics.js';
import { facilityKw, itKwFor, plantOf } from './plant.js';
import { capForThroughput, powerCurve, throughputUnder, wattsUnder } from './power-curve.js';

const FILES = ['cap-sweep', 'cap-write-latency', 'three-gpu-budget', 'tracking-1s'].map(
  (name) => `flexibility/v100-${name}.csv`,
);
const lacks = lacksData('figures of flexibility that others published', [...FILES, 'flexibility/llm-batch-curves.csv']);
const reference = (path: string) => JSON.parse(readFileSync(join(FOREIGN_DATA, '../reference', path), 'utf8'));
const anchors = lacks ? null : reference('flexibility/anchors_checks.json');

const rows = (path: string): Record<string, string>[] => {
  const [header, ...lines] = readFileSync(join(FOREIGN_DATA, 'flexibility', path), 'utf8')
    .trim()
    .split(/\r?\n/);
  const names = header!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell])));
};
const WORKS = ['matmul_compute_bound', 'inference_memory_bound', 'bursty_alternating'];

describe.skipIf(lacks)('figures that others published, from their files', () => {
  it('A1: caps are written one after the other, and that is nearly all of the latency', () => {
    const trials = rows('v100-cap-write-latency.csv');
    const writes = (row: Record<string, string>) =>
      ['gpu0_us', 'gpu1_us', 'gpu2_us'].map((gpu) => Number(row[gpu]) / 1000);
    const total = (label: string) => trials.filter((row) => row.label === label).map((row) => Number(row.total_ms));
    const found = anchors.A1_cap_write_latency;
    for (const label of WORKS) expect(spread(total(label))!.median).toBeCloseTo(found.median_total_ms[label], 2);
    expect(spread(trials.map((row) => Number(row.total_ms)))!.max).toBe(found.max_total_ms);
    const single = spread(trials.flatMap(writes))!;
    expect(single.median).toBeCloseTo(found.median_single_write_ms, 3);
    expect(single.max).toBe(found.max_single_write_ms);
  });

  it.each(WORKS)('A2: how closely a cap follows a demand (%s)', (work) => {
    // Each row is a second of many samples, so means are weighted; a share of time needs no weights.
    const seconds = rows('v100-tracking-1s.csv').filter((row) => row.workload === work);
    const of = (from: number) => {
      const kept = seconds.filter((row) => Number(row.second) >= from);
      const sum = (value: (row: Record<string, string>) => number) =>
        kept.reduce((all, row) => all + Number(row.samples) * value(row), 0);
      const samples = sum(() => 1);
      const mae = sum((row) => Number(row.abs_error_mean_w)) / samples;
      const bias = sum((row) => Number(row.power_mean_w) - Number(row.demand_mean_w)) / samples;
      return { samples, mae, bias, relative: mae / (sum((row) => Number(row.demand_mean_w)) / samples) };
    };
    for (const [from, name] of [
      [0, 'A2_tracking_published'],
      [5, 'A2_tracking_after_5s'],
    ] as const) {
      const expected = anchors[name][work];
      const found = of(from);
      expect(found.samples).toBe(expected.samples);
      expect(found.mae / expected.mae_w).toBeCloseTo(1, 3);
      expect(found.relative / expected.relative_mae).toBeCloseTo(1, 3);
    }
    const pairs = seconds
      .filter((row) => Number(row.second) >= 5)
      .map((row) => ({ asked: Number(row.demand_mean_w), drawn: Number(row.power_mean_w) }));
    const follows = followingError(pairs)!;
    const published = {
      matmul_compute_bound: [-1.1, 7],
      inference_memory_bound: [-0.5, 4],
      bursty_alternating: [-13.5, 26],
    }[work]!;
    expect(of(5).bias).toBeCloseTo(published[0]!, 1);
    expect(Math.round(follows.aboveRatio * pairs.length)).toBe(published[1]);
  });

  it.each(WORKS)('A3: what caps and clocks yield (%s)', (work) => {
    const sweep = rows('v100-cap-sweep.csv').filter((row) => row.workload === work);
    const at = (cap: number, mhz: number) =>
      sweep.find((row) => Number(row.pcap_w) === cap && Number(row.sm_target_mhz) === mhz)!;
    const full = at(300, 1380);
    const shares = (row: Record<string, string>) => ({
      power: Number(row.power_mean_w) / Number(full.power_mean_w),
      throughput: Number(row.iters_per_s) / Number(full.iters_per_s),
    });
    const expected = anchors.A3_cap_curve_relative_to_300W_1380MHz[work];
    const curve = powerCurve(
      [150, 200, 250, 300].map((capW) => ({
        ...{ capW, watts: Number(at(capW, 1380).power_mean_w) },
        throughputRatio: Math.min(1, shares(at(capW, 1380)).throughput),
      })),
    );
    for (const cap of [250, 200, 150]) {
      expect(wattsUnder(curve, cap) / wattsUnder(curve, 300)).toBeCloseTo(expected[`cap${cap}`].power, 4);
      expect(throughputUnder(curve, cap)).toBeCloseTo(expected[`cap${cap}`].throughput, 4);
    }
    for (const mhz of [945, 405]) {
      const found = shares(at(300, mhz));
      expect(found.power).toBeCloseTo(expected[`clock${mhz}`].power, 4);
      expect(found.throughput).toBeCloseTo(expected[`clock${mhz}`].throughput, 4);
    }
  });

  it('A4: energy among GPUs of one budget', () => {
    for (const [budget, { jain_energy, mean_total_w }] of Object.entries<{ jain_energy: number; mean_total_w: number }>(
      anchors.A4_three_gpu_fairness,
    )) {
      const gpus = rows('v100-three-gpu-budget.csv').filter((row) => row.budget_w === budget);
      expect(fairness(gpus.map((row) => Number(row.energy_j)))).toBeCloseTo(jain_energy, 4);
      expect(gpus.reduce((sum, row) => sum + Number(row.power_mean_w), 0)).toBeCloseTo(mean_total_w, 0);
    }
    expect(fairness([1, 0, 0])).toBeCloseTo(1 / 3, 9);
    expect(fairness([])).toBeNull();
  });

  it('A5: what an IT cut is at the meter, and back', () => {
    const plant = plantOf(1400);
    for (const one of anchors.A5_meter_response_model.cases) {
      const [before, after] = [one.it_before_kw, one.it_after_kw].map((it) => facilityKw(plant, it, one.ambient_C));
      expect(before! / one.meter_before_kw).toBeCloseTo(1, 4);
      expect(after! / one.meter_after_kw).toBeCloseTo(1, 4);
      expect(100 * (1 - after! / before!)).toBeCloseTo(one.meter_cut_percent, 2);
      expect(itKwFor(plant, after!, one.ambient_C)).toBeCloseTo(one.it_after_kw, 6);
    }
    expect(itKwFor(plant, 30, 25)).toBeNull();
    expect(facilityKw(plantOf(100, 1.1), 100, 25)).toBeCloseTo(110, 3);
    expect(facilityKw(plantOf(100, 1), 40, 25)).toBeCloseTo(40, 6);
  });

  it('A6: larger batches on fewer replicas', () => {
    const runs = rows('llm-batch-curves.csv');
    const points = (model: string, gpu: string, gpus: number, task: string) =>
      runs
        .filter(
          (row) =>
            row.model_id!.includes(model) &&
            row.gpu_model === gpu &&
            Number(row.num_gpus) === gpus &&
            row.task === task,
        )
        .map((row) => ({
          ...{ batch: Number(row.max_num_seqs), wattsPerGpu: Number(row.avg_power_watts) / gpus },
          ...{ tokensPerSecond: Number(row.output_throughput_tokens_per_sec), latencyMs: Number(row.median_itl_ms) },
        }));
    const llama = points('Llama-3.1-70B', 'H100', 4, 'lm-arena-chat');
    const oss = points('gpt-oss-120b', 'B200', 1, 'gpqa');
    for (const [name, found] of [
      ['llama-3.1-70b_4xH100', llama],
      ['gpt-oss-120b_1xB200', oss],
    ] as const)
      for (const [batch, expected] of Object.entries<Record<string, number>>(anchors.A6_batch_curve[name])) {
        const point = found.find((one) => one.batch === Number(batch))!;
        expect(point.wattsPerGpu).toBeCloseTo(expected.w_per_gpu!, 0);
        expect(point.tokensPerSecond / expected.tokens_per_s!).toBeCloseTo(1, 4);
        expect(point.latencyMs).toBeCloseTo(expected.median_itl_ms!, 1);
      }
    const ways = waysToServe({ points: llama, gpusPerReplica: 4, tokensPerSecond: 60_000, leastReplicas: 1 });
    for (const [batch, expected] of Object.entries<Record<string, number>>(anchors.A6_consolidation_60k_tokens_per_s)) {
      const way = ways.find((one) => one.batch === Number(batch))!;
      expect(way.replicas).toBe(expected.replicas);
      expect(way.servingKw / expected.gpu_kw!).toBeCloseTo(1, 3);
      expect(way.latencyMs).toBeCloseTo(expected.median_itl_ms!, 1);
    }
  });

  it('H9: a published sweep of caps, hit at its points and monotone between them', () => {
    const { per_workload } = reference('grid/checks/dvfs_curve.json') as {
      per_workload: Record<string, Record<string, [number, number]>>;
    };
    for (const table of Object.values(per_workload)) {
      const curve = powerCurve(
        Object.entries(table).map(([cap, [throughputRatio, watts]]) => ({ capW: Number(cap), throughputRatio, watts })),
      );
      for (const { capW, watts, throughputRatio } of curve) {
        expect(wattsUnder(curve, capW)).toBeCloseTo(watts, 9);
        expect(throughputUnder(curve, capW)).toBeCloseTo(throughputRatio, 9);
        expect(capForThroughput(curve, throughputRatio)).toBeCloseTo(capW, 9);
      }
      let last = 0;
      for (let cap = 80; cap <= 450; cap += 5) {
        expect(wattsUnder(curve, cap)).toBeGreaterThanOrEqual(last);
        last = wattsUnder(curve, cap);
      }
    }
  });
});

const PHOENIX = join(FOREIGN_DATA, '../reference/grid/samples/emerald/SRP_total_power.csv');

describe('an event that was kept or not', () => {
  it.skipIf(!existsSync(PHOENIX))('H10: the test in Phoenix, minute by minute', () => {
    const minute = (text: string) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 60;
    const readings = readFileSync(PHOENIX, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => {
        const [time, watts] = line.split(',');
        return { at: minute(time!.slice(11, 16)), kw: Number(watts) / 1000 };
      });
    const found = keptOf(readings, {
      ...{ baselineKw: 93.1, targetKw: 93.1 * 0.75, receivedAt: minute('16:10') },
      ...{ holdFrom: minute('16:15'), holdUntil: minute('19:15') },
    })!;
    expect(found.tracking.meanReductionRatio * 100).toBeCloseTo(30.98, 2);
    expect(found.worstMinute.reductionRatio * 100).toBeCloseTo(23.07, 1);
    expect(found).toMatchObject({ minutesAbove: 4, minutesUnread: 0 });
    expect(found.deliveredRatio).toBeCloseTo(1.239, 3);
  });

  const asked = { baselineKw: 100, targetKw: 75, receivedAt: 0, holdFrom: 60, holdUntil: 180 };
  const at = (...kw: number[]) => kw.map((value, i) => ({ at: i * 30, kw: value }));

  it('says when power was below and stayed, and what came after', () => {
    const found = keptOf(at(100, 70, 76, 74, 70, 74, 99, 103), asked)!;
    expect(found.minutes).toEqual([
      { at: 60, kw: 75 },
      { at: 120, kw: 72 },
    ]);
    expect(found).toMatchObject({
      minutesAbove: 0,
      facilityBelow: 30,
      rebound: { highestKw: 101, minutesAbove: 1, minutes: 1 },
    });
    expect(found.tracking.above).toBe(1);
    expect(found.deliveredKw).toBeCloseTo(26.5, 9);
  });

  it('knows nothing of what was not read', () => {
    expect(keptOf(at(100), asked)).toBeNull();
    const gap = keptOf(
      [
        { at: 0, kw: 100 },
        { at: 60, kw: 70 },
      ],
      asked,
    )!;
    expect(gap).toMatchObject({ minutesUnread: 1, rebound: null });
    expect(keptOf(at(100, 90, 90, 90, 90, 90), asked)!.facilityBelow).toBeNull();
    expect(minuteMeans([], 0, 60)).toEqual([]);
    expect(spread([])).toBeNull();
    expect(spread([3, 1, 2, 4])).toEqual({ median: 2.5, p95: 4, max: 4 });
  });
});
