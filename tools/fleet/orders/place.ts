/** An order, carried out: each job that a plan moves gets its start, where its owner allows it and nobody changed it since. */
import { type Change, rehearsalOf } from '../../../domain/change.js';
import { Fault } from '../../../domain/fault.js';
import type { Fleet, Placed } from '../../../domain/world.js';
import { type BookRow, isTaken, keep, keepWhileOpen } from './book.js';
import type { Desk, Item, Left } from './desk.js';
import { carry, intended, survey, type Way, type Wish } from './moves.js';
import { putBack } from './undo.js';

const FORTH: Way = { begun: 'intended', done: 'made', over: 'lost', left: 'left', refused: 'refused' };

type Order = Parameters<Fleet['place']>[0];

export const placeOrder = async (desk: Desk, order: Order): Promise<Placed> => {
  const receipt = (await desk.store.collection(desk.book.receipts).get(order.key))?.value;
  if (receipt?.state === 'undone') return undone(order.pages);
  if (receipt !== undefined && receipt.state === undefined) return { placed: receipt.placed, left: receipt.left };
  if (desk.rehearses) return rehearse(desk, order);
  return desk.deed(async () => {
    if (receipt === undefined) await opened(desk, order.key);
    return carryOut(desk, order);
  });
};

const rehearse = async (desk: Desk, { key, replaces, pages }: Order): Promise<Placed> => {
  await desk.store.rows(desk.book.rows).clear(rehearsalOf(key));
  const order = new OrderOf(desk, key, replaces, await desk.judge());
  for await (const page of pages) await order.take(page);
  return { placed: 0, left: order.left, rehearsed: order.rehearsed };
};

const carryOut = async (desk: Desk, { key, replaces, pages }: Order): Promise<Placed> => {
  const receipts = desk.store.collection(desk.book.receipts);
  const order = new OrderOf(desk, key, replaces, await desk.judge());
  for await (const page of pages) if (!(await order.take(page))) return closedBy(desk, key, pages);
  const { placed, left } = order;
  for (;;) {
    const open = await receipts.get(key);
    if (open?.value.state !== 'open') return closedBy(desk, key, pages);
    if (await receipts.replace(key, open.version, { placed, left })) return { placed, left };
  }
};

type Pages = Order['pages'];

/** Several may begin the same order: the first opens it. */
const opened = async ({ store, book }: Desk, key: string): Promise<void> => {
  try {
    await store.collection(book.receipts).insert(key, { placed: 0, left: [], state: 'open' });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'conflict') throw error;
  }
};

/**
 * The order was closed while this call went through it. By another that did the same, which knows the end of it; or by an undo, and
 * what was under way here when that went by is put back now: after this no command of the order follows.
 */
const closedBy = async (desk: Desk, key: string, rest: Pages): Promise<Placed> => {
  const { placed, left, state } = (await desk.store.collection(desk.book.receipts).get(key))!.value;
  if (state !== 'undone') return { placed, left };
  await putBack(desk, key);
  return undone(rest);
};

/** None of them: nothing is done for an order that was undone. */
const undone = async (pages: Pages): Promise<Placed> => {
  const left: string[] = [];
  for await (const page of pages) left.push(...page.map(({ job }) => job.id));
  return { placed: 0, left };
};

class OrderOf {
  placed = 0;
  readonly left: string[] = [];
  rehearsed = 0;

  constructor(
    private readonly desk: Desk,
    private readonly key: string,
    private readonly replaces: string | undefined,
    private readonly judge: Awaited<ReturnType<Desk['judge']>>,
  ) {}

  /** False where the order was closed by somebody else, and nothing more is to be done for it. */
  async take(page: readonly Item[]): Promise<boolean> {
    const { desk, key, replaces } = this;
    const ids = page.map(({ job }) => job.id);
    const rows = desk.store.rows(desk.book.rows);
    const own = desk.rehearses ? new Map<string, BookRow>() : await rows.findAll(key, ids);
    const earlier = replaces === undefined ? new Map<string, BookRow>() : await rows.findAll(replaces, ids);
    const known: BookRow[] = [];
    const fresh: BookRow[] = [];
    const wishes: Wish[] = [];
    for (const item of page) {
      if (item.pieces.length === 0) continue;
      const mine = own.get(item.job.id);
      if (mine !== undefined && mine.change.state !== 'intended') {
        known.push(mine);
        continue;
      }
      const before = madeUnder(earlier.get(item.job.id));
      const found = this.judge(item, before !== undefined);
      const row = mine ?? this.#rowOf(item, found, before);
      if (mine === undefined && found !== null) fresh.push(row);
      else
        wishes.push({
          row,
          from: before?.to ?? desk.known(item.job)!.eligibleAt,
          to: item.pieces[0]!.start,
          // What was begun before a crash may have been done: the queue is asked, whatever was found since.
          stays: found?.why ?? undefined,
          begun: mine !== undefined || before !== undefined,
        });
    }
    const carried = await this.#carry(fresh, wishes);
    if (carried === null) return false;
    const all = [...known, ...fresh, ...carried];
    for (const { change, pieces } of all) {
      if (change.state === 'rehearsed') this.rehearsed++;
      if (isTaken(change) && !desk.rehearses) this.placed += pieces;
      else this.left.push(change.jobId);
    }
    if (replaces === undefined || desk.rehearses) return true;
    const taken = all.filter(({ change }) => isTaken(change));
    await rows.remove(
      replaces,
      taken.map(({ change }) => change.jobId),
    );
    return true;
  }

  async #carry(fresh: readonly BookRow[], wishes: readonly Wish[]): Promise<readonly BookRow[] | null> {
    const { desk, key } = this;
    const found = await survey(desk, wishes, FORTH);
    if (!desk.rehearses) {
      if (!(await keepWhileOpen(desk, key, [...fresh, ...intended(found)]))) return null;
      return carry(desk, key, found, FORTH);
    }
    const ready = found.ready.map(({ row }): BookRow => ({ ...row, change: { ...row.change, state: 'rehearsed' } }));
    await keep(desk, rehearsalOf(key), [...fresh, ...found.settled, ...ready]);
    return [...found.settled, ...ready];
  }

  #rowOf({ job, pieces }: Item, found: Left | null, before: Change | undefined): BookRow {
    const piece = pieces.reduce((first, one) => (one.start < first.start ? one : first));
    const known = this.desk.known(job);
    const change: Change = {
      jobId: job.id,
      target: known?.target ?? '',
      state: found?.state ?? 'intended',
      // A job that an order is undone of belongs to none: it goes back to where it was before all of them.
      from: before === undefined ? (known?.eligibleAt ?? null) : before.from,
      to: found === null ? piece.start : null,
      command: null,
      why: found?.why ?? null,
      ...(found?.lacksLeave && { lacksLeave: true }),
      at: this.desk.clock.now(),
    };
    return { change, piece, pieces: pieces.length, orderedAt: change.at };
  }
}

/** What an earlier order did to the job; undefined where that one did not move it. */
const madeUnder = (row: BookRow | undefined): Change | undefined =>
  row?.change.state === 'made' ? row.change : undefined;
