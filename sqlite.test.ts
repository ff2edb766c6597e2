/** What the store and the ledger rely on of SQLite, whichever driver stands behind it. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sqlite } from './sqlite.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

const withTable = (path = ':memory:'): Sqlite => {
  const database = new Sqlite(path);
  database.exec('create table items (id integer primary key, value)');
  return database;
};
const insert = 'insert into items values (?, ?)';
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (cause) {
    return (cause as { code?: unknown }).code;
  }
  return undefined;
};

describe('a statement', () => {
  it('keeps undefined as null, truth as 1, a buffer as its bytes, and text whole', () => {
    const database = withTable();
    const values = [undefined, null, true, 1.5, 'a\nü€😀', Buffer.from([0, 255]), 2 ** 53 - 1];
    for (const [id, value] of values.entries()) database.prepare(insert).run([id, value]);
    const kept = database.prepare('select value from items order by id').all() as { value: unknown }[];
    expect(kept.map((row) => row.value)).toEqual([
      null,
      null,
      1,
      1.5,
      'a\nü€😀',
      new Uint8Array([0, 255]),
      2 ** 53 - 1,
    ]);
  });

  it('refuses too few and too many values, and counts no ? within a text, a name or a comment', () => {
    const database = withTable();
    for (const values of [[], [1], [1, 2, 3]])
      expect(() => database.prepare(insert).run(values)).toThrow(`2 places got ${values.length} values`);
    const text = `insert into items /* ? */ values (?, 'it''s ?') -- ?\n returning value as "?"`;
    expect(database.prepare(text).all([1])).toEqual([{ '?': "it's ?" }]);
    expect(database.prepare('select id from items').all()).toHaveLength(1);
  });

  it('refuses a text of which it would keep a part', () => {
    const database = withTable();
    expect(codeOf(() => database.prepare(insert).run([1, 'a\u0000b']))).toBe('SQLITE_NUL');
    expect(database.prepare('select id from items').all()).toEqual([]);
  });

  it('never rounds an integer', () => {
    const database = withTable();
    database.exec('insert into items values (1, 9007199254740993)');
    expect(() => database.prepare('select value from items').all()).toThrow(/too large/);
  });

  it('says whether it answers rows', () => {
    const database = withTable();
    expect(database.prepare('select 1').reader).toBe(true);
    expect(database.prepare(`${insert} returning id`).reader).toBe(true);
    expect(database.prepare(insert).reader).toBe(false);
  });

  it('names SQLite’s trouble, whichever way it is run', () => {
    const database = withTable();
    database.prepare(insert).run([1, 'x']);
    for (const run of [
      () => database.prepare(insert).run([1, 'y']),
      () => database.prepare(`${insert} returning id`).all([1, 'y']),
      () => [...database.prepare(`${insert} returning id`).iterate([1, 'y'])],
      () => database.exec("insert into items values (1, 'y')"),
    ])
      expect(codeOf(run)).toBe('SQLITE_CONSTRAINT');
    expect(codeOf(() => database.prepare('selec'))).toBe('SQLITE_ERROR');
  });
});

describe('a database', () => {
  it('waits for another connection as long as it was told, and then says that it is busy', () => {
    const path = newFile();
    const first = withTable(path);
    const second = new Sqlite(path, { timeoutMs: 30 });
    first.exec('begin immediate');
    expect(first.inTransaction).toBe(true);
    expect(codeOf(() => second.exec('begin immediate'))).toBe('SQLITE_BUSY');
    first.exec('rollback');
    second.exec('begin immediate');
    second.close();
    first.close();
  });

  it('leaves one whole file behind when it is closed, though a statement is still held', () => {
    const path = newFile();
    const database = withTable(path);
    database.exec('pragma journal_mode = wal');
    const statement = database.prepare(insert);
    statement.run([1, 'x']);
    database.close();
    expect(readdirSync(folder).filter((name) => path.endsWith(name.replace(/-(wal|shm)$/, '')))).toHaveLength(1);
    expect(new Sqlite(path, { readOnly: true }).prepare('select value from items').all()).toEqual([{ value: 'x' }]);
    expect(() => statement.run([2, 'y'])).toThrow();
  });

  it('says that it is cut off or no database', () => {
    const path = newFile();
    const database = withTable(path);
    for (let i = 0; i < 200; i++) database.prepare(insert).run([i, 'x'.repeat(500)]);
    database.close();
    truncateSync(path, 20_000);
    const codes = ['SQLITE_CORRUPT', 'SQLITE_IOERR_SHORT_READ'];
    expect(codes).toContain(codeOf(() => new Sqlite(path).prepare('select sum(length(value)) from items').all()));
    truncateSync(path, 0);
    expect(codeOf(() => new Sqlite(join(folder, 'absent', 'x.db')))).toBe('SQLITE_CANTOPEN');
    expect(codeOf(() => new Sqlite(newFile(), { readOnly: true }))).toBe('SQLITE_CANTOPEN');
  });

  it('is copied while it is open, and says why it cannot be', async () => {
    const path = newFile();
    const database = withTable(path);
    database.prepare(insert).run([1, 'x']);
    const copy = newFile();
    await database.backup(copy, 1);
    expect(new Sqlite(copy, { readOnly: true }).prepare('select value from items').all()).toEqual([{ value: 'x' }]);
    await expect(database.backup(join(folder, 'absent', 'x.db'), 1)).rejects.toMatchObject({ code: 'SQLITE_CANTOPEN' });
  });
});

describe.skipIf(process.platform === 'win32')('a database’s files', () => {
  const modes = (path: string) =>
    Object.fromEntries(
      ['', '-wal', '-shm'].map((suffix) => [suffix, (statSync(path + suffix).mode & 0o777).toString(8)]),
    );
  const PRIVATE = { '': '600', '-wal': '600', '-shm': '600' };
  const under = <R>(umask: number, work: () => R): R => {
    const before = process.umask(umask);
    try {
      return work();
    } finally {
      process.umask(before);
    }
  };
  const written = (path: string): Sqlite => {
    const database = new Sqlite(path);
    database.exec('pragma journal_mode = wal; create table if not exists items (id); insert into items values (1)');
    return database;
  };

  it.each([0o000, 0o022, 0o077, 0o777])('are their owner’s alone under umask %i in a folder open to all', (umask) => {
    const open = join(folder, `open-${umask}`);
    mkdirSync(open);
    chmodSync(open, 0o777);
    const database = under(umask, () => written(join(open, 'caco.db')));
    expect(modes(join(open, 'caco.db'))).toEqual(PRIVATE);
    database.close();
  });

  it('become so when they were open, those that a crash left included', () => {
    const path = newFile();
    const first = under(0o022, () => written(path));
    // What a killed process leaves: the file, its log and the log's index.
    const left = newFile();
    for (const suffix of ['', '-wal', '-shm']) {
      copyFileSync(path + suffix, left + suffix);
      chmodSync(left + suffix, 0o644);
    }
    first.close();
    const again = written(left);
    expect(modes(left)).toEqual(PRIVATE);
    expect(again.prepare('select count(*) as n from items').all()).toEqual([{ n: 2 }]);
    again.close();
  });

  it('copies are too', async () => {
    const copy = newFile();
    const database = withTable();
    await under(0, () => database.backup(copy, 100));
    expect((statSync(copy).mode & 0o777).toString(8)).toBe('600');
  });
});
