/** The audit over a ledger in memory: what it answers of a sound one, and where it places each thing that is wrong. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type EntryText, entryText, GENESIS } from '../../domain/evidence/evidence.js';
import { Fault } from '../../domain/fault.js';
import type { Entries } from '../../domain/store.js';
import { type AuditOptions, type AuditSource, auditLedger } from './audit.js';
import { addLine, checkpointText, signCheckpoint } from './checkpoint.js';
import { COSIGNATURE, ED25519, signerOf } from './note.js';
import { treeOf } from './tree.js';

const sha = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 6962, section 2.1, as it is written there. */
const rootOf = (leaves: readonly Buffer[]): Buffer => {
  if (leaves.length === 0) return sha('');
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha(Buffer.from([1]), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
};

const BODY = (i: number) =>
  `{"actor":"a","at":"2026-01-01T00:00:00Z","cause":null,"data":{"i":${i}},"kind":"t","subject":"s"}`;
const chain = (bodies: readonly string[], first = GENESIS): EntryText[] => {
  let prevHash = first;
  return bodies.map((body, seq) => {
    const hash = sha(entryText(seq, prevHash, body)).toString('hex');
    const entry = { seq, prevHash, hash, body };
    prevHash = hash;
    return entry;
  });
};
const leafOf = (e: EntryText) => sha(Buffer.from([0]), entryText(e.seq, e.prevHash, e.body));

const ORIGIN = 'caco.example/ledger';
const log = signerOf(ORIGIN, Buffer.alloc(32, 1), ED25519);
const stranger = signerOf(ORIGIN, Buffer.alloc(32, 2), ED25519);
const witness = signerOf('witness.example/w1', Buffer.alloc(32, 3), COSIGNATURE);
const vkeys = [log.vkey, witness.vkey];

const ALL = chain(Array.from({ length: 1100 }, (_, i) => BODY(i)));
const LEAVES = ALL.map(leafOf);
const root = (size: number) => rootOf(LEAVES.slice(0, size));
const NODES = [0, 1, 2, 3].map((tile) => rootOf(LEAVES.slice(tile * 256, tile * 256 + 256)).toString('hex'));

const stored = (size: number, over: { root?: Buffer; signer?: typeof log; witnessed?: boolean } = {}) => {
  const state = { origin: ORIGIN, size, root: over.root ?? root(size) };
  const signed = signCheckpoint(state, [over.signer ?? log]);
  const note = over.witnessed ? addLine(signed, witness.line(checkpointText(state), 7)) : signed;
  return { size, root: state.root.toString('base64'), note };
};

/** Answers as a store does, in pages; stored hashes come two at a time, so that more than one page of them is read. */
const sourceOf = (
  entries: readonly EntryText[],
  signed: ReturnType<typeof stored>[] = [],
  nodes: readonly (readonly string[])[] = [NODES],
): AuditSource => ({
  texts: async (from, limit) => entries.slice(from, from + limit),
  checkpoints: async (after, limit) => signed.filter(({ size }) => size > after).slice(0, limit),
  nodes: async (level, from) => (nodes[level - 1] ?? []).slice(from, from + 2),
});
const audit = (source: AuditSource, over: Partial<AuditOptions> = {}) => auditLedger(source, { vkeys, ...over });
const broken = () => new Fault('conflict', 'the page is malformed', 'Restore.', { details: { damaged: true } });

describe('a sound ledger', () => {
  it.each([0, 1, 255, 256, 257, 1000, 1100])('of %i entries has its root, and is all unsigned', async (size) => {
    expect(await audit(sourceOf(ALL.slice(0, size)))).toEqual({
      ok: true,
      size,
      root: root(size).toString('base64'),
      witnessed: false,
      checkpoint: null,
      unsignedEntries: size,
      checkpointsChecked: 0,
    });
  });

  it('agrees with what was signed of it, and says how much came after', async () => {
    const signed = [stored(0), stored(1), stored(300), stored(1000, { witnessed: true })];
    const found = await audit(sourceOf(ALL, signed));
    expect(found).toMatchObject({ ok: true, witnessed: true, unsignedEntries: 100, checkpointsChecked: 4 });
    expect(found.checkpoint).toEqual({
      origin: ORIGIN,
      size: 1000,
      root: root(1000).toString('base64'),
      note: signed[3]!.note,
      witnesses: ['witness.example/w1'],
    });
    expect(await audit(sourceOf(ALL.slice(0, 1000), signed))).toMatchObject({ ok: true, unsignedEntries: 0 });
    expect(await audit(sourceOf([], [stored(0)]))).toMatchObject({ ok: true, size: 0, checkpointsChecked: 1 });
  });

  it('counts a state that is claimed twice once, and shows the claim that is witnessed', async () => {
    const kept = (over: object) => [{ from: 'mine', note: stored(300, over).note }];
    for (const [there, mine] of [
      [{}, { witnessed: true }],
      [{ witnessed: true }, {}],
    ]) {
      const found = await audit(sourceOf(ALL, [stored(300, there)]), { kept: kept(mine!) });
      expect(found).toMatchObject({ ok: true, witnessed: true, checkpointsChecked: 1, unsignedEntries: 800 });
    }
    const later = await audit(sourceOf(ALL, [stored(300, { witnessed: true }), stored(400)]));
    expect(later).toMatchObject({ witnessed: false, checkpointsChecked: 2, unsignedEntries: 700 });
    expect(await audit(sourceOf(ALL, [stored(0)]), { kept: [{ from: 'mine', note: stored(0).note }] })).toMatchObject({
      ok: true,
      unsignedEntries: 1100,
    });
  });

  it('needs no stored hashes, and is read in pages, between which it can be stopped', async () => {
    const done: number[] = [];
    const { nodes: _, ...plain } = sourceOf(ALL);
    expect(await audit(plain, { progress: (count) => done.push(count) })).toMatchObject({ ok: true, size: 1100 });
    expect(done).toEqual([1000, 1100]);
    const stop = new AbortController();
    const read: number[] = [];
    const texts = async (from: number, limit: number) => {
      read.push(from);
      return plain.texts(from, limit);
    };
    setImmediate(() => stop.abort(new Error('enough')));
    await expect(audit({ ...plain, texts }, { signal: stop.signal })).rejects.toThrow('enough');
    expect(read).toEqual([0]);
  });

  it('reads each page of stored hashes once', async () => {
    const source = sourceOf(ALL);
    const read: number[][] = [];
    const nodes = async (level: number, from: number, limit: number) => {
      read.push([level, from, limit]);
      return source.nodes!(level, from, limit);
    };
    expect(await audit({ ...source, nodes })).toMatchObject({ ok: true, size: 1100 });
    expect(read).toEqual([
      [1, 0, 1000],
      [1, 2, 1000],
    ]);
  });
});

describe('what is wrong is placed', () => {
  const firstBad = async (source: AuditSource, over: Partial<AuditOptions> = {}) => {
    const found = await audit(source, over);
    expect(found.ok).toBe(found.firstBad === undefined);
    return found.firstBad;
  };
  const having = (seq: number, over: Partial<EntryText>) => ALL.map((e, i) => (i === seq ? { ...e, ...over } : e));

  it('where an entry is missing, was changed, or follows another one', async () => {
    expect(await firstBad(sourceOf(ALL.filter(({ seq }) => seq !== 7)))).toEqual({
      seq: 7,
      what: 'entry 7 is missing; the next one is 8',
    });
    expect(await firstBad(sourceOf(having(7, { body: BODY(8) })))).toEqual({
      seq: 7,
      what: 'its bytes do not match its hash',
    });
    const turned = chain([BODY(0), BODY(1)], 'f'.repeat(64));
    expect(await firstBad(sourceOf(turned))).toEqual({ seq: 0, what: 'it is not the first entry of a ledger' });
    const [first] = ALL;
    const prevHash = 'a'.repeat(64);
    const apart = { seq: 1, prevHash, body: BODY(1), hash: sha(entryText(1, prevHash, BODY(1))).toString('hex') };
    expect(await firstBad(sourceOf([first!, apart]))).toEqual({ seq: 1, what: 'it does not follow entry 0' });
  });

  it('where a line is not canonical JSON though its hash fits', async () => {
    const wide = chain([BODY(0), BODY(1).replace('"i":1', '"i": 1'), BODY(2)]);
    expect(await firstBad(sourceOf(wide))).toEqual({ seq: 1, what: 'its line is not canonical JSON' });
    const none = chain([BODY(0), BODY(1).replace('"i":1', '"i":')]);
    expect(await firstBad(sourceOf(none))).toEqual({ seq: 1, what: 'its line is not JSON' });
  });

  it('where a signed state is not that of the entries: after the last one that agreed', async () => {
    const other = Buffer.alloc(32, 9);
    expect(await firstBad(sourceOf(ALL, [stored(300), stored(600, { root: other }), stored(1000)]))).toEqual({
      seq: 300,
      what: 'the stored checkpoint of size 600 states another root for the first 600 entries: one from 300 to 599 was changed after it was signed',
    });
    const found = await audit(sourceOf(ALL, [stored(300), stored(600, { root: other }), stored(1000)]));
    expect([found.checkpointsChecked, found.unsignedEntries]).toEqual([2, 100]);
    const kept = [{ from: 'mine', note: stored(50, { root: other }).note }];
    expect(await firstBad(sourceOf(ALL, [stored(300)]), { kept })).toEqual({
      seq: 0,
      what: 'mine states another root for the first 50 entries: one from 0 to 49 was changed after it was signed',
    });
  });

  it('where more was signed than is there', async () => {
    expect(await firstBad(sourceOf(ALL.slice(0, 500), [stored(300), stored(600)]))).toEqual({
      seq: 500,
      what: 'the stored checkpoint of size 600 covers 600 entries and there are 500: entries were removed, or an older copy was put back',
    });
    // Of what follows a bad entry nothing is said.
    const cut = ALL.slice(0, 500).filter(({ seq }) => seq !== 7);
    expect((await firstBad(sourceOf(cut, [stored(600)])))?.seq).toBe(7);
    expect((await audit(sourceOf(cut, [stored(600)]))).size).toBe(7);
  });

  it('where a checkpoint does not hold: at the last entry that it covers', async () => {
    const untrusted = 'the note is not to be trusted: no known key has signed it';
    for (const [size, seq] of [
      [300, 299],
      [0, 0],
    ] as const)
      expect(await firstBad(sourceOf(ALL, [stored(size, { signer: stranger })]))).toEqual({
        seq,
        what: `the stored checkpoint of size ${size}: ${untrusted}`,
      });
    // The next one is compared all the same, and the first of two defects is the one that is told.
    const after = [stored(300, { signer: stranger }), stored(600)];
    expect(await audit(sourceOf(ALL, after))).toMatchObject({ checkpointsChecked: 1, firstBad: { seq: 299 } });
    const both = [stored(300, { signer: stranger }), stored(600, { root: Buffer.alloc(32) })];
    expect((await firstBad(sourceOf(ALL, both)))?.seq).toBe(0);
    const twice = [stored(300, { signer: stranger }), stored(600, { signer: stranger })];
    expect((await firstBad(sourceOf(ALL, twice)))?.seq).toBe(299);
    const again = [{ from: 'mine', note: stored(300, { root: Buffer.alloc(32) }).note }];
    const same = await firstBad(sourceOf(ALL, [stored(300, { root: Buffer.alloc(32, 1) })]), { kept: again });
    expect(same?.what).toMatch(/^mine states/);
  });

  it('where a stored hash of the tree is not theirs: after what was signed, for that was compared', async () => {
    for (const tile of [0, 1, 2, 3]) {
      const nodes = NODES.map((hash, i) => (i === tile ? 'ab'.repeat(32) : hash));
      const end = tile * 256 + 255;
      const what = `the tree hash kept for entries ${tile * 256} to ${end} is not theirs`;
      expect(await firstBad(sourceOf(ALL, [], [nodes]))).toEqual({ seq: tile * 256, what });
      const seq = Math.max(100, tile * 256);
      expect(await firstBad(sourceOf(ALL, [stored(100)], [nodes]))).toEqual({ seq, what });
    }
    expect((await firstBad(sourceOf(ALL, [], [NODES.slice(0, 3)])))?.seq).toBe(768);
    expect((await firstBad(sourceOf(ALL, [], [])))?.seq).toBe(0);
  });

  it('where the database cannot read on, to the entry', async () => {
    for (const bad of [0, 5, 537, 1042]) {
      const source = sourceOf(ALL);
      const texts = async (from: number, limit: number) => {
        if (from + limit > bad) throw broken();
        return source.texts(from, limit);
      };
      const found = await audit({ ...source, texts });
      expect(found).toMatchObject({ ok: false, size: bad, firstBad: { seq: bad, what: 'the page is malformed' } });
    }
  });

  it('where it cannot read a checkpoint or a stored hash', async () => {
    const source = sourceOf(ALL);
    const fail = async (): Promise<never> => {
      throw broken();
    };
    expect(await firstBad({ ...source, checkpoints: fail })).toEqual({
      seq: 0,
      what: 'the stored checkpoints: the page is malformed',
    });
    expect(await firstBad({ ...source, nodes: fail })).toEqual({
      seq: 0,
      what: 'the tree hash kept for entries 0 to 255 is not theirs',
    });
  });

  it('by no error that is not about its data: that one goes on', async () => {
    for (const error of [
      new Error('no memory'),
      new Fault('conflict', 'busy', 'Later.'),
      new Fault('conflict', 'busy', 'Later.', { details: { damaged: 'perhaps' } }),
      Object.assign(new Error('odd'), { details: { damaged: true } }),
    ]) {
      const fail = async (): Promise<never> => {
        throw error;
      };
      for (const part of ['texts', 'checkpoints', 'nodes'])
        await expect(audit({ ...sourceOf(ALL), [part]: fail }), part).rejects.toBe(error);
    }
  });
});

describe('the tree over what a store keeps', () => {
  const entries = (over: Partial<Entries> = {}) =>
    ({
      texts: sourceOf(ALL).texts,
      nodes: async (_: number, from: number, n: number) => NODES.slice(from, from + n),
      ...over,
    }) as Entries;
  it('has the root of the entries, by stored hashes and by entries for the rest', async () => {
    for (const size of [1, 255, 256, 700, 1100]) expect(await treeOf(entries(), size).root(size)).toEqual(root(size));
  });
  it('says what it lacks', async () => {
    await expect(treeOf(entries({ nodes: async () => NODES.slice(0, 3) }), 1100).root(1100)).rejects.toMatchObject({
      code: 'conflict',
      message: 'the ledger misses 1 of the hashes from 0 on at level 1',
      remedy: 'Run `caco ledger audit`: it names the first bad entry.',
    });
    await expect(treeOf(entries({ texts: async () => [] }), 100).root(100)).rejects.toMatchObject({
      message: 'the ledger misses 100 of the hashes from 0 on at level 0',
    });
  });
});

it('compares the hashes above those of a tile too', async () => {
  const many = chain(Array.from({ length: 65_536 }, (_, i) => BODY(i)));
  const leaves = many.map(leafOf);
  const tiles = Array.from({ length: 256 }, (_, i) => rootOf(leaves.slice(i * 256, i * 256 + 256)));
  const hex = tiles.map((hash) => hash.toString('hex'));
  expect((await audit(sourceOf(many, [], [hex, [rootOf(tiles).toString('hex')]]))).ok).toBe(true);
  expect((await audit(sourceOf(many, [], [hex, ['00']]))).firstBad).toEqual({
    seq: 0,
    what: 'the tree hash kept for entries 0 to 65535 is not theirs',
  });
});
