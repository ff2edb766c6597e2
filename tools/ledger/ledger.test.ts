/** The ledger through its front door, over a real store: signing, proving, auditing, finding every kind of tampering. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Audit, type EntryBody, entryText, GENESIS } from '../../domain/evidence/evidence.js';
import { sha256Hex } from '../../domain/evidence/merkle.js';
import type { Store } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import { Sqlite } from '../../sqlite.js';
import { hasPostgres, type TestPostgres, testPostgres } from '../../store/fixtures/postgres.js';
import { openStore } from '../../store/store.js';
import { askWitness, keepSigning, openLedger, openWitness, runWitness, serveWitness } from './ledger.js';

const AT = '2026-01-01T00:00:00Z' as Instant;
const now = () => AT;
const root = mkdtempSync(join(tmpdir(), 'caco-ledger-'));
const stores: Store[] = [];
afterAll(async () => {
  for (const store of stores) await store.close().catch(() => {});
  rmSync(root, { recursive: true, force: true });
});

let homes = 0;
const newHome = () => join(root, `home-${homes++}`);
const body = (subject: string, data: EntryBody['data'] = null): EntryBody => ({
  kind: 'test',
  at: AT,
  actor: 'cli:tester',
  cause: 'R-1',
  subject,
  data,
});
const bodies = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => body(`s${from + i}`, { n: from + i }));

const openHome = async (home = newHome()) => {
  const file = join(home, 'caco.db');
  const store = await openStore(file);
  stores.push(store);
  return { home, file, store, ledger: openLedger({ store, home, now }) };
};

/** A ledger of 600 entries, signed at 300 and 600, then 5 more; each test gets a copy of its own. */
const PATTERN = await (async () => {
  const made = await openHome();
  await made.ledger.append(bodies(300));
  const kept = await made.ledger.checkpoint();
  await made.ledger.append(bodies(300, 300));
  await made.ledger.checkpoint();
  await made.ledger.append(bodies(5, 600));
  await made.store.close();
  return { ...made, kept };
})();
const copyHome = () => {
  const home = newHome();
  execFileSync('cp', ['-r', PATTERN.home, home]);
  return { home, file: join(home, 'caco.db') };
};
/** Opens a copy after somebody has had their way with its file. */
const having = async (tamper: (db: Sqlite, home: string) => void) => {
  const { home, file } = copyHome();
  const db = new Sqlite(file);
  tamper(db, home);
  db.close();
  return openHome(home);
};

describe('a sound ledger', () => {
  it('audits clean, from its beginning and from a checkpoint that was kept', async () => {
    const { ledger } = await having(() => {});
    const steps: number[] = [];
    const audit = await ledger.audit({ since: PATTERN.kept.note, progress: (done, total) => steps.push(done / total) });
    expect(audit).toMatchObject({ ok: true, size: 605, witnessed: false, unsignedEntries: 5, checkpointsChecked: 2 });
    expect(audit).not.toHaveProperty('firstBad');
    expect(audit.checkpoint?.size).toBe(600);
    expect(steps.at(-1)).toBe(1);
  });

  it('is empty before its first entry, and says so without a signature', async () => {
    const { home, ledger } = await openHome();
    expect(await ledger.head()).toBeNull();
    expect(await ledger.audit()).toMatchObject({ ok: true, size: 0, checkpoint: null });
    await expect(ledger.prove(0)).rejects.toMatchObject({ code: 'not-found' });
    // Who only looks leaves no key behind.
    expect(existsSync(join(home, 'keys', 'ledger.key'))).toBe(false);
    expect((await ledger.checkpoint()).size).toBe(0);
    expect(existsSync(join(home, 'keys', 'ledger.key'))).toBe(true);
  });

  it('proves every entry, signing first where no checkpoint covers it', async () => {
    const { ledger } = await having(() => {});
    for (const seq of [0, 255, 256, 299, 300, 511, 599]) {
      const proof = await ledger.prove(seq);
      expect(proof.checkpoint.size).toBe(600);
      expect(JSON.parse(proof.leaf)).toMatchObject({ seq, subject: `s${seq}`, data: { n: seq }, v: 1 });
    }
    expect((await ledger.prove(604)).checkpoint.size).toBe(605);
    await expect(ledger.prove(605)).rejects.toMatchObject({
      code: 'not-found',
      remedy: expect.stringContaining('604'),
    });
  });

  it('signs one state once, and only its continuation', async () => {
    const { ledger } = await having(() => {});
    const [a, b, c] = await Promise.all([ledger.checkpoint(), ledger.checkpoint(), ledger.checkpoint()]);
    expect(new Set([a.note, b.note, c.note]).size).toBe(1);
    expect((await ledger.checkpoint()).note).toBe(a.note);
  });

  it('keeps its private key from others, and refuses one that they can read', async () => {
    const { home, ledger } = await openHome();
    await ledger.checkpoint();
    const key = join(home, 'keys', 'ledger.key');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    chmodSync(key, 0o644);
    const again = openLedger({ store: stores.at(-1)!, home, now });
    await expect(again.checkpoint()).rejects.toMatchObject({
      code: 'forbidden',
      remedy: expect.stringContaining('chmod 600'),
    });
    // Appending goes on: what was done is written down whatever the keys are.
    await again.append(bodies(1));
  });

  it('turns its key over without losing what the old one signed', async () => {
    const { home, ledger, store } = await having(() => {});
    const old = ledger.vkeys();
    const rotated = await ledger.rotateKey({ actor: 'cli:tester' });
    expect(rotated.note.split('\n').filter((l) => l.startsWith('\u2014'))).toHaveLength(2);
    await ledger.append(bodies(3, 700));
    const signed = await ledger.checkpoint();
    expect(ledger.vkeys()).toHaveLength(2);
    expect(ledger.vkeys()[0]).toBe(old[0]);
    expect(readdirSync(join(home, 'keys'))).not.toContain('ledger.next.key');
    expect((await ledger.read(605, 1))[0]?.body).toMatchObject({ kind: 'ledger_key', data: { replaces: old[0] } });
    const audit = await openLedger({ store, home, now }).audit({ since: PATTERN.kept.note });
    expect(audit).toMatchObject({ ok: true, size: 609, unsignedEntries: 0, checkpoint: { size: signed.size } });
  });

  it('signs with both keys even where another process signs the same state in between', async () => {
    const { home, ledger: other, store } = await having(() => {});
    const entries = {
      ...store.entries,
      append: async (some: readonly EntryBody[]) => {
        const written = await store.entries.append(some);
        await other.checkpoint();
        return written;
      },
    };
    const { note } = await openLedger({ store: { entries }, home, now }).rotateKey({ actor: 'cli:tester' });
    expect(note.split('\n').filter((l) => l.startsWith('\u2014'))).toHaveLength(2);
    expect(await other.audit()).toMatchObject({ ok: true, unsignedEntries: 0 });
  });

  it('remembers the newest state beside its keys, whichever process writes it down last', async () => {
    const { home, ledger: other, store } = await having(() => {});
    const entries = {
      ...store.entries,
      keepCheckpoint: async (state: Parameters<Store['entries']['keepCheckpoint']>[0]) => {
        const kept = await store.entries.keepCheckpoint(state);
        await other.append(bodies(2, 605));
        await other.checkpoint();
        return kept;
      },
    };
    expect(await openLedger({ store: { entries }, home, now }).checkpoint()).toMatchObject({ size: 605 });
    expect(readFileSync(join(home, 'keys', 'checkpoint'), 'utf8').split('\n')[1]).toBe('607');
  });

  it('signs in the background, and what is left when it stops', async () => {
    const { ledger } = await openHome();
    const stop = keepSigning(ledger, { everySeconds: 3600, onTrouble: (error) => expect.unreachable(String(error)) });
    await ledger.append(bodies(4));
    await stop();
    expect((await ledger.head())?.size).toBe(4);
  });
});

/** Rewrites the chain from an entry on, as somebody with the database but without the key could. */
const rechain = (db: Sqlite, from: number, change: (body: string, seq: number) => string) => {
  const rows = db
    .prepare('select seq, prev_hash as prev, hash, body from ledger_entries where seq >= ? order by seq')
    .all([from]) as {
    seq: number;
    prev: string;
    hash: string;
    body: string;
  }[];
  let prev = rows[0]?.prev ?? GENESIS;
  const update = db.prepare('update ledger_entries set prev_hash = ?, hash = ?, body = ? where seq = ?');
  db.exec('begin');
  for (const row of rows) {
    const text = change(row.body, row.seq);
    const hash = sha256Hex(entryText(row.seq, prev, text));
    update.run([prev, hash, text, row.seq]);
    prev = hash;
  }
  db.exec('commit');
};

describe('an audit finds and places', () => {
  const at = async (tamper: (db: Sqlite, home: string) => void, since?: string): Promise<Audit['firstBad']> => {
    const { ledger } = await having(tamper);
    const audit = await ledger.audit({ since });
    expect(audit.ok).toBe(audit.firstBad === undefined);
    return audit.firstBad;
  };

  it.each([0, 1, 255, 256, 599, 604])('a byte that was flipped in entry %i', async (seq) => {
    const flipped = await at((db) =>
      db.prepare(`update ledger_entries set body = replace(body, '"s${seq}"', '"t${seq}"') where seq = ?`).run([seq]),
    );
    expect(flipped).toEqual({ seq, what: 'its bytes do not match its hash' });
  });

  it('an entry that was removed', async () => {
    const removed = await at((db) => db.prepare('delete from ledger_entries where seq = 42').run());
    expect(removed).toMatchObject({ seq: 42, what: expect.stringContaining('missing') });
  });

  it('two entries that were swapped', async () => {
    const swapped = await at((db) => {
      const bodyOf = (seq: number) =>
        (db.prepare('select body from ledger_entries where seq = ?').all([seq])[0] as { body: string }).body;
      const [a, b] = [bodyOf(100), bodyOf(101)];
      const set = db.prepare('update ledger_entries set body = ? where seq = ?');
      set.run([b, 100]);
      set.run([a, 101]);
    });
    expect(swapped?.seq).toBe(100);
  });

  it('an entry that was exchanged together with every hash after it', async () => {
    const rewritten = await at((db) =>
      rechain(db, 450, (text, seq) => (seq === 450 ? text.replace('450', '9') : text)),
    );
    // The stored tile hashes narrow it down to one tile; the checkpoint of 300 still holds.
    expect(rewritten?.seq).toBeGreaterThanOrEqual(300);
    expect(rewritten?.seq).toBeLessThanOrEqual(450);
    expect(rewritten?.what).toMatch(/changed after it was signed|tree hash/);
  });

  it('a chain that was rewritten with the tree hashes too: the signature does not cover it', async () => {
    const rewritten = await at((db) => {
      rechain(db, 10, (text, seq) => (seq === 10 ? text.replace('"n":10', '"n":11') : text));
      db.prepare('delete from ledger_nodes').run();
      db.prepare('delete from ledger_checkpoints where size = 300').run();
    }, PATTERN.kept.note);
    expect(rewritten?.seq).toBeLessThanOrEqual(10);
  });

  it('an entry that is not canonical JSON though its hash fits', async () => {
    const loose = await at((db) => rechain(db, 604, (text) => text.replace('{"n":604}', '{ "n":604}')));
    expect(loose).toEqual({ seq: 604, what: 'its line is not canonical JSON' });
  });

  it('a state that somebody signed again with a key of their own', async () => {
    const forged = await openHome();
    await forged.ledger.append(bodies(600, 5000));
    const note = (await forged.ledger.checkpoint()).note;
    const resigned = await at((db) =>
      db.prepare('update ledger_checkpoints set note = ? where size = 600').run([note]),
    );
    expect(resigned).toMatchObject({ seq: 599, what: expect.stringContaining('not to be trusted') });
  });

  it('a tree hash that was changed', async () => {
    const bent = await at((db) =>
      db.prepare("update ledger_nodes set hash = 'ff' || substr(hash, 3) where level = 1 and idx = 1").run(),
    );
    expect(bent).toMatchObject({ seq: 300, what: expect.stringContaining('256 to 511') });
  });

  it('entries that were cut off the end, under a checkpoint that covers them', async () => {
    const cut = await at((db) => db.prepare('delete from ledger_entries where seq >= 580').run());
    expect(cut).toMatchObject({ seq: 580, what: expect.stringContaining('600 entries and there are 580') });
  });

  it('an older copy of the database under a newer checkpoint, which is never signed over', async () => {
    const { home, file } = copyHome();
    const old = `${file}.old`;
    copyFileSync(file, old);
    const first = await openHome(home);
    await first.ledger.append(bodies(10, 605));
    const newest = await first.ledger.checkpoint();
    await first.store.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    copyFileSync(old, file);
    const { ledger } = await openHome(home);
    const audit = await ledger.audit();
    expect(audit).toMatchObject({ ok: false, firstBad: { seq: 605, what: expect.stringContaining('615 entries') } });
    await expect(ledger.checkpoint()).rejects.toMatchObject({ code: 'conflict' });
    // The same from outside: without the keys' memory, the kept checkpoint tells.
    rmSync(join(home, 'keys', 'checkpoint'));
    const outside = openLedger({ store: stores.at(-1)!, home, now });
    expect(await outside.audit()).toMatchObject({ ok: true });
    expect(await outside.audit({ since: newest.note })).toMatchObject({ ok: false, firstBad: { seq: 605 } });
  });

  it('a checkpoint that is none, mistyped or of another ledger: the argument is wrong, never the ledger', async () => {
    const { ledger } = await having(() => {});
    const { note } = await ledger.checkpoint();
    const other = await openHome();
    await other.ledger.append(bodies(1));
    const foreign = (await other.ledger.checkpoint()).note;
    const mistyped = [note.trimEnd(), note.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) - 1}\n`)];
    for (const since of ['no note', 'x', '', ...mistyped, foreign])
      await expect(ledger.audit({ since }), since).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining('since is no checkpoint of this ledger'),
        remedy: expect.stringContaining('byte for byte'),
      });
    expect(await ledger.audit({ since: note })).toMatchObject({ ok: true });
  });

  const wholeFile = () => {
    const { home, file } = copyHome();
    const db = new Sqlite(file);
    db.exec('pragma wal_checkpoint(truncate)');
    db.exec('pragma journal_mode = delete');
    db.close();
    return { home, file };
  };
  /** The audit of whatever opens, or the fault that says why nothing does. */
  const findingIn = (home: string): Promise<Audit | Error> =>
    openHome(home)
      .then(({ ledger }) => ledger.audit())
      .catch((error: Error) => error);

  it('a file that was cut short', async () => {
    for (const share of [0.3, 0.6, 0.9]) {
      const { home, file } = wholeFile();
      execFileSync('truncate', ['-s', String(Math.floor(statSync(file).size * share)), file]);
      const finding = await findingIn(home);
      if (finding instanceof Error)
        expect(finding).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/damaged|malformed/) });
      else expect(finding).toMatchObject({ ok: false, firstBad: { seq: expect.any(Number) } });
    }
  });

  it('a bit that was flipped in the file of the database, wherever an entry lies', async () => {
    const bytes = readFileSync(wholeFile().file);
    for (const seq of [3, 200, 444, 604]) {
      const target = `"subject":"s${seq}"`;
      const { home, file } = wholeFile();
      const bent = Buffer.from(bytes);
      // A page that was split leaves an old copy behind; every copy is bent.
      for (let at = bytes.indexOf(target); at >= 0; at = bytes.indexOf(target, at + 1))
        bent[at + target.length - 2]! ^= 1;
      expect(bent.equals(bytes)).toBe(false);
      writeFileSync(file, bent);
      expect(await findingIn(home)).toMatchObject({ ok: false, firstBad: { seq } });
    }
  });

  it('bits that were flipped anywhere: nothing is called sound unless every entry is as it was', async () => {
    const whole = wholeFile();
    const bytes = readFileSync(whole.file);
    const entries = JSON.stringify(await (await openHome(whole.home)).store.entries.read(0, 1000));
    for (let i = 0; i < 25; i++) {
      const { home, file } = wholeFile();
      const bent = Buffer.from(bytes);
      bent[Math.floor(((i * 0.6180339887) % 1) * bent.length)]! ^= 1 << (i & 7);
      writeFileSync(file, bent);
      const finding = await findingIn(home);
      if (finding instanceof Error) expect(finding).toMatchObject({ code: 'unavailable' });
      else if (finding.ok) expect(JSON.stringify(await stores.at(-1)!.entries.read(0, 1000))).toBe(entries);
    }
  });
});

describe('a witness', () => {
  const party = () => join(root, `witness-${homes++}`);

  it('cosigns what continues what it has seen, and its word shows', async () => {
    const { ledger } = await having(() => {});
    const folder = party();
    const first = await runWitness({ folder, source: ledger.witnessed, now, name: 'witness.example/w1' });
    expect(first).toMatchObject({ size: 605, witness: 'witness.example/w1' });
    expect(await ledger.audit()).toMatchObject({
      ok: true,
      witnessed: true,
      checkpoint: { witnesses: ['witness.example/w1'] },
    });
    await ledger.append(bodies(3, 605));
    expect(await ledger.audit()).toMatchObject({ witnessed: true, unsignedEntries: 3 });
    await runWitness({ folder, source: ledger.witnessed, now });
    expect((await ledger.prove(607)).checkpoint.witnesses).toEqual(['witness.example/w1']);
    expect(statSync(join(folder, 'witness.key')).mode & 0o777).toBe(0o600);
  });

  it('cosigns an idle ledger for as long as it likes: its newest word takes the place of the one before', async () => {
    const { ledger } = await having(() => {});
    const folder = party();
    let at = Date.parse(AT);
    const later = () => {
      at += 1000;
      return new Date(at).toISOString().replace('.000', '') as Instant;
    };
    for (let round = 0; round < 101; round++) await runWitness({ folder, source: ledger.witnessed, now: later });
    await runWitness({ folder: party(), source: ledger.witnessed, now: later });
    const { note, witnesses } = (await ledger.head())!;
    expect(note.split('\n').filter((l) => l.startsWith('\u2014'))).toHaveLength(3);
    expect(witnesses).toHaveLength(2);
  });

  it('follows a key that was turned over, learnt from the key that it knows', async () => {
    const { ledger } = await having(() => {});
    const folder = party();
    await runWitness({ folder, source: ledger.witnessed, now });
    await ledger.rotateKey({ actor: 'cli:tester' });
    await runWitness({ folder, source: ledger.witnessed, now });
    await ledger.append(bodies(1));
    expect(await runWitness({ folder, source: ledger.witnessed, now })).toMatchObject({ size: 607 });
  });

  it('does not cosign a rewritten past, even one that the owner has signed', async () => {
    const { home, ledger, store } = await having(() => {});
    const folder = party();
    await runWitness({ folder, source: ledger.witnessed, now });
    await store.close();
    const db = new Sqlite(join(home, 'caco.db'));
    rechain(db, 20, (text, seq) => (seq === 20 ? text.replace('"n":20', '"n":2') : text));
    // The owner forgets every signature and begins anew with the same key.
    db.exec('delete from ledger_checkpoints; delete from ledger_nodes');
    db.close();
    rmSync(join(home, 'keys', 'checkpoint'));
    const again = await openHome(home);
    await expect(runWitness({ folder, source: again.ledger.witnessed, now })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('answers over HTTP as the protocol says', async () => {
    const { ledger } = await having(() => {});
    const witness = openWitness({ folder: party(), now, name: 'witness.example/w2' });
    const server = await serveWitness(witness, { port: 0 });
    try {
      const ask = () => askWitness({ url: server.url, vkey: witness.vkey, source: ledger.witnessed });
      await expect(ask()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('404') });
      witness.follow(ledger.vkeys());
      expect(await ask()).toMatchObject({ size: 605, witnesses: ['witness.example/w2'] });
      await ledger.append(bodies(2, 605));
      expect(await ask()).toMatchObject({ size: 607, witnesses: ['witness.example/w2'] });
      const post = (text: string) => fetch(`${server.url}/add-checkpoint`, { method: 'POST', body: text });
      const { note } = await ledger.checkpoint();
      const stale = await post(`old 5\n\n${note}`);
      expect([stale.status, stale.headers.get('content-type'), await stale.text()]).toEqual([
        409,
        'text/x.tlog.size; charset=utf-8',
        '607\n',
      ]);
      expect((await post(`old 608\n\n${note}`)).status).toBe(400);
      expect((await post(`old 0\n\n${note.replace('\n607\n', '\n608\n')}`)).status).toBe(403);
      expect((await post('nonsense')).status).toBe(400);
      expect((await post('x'.repeat(300_000))).status).toBe(413);
      const kept = await fetch(`${server.url}/${sha256Hex(ledger.origin)}/checkpoint`);
      expect(await kept.text()).toContain('witness.example/w2');
      expect((await fetch(`${server.url}/${'0'.repeat(64)}/checkpoint`)).status).toBe(404);
    } finally {
      await server.close();
    }
    await expect(askWitness({ url: server.url, vkey: witness.vkey, source: ledger.witnessed })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('several writers', () => {
  it('in one process share commits, and one bad body spoils no neighbour', async () => {
    const { ledger } = await openHome();
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        ledger.append(i === 25 ? [{ ...body('bad'), data: Number.NaN }] : bodies(2, i)),
      ),
    );
    expect(results.filter((r) => r.status === 'rejected')).toHaveLength(1);
    expect(await ledger.audit()).toMatchObject({ ok: true, size: 98 });
  });

  it('in two processes, 10 000 entries each at once, give one chain of 20 000', async () => {
    const { home, file, ledger } = await openHome();
    const script = fileURLToPath(new URL('./fixtures/appender.ts', import.meta.url));
    const run = (name: string) =>
      new Promise<number | null>((resolve) => {
        spawn(process.execPath, ['--import', 'tsx', script, file, home, name, '10000', '100'], {
          stdio: ['ignore', 'ignore', 'inherit'],
        }).once('close', resolve);
      });
    expect(await Promise.all([run('a'), run('b')])).toEqual([0, 0]);
    expect(await ledger.audit()).toMatchObject({ ok: true, size: 20_000 });
    const seen = new Map<string, number>();
    for (let from = 0; from < 20_000; from += 2000)
      for (const { body } of await ledger.read(from, 2000)) {
        const last = seen.get(body.actor) ?? -1;
        expect(body.data).toBe(last + 1);
        seen.set(body.actor, last + 1);
      }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        ['test:a', 9999],
        ['test:b', 9999],
      ]),
    );
  });

  it('that are killed at any moment lose nothing acknowledged and leave a ledger that audits clean', async () => {
    const { home, file, ledger } = await openHome();
    const script = fileURLToPath(new URL('./fixtures/appender.ts', import.meta.url));
    for (let turn = 0; turn < 3; turn++) {
      const before = await ledger.size();
      const acknowledged = await new Promise<number>((resolve) => {
        const child = spawn(process.execPath, ['--import', 'tsx', script, file, home, `k${turn}`, '1000000', '7'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let text = '';
        let armed = false;
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (armed) return;
          armed = true;
          setTimeout(() => child.kill('SIGKILL'), 20 + 60 * turn);
        });
        child.once('close', () => resolve(text.split('\n').slice(0, -1).map(Number).at(-1) ?? 0));
      });
      const size = await ledger.size();
      expect(acknowledged).toBeGreaterThan(0);
      expect(size - before).toBeGreaterThanOrEqual(acknowledged);
      expect(await ledger.audit()).toMatchObject({ ok: true, size });
    }
  });
});

describe('a ledger in Postgres', () => {
  let postgres: TestPostgres | undefined;
  beforeAll(async () => {
    postgres = await testPostgres();
  });
  if (!hasPostgres())
    console.warn('No Postgres here (CACO_TEST_POSTGRES_URL, or apt-get install postgresql): its ledger is not tested.');
  afterAll(async () => {
    for (const store of stores.splice(0)) await store.close().catch(() => {});
    await postgres?.stop();
  });

  it.skipIf(!hasPostgres())('is one chain of several connections, proves, is witnessed, and is found out', async () => {
    const home = newHome();
    const open = async () => {
      const store = await openStore(postgres!.url);
      stores.push(store);
      return { store, ledger: openLedger({ store, home, now }) };
    };
    const [one, two] = [await open(), await open()];
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).ledger.append(bodies(30, 30 * i))));
    const [a, b] = await Promise.all([one.ledger.checkpoint(), two.ledger.checkpoint()]);
    expect([a.size, b.note]).toEqual([600, a.note]);
    await runWitness({ folder: join(home, 'witness'), source: two.ledger.witnessed, now });
    expect((await one.ledger.prove(555)).checkpoint.witnesses).toHaveLength(1);
    expect(await one.ledger.audit()).toMatchObject({ ok: true, size: 600, witnessed: true });
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: postgres!.url });
    await client.connect();
    await client.query("update ledger_entries set body = replace(body, 'cli:tester', 'cli:nobody') where seq = 321");
    await client.end();
    expect(await one.ledger.audit()).toMatchObject({ ok: false, firstBad: { seq: 321 } });
    await expect(two.ledger.prove(321)).rejects.toMatchObject({ code: 'conflict' });
  });
});
