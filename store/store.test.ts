/** The store, on SQLite always and on Postgres where there is one: the same laws for both. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emptyCheckpoint } from '@langchain/langgraph-checkpoint';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type EntryBody, entryText, GENESIS, MAX_ENTRY_BYTES } from '../domain/evidence/evidence.js';
import { fold, leafHash, sha256Hex, TILE_WIDTH } from '../domain/evidence/merkle.js';
import { defineCollection, defineRows, type Store } from '../domain/store.js';
import type { Instant } from '../domain/time.js';
import { OPENED } from './fixtures/opener.js';
import { testPooler } from './fixtures/pooler.js';
import { testPostgres } from './fixtures/postgres.js';
import { COUNTERS, MARKS } from './fixtures/writer.js';
import { type OpenStore, openStore } from './store.js';
import { openTokens } from './tokens.js';

const AT = '2026-01-01T00:00:00Z' as Instant;
const NOTES = defineCollection('notes', z.strictObject({ text: z.string() }));
const NUMBERS = defineRows('numbers', z.number());

const folder = mkdtempSync(join(tmpdir(), 'caco-store-'));
const postgres = await testPostgres();
// A database of its own: tests name what they keep by their place in the file.
const shared = await postgres?.another();
if (!postgres)
  console.warn(
    'No Postgres here (CACO_TEST_POSTGRES_URL, or apt-get install postgresql): the store is tested on SQLite only.',
  );
const pooler = shared && (await testPooler(shared.url));
const opened: Store[] = [];
afterAll(async () => {
  for (const store of opened) await store.close();
  await pooler?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const newFile = () => join(folder, `store-${files++}.db`);
const open = async (where: string): Promise<OpenStore> => {
  const store = await openStore(where);
  opened.push(store);
  return store;
};

const body = (subject: string | null, data: EntryBody['data'] = null): EntryBody => ({
  kind: 'test',
  at: AT,
  actor: 'cli:tester',
  cause: null,
  subject,
  data,
});

/** Each test uses names of its own, so that one Postgres database serves them all. */
let names = 0;
const fresh = (what: string) => `${what}-${names++}`;

/** Runs a process that writes and answers what it printed, line by line; `kill` ends it after so many lines. */
const writer = (where: string, name: string, count: number, options: { kill?: number; before?: string } = {}) =>
  new Promise<string[]>((resolve, reject) => {
    const script = fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url));
    const command = [process.execPath, '--import', 'tsx', script, where, name, String(count)];
    const child = options.before
      ? spawn('bash', ['-c', `${options.before}; exec "$@"`, 'bash', ...command])
      : spawn(command[0]!, command.slice(1));
    let text = '';
    let trouble = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (options.kill !== undefined && text.split('\n').length > options.kill) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      trouble += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0 && options.kill === undefined) reject(new Error(`the writer ended with ${code}: ${trouble}`));
      // A killed process may leave half a line; what counts was acknowledged with its newline.
      else resolve(text.split('\n').slice(0, -1));
    });
  });

/** Processes that open the same empty place at the same moment; answers what each printed, or fails with its trouble. */
const openAtOnce = async (where: string, names: readonly string[]): Promise<string[]> => {
  const script = fileURLToPath(new URL('./fixtures/opener.ts', import.meta.url));
  const children = names.map((name) => spawn(process.execPath, ['--import', 'tsx', script, where, name]));
  const ready = children.map((child) => new Promise<void>((resolve) => child.stdout.once('data', () => resolve())));
  const ended = children.map(
    (child) =>
      new Promise<string>((resolve) => {
        let text = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk));
        child.once('close', (code) => resolve(`${code}: ${text}`));
      }),
  );
  await Promise.race([Promise.all(ready), Promise.all(ended)]);
  for (const child of children) child.stdin.write('go\n');
  return Promise.all(ended);
};

/** Every entry's own laws: no gap, no fork, each names the one before. */
const requireChain = async (store: Store): Promise<number> => {
  let prevHash = GENESIS;
  let seq = 0;
  for (let page = await store.entries.texts(0, 1000); page.length > 0; page = await store.entries.texts(seq, 1000))
    for (const entry of page) {
      expect(entry.seq).toBe(seq);
      expect(entry.prevHash).toBe(prevHash);
      expect(sha256Hex(entryText(entry.seq, entry.prevHash, entry.body))).toBe(entry.hash);
      prevHash = entry.hash;
      seq++;
    }
  expect(await store.entries.size()).toBe(seq);
  return seq;
};

const PLACES = [
  { flavour: 'sqlite', where: newFile },
  ...(postgres ? [{ flavour: 'postgres', where: () => postgres.url }] : []),
  ...(pooler ? [{ flavour: 'postgres behind a pooler', where: () => pooler.url }] : []),
];

describe.each(PLACES)('the store on $flavour', ({ where }) => {
  const place = where();

  it('keeps documents with a version each', async () => {
    const notes = (await open(place)).collection(NOTES);
    const id = fresh('doc');
    await notes.insert(id, { text: 'one' });
    await expect(notes.insert(id, { text: 'other' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await notes.get(id)).toEqual({ id, version: 1, value: { text: 'one' } });
    expect(await notes.replace(id, 1, { text: 'two' })).toBe(true);
    expect(await notes.replace(id, 1, { text: 'late' })).toBe(false);
    await notes.put(id, { text: 'three' });
    expect(await notes.get(id)).toEqual({ id, version: 3, value: { text: 'three' } });
    await notes.delete(id);
    expect(await notes.get(id)).toBeUndefined();
    expect(await notes.replace(id, 3, { text: 'gone' })).toBe(false);
  });

  it('lists documents newest first, in pages that miss and repeat nothing', async () => {
    const of = defineCollection(fresh('listed'), z.number());
    const listed = (await open(place)).collection(of);
    for (let i = 0; i < 7; i++) await listed.insert(`n${i}`, i);
    const seen: number[] = [];
    for (let after: string | undefined; ; ) {
      const page = await listed.list({ after, limit: 3 });
      seen.push(...page.map((v) => v.value));
      after = page.at(-1)?.id;
      if (after === undefined) break;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0]);
  });

  it('lists what is not over by a moment, newest first, as the documents say it', async () => {
    const store = await open(where());
    const Errand = z.strictObject({ until: z.string().nullable() });
    const errands = store.collection(
      defineCollection(fresh('errands'), Errand, ({ until }) => until as Instant | null),
    );
    await errands.insert('a', { until: '2026-01-02T00:00:00Z' });
    await errands.put('b', { until: null });
    await errands.insert('c', { until: '2026-01-03T00:00:00Z' });
    const ids = async (at: string) => (await errands.open(at as Instant)).map(({ id }) => id);
    expect(await ids('2026-01-01T23:59:59Z')).toEqual(['c', 'b', 'a']);
    expect(await ids('2026-01-02T00:00:00Z')).toEqual(['c', 'b']);
    expect(await errands.over('2026-01-02T00:00:00Z' as Instant)).toEqual(['a']);
    // What is written anew says it anew, whichever way it is written.
    const [b] = await errands.open(AT).then((found) => found.filter(({ id }) => id === 'b'));
    expect(await errands.replace('b', b!.version, { until: '2026-01-01T00:00:00Z' })).toBe(true);
    await errands.put('a', { until: null });
    expect(await ids('2026-01-03T00:00:00Z')).toEqual(['a']);
    expect(await errands.over('2026-01-02T00:00:00Z' as Instant)).toEqual(['b']);
    const silent = store.collection(defineCollection(fresh('silent'), Errand));
    await silent.put('x', { until: '2000-01-01T00:00:00Z' });
    expect((await silent.open('9999-01-01T00:00:00Z' as Instant)).map(({ id }) => id)).toEqual(['x']);
  });

  it('keeps rows in order, whatever the batches and pages', async () => {
    const rows = (await open(place)).rows(NUMBERS);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 900 }),
        async (batches, size) => {
          const set = fresh('set');
          let n = 0;
          for (const count of batches)
            await rows.append(
              set,
              Array.from({ length: count }, () => ({ id: `r${n}`, value: n++ })),
            );
          const all: number[] = [];
          for await (const page of rows.pages(set, size)) {
            expect(page.length).toBeLessThanOrEqual(size);
            all.push(...page);
          }
          expect(all).toEqual(Array.from({ length: n }, (_, i) => i));
          expect(await rows.count(set)).toBe(n);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('pages through rows by a cursor, finds, changes, renames and clears them', async () => {
    const rows = (await open(place)).rows(NUMBERS);
    const set = fresh('set');
    expect(await rows.page(set, {})).toEqual({ items: [], next: null });
    await rows.append(
      set,
      [1, 2, 3, 4, 5].map((value) => ({ id: `r${value}`, value })),
    );
    const first = await rows.page(set, { limit: 2 });
    expect(first.items).toEqual([1, 2]);
    const second = await rows.page(set, { limit: 3, after: first.next! });
    expect(second).toEqual({ items: [3, 4, 5], next: null });
    expect(
      await rows.upsert(set, [
        { id: 'r2', value: 20 },
        { id: 'r6', value: 6 },
      ]),
    ).toEqual({ added: 1, changed: 1 });
    expect(await rows.find(set, 'r2')).toBe(20);
    expect(await rows.find(set, 'nowhere')).toBeUndefined();
    const final = fresh('final');
    await rows.append(final, [{ id: 'old', value: 0 }]);
    await rows.rename(set, final);
    expect(await rows.count(set)).toBe(0);
    expect((await rows.page(final, {})).items).toEqual([1, 20, 3, 4, 5, 6]);
    await rows.clear(final);
    expect(await rows.count(final)).toBe(0);
  });

  it('adds all rows of a call or none', async () => {
    const rows = (await open(place)).rows(NUMBERS);
    const set = fresh('set');
    await rows.append(set, [{ id: 'taken', value: 1 }]);
    const batch = [
      { id: 'new', value: 2 },
      { id: 'taken', value: 3 },
    ];
    await expect(rows.append(set, batch)).rejects.toMatchObject({ code: 'conflict' });
    expect((await rows.page(set, {})).items).toEqual([1]);
  });

  it('lets a deed be intended once, and again only after it failed for sure', async () => {
    const { deeds } = await open(place);
    const deed = { key: fresh('deed'), tool: 't', actor: 'a', inputDigest: 'd', at: AT };
    expect(await deeds.intend(deed)).toBe(true);
    expect(await deeds.intend(deed)).toBe(false);
    await deeds.finish(deed.key, 'failed', { why: 'x' });
    expect(await deeds.intend(deed)).toBe(true);
    await deeds.finish(deed.key, 'done', { ok: 1 });
    expect(await deeds.intend(deed)).toBe(false);
    expect(await deeds.get(deed.key)).toEqual({ ...deed, state: 'done', output: { ok: 1 } });
  });

  it('does all of a transaction or nothing, entries included, and leaves no gap', async () => {
    const store = await open(place);
    const id = fresh('doc');
    const before = await store.entries.size();
    const work = store.transaction(async (tx) => {
      await tx.collection(NOTES).insert(id, { text: 'x' });
      await tx.rows(NUMBERS).append(id, [{ id: 'r', value: 1 }]);
      await tx.entries.append([body(id), body(id)]);
      throw new Error('thought better of it');
    });
    await expect(work).rejects.toThrow('thought better of it');
    expect(await store.collection(NOTES).get(id)).toBeUndefined();
    expect(await store.rows(NUMBERS).count(id)).toBe(0);
    expect(await store.entries.size()).toBe(before);
    expect((await store.entries.append([body(id)]))[0]?.seq).toBe(before);
  });

  it('serialises transactions that read before they write, of two connections as of one', async () => {
    const [one, two] = [await open(place), await open(place)];
    const of = defineCollection(fresh('count'), z.number());
    const countUp = (store: Store) =>
      store.transaction(async (tx) => {
        const before = (await tx.collection(of).get('n'))?.value ?? 0;
        await tx.collection(of).put('n', before + 1);
        await tx.rows(NUMBERS).append(of.name, [{ id: `r${before}`, value: before }]);
      });
    await Promise.all(Array.from({ length: 30 }, (_, i) => countUp(i % 2 === 0 ? one : two)));
    expect((await one.collection(of).get('n'))?.value).toBe(30);
    expect(await two.rows(NUMBERS).count(of.name)).toBe(30);
  });

  it('takes back what a transaction wrote that failed, and nothing of those that share its commit', async () => {
    const store = await open(place);
    const of = defineCollection(fresh('shared'), z.number());
    const ends = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) =>
        store.transaction(async (tx) => {
          await tx.collection(of).put(`n${i}`, i);
          if (i % 3 === 0) throw new Error(`no ${i}`);
          // A statement that fails leaves the others' work as it was, too.
          if (i % 3 === 1) await tx.collection(of).insert(`n${i}`, i);
          return i;
        }),
      ),
    );
    for (const [i, end] of ends.entries())
      if (i % 3 === 2) expect(end).toEqual({ status: 'fulfilled', value: i });
      else expect(end.status).toBe('rejected');
    const kept = (await store.collection(of).list({ limit: 1000 })).map(({ value }) => value).sort((a, b) => a - b);
    expect(kept).toEqual(Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 3 === 2));
  });

  it('chains entries of several connections without gap or fork', async () => {
    const stores = [await open(place), await open(place)];
    const before = await stores[0]!.entries.size();
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => stores[i % 2]!.entries.append([body(`a${i}`), body(`b${i}`, { i })])),
    );
    expect(await requireChain(stores[0]!)).toBe(before + 80);
  });

  it('keeps the hashes of every complete tile beside the entries', async () => {
    const { entries } = await open(place);
    const missing = 2 * TILE_WIDTH + 10;
    for (let left = missing; left > 0; left -= 77)
      await entries.append(Array.from({ length: Math.min(77, left) }, (_, i) => body(`t${i}`)));
    const tiles = Math.floor((await entries.size()) / TILE_WIDTH);
    const computed: string[] = [];
    for (let i = 0; i < tiles; i++) {
      const leaves = (await entries.texts(i * TILE_WIDTH, TILE_WIDTH)).map((e) =>
        leafHash(entryText(e.seq, e.prevHash, e.body)),
      );
      computed.push(fold(leaves).toString('hex'));
    }
    expect(await entries.nodes(1, 0, 1000)).toEqual(computed);
    expect(await entries.nodes(1, 1, 1)).toEqual(computed.slice(1, 2));
  });

  it('refuses what cannot be an entry and appends nothing of it', async () => {
    const { entries } = await open(place);
    const before = await entries.size();
    const refused = [
      { ...body('x'), data: Number.NaN },
      { ...body('x'), data: undefined },
      { ...body('x'), extra: 1 },
      { kind: 'test', at: AT, actor: 'a', cause: null, data: null },
      body('x', 'y'.repeat(MAX_ENTRY_BYTES)),
    ] as EntryBody[];
    for (const bad of refused)
      await expect(entries.append([body('good'), bad])).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await entries.size()).toBe(before);
    const room =
      MAX_ENTRY_BYTES - Buffer.byteLength(entryText(Number.MAX_SAFE_INTEGER, GENESIS, JSON.stringify(body('x', ''))));
    await entries.append([body('x', 'y'.repeat(room))]);
    expect(await entries.size()).toBe(before + 1);
  });

  it('reads entries back as they were written, whatever their text', async () => {
    const { entries } = await open(place);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }), async (subject, data) => {
        const given = body(`,"subject":${subject}`, JSON.parse(JSON.stringify(data)) as EntryBody['data']);
        const [written] = await entries.append([given]);
        const [kept] = await entries.read(written!.seq, 1);
        expect(kept).toEqual(written);
        expect(kept?.body).toEqual(given);
        const [line] = await entries.texts(written!.seq, 1);
        const { prev, seq, v, ...rest } = JSON.parse(entryText(line!.seq, line!.prevHash, line!.body));
        expect({ prev, seq, v, rest }).toEqual({ prev: written!.prevHash, seq: written!.seq, v: 1, rest: given });
      }),
      { numRuns: 40 },
    );
  });

  it('keeps one checkpoint of a size, and never an older one after a newer one', async () => {
    const { entries } = await open(place);
    await entries.append([body('c1'), body('c2')]);
    const size = await entries.size();
    const at = (n: number) => ({ size: n, root: 'r', note: `note ${n}`, at: AT });
    expect(await entries.keepCheckpoint(at(size))).toBe(true);
    expect(await entries.keepCheckpoint({ ...at(size), note: 'second' })).toBe(false);
    await expect(entries.keepCheckpoint(at(size - 1))).rejects.toMatchObject({ code: 'conflict' });
    await expect(entries.keepCheckpoint(at(size + 1))).rejects.toMatchObject({ code: 'conflict' });
    expect(await entries.replaceNote(size, 'other', 'x')).toBe(false);
    expect(await entries.replaceNote(size, `note ${size}`, 'cosigned')).toBe(true);
    expect(await entries.lastCheckpoint()).toEqual({ ...at(size), note: 'cosigned' });
    expect(await entries.checkpoints(size - 1, 10)).toHaveLength(1);
  });

  it('keeps threads of the graph', async () => {
    const store = await open(place);
    const saver = await store.saver();
    const thread = fresh('thread');
    const config = { configurable: { thread_id: thread, checkpoint_ns: '' } };
    const checkpoint = { ...emptyCheckpoint(), channel_values: { planId: 'P-1' } };
    // The saver waits for the end of a transaction that is open, and does not join it.
    const [, at] = await Promise.all([
      store.transaction(async (tx) => {
        await tx.collection(NOTES).put(thread, { text: 'x' });
        await new Promise((resume) => setTimeout(resume, 20));
        await tx.collection(NOTES).put(thread, { text: 'y' });
      }),
      saver.put(config, checkpoint, { source: 'loop', step: 1, parents: {} }),
    ]);
    await saver.putWrites(at, [['decision', 'yes']], 'task-1');
    const again = await (await open(place)).saver();
    const read = await again.getTuple(config);
    expect(read?.checkpoint.id).toBe(checkpoint.id);
    expect(read?.pendingWrites).toEqual([['task-1', 'decision', 'yes']]);
    await again.deleteThread(thread);
    expect(await saver.getTuple(config)).toBeUndefined();
  });

  it('keeps tokens hashed, and forgets them when they expire or are revoked', async () => {
    const [one, two] = [await open(place), await open(place)];
    let now = AT;
    const [tokens, elsewhere] = [openTokens(one, () => now), openTokens(two, () => now)];
    const { token, secret } = await tokens.create({
      scope: 'operate',
      owner: ' ann ',
      expiresAt: '2026-01-02T00:00:00Z' as Instant,
    });
    expect(token).toMatchObject({ owner: 'ann', scope: 'operate' });
    expect(await elsewhere.verify(secret)).toEqual(token);
    const last = secret.at(-1) === 'A' ? 'B' : 'A';
    for (const wrong of ['', 'caco_', secret.slice(0, -1) + last, `${secret} `, secret.replace('caco_', 'caco_0')])
      expect(await tokens.verify(wrong)).toBeUndefined();
    const kept = await one.collection(defineCollection('tokens', z.unknown())).get(token.id);
    expect(JSON.stringify(kept)).not.toContain(secret.slice(-43));
    expect(JSON.stringify(await tokens.list())).not.toMatch(/hash|secret/);
    now = '2026-01-02T00:00:00Z' as Instant;
    expect(await tokens.verify(secret)).toBeUndefined();
    const lasting = await tokens.create({ scope: 'read', owner: 'bob' });
    await elsewhere.revoke(lasting.token.id);
    expect(await tokens.verify(lasting.secret)).toBeUndefined();
    await expect(tokens.revoke(lasting.token.id)).rejects.toMatchObject({ code: 'not-found' });
    await expect(tokens.create({ scope: 'read', owner: ' ' })).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(tokens.create({ scope: 'read', owner: 'x', expiresAt: AT })).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });

  it('survives processes that write at once and one that is killed, and loses nothing that was acknowledged', async () => {
    const place = where();
    const store = await open(place);
    const entriesBefore = await store.entries.size();
    const [first, second, killed] = [fresh('p'), fresh('p'), fresh('p')];
    const printed = await Promise.all([
      writer(place, first, 60),
      writer(place, second, 60),
      writer(place, killed, 100_000, { kill: 20 }),
    ]);
    expect(printed[0]).toHaveLength(60);
    expect(printed[1]).toHaveLength(60);
    const acknowledged = printed[2].length;
    expect(acknowledged).toBeGreaterThanOrEqual(20);
    const written = await store.rows(MARKS).count('all');
    // The last transaction of the killed process may have been committed without having been acknowledged.
    expect(written - 120 - acknowledged).toBeGreaterThanOrEqual(0);
    expect(written - 120 - acknowledged).toBeLessThanOrEqual(1);
    for (const n of printed[2]) expect(await store.rows(MARKS).find('all', `${killed}-${n}`)).toBeDefined();
    expect((await store.collection(COUNTERS).get('shared'))?.value).toBe(written);
    expect(await requireChain(store)).toBe(entriesBefore + written);
  });
});

describe.each([
  { flavour: 'sqlite', empty: async () => ({ url: newFile(), stop: async () => {} }) },
  ...(postgres ? [{ flavour: 'postgres', empty: postgres.another }] : []),
])('an empty place on $flavour', ({ empty }) => {
  it('is set up by six processes at once, and all of them go on', async () => {
    const { url, stop } = await empty();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(await openAtOnce(url, names)).toEqual(names.map(() => '0: ready\ndone\n'));
    const store = await openStore(url);
    const opened = await store.collection(OPENED).list();
    expect(opened.map(({ id }) => id).sort()).toEqual(names);
    const threads = [];
    for await (const { config } of (await store.saver()).list({})) threads.push(config.configurable?.thread_id);
    expect(threads.sort()).toEqual(names);
    await store.close();
    await stop();
  });
});

describe('a store in a file', () => {
  it('is opened by several at once on a fresh folder', async () => {
    const file = join(folder, 'deep', 'er', 'store.db');
    const stores = await Promise.all([open(file), open(file), open(file)]);
    await stores[0]!.collection(NOTES).insert('a', { text: 'x' });
    expect(await stores[2]!.collection(NOTES).get('a')).toBeDefined();
  });

  it('is copied while others write, as it was at one moment, and replaces nothing', async () => {
    const file = newFile();
    const store = await open(file);
    await store.rows(NUMBERS).append(
      'n',
      Array.from({ length: 3000 }, (_, i) => ({ id: `r${i}`, value: i })),
    );
    let stop = false;
    const busy = (async () => {
      for (let i = 0; !stop; i++) await store.entries.append([body(`e${i}`, 'x'.repeat(2000)), body(`f${i}`)]);
    })();
    const copy = join(folder, 'copies', 'copy.db');
    await store.backup(copy);
    stop = true;
    await busy;
    const restored = await open(copy);
    expect(await restored.rows(NUMBERS).count('n')).toBe(3000);
    expect((await requireChain(restored)) % 2).toBe(0);
    await expect(store.backup(copy)).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.backup(join('/dev/null', 'x.db'))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('says so when the disk is full, and holds everything that it acknowledged and nothing more', async () => {
    const file = newFile();
    const store = await open(file);
    await store.entries.append([body('first')]);
    // A file that may not grow stands for a disk that is full.
    const printed = await writer(file, 'full', 100_000, { before: 'trap "" XFSZ; ulimit -f 1024' });
    expect(JSON.parse(printed.at(-1)!)).toMatchObject({ code: 'unavailable', remedy: expect.stringMatching(/disk/) });
    const acknowledged = printed.length - 1;
    expect(acknowledged).toBeGreaterThan(10);
    expect(await store.rows(MARKS).count('all')).toBe(acknowledged);
    expect(await requireChain(store)).toBe(acknowledged + 1);
    await store.entries.append([body('room again')]);
    expect(await requireChain(store)).toBe(acknowledged + 2);
  });

  it('has one connection in a process, whichever path leads to it, until the last one leaves', async () => {
    const file = newFile();
    const first = await openStore(file);
    symlinkSync(file, `${file}.link`);
    const second = await openStore(`${file}.link`);
    // With a connection each, the second would wait for the first with the whole thread, and the first for ever.
    await Promise.all(
      [first, second, first].map((store, i) =>
        store.transaction(async (tx) => {
          await tx.collection(NOTES).put(`n${i}`, { text: 'x' });
          await new Promise((resume) => setTimeout(resume, 5));
          await tx.collection(NOTES).put(`n${i}`, { text: 'y' });
        }),
      ),
    );
    await first.close();
    await first.close();
    expect(await second.collection(NOTES).list()).toHaveLength(3);
    await second.close();
    await expect(second.collection(NOTES).get('n0')).rejects.toThrow();
    // A new file in the old one's place is another one.
    rmSync(file);
    const third = await open(file);
    expect(await third.collection(NOTES).list()).toEqual([]);
  });

  it('refuses a name that it could keep only in part', async () => {
    const notes = (await open(newFile())).collection(NOTES);
    await expect(notes.insert('a\u0000b', { text: 'x' })).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await notes.list()).toEqual([]);
  });

  it('says so when it cannot be opened', async () => {
    await expect(openStore(join('/dev/null', 'store.db'))).rejects.toMatchObject({ code: 'unavailable' });
    const file = join(folder, 'not-a-store.db');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(file, 'this is not a database, whatever its name may say '.repeat(100));
    await expect(openStore(file)).rejects.toMatchObject({ code: 'unavailable' });
    expect(readFileSync(file, 'utf8')).toContain('not a database');
  });
});

it('a Postgres that does not answer is a fault that says so, and it has its own tool for backups', async () => {
  await expect(openStore('postgres://nobody@127.0.0.1:1/none')).rejects.toMatchObject({ code: 'unavailable' });
  if (postgres) {
    const store = await open(postgres.url);
    await expect(store.backup(join(folder, 'pg.db'))).rejects.toMatchObject({
      code: 'unsupported',
      remedy: expect.stringContaining('pg_dump'),
    });
  }
});
