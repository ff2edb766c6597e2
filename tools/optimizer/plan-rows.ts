/** What each job does without a plan and under it, as rows of the store, with the sums and digests that the plan is bound to. */
import { ClaimedDigest, JobsDigest, PlacementsDigest } from '../../domain/baseline.js';
import { shortId } from '../../domain/digest.js';
import type { Job } from '../../domain/job.js';
import { BASELINE, PLACEMENTS, type Placement, RECOMMENDATIONS, type Recommendation } from '../../domain/plan.js';
import { LoadSummer, PlanSummer, type Taken } from '../../domain/plan-sums.js';
import { JOBS_IN_A_PART, PLAN_TABLES, PlanTabler } from '../../domain/plan-table.js';
import type { Rows, Store, Tx } from '../../domain/store.js';
import { type Problem, piecesOf, type Schedule } from './engine/engine.js';
import type { FleetQuestion, LeftOut } from './fleet-question.js';
import { recommend, ScheduleDigest, spansOf, Tally } from './placements.js';

export interface Writing {
  readonly workloadId: string;
  readonly question: FleetQuestion;
  readonly problem: Problem;
  /** Epoch seconds of slot 0. */
  readonly origin: number;
  readonly planned: Schedule;
  /** Jobs that would run there, not at once at home, if this plan were not: an earlier one has announced them. */
  readonly announced: Schedule | null;
  readonly leftOut: readonly LeftOut[];
}

/** Takes the workload's jobs in their order and writes as it goes, under the name `draft` until `rename`. */
export class PlanRows {
  readonly #of: Writing;
  readonly #unpriced: ReadonlySet<string>;
  readonly #store: Store;
  readonly #sinks: {
    readonly baseline: Sink<Placement>;
    readonly placements: Sink<Placement>;
    readonly recommendations: Sink<Recommendation>;
  };
  readonly before: Tally;
  readonly after: Tally;
  readonly digest = new ScheduleDigest();
  readonly jobs = new JobsDigest();
  readonly frozen = new PlacementsDigest();
  readonly claimed = new ClaimedDigest();
  readonly sums = new PlanSummer();
  readonly loads: LoadSummer;
  readonly #table = new PlanTabler();
  #parts = 0;
  readonly unseen: LeftOut[];
  /** The plan's id follows from what the rows say, so they go under a fresh name first. */
  readonly draft: string;
  /** Rows of the problem met so far. */
  row = 0;
  moved = 0;
  urgent = 0;
  movable = 0;

  /** `unpriced`: regions whose price of electricity is not known. */
  constructor(store: Store, of: Writing, unpriced: readonly string[]) {
    const { question, origin, problem } = of;
    this.#of = of;
    this.#store = store;
    this.#unpriced = new Set(unpriced);
    this.draft = shortId('DRAFT', { of: of.workloadId, at: process.hrtime.bigint().toString(), by: process.pid });
    this.#sinks = {
      baseline: new Sink<Placement>(store.rows(BASELINE), this.draft),
      placements: new Sink<Placement>(store.rows(PLACEMENTS), this.draft),
      recommendations: new Sink<Recommendation>(store.rows(RECOMMENDATIONS), this.draft),
    };
    this.before = new Tally(question, origin, problem.slots);
    this.after = new Tally(question, origin, problem.slots);
    this.loads = new LoadSummer(question.window.start, question.method.slotMinutes);
    this.unseen = [...of.leftOut];
  }

  get currency(): string {
    return this.#of.question.sites[0]!.currency;
  }

  /** A job that is no row of the problem counts as one that nothing is known of. */
  async add(job: Job) {
    const isPlanned = this.#of.problem.jobs.ids[this.row] === job.id;
    const placed = isPlanned ? await this.#place(job, this.row++) : null;
    this.sums.job(job, takenBy(placed?.run));
    this.#table.job(job, placed?.run ?? [], placed?.stay ?? []);
    if (this.#table.size >= JOBS_IN_A_PART) await this.#part();
  }

  async flush() {
    for (const sink of Object.values(this.#sinks)) await sink.flush();
    if (this.#table.size > 0) await this.#part();
  }

  async #part() {
    await this.#store.rows(PLAN_TABLES).append(this.draft, [{ id: String(this.#parts++), value: this.#table.part() }]);
  }

  async rename(tx: Tx, planId: string) {
    for (const rows of [tx.rows(BASELINE), tx.rows(PLACEMENTS), tx.rows(RECOMMENDATIONS), tx.rows(PLAN_TABLES)])
      await rows.rename(this.draft, planId);
  }

  /** The pieces of work as planned and without the plan, or null. */
  async #place(job: Job, j: number): Promise<{ run: readonly Placement[]; stay: readonly Placement[] } | null> {
    if (job.category === 'urgent') this.urgent++;
    else this.movable++;
    const { problem, planned } = this.#of;
    const stay = this.#stay(job, j);
    const pieces = piecesOf(problem, planned, j);
    if (stay === null || pieces === null) {
      const why =
        stay === null ? 'the signal has a gap where it would run' : 'no place was found for it within the limits';
      this.unseen.push({ jobId: job.id, why });
      return null;
    }
    const run = this.after.add(job, this.#spans(job, planned.region[j]!, pieces));
    if (run === null) throw new Error(`job ${job.id} was planned into a gap`);
    await this.#write(job, stay, run);
    return { run, stay };
  }

  /** Where it runs without this plan; null where the signal has a gap there. */
  #stay(job: Job, j: number): Placement[] | null {
    const { problem, announced } = this.#of;
    const known = announced === null ? null : piecesOf(problem, announced, j);
    if (known !== null) return this.before.add(job, this.#spans(job, announced!.region[j]!, known));
    const release = problem.jobs.release[j]!;
    return this.before.add(job, this.#spans(job, problem.jobs.home[j]!, [release, release + problem.jobs.slots[j]!]));
  }

  #spans(job: Job, region: number, pieces: ArrayLike<number>) {
    const { problem, origin, question } = this.#of;
    return spansOf(job, problem.regions[region]!.id, pieces, origin, question.method.slotMinutes * 60);
  }

  async #write(job: Job, stay: readonly Placement[], run: readonly Placement[]) {
    this.digest.add(run);
    this.jobs.add(job);
    this.frozen.add(stay);
    for (const piece of stay) this.loads.add(piece, 'before');
    run.forEach((piece, i) => {
      this.loads.add(piece, 'after');
      this.sums.piece(piece, i === 0);
    });
    await this.#sinks.baseline.add(stay.map((p, i) => ({ id: `${job.id}#${i}`, value: p })));
    await this.#sinks.placements.add(run.map((p, i) => ({ id: `${job.id}#${i}`, value: p })));
    const isPriced = [...stay, ...run].every((piece) => !this.#unpriced.has(piece.region));
    const recommendation = recommend(job, stay, run, isPriced ? this.currency : null);
    if (!recommendation) return;
    this.moved++;
    this.claimed.add(recommendation);
    this.sums.move(recommendation);
    await this.#sinks.recommendations.add([{ id: job.id, value: recommendation }]);
  }
}

const takenBy = (pieces: readonly Placement[] | undefined): Taken | undefined => {
  const first = pieces?.[0];
  if (!pieces || !first) return undefined;
  const taken = { energyKwh: 0, emissionsKg: 0, start: first.start };
  for (const { energyKwh, emissionsKg } of pieces) {
    taken.energyKwh += energyKwh;
    taken.emissionsKg += emissionsKg;
  }
  return taken;
};

const BATCH = 2000;

/** Collects rows and appends them in batches. */
class Sink<T> {
  #waiting: { id: string; value: T }[] = [];
  constructor(
    private readonly rows: Rows<T>,
    private readonly set: string,
  ) {}
  async add(items: readonly { id: string; value: T }[]) {
    this.#waiting.push(...items);
    if (this.#waiting.length >= BATCH) await this.flush();
  }
  async flush() {
    await this.rows.append(this.set, this.#waiting);
    this.#waiting = [];
  }
}
