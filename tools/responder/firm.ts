/**
 * What can be promised: the lowest facility power that the running work allows for the whole of an event, by what every job tolerates. In
 * the first minutes the cooling still runs as before, so both moments are looked at; an event is confirmed where both reach its target.
 */
import type { LeverPrices } from '../../domain/flexibility/lever-prices.js';
import { facilityKw, overheadKw, type Plant } from '../../domain/flexibility/plant.js';
import type { Ability, Look } from '../../domain/flexibility/running.js';
import { BATTERY, batteryLevers, leversOf } from './levers.js';

export interface Firm {
  /** lowest facility kW within half a minute, and once the cooling has followed */
  readonly atOnceKw: number;
  readonly settledKw: number;
  /** the larger of both, with what the loop keeps between itself and a target */
  readonly lowestKw: number;
}

const MARGIN = 0.006;
/** In its first minutes a job may give more than its share, see the loop. */
const BURST_SECONDS = 600;
const SPREAD = 0.97;

/** Null: what the machines draw is not known. */
export const firmOf = (
  look: Look,
  can: ReadonlySet<Ability>,
  seconds: number,
  site: {
    readonly plant: Plant;
    readonly ambientC: number;
    readonly prices: LeverPrices;
    readonly overheadKw: number | null;
  },
): Firm | null => {
  if (look.itKw === null) return null;
  const measured = look.jobs.reduce((sum, { watts }) => sum + (watts ?? 0), 0) / 1000;
  const otherKw = look.itKw - measured;
  const hours = Math.max(600, seconds) / 3600;
  const lowest = (lossOf: (tolerance: number) => number): number => {
    const levers = look.jobs.map((job) => {
      const slack =
        job.deadline === null || job.remainingSeconds === null
          ? 1
          : (job.deadline - look.at - job.remainingSeconds) / seconds;
      const lossLimit = Math.max(0, Math.min(1, lossOf(Math.min(job.toleranceRatio, 0.9 * Math.max(0, slack)))));
      return leversOf(job, {
        can,
        prices: site.prices,
        hours,
        scale: 1,
        lossLimit,
        mayRest: lossLimit >= 1,
        refused: new Set(),
        served: job.service === null ? null : job.serving,
      });
    });
    if (look.battery !== null && can.has('discharge'))
      levers.push(batteryLevers(look.battery.storedKwh, look.battery.largestKw, hours, site.prices));
    const least = (jobId: string, options: readonly { watts: number }[]) =>
      options.length > 0
        ? options.at(-1)!.watts
        : jobId === BATTERY
          ? 0
          : (look.jobs.find((job) => job.id === jobId)!.watts ?? 0);
    return levers.reduce((sum, { jobId, options }) => sum + least(jobId, options), 0) / 1000;
  };
  const burst = Math.min(BURST_SECONDS, seconds);
  const atOnce =
    otherKw + lowest((tolerance) => (tolerance * seconds - SPREAD * tolerance * (seconds - burst)) / burst);
  const settled = otherKw + lowest((tolerance) => SPREAD * tolerance);
  const now = site.overheadKw ?? overheadKw(site.plant, look.itKw, site.ambientC);
  const [atOnceKw, settledKw] = [atOnce + now, facilityKw(site.plant, settled, site.ambientC)];
  return { atOnceKw, settledKw, lowestKw: Math.max(atOnceKw, settledKw) * (1 + MARGIN) };
};
