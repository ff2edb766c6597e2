/**
 * Rolling operation: at each tick what has newly come is planned, judged and placed, one plan under way is looked at again, and what
 * is over is verified. All of it are runs like any other, so that a crash anywhere is taken up by the next tick; what the books say is
 * believed, never what this program remembers.
 */
import { APPROVALS } from '../domain/decision.js';
import { Fault, invalid } from '../domain/fault.js';
import type { FlexibilityEvent } from '../domain/flexibility/event.js';
import { identityOf } from '../domain/held.js';
import { JOBS } from '../domain/job.js';
import { isLost } from '../domain/lease.js';
import { OPERATIONS, type Operation, TAKEN_UP, type Tick } from '../domain/operation.js';
import { PLANS, type Plan, worldName } from '../domain/plan.js';
import { RUNS, type Run } from '../domain/run.js';
import { isAway } from '../domain/store.js';
import { fromEpoch, type Instant, secondsBetween, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { gatherJobs } from '../tools/fleet/fleet.js';
import { type Call, callTool } from '../tools/tool.js';
import { holding } from './hold.js';
import { keepEvents } from './keep-events.js';
import { MAX_HOURS, type Orchestrator } from './orchestrator.js';
import { Outages } from './outage.js';
import { Reviewer, type Reviewing } from './review.js';
import { tendEvents } from './tend-events.js';
import { type By, signalOf } from './thread.js';

export interface Operating extends Reviewing {
  readonly everySeconds: number;
  readonly horizonHours: number;
  /** where another program operates this world, waits until that one is gone */
  readonly standby?: boolean;
  /** ends after it; undefined: when the signal says so */
  readonly until?: Instant | undefined;
}

/** How often a run that failed is taken up again. */
const MOST_TRIES = 3;
/** As many as gather_jobs takes; the newest count. */
const MOST_WITHOUT = 500;
/** One week, as replan takes it. */
const MOST_NOTICE = 10_080;

/**
 * Works until it is ended; a tick that is under way is finished first, and one in which the store went away is done again once it is
 * back: `onAway` hears of it at once, the next tick says for how long. Throws Fault `conflict` where another program operates this world, the store's Fault where that refuses for good, and whatever
 * is no Fault: that is a defect, and the books are whole.
 */
export const operate = async (
  world: World,
  orchestrator: Orchestrator,
  asked: Operating,
  by: By,
  onTick: (tick: Tick) => Promise<void> | void,
  onAway?: (trouble: Fault) => void,
): Promise<Operation> => {
  const { horizonHours, noticeMinutes, mostChanges } = asked;
  if (!(horizonHours > 0 && horizonHours <= MAX_HOURS))
    throw invalid(
      `a horizon of ${horizonHours} hours cannot be planned`,
      `Give one above 0 and at most ${MAX_HOURS} hours (35 days).`,
    );
  if (!(noticeMinutes >= 0 && noticeMinutes <= MOST_NOTICE))
    throw invalid(`a notice of ${noticeMinutes} minutes cannot be kept`, `Give 0 to ${MOST_NOTICE} minutes.`);
  if (!(Number.isInteger(mostChanges) && mostChanges >= 0))
    throw invalid(`${mostChanges} changes a job cannot be counted`, 'Give a whole number, 0 or more.');
  const hold = {
    name: `operate ${worldName(world)}`,
    busy: () =>
      new Fault(
        'conflict',
        `another program operates ${world.setting.name}`,
        'One is enough; with --standby a second waits and takes over when the first is gone.',
      ),
    waits: asked.standby === true ? by.signal : undefined,
  };
  return holding(world.store, hold, (lease) => {
    const outages = new Outages(lease, { signal: by.signal, onAway });
    return new Operator(world, orchestrator, asked, by, outages).work(onTick);
  });
};

/** The row of a run that waits says it only in what was asked for. */
const workloadOf = ({ workloadId, request }: Run): string | undefined =>
  workloadId ?? (request?.workloadId as string | undefined);

interface Planned {
  readonly at: Instant;
  readonly jobs: number;
  readonly run: Run | null;
}

class Operator {
  readonly #key: string;
  readonly #tries = new Map<string, number>();
  /** Without the signal that ends the operation: nothing is broken off in the middle. */
  readonly #by: By;
  readonly #reviewer: Reviewer;

  constructor(
    private readonly world: World,
    private readonly orchestrator: Orchestrator,
    private readonly asked: Operating,
    private readonly by: By,
    private readonly outages: Outages,
  ) {
    this.#key = worldName(world);
    const { signal: _, ...rest } = by;
    this.#by = rest;
    this.#reviewer = new Reviewer({ world, orchestrator, asked, by: rest });
  }

  async work(onTick: (tick: Tick) => Promise<void> | void): Promise<Operation> {
    const { world, asked, outages } = this;
    let state = await outages.outlasting(() => this.#begin());
    const isOver = () => this.by.signal?.aborted === true || (asked.until !== undefined && state.nextAt > asked.until);
    while (!isOver()) {
      const looked = await outages.outlasting(() => this.#look(state));
      if (looked === null) break;
      const { tick, since } = looked;
      state = {
        ...state,
        since,
        nextAt: this.#after(world.clock.live ? world.clock.now() : tick.at),
        ticks: state.ticks + 1,
        missed: state.missed + tick.missed,
        last: tick,
      };
      const next = state;
      await outages.outlasting(() => this.#keep(next));
      await onTick(tick);
    }
    const last = { ...state, stopped: true };
    await outages.outlasting(() => this.#keep(last));
    return last;
  }

  /** Null: it was ended before its moment came. Broken off in the middle it is done again, as after a crash: the books say from where. */
  async #look(state: Operation): Promise<{ tick: Tick; since: Instant } | null> {
    try {
      await this.#kept(state.nextAt);
      await this.world.clock.waitUntil(state.nextAt, this.by.signal);
    } catch (error) {
      if (this.by.signal?.aborted) return null;
      throw error;
    }
    return this.#tick(state);
  }

  /**
   * Until the next look what is promised is kept, every ten seconds. Limits of what is promised hold for every plan, so that a look in
   * between undoes nothing. Another program that keeps events is left to it.
   */
  async #kept(until: Instant): Promise<void> {
    const desk = { world: this.world, orchestrator: this.orchestrator, by: this.by };
    try {
      await keepEvents(desk, { until, isTended: true, onStep: ({ said, event }) => this.#toldOf(said, event) });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'conflict' || isLost(error)) throw error;
    }
  }

  #news: string[] = [];
  /** Of a look that was broken off, and is done again. */
  #soFar: { finished: number; planned: Planned | null } = { finished: 0, planned: null };

  #toldOf(said: readonly string[], event: FlexibilityEvent | null): void {
    this.#news.push(...said);
    if (event?.kept !== undefined)
      this.#news.push(
        `${event.id} is over: ${event.kept.minutesAbove} of ${event.kept.minutes} minutes above its target`,
      );
  }

  /** Where the last one left off; a clock that jumps is set there. What was missed while nobody had ended it is said at the first tick. */
  async #begin(): Promise<Operation> {
    const { clock, store } = this.world;
    const { everySeconds, horizonHours } = this.asked;
    const found = (await store.collection(OPERATIONS).get(this.#key))?.value;
    if (found !== undefined && !clock.live) await clock.waitUntil(found.nextAt, this.by.signal);
    const now = clock.now();
    const resumed = found !== undefined && found.nextAt <= now;
    const state: Operation = {
      everySeconds,
      horizonHours,
      startedAt: now,
      // At once, and for what nobody looked at meanwhile: a tick of the present, never one of the past.
      nextAt: resumed && !found.stopped ? found.nextAt : now,
      since: found?.since ?? now,
      stopped: false,
      ticks: found?.ticks ?? 0,
      missed: found?.missed ?? 0,
      last: found?.last ?? null,
    };
    await this.#keep(state);
    return state;
  }

  #keep(state: Operation): Promise<void> {
    return this.world.store.collection(OPERATIONS).put(this.#key, state);
  }

  /** The next moment of the even grid of ticks. */
  #after(at: Instant): Instant {
    const { everySeconds } = this.asked;
    return fromEpoch((Math.floor(toEpoch(at) / everySeconds) + 1) * everySeconds);
  }

  async #tick(state: Operation): Promise<{ tick: Tick; since: Instant }> {
    const at = this.world.clock.now();
    const missed = Math.max(0, Math.floor(secondsBetween(state.nextAt, at) / this.asked.everySeconds));
    const trouble: string[] = [];
    const tried = async <T>(what: string, otherwise: T, work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        // Who has lost the world to another program does nothing more in it; without a store nothing of it can be done now.
        if (!(error instanceof Fault) || isLost(error) || isAway(error)) throw error;
        trouble.push(`${what}: ${error.message}`);
        return otherwise;
      }
    };
    const open = await this.#ours();
    for (const run of open) if (await tried(`run ${run.id}`, false, () => this.#goOn(run))) this.#soFar.finished++;
    const none: Planned = { at, jobs: 0, run: null };
    const planned = this.#soFar.planned ?? (await tried('planning', none, () => this.#planNew(at, state.since, open)));
    const { jobs, run } = planned;
    if (run !== null) this.#soFar.planned = planned;
    const tended = await tried('flexibility events', { events: [], trouble: [] }, () =>
      tendEvents({ world: this.world, orchestrator: this.orchestrator, by: this.#by }),
    );
    trouble.push(...tended.trouble);
    this.#news.push(...tended.events.map(({ id, status }) => `${id}: ${status}`));
    const reviewed = await tried('planning again', null, () => this.#reviewer.review(at));
    const moved = run?.planId == null ? 0 : ((await this.#plan(run.planId))?.jobs.moved ?? 0);
    const carried = run !== null && (run.status === 'placed' || run.status === 'done');
    // Nothing breaks it off any more, so that what is new is said once.
    const { finished } = this.#soFar;
    this.#soFar = { finished: 0, planned: null };
    const events = this.#news.splice(0);
    const isPlanned = !trouble.some((one) => one.startsWith('planning: '));
    trouble.push(...this.outages.told());
    this.outages.forget();
    const tick = {
      at,
      missed,
      jobs,
      runId: run?.id ?? null,
      status: run?.status ?? null,
      moved: carried ? moved : 0,
      reviewed,
      finished,
      ...(events.length === 0 ? {} : { events }),
      trouble,
    };
    // What could not be planned is taken in by the next tick, unless a run of it is there to be taken up.
    return { tick, since: isPlanned ? planned.at : state.since };
  }

  /** Runs of an operation that are not over, newest first. */
  async #ours(): Promise<Run[]> {
    const runs = await this.world.store.collection(RUNS).open(this.world.clock.now());
    return runs
      .map(({ value }) => value)
      .filter(
        (run) => run.rests === true && run.scenario === this.world.setting.name && run.seed === this.world.setting.seed,
      );
  }

  /** True where the run came to its end. What waits for a person waits; what failed is tried again, three times in all. */
  async #goOn(run: Run): Promise<boolean> {
    const now = this.world.clock.now();
    if (run.status === 'done' || run.status === 'refused') return false;
    if (run.status === 'placed' && (run.settleAfter === undefined || run.settleAfter > now)) return false;
    if (run.status === 'waiting' && !(await this.#isAnswered(run, now))) return false;
    if (run.status === 'failed' || run.status === 'running') {
      const tries = this.#tries.get(run.id) ?? 0;
      if (tries >= MOST_TRIES) return false;
      this.#tries.set(run.id, tries + 1);
    }
    const after = await this.orchestrator.resume(run.id, this.#by).catch((error: unknown) => {
      // That the store was away is no failure of the run.
      if (isAway(error)) this.#tries.set(run.id, Math.max(0, (this.#tries.get(run.id) ?? 0) - 1));
      throw error;
    });
    await this.#takenUp(after);
    if (after.status === 'placed' && after.error !== null)
      throw new Fault('unavailable', after.error, 'The next look tries again.');
    return after.status === 'done' || after.status === 'refused';
  }

  async #isAnswered({ approvalId }: Run, now: Instant): Promise<boolean> {
    if (approvalId === null) return true;
    const approval = (await this.world.store.collection(APPROVALS).get(approvalId))?.value;
    return approval === undefined || approval.status !== 'waiting' || approval.expiresAt <= now;
  }

  /** Each job is taken up once: what waits for an answer, was refused, left alone or failed is with its run. */
  async #planNew(at: Instant, since: Instant, ours: readonly Run[]): Promise<Planned> {
    const { horizonHours, approval } = this.asked;
    const without = ours
      .filter(({ status }) => status === 'running' || status === 'failed')
      .flatMap((run) => workloadOf(run) ?? []);
    const asked = {
      from: at,
      horizonHours,
      since: since < at ? since : at,
      submittedBy: at,
      once: true,
      withoutWorkloads: [...new Set(without)].slice(0, MOST_WITHOUT),
    };
    const { workloadId, jobs } = await callTool(gatherJobs, asked, this.world, this.#call());
    if (jobs === 0) return { at, jobs, run: null };
    // The next looks plan again: how far it is from the best is told by the bound, and no proof is waited for.
    const order = { workloadId, horizonHours, approval, from: at, rests: true, effort: 'search' } as const;
    const run = await this.orchestrator.launch(order, this.#by);
    await this.#takenUp(run);
    return { at, jobs, run };
  }

  /** Once a run has come to its question or its end: what it left alone, or was refused, is not put before anybody again. */
  async #takenUp(run: Run): Promise<void> {
    const workloadId = workloadOf(run);
    if (workloadId === undefined || run.carries !== undefined) return;
    const { store } = this.world;
    for await (const page of store.rows(JOBS).pages(workloadId))
      await store.rows(TAKEN_UP).upsert(
        this.#key,
        page.map((job) => ({ id: identityOf(job), value: { runId: run.id } })),
      );
  }

  async #plan(id: string): Promise<Plan | undefined> {
    return (await this.world.store.collection(PLANS).get(id))?.value;
  }

  #call(): Call {
    return { actor: this.by.actor, cause: null, signal: signalOf(this.#by), progress: () => {} };
  }
}
