/**
 * Forgetting: plans whose time is long over go with their rows, and so do workloads, runs and deeds that nothing refers to any
 * more. The ledger and all evidence stay, so what a plan saved can be shown and recomputed for ever. Of what goes a digest is
 * kept, in the ledger too: an archive that was written before is known by it.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { rehearsalOf } from '../domain/change.js';
import { APPROVALS } from '../domain/decision.js';
import { NEWEST_VERIFICATION, VERIFICATIONS } from '../domain/evidence/verification.js';
import { newestIngested, WORKLOADS } from '../domain/job.js';
import { everyDocument } from '../domain/listing.js';
import { SALE_PLANS, SOLD_ORDERS } from '../domain/market.js';
import { ORDERS, orderKeyOf, PLANS, type Plan } from '../domain/plan.js';
import { archiveLine, GOES_WITH, PRUNED, type Pruned } from '../domain/retention.js';
import { RUNS, type Run } from '../domain/run.js';
import { type CollectionOf, defineCollection, defineRows, type Store, type Tx } from '../domain/store.js';
import { type Instant, plusHours } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { forgetTickets } from '../tools/tickets/tickets.js';

export interface Pruning {
  /** what is younger stays: hours before the present, measured from the end of a plan’s last piece */
  readonly keepHours: number;
  /** says what would go, and lets nothing go */
  readonly dryRun: boolean;
  /** who asks, as the ledger names them */
  readonly actor: string;
  readonly signal: AbortSignal;
  /** is given all that goes, before it goes */
  readonly archive?: Archive | undefined;
}

/** Where what goes is kept. Nothing goes before `end` has returned: what was written of that id must be safe by then. */
export interface Archive {
  write(id: string, lines: string): Promise<void>;
  end(id: string): Promise<void>;
}

export interface WhatWent {
  /** what ended before this could go */
  readonly before: Instant;
  readonly plans: readonly string[];
  readonly workloads: readonly string[];
  readonly runs: readonly string[];
  readonly rows: number;
  readonly tickets: number;
  readonly deeds: number;
  /** old enough, but still needed, with what to do about it */
  readonly kept: readonly { readonly planId: string; readonly why: string }[];
}

/** Answers are kept this long at least, and as long as what they are about is there. */
const DEEDS_HOURS = 30 * 24;

const OVER: ReadonlySet<Run['status']> = new Set(['done', 'refused', 'failed']);

const every = async <T>(books: Pick<Tx, 'collection'>, of: CollectionOf<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const { value } of everyDocument(books, of)) all.push(value);
  return all;
};

/** A recorded world starts anew at its own instant, its books do not: the newest record is as late as it ever was. */
const presentOf = ({ clock }: World, verifiedAt: readonly Instant[]): Instant =>
  verifiedAt.reduce((latest, at) => (at > latest ? at : latest), clock.now());

/**
 * Lets go of what is over. Each plan goes in one transaction with its tombstone and its entry of the ledger: a process that dies
 * leaves whole plans. Rejects with the signal's reason between two of them.
 */
export const prune = async (world: World, asked: Pruning): Promise<WhatWent> => {
  const { store } = world;
  const verified = await every(store, VERIFICATIONS);
  const present = presentOf(
    world,
    verified.map(({ at }) => at),
  );
  const before = plusHours(present, -asked.keepHours);
  const runs = await every(store, RUNS);
  const plans = await every(store, PLANS);
  const needed = await whyNeeded(store, runs, present);
  const kept: { planId: string; why: string }[] = [];
  const goes = plans.filter((plan) => {
    if (plan.finishesAt > before || plan.window.end > before) return false;
    const why = needed(plan);
    if (why !== undefined) kept.push({ planId: plan.id, why });
    return why === undefined;
  });
  const goneIds = new Set(goes.map(({ id }) => id));
  const runsOver = runs.filter(
    (run) =>
      OVER.has(run.status) &&
      (run.finishedAt ?? run.startedAt) <= before &&
      (run.planId === null || goneIds.has(run.planId) || plans.every(({ id }) => id !== run.planId)),
  );
  const workloads = await workloadsOver(store, {
    before,
    plans: plans.filter(({ id }) => !goneIds.has(id)),
    runs: runs.filter((run) => !runsOver.includes(run)),
  });

  let rows = 0;
  const letGo = async (kind: Pruned['kind'], id: string, parts: readonly Part[], verificationId?: string) => {
    asked.signal.throwIfAborted();
    const went = await read(store, parts, (lines) => asked.archive?.write(id, lines));
    rows += went.rows;
    if (asked.dryRun) return;
    await asked.archive?.end(id);
    await store.transaction(async (tx) => {
      for (const part of parts) await drop(tx, part);
      const proof = verificationId === undefined ? {} : { verificationId };
      const tombstone: Pruned = { kind, at: world.clock.now(), ...proof, rows: went.rows, digest: went.digest };
      await tx.collection(PRUNED).put(id, tombstone);
      await tx.entries.append([
        {
          kind: 'pruned',
          at: tombstone.at,
          actor: asked.actor,
          cause: null,
          subject: id,
          data: { kind, rows: went.rows, digest: went.digest, verificationId: verificationId ?? null },
        },
      ]);
    });
  };
  for (const plan of goes) {
    const newest = (await store.collection(NEWEST_VERIFICATION).get(plan.id))?.value.verificationId;
    await letGo('plan', plan.id, partsOf(plan), newest);
  }
  for (const { id } of runsOver) await letGo('run', id, [{ of: GOES_WITH.run, id }]);
  for (const id of workloads) await letGo('workload', id, [{ of: GOES_WITH.workload, id }]);
  const tickets = asked.dryRun ? 0 : await forgetTickets(store);
  // A caller that asks again with its key hears the answer that it had, however little is kept.
  const answered = plusHours(present, -Math.max(asked.keepHours, DEEDS_HOURS));
  const there = [
    ...plans.filter(({ id }) => !goneIds.has(id)).map(({ id }) => id),
    ...runs.filter((run) => !runsOver.includes(run)).map(({ id }) => id),
  ];
  const mayGo = (key: string) => there.every((id) => !key.includes(id));
  const deeds = asked.dryRun ? 0 : await store.deeds.forget(answered, mayGo);
  return { before, plans: [...goneIds], workloads, runs: runsOver.map(({ id }) => id), rows, tickets, deeds, kept };
};

/** What is kept under one id. */
interface Part {
  readonly of: { readonly documents: readonly string[]; readonly rows: readonly string[] };
  readonly id: string;
}

const partsOf = (plan: Plan): Part[] => [
  { of: GOES_WITH.plan, id: plan.id },
  { of: GOES_WITH.order, id: orderKeyOf(plan) },
  { of: GOES_WITH.order, id: rehearsalOf(orderKeyOf(plan)) },
];

const documentsOf = (name: string) => defineCollection(name, z.unknown());
const rowsOf = (name: string) => defineRows(name, z.unknown());

/** Reads all of it once: how many rows, and the digest of its lines. */
const read = async (
  store: Store,
  parts: readonly Part[],
  write: (lines: string) => Promise<void> | undefined,
): Promise<{ rows: number; digest: string }> => {
  const hash = createHash('sha256');
  let rows = 0;
  const take = async (lines: string) => {
    hash.update(lines);
    await write(lines);
  };
  for (const { of, id } of parts) {
    for (const name of of.documents) {
      const found = await store.collection(documentsOf(name)).get(id);
      if (found) await take(archiveLine('document', name, id, found.value));
    }
    for (const name of of.rows)
      for await (const page of store.rows(rowsOf(name)).pages(id)) {
        await take(page.map((value) => archiveLine('row', name, id, value)).join(''));
        rows += page.length;
      }
  }
  return { rows, digest: hash.digest('hex') };
};

const drop = async (tx: Tx, { of, id }: Part): Promise<void> => {
  for (const name of of.documents) await tx.collection(documentsOf(name)).delete(id);
  for (const name of of.rows) await tx.rows(rowsOf(name)).clear(id);
};

/** Why a plan whose time is over must stay; undefined: nobody needs it. */
const whyNeeded = async (store: Store, runs: readonly Run[], present: Instant) => {
  const open = new Map(runs.filter((run) => !OVER.has(run.status)).map((run) => [run.planId, run]));
  const asked = new Map(
    (await every(store, APPROVALS))
      .filter(({ status, expiresAt }) => status === 'waiting' && expiresAt > present)
      .map((approval) => [approval.planId, approval]),
  );
  const ordered = new Set((await every(store, ORDERS)).map(({ planId }) => planId));
  const sold = new Set((await every(store, SOLD_ORDERS)).map(({ planId }) => planId));
  const keeping = new Set<string>();
  const verified = new Set<string>();
  for (const planId of [...ordered, ...sold]) {
    if (await store.collection(NEWEST_VERIFICATION).get(planId)) verified.add(planId);
    if (await store.collection(SALE_PLANS).get(planId)) keeping.add(planId);
  }
  return ({ id }: Plan): string | undefined => {
    const run = open.get(id);
    if (run) return `its run is ${run.status}: caco resume ${run.id}`;
    const approval = asked.get(id);
    if (approval) return `a person is asked: caco approvals (${approval.id})`;
    if (sold.has(id) || keeping.has(id)) return 'flexibility of it was sold';
    if (ordered.has(id) && !verified.has(id)) return `it was carried out and not verified: caco verify ${id}`;
    return undefined;
  };
};

/** Workloads that no plan and no run refers to. The newest that was taken in is what a fleet of files plans from, so it stays. */
const workloadsOver = async (
  store: Store,
  left: { readonly before: Instant; readonly plans: readonly Plan[]; readonly runs: readonly Run[] },
): Promise<string[]> => {
  const used = new Set<string | null>([...left.plans, ...left.runs].map(({ workloadId }) => workloadId));
  used.add((await newestIngested(store))?.id ?? null);
  return (await every(store, WORKLOADS))
    .filter(
      ({ id, createdAt, latestEnd }) =>
        !used.has(id) && createdAt <= left.before && (latestEnd === null || latestEnd <= left.before),
    )
    .map(({ id }) => id);
};
