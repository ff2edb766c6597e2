/** RFC 6962: leaves, roots and inclusion proofs. */
import { bytesOf, joined, same, sha256 } from './bytes.js';

type Bytes = Uint8Array<ArrayBuffer>;

export const leafHash = (leaf: string): Promise<Bytes> => sha256(joined(Uint8Array.of(0), bytesOf(leaf)));
const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(joined(Uint8Array.of(1), left, right));

/** RFC 9162, section 2.1.3.2: whether the leaf is at that place of the tree with that root. */
export const isIncluded = async (claim: {
  index: number;
  size: number;
  leaf: Bytes;
  proof: readonly Bytes[];
  root: Bytes;
}): Promise<boolean> => {
  const { index, size, proof, root } = claim;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let fn = BigInt(index);
  let sn = BigInt(size - 1);
  let node = claim.leaf;
  for (const step of proof) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      node = await nodeHash(step, node);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else node = await nodeHash(node, step);
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(node, root);
};

/** Root of a whole tree, from its leaves in order. */
export const rootOf = async (leaves: AsyncIterable<Bytes>): Promise<Bytes> => {
  const edge: { height: number; hash: Bytes }[] = [];
  for await (const leaf of leaves) {
    let node = { height: 0, hash: leaf };
    while (edge.at(-1)?.height === node.height)
      node = { height: node.height + 1, hash: await nodeHash(edge.pop()!.hash, node.hash) };
    edge.push(node);
  }
  const last = edge.pop();
  if (last === undefined) return sha256(new Uint8Array());
  let root = last.hash;
  while (edge.length > 0) root = await nodeHash(edge.pop()!.hash, root);
  return root;
};
