import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Said, SignalKey } from '../domain/grid-values.js';
import { instant, plusHours } from '../domain/time.js';
import { testPostgres } from './fixtures/postgres.js';
import { openStore } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-grid-values-'));
const postgres = await testPostgres();
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const noon = instant('2026-06-01T12:00:00Z');
const hour = { start: noon, end: plusHours(noon, 1) };
const british: SignalKey = { source: 'a', region: 'GB', quantity: 'carbon', unit: 'g/kWh average operational' };
const said = (value: number | null, over: Partial<Said> = {}): Said => ({
  at: noon,
  minutes: 30,
  value,
  status: 'forecast',
  published: null,
  ...over,
});

const PLACES = [
  { flavour: 'sqlite', where: () => join(folder, 'values.db') },
  ...(postgres ? [{ flavour: 'postgres', where: () => postgres.url }] : []),
];

describe.each(PLACES)('values of the grid on $flavour', ({ where }) => {
  it('are kept with the time at which they were had, each kind for itself, and read as of then', async () => {
    const store = await openStore(where());
    const { gridValues } = store;
    expect(await gridValues.write(british, [said(100), said(101, { at: plusHours(noon, 0.5) })], noon)).toBe(2);
    expect(await gridValues.write(british, [said(100)], plusHours(noon, 1))).toBe(0);
    const published = plusHours(noon, 1.5);
    expect(await gridValues.write(british, [said(90, { published }), said(null)], plusHours(noon, 2))).toBe(1);
    const marginal = { ...british, unit: 'g/kWh marginal operational' };
    await gridValues.write(marginal, [said(500.25)], noon);

    const values = async (key: SignalKey, at: number) =>
      (await gridValues.read(key, hour, plusHours(noon, at))).map(({ value }) => value);
    expect(await values(british, 0)).toEqual([100, 101]);
    expect(await values(british, 1.9)).toEqual([100, 101]);
    expect(await values(british, 2)).toEqual([90, 101]);
    expect(await values(british, -1)).toEqual([]);
    expect(await values(marginal, 9)).toEqual([500.25]);
    const [newest] = await gridValues.read(british, hour, plusHours(noon, 9));
    expect(newest).toMatchObject({ published, retrieved: plusHours(noon, 2), checked: plusHours(noon, 2) });
    const [first] = await gridValues.read(british, hour, plusHours(noon, 1));
    expect(first).toMatchObject({ retrieved: noon, checked: plusHours(noon, 1) });
    expect(await gridValues.signals()).toMatchObject([
      { ...british, steps: 2, from: noon, to: plusHours(noon, 0.5), retrieved: plusHours(noon, 2) },
      { ...marginal, steps: 1 },
    ]);
    // A step that began before the interval and reaches into it belongs to it.
    expect(
      await gridValues.read(british, { start: plusHours(noon, 0.75), end: plusHours(noon, 2) }, published),
    ).toHaveLength(1);
    await store.close();
  });

  it('are written by two at once without one twice', async () => {
    const [one, two] = [await openStore(where()), await openStore(where())];
    const key = { ...british, source: 'both' };
    const rows = Array.from({ length: 200 }, (_, i) => said(i, { at: plusHours(noon, i / 2), status: 'actual' }));
    const added = await Promise.all([one, two].map((store) => store.gridValues.write(key, rows, noon)));
    expect(added[0]! + added[1]!).toBe(200);
    expect(await one.gridValues.read(key, { start: noon, end: plusHours(noon, 100) }, noon)).toHaveLength(200);
    await one.close();
    await two.close();
  });
});

describe('a store of before', () => {
  it('gets the tables of the grid when it is opened', async () => {
    const file = join(folder, 'before.db');
    writeFileSync(file, gunzipSync(readFileSync(new URL('fixtures/store-of-step-0.db.gz', import.meta.url))));
    const store = await openStore(file);
    expect(await store.gridValues.signals()).toEqual([]);
    expect(await store.gridValues.write(british, [said(100)], noon)).toBe(1);
    await store.close();
  });
});
