/**
 * What the loop learns from its meters: how late a reading is and how far the two clocks are apart, what the building draws beside its
 * machines, how far a job’s power lies from its curve, and how large its own margin must be.
 */
import { naturalWatts, wattsUnder } from '../../domain/flexibility/power-curve.js';
import type { Look, MeterReading, RunningJob } from '../../domain/flexibility/running.js';
import type { JobMemory, LoopState } from './state.js';

export const STEP_SECONDS = 10;
/** Steps of both meters that are kept: the clocks are compared over them. */
const KEPT = 40;
const LARGEST_LAG = 6;
const LEAST_PAIRS = 6;
const OVERHEAD_WEIGHT = 0.25;
/** How often the clocks are compared again. */
const COMPARED_SECONDS = 60;
export const STEPS_PER_MINUTE = 6;
/** Minutes from which the margin is learned, and how many it takes to go by nothing else. */
const LEARNED = 90;
const FEW_MINUTES = 30;
const START_MARGIN = 0.006;
const LEAST_MARGIN = 0.0024;
const LARGEST_MARGIN = 0.03;
/** A meter that is silent for longer than this leaves the loop blind; one reading may get lost. */
const SILENT_SECONDS = 45;

/**
 * By how many steps readings are behind: where changes of the meter follow those of the machines most closely. Both see the same
 * noise, so no event is needed to tell. Null: too little was seen.
 */
const lagOf = (it: LoopState['it'], meter: LoopState['meter']): number | null => {
  const kwAt = new Map(it.map(({ at, kw }) => [at, kw]));
  let best: { lag: number; error: number } | null = null;
  for (let lag = 0; lag <= LARGEST_LAG; lag++) {
    let [error, pairs] = [0, 0];
    for (let i = 1; i < meter.length; i++) {
      const [a, b] = [meter[i - 1]!, meter[i]!];
      const [itA, itB] = [kwAt.get(begunAt(a.arrived, lag)), kwAt.get(begunAt(b.arrived, lag))];
      if (itA === undefined || itB === undefined) continue;
      error += (b.kw - a.kw - (itB - itA)) ** 2;
      pairs++;
    }
    if (pairs >= LEAST_PAIRS && (best === null || error / pairs < best.error)) best = { lag, error: error / pairs };
  }
  return best?.lag ?? null;
};

/** Begin, on our clock, of the step whose reading arrived then. */
const begunAt = (arrived: number, lag: number): number => arrived - (lag + 1) * STEP_SECONDS;

/** Takes in what both meters have said since. */
export const learn = (state: LoopState, look: Look, readings: readonly MeterReading[]): LoopState => {
  const at = look.at;
  const isKnown = look.itKw === null || state.it.at(-1)?.at === at - STEP_SECONDS;
  const it = isKnown ? state.it : [...state.it, { at: at - STEP_SECONDS, kw: look.itKw! }].slice(-KEPT);
  const meter = [...state.meter, ...readings.map(({ at: stamped, kw }) => ({ at: stamped, kw, arrived: at }))].slice(
    -KEPT,
  );
  const newest = meter.at(-1);
  const isBlind = newest === undefined ? state.it.length > 0 : at - newest.arrived > SILENT_SECONDS;
  // Several that arrive together were kept somewhere: they say nothing of how late one is.
  if (newest === undefined || readings.length !== 1) return { ...state, it, meter, isBlind };
  const isTold = state.lagSteps !== null && at % COMPARED_SECONDS !== 0;
  const lagSteps = isTold ? state.lagSteps : (lagOf(it, meter) ?? state.lagSteps);
  if (lagSteps === null) return { ...state, it, meter, isBlind };
  const begun = begunAt(newest.arrived, lagSteps);
  const paired = it.findLast((step) => step.at === begun)?.kw;
  const overhead = paired === undefined ? null : newest.kw - paired;
  const before = state.overheadKw;
  return {
    ...{ ...state, it, meter, isBlind, lagSteps, meterAheadS: newest.at - begun },
    overheadKw:
      overhead === null ? before : before === null ? overhead : before + OVERHEAD_WEIGHT * (overhead - before),
  };
};

/** What the facility drew in the steps since `from`, by the machines’ meter and what the building draws beside them. */
export const stepsSince = (state: LoopState, from: number): number[] =>
  state.it.filter(({ at }) => at >= from).map(({ kw }) => kw + (state.overheadKw ?? 0));

/**
 * Margin below the target: what the last step of a minute, which nothing can make good any more, took a whole minute above what was aimed at.
 */
export const learnMargin = (
  state: LoopState,
  targetKw: number,
  at: number,
  minuteBegan: number,
  from: number,
): LoopState => {
  const last = state.it.at(-1);
  const isEnd =
    at === minuteBegan && at >= from + 60 && last !== undefined && state.aimKw !== null && state.overheadKw !== null;
  const minute = isEnd ? stepsSince(state, minuteBegan - 60) : [];
  const excess =
    minute.length === STEPS_PER_MINUTE
      ? [...state.excess, minute.reduce((sum, kw) => sum + kw, 0) / minute.length - state.meanAimKw!].slice(-LEARNED)
      : state.excess;
  const unseen = START_MARGIN * targetKw * Math.max(0, 1 - excess.length / FEW_MINUTES);
  const wanted = Math.max(unseen, LEAST_MARGIN * targetKw, excess.length === 0 ? 0 : 1.2 * Math.max(...excess));
  return { ...state, excess, marginKw: Math.min(LARGEST_MARGIN * targetKw, wanted) };
};
const SCALE_UP = 0.8;
const SCALE_DOWN = 0.3;
const PEAK_FORGOTTEN = 0.03;
const [LEAST_SCALE, LARGEST_SCALE] = [0.5, 1.5];

/** Watts that its curve gives as it stands; null: it changes at the moment. */
export const expectedWatts = (job: RunningJob): number | null => {
  if (job.serving !== null || job.state === 'pausing' || job.state === 'resuming') return null;
  if (job.state === 'paused') return job.gpus * job.restWatts;
  return job.gpus * (job.capW === null ? naturalWatts(job.curve) : wattsUnder(job.curve, job.capW));
};

/** Work that got heavier is believed at once, work that got lighter more slowly, and its peak is forgotten more slowly still: it may only have stopped for a moment. */
export const learnScale = (memory: JobMemory, job: RunningJob): { scale: number; peak: number } => {
  const { scale, peak } = memory;
  // A ceiling lies above what it drew, so its weight is still seen.
  const expected = expectedWatts(memory.ceilingW === null ? job : { ...job, capW: null });
  if (job.watts === null || expected === null || job.state !== 'running') return { scale, peak };
  const seen = Math.min(LARGEST_SCALE, Math.max(LEAST_SCALE, job.watts / expected));
  const now = scale + (seen > scale ? SCALE_UP : SCALE_DOWN) * (seen - scale);
  return { scale: now, peak: Math.max(seen, now, peak + PEAK_FORGOTTEN * (now - peak)) };
};
