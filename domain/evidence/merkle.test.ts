import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_ROOT,
  Frontier,
  fold,
  type Hash,
  leafHash,
  nodeHash,
  sha256,
  sha256Hex,
  TILE_WIDTH,
  TiledTree,
  verifyConsistency,
  verifyInclusion,
} from './merkle.js';

const text = (name: string) => readFileSync(new URL(`./fixtures/merkle/${name}`, import.meta.url), 'utf8');
/** Sizes up to 2^64 − 1 stand as numbers in the vectors; JSON.parse would round them. */
const load = (name: string) => JSON.parse(text(name).replace(/"(leafIdx|treeSize|size1|size2)": (\d+)/g, '"$1": "$2"'));
const bytes = (encoded: string): Buffer => Buffer.from(encoded, 'base64');

interface InclusionCase {
  leafIdx: string;
  treeSize: string;
  root: string;
  leafHash: string;
  proof: string[] | null;
  desc?: string;
  wantErr?: boolean;
}
interface ConsistencyCase {
  size1: string;
  size2: string;
  root1: string;
  root2: string;
  proof: string[] | null;
  desc?: string;
  wantErr?: boolean;
}

const holdsInclusion = (c: InclusionCase): boolean =>
  verifyInclusion({
    index: BigInt(c.leafIdx),
    size: BigInt(c.treeSize),
    leaf: bytes(c.leafHash),
    proof: (c.proof ?? []).map(bytes),
    root: bytes(c.root),
  });
const holdsConsistency = (c: ConsistencyCase): boolean =>
  verifyConsistency({
    oldSize: BigInt(c.size1),
    size: BigInt(c.size2),
    oldRoot: bytes(c.root1),
    root: bytes(c.root2),
    proof: (c.proof ?? []).map(bytes),
  });

/** RFC 6962 section 2.1, as it is written there. */
const rootOf = (leaves: readonly Hash[]): Hash => {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
};

/** A tree over leaves in memory, read by tiles as a store's is. */
const treeOf = (leaves: readonly Hash[]): TiledTree => {
  const levels: (readonly Hash[])[] = [leaves];
  for (let below = leaves; below.length >= TILE_WIDTH; below = levels.at(-1)!) {
    const up: Hash[] = [];
    for (let i = 0; i + TILE_WIDTH <= below.length; i += TILE_WIDTH) up.push(fold(below.slice(i, i + TILE_WIDTH)));
    levels.push(up);
  }
  return new TiledTree(async (level, from, count) => levels[level]!.slice(from, from + count), leaves.length);
};
const leavesOf = (n: number): Hash[] => Array.from({ length: n }, (_, i) => leafHash(`leaf ${i}`));

describe('the vectors', () => {
  it('of Certificate Transparency give their roots', () => {
    const { leaves_hex, leaf_hashes_hex, roots_hex } = load('ct-classic-8.json');
    const frontier = new Frontier();
    expect(frontier.root().toString('hex')).toBe(roots_hex[0]);
    leaves_hex.forEach((hex: string, i: number) => {
      const leaf = leafHash(Buffer.from(hex, 'hex'));
      expect(leaf.toString('hex')).toBe(leaf_hashes_hex[i]);
      frontier.append(leaf);
      expect(frontier.root().toString('hex')).toBe(roots_hex[i + 1]);
    });
  });

  it('of a Go program give the same roots and proofs, every one of them', async () => {
    const { leaves_utf8, roots, inclusion, consistency } = load('tlog-17.json');
    const leaves: Hash[] = leaves_utf8.map((leaf: string) => leafHash(leaf));
    const tree = treeOf(leaves);
    for (let size = 0; size < roots.length; size++)
      expect((await tree.root(size)).toString('base64')).toBe(roots[size]);
    expect([inclusion.length, consistency.length]).toEqual([153, 153]);
    for (const c of inclusion as InclusionCase[]) {
      const proof = await tree.inclusion(Number(c.leafIdx), Number(c.treeSize));
      expect(proof.map((h) => h.toString('base64'))).toEqual(c.proof ?? []);
      expect(holdsInclusion(c)).toBe(true);
    }
    for (const c of consistency as ConsistencyCase[]) {
      const proof = await tree.consistency(Number(c.size1), Number(c.size2));
      expect(proof.map((h) => h.toString('base64'))).toEqual(c.proof ?? []);
      expect(holdsConsistency(c)).toBe(true);
    }
  });

  it('of transparency-dev are accepted and refused as they say', () => {
    const { inclusion, consistency } = load('transparency-dev.json');
    for (const c of inclusion as InclusionCase[]) expect([c.desc, holdsInclusion(c)]).toEqual([c.desc, !c.wantErr]);
    for (const c of consistency as ConsistencyCase[]) {
      // Two rules are stricter here: a root has 32 bytes, and the empty tree proves nothing.
      const strict = bytes(c.root1).length !== 32 || bytes(c.root2).length !== 32 || c.size1 === '0';
      expect([c.desc, holdsConsistency(c)]).toEqual([c.desc, !c.wantErr && !strict]);
    }
  });
});

describe('a tree', () => {
  it('has the root of RFC 6962, read by tiles or grown leaf by leaf', async () => {
    const leaves = leavesOf(2 * TILE_WIDTH + 3);
    const frontier = new Frontier();
    const tree = treeOf(leaves);
    for (let size = 0; size <= leaves.length; size++) {
      if (size % 61 === 0 || size > leaves.length - 3) {
        const root = rootOf(leaves.slice(0, size));
        expect(frontier.root()).toEqual(root);
        expect(await tree.root(size)).toEqual(root);
      }
      if (size < leaves.length) frontier.append(leaves[size]!);
    }
  });

  it('proves every leaf of every size, and nothing else', async () => {
    const leaves = leavesOf(TILE_WIDTH * 3);
    const tree = treeOf(leaves);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: leaves.length }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        async (size, a, b, bit) => {
          const index = a % size;
          const proof = await tree.inclusion(index, size);
          const root = await tree.root(size);
          const claim = { index, size, leaf: leaves[index]!, proof, root };
          expect(verifyInclusion(claim)).toBe(true);
          const other = b % leaves.length;
          expect(verifyInclusion({ ...claim, leaf: leaves[other]! })).toBe(other === index);
          expect(verifyInclusion({ ...claim, proof: [...proof, root] })).toBe(false);
          if (proof.length === 0) return;
          expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false);
          const bent = proof.map((h) => Buffer.from(h));
          bent[b % bent.length]![bit >> 3]! ^= 1 << (bit & 7);
          expect(verifyInclusion({ ...claim, proof: bent })).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('proves that it continues every earlier state, and no other one', async () => {
    const leaves = leavesOf(TILE_WIDTH * 2 + 40);
    const tree = treeOf(leaves);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: leaves.length }), fc.nat(), async (size, a) => {
        const oldSize = 1 + (a % size);
        const claim = {
          oldSize,
          size,
          oldRoot: await tree.root(oldSize),
          root: await tree.root(size),
          proof: await tree.consistency(oldSize, size),
        };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, oldRoot: leafHash('another past') })).toBe(false);
        if (oldSize < size) expect(verifyConsistency({ ...claim, root: leafHash('another present') })).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('reads each tile once, whole, and no more of it than there is', async () => {
    const leaves = leavesOf(TILE_WIDTH * 2 + 40);
    const reads: [number, number, number][] = [];
    const levels = [leaves, [0, 1].map((i) => fold(leaves.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH)))];
    const tree = new TiledTree(async (level, from, count) => {
      reads.push([level, from, count]);
      return levels[level]!.slice(from, from + count);
    }, leaves.length);
    for (let turn = 0; turn < 2; turn++) {
      await tree.root(leaves.length);
      for (const index of [0, 255, 256, 551]) await tree.inclusion(index, leaves.length);
    }
    expect(reads.sort()).toEqual([
      [0, 0, 256],
      [0, 256, 256],
      [0, 512, 40],
      [1, 0, 2],
    ]);
  });

  it('hashes text and its bytes alike, and never a leaf as a node', () => {
    expect(leafHash('é')).toEqual(leafHash(Buffer.from('é')));
    // Bytes that are no text stay as they are.
    expect(leafHash(Buffer.from([0xff]))).not.toEqual(leafHash(Buffer.from([0xfe])));
    expect(leafHash(Buffer.from([0xff]))).toEqual(sha256(Buffer.from([0, 0xff])));
    const [left, right] = leavesOf(2) as [Hash, Hash];
    expect(nodeHash(left, right)).not.toEqual(leafHash(Buffer.concat([left, right])));
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256('abc').toString('hex')).toBe(sha256Hex('abc'));
  });

  it('that grows tells its size and the complete subtrees that the last leaf closed', () => {
    const leaves = leavesOf(8);
    const frontier = new Frontier();
    expect([frontier.size, frontier.closed(0)]).toEqual([0, undefined]);
    leaves.forEach((leaf, i) => {
      frontier.append(leaf);
      expect(frontier.size).toBe(i + 1);
      for (let height = 0; height < 5; height++) {
        const width = 2 ** height;
        const closes = (i + 1) % width === 0;
        expect(frontier.closed(height)).toEqual(closes ? fold(leaves.slice(i + 1 - width, i + 1)) : undefined);
      }
    });
  });
});

describe('a verifier', () => {
  const leaves = leavesOf(11);
  const tree = treeOf(leaves);
  const inclusion = async (index: number, size: number) => ({
    index,
    size,
    leaf: leaves[index]!,
    proof: await tree.inclusion(index, size),
    root: await tree.root(size),
  });
  const consistency = async (oldSize: number, size: number) => ({
    oldSize,
    size,
    oldRoot: await tree.root(oldSize),
    root: await tree.root(size),
    proof: await tree.consistency(oldSize, size),
  });
  const wrong = [Buffer.alloc(0), Buffer.alloc(31), Buffer.alloc(33)];

  it('takes numbers and bigints, and refuses places that are not in the tree', async () => {
    const claim = await inclusion(10, 11);
    expect(verifyInclusion(claim)).toBe(true);
    expect(verifyInclusion({ ...claim, index: 10n, size: 11n })).toBe(true);
    for (const index of [-1, 11, 12]) expect(verifyInclusion({ ...claim, index })).toBe(false);
    for (const size of [-1, 0, 10]) expect(verifyInclusion({ ...claim, size })).toBe(false);
    // A tree of one leaf is that leaf: nothing but the index is wrong here.
    const one = { leaf: leaves[0]!, root: leaves[0]!, proof: [], size: 1 };
    expect([0, 1, -1].map((index) => verifyInclusion({ ...one, index }))).toEqual([true, false, false]);
  });

  it('refuses, and does not throw at, whatever is no hash', async () => {
    for (const [index, size] of [
      [0, 1],
      [3, 11],
      [10, 11],
    ] as const) {
      const claim = await inclusion(index, size);
      for (const bytes of wrong) {
        expect(verifyInclusion({ ...claim, leaf: bytes })).toBe(false);
        expect(verifyInclusion({ ...claim, root: bytes })).toBe(false);
        for (let i = 0; i < claim.proof.length; i++)
          expect(verifyInclusion({ ...claim, proof: claim.proof.with(i, bytes) })).toBe(false);
      }
    }
    // Equal, and still no roots.
    for (const bytes of wrong) {
      expect(verifyInclusion({ index: 0, size: 1, leaf: bytes, proof: [], root: bytes })).toBe(false);
      expect(verifyConsistency({ oldSize: 3, size: 3, oldRoot: bytes, root: bytes, proof: [] })).toBe(false);
    }
    for (const [old, size] of [
      [3, 11],
      [8, 11],
    ] as const) {
      const claim = await consistency(old, size);
      for (const bytes of wrong) {
        expect(verifyConsistency({ ...claim, oldRoot: bytes })).toBe(false);
        expect(verifyConsistency({ ...claim, root: bytes })).toBe(false);
        for (let i = 0; i < claim.proof.length; i++)
          expect(verifyConsistency({ ...claim, proof: claim.proof.with(i, bytes) })).toBe(false);
      }
    }
  });

  it('of consistency accepts every pair of sizes with its exact proof, and neither a longer nor a shorter one', async () => {
    for (let size = 1; size <= leaves.length; size++)
      for (let old = 1; old <= size; old++) {
        const claim = await consistency(old, size);
        expect([old, size, verifyConsistency(claim)]).toEqual([old, size, true]);
        expect(verifyConsistency({ ...claim, proof: [...claim.proof, claim.root] })).toBe(false);
        if (claim.proof.length > 0) {
          expect(verifyConsistency({ ...claim, proof: claim.proof.slice(0, -1) })).toBe(false);
          expect(verifyConsistency({ ...claim, proof: [] })).toBe(false);
        }
        expect(verifyConsistency({ ...claim, oldSize: size, size: old })).toBe(old === size);
      }
    const same = await consistency(5, 5);
    expect(verifyConsistency({ ...same, oldRoot: leafHash('other') })).toBe(false);
    for (const oldSize of [0, -1, 6]) expect(verifyConsistency({ ...same, oldSize })).toBe(false);
    for (const size of [0, 0n]) expect(verifyConsistency({ ...same, oldSize: size, size })).toBe(false);
  });
});
