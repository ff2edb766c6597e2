/** A job on its nodes through steps of ten seconds: how heavy its work is, what it draws, what it gets done, and what a command does to it. */
import { z } from 'zod';
import type { Command, RunningJob } from '../../domain/flexibility/running.js';
import { exp, type Random, random } from '../random.js';
import {
  advanceNode,
  type Demand,
  GPUS_PER_NODE,
  NodeState,
  type Setting,
  WRITE_SECONDS,
  wattsOf,
} from './gpu-node.js';
import type { Work } from './gpu-work.js';

export const STEP_SECONDS = 10;
/** How far and how fast the weight of the work drifts. */
const DRIFT_RATIO = 0.1;
const DRIFT_SECONDS = 90;
const DRIFT_KEPT = exp(-STEP_SECONDS / DRIFT_SECONDS);
const DRIFT_NEW = Math.sqrt(1 - DRIFT_KEPT * DRIFT_KEPT) * DRIFT_RATIO;
/** Training stops to save its state. */
const STOP_EVERY_SECONDS = 1500;
const STOP_SECONDS = 20;
const STOPPED_WEIGHT = 0.45;
const LEAST_WEIGHT = 0.3;
/** By how much a job’s power lies off the curve that was measured for it. */
const SKEW_RATIO = 0.02;
/** A node whose agent is busy follows a command seconds late. */
const BUSY_SHARE = 0.002;
const BUSY_SECONDS = [5, 15] as const;

export type JobCommand = Extract<Command, { jobId: string }>;

/** All that it goes on from, beside its work and its seed. */
export const KeptJob = z.strictObject({
  drift: z.number(),
  stopUntil: z.number(),
  watts: z.number().nullable(),
  nodes: z.array(NodeState),
});
export type KeptJob = z.infer<typeof KeptJob>;

export class SimulatedJob {
  readonly work: Work;
  /** by step: share of its throughput that it got */
  readonly history: { readonly at: number; readonly progress: number }[] = [];
  endedAt: number | null = null;
  /** it runs elsewhere from then on */
  awayAt: number | null = null;
  done = 0;
  private readonly nodes: NodeState[];
  private readonly rng: Random;
  private readonly byStep: ((at: number) => Random) | null;
  private readonly skew: number;
  private weight = 1;
  private drift = 0;
  private stopUntil = 0;
  private watts: number | null = null;
  private serving: RunningJob['serving'] = null;

  /** `kept`: it is taken up from there, or begun anew by null; its chance then depends on the step alone, so that who takes it up gets the same. */
  constructor(work: Work, seed: number | string, kept?: KeptJob | null) {
    this.work = work;
    this.byStep = kept === undefined ? null : (at) => random(seed, 'job', work.traits.id, at);
    this.rng = random(seed, 'job', work.traits.id);
    this.skew = 1 + SKEW_RATIO * this.rng.normal();
    const nodes = Math.ceil(work.traits.gpus / GPUS_PER_NODE);
    this.nodes =
      kept?.nodes ?? Array.from({ length: nodes }, () => ({ now: { mode: 'run' as const, capW: null }, ahead: [] }));
    if (kept == null) return;
    this.drift = kept.drift;
    this.stopUntil = kept.stopUntil;
    this.watts = kept.watts;
  }

  kept(): KeptJob {
    return { drift: this.drift, stopUntil: this.stopUntil, watts: this.watts, nodes: this.nodes };
  }

  get gpus(): number {
    return this.work.traits.gpus;
  }

  private get demand(): Demand {
    const { curve, restWatts } = this.work.traits;
    return { curve, restWatts, weight: this.weight };
  }

  /** kW of its GPUs here, as a mean of the step that begins at `at`. */
  advance(at: number): number {
    this.weigh(at);
    if (this.awayAt !== null) {
      const progress = at >= this.awayAt ? 1 : 0;
      this.record(at, progress);
      return 0;
    }
    const { demand } = this;
    let [watts, sum, slowest] = [0, 0, Number.POSITIVE_INFINITY];
    let steady: { readonly now: Setting; readonly part: ReturnType<typeof advanceNode> } | null = null;
    for (const node of this.nodes) {
      // Nodes on which nothing changes draw and do the same.
      const isSteady = node.ahead.length === 0;
      const isKnown: boolean = isSteady && steady !== null && isSameSetting(steady.now, node.now);
      const part: ReturnType<typeof advanceNode> = isKnown ? steady!.part : advanceNode(node, at, STEP_SECONDS, demand);
      if (isSteady && !isKnown) steady = { now: node.now, part };
      watts += part.watts;
      sum += part.progress;
      slowest = Math.min(slowest, part.progress);
    }
    const progress = this.work.training ? slowest : sum / this.nodes.length;
    const served = this.served();
    const mean = watts / this.nodes.length;
    const kept = (served?.watts ?? this.gpus * mean) * this.skew;
    this.watts = kept;
    this.record(at, progress * (served?.share ?? 1));
    return kept / 1000;
  }

  /** With another number of replicas it draws what was measured at their batch. */
  private served(): { watts: number; share: number } | null {
    const { service } = this.work.traits;
    if (service === null || this.serving === null) return null;
    const { batch, replicas } = this.serving;
    const point = service.points.find((one) => one.batch === batch)!;
    const busy = Math.min(this.gpus, replicas * service.gpusPerReplica);
    return {
      watts: busy * point.wattsPerGpu + (this.gpus - busy) * service.idleWattsPerGpu,
      share: Math.min(1, (replicas * point.tokensPerSecond) / service.tokensPerSecond),
    };
  }

  private record(at: number, progress: number): void {
    this.history.push({ at, progress });
    this.done += progress * STEP_SECONDS;
    if (this.done >= this.work.workSeconds) this.endedAt = at + STEP_SECONDS;
  }

  private weigh(at: number): void {
    const rng = this.byStep?.(at) ?? this.rng;
    this.drift = DRIFT_KEPT * this.drift + DRIFT_NEW * rng.normal();
    if (this.work.training && at >= this.stopUntil && rng.uniform() < STEP_SECONDS / STOP_EVERY_SECONDS)
      this.stopUntil = at + STOP_SECONDS;
    this.weight = at < this.stopUntil ? STOPPED_WEIGHT : Math.max(LEAST_WEIGHT, 1 + this.drift);
  }

  /** By how much its power falls, and when, in the step that begins at `from`. */
  falls(from: number): { at: number; kw: number }[] {
    return this.nodes.flatMap(({ now, ahead }) => {
      let before = now;
      return ahead.flatMap(({ at, to }) => {
        const gpus = this.gpus / this.nodes.length;
        const kw = ((wattsOf(before, this.demand) - wattsOf(to, this.demand)) * gpus * this.skew) / 1000;
        before = to;
        return at >= from && at < from + STEP_SECONDS ? [{ at, kw }] : [];
      });
    });
  }

  /** Sends a command to every node at once, and to its GPUs one after the other; when the last of them has it. */
  command(command: JobCommand, at: number, busy: Random): number {
    const { traits } = this.work;
    if (command.do === 'serve') {
      const more = this.serving !== null && command.replicas > this.serving.replicas;
      this.serving = { batch: command.batch, replicas: command.replicas };
      return at + WRITE_SECONDS + (more ? traits.service!.warmUpSeconds : 0);
    }
    if (command.do === 'move') {
      this.awayAt = at + traits.elsewhere.find(({ site }) => site === command.site)!.downSeconds;
      return at + WRITE_SECONDS;
    }
    let last = at;
    for (const node of this.nodes) {
      const [least, most] = BUSY_SECONDS;
      const begun = at + (busy.uniform() < BUSY_SHARE ? least + (most - least) * busy.uniform() : 0);
      last = Math.max(last, begun + WRITE_SECONDS * GPUS_PER_NODE);
      this.write(node, command, at, begun + (WRITE_SECONDS * (GPUS_PER_NODE + 1)) / 2);
    }
    return last;
  }

  private write(
    node: NodeState,
    command: Exclude<JobCommand, { do: 'serve' | 'move' }>,
    at: number,
    when: number,
  ): void {
    const { curve, pause } = this.work.traits;
    const lowest = curve[0]!.capW;
    const kept = node.ahead.filter((one) => one.at <= at);
    if (command.do === 'pause') {
      const rest = { at: when + pause!.seconds, to: { mode: 'rest', capW: lowest } } as const;
      node.ahead = [...kept, { at: when, to: { mode: 'save', capW: lowest } }, rest];
    } else if (command.do === 'resume') {
      const { capW } = command;
      const run = { at: when + pause!.resumeSeconds, to: { mode: 'run', capW } } as const;
      node.ahead = [...kept, { at: when, to: { mode: 'load', capW } }, run];
    } else {
      const capW = command.do === 'cap' ? command.capW : null;
      const { mode } = node.now;
      const later = node.ahead.filter((one) => one.at > at && one.to.mode !== mode);
      node.ahead = [
        ...kept,
        { at: when, to: { mode, capW } },
        ...later.map((one) => ({ at: one.at, to: { ...one.to, capW } })),
      ];
    }
  }

  look(): RunningJob {
    const modes = new Set(this.nodes.map(({ now }) => now.mode));
    const caps = this.nodes.map(({ now }) => now.capW);
    const state = modes.has('save')
      ? 'pausing'
      : modes.has('load')
        ? 'resuming'
        : modes.has('rest')
          ? 'paused'
          : 'running';
    return {
      ...this.work.traits,
      state,
      capW: caps.includes(null) ? null : Math.max(...(caps as number[])),
      watts: this.watts,
      remainingSeconds: Math.max(0, this.work.workSeconds - this.done),
      serving: this.serving,
    };
  }
}

const isSameSetting = (a: Setting, b: Setting): boolean => a.mode === b.mode && a.capW === b.capW;
