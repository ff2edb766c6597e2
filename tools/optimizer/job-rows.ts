/** Jobs as rows of a problem: each becomes a row, or is left out with the reason why. */
import { itPowerKw, type Job, latestPlannedEnd, spanSeconds, stays } from '../../domain/job.js';
import { Names } from '../../domain/names.js';
import type { Site } from '../../domain/site.js';
import { instancePriceOf } from '../../domain/tariff.js';
import { type Instant, toEpoch } from '../../domain/time.js';
import { COLUMNS, emptyJobs, type JobTable, MOVABLE, URGENT } from './engine/engine.js';
import type { FleetQuestion, LeftOut } from './fleet-question.js';
import type { Least } from './least-saving.js';
import type { PolicyRows } from './policy-rows.js';

/** The grid that jobs are laid on; regions of the problem are `sites` in their order. */
export interface JobFrame {
  readonly question: FleetQuestion;
  /** Epoch seconds of slot 0. */
  readonly origin: number;
  /** Seconds of a slot. */
  readonly step: number;
  readonly slots: number;
  readonly sites: readonly Site[];
  /** g/kWh and money per MWh, region × slots + slot; NaN where nothing is known. */
  readonly carbon: Float64Array;
  readonly prices: Float64Array;
}

/** Churn and work that is under way are a replan's: a workload says nothing of them. */
const OF_WORKLOAD = COLUMNS.filter((column) => column !== 'churnCost' && column !== 'underWay');

type Row = { readonly id: string } & Readonly<Record<(typeof OF_WORKLOAD)[number], number>>;

/** A job in slots of the frame, and the regions where it may run: allowed, seen by a signal, with a price for its machine. */
interface Laid {
  readonly home: number;
  readonly allowed: readonly number[];
  readonly release: number;
  /** Slots that it touches, and its length with the fraction of the last one. */
  readonly count: number;
  readonly span: number;
  readonly deadline: number;
  /** Too late already, or no room: it stays where it is, and lateness is told, not planned away. */
  readonly fits: boolean;
  /** Why a job of Slurm must stay, where something says so. */
  readonly fixed: string | null;
}

const NOTHING_KNOWN = 'nothing is known of the grid throughout any run that it could make';
const TOO_NEAR = 'their deadline leaves no room to wait';

export class JobRows {
  readonly #frame: JobFrame;
  readonly #rules: PolicyRows;
  readonly #rows: Row[] = [];
  readonly #place: ReadonlyMap<string, number>;
  readonly #seen: readonly boolean[];
  readonly #sets = new Names();
  readonly #machines = new Names();
  readonly teams = new Names();
  readonly leftOut: LeftOut[] = [];
  /** How many jobs stay where they are, by reason. */
  readonly staying = new Map<string, number>();
  /** What moving must save, by job id, where the policy says so. */
  readonly least = new Map<string, Least>();

  constructor(frame: JobFrame, rules: PolicyRows) {
    const { question, sites } = frame;
    this.#frame = frame;
    this.#rules = rules;
    this.#place = new Map(sites.map(({ region }, r) => [region, r]));
    this.#seen = sites.map(({ region }) => question.carbon.has(region) && question.prices.has(region));
  }

  /** A job of another cluster than the one asked for is passed over. */
  add(job: Job) {
    const { clusterId } = this.#frame.question;
    if (clusterId !== null && job.clusterId !== null && job.clusterId !== clusterId) return;
    const laid = this.#laid(job);
    const row = typeof laid === 'string' ? laid : this.#rowOf(job, laid);
    if (typeof row === 'string') this.leftOut.push({ jobId: job.id, why: row });
    else this.#rows.push(row);
  }

  /** All rows, column by column. */
  columns(): JobTable {
    const jobs = emptyJobs(this.#rows.length);
    jobs.ids = this.#rows.map((row) => row.id);
    for (const column of OF_WORKLOAD) {
      const target = jobs[column];
      for (let i = 0; i < this.#rows.length; i++) target[i] = this.#rows[i]![column];
    }
    return jobs;
  }

  regionSets(): Uint16Array[] {
    return this.#sets.names.map((text) => Uint16Array.from(text.split(','), Number));
  }

  /** Machine × regions + region; NaN where a site has no price for it. */
  machinePrices(): Float64Array {
    const { sites } = this.#frame;
    const prices = new Float64Array(this.#machines.names.length * sites.length);
    this.#machines.names.forEach((machine, m) => {
      sites.forEach((site, r) => {
        prices[m * sites.length + r] = instancePriceOf(site, machine === '' ? null : machine) ?? Number.NaN;
      });
    });
    return prices;
  }

  /** The job on the grid, or why it cannot be planned. */
  #laid(job: Job): Laid | string {
    const { origin, step, slots, sites } = this.#frame;
    const home = this.#place.get(job.region);
    if (home === undefined) return `its region ${job.region} has no site`;
    if (!this.#seen[home]) return `there is no signal for ${job.region}`;
    const release = Math.max(0, Math.ceil((toEpoch(job.earliestStart) - origin) / step));
    const span = spanSeconds(job) / step;
    const count = Math.ceil(span - 1e-9);
    if (release + count > slots) return 'it ends after the last moment that the plan can see';
    const isAffordable = (r: number) => instancePriceOf(sites[r]!, job.instanceType) !== null;
    if (!isAffordable(home)) return `site ${sites[home]!.id} has no price for ${job.instanceType}`;
    const allowed: number[] = [];
    for (const region of homeFirst(job)) {
      const r = this.#place.get(region);
      if (r !== undefined && this.#seen[r] && isAffordable(r) && !allowed.includes(r)) allowed.push(r);
    }
    if (allowed.length === 0) return 'none of its allowed regions has a site, a signal and a price for it';
    const slotOf = (end: Instant | null) => (end === null ? slots : Math.min(slots, (toEpoch(end) - origin) / step));
    const endsBy = (end: number) => release + span <= end + 1e-9;
    const planned = slotOf(latestPlannedEnd(job));
    const fits = endsBy(planned);
    const end = fits ? planned : slotOf(job.deadline);
    if (fits && !allowed.some((r) => this.#isKnown(r, release, Math.floor(end - span + 1e-9) + count, count, job)))
      return NOTHING_KNOWN;
    const fixed = stays(job) ?? (!fits && endsBy(slotOf(job.deadline)) ? TOO_NEAR : null);
    if (fixed !== null) this.staying.set(fixed, (this.staying.get(fixed) ?? 0) + 1);
    return { home, allowed, release, count, span, deadline: end, fits, fixed };
  }

  /** Whether enough slots of [from, to) have intensity and price, in a row unless the job may be interrupted. */
  #isKnown(r: number, from: number, to: number, needed: number, { interruptible }: Job): boolean {
    const { carbon, prices, slots } = this.#frame;
    let found = 0;
    for (let t = from; t < Math.min(to, slots); t++) {
      const known = !Number.isNaN(carbon[r * slots + t]! + prices[r * slots + t]!);
      found = known ? found + 1 : interruptible ? found : 0;
      if (found >= needed) return true;
    }
    return false;
  }

  /** The job as the policy leaves it, or why the policy leaves nothing. */
  #rowOf(job: Job, laid: Laid): Row | string {
    const { question, origin, step, slots, sites } = this.#frame;
    const { home, release, count, span, deadline, fits, fixed } = laid;
    const left = this.#rules.left(
      job,
      { regions: laid.allowed.map((r) => sites[r]!.region), release, deadline, slots: count, span },
      (start, allowed) => this.#cheapest(start, count, allowed),
    );
    if (left.impossible !== null) return left.impossible;
    const worth = this.#rules.least(job);
    if (worth !== null) this.least.set(job.id, worth);
    return {
      id: job.id,
      team: this.teams.of(job.team),
      kind: job.category === 'urgent' || !fits || fixed !== null || left.stays ? URGENT : MOVABLE,
      home,
      regionSet: this.#sets.of(left.regions.map((region) => this.#place.get(region)!).join(',')),
      release: left.stays ? release : left.release,
      due: job.due === null ? slots : (toEpoch(job.due) - origin) / step,
      deadline: left.stays ? deadline : left.deadline,
      slots: count,
      lastFraction: Math.min(1, Math.max(1e-6, span - (count - 1))),
      powerKw: itPowerKw(job, question.method),
      vcpu: job.vcpus,
      gpu: job.gpus,
      dataGb: job.dataGb,
      tardinessCostPerHour: job.tardinessCostPerHour * question.tardinessWeight,
      // A job shorter than its least piece runs in one.
      minChunk: job.interruptible
        ? Math.min(count, Math.max(1, Math.ceil(job.minChunkMinutes / question.method.slotMinutes)))
        : 0,
      resumeCost: job.resumeCost,
      machine: this.#machines.of(job.instanceType ?? ''),
    };
  }

  /** Energy and priced carbon per IT kW of a start, for the choice among stretches that the policy leaves. */
  #cheapest(start: number, count: number, allowed: readonly string[]): number {
    const { question, slots, sites, carbon, prices } = this.#frame;
    let least = Number.POSITIVE_INFINITY;
    for (const region of allowed) {
      const r = this.#place.get(region);
      if (r === undefined) continue;
      let sum = 0;
      for (let i = r * slots + start; i < r * slots + start + count; i++)
        sum += prices[i]! + (carbon[i]! * question.carbonPricePerTonne) / 1000;
      if (sum * sites[r]!.pue < least) least = sum * sites[r]!.pue;
    }
    return least;
  }
}

/** At equal cost a job stays where it is. */
const homeFirst = (job: Job) =>
  job.allowedRegions.includes(job.region) ? [job.region, ...job.allowedRegions] : job.allowedRegions;
