/** Values of the grid's signals, each under the step that it is about and the second in which it was first had. */
import { type Kysely, sql } from 'kysely';
import type { GridValue, GridValues, Quantity, Said, SignalKey } from '../domain/grid-values.js';
import type { SignalStatus } from '../domain/signal.js';
import { fromEpoch, type Instant, toEpoch } from '../domain/time.js';
import type { Tables } from './tables.js';

/** Rows in one statement: few enough for either database's limit of bound values. */
const BATCH = 100;
/** No step of a signal is longer: who reads an interval looks so far back for the step that reaches into it. */
const LONGEST_STEP_S = 86_400;

type Row = Tables['grid_values'];

const newestBy = (on: Kysely<Tables>, signal: number, from: number, to: number, asOf: number) =>
  on
    .selectFrom('grid_values as v')
    .selectAll('v')
    .where('v.signal', '=', signal)
    .where('v.at', '>=', from)
    .where('v.at', '<', to)
    .where('v.seen', '<=', asOf)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('grid_values as w')
            .select('w.at')
            .whereRef('w.signal', '=', 'v.signal')
            .whereRef('w.at', '=', 'v.at')
            .whereRef('w.foreseen', '=', 'v.foreseen')
            .whereRef('w.seen', '>', 'v.seen')
            .where('w.seen', '<=', asOf),
        ),
      ),
    )
    .orderBy('v.at')
    .orderBy('v.foreseen');

/** Postgres gives its longer integers as text. */
const keptOf = (row: Row): GridValue => ({
  at: fromEpoch(Number(row.at)),
  minutes: Number(row.minutes),
  value: row.value === null ? null : Number(row.value),
  status: row.status as SignalStatus,
  published: row.published === null ? null : fromEpoch(Number(row.published)),
  retrieved: fromEpoch(Number(row.seen)),
  checked: fromEpoch(Number(row.checked)),
});

/** What was foreseen of a step and what came of it are two lines of values: one never replaces the other. */
const lineOf = ({ status }: Said): number => (status === 'forecast' ? 1 : 0);
const stepOf = (at: number, foreseen: number) => `${at} ${foreseen}`;

/** Whether what was said is news beside the newest that is kept, holds it still, or is less than it. */
const compare = (said: Said, kept: Row | undefined): 'news' | 'holds' | 'less' => {
  if (kept === undefined) return 'news';
  const before = kept.value === null ? null : Number(kept.value);
  if (said.value === null && before !== null) return 'less';
  const same = said.value === before && said.status === kept.status && said.minutes === Number(kept.minutes);
  return same ? 'holds' : 'news';
};

/** Notes of the newest value of each step that it was said again. */
const stillHold = async (
  on: Kysely<Tables>,
  signal: number,
  foreseen: number,
  holding: readonly { at: number; foreseen: number }[],
  seen: number,
) => {
  const steps = holding.filter((step) => step.foreseen === foreseen).map(({ at }) => at);
  for (let n = 0; n < steps.length; n += BATCH)
    await on
      .updateTable('grid_values')
      .set({ checked: seen })
      .where('signal', '=', signal)
      .where('foreseen', '=', foreseen)
      .where('at', 'in', steps.slice(n, n + BATCH))
      .where('checked', '<', seen)
      .where((e) =>
        e(
          'seen',
          '=',
          e
            .selectFrom('grid_values as w')
            .select((f) => f.fn.max('w.seen').as('newest'))
            .whereRef('w.signal', '=', 'grid_values.signal')
            .whereRef('w.at', '=', 'grid_values.at')
            .whereRef('w.foreseen', '=', 'grid_values.foreseen'),
        ),
      )
      .execute();
};

export const gridValuesOf = (
  db: Kysely<Tables>,
  atomic: <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>,
): GridValues => {
  const keyOf = async (on: Kysely<Tables>, { source, region, quantity, unit }: SignalKey) => {
    const row = await on
      .selectFrom('grid_signals')
      .select('key')
      .where('source', '=', source)
      .where('region', '=', region)
      .where('quantity', '=', quantity)
      .where('unit', '=', unit)
      .executeTakeFirst();
    return row && Number(row.key);
  };
  const open = async (on: Kysely<Tables>, { source, region, quantity, unit }: SignalKey) => {
    const values = { source, region, quantity, unit } as Tables['grid_signals'];
    await on
      .insertInto('grid_signals')
      .values(values)
      .onConflict((c) => c.columns(['source', 'region', 'quantity', 'unit']).doNothing())
      .execute();
    return (await keyOf(on, values as SignalKey))!;
  };
  return {
    async read(signal, { start, end }, asOf) {
      const key = await keyOf(db, signal);
      if (key === undefined) return [];
      const from = toEpoch(start);
      const rows = await newestBy(db, key, from - LONGEST_STEP_S, toEpoch(end), toEpoch(asOf)).execute();
      return rows.map(keptOf).filter(({ at, minutes }) => toEpoch(at) + minutes * 60 > from);
    },
    async write(signal, said, retrieved) {
      // Of what was said twice the last word counts, but for a gap.
      const byStep = new Map<string, Said>();
      for (const one of said) {
        const step = stepOf(toEpoch(one.at), lineOf(one));
        if (one.value !== null || (byStep.get(step)?.value ?? null) === null) byStep.set(step, one);
      }
      if (byStep.size === 0) return 0;
      const seen = toEpoch(retrieved);
      return atomic(async (on) => {
        const key = await open(on, signal);
        const times = [...byStep.values()].map(({ at }) => toEpoch(at)).sort((a, b) => a - b);
        const kept = new Map<string, Row>();
        const before = newestBy(on, key, times[0]!, times.at(-1)! + 1, Number.MAX_SAFE_INTEGER);
        for (const row of await before.execute()) kept.set(stepOf(Number(row.at), Number(row.foreseen)), row);
        const news: Row[] = [];
        const holding: { at: number; foreseen: number }[] = [];
        for (const [step, one] of byStep) {
          const [at, foreseen] = [toEpoch(one.at), lineOf(one)];
          const found = compare(one, kept.get(step));
          if (found === 'holds') holding.push({ at, foreseen });
          if (found !== 'news') continue;
          const { minutes, value, status, published } = one;
          // A clock that was set back must not put news before what is known already.
          const known = kept.get(step);
          const first = known === undefined ? seen : Math.max(seen, Number(known.seen) + 1);
          const when = published === null ? null : toEpoch(published);
          news.push({
            signal: key,
            at,
            foreseen,
            seen: first,
            minutes,
            value,
            status,
            published: when,
            checked: first,
          });
        }
        for (let n = 0; n < news.length; n += BATCH)
          await on
            .insertInto('grid_values')
            .values(news.slice(n, n + BATCH))
            .execute();
        for (const foreseen of [0, 1]) await stillHold(on, key, foreseen, holding, seen);
        return news.length;
      });
    },
    async signals() {
      const rows = await db
        .selectFrom('grid_signals as s')
        .innerJoin('grid_values as v', 'v.signal', 's.key')
        .select(['s.source', 's.region', 's.quantity', 's.unit'])
        .select((e) => [
          sql<number>`count(distinct v.at)`.as('steps'),
          e.fn.min('v.at').as('first'),
          e.fn.max('v.at').as('last'),
          e.fn.max('v.seen').as('seen'),
        ])
        .where('v.value', 'is not', null)
        .groupBy(['s.source', 's.region', 's.quantity', 's.unit'])
        .orderBy('s.source')
        .orderBy('s.region')
        .orderBy('s.quantity')
        .execute();
      const instantOf = (seconds: unknown): Instant => fromEpoch(Number(seconds));
      return rows.map(({ source, region, quantity, unit, steps, first, last, seen }) => ({
        source,
        region,
        quantity: quantity as Quantity,
        unit,
        steps: Number(steps),
        from: instantOf(first),
        to: instantOf(last),
        retrieved: instantOf(seen),
      }));
    },
  };
};
