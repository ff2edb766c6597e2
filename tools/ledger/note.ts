/** C2SP signed notes: text, a blank line, and one signature line for each key. Ed25519 and timestamped cosignatures. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { sha256 } from '../../domain/evidence/merkle.js';
import { invalid } from '../../domain/fault.js';

/** Signature type of a key: the log's own Ed25519, and a witness' cosignature/v1 with a time. */
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
export type KeyType = typeof ED25519 | typeof COSIGNATURE;

const MAX_BYTES = 1_000_000;
const MAX_SIGNATURES = 100;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** As Go's unicode.IsSpace has it, so that both sides take the same names. */
const NAME = /^[^\p{White_Space}+]+$/u;
const LONE_SURROGATE = /\p{Surrogate}/u;

export interface Signature {
  readonly name: string;
  /** 8 hex digits */
  readonly keyId: string;
  readonly bytes: Buffer;
}

export interface Note {
  /** With its last newline: these bytes are signed. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

export interface Verifier {
  readonly name: string;
  readonly keyId: string;
  readonly type: KeyType;
  readonly key: KeyObject;
}

export interface Signer {
  readonly name: string;
  readonly vkey: string;
  /** The line to put under the text; `time` (Unix seconds) is used by cosignatures only. */
  line(text: string, time: number): string;
}

const refuse = (what: string): never => {
  throw invalid(`not a signed note: ${what}`, 'Give the note exactly as it was published, byte for byte.');
};

/** Base64 with padding and no other character; undefined otherwise. */
export const base64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

const hasControls = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
};

const keyIdOf = (name: string, type: number, publicKey: Uint8Array): Buffer =>
  sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), publicKey])).subarray(0, 4);

/** Throws Fault `invalid-input`. Says nothing about whether a signature holds. */
export const parseNote = (note: string): Note => {
  if (Buffer.byteLength(note) > MAX_BYTES) refuse(`longer than ${MAX_BYTES} bytes`);
  if (LONE_SURROGATE.test(note) || hasControls(note)) refuse('it holds control characters or is not Unicode');
  const end = note.lastIndexOf('\n\n');
  if (end < 0) refuse('no blank line before the signatures');
  const block = note.slice(end + 2);
  if (!block.endsWith('\n')) refuse('no newline at the end');
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) refuse(`more than ${MAX_SIGNATURES} signatures`);
  const signatures = lines.map((line): Signature => {
    const [dash, name, encoded, ...rest] = line.split(' ');
    if (dash !== '\u2014' || name === undefined || encoded === undefined || rest.length > 0 || !NAME.test(name))
      return refuse(`"${line.slice(0, 60)}" is not a signature line`);
    const bytes = base64(encoded);
    if (bytes === undefined || bytes.length < 5) return refuse(`the signature of ${name} is not base64`);
    return { name, keyId: bytes.toString('hex', 0, 4), bytes: bytes.subarray(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
};

/** `name+hash+base64(type ‖ key)`, as the Go package sumdb/note spells it. Throws Fault `invalid-input`. */
export const parseVkey = (vkey: string): Verifier => {
  const [name, keyId, ...rest] = vkey.trim().split('+');
  const bytes = base64(rest.join('+'));
  const type = bytes?.[0];
  const wrong = (what: string): never => {
    throw invalid(`not a verifier key: ${what}`, 'Write name+hash+key on one line, as in vkeys.txt of an export.');
  };
  if (name === undefined || keyId === undefined || !NAME.test(name) || bytes === undefined)
    return wrong(vkey.slice(0, 80));
  if ((type !== ED25519 && type !== COSIGNATURE) || bytes.length !== 33)
    return wrong('neither Ed25519 nor cosignature/v1');
  const publicKey = bytes.subarray(1);
  if (keyIdOf(name, type, publicKey).toString('hex') !== keyId)
    return wrong(`the hash of ${name} does not match its key`);
  return {
    name,
    keyId,
    type,
    key: createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' }),
  };
};

const signedText = (text: string, time: bigint): string => `cosignature/v1\ntime ${time}\n${text}`;

/** A cosignature is 8 bytes of time, then Ed25519 over the time and the text. */
const holds = (verifier: Verifier, text: string, bytes: Buffer): boolean => {
  if (verifier.type === ED25519) return bytes.length === 64 && verify(null, Buffer.from(text), verifier.key, bytes);
  if (bytes.length !== 72) return false;
  const message = signedText(text, bytes.readBigUInt64BE(0));
  return verify(null, Buffer.from(message), verifier.key, bytes.subarray(8));
};

/**
 * The keys among `known` that signed the note. Signatures of others are ignored; a wrong signature under a known key spoils
 * the note, and so does the lack of any right one: Fault `invalid-input`.
 */
export const verifyNote = (note: Note, known: readonly Verifier[]): Verifier[] => {
  const by: Verifier[] = [];
  for (const signature of note.signatures) {
    const verifier = known.find((v) => v.name === signature.name && v.keyId === signature.keyId);
    if (!verifier) continue;
    if (!holds(verifier, note.text, signature.bytes)) refuseSignature(`the signature of ${signature.name} is wrong`);
    if (!by.includes(verifier)) by.push(verifier);
  }
  if (by.length === 0) refuseSignature('no known key has signed it');
  return by;
};

const refuseSignature = (what: string): never => {
  throw invalid(`the note is not to be trusted: ${what}`, 'Compare the verifier keys with those that were published.');
};

/** PKCS #8 PEM. */
export const newPrivateKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

/** A signer under a name; the seed form is for published test vectors. Throws Fault `invalid-input` for a bad name. */
export const signerOf = (name: string, privateKey: string | Buffer, type: KeyType): Signer => {
  if (!NAME.test(name))
    throw invalid(
      `"${name}" cannot name a key`,
      'Use a URL without scheme, spaces and plus signs, such as caco.example/ledger.',
    );
  const key =
    typeof privateKey === 'string'
      ? createPrivateKey(privateKey)
      : createPrivateKey({ key: Buffer.concat([PKCS8, privateKey]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const id = keyIdOf(name, type, publicKey);
  return {
    name,
    vkey: `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.from([type]), publicKey]).toString('base64')}`,
    line(text, time) {
      const stamp = Buffer.alloc(type === COSIGNATURE ? 8 : 0);
      if (type === COSIGNATURE) stamp.writeBigUInt64BE(BigInt(time));
      const message = type === COSIGNATURE ? signedText(text, BigInt(time)) : text;
      const bytes = sign(null, Buffer.from(message), key);
      return `\u2014 ${name} ${Buffer.concat([id, stamp, bytes]).toString('base64')}\n`;
    },
  };
};
