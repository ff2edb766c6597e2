/** A kilowatt-hour is sold, settled or minted: whoever comes second hears of the first, and orders share what was sold until it is settled. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../store/store.js';
import type { Store } from '../store.js';
import { instant } from '../time.js';
import { claimDelivered, DELIVERED, periodsIn, releaseDelivered } from './delivered.js';
import type { RUNS } from './runs.js';

let store: Store;
beforeEach(async () => {
  store = await openStore(':memory:');
});
afterEach(() => store.close());

const at = instant('2026-02-02T00:00:00Z');
const hour = periodsIn({ start: instant('2026-02-02T17:10:00Z'), end: instant('2026-02-02T18:00:00Z') });
const where = { sites: ['hall'], meterIds: ['pdu'], periods: hour };
const take = (by: string, as: string, run: (typeof RUNS)[number] | null, of: object = {}) =>
  store.transaction((tx) => claimDelivered(tx, { ...where, ...of }, { by, as, run, at }));
const release = (by: string) => store.transaction((tx) => releaseDelivered(tx, where, by));

it('the second and the third attempt hear the first one’s name, whatever they call the site', async () => {
  expect(hour.map(({ period }) => period)).toEqual([35, 36]);
  await take('ORD-1', 'market order', null);
  const second = take('DFS-7', 'bid', 'II', { sites: ['another name'] });
  await expect(second).rejects.toThrow('was sold as market order under ORD-1');
  await expect(take('S-1', 'kWhSave', 'II', { meterIds: [] })).rejects.toThrow('under ORD-1');
  // The order itself is settled, run after run, and then it is too late for the token still.
  await take('ORD-1', 'bid', 'II');
  await take('ORD-1', 'bid', 'SF');
  await expect(take('ORD-1', 'bid', 'II')).rejects.toThrow('was settled by run SF');
  await expect(take('S-1', 'kWhSave', 'II')).rejects.toThrow(
    'delivered in period 35 of 2026-02-02 was settled as bid under ORD-1',
  );
  await expect(take('ORD-2', 'market order', null)).rejects.toThrow('under ORD-1');
});

it('orders share what was sold; while they do none is settled as the whole, and what is given back is free', async () => {
  await take('ORD-1', 'market order', null);
  await take('ORD-2', 'market order', null);
  await take('ORD-2', 'market order', null);
  await expect(take('ORD-1', 'bid', 'II')).rejects.toThrow('under ORD-2');
  await release('ORD-1');
  await take('ORD-2', 'bid', 'II');
  // What was settled is not given back.
  await release('ORD-2');
  expect((await store.collection(DELIVERED).list()).map(({ value }) => value.by)).toEqual(Array(4).fill('ORD-2'));
});
