/** Letters in their two boxes, over one table. */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Box, Claim, Claimant, Letter, LetterState, Mail, NewLetter } from '../domain/mail.js';
import type { Flavour } from './dialect.js';
import { prepared } from './prepared.js';
import type { Tables } from './tables.js';

type Row = Selectable<Tables['mail']>;

const letterOf = (row: Row): Letter => ({
  seq: Number(row.seq),
  box: row.box as Box,
  id: row.id,
  thread: row.thread,
  peer: row.peer,
  action: row.action,
  url: row.url,
  body: row.body,
  digest: row.digest,
  exchange: row.exchange,
  state: row.state as LetterState,
  attempts: Number(row.attempts),
  nextAtMs: Number(row.next_at),
  reason: row.reason,
  atMs: Number(row.queued_at),
  settledAtMs: row.settled_at === null ? null : Number(row.settled_at),
});

const rowOf = (box: Box, letter: NewLetter, by: Claimant | null) =>
  ({
    box,
    id: letter.id,
    thread: letter.thread,
    peer: letter.peer,
    action: letter.action,
    url: letter.url,
    body: letter.body,
    digest: letter.digest,
    exchange: letter.exchange,
    state: 'waiting',
    attempts: by === null ? 0 : 1,
    next_at: letter.atMs,
    lease_by: by?.holder ?? null,
    lease_until: by === null ? 0 : by.atMs + by.leaseMs,
    reason: null,
    refused: 0,
    queued_at: letter.atMs,
    settled_at: null,
  }) as unknown as Tables['mail'];

const get = async (on: Kysely<Tables>, box: Box, id: string): Promise<Letter | undefined> => {
  const row = await on.selectFrom('mail').selectAll().where('box', '=', box).where('id', '=', id).executeTakeFirst();
  return row && letterOf(row);
};

type Columns = Tables['mail'];
const insertion = prepared<Omit<Columns, 'seq'>, { seq: Row['seq'] }>((db, slot) =>
  db
    .insertInto('mail')
    .values({
      box: slot('box'),
      id: slot('id'),
      thread: slot('thread'),
      peer: slot('peer'),
      action: slot('action'),
      url: slot('url'),
      body: slot('body'),
      digest: slot('digest'),
      exchange: slot('exchange'),
      state: slot('state'),
      attempts: slot('attempts'),
      next_at: slot('next_at'),
      lease_by: slot('lease_by'),
      lease_until: slot('lease_until'),
      reason: slot('reason'),
      refused: slot('refused'),
      queued_at: slot('queued_at'),
      settled_at: slot('settled_at'),
    } as never)
    .onConflict((c) => c.columns(['box', 'id']).doNothing())
    .returning('seq'),
);
const waiter = prepared<{ box: Box; thread: string }, { seq: Row['seq'] }>((db, slot) =>
  db
    .selectFrom('mail')
    .select('seq')
    .where('box', '=', slot('box'))
    .where('thread', '=', slot('thread'))
    .where('state', '=', 'waiting')
    .limit(1),
);
/** What is null of `exchange` and `body` stays as it was. */
const settling = prepared<
  {
    box: Box;
    id: string;
    holder: string;
    attempts: number;
    state: LetterState;
    reason: string | null;
    refused: number;
    nextAt: number;
    settledAt: number | null;
    exchange: string | null;
    body: string | null;
  },
  never
>((db, slot) =>
  db
    .updateTable('mail')
    .set((e) => ({
      state: slot('state'),
      reason: slot('reason'),
      refused: slot('refused'),
      next_at: slot('nextAt'),
      lease_by: null,
      lease_until: 0,
      settled_at: slot('settledAt'),
      exchange: e.fn.coalesce(e.val(slot('exchange')), 'exchange'),
      body: e.fn.coalesce(e.val(slot('body')), 'body') as never,
    }))
    .where('box', '=', slot('box'))
    .where('id', '=', slot('id'))
    .where('lease_by', '=', slot('holder'))
    .where('attempts', '=', slot('attempts'))
    .where('state', '=', 'waiting'),
);
const revival = prepared<{ box: Box; thread: string; atMs: number }, never>((db, slot) =>
  db
    .updateTable('mail')
    .set({
      state: 'waiting',
      attempts: 0,
      next_at: slot('atMs'),
      lease_by: null,
      lease_until: 0,
      settled_at: null,
    })
    .where('box', '=', slot('box'))
    .where('thread', '=', slot('thread'))
    .where('state', '=', 'dead')
    .where('refused', '=', 0),
);

/** What looks, and what tidies up. */
const booksOf = (db: Kysely<Tables>, flavour: Flavour): Omit<Mail, 'receive' | 'put' | 'claim' | 'settle'> => ({
  async arrived({ box, id }, atMs) {
    await db
      .updateTable('mail')
      .set({ state: 'done', lease_by: null, lease_until: 0, settled_at: atMs })
      .where('box', '=', box)
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .execute();
  },
  get: (box, id) => get(db, box, id),
  async list({ box, state, thread, before, limit, order = 'newest' }) {
    let query = db
      .selectFrom('mail')
      .selectAll()
      .orderBy('seq', order === 'newest' ? 'desc' : 'asc')
      .limit(limit);
    if (box !== undefined) query = query.where('box', '=', box);
    if (state !== undefined) query = query.where('state', '=', state);
    if (thread !== undefined) query = query.where('thread', '=', thread);
    if (before !== undefined) query = query.where('seq', order === 'newest' ? '<' : '>', before);
    return (await query.execute()).map(letterOf);
  },
  async revive({ box, thread, id, unreachable }, atMs) {
    if (thread !== undefined && id === undefined && unreachable)
      return Number((await revival(db, flavour, { box, thread, atMs })).numAffectedRows);
    let query = db
      .updateTable('mail')
      .set({ state: 'waiting', attempts: 0, next_at: atMs, lease_by: null, lease_until: 0, settled_at: null })
      .where('box', '=', box)
      .where('state', '=', 'dead');
    if (thread !== undefined) query = query.where('thread', '=', thread);
    if (id !== undefined) query = query.where('id', '=', id);
    if (unreachable) query = query.where('refused', '=', 0);
    return Number((await query.executeTakeFirst()).numUpdatedRows);
  },
  async count(box) {
    const rows = await db
      .selectFrom('mail')
      .select(['state', (e) => e.fn.count<number>('seq').as('n')])
      .where('box', '=', box)
      .groupBy('state')
      .execute();
    const of = (state: LetterState) => Number(rows.find((row) => row.state === state)?.n ?? 0);
    return { waiting: of('waiting'), done: of('done'), dead: of('dead') };
  },
  async nextDueMs(box) {
    const row = await db
      .selectFrom('mail')
      .select(sql<number | null>`min(case when next_at > lease_until then next_at else lease_until end)`.as('at'))
      .where('box', '=', box)
      .where('state', '=', 'waiting')
      .executeTakeFirst();
    return row?.at === null || row?.at === undefined ? null : Number(row.at);
  },
  async holders() {
    const rows = await db
      .selectFrom('mail')
      .select('lease_by')
      .distinct()
      .where('state', '=', 'waiting')
      .where('lease_by', 'is not', null)
      .execute();
    return rows.map((row) => row.lease_by!);
  },
  async release(holder) {
    await db
      .updateTable('mail')
      .set({ lease_by: null, lease_until: 0 })
      .where('lease_by', '=', holder)
      .where('state', '=', 'waiting')
      .execute();
  },
  async forget(beforeMs) {
    const gone = await db
      .deleteFrom('mail')
      .where('state', '=', 'done')
      .where('settled_at', '<', beforeMs)
      .executeTakeFirst();
    return Number(gone.numDeletedRows);
  },
});

/** `atomic` runs work in a transaction, joining the one that is open. */
export const mailOf = (
  db: Kysely<Tables>,
  flavour: Flavour,
  atomic: <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>,
): Mail => {
  /** The first of each thread that waits: what follows it must not overtake it. */
  const due = (on: Kysely<Tables>, box: Box, { atMs, limit }: Claim) =>
    on
      .selectFrom('mail as m')
      .selectAll()
      .where('m.box', '=', box)
      .where('m.state', '=', 'waiting')
      .where('m.next_at', '<=', atMs)
      .where('m.lease_until', '<=', atMs)
      .where((e) =>
        e.not(
          e.exists(
            e
              .selectFrom('mail as earlier')
              .select('earlier.seq')
              .whereRef('earlier.box', '=', 'm.box')
              .whereRef('earlier.thread', '=', 'm.thread')
              .where('earlier.state', '=', 'waiting')
              .whereRef('earlier.seq', '<', 'm.seq'),
          ),
        ),
      )
      .orderBy('m.seq')
      .limit(limit)
      .execute();

  const waits = async (on: Kysely<Tables>, box: Box, thread: string): Promise<boolean> =>
    (await waiter(on, flavour, { box, thread })).rows.length > 0;

  /** null: one of that name was there. */
  const insert = async (on: Kysely<Tables>, box: Box, letter: NewLetter, by: Claimant | undefined) => {
    const claimant = by === undefined || (await waits(on, box, letter.thread)) ? null : by;
    const row = rowOf(box, letter, claimant);
    const [added] = (await insertion(on, flavour, row)).rows;
    if (added === undefined) return null;
    return { claimed: claimant === null ? null : letterOf({ ...row, seq: added.seq } as unknown as Row) };
  };

  return {
    receive: (letter, by) =>
      atomic(async (on) => {
        const added = await insert(on, 'in', letter, by);
        if (added !== null) return { is: 'new', ...added };
        const before = (await get(on, 'in', letter.id))!;
        return { is: before.digest === letter.digest ? 'same' : 'other', before };
      }),
    put: (letters, by) =>
      atomic(async (on) => {
        const claimed: Letter[] = [];
        for (const letter of letters) {
          const mayClaim = by !== undefined && claimed.length < by.limit;
          const added = await insert(on, 'out', letter, mayClaim ? by : undefined);
          if (added?.claimed) claimed.push(added.claimed);
        }
        return claimed;
      }),
    async claim(box, by) {
      // Mostly there is nothing, and then nobody's turn to write is taken for it.
      if ((await due(db, box, { ...by, limit: 1 })).length === 0) return [];
      return atomic(async (on) => {
        const rows = await due(on, box, by);
        if (rows.length === 0) return [];
        await on
          .updateTable('mail')
          .set((e) => ({
            lease_by: by.holder,
            lease_until: by.atMs + by.leaseMs,
            attempts: e('attempts', '+', 1),
          }))
          .where(
            'seq',
            'in',
            rows.map((row) => row.seq),
          )
          .execute();
        return rows.map((row) => letterOf({ ...row, attempts: Number(row.attempts) + 1 }));
      });
    },
    async settle({ box, id, attempts }, holder, as) {
      const { numAffectedRows } = await settling(db, flavour, {
        box,
        id,
        holder,
        attempts,
        state: as.state,
        reason: as.reason ?? null,
        refused: as.refused === true ? 1 : 0,
        nextAt: as.nextAtMs ?? as.atMs,
        settledAt: as.state === 'waiting' ? null : as.atMs,
        exchange: as.exchange ?? null,
        body: as.body ?? null,
      });
      return numAffectedRows === 1n;
    },
    ...booksOf(db, flavour),
  };
};
