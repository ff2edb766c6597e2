/**
 * IT power where no meter says it. The default stays vCPU-linear (`itPowerKw`); what is here answers when a job says how busy
 * its CPUs are or which GPU it holds. Sources: Teads' AWS dataset (621 instance types, medians) for the concave curve;
 * Cloud Carbon Footprint (AWS average) for the linear one; makers' data sheets for GPU board power; a published sweep of
 * power caps over eight training and inference workloads for throughput under a cap.
 */

type Curve = readonly (readonly [x: number, y: number])[];

/** Straight lines between points in order of x; flat beyond the ends. */
const along = (curve: Curve, x: number): number => {
  if (x <= curve[0]![0]) return curve[0]![1];
  for (let i = 1; i < curve.length; i++) {
    const [x1, y1] = curve[i]!;
    const [x0, y0] = curve[i - 1]!;
    if (x <= x1) return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  }
  return curve.at(-1)![1];
};

/** Share of full power by share of CPU time: real machines rise steeply first. */
const CPU_CURVE: Curve = [
  [0, 0.282],
  [0.1, 0.449],
  [0.5, 0.729],
  [1, 1],
];

/** 0.282 to 1 for a utilisation of 0 to 1; values outside are taken as the nearer end. */
export const cpuPowerShare = (utilisationRatio: number): number => along(CPU_CURVE, utilisationRatio);

/** Watts per vCPU by utilisation, straight from 0.74 to 3.5 W. */
export const linearWattsPerVcpu = (utilisationRatio: number): number =>
  0.74 + Math.min(1, Math.max(0, utilisationRatio)) * (3.5 - 0.74);

/** Board power in kW. */
const GPU_KW: Readonly<Record<string, number>> = {
  t4: 0.07,
  l4: 0.072,
  a10: 0.15,
  p100: 0.25,
  v100: 0.3,
  v100m16: 0.3,
  v100m32: 0.3,
  a100: 0.4,
  h100: 0.7,
  h200: 0.7,
};

/** Board power of a GPU by its model's name, in kW; null for a model that is not listed. */
export const gpuPowerKw = (model: string): number | null =>
  GPU_KW[
    model
      .toLowerCase()
      .replace(/^(nvidia|tesla)[\s_-]+/g, '')
      .replace(/[\s_-].*$/, '')
  ] ?? null;

/** A 400 W GPU under a cap: throughput and power, both as shares of their values at 400 W. */
const CAPPED: readonly (readonly [capRatio: number, throughput: number, power: number])[] = [
  [0.25, 0.213, 0.272],
  [0.5, 0.728, 0.532],
  [0.625, 0.843, 0.661],
  [0.75, 0.91, 0.787],
  [0.875, 0.955, 0.9],
  [1, 1, 1],
];

/** What a GPU still does and draws under a cap, as shares; the cap is a share of the board's power from 0.25 to 1. */
export const cappedGpu = (capRatio: number): { throughputRatio: number; powerRatio: number } => ({
  throughputRatio: along(
    CAPPED.map(([cap, throughput]) => [cap, throughput]),
    capRatio,
  ),
  powerRatio: along(
    CAPPED.map(([cap, , power]) => [cap, power]),
    capRatio,
  ),
});

/**
 * IT kW of a job that says more than its size. kW per vCPU and per GPU are taken as full-load values: CPUs scale with the
 * concave curve, GPUs by their model's board power.
 */
export const modelledPowerKw = (
  job: { vcpus: number; gpus: number; utilisationRatio: number | null; gpuModel: string | null },
  method: { kwPerVcpu: number; kwPerGpu: number },
): number => {
  const perGpu = (job.gpuModel === null ? null : gpuPowerKw(job.gpuModel)) ?? method.kwPerGpu;
  const share = job.utilisationRatio === null ? 1 : cpuPowerShare(job.utilisationRatio);
  return job.vcpus * method.kwPerVcpu * share + job.gpus * perGpu;
};
