/** The simulated fleet: the scenario's generator fills the queue, orders are kept in the store, and what ran drifts a little from what was asked. */
import { z } from 'zod';
import type { Job } from '../domain/job.js';
import { Placement } from '../domain/plan.js';
import { SITES, type Site } from '../domain/site.js';
import { defineCollection, defineRows, type Store } from '../domain/store.js';
import { fromEpoch, type Instant, toEpoch } from '../domain/time.js';
import type { Clock, Fleet, Ran } from '../domain/world.js';
import { random } from './random.js';
import type { Scenario } from './scenario.js';
import { jobsByHour } from './workload.js';

const PAGE = 1000;

/** How often a job runs longer or shorter than asked, and by how much (standard deviation, as a share of its duration). */
const DRIFTING_SHARE = 0.25;
const DRIFT_RATIO = 0.04;
const LARGEST_DRIFT = 0.12;

/** A piece as ordered. `workSeconds` is the job's whole span, of which drift is a share; `last` marks the piece that takes it. */
const Ordered = z.strictObject({ piece: Placement, workSeconds: z.number().int().positive(), last: z.boolean() });
type Ordered = z.infer<typeof Ordered>;

/** Rows by order key, named `<jobId>#<piece>`. */
const ORDERED = defineRows('simulated_orders', Ordered);
/** Orders that arrived whole. */
const ORDERS = defineCollection('simulated_order_receipts', z.strictObject({ placed: z.number().int() }));

/** Sites that were imported stand in for the scenario's of the same id; others are added. */
export const simulatedFleet = ({
  scenario,
  seed,
  clock,
  store,
}: {
  scenario: Scenario;
  seed: number;
  clock: Pick<Clock, 'now'>;
  store: Store;
}): Fleet => ({
  sites: async () => {
    const imported = new Map<string, Site>();
    for (let after: string | undefined; ; ) {
      const page = await store.collection(SITES).list({ after, limit: PAGE });
      for (const { value } of page) imported.set(value.id, value);
      if (page.length < PAGE) break;
      after = page.at(-1)?.id;
    }
    const own = scenario.sites.map((site) => imported.get(site.id) ?? site);
    const ids = new Set(scenario.sites.map((site) => site.id));
    const added = [...imported.values()].filter((site) => !ids.has(site.id));
    return [...own, ...added.sort((a, b) => (a.id < b.id ? -1 : 1))];
  },

  waiting: async function* ({ start, end }) {
    let page: Job[] = [];
    for (const jobs of jobsByHour(scenario, seed, toEpoch(start), toEpoch(end))) {
      page.push(...jobs);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  },

  place: async ({ key, pages }) => {
    const receipt = await store.collection(ORDERS).get(key);
    if (receipt) return receipt.value;
    let placed = 0;
    for await (const page of pages) {
      const rows = page.flatMap(({ pieces }) => {
        const ordered = [...pieces].sort((a, b) => (a.start < b.start ? -1 : 1));
        const workSeconds = ordered.reduce((sum, p) => sum + toEpoch(p.end) - toEpoch(p.start), 0);
        return ordered.map((piece, i) => ({
          id: `${piece.jobId}#${i}`,
          value: { piece, workSeconds, last: i === ordered.length - 1 },
        }));
      });
      await store.rows(ORDERED).upsert(key, rows);
      placed += rows.length;
    }
    // An order that was cut short has rows but no receipt; sending it again writes the same rows.
    await store.collection(ORDERS).put(key, { placed });
    return { placed };
  },

  ran: async function* (key) {
    for await (const page of store.rows(ORDERED).pages(key)) {
      const now = clock.now();
      const done = page.map((row) => ranOf(row, seed, now)).filter((row) => row !== null);
      if (done.length > 0) yield done;
    }
  },
});

/**
 * What became of a piece by `now`: null before it starts. It draws the power it was planned with for as long as it really
 * runs, so energy = planned energy ÷ planned span × real span.
 */
const ranOf = ({ piece, workSeconds, last }: Ordered, seed: number, now: Instant): Ran | null => {
  const start = toEpoch(piece.start);
  const planned = toEpoch(piece.end) - start;
  const drift = last ? Math.round(workSeconds * driftOf(piece.jobId, seed)) : 0;
  const end = Math.min(start + Math.max(1, planned + drift), toEpoch(now));
  if (end <= start) return null;
  return {
    jobId: piece.jobId,
    region: piece.region,
    start: piece.start,
    end: fromEpoch(end),
    energyKwh: (piece.energyKwh / planned) * (end - start),
    source: 'simulated',
  };
};

/** The share by which a job runs longer (above 0) or shorter; 0 for most. */
const driftOf = (jobId: string, seed: number): number => {
  const rng = random(seed, 'drift', jobId);
  if (rng.uniform() >= DRIFTING_SHARE) return 0;
  return Math.min(LARGEST_DRIFT, Math.max(-LARGEST_DRIFT, DRIFT_RATIO * rng.normal()));
};
