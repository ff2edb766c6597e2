/** A list of documents over a real store: whole, in pages, in any size. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openStore } from '../store/store.js';
import { listing } from './listing.js';
import { defineCollection, type Store } from './store.js';

const NUMBERS = defineCollection('numbers', z.number());
const folder = mkdtempSync(join(tmpdir(), 'listing-'));
const COUNT = 450;
const newestFirst = Array.from({ length: COUNT }, (_, i) => COUNT - 1 - i);
let store: Store;

beforeAll(async () => {
  store = await openStore(join(folder, 'caco.db'));
  await store.transaction(async (tx) => {
    for (let i = 0; i < COUNT; i++) await tx.collection(NUMBERS).insert(`n${i}`, i);
  });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const everyPage = async (limit: number, wanted?: (n: number) => boolean) => {
  const pages: number[][] = [];
  for (let cursor: string | undefined; ; ) {
    const { found, next } = await listing(store, NUMBERS, { limit, cursor }, wanted);
    pages.push(found);
    if (next === null) return pages;
    cursor = next;
  }
};

it.each([1, 7, 150, 449, 450, 451, 1000])('in pages of %d gives every document once, newest first', async (limit) => {
  const pages = await everyPage(limit);
  expect(pages.flat()).toEqual(newestFirst);
  expect(pages).toHaveLength(Math.ceil(COUNT / limit));
});

it.each([1, 3, 50])(
  'narrowed, in pages of %d, gives those that fit and promises no page that is empty',
  async (limit) => {
    const fits = (n: number) => n % 100 === 3 || n > 430;
    const pages = await everyPage(limit, fits);
    expect(pages.flat()).toEqual(newestFirst.filter(fits));
    expect(pages.every((page) => page.length > 0)).toBe(true);
  },
);

it('that nothing fits is said after all of it was read', async () => {
  expect(await everyPage(5, () => false)).toEqual([[]]);
});

it('by ids gives those that there are, once, in the order of the ids', async () => {
  const ids = ['n3', 'nobody', 'n400', 'n3'];
  expect(await listing(store, NUMBERS, { ids, limit: 1 })).toEqual({ found: [3, 400], next: null });
  expect(await listing(store, NUMBERS, { ids, limit: 1 }, (n) => n > 9)).toEqual({ found: [400], next: null });
});

it('names a cursor that is none of its own', async () => {
  await expect(listing(store, NUMBERS, { limit: 5, cursor: 'nobody' })).rejects.toMatchObject({
    code: 'invalid-input',
  });
});
