/** A fleet without a scheduler: jobs come by ingest, sites by import, orders are kept, and what ran is modelled from them. */
import { z } from 'zod';
import { JOBS, type Job, newestIngested } from '../../../domain/job.js';
import { Placement } from '../../../domain/plan.js';
import { overlaySites, type Site } from '../../../domain/site.js';
import { defineCollection, defineRows, type Store } from '../../../domain/store.js';
import { fromEpoch, toEpoch } from '../../../domain/time.js';
import type { Clock, Fleet, Ran } from '../../../domain/world.js';
import { importedSites } from '../sites.js';

/** Rows by order key, named `<jobId>#<piece>`. */
const ORDERED = defineRows('file-orders', Placement);
/** Orders that arrived whole. */
const RECEIPTS = defineCollection('file-order-receipts', z.strictObject({ placed: z.number().int() }));

/** `own`: sites of the configuration that imported ones stand in for. */
export const filesFleet = ({
  store,
  clock,
  own = [],
}: {
  store: Store;
  clock: Pick<Clock, 'now'>;
  own?: readonly Site[];
}): Fleet => ({
  sites: async () => overlaySites(own, await importedSites(store)),

  /** The jobs of the workload that was taken in last. */
  waiting: async function* ({ start, end }) {
    const newest = await newestIngested(store);
    if (!newest) return;
    for await (const page of store.rows(JOBS).pages(newest.id)) {
      const waiting: Job[] = page.filter((job) => job.earliestStart < end && (job.deadline ?? end) > start);
      if (waiting.length > 0) yield waiting;
    }
  },

  place: async ({ key, pages }) => {
    const receipt = await store.collection(RECEIPTS).get(key);
    if (receipt) return receipt.value;
    let placed = 0;
    for await (const page of pages) {
      const rows = page.flatMap(({ pieces }) =>
        pieces.map((piece, i) => ({ id: `${piece.jobId}#${i}`, value: piece })),
      );
      await store.rows(ORDERED).upsert(key, rows);
      placed += rows.length;
    }
    // An order that was cut short has rows but no receipt; sending it again writes the same rows.
    await store.collection(RECEIPTS).put(key, { placed });
    return { placed };
  },

  ran: async function* (key) {
    for await (const page of store.rows(ORDERED).pages(key)) {
      const now = toEpoch(clock.now());
      const done = page.map((piece) => ranOf(piece, now)).filter((row) => row !== null);
      if (done.length > 0) yield done;
    }
  },
});

/** Nobody reports back: a piece is taken to have run as it was placed, up to now, at an even power. */
const ranOf = (piece: Placement, now: number): Ran | null => {
  const start = toEpoch(piece.start);
  const planned = toEpoch(piece.end) - start;
  const end = Math.min(start + planned, now);
  if (end <= start) return null;
  return {
    jobId: piece.jobId,
    region: piece.region,
    start: piece.start,
    end: fromEpoch(end),
    energyKwh: (piece.energyKwh / planned) * (end - start),
    source: 'modelled',
  };
};
