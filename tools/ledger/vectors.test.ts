/** Published and own vectors, and strangers' tools: what we write others can check, and what others wrote we can. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Hash,
  leafHash,
  TILE_WIDTH,
  TiledTree,
  verifyConsistency,
  verifyInclusion,
} from '../../domain/evidence/merkle.js';
import type { Instant } from '../../domain/time.js';
import { openStore } from '../../store/store.js';
import { parseBundle, verifyBundle } from './bundle.js';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { openLedger, runWitness } from './ledger.js';
import { COSIGNATURE, ED25519, parseNote, signerOf } from './note.js';
import { tilePath } from './tiles.js';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
const bytes = (name: string) => readFileSync(join(fixtures, name));
const text = (name: string) => bytes(name).toString('utf8');
const refusal = expect.objectContaining({ code: 'invalid-input' });

const notes = JSON.parse(text('notes/signed-notes.json')) as {
  seedA_hex: string;
  seedB_hex: string;
  vkeyA: string;
  vkeyB_cosign: string;
  cases: { name: string; note: string; vkeys: string[]; accept: boolean }[];
};

describe('signed notes', () => {
  it.each(notes.cases)('$name is accepted: $accept', ({ note, vkeys, accept }) => {
    if (accept) expect(openCheckpoint(note, vkeys).origin).toBe('caco.example/ledger');
    else expect(() => openCheckpoint(note, vkeys)).toThrow(refusal);
  });

  it('are written byte for byte as the vectors have them', () => {
    const log = signerOf('caco.example/ledger', Buffer.from(notes.seedA_hex, 'hex'), ED25519);
    const witness = signerOf('witness.example/w1', Buffer.from(notes.seedB_hex, 'hex'), COSIGNATURE);
    expect(log.vkey).toBe(notes.vkeyA);
    expect(witness.vkey).toBe(notes.vkeyB_cosign);
    for (const name of ['valid', 'valid-empty-tree']) {
      const { note } = notes.cases.find((c) => c.name === name)!;
      expect(signCheckpoint(parseCheckpoint(parseNote(note).text), [log])).toBe(note);
    }
    const cosigned = notes.cases.find((c) => c.name === 'valid-cosigned')!;
    const state = openCheckpoint(cosigned.note, [...cosigned.vkeys, notes.vkeyB_cosign]);
    expect(state.witnesses).toEqual(['witness.example/w1']);
    expect(
      state.parsed.text + '\n' + log.line(state.parsed.text, 0) + witness.line(state.parsed.text, 1_735_689_600),
    ).toBe(cosigned.note);
  });
});

describe('proof bundles', () => {
  it.each([0, 8, 16])('of leaf %i hold for it and for no other leaf', (leaf) => {
    const bundle = text(`notes/leaf${leaf}-of-17.tlog-proof`);
    expect(verifyBundle(bundle, bytes(`notes/leaf${leaf}-of-17.data`), [notes.vkeyA]).index).toBe(leaf);
    for (const other of [0, 8, 16].filter((o) => o !== leaf))
      expect(() => verifyBundle(bundle, bytes(`notes/leaf${other}-of-17.data`), [notes.vkeyA])).toThrow(refusal);
    expect(() => verifyBundle(bundle, bytes(`notes/leaf${leaf}-of-17.data`), [notes.vkeyB_cosign])).toThrow(refusal);
  });

  it('may carry extra data, and are refused for anything loose', () => {
    const bundle = text('notes/leaf8-of-17.tlog-proof');
    const [header, ...rest] = bundle.split('\n');
    expect(parseBundle([header, 'extra aGk=', ...rest].join('\n')).index).toBe(8);
    for (const loose of [
      bundle.replace('v1', 'v2'),
      bundle.replace('index 8', 'index 08'),
      bundle.replace('index 8', 'index -8'),
      bundle.replace('\n\n', '\n'),
      bundle.replace('=', ''),
      '',
    ])
      expect(() => verifyBundle(loose, bytes('notes/leaf8-of-17.data'), [notes.vkeyA])).toThrow(refusal);
  });
});

describe('an export by another program', () => {
  const lines = text('export/records.ndjson').trimEnd().split('\n');
  const vkeys = text('export/vkeys.txt').trim().split('\n');
  const state = openCheckpoint(text('export/tiles/checkpoint'), vkeys);
  const hashesIn = (data: Buffer): Hash[] =>
    Array.from({ length: data.length / 32 }, (_, i) => data.subarray(i * 32, i * 32 + 32));
  const tree = new TiledTree(async (level, from, count) => {
    const file = `export/tiles/tile/${level}/${tilePath(from / TILE_WIDTH, count)}`;
    return hashesIn(bytes(file));
  }, state.size);

  it('has the root that its checkpoint states, in its records and in its tiles', async () => {
    expect(state).toMatchObject({ size: lines.length, witnesses: ['witness.example/w1'] });
    expect((await tree.root(state.size)).toString('base64')).toBe(state.root);
    for (const index of [0, 42, 255, 256, 299])
      expect(
        verifyInclusion({
          index,
          size: state.size,
          leaf: leafHash(lines[index]!),
          proof: await tree.inclusion(index, state.size),
          root: Buffer.from(state.root, 'base64'),
        }),
      ).toBe(true);
  });

  it('proves its entry, and that it continues its earlier checkpoint', async () => {
    expect(verifyBundle(text('export/leaf42.tlog-proof'), bytes('export/leaf42.data'), vkeys).index).toBe(42);
    const given = JSON.parse(text('export/consistency-200-300.json')) as { root1: string; proof: string[] };
    expect(openCheckpoint(text('export/checkpoint-200'), vkeys).root).toBe(given.root1);
    const proof = await tree.consistency(200, 300);
    expect(proof.map((h) => h.toString('base64'))).toEqual(given.proof);
    const claim = {
      oldSize: 200,
      size: 300,
      oldRoot: Buffer.from(given.root1, 'base64'),
      root: Buffer.from(state.root, 'base64'),
      proof,
    };
    expect(verifyConsistency(claim)).toBe(true);
  });
});

it.each([
  [0, 256, '000'],
  [0, 44, '000.p/44'],
  [67, 256, '067'],
  [1234067, 256, 'x001/x234/067'],
  [1000, 1, 'x001/000.p/1'],
])('tile %i of width %i is at %s', (index, width, path) => {
  expect(tilePath(index, width)).toBe(path);
});

describe('an export of ours', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-export-'));
  const now = () => '2026-01-01T00:00:00Z' as Instant;
  const store = await openStore(join(folder, 'caco.db'));
  const ledger = openLedger({ store, home: folder, now });
  const add = (count: number) =>
    ledger.append(
      Array.from({ length: count }, (_, i) => ({
        kind: 'test',
        at: now(),
        actor: 'cli:péché',
        cause: null,
        subject: `s${i} – 😂`,
        data: { i, kWh: '0.037' },
      })),
    );
  await add(200);
  const old = await ledger.checkpoint();
  await add(400);
  await ledger.rotateKey({ actor: 'cli:tester' });
  await runWitness({ folder: join(folder, 'witness'), source: ledger.witnessed, now });
  const out = join(folder, 'out');
  const { checkpoint, files } = await ledger.exportTo(out);
  const { leaf, bundle } = await ledger.prove(300);
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds every entry once as a line, in bundles and in tiles', () => {
    expect(files.map((f) => f.slice(out.length + 1))).toEqual(['records.ndjson', 'tiles', 'vkeys.txt']);
    const lines = readFileSync(join(out, 'records.ndjson'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(601);
    expect(checkpoint).toMatchObject({ size: 601, witnesses: [expect.stringContaining('witness')] });
    const bundled: string[] = [];
    for (const tile of ['000', '001', '002.p/89']) {
      const data = readFileSync(join(out, 'tiles/tile/entries', tile));
      for (let at = 0; at < data.length; ) {
        const length = data.readUInt16BE(at);
        bundled.push(data.toString('utf8', at + 2, at + 2 + length));
        at += 2 + length;
      }
    }
    expect(bundled).toEqual(lines);
    const level0 = ['000', '001', '002.p/89'].map((tile) => readFileSync(join(out, 'tiles/tile/0', tile)));
    expect(Buffer.concat(level0)).toEqual(Buffer.concat(lines.map((line) => leafHash(line))));
    expect(existsSync(join(out, 'tiles/tile/1/000.p/2'))).toBe(true);
    expect(readFileSync(join(out, 'vkeys.txt'), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  const strangers =
    spawnSync('python3', ['--version']).status === 0 &&
    spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout?.startsWith('OpenSSL 3') === true;
  if (!strangers)
    console.warn('No Python 3 with OpenSSL 3 here: the checks that docs/methods/ledger.md prints are skipped.');
  it.skipIf(!strangers)('is checked by the commands that the documentation prints, as they are printed', () => {
    const manual = readFileSync(new URL('../../docs/methods/ledger.md', import.meta.url), 'utf8');
    const [proofCheck, chainCheck] = [...manual.matchAll(/```sh\n([\s\S]*?)```/g)].map((m) => m[1]!);
    const at = (name: string, data: string) => writeFileSync(join(folder, name), data);
    const run = (script: string) => spawnSync('bash', ['-ec', script], { cwd: folder, encoding: 'utf8' });
    at('entry.tlog-proof', bundle);
    at('entry.leaf', leaf);
    at('entry.vkeys', `${ledger.vkeys().join('\n')}\n`);
    const checked = run(proofCheck!);
    expect(checked.stdout).toMatch(/entry 300 is in the tree of 601\n[\s\S]*Signature Verified Successfully/);
    at('entry.leaf', leaf.replace('"i":100', '"i":101'));
    expect(run(proofCheck!)).toMatchObject({ status: 1, stderr: expect.stringContaining('not in the tree') });
    at('entry.leaf', leaf);
    at('entry.tlog-proof', bundle.replace(/^601$/m, '602'));
    expect(run(proofCheck!).status).not.toBe(0);
    expect(run(chainCheck!.replace('export/', 'out/')).stdout).toBe('601 entries, each names the one before\n');
  });

  const go =
    spawnSync('go', ['version']).status === 0 && existsSync('/usr/share/gocode/src/golang.org/x/mod/sumdb/note');
  if (!go)
    console.warn(
      'No Go with golang.org/x/mod here (apt-get install golang-go golang-golang-x-mod-dev): the check by strangers’ code is skipped.',
    );
  it.skipIf(!go)('is accepted by Go’s sumdb/note and sumdb/tlog, and refused after one changed byte', async () => {
    const at = (name: string, data: string) => {
      writeFileSync(join(folder, name), data);
      return join(folder, name);
    };
    const consistency = (await ledger.witnessed.consistency(old.size, checkpoint.size))
      .map((h) => h.toString('base64'))
      .join('\n');
    const args = [out, at('p', bundle), at('l', leaf), at('o', old.note), at('c', consistency)];
    const checker = join(folder, 'check');
    execFileSync('go', ['build', '-o', checker, join(fixtures, 'go/check.go')], {
      env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
    });
    const check = () => spawnSync(checker, args, { encoding: 'utf8' });
    expect(check()).toMatchObject({ status: 0, stdout: 'ok: 601 records, entry 300, continues 200\n' });
    at('l', leaf.replace('"i":100', '"i":101'));
    expect(check().stdout).toMatch(/^refused/);
    at('l', leaf);
    at('o', old.note.replace(/^200$/m, '199'));
    expect(check().stdout).toMatch(/^refused/);
    at('o', old.note);
    const records = join(out, 'records.ndjson');
    const whole = readFileSync(records, 'utf8');
    writeFileSync(records, whole.replace('"i":7', '"i":8'));
    expect(check().stdout).toMatch(/^refused/);
    writeFileSync(records, whole);
    expect(check().status).toBe(0);
  });
});
