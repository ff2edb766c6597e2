/**
 * What can be done to each running job, and what an hour of it costs: caps along its measured curve, pausing, serving with fewer replicas,
 * running elsewhere. Only what the fleet can do, what was not refused, and what its tolerance and deadline leave room for.
 */
import { serviceKw, waysToServe } from '../../domain/flexibility/batch-curve.js';
import type { LeverPrices } from '../../domain/flexibility/lever-prices.js';
import {
  capForThroughput,
  capForWatts,
  naturalWatts,
  throughputUnder,
  wattsUnder,
} from '../../domain/flexibility/power-curve.js';
import type { Ability, RunningJob } from '../../domain/flexibility/running.js';

export type Deed =
  | { readonly do: 'leave' }
  | { readonly do: 'cap'; readonly capW: number }
  | { readonly do: 'pause' }
  | { readonly do: 'serve'; readonly batch: number; readonly replicas: number }
  | { readonly do: 'move'; readonly site: string }
  | { readonly do: 'discharge'; readonly kw: number };

/** One thing that can be done to a job. */
export interface Option {
  readonly deed: Deed;
  /** of all its GPUs at this meter */
  readonly watts: number;
  readonly costPerHour: number;
  readonly lossRatio: number;
}

/** Options of one job in order of falling power; `caps`: what lies between two caps can be had too. */
export interface Levers {
  readonly jobId: string;
  readonly options: readonly Option[];
}

export interface LeverQuestion {
  readonly can: ReadonlySet<Ability>;
  readonly prices: LeverPrices;
  /** hours that one-off costs are spread over */
  readonly hours: number;
  /** measured watts ÷ those of its curve */
  readonly scale: number;
  /** throughput that it may lose from now on */
  readonly lossLimit: number;
  /** it may lose all of it until the end */
  readonly mayRest: boolean;
  readonly refused: ReadonlySet<Ability>;
  /** how it was served before anything was done to it; null: it is no service */
  readonly served: RunningJob['serving'];
}

/** By how much work to which nothing is done may get heavier under its ceiling. */
const CEILING_RATIO = 0.02;

/** A cap just above what it draws uncapped, so that it cannot get much heavier within a step; null: none would hold it, or it may not be capped. */
export const ceilingOf = (job: RunningJob, { can, refused, lossLimit, served }: LeverQuestion): number | null => {
  if (!can.has('cap') || !can.has('uncap') || refused.has('cap') || refused.has('uncap')) return null;
  if (served !== null || job.capW !== null || job.watts === null || job.state !== 'running') return null;
  const least = capForThroughput(job.curve, 1 - lossLimit);
  const capW = Math.ceil(Math.max(least, capForWatts(job.curve, ((1 + CEILING_RATIO) * job.watts) / job.gpus)));
  return capW < job.curve.at(-1)!.capW ? capW : null;
};

const capOptions = (job: RunningJob, { scale, lossLimit }: LeverQuestion, perHour: number): Option[] => {
  const least = 1 - lossLimit;
  const lowestCap = Math.ceil(capForThroughput(job.curve, least));
  const caps = job.curve.map(({ capW }) => capW).filter((capW) => capW > lowestCap);
  return [lowestCap, ...caps].map((capW) => {
    const lossRatio = 1 - throughputUnder(job.curve, capW);
    const watts = job.gpus * scale * wattsUnder(job.curve, capW);
    return { deed: { do: 'cap', capW }, watts, costPerHour: lossRatio * perHour, lossRatio };
  });
};

/** As it is served without us, with other batches and numbers of replicas beside it. Its power is that of its batch, not of a cap. */
const serviceOptions = (job: RunningJob, { hours, prices, served }: LeverQuestion, mayServe: boolean): Option[] => {
  const { service, gpus } = job;
  if (service === null || served === null) return [];
  const ways = waysToServe(service);
  const now = ways.find(({ batch }) => batch === served.batch);
  if (now === undefined) return [];
  const perReplica = service.gpusPerReplica;
  const before = { ...now, replicas: served.replicas, servingKw: (now.servingKw / now.replicas) * served.replicas };
  const leave: Option = {
    deed: { do: 'leave' },
    watts: 1000 * serviceKw(service, before, gpus),
    costPerHour: 0,
    lossRatio: 0,
  };
  const others = ways.filter(
    ({ batch, replicas, latencyMs }) =>
      batch !== served.batch && latencyMs <= service.latencyLimitMs && replicas * perReplica <= gpus,
  );
  // They are warmed up again when it is over.
  const warming = (replicas: number) =>
    (Math.max(0, served.replicas - replicas) * perReplica * service.warmUpSeconds * prices.perGpuHour[job.tier]) / 3600;
  return [
    leave,
    ...(mayServe ? others : []).map(
      (way): Option => ({
        deed: { do: 'serve', batch: way.batch, replicas: way.replicas },
        watts: 1000 * serviceKw(service, way, gpus),
        ...{ costPerHour: warming(way.replicas) / hours, lossRatio: 0 },
      }),
    ),
  ];
};

const energyCost = (kwh: number, { energyPerMwh }: LeverPrices): number => (kwh * energyPerMwh) / 1000;

/** Leaving it be, caps, and rest. */
const curveOptions = (job: RunningJob, question: LeverQuestion, may: (what: Ability) => boolean): Option[] => {
  const { prices, hours, scale } = question;
  const perHour = job.gpus * prices.perGpuHour[job.tier];
  const options: Option[] = [];
  const resting = job.state === 'paused' || job.state === 'pausing';
  const natural = job.gpus * scale * naturalWatts(job.curve);
  const resume =
    job.pause === null ? 0 : energyCost(job.pause.energyKwh, prices) / 2 + (job.pause.resumeSeconds / 3600) * perHour;
  if (!resting || may('resume')) {
    const again = resting ? resume / hours : 0;
    options.push({ deed: { do: 'leave' }, watts: natural, costPerHour: again, lossRatio: 0 });
    if (may('cap'))
      for (const option of capOptions(job, question, perHour))
        options.push({ ...option, costPerHour: option.costPerHour + again });
  }
  if (job.pause !== null && (resting || may('pause')) && (question.mayRest || (resting && !may('resume')))) {
    const lost = ((job.pause.seconds + job.pause.lostSeconds) / 3600) * perHour;
    const once = resting ? 0 : energyCost(job.pause.energyKwh, prices) + lost + resume;
    const watts = job.gpus * job.restWatts;
    options.push({ deed: { do: 'pause' }, watts, costPerHour: perHour + once / hours, lossRatio: 1 });
  }
  return options;
};

export const leversOf = (job: RunningJob, question: LeverQuestion): Levers => {
  const { can, refused, prices, hours, lossLimit, served } = question;
  const may = (what: Ability) => can.has(what) && !refused.has(what);
  const perHour = job.gpus * prices.perGpuHour[job.tier];
  const options = served === null ? curveOptions(job, question, may) : serviceOptions(job, question, may('serve'));
  if (may('move'))
    for (const { site, extraPerHour, moveCost, downSeconds } of job.elsewhere) {
      const lossRatio = Math.min(1, downSeconds / 3600 / hours);
      if (lossRatio > lossLimit) continue;
      const costPerHour = extraPerHour + moveCost / hours + lossRatio * perHour;
      options.push({ deed: { do: 'move', site }, watts: job.gpus * job.restWatts, costPerHour, lossRatio });
    }
  return { jobId: job.id, options: options.sort((a, b) => b.watts - a.watts || a.costPerHour - b.costPerHour) };
};

/** The battery of a site as if it were a job that draws less than nothing; `hours`: so long its store must last. */
export const BATTERY = '(battery)';
export const batteryLevers = (storedKwh: number, largestKw: number, hours: number, prices: LeverPrices): Levers => ({
  jobId: BATTERY,
  options: [discharge(0, prices), discharge(Math.min(largestKw, storedKwh / hours), prices)],
});
export const discharge = (kw: number, prices: LeverPrices): Option => ({
  deed: kw > 0 ? { do: 'discharge', kw } : { do: 'leave' },
  ...{ watts: -1000 * kw, costPerHour: (kw / 1000) * prices.batteryPerMwh, lossRatio: 0 },
});

/** A cap between two measured ones, at so many watts of all GPUs. */
export const capAt = (job: RunningJob, { scale, prices }: LeverQuestion, watts: number): Option => {
  const points = job.curve;
  const perGpu = watts / (job.gpus * scale);
  // Down to a whole watt, which is what a board takes, so that the sum stays below its limit.
  const upper = points.find((point) => point.watts >= perGpu) ?? points.at(-1)!;
  const lower = points.findLast((point) => point.watts <= perGpu) ?? points[0]!;
  const share = upper.watts === lower.watts ? 0 : (perGpu - lower.watts) / (upper.watts - lower.watts);
  const capW = Math.floor(lower.capW + share * (upper.capW - lower.capW) + 1e-9);
  const lossRatio = 1 - throughputUnder(points, capW);
  return {
    deed: { do: 'cap', capW },
    watts: job.gpus * scale * wattsUnder(points, capW),
    costPerHour: lossRatio * job.gpus * prices.perGpuHour[job.tier],
    lossRatio,
  };
};
