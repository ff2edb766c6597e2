/**
 * How a registry makes sure that a subscriber holds its encryption key: it encrypts a text for it. The key is the raw X25519
 * secret of both, the cipher AES-256-ECB with PKCS#7, all base64.
 */
import { createCipheriv, createDecipheriv, diffieHellman, type KeyObject } from 'node:crypto';
import { Fault } from '../../domain/fault.js';

/** Throws Fault `invalid-input` for a challenge that was not made for this key. */
export const answerChallenge = (challenge: string, own: KeyObject, registry: KeyObject): string => {
  try {
    const bytes = Buffer.from(challenge, 'base64');
    if (bytes.length === 0) throw new Error('it is empty');
    const key = diffieHellman({ privateKey: own, publicKey: registry });
    const cipher = createDecipheriv('aes-256-ecb', key, null);
    return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('utf8');
  } catch (cause) {
    throw new Fault(
      'invalid-input',
      'the challenge cannot be decrypted with our encryption key',
      'Check BECKN_ENCRYPTION_PRIVATE_KEY and BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY: caco beckn doctor.',
      { cause },
    );
  }
};

export const makeChallenge = (text: string, own: KeyObject, subscriber: KeyObject): string => {
  const cipher = createCipheriv('aes-256-ecb', diffieHellman({ privateKey: own, publicKey: subscriber }), null);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
};
