/** C2SP signed notes, checkpoints and proof bundles, read and checked in the browser. */
import { bytesOf, fromBase64, hex, joined, sha256 } from './bytes.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Why a text is not what it should be. */
export class Broken extends Error {}

export interface Note {
  /** what is signed, with its last newline */
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly keyId: string; readonly bytes: Bytes }[];
}

export const parseNote = (note: string): Note => {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) throw new Broken('the checkpoint has no blank line before its signatures');
  const signatures = note
    .slice(end + 2)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
      const bytes = encoded === undefined ? null : fromBase64(encoded);
      if (name === undefined || bytes === null || bytes.length < 5)
        throw new Broken('a line under the checkpoint is no signature');
      return { name, keyId: hex(bytes.subarray(0, 4)), bytes: bytes.slice(4) };
    });
  return { text: note.slice(0, end + 1), signatures };
};

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
  readonly note: Note;
}

export const parseCheckpoint = (text: string): Checkpoint => {
  const note = parseNote(text);
  const [origin = '', size = '', root = ''] = note.text.split('\n');
  const bytes = fromBase64(root);
  if (origin === '' || !/^(0|[1-9]\d{0,15})$/.test(size) || bytes?.length !== 32)
    throw new Broken('the checkpoint does not name origin, size and root');
  return { origin, size: Number(size), root: bytes, note };
};

export interface Bundle {
  readonly index: number;
  readonly proof: readonly Bytes[];
  readonly checkpoint: Checkpoint;
}

export const BUNDLE = 'c2sp.org/tlog-proof@v1';

export const parseBundle = (text: string): Bundle => {
  const end = text.indexOf('\n\n');
  const [header, ...lines] = text.slice(0, Math.max(0, end)).split('\n');
  if (end < 0 || header !== BUNDLE) throw new Broken(`this is not a proof: it does not begin with ${BUNDLE}`);
  if (lines[0]?.startsWith('extra ')) lines.shift();
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) throw new Broken('the proof names no index');
  const proof = lines.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== 32) throw new Broken('a line of the proof is not a hash');
    return hash;
  });
  return { index: Number(index), proof, checkpoint: parseCheckpoint(text.slice(end + 2)) };
};

export interface VerifierKey {
  readonly name: string;
  readonly keyId: string;
  /** 1: the ledger's own; 4: a witness' cosignature with a time */
  readonly type: number;
  readonly key: Bytes;
}

/** `name+hash+base64(type ‖ key)`; the hash must be of that name and key. */
export const parseKey = async (line: string): Promise<VerifierKey> => {
  const [name = '', keyId = '', ...rest] = line.trim().split('+');
  const bytes = fromBase64(rest.join('+'));
  if (bytes?.length !== 33) throw new Broken(`“${line.slice(0, 60)}” is no verifier key`);
  const digest = await sha256(joined(bytesOf(`${name}\n`), bytes));
  if (hex(digest.subarray(0, 4)) !== keyId) throw new Broken(`the hash in the key of ${name} does not fit the key`);
  return { name, keyId, type: bytes[0]!, key: bytes.slice(1) };
};

export const parseKeys = async (text: string): Promise<VerifierKey[]> =>
  Promise.all(
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parseKey),
  );

/** Null where this browser cannot check Ed25519 at all. */
const holds = async (key: VerifierKey, text: string, signature: Bytes): Promise<boolean | null> => {
  const timed = key.type === 4;
  if (signature.length !== (timed ? 72 : 64)) return false;
  const time = timed ? new DataView(signature.buffer, signature.byteOffset).getBigUint64(0) : 0n;
  const message = timed ? `cosignature/v1\ntime ${time}\n${text}` : text;
  try {
    const imported = await crypto.subtle.importKey('raw', key.key, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature.slice(timed ? 8 : 0), bytesOf(message));
  } catch {
    return null;
  }
};

export interface Signed {
  /** true: a known key signed it; false: a known key's signature is wrong, or none is there; null: this browser cannot tell */
  readonly ok: boolean | null;
  readonly by: readonly string[];
  readonly why: string;
}

/** Signatures of unknown keys are ignored; a wrong one under a known key spoils all. */
export const signedBy = async ({ note, origin }: Checkpoint, keys: readonly VerifierKey[]): Promise<Signed> => {
  const by: string[] = [];
  for (const signature of note.signatures) {
    const key = keys.find((k) => k.name === signature.name && k.keyId === signature.keyId);
    if (key === undefined) continue;
    const ok = await holds(key, note.text, signature.bytes);
    if (ok === null) return { ok: null, by, why: 'this browser cannot check Ed25519 signatures' };
    if (!ok) return { ok: false, by, why: `the signature of ${key.name} is wrong` };
    by.push(`${key.name} (key ${key.keyId})`);
  }
  const own = keys.some((k) => k.name === origin && by.includes(`${k.name} (key ${k.keyId})`));
  return own ? { ok: true, by, why: '' } : { ok: false, by, why: `no known key of ${origin} has signed it` };
};
