/** Work that a plan placed, as it runs on made-up machines: the published curves at the power that the job was said to draw. */
import { z } from 'zod';
import { type CurvePoint, naturalWatts } from '../../domain/flexibility/power-curve.js';
import { TIERS, tierOfCategory } from '../../domain/flexibility/running.js';
import { Category, type Job } from '../../domain/job.js';
import { toEpoch } from '../../domain/time.js';
import { seedOf } from '../random.js';
import { CURVES, REST_WATTS, type Work } from './gpu-work.js';

/** What is kept of a job with its order. */
export const PlacedTraits = z.strictObject({
  kind: z.string(),
  category: Category,
  gpus: z.number(),
  interruptible: z.boolean(),
  deadline: z.number().nullable().describe('epoch seconds'),
});
export type PlacedTraits = z.infer<typeof PlacedTraits>;

export const traitsOf = ({ kind, category, gpus, interruptible, deadline }: Job): PlacedTraits => ({
  ...{ kind, category, gpus, interruptible },
  deadline: deadline === null ? null : toEpoch(deadline),
});

/** Saving and loading at half power, so long. */
const SAVE_SECONDS = 20;
const LOAD_SECONDS = 40;
/** Of what work draws, while it is stopped. */
const REST_SHARE = 0.08;
/** Longer than anything runs: when it ends is what was ordered, and not its own to say. */
const FOR_EVER = 1e9;

/** Work on processors knows no cap: whatever is written, it draws the same. */
const flat = (watts: number): CurvePoint[] => [1, 2].map((n) => ({ capW: n * watts, watts, throughputRatio: 1 }));

/** The measured curve of such work, at so many watts of a GPU. */
const scaled = (curve: readonly CurvePoint[], watts: number): CurvePoint[] => {
  const factor = watts / naturalWatts(curve);
  return curve.map((point) => ({ ...point, capW: Math.round(point.capW * factor), watts: point.watts * factor }));
};

/** A job of `itKw` as the simulated machines run it. Without traits, of an order of before they were kept, nothing can be done to it. */
export const workOf = (id: string, itKw: number, traits: PlacedTraits | undefined): Work => {
  const { kind = '', category = 'urgent', gpus: asked = 0, interruptible = false, deadline = null } = traits ?? {};
  const gpus = Math.max(1, Math.round(asked));
  const perGpu = (1000 * itKw) / gpus;
  const isInference = kind.startsWith('infer');
  const names = Object.keys(CURVES)
    .filter((name) => name.startsWith('infer') === isInference)
    .sort();
  const curve = asked < 1 ? flat(perGpu) : scaled(CURVES[names[seedOf(id) % names.length]!]!, perGpu);
  const isFree = interruptible && category !== 'urgent';
  const tier = tierOfCategory[category];
  const energyKwh = (itKw * 0.5 * (SAVE_SECONDS + LOAD_SECONDS)) / 3600;
  return {
    traits: {
      ...{ id, tier, gpus, deadline, curve },
      // Who lets us interrupt it asks only that it is done in time.
      toleranceRatio: isFree ? 1 : TIERS[tier].toleranceRatio,
      restWatts: asked < 1 ? REST_SHARE * perGpu : Math.min(REST_WATTS, REST_SHARE * perGpu),
      pause: isFree ? { seconds: SAVE_SECONDS, resumeSeconds: LOAD_SECONDS, energyKwh, lostSeconds: 0 } : null,
      ...{ service: null, elsewhere: [] },
    },
    workSeconds: FOR_EVER,
    training: kind === 'training',
  };
};
