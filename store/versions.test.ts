/** A store that another version wrote is named as such: neither read by guess nor taken for a defect. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineCollection } from '../domain/store.js';
import { Sqlite } from '../sqlite.js';
import { openStore } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-versions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('with a newer schema is left alone', async () => {
  const file = join(folder, 'newer.db');
  await (await openStore(file)).close();
  const database = new Sqlite(file);
  const { steps } = database.prepare('select count(*) as steps from schema_steps').all()[0] as { steps: number };
  database.prepare('insert into schema_steps values (?)').run([steps]);
  database.close();
  await expect(openStore(file)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('newer CACO'),
  });
});

it('with documents of another shape says which, and what to do', async () => {
  const store = await openStore(join(folder, 'older.db'));
  await store.collection(defineCollection('notes', z.strictObject({ old: z.string() }))).put('N-1', { old: 'a' });
  const notes = store.collection(defineCollection('notes', z.strictObject({ text: z.string() })));
  for (const reading of [notes.get('N-1'), notes.list()])
    await expect(reading).rejects.toMatchObject({
      code: 'unsupported',
      message:
        'N-1 in notes was written by another version of CACO and cannot be read by this one (text, Unrecognized key: "old")',
    });
  await store.close();
});

it('that is no database asks for a copy, not for room', async () => {
  const file = join(folder, 'text.db');
  writeFileSync(file, 'This is a text and no database at all, whatever its name.\n'.repeat(20));
  await expect(openStore(file)).rejects.toMatchObject({
    code: 'unavailable',
    remedy: expect.stringContaining('caco backup'),
  });
});
