/** The ledger's tree over what the store keeps: level 0 from the entries themselves, higher tiles from stored hashes. */
import { entryText } from '../../domain/evidence/evidence.js';
import { type Hash, leafHash, TiledTree } from '../../domain/evidence/merkle.js';
import { Fault } from '../../domain/fault.js';
import type { Entries } from '../../domain/store.js';

/** A tree of the first `size` entries. Its answers throw Fault `conflict` where rows are missing. */
export const treeOf = (entries: Entries, size: number): TiledTree =>
  new TiledTree(async (level, from, count) => {
    const hashes: Hash[] =
      level === 0
        ? (await entries.texts(from, count)).map((e) => leafHash(entryText(e.seq, e.prevHash, e.body)))
        : (await entries.nodes(level, from, count)).map((hex) => Buffer.from(hex, 'hex'));
    if (hashes.length !== count)
      throw new Fault(
        'conflict',
        `the ledger misses ${count - hashes.length} of the hashes from ${from} on at level ${level}`,
        'Run `caco ledger audit`: it names the first bad entry.',
      );
    return hashes;
  }, size);
