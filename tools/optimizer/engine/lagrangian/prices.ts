/** Prices on the coupling limits: what one unit more of each would save. Any non-negative prices prove a lower bound. */
import type { Certificate } from '../answer.js';
import type { Model } from '../model.js';

/** Money per facility kW, vCPU or GPU and slot (region × slots + slot); money per kg by carbon cap. */
export interface Prices {
  readonly power: Float64Array;
  readonly vcpu: Float64Array;
  readonly gpu: Float64Array;
  /** Share of the peak charge borne by a slot; over a region's slots at most its charge. */
  readonly peak: Float64Array;
  readonly carbon: Float64Array;
}

export const noPrices = (model: Model): Prices => {
  const cells = model.R * model.T;
  return {
    power: new Float64Array(cells),
    vcpu: new Float64Array(cells),
    gpu: new Float64Array(cells),
    peak: new Float64Array(cells),
    carbon: new Float64Array(model.problem.carbonCaps.length),
  };
};

export const copyPrices = (prices: Prices): Prices => ({
  power: prices.power.slice(),
  vcpu: prices.vcpu.slice(),
  gpu: prices.gpu.slice(),
  peak: prices.peak.slice(),
  carbon: prices.carbon.slice(),
});

export const certificateOf = (model: Model, prices: Prices): Certificate => {
  const rows = (values: Float64Array) => {
    const list: [number, number, number][] = [];
    for (let i = 0; i < values.length; i++)
      if (values[i]! > 0) list.push([Math.floor(i / model.T), i % model.T, values[i]!]);
    return list;
  };
  return {
    power: rows(prices.power),
    vcpu: rows(prices.vcpu),
    gpu: rows(prices.gpu),
    carbon: model.problem.carbonCaps.flatMap((cap, c): [string, number][] =>
      prices.carbon[c]! > 0 ? [[cap.id, prices.carbon[c]!]] : [],
    ),
    peak: rows(prices.peak),
  };
};

/** The prices that a certificate names, as far as this model has their limits; a peak charge is shared out at most once. */
export const pricesFrom = (model: Model, certificate: Certificate): Prices => {
  const prices = noPrices(model);
  const put = (to: Float64Array, rows: Certificate['power'], cap: Float64Array | null) => {
    for (const [r, t, value] of rows) {
      const i = r * model.T + t;
      if (r >= 0 && r < model.R && t >= 0 && t < model.T && value > 0 && (cap === null || cap[i]! < Infinity))
        to[i] = value;
    }
  };
  put(prices.power, certificate.power, model.powerCap);
  put(prices.vcpu, certificate.vcpu, model.problem.vcpuCap);
  put(prices.gpu, certificate.gpu, model.problem.gpuCap);
  put(prices.peak, certificate.peak, null);
  for (let r = 0; r < model.R; r++) {
    const row = prices.peak.subarray(r * model.T, (r + 1) * model.T);
    const total = row.reduce((sum, value) => sum + value, 0);
    const charge = model.problem.regions[r]!.peakChargePerKw;
    if (total > charge) for (let t = 0; t < row.length; t++) row[t]! *= charge / total;
  }
  for (const [id, value] of certificate.carbon) {
    const c = model.problem.carbonCaps.findIndex((cap) => cap.id === id);
    if (c >= 0 && value > 0) prices.carbon[c] = value;
  }
  return prices;
};

/** What the prices cost in all: subtracted from the sum of cheapest options. */
export const priceOfLimits = (model: Model, prices: Prices): number => {
  const { problem } = model;
  let total = 0;
  const add = (values: Float64Array, caps: Float64Array) => {
    for (let i = 0; i < values.length; i++) if (values[i]! > 0) total += values[i]! * caps[i]!;
  };
  add(prices.power, model.powerCap);
  add(prices.vcpu, problem.vcpuCap);
  add(prices.gpu, problem.gpuCap);
  problem.carbonCaps.forEach((cap, c) => {
    total += prices.carbon[c]! * cap.capKg;
  });
  return total;
};
