/**
 * The Merkle tree of RFC 6962 (Certificate Transparency), section 2.1: roots, inclusion and consistency proofs.
 * leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖ left ‖ right), split at the largest power of two below the size.
 */
import { hash } from 'node:crypto';

/** 32 bytes. */
export type Hash = Buffer;

export const sha256 = (data: Uint8Array | string): Hash => hash('sha256', data, 'buffer');
export const sha256Hex = (data: Uint8Array | string): string => hash('sha256', data);

export const EMPTY_ROOT: Hash = sha256('');

export const leafHash = (data: Uint8Array | string): Hash =>
  // U+0000 is the byte 0x00 in UTF-8, so that text needs no copy.
  typeof data === 'string' ? sha256(`\u0000${data}`) : sha256(Buffer.concat([Buffer.from([0]), data]));

export const nodeHash = (left: Uint8Array, right: Uint8Array): Hash => {
  const bytes = Buffer.allocUnsafe(65);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return sha256(bytes);
};

/** Root of a complete subtree from its hashes at one level; their number is a power of two. */
export const fold = (hashes: readonly Hash[]): Hash => {
  let level = hashes;
  while (level.length > 1) {
    const up: Hash[] = [];
    for (let i = 0; i < level.length; i += 2) up.push(nodeHash(level[i]!, level[i + 1]!));
    level = up;
  }
  return level[0]!;
};

/** The right edge of a growing tree: one hash for each bit of its size, so a root costs no more than log2 of it. */
export class Frontier {
  readonly #edge: { height: number; hash: Hash }[] = [];
  #climb: Hash[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(leaf: Hash): void {
    let node = leaf;
    this.#climb = [leaf];
    while (this.#edge.at(-1)?.height === this.#climb.length - 1) {
      node = nodeHash(this.#edge.pop()!.hash, node);
      this.#climb.push(node);
    }
    this.#edge.push({ height: this.#climb.length - 1, hash: node });
    this.#size++;
  }

  /** Root of the complete subtree with 2^height leaves that the last append closed, if it closed one of that height. */
  closed(height: number): Hash | undefined {
    return this.#climb[height];
  }

  root(): Hash {
    const [last, ...rest] = this.#edge.toReversed();
    return last ? rest.reduce((right, left) => nodeHash(left.hash, right), last.hash) : EMPTY_ROOT;
  }
}

/** Width of a tile: hashes are kept at every eighth level only and the levels between are computed (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** Hashes `from` to `from + count` of complete subtrees with 256^level leaves each. They must lie within one tile. */
export type TileReader = (level: number, from: number, count: number) => Promise<readonly Hash[]>;

/** Computes roots and proofs from tiles; each tile is read once per instance. Sizes below 2^48. */
export class TiledTree {
  readonly #read: TileReader;
  readonly #tiles = new Map<string, Promise<readonly Hash[]>>();
  readonly #size: number;

  /** `size`: leaves that the reader can answer for. */
  constructor(read: TileReader, size: number) {
    this.#read = read;
    this.#size = size;
  }

  /** Root of the first `size` leaves. */
  root(size: number): Promise<Hash> {
    return size === 0 ? Promise.resolve(EMPTY_ROOT) : this.#range(0, size);
  }

  /** Hashes from the leaf to the root of the first `size` leaves. Needs index < size. */
  async inclusion(index: number, size: number): Promise<Hash[]> {
    const path: Promise<Hash>[] = [];
    let low = 0;
    let high = size;
    while (high - low > 1) {
      const middle = low + splitOf(high - low);
      if (index < middle) {
        path.push(this.#range(middle, high));
        high = middle;
      } else {
        path.push(this.#range(low, middle));
        low = middle;
      }
    }
    return (await Promise.all(path)).reverse();
  }

  /** Proof that the first `old` leaves are the start of the first `size`. Needs 0 < old <= size. */
  async consistency(old: number, size: number): Promise<Hash[]> {
    const path: Promise<Hash>[] = [];
    let low = 0;
    let high = size;
    // RFC 6962 SUBPROOF: the old tree's own root is known to the reader and left out.
    while (old !== high) {
      const middle = low + splitOf(high - low);
      if (old <= middle) {
        path.push(this.#range(middle, high));
        high = middle;
      } else {
        path.push(this.#range(low, middle));
        low = middle;
      }
    }
    if (low > 0) path.push(this.#range(low, high));
    return (await Promise.all(path)).reverse();
  }

  /** Root of leaves low to high, where low is a multiple of the smallest power of two that holds them. */
  async #range(low: number, high: number): Promise<Hash> {
    const count = high - low;
    const split = count === 1 ? 1 : splitOf(count);
    if (split === 1 && count === 1) return this.#complete(0, low);
    if (split * 2 === count) return this.#complete(Math.log2(count), low / count);
    const [left, right] = await Promise.all([this.#range(low, low + split), this.#range(low + split, high)]);
    return nodeHash(left, right);
  }

  async #complete(height: number, index: number): Promise<Hash> {
    const level = Math.floor(height / TILE_HEIGHT);
    const width = 2 ** (height % TILE_HEIGHT);
    const from = index * width;
    const tile = await this.#tile(level, Math.floor(from / TILE_WIDTH));
    const start = from % TILE_WIDTH;
    return fold(tile.slice(start, start + width));
  }

  #tile(level: number, index: number): Promise<readonly Hash[]> {
    const key = `${level}/${index}`;
    let tile = this.#tiles.get(key);
    if (tile === undefined) {
      const from = index * TILE_WIDTH;
      const count = Math.min(TILE_WIDTH, Math.floor(this.#size / TILE_WIDTH ** level) - from);
      tile = this.#read(level, from, count);
      this.#tiles.set(key, tile);
    }
    return tile;
  }
}

/** The largest power of two below n; n >= 2. */
const splitOf = (n: number): number => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

const isHash = (bytes: Uint8Array): boolean => bytes.length === 32;
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** RFC 9162 section 2.1.3.2. False for anything but an exact proof; never throws. */
export const verifyInclusion = (claim: {
  index: bigint | number;
  size: bigint | number;
  leaf: Uint8Array;
  proof: readonly Uint8Array[];
  root: Uint8Array;
}): boolean => {
  const index = BigInt(claim.index);
  const size = BigInt(claim.size);
  if (index < 0n || index >= size || !isHash(claim.leaf) || !isHash(claim.root)) return false;
  let fn = index;
  let sn = size - 1n;
  let node: Uint8Array = claim.leaf;
  for (const step of claim.proof) {
    if (sn === 0n || !isHash(step)) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      node = nodeHash(step, node);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else node = nodeHash(node, step);
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equal(node, claim.root);
};

/** RFC 9162 section 2.1.4.2. An old size of 0 proves nothing and is refused. False for anything else wrong; never throws. */
export const verifyConsistency = (claim: {
  oldSize: bigint | number;
  size: bigint | number;
  oldRoot: Uint8Array;
  root: Uint8Array;
  proof: readonly Uint8Array[];
}): boolean => {
  const oldSize = BigInt(claim.oldSize);
  const size = BigInt(claim.size);
  if (oldSize <= 0n || oldSize > size || !isHash(claim.oldRoot) || !isHash(claim.root)) return false;
  if (oldSize === size) return claim.proof.length === 0 && equal(claim.oldRoot, claim.root);
  const complete = (oldSize & (oldSize - 1n)) === 0n;
  const steps = complete ? [claim.oldRoot, ...claim.proof] : [...claim.proof];
  const first = steps.shift();
  if (first === undefined || !isHash(first)) return false;
  let fn = oldSize - 1n;
  let sn = size - 1n;
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let old: Uint8Array = first;
  let now: Uint8Array = first;
  for (const step of steps) {
    if (sn === 0n || !isHash(step)) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      old = nodeHash(step, old);
      now = nodeHash(step, now);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else now = nodeHash(now, step);
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equal(old, claim.oldRoot) && equal(now, claim.root);
};
