/** An order, taken back: jobs that it moved get the start that was written down before, unless somebody changed them since. */
import type { Undone } from '../../../domain/world.js';
import { type BookRow, keep } from './book.js';
import type { Desk } from './desk.js';
import { carry, intended, survey, type Way, type Wish } from './moves.js';

const BACK: Way = { begun: 'undoing', done: 'undone', over: 'kept', left: 'kept', refused: 'kept' };

export const undoOrder = (desk: Desk, key: string): Promise<Undone> =>
  desk.rehearses
    ? putBack(desk, key)
    : desk.deed(async () => {
        await closeOrder(desk, key);
        return putBack(desk, key);
      });

/** Within a deed, and of an order that is closed. */
export const putBack = async (desk: Desk, key: string): Promise<Undone> => {
  const undone: string[] = [];
  const kept: string[] = [];
  const commands: string[] = [];
  for await (const page of desk.store.rows(desk.book.rows).pages(key)) {
    const wishes = page.filter(({ change }) => MOVED.has(change.state)).map(wayBack);
    const found = await survey(desk, wishes, BACK);
    commands.push(...found.moves.moves.map(({ command }) => command));
    if (!desk.rehearses) await keep(desk, key, intended(found));
    const rows = desk.rehearses ? found.settled : await carry(desk, key, found, BACK);
    const idle = await letGo(
      desk,
      page.filter(({ change }) => change.state === 'not-needed'),
    );
    if (!desk.rehearses) await keep(desk, key, idle);
    // Those of an undo before are told again: whoever asked for that one may not have heard of them.
    const before = page.filter(
      ({ change }) => (change.state === 'undone' && change.why !== NOT_MOVED) || change.state === 'kept',
    );
    for (const { change } of [...before, ...rows]) (change.state === 'undone' ? undone : kept).push(change.jobId);
  }
  return { undone, kept, commands };
};

const MOVED: ReadonlySet<string> = new Set(['made', 'intended', 'undoing']);

const wayBack = (row: BookRow): Wish => ({
  row,
  from: row.change.to,
  // Where the scheduler had not said from when, it was free to start when it was moved.
  to: row.change.from ?? row.change.at,
  begun: true,
});

const NOT_MOVED = 'it had not been moved';

/** Of jobs that were left where the plan has them, those that wait still: they belong to the order no longer. */
const letGo = async (desk: Desk, rows: readonly BookRow[]): Promise<readonly BookRow[]> => {
  if (rows.length === 0) return [];
  const standings = await desk.lookAt(rows.map(({ change }) => change.target));
  const at = desk.clock.now();
  return rows
    .filter(({ change }) => standings.get(change.target)?.phase === 'waits')
    .map((row) => ({ ...row, change: { ...row.change, state: 'undone', why: NOT_MOVED, at } }));
};

/** Nothing more is done for the order behind the undo's back: not of one that was cut short, nor of one that goes on elsewhere. */
const closeOrder = ({ store, book }: Desk, key: string): Promise<void> =>
  store.collection(book.receipts).put(key, { placed: 0, left: [], state: 'undone' });
