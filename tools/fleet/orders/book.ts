/** The book of an order: a row for each job, written before anything is done to it. After a crash it says what to ask the scheduler about. */
import { z } from 'zod';
import { Change } from '../../../domain/change.js';
import { Placement } from '../../../domain/plan.js';
import type { CollectionOf, RowsOf, Store } from '../../../domain/store.js';
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

export const Receipt = z.strictObject({
  placed: z.number().int(),
  left: z.array(z.string()),
  state: z.enum(['open', 'undone']).optional().describe('absent: gone through to its end'),
});
export type Receipt = z.infer<typeof Receipt>;

/** Where a scheduler's orders are kept. Each has names of its own: a store may have seen several. */
export interface Book {
  /** Rows by order key, named by job id. */
  readonly rows: RowsOf<BookRow>;
  /**
   * An order by its key. `open` is still being gone through; without it, it was gone through to its end, or undone, and nothing is done
   * for it again. Its version grows with every page that is written, so that whoever closes it knows that none is written afterwards.
   */
  readonly receipts: CollectionOf<Receipt>;
}

/** A book, and the store that it is kept in. */
interface Kept {
  readonly store: Store;
  readonly book: Book;
}

/** Writes what is about to be done, while the order is open; false, and nothing written, where it was closed meanwhile. */
export const keepWhileOpen = ({ store, book }: Kept, key: string, rows: readonly BookRow[]): Promise<boolean> =>
  store.transaction(async (tx) => {
    const receipts = tx.collection(book.receipts);
    for (;;) {
      const found = await receipts.get(key);
      if (found?.value.state !== 'open') return false;
      if (await receipts.replace(key, found.version, found.value)) break;
    }
    await tx.rows(book.rows).upsert(
      key,
      rows.map((value) => ({ id: value.change.jobId, value })),
    );
    return true;
  });

/** Writes what became of it. */
export const keep = async ({ store, book }: Kept, key: string, rows: readonly BookRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await store.rows(book.rows).upsert(
    key,
    rows.map((value) => ({ id: value.change.jobId, value })),
  );
};

/** The job runs as the order says. */
export const isTaken = ({ state }: Change): boolean =>
  state === 'made' || state === 'not-needed' || state === 'kept' || state === 'undoing';
