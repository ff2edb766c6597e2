/**
 * The HTTP signature of Beckn 1.x (BECKN-006): Ed25519 over `(created)`, `(expires)` and the BLAKE2b-512 digest of the raw body,
 * which the label calls BLAKE-512. What is signed are the bytes on the wire, never JSON that was written anew.
 */
import { createHash, type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';

/** A header names its key, and says from when until when it holds, in seconds since the epoch. */
export interface SignatureHeader {
  readonly subscriberId: string;
  /** null in a network of one key per subscriber, whose keyId has two parts */
  readonly keyId: string | null;
  readonly created: number;
  readonly expires: number;
  readonly signature: Buffer;
}

/** What is wrong with a signature, in words. */
export class SignatureTrouble extends Error {
  override readonly name = 'SignatureTrouble';
}

const SIGNED = '(created) (expires) digest';
/** Longest time between created and expires that is tolerated. */
const LONGEST_S = 3600;

export const digestOf = (body: Uint8Array | string): string => createHash('blake2b512').update(body).digest('base64');

const signingString = (created: number | string, expires: number | string, body: Uint8Array | string): Buffer =>
  Buffer.from(`(created): ${created}\n(expires): ${expires}\ndigest: BLAKE-512=${digestOf(body)}`);

export const signatureHeader = (
  key: KeyObject,
  by: { readonly subscriberId: string; readonly keyId: string },
  times: { readonly created: number; readonly expires: number },
  body: Uint8Array | string,
): string => {
  const { created, expires } = times;
  const signature = signBytes(null, signingString(created, expires, body), key).toString('base64');
  return `Signature keyId="${by.subscriberId}|${by.keyId}|ed25519",algorithm="ed25519",created="${created}",expires="${expires}",headers="${SIGNED}",signature="${signature}"`;
};

/**
 * The receipt that 2.0 LTS has in the body of an answer, in the form that its schema gives (BLAKE-512, request-digest, message-id;
 * other papers of 2.0 differ). What is digested is the answer without the receipt.
 */
export const counterSignature = (
  key: KeyObject,
  by: { readonly subscriberId: string; readonly keyId: string },
  { created, expires }: { readonly created: number; readonly expires: number },
  of: { readonly answer: string; readonly request: Uint8Array; readonly messageId: string },
): string => {
  const text = `${signingString(created, expires, of.answer)}\n(request-digest): BLAKE-512=${digestOf(of.request)}\n(message-id): ${of.messageId}`;
  const signature = signBytes(null, Buffer.from(text), key).toString('base64');
  return `Signature keyId="${by.subscriberId}|${by.keyId}|ed25519",algorithm="ed25519",created="${created}",expires="${expires}",headers="${SIGNED} (request-digest) (message-id)",signature="${signature}"`;
};

const attributesOf = (header: string): Map<string, string> => {
  const scheme = /^signature\s+/i.exec(header);
  if (!scheme) throw new SignatureTrouble('the header is no Signature');
  const found = new Map<string, string>();
  let rest = header.slice(scheme[0].length);
  while (rest !== '') {
    const part = /^([A-Za-z]+)=(?:"([^"]*)"|([0-9]+))\s*(?:,\s*|$)/.exec(rest);
    if (!part) throw new SignatureTrouble('the Signature header cannot be read');
    if (found.has(part[1]!)) throw new SignatureTrouble(`${part[1]} is given twice`);
    found.set(part[1]!, part[2] ?? part[3]!);
    rest = rest.slice(part[0].length);
  }
  return found;
};

const secondsOf = (name: string, text: string | undefined): number => {
  if (!/^\d{1,12}$/.test(text ?? '')) throw new SignatureTrouble(`${name} must be whole seconds since 1970`);
  return Number(text);
};

/** Throws SignatureTrouble. Tolerates blanks after commas, any order, unquoted times and a keyId of two parts. */
export const parseSignature = (header: string | undefined): SignatureHeader => {
  if (header === undefined || header.trim() === '') throw new SignatureTrouble('there is no Authorization header');
  const found = attributesOf(header);
  const parts = (found.get('keyId') ?? '').split('|');
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => part === ''))
    throw new SignatureTrouble('keyId must be subscriber|key|ed25519');
  if (found.get('algorithm') !== 'ed25519' || parts.at(-1) !== 'ed25519')
    throw new SignatureTrouble('keyId and algorithm must both say ed25519');
  if (found.get('headers') !== SIGNED) throw new SignatureTrouble(`headers must be "${SIGNED}"`);
  const text = found.get('signature') ?? '';
  const signature = Buffer.from(text, 'base64');
  if (signature.length !== 64 || signature.toString('base64') !== text)
    throw new SignatureTrouble('the signature is not the base64 of 64 bytes');
  return {
    subscriberId: parts[0]!,
    keyId: parts.length === 3 ? parts[1]! : null,
    created: secondsOf('created', found.get('created')),
    expires: secondsOf('expires', found.get('expires')),
    signature,
  };
};

/** Throws SignatureTrouble for one that is not in force at `nowS`. */
export const requireInForce = (header: SignatureHeader, nowS: number, skewS: number): void => {
  const { created, expires } = header;
  if (expires <= created) throw new SignatureTrouble('expires is not after created');
  if (created > nowS + skewS) throw new SignatureTrouble(`it was created ${created - nowS} s in the future`);
  if (expires < nowS) throw new SignatureTrouble(`it expired ${nowS - expires} s ago`);
  if (expires - created > LONGEST_S) throw new SignatureTrouble('it holds for longer than an hour');
};

/** Throws SignatureTrouble. */
export const requireSignature = (header: SignatureHeader, key: KeyObject, body: Uint8Array | string): void => {
  const { created, expires, signature } = header;
  if (!verifyBytes(null, signingString(created, expires, body), key, signature))
    throw new SignatureTrouble('the signature does not belong to this key and this body');
};
