/** A job is handed to a fleet once: which plan holds it, by job, from the moment before it is handed over. */
import { z } from 'zod';
import { Fault } from './fault.js';
import { askedSeconds, type Job } from './job.js';
import { ORDERS, type Order, type Placement, worldName } from './plan.js';
import { orderedPieces } from './schedule.js';
import { defineCollection, defineRows, type Store, type Tx } from './store.js';
import { Instant } from './time.js';
import type { World } from './world.js';

export const Held = z.strictObject({
  planId: z.string().describe('the plan under whose order the job runs'),
  end: Instant.describe('when its last piece ends, as ordered'),
  before: z
    .strictObject({ planId: z.string(), end: Instant })
    .optional()
    .describe('who held it until a plan took it over that was made in its place'),
});
export type Held = z.infer<typeof Held>;

/** Rows by world, named by `identityOf`. */
const HELD = defineRows('held_jobs', Held);
/** Worlds whose orders of before these rows existed have been entered. */
const ENTERED = defineCollection('held_jobs_entered', z.strictObject({ orders: z.number().int() }));

/**
 * Two records are the same job when id, time of submission and length as asked for agree: the next day's job of the same name was
 * submitted later, and a snapshot of a queue that is taken in again holds the same jobs under another workload, whatever was
 * foretold of them meanwhile.
 */
export const identityOf = (job: Pick<Job, 'id' | 'submittedAt' | 'durationHours' | 'foreseen'>): string =>
  `${job.id}\t${job.submittedAt}\t${askedSeconds(job)}`;

type Where = Pick<World, 'store' | 'setting'>;

/** The holders of those jobs of a page that are held, by job id. */
export const holdersIn = async (world: Where, jobs: readonly Job[]): Promise<Map<string, Held>> => {
  await enterEarlierOrders(world);
  const found = await world.store.rows(HELD).findAll(worldName(world), jobs.map(identityOf));
  if (found.size === 0) return new Map();
  return new Map(
    jobs.flatMap((job) => {
      const held = found.get(identityOf(job));
      return held === undefined ? [] : [[job.id, held] as const];
    }),
  );
};

/** A job that is to be handed over under a plan. */
export interface Handing {
  readonly job: Job;
  readonly end: Instant;
}

/**
 * Reserves jobs for a plan and answers the ids of those that it holds then: again the same after a crash. Jobs of another plan
 * stay with it, but for those of the one that this plan was made to replace; what has ended has run, and stays there too.
 */
export const hold = async (
  world: Where & Pick<World, 'clock'>,
  of: { readonly planId: string; readonly replaces: string | null },
  page: readonly Handing[],
): Promise<Set<string>> => {
  await enterEarlierOrders(world);
  const set = worldName(world);
  const now = world.clock.now();
  for (;;) {
    try {
      return await world.store.transaction(async (tx) => {
        const rows = tx.rows(HELD);
        const known = await rows.findAll(
          set,
          page.map(({ job }) => identityOf(job)),
        );
        const mine = page.filter(({ job }) => {
          const holder = known.get(identityOf(job));
          if (holder === undefined || holder.planId === of.planId) return true;
          return holder.planId === of.replaces && holder.end > now;
        });
        const stated = mine.map((handing) => rowOf(of.planId, handing, known.get(identityOf(handing.job))));
        const fresh = stated.filter(({ id }) => !known.has(id));
        const taken = stated.filter(({ id }) => known.has(id) && known.get(id)!.planId !== of.planId);
        await rows.append(set, fresh);
        await rows.upsert(set, taken);
        if (fresh.length + taken.length > 0)
          await holdsOtherwise(tx, [of.planId, ...taken.map(({ id }) => known.get(id)!.planId)]);
        return new Set(mine.map(({ job }) => job.id));
      });
    } catch (error) {
      // Another process reserved one of them between the look and the write; the next look sees it.
      if (!(error instanceof Fault) || error.code !== 'conflict') throw error;
    }
  }
};

/** A job that takes longer than was said is the same job: who holds it at its old length holds it at the new one too. */
export const holdAsChanged = async (
  tx: Tx,
  { setting }: Pick<World, 'setting'>,
  changes: readonly { readonly before: Job; readonly after: Job }[],
): Promise<void> => {
  const [rows, set] = [tx.rows(HELD), worldName({ setting })];
  const known = await rows.findAll(
    set,
    changes.map(({ before }) => identityOf(before)),
  );
  await holdsOtherwise(
    tx,
    [...known.values()].map(({ planId }) => planId),
  );
  await rows.upsert(
    set,
    changes.flatMap(({ before, after }) => {
      const value = known.get(identityOf(before));
      return value === undefined ? [] : [{ id: identityOf(after), value }];
    }),
  );
};

/** Lets go of what a plan reserved: nobody holds it then. */
export const release = (world: Where, planId: string, jobs: readonly Job[]): Promise<void> =>
  letGo(world, planId, jobs, false);

/** The same of what it surely did not hand over: whoever it was taken from has it again, and runs it as ordered there. */
export const handBack = (world: Where, planId: string, jobs: readonly Job[]): Promise<void> =>
  letGo(world, planId, jobs, true);

const letGo = async (world: Where, planId: string, jobs: readonly Job[], toFormer: boolean): Promise<void> => {
  const set = worldName(world);
  await world.store.transaction(async (tx) => {
    const rows = tx.rows(HELD);
    const known = await rows.findAll(set, jobs.map(identityOf));
    const mine = jobs.map(identityOf).filter((id) => known.get(id)?.planId === planId);
    const former = (id: string) => (toFormer ? known.get(id)!.before : undefined);
    await holdsOtherwise(tx, [planId, ...mine.flatMap((id) => former(id)?.planId ?? [])]);
    await rows.upsert(
      set,
      mine.flatMap((id) => (former(id) === undefined ? [] : [{ id, value: former(id)! }])),
    );
    await rows.remove(
      set,
      mine.filter((id) => former(id) === undefined),
    );
  });
};

/**
 * An order that holds other jobs, or the same jobs told otherwise, is a new version of its document: what was read of an order is
 * still so while its version is.
 */
const holdsOtherwise = async (tx: Tx, planIds: readonly string[]): Promise<void> => {
  const orders = tx.collection(ORDERS);
  for (const planId of new Set(planIds)) {
    const order = await orders.get(planId);
    if (order !== undefined) await orders.put(planId, order.value);
  }
};

/** `known`: its row so far; of another plan it is who has it again when this one does not hand it over. */
const rowOf = (planId: string, { job, end }: Handing, known?: Held): { id: string; value: Held } => ({
  id: identityOf(job),
  value: {
    planId,
    end,
    ...(known !== undefined && known.planId !== planId && { before: { planId: known.planId, end: known.end } }),
  },
});

const endOf = (pieces: readonly Placement[]): Instant =>
  pieces.reduce((last, { end }) => (end > last ? end : last), pieces[0]!.end);

/** What a decision hands over of a plan, in pages; a job that has no place in it is not among them. */
export async function* handings(
  store: Pick<Tx, 'rows'>,
  of: Parameters<typeof orderedPieces>[1],
): AsyncGenerator<(Handing & { readonly pieces: Placement[] })[], undefined> {
  for await (const page of orderedPieces(store, of))
    yield page.flatMap(({ job, pieces }) => (pieces.length === 0 ? [] : [{ job, pieces, end: endOf(pieces) }]));
  return undefined;
}

/** What an order still has of its plan: jobs that another plan has taken over, or held before, are not among them. */
export async function* heldPieces(
  world: Where,
  order: Pick<Order, 'workloadId' | 'planId' | 'jobs'>,
): AsyncGenerator<(Handing & { readonly pieces: Placement[] })[], undefined> {
  for await (const page of handings(world.store, order)) {
    const holders = await holdersIn(
      world,
      page.map(({ job }) => job),
    );
    yield page.filter(({ job }) => holders.get(job.id)?.planId === order.planId);
  }
  return undefined;
}

const known = new WeakMap<Store, Set<string>>();

/** Orders of a store that was written before these rows existed, oldest first: of a job that was ordered twice, the newest holds it. */
export const enterEarlierOrders = async (world: Where): Promise<void> => {
  const set = worldName(world);
  const done = known.get(world.store) ?? new Set();
  known.set(world.store, done);
  if (done.has(set)) return;
  if (!(await world.store.collection(ENTERED).get(set))) {
    const orders = (await allOrders(world.store)).filter((order) => order.world === set).reverse();
    for (const order of orders)
      for await (const page of handings(world.store, order))
        await world.store.rows(HELD).upsert(
          set,
          page.map((handing) => rowOf(order.planId, handing)),
        );
    await world.store.collection(ENTERED).put(set, { orders: orders.length });
  }
  done.add(set);
};

/** Newest first. */
const allOrders = async (store: Store): Promise<Order[]> => {
  const found: Order[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.collection(ORDERS).list({ after, limit: 1000 });
    found.push(...page.map(({ value }) => value));
    if (page.length < 1000) return found;
    after = page.at(-1)!.id;
  }
};
