/** The book of an order: a row for each job, written before anything is done to it. After a crash it says what to ask Slurm about. */
import { z } from 'zod';
import { Change } from '../../../domain/change.js';
import { Placement } from '../../../domain/plan.js';
import { defineCollection, defineRows, type Store } from '../../../domain/store.js';
import { Instant } from '../../../domain/time.js';

export const BookRow = z.strictObject({
  change: Change,
  piece: Placement.describe('the job as it was ordered; its first piece'),
  pieces: z.number().int().describe('of the order'),
  orderedAt: Instant.optional().describe(
    'when it was first ordered: what ran of the job before is none of this order’s',
  ),
});
export type BookRow = z.infer<typeof BookRow>;

/** Rows by order key, named by job id. */
export const BOOK = defineRows('slurm_orders', BookRow);

/**
 * An order by its key. `open` is still being gone through; without it, it was gone through to its end, or undone, and nothing is done
 * for it again. Its version grows with every page that is written, so that whoever closes it knows that none is written afterwards.
 */
export const RECEIPTS = defineCollection(
  'slurm_order_receipts',
  z.strictObject({
    placed: z.number().int(),
    left: z.array(z.string()),
    state: z.enum(['open', 'undone']).optional().describe('absent: gone through to its end'),
  }),
);

/** Writes what is about to be done, while the order is open; false, and nothing written, where it was closed meanwhile. */
export const keepWhileOpen = (store: Store, key: string, rows: readonly BookRow[]): Promise<boolean> =>
  store.transaction(async (tx) => {
    const receipts = tx.collection(RECEIPTS);
    for (;;) {
      const found = await receipts.get(key);
      if (found?.value.state !== 'open') return false;
      if (await receipts.replace(key, found.version, found.value)) break;
    }
    await tx.rows(BOOK).upsert(
      key,
      rows.map((value) => ({ id: value.change.jobId, value })),
    );
    return true;
  });

/** The job runs as the order says. */
export const isTaken = ({ state }: Change): boolean =>
  state === 'made' || state === 'not-needed' || state === 'kept' || state === 'undoing';
