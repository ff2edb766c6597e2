/** What Slurm says of trackable resources: GPUs as allocated and as asked for, and measured energy. */

/** GPUs in `cpu=2,mem=200M,gres/gpu=2`; a count by type names the same devices again and is used only where no total stands. */
export const gpusIn = (tres: string): number => {
  let total: number | null = null;
  let byType = 0;
  for (const part of tres.split(',')) {
    const [, type, count] = /^gres\/gpu(:[^=]+)?=(\d+)$/.exec(part.trim()) ?? [];
    if (count === undefined) continue;
    if (type === undefined) total = Number(count);
    else byType += Number(count);
  }
  return total ?? byType;
};

/** GPUs in what a user asked for, `gres:gpu:2`, `gres/gpu:a100=2`, `gpu:a100:2(S:0-1)`; `gres:gpu` alone is one. Different types add up. */
export const gpusAsked = (request: string): number =>
  request
    .split(',')
    .map((part) => /^(?:gres[:/])?gpu(?::([A-Za-z][^:=(]*))?(?:[:=](\d+))?(?:\(.*)?$/.exec(part.trim()))
    .reduce((sum, match) => sum + (match === null ? 0 : Number(match[2] ?? 1)), 0);

/** A request as squeue tells it: a count per node, per task or for the whole job, each in a member of its own. */
export interface GpuRequest {
  readonly perNode: string;
  readonly perTask: string;
  readonly perSocket: string;
  readonly perJob: string;
  readonly nodes: number;
  readonly tasks: number;
}

/**
 * GPUs of a waiting job. Clusters that do not account GPUs (the default of AccountingStorageTRES) leave them out of the trackable
 * resources, and only the request names them. What was asked for several times over is one demand: the largest.
 */
export const gpusWanted = (tres: string, request: GpuRequest): number =>
  Math.max(
    gpusIn(tres),
    gpusAsked(request.perJob),
    gpusAsked(request.perNode) * request.nodes,
    gpusAsked(request.perTask) * request.tasks,
    gpusAsked(request.perSocket) * request.nodes,
  );

/** 2^64 − 1 and 2^64 − 2 stand for unknown; numbers of that size lose their last digits on the way. */
const UNKNOWN_JOULES = 1e18;

/** Joules that were measured; null for 0 and nothing, which a cluster without an energy plugin tells of every job. */
export const measuredJoules = (joules: number): number | null =>
  Number.isFinite(joules) && joules > 0 && joules < UNKNOWN_JOULES ? joules : null;

/** `energy=101630` in the resources that were allocated. */
export const joulesIn = (tres: string): number | null =>
  measuredJoules(Number(/(?:^|,)energy=(\d+)(?:,|$)/.exec(tres)?.[1] ?? Number.NaN));

/**
 * Energy by steps, where the job's own row has none. Each step measures whole nodes while it runs: the batch and extern steps run
 * beside the numbered ones and measure the same node again, so that they are not added to them; the larger figure counts.
 */
export class StepEnergy {
  #numbered = 0;
  #beside = 0;

  add(step: string, joules: number | null): void {
    if (joules === null) return;
    if (/^\d+$/.test(step)) this.#numbered += joules;
    else this.#beside = Math.max(this.#beside, joules);
  }

  get joules(): number | null {
    return measuredJoules(Math.max(this.#numbered, this.#beside));
  }
}
