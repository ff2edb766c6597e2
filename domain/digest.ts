/** What names a thing by its content: RFC 8785 canonical JSON, hashed with SHA-256. The same value gives the same digest on every machine. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import { invalid } from './fault.js';

const REMEDY = 'Use finite numbers, text, booleans, lists and plain objects only; big integers as text.';
const MAX_DEPTH = 500;

/** What JSON.stringify and the library would drop or change without a word: undefined, holes, Date, Map, symbols. */
const requireJson = (value: unknown, depth: number): void => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return;
  if (typeof value !== 'object') throw new Error(`${typeof value} is not allowed`);
  if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH} or circular`);
  if (Array.isArray(value)) {
    // By index, because forEach and its kin step over holes.
    for (let i = 0; i < value.length; i++) requireJson(value[i], depth + 1);
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype)
    throw new Error(`${value.constructor?.name ?? 'an object of a class'} is not allowed`);
  for (const key of Object.keys(value)) requireJson((value as Record<string, unknown>)[key], depth + 1);
};

/**
 * RFC 8785 text, for what is signed. Throws Fault `invalid-input` on everything that JSON cannot say: NaN, infinity, bigint,
 * undefined (also as a member), lone surrogates, holes, and objects of a class.
 */
export const canonicalJson = (value: unknown): string => {
  try {
    requireJson(value, 0);
    return canonicalize(value) as string;
  } catch (cause) {
    throw invalid(`not JSON: ${(cause as Error).message}`, REMEDY);
  }
};

/** As JSON.stringify reads it: members that are undefined are left out. */
const withoutUndefined = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, withoutUndefined(member)]),
  );
};

/** 64 hex digits: names a value. Members that are undefined count as absent; otherwise as strict as canonicalJson. */
export const digest = (value: unknown): string =>
  bytesToHex(sha256(utf8ToBytes(canonicalJson(withoutUndefined(value)))));

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** What `shortId` gives, in whatever case it is typed; one in twenty has no digit. */
export const SHORT_ID = /^[A-Z]{1,2}-[0-9A-HJKMNP-TV-Z]{8}$/i;

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
