/** A schedule as placements with exact cost, energy and carbon, and the totals of a plan. */
import { createHash } from 'node:crypto';
import { type Estimate, sumIndependent } from '../../domain/estimate.js';
import { figure, savedMassText, savedMoneyText } from '../../domain/figures.js';
import { itPowerKw, type Job, spanSeconds } from '../../domain/job.js';
import type { Placement, Recommendation, Totals } from '../../domain/plan.js';
import { integrate, type Series } from '../../domain/series.js';
import type { Site } from '../../domain/site.js';
import { demandCostOf, egressCostOf, instancePriceOf } from '../../domain/tariff.js';
import { fromEpoch, toEpoch } from '../../domain/time.js';
import { kg, kwh, money } from '../../domain/units.js';
import type { FleetQuestion } from './fleet-question.js';

/** One contiguous run in epoch seconds. */
export interface Span {
  readonly region: string;
  readonly from: number;
  readonly to: number;
}

/** Everything about one schedule that only shows when it is added up. */
export class Tally {
  readonly #question: FleetQuestion;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #origin: number;
  readonly #step: number;
  readonly #load = new Map<string, Float64Array>();
  /** kg by region and hour: errors within a cell move together, between cells they do not. */
  private readonly cells = new Map<string, Map<number, number>>();
  readonly #slots: number;
  energyKwh = 0;
  energyCost = 0;
  instanceCost = 0;
  egressCost = 0;
  tardinessCost = 0;
  lateJobs = 0;
  /** Epoch seconds of the last end. */
  endsAt = 0;

  constructor(question: FleetQuestion, origin: number, slots: number) {
    this.#question = question;
    this.#sites = new Map(question.sites.map((s) => [s.region, s]));
    this.#origin = origin;
    this.#step = question.method.slotMinutes * 60;
    this.#slots = slots;
  }

  /** The placements of a job that runs in these spans; null when a signal has a gap there. Adds them to the totals. */
  add(job: Job, spans: readonly Span[]): Placement[] | null {
    const { method, tardinessWeight } = this.#question;
    const itKw = itPowerKw(job, method);
    const placements: Placement[] = [];
    for (const { region, from, to } of spans) {
      const site = this.#sites.get(region)!;
      const kw = itKw * site.pue;
      const hours = (to - from) / 3600;
      const emitted = this.#emissions(region, kw, from, to);
      const cost = overTime(this.#question.prices.get(region)!, from, to);
      if (emitted === null || cost === null) return null;
      placements.push({
        jobId: job.id,
        region,
        start: fromEpoch(from),
        end: fromEpoch(to),
        energyKwh: kwh(kw * hours),
        emissionsKg: kg(emitted),
        energyCost: money((kw * cost) / 1000),
        instanceCost: money((instancePriceOf(site, job.instanceType) ?? 0) * hours),
        egressCost: money(
          placements.length === 0 ? egressCostOf(this.#sites.get(job.region) ?? site, region, job.dataGb) : 0,
        ),
      });
    }
    const end = spans.at(-1)!.to;
    if (end > this.endsAt) this.endsAt = end;
    const late = job.due === null ? 0 : Math.max(0, end - toEpoch(job.due)) / 3600;
    // A job that is due at no time may have a deadline to miss.
    if (late > 0 || (job.deadline !== null && end > toEpoch(job.deadline))) this.lateJobs++;
    this.tardinessCost += late * job.tardinessCostPerHour * tardinessWeight + (spans.length - 1) * job.resumeCost;
    placements.forEach((p, i) => {
      this.energyKwh += p.energyKwh;
      this.energyCost += p.energyCost;
      this.instanceCost += p.instanceCost;
      this.egressCost += p.egressCost;
      this.#book(p, spans[i]!, itKw);
    });
    return placements;
  }

  /** kg over [from, to) at facility kW; null in a gap. */
  #emissions(region: string, kw: number, from: number, to: number): number | null {
    const integral = overTime(this.#question.carbon.get(region)!, from, to);
    return integral === null ? null : (kw * integral) / 1000;
  }

  #book(p: Placement, { region, from, to }: Span, itKw: number) {
    const kw = itKw * this.#sites.get(region)!.pue;
    let load = this.#load.get(region);
    if (!load) {
      load = new Float64Array(this.#slots);
      this.#load.set(region, load);
    }
    const first = Math.max(0, Math.floor((from - this.#origin) / this.#step));
    const last = Math.min(load.length, Math.ceil((to - this.#origin) / this.#step));
    for (let t = first; t < last; t++) load[t]! += kw;
    let cells = this.cells.get(region);
    if (!cells) {
      cells = new Map();
      this.cells.set(region, cells);
    }
    for (let at = from; at < to; ) {
      const hour = Math.floor(at / 3600);
      const until = Math.min(to, (hour + 1) * 3600);
      cells.set(hour, (cells.get(hour) ?? 0) + this.#emissions(region, kw, at, until)!);
      at = until;
    }
    return p;
  }

  get peakKw(): number {
    let peak = 0;
    const total = new Float64Array(this.#slots);
    for (const load of this.#load.values()) for (let t = 0; t < load.length; t++) total[t]! += load[t]!;
    for (const kw of total) if (kw > peak) peak = kw;
    return peak;
  }

  /** Money for the highest slot of each site. */
  get demandCost(): number {
    let cost = 0;
    for (const [region, load] of this.#load)
      cost += demandCostOf(
        this.#sites.get(region)!,
        load.reduce((a, b) => Math.max(a, b), 0),
      );
    return cost;
  }

  totals(currency: string): Totals {
    const energy = this.energyCost + this.demandCost;
    return {
      cost: {
        total: money(energy + this.instanceCost + this.egressCost + this.tardinessCost),
        energy: money(energy),
        instance: money(this.instanceCost),
        egress: money(this.egressCost),
        tardiness: money(this.tardinessCost),
        currency,
      },
      emissionsKg: this.#estimate(null),
      energyKwh: kwh(this.energyKwh),
      peakKw: this.peakKw,
      lateJobs: this.lateJobs,
    };
  }

  /** What this schedule emits less than another: both feel the same error of the same region and hour. */
  savedBy(planned: Tally): Estimate {
    return this.#estimate(planned);
  }

  #estimate(less: Tally | null): Estimate {
    const { uncertaintyRatio, confidence } = this.#question.method;
    const parts: Estimate[] = [];
    for (const region of new Set([...this.cells.keys(), ...(less?.cells.keys() ?? [])])) {
      const mine = this.cells.get(region) ?? new Map<number, number>();
      const theirs = less?.cells.get(region) ?? new Map<number, number>();
      for (const hour of new Set([...mine.keys(), ...theirs.keys()])) {
        const value = (mine.get(hour) ?? 0) - (theirs.get(hour) ?? 0);
        const half = Math.abs(value) * uncertaintyRatio;
        parts.push({ value, low: value - half, high: value + half, confidence });
      }
    }
    return sumIndependent(parts, confidence);
  }
}

/** As `integrate`; starts of long series are cached by identity. */
const overTime = (series: Series, from: number, to: number): number | null =>
  integrate(series, from, to, originOf(series));

const origins = new WeakMap<Series, number>();
const originOf = (series: Series): number => {
  let origin = origins.get(series);
  if (origin === undefined) {
    origin = toEpoch(series.start);
    origins.set(series, origin);
  }
  return origin;
};

/** SHA-256 over what would be done: job, region, start and end of each piece, in the workload's order. */
export class ScheduleDigest {
  readonly #hash = createHash('sha256');
  add(pieces: readonly Placement[]) {
    for (const p of pieces) this.#hash.update(`${p.jobId}\t${p.region}\t${p.start}\t${p.end}\n`);
  }
  hex(): string {
    return this.#hash.digest('hex');
  }
}

const sum = (pieces: readonly Placement[], of: (p: Placement) => number) => pieces.reduce((a, p) => a + of(p), 0);

/** Why a job moves, in figures that follow from its two placements; null when it stays. Without a currency its price is not known. */
export const recommend = (
  job: Job,
  before: readonly Placement[],
  after: readonly Placement[],
  currency: string | null,
): Recommendation | null => {
  const [from, to] = [before[0]!, after[0]!];
  if (from.region === to.region && from.start === to.start && before.length === after.length) return null;
  const cost = (p: Placement) => p.energyCost + p.instanceCost + p.egressCost;
  const savedKg = sum(before, (p) => p.emissionsKg) - sum(after, (p) => p.emissionsKg);
  const savedCost = sum(before, cost) - sum(after, cost);
  const mean = (pieces: readonly Placement[]) =>
    (sum(pieces, (p) => p.emissionsKg) / sum(pieces, (p) => p.energyKwh)) * 1000;
  const where = from.region === to.region ? `in ${to.region}` : `in ${to.region} instead of ${from.region}`;
  const grid = `mean intensity ${figure(mean(after))} instead of ${figure(mean(before))} g/kWh`;
  return {
    jobId: job.id,
    team: job.team,
    fromRegion: from.region,
    toRegion: to.region,
    fromStart: from.start,
    toStart: to.start,
    toEnd: after.at(-1)!.end,
    savedKg,
    savedCost,
    reason: `${where}: ${grid}; ${savedMassText(savedKg)}${currency === null ? '' : ` and ${savedMoneyText(savedCost, currency)}`}`,
  };
};

/** The spans of a job on the plan's grid; the last one ends to the second. */
export const spansOf = (job: Job, region: string, pieces: ArrayLike<number>, origin: number, step: number): Span[] => {
  const spans: Span[] = [];
  let rest = spanSeconds(job);
  for (let i = 0; i < pieces.length; i += 2) {
    const from = origin + pieces[i]! * step;
    const length = i + 2 >= pieces.length ? rest : (pieces[i + 1]! - pieces[i]!) * step;
    spans.push({ region, from, to: from + length });
    rest -= length;
  }
  return spans;
};
