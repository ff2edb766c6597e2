/**
 * Inference served by fewer replicas with larger batches: the same tokens, less power, more latency. Points are measured and never fitted:
 * on the newest GPUs power is not monotone in the batch.
 */
import { z } from 'zod';

export const BatchPoint = z.strictObject({
  batch: z.number().int().positive().describe('sequences served at once'),
  wattsPerGpu: z.number().positive(),
  tokensPerSecond: z.number().positive().describe('of one replica'),
  latencyMs: z.number().positive().describe('median between two tokens'),
});
export type BatchPoint = z.infer<typeof BatchPoint>;

export const InferenceService = z.strictObject({
  points: z.array(BatchPoint).min(1),
  gpusPerReplica: z.number().int().positive(),
  tokensPerSecond: z.number().positive().describe('demanded of all replicas together'),
  latencyLimitMs: z.number().positive().describe('declared by whoever runs it'),
  leastReplicas: z.number().int().min(1),
  idleWattsPerGpu: z.number().min(0).describe('what a GPU draws that was set free'),
  warmUpSeconds: z.number().min(0).describe('until a replica serves again'),
});
export type InferenceService = z.infer<typeof InferenceService>;

export interface Serving {
  readonly batch: number;
  readonly replicas: number;
  /** kW of the GPUs that serve */
  readonly servingKw: number;
  readonly latencyMs: number;
}

/** Every way to serve the demand, whatever its latency, in order of the batch. */
export const waysToServe = (
  service: Omit<InferenceService, 'latencyLimitMs' | 'idleWattsPerGpu' | 'warmUpSeconds'>,
): Serving[] =>
  service.points.map(({ batch, wattsPerGpu, tokensPerSecond, latencyMs }) => {
    const replicas = Math.max(service.leastReplicas, Math.ceil(service.tokensPerSecond / tokensPerSecond - 1e-9));
    return { batch, replicas, servingKw: (replicas * service.gpusPerReplica * wattsPerGpu) / 1000, latencyMs };
  });

/** kW of all GPUs that the service has: those that serve, and those set free, whose idle draw is no saving. */
export const serviceKw = (service: InferenceService, way: Serving, gpus: number): number =>
  way.servingKw + (Math.max(0, gpus - way.replicas * service.gpusPerReplica) * service.idleWattsPerGpu) / 1000;
