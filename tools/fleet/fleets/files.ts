/** A fleet without a scheduler: jobs come by ingest, sites by import, orders are kept, and what ran is modelled from them. */
import { JOBS, type Job, newestIngested } from '../../../domain/job.js';
import { orderBook, Receipt } from '../../../domain/order-book.js';
import { Placement } from '../../../domain/plan.js';
import { importedSites, overlaySites } from '../../../domain/site.js';
import { defineCollection, defineRows } from '../../../domain/store.js';
import { secondsBetween } from '../../../domain/time.js';
import type { Fleet } from '../../../domain/world.js';
import type { FleetGround } from '../ground.js';

const ORDERED = defineRows('file-orders', Placement);
const RECEIPTS = defineCollection('file-order-receipts', Receipt);

export const filesFleet = ({ store, clock, sites }: FleetGround): Fleet => ({
  sites: async () => overlaySites(sites, await importedSites(store)),

  /** The jobs of the workload that was taken in last. */
  waiting: async function* ({ start, end }) {
    const newest = await newestIngested(store);
    if (!newest) return;
    for await (const page of store.rows(JOBS).pages(newest.id)) {
      const waiting: Job[] = page.filter((job) => job.earliestStart < end && (job.deadline ?? end) > start);
      if (waiting.length > 0) yield waiting;
    }
  },

  // Nobody reports back: a piece is taken to have run as it was placed, at an even power.
  ...orderBook(
    { store, clock },
    {
      rows: ORDERED,
      receipts: RECEIPTS,
      rowsOf: (pieces) => pieces,
      runOf: (piece) => ({ piece, seconds: secondsBetween(piece.start, piece.end), source: 'modelled' }),
    },
  ),
});
