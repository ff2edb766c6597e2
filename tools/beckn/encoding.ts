/** How keys circulate among Beckn participants: raw base64, with or without padding, libsodium's 64 bytes, and DER. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { invalid } from '../../domain/fault.js';

/** What stands before 32 raw bytes in DER (RFC 8410). */
const DER = {
  ed25519: { private: '302e020100300506032b657004220420', public: '302a300506032b6570032100' },
  x25519: { private: '302e020100300506032b656e04220420', public: '302a300506032b656e032100' },
} as const;
export type Curve = keyof typeof DER;

const REMEDY = 'Make one with `caco beckn keys`, or give the base64 of 32 raw bytes.';

const bytesOf = (text: string): Buffer => {
  const bare = text.trim().replace(/=+$/, '');
  const bytes = Buffer.from(bare, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== bare) throw invalid('the key is not base64', REMEDY);
  return bytes;
};

const unwrapped = (bytes: Buffer, prefix: string): Buffer => {
  const head = Buffer.from(prefix, 'hex');
  return bytes.length === head.length + 32 && bytes.subarray(0, head.length).equals(head)
    ? bytes.subarray(head.length)
    : bytes;
};

const privateKey = (seed: Buffer, curve: Curve): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from(DER[curve].private, 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });

/** The 32 raw bytes of a key, or of its public half where it is a private one. */
export const publicBytes = (key: KeyObject): Buffer =>
  (key.type === 'public' ? key : createPublicKey(key)).export({ format: 'der', type: 'spki' }).subarray(-32);

/**
 * The 32-byte seed of a private key that is given as seed, as seed and public half (64 bytes) or as PKCS#8. Throws Fault
 * `invalid-input` for another length and for halves that do not belong together.
 */
export const seedOf = (text: string, curve: Curve = 'ed25519'): Buffer => {
  const bytes = unwrapped(bytesOf(text), DER[curve].private);
  if (bytes.length === 32) return bytes;
  if (bytes.length !== 64) throw invalid(`a private key has 32 or 64 bytes, this one ${bytes.length}`, REMEDY);
  const seed = bytes.subarray(0, 32);
  if (!publicBytes(privateKey(seed, curve)).equals(bytes.subarray(32)))
    throw invalid('the public half of the key does not belong to its seed', REMEDY);
  return seed;
};

/** Throws Fault `invalid-input`. */
export const readPrivateKey = (text: string, curve: Curve = 'ed25519'): KeyObject =>
  privateKey(seedOf(text, curve), curve);

/** Points of small order: a signature under one says nothing about who signed. */
const SMALL_ORDER = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
]);

/** From raw base64 or SPKI. Throws Fault `invalid-input` for another length and for a point of small order. */
export const readPublicKey = (text: string, curve: Curve = 'ed25519'): KeyObject => {
  const bytes = unwrapped(bytesOf(text), DER[curve].public);
  if (bytes.length !== 32) throw invalid(`a public key has 32 bytes, this one ${bytes.length}`, REMEDY);
  if (curve === 'ed25519' && SMALL_ORDER.has(bytes.toString('hex')))
    throw invalid('the public key is a point of small order, which anybody can sign for', REMEDY);
  return createPublicKey({
    key: Buffer.concat([Buffer.from(DER[curve].public, 'hex'), bytes]),
    format: 'der',
    type: 'spki',
  });
};
