/** An order, taken back: jobs that it moved get the start that was written down before, unless somebody changed them since. */
import { moveCommand } from '../../../domain/slurm-moves.js';
import type { Undone } from '../../../domain/world.js';
import { BOOK, type BookRow, RECEIPTS } from './book.js';
import { askInTime } from './controller.js';
import type { Desk } from './desk.js';
import { lookAt } from './look.js';
import { carry, intended, keep, survey, type Way, type Wish } from './moves.js';

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
  // Where Slurm had not said from when, it was free to start when it was moved.
  to: row.change.from ?? row.change.at,
  begun: true,
});

const NOT_MOVED = 'it had not been moved';

/** Of jobs that were left where the plan has them, those that wait still: they belong to the order no longer. */
const letGo = async (desk: Desk, rows: readonly BookRow[]): Promise<readonly BookRow[]> => {
  if (rows.length === 0) return [];
  const standings = await lookAt(
    desk.slurm,
    rows.map(({ change }) => change.target),
  );
  const at = desk.clock.now();
  return rows
    .filter(({ change }) => standings.get(change.target)?.phase === 'waits')
    .map((row) => ({ ...row, change: { ...row.change, state: 'undone', why: NOT_MOVED, at } }));
};

/** Nothing more is done for the order behind the undo's back: not of one that was cut short, nor of one that goes on elsewhere. */
const closeOrder = ({ store }: Desk, key: string): Promise<void> =>
  store.collection(RECEIPTS).put(key, { placed: 0, left: [], state: 'undone' });
