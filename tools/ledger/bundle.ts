/** `c2sp.org/tlog-proof@v1`: an inclusion proof and the checkpoint it leads to, in one text. */

import { type Hash, leafHash, verifyInclusion } from '../../domain/evidence/merkle.js';
import { invalid } from '../../domain/fault.js';
import { openCheckpoint, parseCheckpoint } from './checkpoint.js';
import { base64, parseNote } from './note.js';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** A path through a tree of 2^63 leaves. */
const MAX_HASHES = 63;

export interface ProofBundle {
  readonly index: number;
  /** leaf to root */
  readonly proof: readonly Hash[];
  /** the signed note */
  readonly checkpoint: string;
}

export const bundleText = ({ index, proof, checkpoint }: ProofBundle): string =>
  `${HEADER}\nindex ${index}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${checkpoint}`;

const refuse = (what: string): never => {
  throw invalid(`not a proof bundle: ${what}`, 'Give a .tlog-proof file as `caco ledger prove` wrote it.');
};

/** Throws Fault `invalid-input`. Checks the form only. */
export const parseBundle = (text: string): ProofBundle => {
  const end = text.indexOf('\n\n');
  if (end < 0) return refuse('no blank line before the checkpoint');
  const [header, ...lines] = text.slice(0, end).split('\n');
  if (header !== HEADER) return refuse(`the first line is not ${HEADER}`);
  if (lines[0]?.startsWith('extra ')) {
    if (base64(lines.shift()!.slice('extra '.length)) === undefined) return refuse('its extra data is not base64');
  }
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) return refuse('no index');
  if (lines.length > MAX_HASHES) return refuse('too many hashes');
  const proof = lines.map((line) => {
    const hash = base64(line);
    return hash?.length === 32 ? hash : refuse(`"${line}" is not a hash`);
  });
  const checkpoint = text.slice(end + 2);
  parseCheckpoint(parseNote(checkpoint).text);
  return { index: Number(index), proof, checkpoint };
};

/** The checkpoint that covers the leaf. Fault `invalid-input` when the proof, the leaf or a signature is wrong. */
export const verifyBundle = (text: string, leaf: Uint8Array | string, vkeys: readonly string[]) => {
  const bundle = parseBundle(text);
  const { parsed: _, ...checkpoint } = openCheckpoint(bundle.checkpoint, vkeys);
  const root = Buffer.from(checkpoint.root, 'base64');
  const { index, proof } = bundle;
  if (!verifyInclusion({ index, size: checkpoint.size, leaf: leafHash(leaf), proof, root }))
    return refuse(`the leaf is not entry ${index} of this ledger`);
  return { index, checkpoint };
};
