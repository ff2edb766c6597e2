/** The simulated fleet: the scenario's generator fills the queue, orders are kept in the store, and what ran drifts a little from what was asked. */
import { z } from 'zod';
import type { Job } from '../domain/job.js';
import { everyDocument } from '../domain/listing.js';
import { orderBook, Receipt } from '../domain/order-book.js';
import { Placement } from '../domain/plan.js';
import { importedSites, overlaySites } from '../domain/site.js';
import { defineCollection, defineRows, type Store } from '../domain/store.js';
import { secondsBetween, toEpoch } from '../domain/time.js';
import type { Clock, Fleet } from '../domain/world.js';
import { hallsOver, type Orders } from './flexibility/halls.js';
import { PlacedTraits, traitsOf } from './flexibility/placed-work.js';
import { random } from './random.js';
import type { Scenario } from './scenario.js';
import { jobsByHour } from './workload.js';

const PAGE = 1000;

/** How often a job runs longer or shorter than asked, and by how much (standard deviation, as a share of its duration). */
const DRIFTING_SHARE = 0.25;
const DRIFT_RATIO = 0.04;
const LARGEST_DRIFT = 0.12;

/** A piece as ordered. `workSeconds` is the job's whole span, of which drift is a share; `last` marks the piece that takes it. */
const Ordered = z.strictObject({
  piece: Placement,
  workSeconds: z.number().int().positive(),
  last: z.boolean(),
  asPlaced: z.literal(true).optional().describe('nothing is invented about how it ran'),
  traits: PlacedTraits.optional().describe('absent in orders of before work could be told what to do'),
});

const ORDERED = defineRows('simulated_orders', Ordered);
const RECEIPTS = defineCollection('simulated_order_receipts', Receipt);

/** Sites that were imported stand in for the scenario's of the same id; others are added. */
export const simulatedFleet = ({
  scenario,
  seed,
  clock,
  store,
  simulate = 'queue',
}: {
  scenario: Scenario;
  seed: number;
  clock: Pick<Clock, 'now'>;
  store: Store;
  /** `queue`: what somebody brought is taken to run as it was placed; `all`: it drifts as the queue does */
  simulate?: 'queue' | 'all';
}): Fleet => {
  const sites = async () => overlaySites(scenario.sites, await importedSites(store));
  const driftSeconds = ({ piece, workSeconds, last, asPlaced }: z.infer<typeof Ordered>) =>
    last && asPlaced !== true ? Math.round(workSeconds * driftOf(piece.jobId, seed)) : 0;
  const orders: Orders = {
    newest: async () => (await store.collection(RECEIPTS).list({ limit: 1 }))[0]?.id ?? null,
    pieces: async function* () {
      for await (const { id } of everyDocument(store, RECEIPTS))
        for await (const page of store.rows(ORDERED).pages(id))
          yield page.map((row) => ({ piece: row.piece, driftSeconds: driftSeconds(row), traits: row.traits }));
    },
  };
  const pueOf = async (region: string) => (await sites()).find((site) => site.region === region)?.pue ?? 1;
  return {
    sites,
    responding: hallsOver({ seed, clock, store }, orders, pueOf),

    waiting: async function* ({ start, end }) {
      let page: Job[] = [];
      for (const jobs of jobsByHour(scenario, seed, toEpoch(start), toEpoch(end))) {
        for (const job of jobs) page.push(job);
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    },

    ...orderBook(
      { store, clock },
      {
        rows: ORDERED,
        receipts: RECEIPTS,
        rowsOf: (pieces, origin, job) => {
          const workSeconds = pieces.reduce((sum, { start, end }) => sum + secondsBetween(start, end), 0);
          const asPlaced = origin === 'queue' || simulate === 'all' ? {} : { asPlaced: true as const };
          const traits = traitsOf(job);
          return pieces.map((piece, i) => ({ piece, workSeconds, last: i === pieces.length - 1, ...asPlaced, traits }));
        },
        runOf: (row) => {
          const { piece, asPlaced = false } = row;
          const seconds = Math.max(1, secondsBetween(piece.start, piece.end) + driftSeconds(row));
          return { piece, seconds, source: asPlaced ? 'modelled' : 'simulated' };
        },
      },
    ),
  };
};

/** The share by which a job runs longer (above 0) or shorter; 0 for most. */
const driftOf = (jobId: string, seed: number): number => {
  const rng = random(seed, 'drift', jobId);
  if (rng.uniform() >= DRIFTING_SHARE) return 0;
  return Math.min(LARGEST_DRIFT, Math.max(-LARGEST_DRIFT, DRIFT_RATIO * rng.normal()));
};
