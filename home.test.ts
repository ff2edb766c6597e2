/** What others on the machine may read of the folder that holds state: what was written for people, and nothing else. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openApp } from './app.js';
import { readConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-home-'));
const umask = process.umask(0);
afterAll(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

const by = { actor: { id: 'ann', via: 'cli' as const } };
const work = async (home: string) => {
  const app = await openApp(readConfig({ home }, {}, home).config);
  await app.orchestrator.launch({ horizonHours: 2, approval: 'auto' }, by);
  await app.chat('what did we save?', undefined, by);
  await app.tokens.create({ scope: 'read', owner: 'bob' });
  const whileOpen = readable(home);
  await app.close();
  return whileOpen;
};

/** Files that others may read, by their path within the folder. */
const readable = (home: string): string[] =>
  readdirSync(home, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (statSync(path).mode & 0o077) !== 0)
    .map((path) => relative(home, path))
    .sort();

// Windows knows no such modes.
if (process.platform !== 'win32')
  it('are its tickets, in a folder that is open to all under the widest umask, and in one that was written so before', async () => {
    const home = join(folder, 'open');
    mkdirSync(home);
    chmodSync(home, 0o777);
    for (const seen of [await work(home), readable(home)]) {
      expect(seen.length).toBeGreaterThan(0);
      for (const path of seen) expect(path).toMatch(/^tickets\/[^.][^/]*\.(md|adf\.json)$/);
    }
    const files = readdirSync(home, { recursive: true }).map(String);
    expect(files).toEqual(expect.arrayContaining(['caco.db', join('keys', 'ledger.key')]));
    // As an older program left them.
    chmodSync(join(home, 'caco.db'), 0o644);
    for (const name of ['checkpoint', 'ledger.vkeys']) chmodSync(join(home, 'keys', name), 0o644);
    await work(home);
    for (const path of readable(home)) expect(path).toMatch(/^tickets\/[^.][^/]*\.(md|adf\.json)$/);
  });
