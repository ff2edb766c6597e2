/** Who holds a job: reserved before it is handed over, by one plan at a time, over a real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openStore } from '../store/store.js';
import { Fault } from './fault.js';
import { plainJob, quietWorld } from './fixtures/quiet-world.js';
import {
  enterEarlierOrders,
  type Handing,
  Held,
  handBack,
  handings,
  heldPieces,
  hold,
  holdAsChanged,
  holdersIn,
  identityOf,
  release,
} from './held.js';
import { JOBS, type Job } from './job.js';
import { BASELINE, ORDERS, type Order, PLACEMENTS, type Placement, worldName } from './plan.js';
import { defineCollection, defineRows, type Store } from './store.js';
import { type Instant, instant, plusHours } from './time.js';
import { hours, kg, kwh, money } from './units.js';
import type { World } from './world.js';

const T0 = instant('2026-06-01T00:00:00Z');
const END = plusHours(T0, 2);
const folder = mkdtempSync(join(tmpdir(), 'caco-held-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
let store: Store;
let world: World;
let now: Instant;
beforeEach(async () => {
  now = T0;
  store = await openStore(join(folder, `${files++}.db`));
  world = quietWorld(store, () => now);
  return () => store.close();
});

const job = (id: string, over: Partial<Job> = {}) => plainJob(id, T0, over);
const [a, b, c] = ['a', 'b', 'c'].map((id) => job(id)) as [Job, Job, Job];
const until = (of: Job, end = END): Handing => ({ job: of, end });
const holdFor = (planId: string, page: Handing[], replaces: string | null = null, of = world) =>
  hold(of, { planId, replaces }, page);
const holders = async (jobs: readonly Job[] = [a, b, c], of = world) => Object.fromEntries(await holdersIn(of, jobs));

it('the same job is one of the same id, time of submission and length', () => {
  expect(identityOf(a)).toBe('a\t2026-06-01T00:00:00Z\t7200');
  const others = [job('b'), job('a', { submittedAt: plusHours(T0, 24) }), job('a', { durationHours: hours(3) })];
  expect(new Set([a, ...others].map(identityOf)).size).toBe(4);
  expect(identityOf(job('a', { team: 'other', region: 'eu-north-1' }))).toBe(identityOf(a));
});

describe('a plan that reserves jobs', () => {
  it('holds those that are free, and is told so with their ends; of others nothing is known', async () => {
    expect(await holders()).toEqual({});
    expect(await holdFor('P-1', [until(a), until(b, plusHours(T0, 5))])).toEqual(new Set(['a', 'b']));
    expect(await holders()).toEqual({
      a: { planId: 'P-1', end: END },
      b: { planId: 'P-1', end: plusHours(T0, 5) },
    });
    expect(await holdersIn(world, [c])).toEqual(new Map());
    expect(await holdFor('P-1', [])).toEqual(new Set());
  });

  it('holds the same ones again after a crash, as they were', async () => {
    await holdFor('P-1', [until(a)]);
    expect(await holdFor('P-1', [until(a, plusHours(T0, 9)), until(b)])).toEqual(new Set(['a', 'b']));
    expect(await holders()).toEqual({ a: { planId: 'P-1', end: END }, b: { planId: 'P-1', end: END } });
  });

  it('leaves those of another plan to it', async () => {
    await holdFor('P-1', [until(a)]);
    expect(await holdFor('P-2', [until(a), until(b)])).toEqual(new Set(['b']));
    expect(await holdFor('P-3', [until(a), until(b)], 'P-2')).toEqual(new Set(['b']));
    expect(await holders()).toMatchObject({ a: { planId: 'P-1', end: END }, b: { planId: 'P-3', end: END } });
  });

  it('takes those of the plan that it replaces over, while they have not ended', async () => {
    await holdFor('P-1', [until(a), until(b, plusHours(T0, 3))]);
    now = END;
    expect(await holdFor('P-2', [until(a, plusHours(T0, 8)), until(b, plusHours(T0, 8))], 'P-1')).toEqual(
      new Set(['b']),
    );
    expect(await holders()).toMatchObject({
      a: { planId: 'P-1', end: END },
      b: { planId: 'P-2', end: plusHours(T0, 8) },
    });
    // What it could not hand over runs as it was ordered before; what it lets go of is nobody's.
    await handBack(world, 'P-2', [a, b]);
    expect(await holders()).toEqual({ a: { planId: 'P-1', end: END }, b: { planId: 'P-1', end: plusHours(T0, 3) } });
    await holdFor('P-3', [until(b, plusHours(T0, 9))], 'P-1');
    await release(world, 'P-3', [b]);
    expect(await holders()).toEqual({ a: { planId: 'P-1', end: END } });
  });

  it('takes nothing from another world', async () => {
    const other = { ...world, setting: { ...world.setting, seed: 2 } };
    await holdFor('P-1', [until(a)]);
    expect(await holdFor('P-2', [until(a)], null, other)).toEqual(new Set(['a']));
    expect([await holders([a]), await holders([a], other)]).toEqual([
      { a: { planId: 'P-1', end: END } },
      { a: { planId: 'P-2', end: END } },
    ]);
  });

  it('looks again when another process was quicker, and at no other error', async () => {
    const failing = (error: Error) => {
      let left = 1;
      const transaction: Store['transaction'] = async (work) => {
        if (left-- > 0) throw error;
        return store.transaction(work);
      };
      return { ...world, store: { ...store, transaction } };
    };
    await enterEarlierOrders(world);
    expect(await holdFor('P-1', [until(a)], null, failing(new Fault('conflict', 'taken', 'Again.')))).toEqual(
      new Set(['a']),
    );
    for (const error of [
      new Fault('unavailable', 'the disk is full', 'Make room.'),
      Object.assign(new Error('odd'), { code: 'conflict' }),
    ])
      await expect(holdFor('P-1', [until(a)], null, failing(error))).rejects.toBe(error);
  });

  it('gives back what it did not hand over, and nothing of another', async () => {
    await holdFor('P-1', [until(a), until(b)]);
    await holdFor('P-2', [until(c)]);
    await release(world, 'P-1', [a, c, job('d')]);
    expect(await holders()).toEqual({ b: { planId: 'P-1', end: END }, c: { planId: 'P-2', end: END } });
  });

  it('holds a job that turned out longer at its new length too; what nobody holds stays free', async () => {
    await holdFor('P-1', [until(a)]);
    const [longA, longB] = [a, b].map((of) => ({ ...of, durationHours: hours(4) })) as [Job, Job];
    const changes = [
      { before: a, after: longA },
      { before: b, after: longB },
    ];
    await store.transaction((tx) => holdAsChanged(tx, world, changes));
    expect(await holders([longA, longB])).toEqual({ a: { planId: 'P-1', end: END } });
    expect(await holders([a])).toEqual({ a: { planId: 'P-1', end: END } });
  });
});

it('makes an order that holds other jobs than before another version of it, and no other order', async () => {
  const orders = store.collection(ORDERS);
  const versions = async () => [(await orders.get('P-1'))?.version, (await orders.get('P-2'))?.version];
  await holdFor('P-1', [until(a), until(b)]);
  for (const planId of ['P-1', 'P-2']) await orders.put(planId, order(planId));
  await holdFor('P-1', [until(a), until(b)]);
  expect(await versions()).toEqual([1, 1]);
  await holdFor('P-2', [until(c)]);
  expect(await versions()).toEqual([1, 2]);
  await holdFor('P-2', [until(a)], 'P-1');
  expect(await versions()).toEqual([2, 3]);
  await handBack(world, 'P-2', [a]);
  expect(await versions()).toEqual([3, 4]);
  const longer = { before: b, after: { ...b, durationHours: hours(4) } };
  await store.transaction((tx) => holdAsChanged(tx, world, [longer]));
  expect(await versions()).toEqual([4, 4]);
});

it('stands where a store of before has it', async () => {
  await holdFor('P-1', [until(a)]);
  const rows = store.rows(defineRows('held_jobs', Held));
  expect(await rows.findAll(worldName(world), [identityOf(a)])).toEqual(
    new Map([[identityOf(a), { planId: 'P-1', end: END }]]),
  );
  const entered = store.collection(defineCollection('held_jobs_entered', z.unknown()));
  expect((await entered.get(worldName(world)))?.value).toEqual({ orders: 0 });
});

const piece = (jobId: string, from: number, to: number): Placement => ({
  ...{ jobId, region: 'eu-west-1', start: plusHours(T0, from), end: plusHours(T0, to), energyKwh: kwh(1) },
  ...{ emissionsKg: kg(1), energyCost: money(1), instanceCost: money(0), egressCost: money(0) },
});
/** The rows of a plan for the three jobs: the first in pieces, the last one without a place. */
const planned = async (planId: string) => {
  const pieces = [piece('a', 0, 1), piece('a', 5, 6), piece('a', 3, 4), piece('b', 1, 3)];
  const rows = (of: Placement[]) => of.map((value, i) => ({ id: `${value.jobId}-${i}`, value }));
  await store.rows(JOBS).append(
    `W-${planId}`,
    [a, b, c].map((value) => ({ id: value.id, value })),
  );
  await store.rows(PLACEMENTS).append(planId, rows(pieces));
  await store.rows(BASELINE).append(planId, rows([piece('a', 0, 2), piece('b', 0, 2), piece('c', 0, 2)]));
};
const order = (planId: string, over: Partial<Order> = {}): Order => ({
  ...{ planId, workloadId: `W-${planId}`, key: planId, world: worldName(world), jobs: null },
  ...{ span: { start: T0, end: plusHours(T0, 24) }, ...over },
});
const ordered = async (planId: string, over: Partial<Order> = {}) => {
  await planned(planId);
  await store.collection(ORDERS).put(planId, order(planId, over));
};
const listed = async (pages: AsyncIterable<(Handing & { readonly pieces: Placement[] })[]>) => {
  const found: [string, Instant, number][] = [];
  for await (const page of pages) found.push(...page.map((h) => [h.job.id, h.end, h.pieces.length] as never));
  return found;
};

describe('what an order hands over', () => {
  it('is each job that has a place, until its last piece ends', async () => {
    await planned('P-1');
    expect(await listed(handings(store, order('P-1')))).toEqual([
      ['a', plusHours(T0, 6), 3],
      ['b', plusHours(T0, 3), 1],
    ]);
    // What was not approved runs as without the plan.
    expect(await listed(handings(store, order('P-1', { jobs: ['b'] })))).toEqual([
      ['a', plusHours(T0, 2), 1],
      ['b', plusHours(T0, 3), 1],
      ['c', plusHours(T0, 2), 1],
    ]);
  });

  it('is still its own only where its plan holds the job', async () => {
    await planned('P-1');
    expect(await listed(heldPieces(world, order('P-1')))).toEqual([]);
    await holdFor('P-1', [until(b)]);
    await holdFor('P-2', [until(a)]);
    expect(await listed(heldPieces(world, order('P-1')))).toEqual([['b', plusHours(T0, 3), 1]]);
  });
});

describe('orders of a store that knew no holders', () => {
  it('are entered from the oldest on: of a job that was ordered twice, the newest holds it', async () => {
    await ordered('P-1', { jobs: [] });
    await ordered('P-2');
    await ordered('P-3', { world: 'another/1', jobs: [] });
    expect(await holders()).toEqual({
      a: { planId: 'P-2', end: plusHours(T0, 6) },
      b: { planId: 'P-2', end: plusHours(T0, 3) },
      c: { planId: 'P-1', end: plusHours(T0, 2) },
    });
    const other = { ...world, setting: { ...world.setting, name: 'another' } };
    expect(Object.keys(await holders([a, b, c], other))).toEqual(['a', 'b', 'c']);
  });

  it('are entered before a plan reserves', async () => {
    await ordered('P-1');
    expect(await holdFor('P-2', [until(a), until(c)])).toEqual(new Set(['c']));
  });

  it('are entered once, by whichever process', async () => {
    await ordered('P-1');
    await enterEarlierOrders(world);
    await release(world, 'P-1', [a, b]);
    await enterEarlierOrders(world);
    expect(await holders()).toEqual({});
    const again = await openStore(join(folder, `${files - 1}.db`));
    expect(
      await holders(
        [a, b, c],
        quietWorld(again, () => now),
      ),
    ).toEqual({});
    await again.close();
  });

  it('are read once by a process', async () => {
    let asked = 0;
    const collection: Store['collection'] = (of) => {
      asked++;
      return store.collection(of);
    };
    const counted = { ...world, store: { ...store, collection } };
    await enterEarlierOrders(counted);
    const first = asked;
    await enterEarlierOrders(counted);
    expect([first > 0, asked]).toEqual([true, first]);
  });

  it('may be more than a page', async () => {
    await ordered('P-1');
    await store.transaction(async (tx) => {
      for (let i = 0; i < 1000; i++) await tx.collection(ORDERS).put(`X-${i}`, order(`X-${i}`, { world: 'another/1' }));
    });
    expect(Object.keys(await holders())).toEqual(['a', 'b']);
  });
});
