/** Moving jobs that wait to another start: look, write down, command, look again. */
import type { ChangeState } from '../../../domain/change.js';
import { oneLine } from '../../../domain/text.js';
import { type Instant, secondsBetween } from '../../../domain/time.js';
import { type BookRow, keep } from './book.js';
import type { Desk, Moves, Standing } from './desk.js';

/** A job that is to go to another start. */
export interface Wish {
  readonly row: BookRow;
  /** from when it may start as far as we know; null: the scheduler had not said */
  readonly from: Instant | null;
  readonly to: Instant;
  /** why it is not moved any more, should it not have been yet */
  readonly stays?: string | undefined;
  /** the row says already what it is put back to */
  readonly begun: boolean;
}

export interface Way {
  /** what the row says while the command is under way, and when it is read back done */
  readonly begun: Extract<ChangeState, 'intended' | 'undoing'>;
  readonly done: Extract<ChangeState, 'made' | 'undone'>;
  /** what it says of a job that started or ended, and of one that somebody else holds or moved */
  readonly over: Extract<ChangeState, 'lost' | 'kept'>;
  readonly left: Extract<ChangeState, 'left' | 'kept'>;
  /** what it says of a job that the scheduler would not move */
  readonly refused: Extract<ChangeState, 'refused' | 'kept'>;
}

type Finding = Pick<BookRow['change'], 'state' | 'why'>;

/** A scheduler may set the moment of an array, and of a job that was just submitted, at its first look at it, as Slurm does. */
const FIRST_LOOK_SECONDS = 60;

/** What a look at the queue makes of wishes, before anything is done. */
export interface Survey {
  /** rows whose jobs need no command, or get none */
  readonly settled: readonly BookRow[];
  /** the rows of the others, with their commands, as they are written down before these are run */
  readonly ready: readonly (Wish & { readonly row: BookRow })[];
  readonly moves: Moves;
}

export const survey = async (desk: Desk, wishes: readonly Wish[], way: Way): Promise<Survey> => {
  if (wishes.length === 0) return { settled: [], ready: [], moves: desk.movesOf([]) };
  const standings = await desk.lookAt(wishes.map(({ row }) => row.change.target));
  const at = desk.clock.now();
  const settled: BookRow[] = [];
  const free = new Map<string, Wish & { readonly eligibleAt: Instant | null }>();
  for (const wish of wishes) {
    const { target } = wish.row.change;
    const finding = findingBefore(standings.get(target), wish, way, at);
    if (finding === null) free.set(target, { ...wish, eligibleAt: standings.get(target)!.eligibleAt });
    else settled.push(written(wish.row, { ...finding, at }));
  }
  // What could start at any moment goes first.
  const inHaste = [...free].sort(([, a], [, b]) => ((a.eligibleAt ?? '') < (b.eligibleAt ?? '') ? -1 : 1));
  const moves = desk.movesOf(inHaste.map(([target, { eligibleAt, to }]) => ({ target, eligibleAt, to })));
  const ready = moves.moves.flatMap((one) =>
    one.targets.map((target) => {
      const wish = free.get(target)!;
      const { change } = wish.row;
      // What was written down first is what the job is put back to, however often the same is begun again.
      const from = wish.begun ? change.from : wish.eligibleAt;
      const row = written(wish.row, { state: way.begun, why: null, from, command: one.command, at });
      return { ...wish, row };
    }),
  );
  return { settled, ready, moves };
};

/** What a survey is about to do, as it is written down first. */
export const intended = ({ settled, ready }: Survey): BookRow[] => [...settled, ...ready.map(({ row }) => row)];

/**
 * Does what a survey found and its intentions say, once these are written down, and answers the rows as they are then: commanded,
 * looked at again. What a crash cuts off is found in the book, and the queue says what became of it: a start is absolute, so that
 * asking twice is asking once.
 */
export const carry = async (
  desk: Desk,
  key: string,
  { settled, ready, moves }: Survey,
  way: Way,
): Promise<readonly BookRow[]> => {
  if (ready.length === 0) return settled;
  const said = await moves.run();
  const standings = await desk.lookAt(ready.map(({ row }) => row.change.target));
  const at = desk.clock.now();
  const done = ready.map(({ row, to }) => {
    const { target } = row.change;
    return written(row, {
      ...findingAfter(standings.get(target), { row, to }, way, said.get(target) ?? desk.unmoved, at),
      at,
    });
  });
  await keep(desk, key, done);
  return [...settled, ...done];
};

const written = (row: BookRow, change: Partial<BookRow['change']>): BookRow => ({
  ...row,
  change: { ...row.change, ...change },
});

/** Where it is meant to be, or free to start when that moment has passed. */
const isThere = ({ eligibleAt }: Standing, to: Instant, now: Instant): boolean =>
  eligibleAt === to || (to <= now && eligibleAt !== null && eligibleAt <= now);

/** Null: it can be moved. Any other start than the one we know is somebody's wish, and so is a hold. */
const findingBefore = (
  standing: Standing | undefined,
  { row, from, to, stays, begun }: Wish,
  way: Way,
  now: Instant,
): Finding | null => {
  const over = overOf(standing, row, to, way);
  if (over !== null) return over;
  const { held, reason, eligibleAt } = standing!;
  // Its owner may have given it just this start: then nothing was done, and nothing is to be taken back.
  const there: Finding = { state: begun ? way.done : 'not-needed', why: null };
  if (eligibleAt === to) return there;
  if (held) return { state: way.left, why: `it is held (${reason}); who holds it releases it` };
  if (isThere(standing!, to, now)) return there;
  if (stays !== undefined) return { state: way.left, why: stays };
  const since = from === null || eligibleAt === null ? null : secondsBetween(from, eligibleAt);
  const isOurs =
    from === null
      ? eligibleAt === null || eligibleAt <= now
      : since !== null && since >= 0 && since <= FIRST_LOOK_SECONDS;
  return isOurs ? null : { state: way.left, why: 'somebody else changed its start since' };
};

const findingAfter = (
  standing: Standing | undefined,
  { row, to }: Pick<Wish, 'row' | 'to'>,
  way: Way,
  said: string,
  now: Instant,
): Finding => {
  const over = overOf(standing, row, to, way);
  if (over !== null) return over;
  if (isThere(standing!, to, now)) return { state: way.done, why: null };
  if (standing!.held) return { state: way.left, why: `it is held (${standing!.reason}); who holds it releases it` };
  return { state: way.refused, why: oneLine(said, 300) };
};

/** A job that waits no longer: one that started at its moment was moved, one that started before was not. Null: it waits. */
const overOf = (standing: Standing | undefined, row: BookRow, to: Instant, way: Way): Finding | null => {
  if (standing === undefined) return { state: way.over, why: 'it is no longer in the queue' };
  if (standing.phase === 'waits') return null;
  const { startedAt, state } = standing;
  const begun = row.change.state === way.begun;
  if (begun && startedAt !== null && startedAt >= to) return { state: way.done, why: null };
  return { state: way.over, why: `it ${standing.phase === 'runs' ? 'started' : 'ended'} before (${state})` };
};
