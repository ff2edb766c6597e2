/** The book of an order: a row for each job, written before anything is done to it. After a crash it says what to ask Slurm about. */
import { z } from 'zod';
import { Change } from '../../../domain/change.js';
import { Placement } from '../../../domain/plan.js';
import { defineCollection, defineRows } from '../../../domain/store.js';

export const BookRow = z.strictObject({
  change: Change,
  piece: Placement.describe('the job as it was ordered; its first piece'),
  pieces: z.number().int().describe('of the order'),
});
export type BookRow = z.infer<typeof BookRow>;

/** Rows by order key, named by job id. */
export const BOOK = defineRows('slurm_orders', BookRow);

/** An order that was gone through to its end, or undone, by its key: nothing is done for it again. */
export const RECEIPTS = defineCollection(
  'slurm_order_receipts',
  z.strictObject({ placed: z.number().int(), left: z.array(z.string()) }),
);

/** The job runs as the order says. */
export const isTaken = ({ state }: Change): boolean =>
  state === 'made' || state === 'not-needed' || state === 'kept' || state === 'undoing';
