/** The half of a fleet that has no scheduler: it keeps its orders itself, and says of each piece how long it ran. */
import { z } from 'zod';
import type { Job, WorkloadOrigin } from './job.js';
import type { Placement } from './plan.js';
import type { CollectionOf, RowsOf, Store } from './store.js';
import { fromEpoch, toEpoch } from './time.js';
import type { Clock, Fleet, Ran } from './world.js';

/** An order that arrived whole, by its key. */
export const Receipt = z.strictObject({ placed: z.number().int() });
export type Receipt = z.infer<typeof Receipt>;

export interface Shelf<R> {
  /** A row for each piece of an order, by its key, named `<jobId>#<piece>`. */
  readonly rows: RowsOf<R>;
  readonly receipts: CollectionOf<Receipt>;
  /** The pieces of one job in order of time, as they are kept. */
  readonly rowsOf: (pieces: readonly Placement[], origin: WorkloadOrigin, job: Job) => readonly R[];
  /** The piece of a row, and for how many seconds it runs if nobody looks before it has ended. */
  readonly runOf: (row: R) => { readonly piece: Placement; readonly seconds: number; readonly source: Ran['source'] };
}

export const orderBook = <R>(
  { store, clock }: { store: Store; clock: Pick<Clock, 'now'> },
  { rows, receipts, rowsOf, runOf }: Shelf<R>,
): Pick<Fleet, 'place' | 'ran'> => ({
  place: async ({ key, origin = 'queue', replaces, pages }) => {
    const receipt = await store.collection(receipts).get(key);
    if (receipt) return receipt.value;
    const before = replaces === undefined ? null : await piecesByJob(store.rows(rows).pages(replaces), runOf);
    let placed = 0;
    for await (const page of pages) {
      const items = page.flatMap(({ job, pieces }) => {
        const inTime = [...pieces].sort((a, b) => (a.start < b.start ? -1 : 1));
        return rowsOf(inTime, origin, job).map((value, i) => ({ id: `${job.id}#${i}`, value }));
      });
      const gone = page.flatMap(({ job }) => namesOf(job.id, before?.get(job.id) ?? 0));
      await store.transaction(async (tx) => {
        if (replaces !== undefined && gone.length > 0) await tx.rows(rows).remove(replaces, gone);
        await tx.rows(rows).upsert(key, items);
      });
      placed += items.length;
    }
    // An order that was cut short has rows but no receipt; sending it again writes the same rows.
    await store.collection(receipts).put(key, { placed });
    return { placed };
  },

  ran: async function* (key) {
    for await (const page of store.rows(rows).pages(key)) {
      const now = toEpoch(clock.now());
      const done = page.map((row) => ranOf(runOf(row), now)).filter((row) => row !== null);
      if (done.length > 0) yield done;
    }
  },
});

/** How many rows each job has in an order. */
const piecesByJob = async <R>(pages: AsyncIterable<R[]>, runOf: Shelf<R>['runOf']): Promise<Map<string, number>> => {
  const counts = new Map<string, number>();
  for await (const page of pages)
    for (const row of page) {
      const { jobId } = runOf(row).piece;
      counts.set(jobId, (counts.get(jobId) ?? 0) + 1);
    }
  return counts;
};

const namesOf = (jobId: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${jobId}#${i}`);

/**
 * What became of a piece by `now` (epoch seconds); null before it starts. It draws the power it was planned with for as long as
 * it really runs: energy = planned energy ÷ planned span × real span.
 */
const ranOf = ({ piece, seconds, source }: ReturnType<Shelf<never>['runOf']>, now: number): Ran | null => {
  const start = toEpoch(piece.start);
  const end = Math.min(start + seconds, now);
  if (end <= start) return null;
  const planned = toEpoch(piece.end) - start;
  return {
    jobId: piece.jobId,
    region: piece.region,
    start: piece.start,
    end: fromEpoch(end),
    energyKwh: (piece.energyKwh / planned) * (end - start),
    source,
  };
};
