/** What one process may do at a time, on SQLite, on Postgres and behind a pooler: who hangs loses it, and what he then writes is refused. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { Fault } from '../domain/fault.js';
import { isLost } from '../domain/lease.js';
import { WRITTEN } from './fixtures/holder.js';
import { testPooler } from './fixtures/pooler.js';
import { testPostgres } from './fixtures/postgres.js';
import { type OpenStore, openStore } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-leases-'));
const postgres = await testPostgres();
const pooler = postgres && (await testPooler(postgres.url));
if (!pooler)
  console.warn('No pgbouncer here (apt-get install pgbouncer): nothing is tested behind a pooler in transaction mode.');
const stores: OpenStore[] = [];
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const store of stores) await store.close();
  await pooler?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const open = async (where: string): Promise<OpenStore> => {
  const store = await openStore(where);
  stores.push(store);
  return store;
};

/** Another process that asks for the lease; `says` is its next line. */
const holder = (where: string, name: string, leaseMs: number) => {
  const script = fileURLToPath(new URL('./fixtures/holder.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, where, name, String(leaseMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    says: async () => (await lines.next()).value as string,
    write: (line: string) => void child.stdin.write(`${line}\n`),
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    ended: new Promise((resolve) => child.once('exit', resolve)),
  };
};

const until = async <R>(look: () => Promise<R | null>): Promise<R> => {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resume) => setTimeout(resume, 50));
  }
};

/** A lease that no machine is too slow to renew, and one that is not waited for for long. */
const [LONG, SHORT] = [600_000, 3000];

let files = 0;
const places = [
  { flavour: 'SQLite', where: async () => join(folder, `store-${files++}.db`) },
  ...(postgres ? [{ flavour: 'Postgres', where: async () => postgres.url }] : []),
  ...(pooler ? [{ flavour: 'Postgres behind a pooler', where: async () => pooler.url }] : []),
];

describe.each(places)('a lease on $flavour', ({ flavour, where }) => {
  it('is one process’, with a token above all before it, until it is let go', async () => {
    const place = await where();
    const store = await open(place);
    const name = `one ${flavour}`;
    const first = (await store.hold(name, LONG))!;
    expect(await store.hold(name, LONG)).toBeNull();
    const other = holder(place, name, LONG);
    expect(await other.says()).toBe('busy');
    other.write('end');
    await first.under(() => store.collection(WRITTEN).put(`${name} a`, 'kept'));
    await first.release();
    const elsewhere = (await store.hold(`${name} elsewhere`, LONG))!;
    const second = (await store.hold(name, LONG))!;
    expect(elsewhere.token).toBeGreaterThan(first.token);
    expect(second.token).toBeGreaterThan(elsewhere.token);
    await second.release();
    await elsewhere.release();
    const third = (await store.hold(name, LONG))!;
    expect(third.token).toBeGreaterThan(second.token);
    expect(third.lost.aborted).toBe(false);
    expect(await first.renew()).toBe(false);
    expect(first.lost.aborted).toBe(true);
    await third.release();
  });

  it('refuses every kind of write of who has lost it, alone and in a transaction, and takes nothing else back', async () => {
    const store = await open(await where());
    const name = `late ${flavour}`;
    const old = (await store.hold(name, LONG))!;
    await old.release();
    const now = (await store.hold(name, LONG))!;
    const id = `${name} x`;
    const at = '2026-01-01T00:00:00Z' as never;
    const body = { kind: 'test', at, actor: 'a', cause: null, subject: id, data: null };
    const deed = { key: id, tool: 't', actor: 'a', inputDigest: '', at };
    const saver = await store.saver();
    const size = await store.entries.size();
    const late: (() => Promise<unknown>)[] = [
      () => store.collection(WRITTEN).put(id, 'late'),
      () => store.collection(WRITTEN).insert(id, 'late'),
      () => store.deeds.intend(deed),
      () => store.entries.append([body]),
      () => store.transaction((tx) => tx.collection(WRITTEN).put(id, 'late')),
      () => store.mail.release('nobody'),
      () =>
        saver.put(
          { configurable: { thread_id: id, checkpoint_ns: '' } },
          { v: 4, id: '1', ts: '', channel_values: {}, channel_versions: {}, versions_seen: {} },
          { source: 'loop', step: 0, parents: {} },
        ),
    ];
    const inForce = now.under(() => store.collection(WRITTEN).put(`${id} of the other`, 'kept'));
    for (const write of late) {
      const error: unknown = await old.under(write).catch((e: unknown) => e);
      expect(isLost(error), String(error)).toBe(true);
    }
    await inForce;
    expect(await store.collection(WRITTEN).get(id)).toBeUndefined();
    expect(await store.deeds.get(id)).toBeUndefined();
    expect(await store.entries.size()).toBe(size);
    expect((await store.collection(WRITTEN).get(`${id} of the other`))?.value).toBe('kept');
    // Under two leases both must be in force; what is done under none is nobody's to refuse.
    const both = (await store.hold(`${name} inner`, LONG))!;
    const within = await now.under(() => both.under(() => store.collection(WRITTEN).put(id, 'both')));
    expect(within).toBeUndefined();
    await now.release();
    await expect(now.under(() => both.under(() => store.collection(WRITTEN).put(id, 'half')))).rejects.toMatchObject({
      code: 'conflict',
      details: { name },
    });
    await store.collection(WRITTEN).put(id, 'free');
    await both.release();
  });

  it('is lost by a process that hangs: another takes over, and the late write is refused', async () => {
    const place = await where();
    const store = await open(place);
    const name = `hung ${flavour}`;
    const hung = holder(place, name, SHORT);
    expect(await hung.says()).toMatch(/^holds \d+$/);
    hung.write(`${name} early`);
    expect(await hung.says()).toBe('kept');
    hung.signal('SIGSTOP');
    const mine = await until(async () => {
      try {
        return await store.hold(name, LONG);
      } catch (error) {
        // Stopped in the middle of a renewal it keeps a file locked, which nobody can take from a living process.
        if (!(error instanceof Fault) || flavour !== 'SQLite') throw error;
        hung.signal('SIGCONT');
        await new Promise((resume) => setTimeout(resume, 100));
        hung.signal('SIGSTOP');
        return null;
      }
    });
    await mine.under(() => store.collection(WRITTEN).put(`${name} mine`, 'kept'));
    hung.write(`${name} late`);
    hung.signal('SIGCONT');
    expect(await hung.says()).toBe('conflict');
    expect((await store.collection(WRITTEN).get(`${name} early`))?.value).toBe(name);
    expect(await store.collection(WRITTEN).get(`${name} late`)).toBeUndefined();
    hung.write('end');
    await hung.ended;
    expect(await mine.renew()).toBe(true);
    await mine.release();
  });

  it('is taken at once from a process of this machine that was killed', async () => {
    const place = await where();
    const store = await open(place);
    const name = `killed ${flavour}`;
    const killed = holder(place, name, LONG);
    expect(await killed.says()).toMatch(/^holds/);
    killed.signal('SIGKILL');
    await killed.ended;
    const lease = await store.hold(name, LONG);
    expect(lease).not.toBeNull();
    await lease!.release();
  });
});

describe.runIf(postgres)('a Postgres that several share', () => {
  it('says whether a pooler stands between', async () => {
    const plain = await (await open(postgres!.url)).about();
    expect(plain).toMatchObject({ kind: 'postgres', pooled: false, standby: false, makesTables: true });
    if (pooler) expect(await (await open(pooler.url)).about()).toEqual({ ...plain, pooled: true });
  });

  it('takes back the transaction of a process that hangs within it, so that the others go on', async () => {
    const place = pooler?.url ?? postgres!.url;
    const store = await open(place);
    const hung = holder(place, 'hangs within', LONG);
    expect(await hung.says()).toMatch(/^holds/);
    hung.write('open');
    hung.write('half done');
    expect(await hung.says()).toBe('inside');
    hung.signal('SIGSTOP');
    // Waits for the writers' lock, which the server takes from the one that is silent.
    await store.collection(WRITTEN).put('before', 'no lock is needed');
    await store.transaction((tx) => tx.collection(WRITTEN).put('after', 'kept'));
    hung.write('go on');
    hung.signal('SIGCONT');
    expect(await hung.says()).toBe('unavailable');
    expect(await store.collection(WRITTEN).get('half done')).toBeUndefined();
    // Its connection is replaced, and it goes on.
    hung.write('again');
    expect(await hung.says()).toBe('kept');
    hung.write('end');
    await hung.ended;
  });

  it('says what to do when connections are cut in the middle, and goes on by itself', async () => {
    const { url } = postgres!;
    const store = await open(url);
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    const cut = () =>
      admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
    const size = await store.entries.size();
    const body = {
      kind: 'cut',
      at: '2026-01-01T00:00:00Z' as never,
      actor: 'a',
      cause: null,
      subject: null,
      data: null,
    };
    const error: unknown = await store
      .transaction(async (tx) => {
        await tx.entries.append([body]);
        await cut();
        await tx.entries.append([body]);
      })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect((error as { remedy: string }).remedy).toMatch(/do it again/i);
    expect(await store.entries.size()).toBe(size);
    await store.entries.append([body]);
    expect(await store.entries.size()).toBe(size + 1);
    await admin.end();
  });
});
