/** From jobs and their places in time to spans: power, machines, egress and tardiness worked out, signals not yet. */
import { itPowerKw, type Job, spanSeconds } from '../../domain/job.js';
import type { Method } from '../../domain/method.js';
import type { Site } from '../../domain/site.js';
import { egressCostOf, instancePriceOf } from '../../domain/tariff.js';
import { toEpoch } from '../../domain/time.js';
import { SpanTable } from './spans.js';

/** A piece in epoch seconds. `energyKwh` is facility energy where somebody measured or placed it. */
export interface Piece {
  readonly region: string;
  readonly from: number;
  readonly to: number;
  readonly energyKwh?: number;
}

/**
 * Where and when a job runs when nobody plans: at home, as early as it may, on the grid of the plan or exactly. A job of a history
 * stands where it ran, to the second: it had waited since it became eligible.
 */
export const runImmediately = (job: Job, slotMinutes: number | null): Piece => {
  const earliest = toEpoch(job.startedAt ?? job.earliestStart);
  const step = job.startedAt === undefined ? (slotMinutes ?? 0) * 60 : 0;
  const from = step === 0 ? earliest : Math.ceil(earliest / step) * step;
  return { region: job.region, from, to: from + spanSeconds(job) };
};

export class Collector {
  readonly spans = new SpanTable();
  readonly #place: ReadonlyMap<string, number>;
  /** Jobs without a site, by region. */
  readonly homeless = new Map<string, number>();
  /** Jobs without a price for their machine, by site and machine. */
  readonly unpriced = new Map<string, number>();

  constructor(
    private readonly sites: readonly Site[],
    private readonly method: Method,
  ) {
    this.#place = new Map([...sites.entries()].reverse().map(([i, site]) => [site.region, i]));
  }

  add(job: Job, pieces: readonly Piece[]): void {
    const itKw = itPowerKw(job, this.method);
    const last = pieces.at(-1);
    if (!last) return;
    const work = pieces.reduce((sum, piece) => sum + piece.to - piece.from, 0);
    const home = this.sites[this.#place.get(job.region) ?? -1];
    const late = job.due === null ? 0 : Math.max(0, last.to - toEpoch(job.due)) / 3600;
    const tardiness = late * job.tardinessCostPerHour + (pieces.length - 1) * job.resumeCost;
    pieces.forEach((piece, i) => {
      const place = this.#place.get(piece.region);
      if (place === undefined) {
        if (i === 0) this.homeless.set(piece.region, (this.homeless.get(piece.region) ?? 0) + 1);
        return;
      }
      const site = this.sites[place]!;
      const price = instancePriceOf(site, job.instanceType);
      if (price === null) {
        const what = `${site.id} has no price for ${job.instanceType}`;
        this.unpriced.set(what, (this.unpriced.get(what) ?? 0) + 1);
      }
      const hours = (piece.to - piece.from) / 3600;
      this.spans.add({
        site: place,
        from: piece.from,
        to: piece.to,
        kw: piece.energyKwh === undefined ? itKw * site.pue : piece.energyKwh / hours,
        team: job.team,
        category: job.category,
        vcpus: job.vcpus,
        gpus: job.gpus,
        units: job.workUnits === null ? Number.NaN : (job.workUnits * (piece.to - piece.from)) / work,
        instancePerHour: price ?? Number.NaN,
        egress: i === 0 ? egressCostOf(home ?? site, piece.region, job.dataGb) : 0,
        tardiness: i === pieces.length - 1 ? tardiness : 0,
        first: i === 0,
      });
    });
  }
}
