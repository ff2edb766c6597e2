/** What names a thing by its content: RFC 8785 canonical JSON, hashed with SHA-256. The same value gives the same digest on every machine. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import { invalid } from './fault.js';

/** RFC 8785 text. Throws Fault `invalid-input` on what JSON cannot say (NaN, infinity, bigint). */
export const canonicalJson = (value: unknown): string => {
  try {
    const text = (canonicalize as unknown as (v: unknown) => string | undefined)(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw invalid(
      `not JSON: ${(cause as Error).message}`,
      'Use finite numbers, text, booleans, lists and plain objects only.',
    );
  }
  throw invalid('not JSON: the value is undefined', 'Give a JSON value.');
};

/** 64 hex digits. */
export const digest = (value: unknown): string => bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A short name that a person can type, made from a digest: `P-7F3K9QAB`. 40 bits, enough within one store. */
export const shortId = (prefix: string, value: unknown): string => {
  let bits = BigInt(`0x${digest(value).slice(0, 10)}`);
  let text = '';
  for (let i = 0; i < 8; i++) {
    text = ALPHABET[Number(bits & 31n)] + text;
    bits >>= 5n;
  }
  return `${prefix}-${text}`;
};
