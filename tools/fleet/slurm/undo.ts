/** An order, taken back: jobs that it moved get the start that was written down before, unless somebody changed them since. */
import { moveCommand } from '../../../domain/slurm-moves.js';
import type { Undone } from '../../../domain/world.js';
import { BOOK, type BookRow, RECEIPTS } from './book.js';
import { askInTime } from './controller.js';
import type { Desk } from './desk.js';
import { carry, survey, type Way, type Wish } from './moves.js';

const BACK: Way = { begun: 'undoing', done: 'undone', over: 'kept', left: 'kept', refused: 'kept' };

export const undoOrder = async (desk: Desk, key: string): Promise<Undone> => {
  if (!desk.rehearses) {
    await askInTime(desk.controller, desk.clock);
    await closeOrder(desk, key);
  }
  const undone: string[] = [];
  const kept: string[] = [];
  const commands: string[] = [];
  for await (const page of desk.store.rows(BOOK).pages(key)) {
    const wishes = page.filter(({ change }) => MOVED.has(change.state)).map(wayBack);
    const found = await survey(desk, wishes, BACK);
    commands.push(...found.moves.map(moveCommand));
    const rows = desk.rehearses ? found.settled : await carry(desk, key, found, BACK);
    // Those of an undo before are told again: whoever asked for that one may not have heard of them.
    const before = page.filter(({ change }) => change.state === 'undone' || change.state === 'kept');
    for (const { change } of [...before, ...rows]) (change.state === 'undone' ? undone : kept).push(change.jobId);
  }
  return { undone, kept, commands };
};

const MOVED: ReadonlySet<string> = new Set(['made', 'intended', 'undoing']);

const wayBack = (row: BookRow): Wish => ({
  row,
  from: row.change.to,
  // Where Slurm had not said from when, it was free to start when it was moved.
  to: row.change.from ?? row.change.at,
  begun: true,
});

/** An order that was cut short is not completed behind the undo's back. */
const closeOrder = async ({ store }: Desk, key: string): Promise<void> => {
  const receipts = store.collection(RECEIPTS);
  if ((await receipts.get(key)) || (await store.rows(BOOK).count(key)) === 0) return;
  await receipts.put(key, { placed: 0, left: [] });
};
