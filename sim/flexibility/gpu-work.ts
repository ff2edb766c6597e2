/**
 * What 256 GPUs do: the published mix of the test in Phoenix (six jobs, three tiers) and random mixes of the same work. Curves of power and
 * throughput are those that were measured for it. Which deadline a job has, and that others wait behind it, is made up.
 */
import { readFileSync } from 'node:fs';
import { powerCurve } from '../../domain/flexibility/power-curve.js';
import { type JobTraits, TIERS, type Tier } from '../../domain/flexibility/running.js';
import { type Random, random } from '../random.js';

export interface Work {
  readonly traits: JobTraits;
  /** seconds at full throughput */
  readonly workSeconds: number;
  /** steps in lockstep: the slowest node decides, and it stops now and then to save its state */
  readonly training: boolean;
}

/** Measured, by the kind of work. */
export const { curves: CURVES } = JSON.parse(readFileSync(new URL('./power-curves.json', import.meta.url), 'utf8')) as {
  curves: Record<string, JobTraits['curve']>;
};

/** Of a GPU that holds nothing. */
export const REST_WATTS = 50;
const HOUR = 3600;
/** A service never ends. */
const FOR_EVER = 1e9;

const workOf = (
  id: string,
  kind: string,
  tier: Tier,
  gpus: number,
  workSeconds: number,
  deadline: number | null,
): Work => {
  const training = !kind.startsWith('infer');
  return {
    traits: {
      ...{ id, tier, gpus, deadline, toleranceRatio: TIERS[tier].toleranceRatio },
      ...{ curve: [...powerCurve(CURVES[kind]!)], restWatts: REST_WATTS },
      pause: training ? { seconds: 20, resumeSeconds: 40, energyKwh: (0.15 * gpus * 60) / HOUR, lostSeconds: 0 } : null,
      ...{ service: null, elsewhere: [] },
    },
    ...{ workSeconds, training },
  };
};

/** GPUs of each job as in the sweep of the same work; together 256. */
export const phoenixWork = (): { running: Work[]; waiting: Work[] } => ({
  running: [
    workOf('ft_llama_8b_p3-c6rr6ijz', 'ft_llama_8b_p3', 'flex2', 32, 30 * HOUR, 40 * HOUR),
    workOf('infer_llama_8b_32g-ssac4bap', 'infer_llama_8b', 'flex3', 32, FOR_EVER, null),
    workOf('infer_llama_8b_48g-hgfu2h87', 'infer_llama_8b', 'flex1', 48, FOR_EVER, null),
    workOf('infer_llama_8b_48g-xhganfr6', 'infer_llama_8b', 'flex2', 48, FOR_EVER, null),
    workOf('pt_mpt_13b_sm-gnn16mkt', 'pt_mpt_13b_sm', 'flex3', 48, 40 * HOUR, 60 * HOUR),
    workOf('pt_mpt_7b_fast-qryepi9o', 'pt_mpt_7b_fast', 'flex3', 48, 25 * HOUR, 36 * HOUR),
  ],
  waiting: [],
});

/** Jobs of 16 to 64 GPUs until 256 are taken, some of which end during the day, and others that wait for their place. */
export const randomWork = (seed: number | string): { running: Work[]; waiting: Work[] } => {
  const rng = random(seed, 'work');
  const kinds = Object.keys(CURVES).sort();
  const one = (id: string, gpus: number, isRunning: boolean): Work => {
    const kind = kinds[rng.pick(kinds.map(() => 1))]!;
    const tier = (['flex1', 'flex2', 'flex3'] as const)[rng.pick([0.2, 0.3, 0.5])]!;
    const lasts = kind.startsWith('infer') ? FOR_EVER : (1.5 + 30 * rng.uniform()) * HOUR;
    const hasDeadline = lasts < FOR_EVER && rng.uniform() < 0.6 && isRunning;
    return workOf(`${kind}-${id}`, kind, tier, gpus, lasts, hasDeadline ? deadlineOf(rng, lasts) : null);
  };
  const running: Work[] = [];
  for (let free = 256; free > 0; ) {
    const gpus = Math.min(free, 16 * (1 + rng.pick([3, 3, 2, 1])));
    running.push(one(`r${running.length + 1}`, gpus, true));
    free -= gpus;
  }
  return { running, waiting: [1, 2, 3].map((n) => one(`w${n}`, 32, false)) };
};

/** Between a tenth and a whole of its length, and two hours, to spare. */
const deadlineOf = (rng: Random, lasts: number): number => lasts * (1.1 + 0.9 * rng.uniform()) + 2 * HOUR;
