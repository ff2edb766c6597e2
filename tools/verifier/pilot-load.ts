/** Gathers a pilot: the orders that would have been given, their jobs, what became of these by themselves, and what was touched after all. */

import { FROZEN_BASELINES } from '../../domain/baseline.js';
import { rehearsalOf } from '../../domain/change.js';
import { identityOf } from '../../domain/held.js';
import { JOBS } from '../../domain/job.js';
import { everyDocument } from '../../domain/listing.js';
import {
  BASELINE,
  ORDERS,
  type Order,
  PLACEMENTS,
  PLANS,
  type Placement,
  type Plan,
  RECOMMENDATIONS,
  type Recommendation,
  worldName,
} from '../../domain/plan.js';
import { RUNS } from '../../domain/run.js';
import { gatherByJob } from '../../domain/schedule.js';
import type { RowsOf } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import { WATCHED } from '../../domain/watched.js';
import type { Ran, World } from '../../domain/world.js';
import type { WatchedJob } from './pilot-rows.js';

export interface Pilot {
  readonly plans: readonly Plan[];
  readonly open: number;
  readonly refused: number;
  readonly waiting: number;
  readonly frozen: number;
  readonly moved: readonly WatchedJob[];
  /** would have been moved with their owners' leave */
  readonly lackingLeave: readonly WatchedJob[];
  readonly left: ReadonlyMap<string, number>;
  /** jobs of more than one of these plans, counted under the first */
  readonly twice: number;
  readonly touched: { deeds: number; orders: number; changes: number; otherOrders: number };
}

/** Orders whose window began in the span, oldest first. */
export const watchedOrders = async (world: World, span: { since: Instant; until: Instant }): Promise<Order[]> => {
  const orders: Order[] = [];
  for await (const { value } of everyDocument(world.store, WATCHED))
    if (value.world === worldName(world) && value.span.start >= span.since && value.span.start < span.until)
      orders.push(value);
  return orders.reverse();
};

export const loadPilot = async (
  world: World,
  span: { since: Instant; until: Instant },
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<Pilot> => {
  const { store, clock } = world;
  const orders = await watchedOrders(world, span);
  const over = orders.filter((order) => order.span.end <= clock.now());
  const gathered = new Gathered();
  const touched = { deeds: 0, orders: 0, changes: 0, otherOrders: 0 };
  const plans: Plan[] = [];
  let frozen = 0;
  for (const [n, order] of over.entries()) {
    signal.throwIfAborted();
    progress(n, over.length);
    const plan = (await store.collection(PLANS).get(order.planId))?.value;
    if (plan === undefined) continue;
    plans.push(plan);
    if (await store.collection(FROZEN_BASELINES).get(plan.id)) frozen++;
    await gathered.take(world, order);
    await countTouched(world, order, touched);
  }
  const watched = new Set(orders.map(({ planId }) => planId));
  for await (const { value } of everyDocument(store, ORDERS)) {
    if (watched.has(value.planId)) touched.orders++;
    else if (value.world === worldName(world) && value.span.start >= span.since && value.span.start < span.until)
      touched.otherOrders++;
  }
  const counts = { refused: 0, waiting: 0 };
  for await (const { value: run } of everyDocument(store, RUNS)) {
    const from = run.from ?? run.startedAt;
    if (run.scenario !== world.setting.name || run.seed !== world.setting.seed) continue;
    if (from < span.since || from >= span.until) continue;
    if (run.status === 'refused' || run.status === 'waiting') counts[run.status]++;
  }
  return { plans, open: orders.length - over.length, frozen, ...counts, ...gathered.all(), touched };
};

class Gathered {
  readonly #moved: WatchedJob[] = [];
  readonly #lackingLeave: WatchedJob[] = [];
  readonly #left = new Map<string, number>();
  readonly #seen = new Set<string>();
  #twice = 0;

  async take(world: World, order: Order): Promise<void> {
    const { store, fleet } = world;
    const claims = await claimsOf(world, order);
    if (claims.size === 0) return;
    const wanted = new Set(claims.keys());
    const baselines = await piecesOf(world, BASELINE, order.planId, wanted);
    const planned = await piecesOf(world, PLACEMENTS, order.planId, wanted);
    const ran = fleet.ranByItself
      ? await gatherByJob(fleet.ranByItself(order.key), {
          keep: (row: Ran) => row,
          order: (a, b) => (a.start < b.start ? -1 : 1),
          signal: new AbortController().signal,
        })
      : null;
    const verdicts = await verdictsOf(world, order);
    for await (const page of store.rows(JOBS).pages(order.workloadId))
      for (const job of page) {
        const claim = claims.get(job.id);
        if (claim === undefined) continue;
        const name = identityOf(job);
        if (this.#seen.has(name)) {
          this.#twice++;
          continue;
        }
        this.#seen.add(name);
        const verdict = verdicts?.get(job.id);
        const watched = {
          ...{ job, claim, baseline: baselines.get(job.id) ?? [], planned: planned.get(job.id) ?? [] },
          ran: ran === null ? null : (ran.get(job.id) ?? []),
        };
        if (verdicts === null || verdict?.state === 'rehearsed') this.#moved.push(watched);
        else if (verdict?.lacksLeave) this.#lackingLeave.push(watched);
        else {
          const why = verdict?.why ?? 'the scheduler was not asked about it';
          this.#left.set(why, (this.#left.get(why) ?? 0) + 1);
        }
      }
  }

  all() {
    return { moved: this.#moved, lackingLeave: this.#lackingLeave, left: this.#left, twice: this.#twice };
  }
}

const claimsOf = async ({ store }: World, order: Order): Promise<Map<string, Recommendation>> => {
  const approved = order.jobs === null ? null : new Set(order.jobs);
  const claims = new Map<string, Recommendation>();
  for await (const page of store.rows(RECOMMENDATIONS).pages(order.planId))
    for (const one of page) if (approved === null || approved.has(one.jobId)) claims.set(one.jobId, one);
  return claims;
};

const piecesOf = async (
  { store }: World,
  of: RowsOf<Placement>,
  planId: string,
  wanted: ReadonlySet<string>,
): Promise<Map<string, Placement[]>> => {
  const found = new Map<string, Placement[]>();
  for await (const page of store.rows(of).pages(planId))
    for (const piece of page) {
      if (!wanted.has(piece.jobId)) continue;
      const list = found.get(piece.jobId);
      if (list) list.push(piece);
      else found.set(piece.jobId, [piece]);
    }
  return found;
};

/** What a scheduler would have done with each job, by job; null where it was not asked: all would have been moved. */
const verdictsOf = async ({ fleet }: World, order: Order) => {
  if (!fleet.changes) return null;
  const found = new Map<string, { state: string; why: string | null; lacksLeave?: true | undefined }>();
  for await (const page of fleet.changes(rehearsalOf(order.key)))
    for (const change of page) found.set(change.jobId, change);
  return found;
};

/** A deed is written down before it is done, and a change before its command is run: what is not there did not happen. */
const countTouched = async ({ store, fleet }: World, order: Order, touched: Pilot['touched']): Promise<void> => {
  for (const tool of ['place_jobs', 'file_tickets'])
    if (await store.deeds.get(`${order.decisionId}/${order.planId}/${tool}`)) touched.deeds++;
  for (const key of [order.key, rehearsalOf(order.key)])
    for await (const page of fleet.changes?.(key) ?? [])
      touched.changes += page.filter(({ state }) =>
        ['intended', 'made', 'undoing', 'undone', 'kept'].includes(state),
      ).length;
};
