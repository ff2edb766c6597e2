/**
 * A node of eight GPUs between two moments: which caps are in force when, what it draws and what it gets done. Caps are written one GPU
 * after the other, so a node follows its command within a quarter of a second; a node whose agent is busy follows it seconds later.
 */
import { z } from 'zod';
import { naturalWatts, type PowerCurve, throughputUnder, wattsUnder } from '../../domain/flexibility/power-curve.js';

export const GPUS_PER_NODE = 8;
/** Median of 270 writes by the vendor’s command-line tool. */
export const WRITE_SECONDS = 0.0323;
/** A GPU that is capped falls below its cap at first, and settles. */
const UNDERSHOOT_RATIO = 0.075;
const UNDERSHOOT_SECONDS = 0.083;
/** Of a GPU that saves or loads its job. */
const IDLING_SHARE = 0.5;

const Setting = z.strictObject({
  mode: z.enum(['run', 'save', 'rest', 'load']),
  capW: z.number().nullable().describe('null: none'),
});
export type Setting = z.infer<typeof Setting>;

export const NodeState = z.strictObject({
  now: Setting.describe('in force'),
  ahead: z.array(z.strictObject({ at: z.number(), to: Setting })).describe('what comes, in order of time'),
});
export type NodeState = z.infer<typeof NodeState>;

export interface Demand {
  readonly curve: PowerCurve;
  readonly restWatts: number;
  /** how heavy the work is at the moment: 1 as measured. It scales what the work would draw, and the caps that it feels */
  readonly weight: number;
}

const top = (curve: PowerCurve) => curve.at(-1)!.capW;

/** Watts of one GPU. A cap that binds holds heavy work where it is; light work falls through it. */
export const wattsOf = ({ mode, capW }: Setting, { curve, restWatts, weight }: Demand): number => {
  if (mode === 'rest') return restWatts;
  const capped = weight * wattsUnder(curve, (capW ?? top(curve)) / weight);
  return mode === 'run' ? capped : Math.min(capped, IDLING_SHARE * naturalWatts(curve));
};

/** Share of what it would get done uncapped. */
export const progressOf = ({ mode, capW }: Setting, { curve, weight }: Demand): number =>
  mode === 'run'
    ? throughputUnder(curve, (capW ?? top(curve)) / weight) / throughputUnder(curve, top(curve) / weight)
    : 0;

/** Moves a node from `from` over `seconds`: mean watts of one of its GPUs, and mean progress. */
export const advanceNode = (
  node: NodeState,
  from: number,
  seconds: number,
  demand: Demand,
): { watts: number; progress: number } => {
  let joules = 0;
  let progress = 0;
  let at = from;
  let watts = wattsOf(node.now, demand);
  while (node.ahead.length > 0 && node.ahead[0]!.at <= from + seconds) {
    const next = node.ahead.shift()!;
    const until = Math.max(at, next.at);
    joules += (until - at) * watts;
    progress += (until - at) * progressOf(node.now, demand);
    at = until;
    const after = wattsOf(next.to, demand);
    if (after < watts) joules -= UNDERSHOOT_RATIO * after * UNDERSHOOT_SECONDS;
    node.now = next.to;
    watts = after;
  }
  const held = from + seconds - at;
  joules += held * watts;
  progress += held * progressOf(node.now, demand);
  return { watts: joules / seconds, progress: progress / seconds };
};
