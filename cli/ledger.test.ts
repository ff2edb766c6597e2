/** The ledger, tokens and backups at the command line, as built. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Sqlite } from '../sqlite.js';

// Real processes, many of them: nothing is judged by its time, and only a test that hangs ends by this limit.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-cli-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = (home: string) => ({ PATH: process.env.PATH, HOME: folder, CACO_HOME: join(folder, home) });
const caco = (home: string, args: string[], more: Record<string, string> = {}) =>
  spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...environment(home), ...more },
    encoding: 'utf8',
  });
const json = (home: string, args: string[], more: Record<string, string> = {}) => {
  const { status, stdout, stderr } = caco(home, [...args, '--json'], more);
  expect(stdout, stderr).not.toBe('');
  return { status, answer: JSON.parse(stdout) };
};

describe('the ledger at the command line', () => {
  it('is read, signed, kept, proved, exported, witnessed and audited', () => {
    for (const name of ['ann', 'bob'])
      expect(caco('sound', ['token', 'create', '--scope', 'read', '--for', name]).status).toBe(0);
    const tail = json('sound', ['ledger', 'tail', '--limit', '1']).answer;
    expect(tail).toMatchObject({ size: 2, next: 1, entries: [{ seq: 1, kind: 'token_created' }] });
    expect(json('sound', ['ledger', 'show', '0']).answer).toMatchObject({ seq: 0, body: { data: { owner: 'ann' } } });
    expect(json('sound', ['ledger', 'show', '7'])).toMatchObject({
      status: 3,
      answer: { error: { code: 'not-found' } },
    });
    expect(json('sound', ['ledger', 'show', 'x'])).toMatchObject({
      status: 2,
      answer: { error: { code: 'invalid-input' } },
    });

    const kept = join(folder, 'kept');
    writeFileSync(kept, caco('sound', ['ledger', 'checkpoint']).stdout);
    expect(readFileSync(kept, 'utf8')).toMatch(/^\S+\n2\n[\w+/=]{44}\n\n\u2014 /);
    const proof = json('sound', ['ledger', 'prove', '1', '--out', 'one.tlog-proof']).answer;
    expect(proof).toMatchObject({ seq: 1, proof: 'one.tlog-proof', leaf: 'one.leaf', vkeys: 'one.vkeys' });
    expect(readFileSync(join(folder, 'one.tlog-proof'), 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 1\n/);
    expect(json('sound', ['ledger', 'export', '--out', 'out']).status).toBe(0);
    for (const name of ['records.ndjson', 'vkeys.txt', 'tiles/checkpoint', 'tiles/tile/0/000.p/2'])
      expect(existsSync(join(folder, 'out', name))).toBe(true);
    expect(json('sound', ['ledger', 'audit', '--file', 'out/records.ndjson']).answer).toMatchObject({
      ok: true,
      size: 2,
    });
    writeFileSync(
      join(folder, 'out/records.ndjson'),
      readFileSync(join(folder, 'out/records.ndjson'), 'utf8').split('\n')[0]!,
    );
    const cut = json('sound', ['ledger', 'audit', '--file', 'out/records.ndjson', '--vkeys', 'out/vkeys.txt']);
    expect(cut).toMatchObject({ status: 1, answer: { ok: false, firstBad: { seq: 0 } } });
    expect(json('sound', ['ledger', 'audit', '--file', 'out']).status).toBe(3);
    expect(json('sound', ['ledger', 'audit', '--vkeys', 'out/vkeys.txt']).status).toBe(2);
    expect(caco('sound', ['ledger', 'audit']).stdout).toContain('unwitnessed');
    const cosigned = json('sound', [
      'ledger',
      'witness',
      '--folder',
      'elsewhere',
      '--name',
      'witness.example/w',
    ]).answer;
    expect(cosigned).toMatchObject({ size: 3, witness: 'witness.example/w' });
    expect(json('sound', ['ledger', 'audit', '--since', 'kept'])).toMatchObject({
      status: 0,
      answer: { ok: true, size: 3, witnessed: true },
    });
    writeFileSync(join(folder, 'mistyped'), readFileSync(join(folder, 'kept'), 'utf8').replace(/\n(\d+)\n/, '\n1$1\n'));
    for (const files of [[], ['--file', 'out/records.ndjson', '--vkeys', 'out/vkeys.txt']])
      expect(json('sound', ['ledger', 'audit', ...files, '--since', 'mistyped'])).toMatchObject({
        status: 2,
        answer: { error: { code: 'invalid-input', message: expect.stringContaining('since is no checkpoint') } },
      });
    const { vkeys } = json('sound', ['ledger', 'rotate']).answer;
    expect(vkeys).toHaveLength(2);
    expect(json('sound', ['ledger', 'audit', '--since', 'kept']).answer).toMatchObject({ ok: true, size: 4 });
  });

  it('is audited without making a key in a home that has none', () => {
    expect(json('keyless', ['ledger', 'audit'])).toMatchObject({ status: 0, answer: { ok: true, size: 0 } });
    expect(existsSync(join(folder, 'keyless', 'keys'))).toBe(false);
  });

  it('ends with 1 and still prints its finding when it is broken', () => {
    caco('broken', ['token', 'create', '--scope', 'read', '--for', 'ann']);
    const database = new Sqlite(join(folder, 'broken', 'caco.db'));
    database.prepare("update ledger_entries set body = replace(body, 'ann', 'eve')").run();
    database.close();
    expect(json('broken', ['ledger', 'audit'])).toMatchObject({
      status: 1,
      answer: { ok: false, firstBad: { seq: 0 } },
    });
    expect(caco('broken', ['ledger', 'audit']).stdout).toContain('broken at entry 0');
    expect(json('broken', ['ledger', 'prove', '0', '--out', 'bad'])).toMatchObject({
      status: 4,
      answer: { error: { code: 'conflict' } },
    });
    expect(existsSync(join(folder, 'bad'))).toBe(false);
  });

  it('is witnessed round after round until it is interrupted', async () => {
    const child = spawn(process.execPath, [MAIN, 'ledger', 'witness', '--every', '1', '--json'], {
      cwd: folder,
      env: environment('rounds'),
    });
    let text = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.trim().split('\n').length >= 2) resolve();
      });
      child.once('close', () => resolve());
    });
    child.kill('SIGINT');
    if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve));
    expect(text.trim().split('\n').length).toBeGreaterThanOrEqual(2);
    for (const line of text.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ size: 0 });
  });
});

describe('tokens', () => {
  it('are shown once, stand for their owner, and end when they are revoked', () => {
    const made = json('tokens', ['token', 'create', '--scope', 'operate', '--for', 'ann', '--days', '1']).answer;
    expect(made).toMatchObject({ owner: 'ann', scope: 'operate' });
    const { tokens } = json('tokens', ['token', 'list']).answer;
    expect(tokens).toHaveLength(1);
    expect(JSON.stringify(tokens)).not.toContain(made.token);
    expect(readFileSync(join(folder, 'tokens', 'caco.db')).includes(made.token)).toBe(false);
    const more = json('tokens', ['token', 'create', '--scope', 'approve', '--for', 'eve'], { CACO_TOKEN: made.token });
    expect(more).toMatchObject({ status: 4, answer: { error: { code: 'forbidden' } } });
    expect(json('tokens', ['token', 'revoke', made.id]).status).toBe(0);
    expect(json('tokens', ['token', 'list']).answer.tokens).toEqual([]);
    expect(json('tokens', ['token', 'revoke', made.id]).status).toBe(3);
    for (const wrong of [
      ['--scope', 'all', '--for', 'x'],
      ['--scope', 'read', '--for', ''],
      ['--scope', 'read', '--for', 'x', '--days', '-1'],
    ])
      expect(json('tokens', ['token', 'create', ...wrong])).toMatchObject({ status: 2 });
    expect(json('tokens', ['token', 'create', '--scope', 'read']).status).toBe(2);
  });
});

it('a backup is another home’s store, and is never written over a file', () => {
  caco('first', ['token', 'create', '--scope', 'read', '--for', 'ann']);
  expect(json('first', ['backup', 'second/caco.db'])).toMatchObject({ status: 0, answer: { entries: 1 } });
  expect(json('second', ['token', 'list']).answer.tokens).toMatchObject([{ owner: 'ann' }]);
  expect(json('first', ['backup', 'second/caco.db'])).toMatchObject({
    status: 4,
    answer: { error: { code: 'conflict' } },
  });
});
