/** The vectors of signing, keys, challenges and freshness: published constants and hostile variants of them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answerChallenge } from './challenge.js';
import { publicBytes, readPrivateKey, readPublicKey, seedOf } from './encoding.js';
import { durationMs, staleness } from './freshness.js';
import { settleDeg } from './settlement.js';
import { digestOf, parseSignature, requireInForce, requireSignature, signatureHeader } from './signing.js';

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));
const bytes = (text: string) => Buffer.from(text, 'base64');
const raw = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

const verdict = (header: string, body: Buffer, publicKey: string, nowS: number): string | true => {
  try {
    const parsed = parseSignature(header);
    requireInForce(parsed, nowS, 5);
    requireSignature(parsed, readPublicKey(publicKey), body);
    return true;
  } catch (error) {
    return (error as Error).message;
  }
};

interface SigningVector {
  name: string;
  header_value: string;
  body_base64: string;
  registry_public_key_base64: string;
  now: number;
}
const v1 = vectors('signing-v1');

describe('digest and keys', () => {
  it.each(vectors('blake2b512').vectors as { name: string; input_base64: string | null; base64: string }[])(
    'BLAKE2b-512: $name',
    ({ input_base64, base64 }) =>
      expect(digestOf(input_base64 === null ? Buffer.alloc(1 << 20) : bytes(input_base64))).toBe(base64),
  );
  it.each(
    (v1.key_encodings as { name: string; private_key_base64?: string; expect?: string }[]).filter(
      (v) => v.private_key_base64,
    ),
  )('$name', ({ private_key_base64, expect: refused }) => {
    if (refused) expect(() => seedOf(private_key_base64!)).toThrow('does not belong');
    else expect(seedOf(private_key_base64!).toString('base64')).toBe('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
  });
  it('refuses keys that say nothing: of small order, of another length, no base64', () => {
    for (const bad of ['01'.padEnd(64, '0'), 'ab'.repeat(31), 'ab'.repeat(33)])
      expect(() => readPublicKey(raw(bad))).toThrow();
    expect(() => readPublicKey('not base64!')).toThrow('base64');
    expect(() => readPrivateKey(raw('ab'.repeat(31)))).toThrow('31');
  });
  it('makes the public keys of RFC 8032', () => {
    for (const { seed_hex, public_hex } of vectors('ed25519').positive)
      expect(publicBytes(readPrivateKey(raw(seed_hex))).toString('hex')).toBe(public_hex);
  });
});

describe('signatures', () => {
  it.each(
    v1.positive as {
      name: string;
      private_seed_32_base64: string;
      public_key_base64: string;
      key_id: string;
      created: number;
      expires: number;
      body_base64: string;
      header_value: string;
    }[],
  )('signs and verifies: $name', (v) => {
    const [subscriberId, keyId] = v.key_id.split('|') as [string, string];
    const made = signatureHeader(
      readPrivateKey(v.private_seed_32_base64),
      { subscriberId, keyId },
      v,
      bytes(v.body_base64),
    );
    expect(made).toBe(v.header_value);
    expect(verdict(v.header_value, bytes(v.body_base64), v.public_key_base64, v.created + 1)).toBe(true);
  });
  it.each(v1.tolerant as SigningVector[])('tolerates: $name', (v) =>
    expect(verdict(v.header_value, bytes(v.body_base64), v.registry_public_key_base64, v.now)).toBe(true),
  );
  it.each(v1.negative as SigningVector[])('refuses in words: $name', (v) =>
    expect(verdict(v.header_value, bytes(v.body_base64), v.registry_public_key_base64, v.now)).toMatch(/\w{2}/),
  );
});

describe('challenges', () => {
  const { positive, negative, subscriber, registry } = vectors('on-subscribe-challenge');
  const answer = (challenge: string) =>
    answerChallenge(
      challenge,
      readPrivateKey(subscriber.private_raw_base64, 'x25519'),
      readPublicKey(registry.public_raw_base64, 'x25519'),
    );
  it.each(positive as { challenge: string; answer: string }[])('answers $answer', (v) =>
    expect(answer(v.challenge)).toBe(v.answer),
  );
  it.each(negative as { challenge: string }[])('refuses "$challenge"', (v) =>
    expect(() => answer(v.challenge)).toThrow('cannot be decrypted'),
  );
});

describe('freshness', () => {
  const ttl = vectors('ttl');
  it.each(ttl.durations as { text: string; ms: number }[])('reads $text', ({ text, ms }) =>
    expect(durationMs(text)).toBe(text === 'P1M' ? 30 * 86_400_000 : ms),
  );
  it.each(ttl.invalid as string[])('refuses "%s"', (text) => expect(() => durationMs(text)).toThrow('duration'));
  it.each(ttl.stale as { timestamp: string; ttl: string; now: string; expect: string }[])(
    '$timestamp for $ttl at $now: $expect',
    (v) => expect(staleness(v, Date.parse(v.now), 5000) === null).toBe(v.expect === 'accept'),
  );
});

describe('settlement by the DEG rule', () => {
  const { published, generated } = vectors('settlement-deg-2.0');
  it.each([...published, ...generated] as { name: string }[])('$name', (v) => {
    const { hours, slots, revenueFlows } = v as unknown as {
      hours: number;
      slots: { offered: number; price: number; penalty?: number; meters: { BASELINE: number; USAGE: number }[] }[];
      revenueFlows: { seller: number };
    };
    const meters = (s: (typeof slots)[number]) =>
      s.meters.map(({ BASELINE, USAGE }) => ({ baselineKw: BASELINE, usageKw: USAGE }));
    const settled = settleDeg(
      slots.map((s) => ({
        offeredKw: s.offered,
        hours,
        pricePerKwh: s.price,
        penaltyPerKwh: s.penalty ?? 0,
        meters: meters(s),
      })),
    );
    expect(settled.perMeter.seller).toBeCloseTo(revenueFlows.seller, 9);
    expect(settled.perMeter.seller + settled.perMeter.buyer).toBe(0);
  });
  it('nets within a site: two meters that swap 10 kW deliver nothing, though each meter alone would be paid', () => {
    const meters = [
      { baselineKw: 50, usageKw: 40 },
      { baselineKw: 50, usageKw: 60 },
    ];
    const settled = settleDeg([{ offeredKw: 10, hours: 1, pricePerKwh: 2, penaltyPerKwh: 1, meters }]);
    expect(settled.perMeter.seller).toBe(20);
    expect(settled.netted.seller).toBe(-10);
  });
});
