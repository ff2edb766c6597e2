/** An order, carried out: each job that a plan moves gets its start, where its owner allows it and nobody changed it since. */
import { type Change, rehearsalOf } from '../../../domain/change.js';
import { Fault } from '../../../domain/fault.js';
import { type Job, spanSeconds } from '../../../domain/job.js';
import type { Placement } from '../../../domain/plan.js';
import { latestSafeEnd } from '../../../domain/slurm.js';
import { type Instant, plusSeconds } from '../../../domain/time.js';
import type { Fleet, Placed } from '../../../domain/world.js';
import { BOOK, type BookRow, isTaken, keepWhileOpen, RECEIPTS } from './book.js';
import { askInTime } from './controller.js';
import type { Desk } from './desk.js';
import { carry, intended, keep, survey, type Way, type Wish } from './moves.js';
import type { Waiting } from './queue.js';
import { undoOrder } from './undo.js';

const FORTH: Way = { begun: 'intended', done: 'made', over: 'lost', left: 'left', refused: 'refused' };

type Item = { readonly job: Job; readonly pieces: readonly Placement[]; readonly moved?: boolean };
type Found = {
  readonly state: 'left' | 'lost' | 'not-needed';
  readonly why: string | null;
  readonly lacksLeave?: true;
};

export const placeOrder = async (
  desk: Desk,
  { key, replaces, pages }: Parameters<Fleet['place']>[0],
): Promise<Placed> => {
  const receipts = desk.store.collection(RECEIPTS);
  const receipt = (await receipts.get(key))?.value;
  if (receipt?.state === 'undone') return undone(pages);
  if (receipt !== undefined && receipt.state === undefined) return { placed: receipt.placed, left: receipt.left };
  const controller = await (desk.rehearses ? desk.controller() : askInTime(desk.controller, desk.clock));
  if (desk.rehearses) await desk.store.rows(BOOK).clear(rehearsalOf(key));
  else if (receipt === undefined) await opened(desk, key);
  const order = new OrderOf(desk, key, replaces, await desk.queue(), controller.cluster);
  for await (const page of pages) if (!(await order.take(page))) return closedBy(desk, key, pages);
  const { placed, left, rehearsed } = order;
  if (desk.rehearses) return { placed: 0, left, rehearsed };
  for (;;) {
    const open = await receipts.get(key);
    if (open?.value.state !== 'open') return closedBy(desk, key, pages);
    if (await receipts.replace(key, open.version, { placed, left })) return { placed, left };
  }
};

type Pages = Parameters<Fleet['place']>[0]['pages'];

/** Several may begin the same order: the first opens it. */
const opened = async ({ store }: Desk, key: string): Promise<void> => {
  try {
    await store.collection(RECEIPTS).insert(key, { placed: 0, left: [], state: 'open' });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'conflict') throw error;
  }
};

/**
 * The order was closed while this call went through it. By another that did the same, which knows the end of it; or by an undo, and
 * what was under way here when that went by is put back now: after this no command of the order follows.
 */
const closedBy = async (desk: Desk, key: string, rest: Pages): Promise<Placed> => {
  const { placed, left, state } = (await desk.store.collection(RECEIPTS).get(key))!.value;
  if (state !== 'undone') return { placed, left };
  await undoOrder(desk, key);
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
    private readonly queue: ReadonlyMap<string, Waiting>,
    private readonly cluster: string,
  ) {}

  /** False where the order was closed by somebody else, and nothing more is to be done for it. */
  async take(page: readonly Item[]): Promise<boolean> {
    const { desk, key, replaces } = this;
    const ids = page.map(({ job }) => job.id);
    const rows = desk.store.rows(BOOK);
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
      const found = this.#finding(item, before !== undefined);
      const row = mine ?? this.#rowOf(item, found, before);
      if (mine === undefined && found !== null) fresh.push(row);
      else
        wishes.push({
          row,
          from: before?.to ?? item.job.slurm!.eligibleAt,
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
      if (!(await keepWhileOpen(desk.store, key, [...fresh, ...intended(found)]))) return null;
      return carry(desk, key, found, FORTH);
    }
    const ready = found.ready.map(({ row }): BookRow => ({ ...row, change: { ...row.change, state: 'rehearsed' } }));
    await keep(desk, rehearsalOf(key), [...fresh, ...found.settled, ...ready]);
    return [...found.settled, ...ready];
  }

  #rowOf({ job, pieces }: Item, found: Found | null, before: Change | undefined): BookRow {
    const piece = pieces.reduce((first, one) => (one.start < first.start ? one : first));
    const change: Change = {
      jobId: job.id,
      target: job.slurm?.id ?? '',
      state: found?.state ?? 'intended',
      // A job that an order is undone of belongs to none: it goes back to where it was before all of them.
      from: before === undefined ? (job.slurm?.eligibleAt ?? null) : before.from,
      to: found === null ? piece.start : null,
      command: null,
      why: found?.why ?? null,
      ...(found?.lacksLeave && { lacksLeave: true }),
      at: this.desk.clock.now(),
    };
    return { change, piece, pieces: pieces.length, orderedAt: change.at };
  }

  /** Null: it is to be moved, if nobody was faster. `before`: an order that this one replaces had moved it. */
  #finding({ job, pieces, moved }: Item, before: boolean): Found | null {
    const left = (why: string): Found => ({ state: 'left', why });
    const { slurm } = job;
    if (slurm === undefined) return left('Slurm does not know it; caco export --sbatch writes what submits it');
    if (!moved && !before) return { state: 'not-needed', why: null };
    if (slurm.cluster !== null && slurm.cluster !== this.cluster)
      return left(`it belongs to cluster ${slurm.cluster}, this is ${this.cluster}`);
    const waiting = this.queue.get(slurm.id);
    if (waiting === undefined) return { state: 'lost', why: 'it no longer waits among the jobs that are planned' };
    if (waiting.slurm.stays !== null) return left(waiting.slurm.stays);
    if (this.desk.consent === 'comment' && !waiting.leave) return { ...left(ONLY_RECOMMENDED), lacksLeave: true };
    if (job.category === 'urgent') return left('it is urgent');
    if (pieces.length > 1) return left('the plan pauses it, which no start time can say');
    const { region, start } = pieces[0]!;
    if (region !== job.region) return left(`the plan takes it to ${region}, which no start time can say`);
    return this.#leavesRoom(waiting, job, start) ? null : left('Slurm would remove it at its deadline');
  }

  /** Slurm takes a start that leaves no room to a deadline, and removes the job at that start. */
  #leavesRoom({ slurm }: Waiting, job: Job, start: Instant): boolean {
    const seconds = spanSeconds(job);
    const latest = latestSafeEnd(slurm, seconds);
    return latest === null || plusSeconds(start, seconds) <= latest;
  }
}

const ONLY_RECOMMENDED = 'only recommended: its comment does not say that it may be moved (caco:flex=MINUTES)';

/** What an earlier order did to the job; undefined where that one did not move it. */
const madeUnder = (row: BookRow | undefined): Change | undefined =>
  row?.change.state === 'made' ? row.change : undefined;
