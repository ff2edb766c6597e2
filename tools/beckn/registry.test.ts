/** A name of the registry stays with the key that took it, and only a row that its own key signed is taken. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../store/store.js';
import { publicBytes } from './encoding.js';
import { openRegistry } from './registry.js';
import { signatureHeader } from './signing.js';

const key = () => createPrivateKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
const row = (of: KeyObject, more: object = {}) =>
  JSON.stringify({
    subscriber_id: 'seller.example',
    url: 'https://seller.example/beckn',
    type: 'BPP',
    domain: null,
    key_id: 'k1',
    signing_public_key: publicBytes(of).toString('base64'),
    encr_public_key: null,
    valid_from: '2026-01-01T00:00:00Z',
    valid_until: '2099-01-01T00:00:00Z',
    ...more,
  });
const signed = (by: KeyObject, body: string) => {
  const created = Math.floor(Date.now() / 1000);
  return signatureHeader(by, { subscriberId: 'x', keyId: 'k1' }, { created, expires: created + 60 }, body);
};

describe('a registry', () => {
  it('lists who signed the row, and gives nobody else the name', async () => {
    const store = await openStore(':memory:');
    const registry = openRegistry(store);
    const [mine, other] = [key(), key()];
    const ask = (by: KeyObject, body: string) => registry.subscribe(Buffer.from(body), signed(by, body));
    await ask(mine, row(mine));
    await ask(mine, row(mine, { url: 'https://seller.example/moved' }));
    await expect(ask(other, row(other))).rejects.toThrow('another key');
    await expect(ask(other, row(other, { key_id: 'k2' }))).rejects.toThrow('another key');
    await expect(ask(other, row(mine))).rejects.toThrow();
    await expect(ask(mine, '{')).rejects.toThrow('not JSON');
    await expect(ask(mine, row(mine, { url: 'file:///etc/passwd' }))).rejects.toThrow('/url');
    expect(await registry.lookup({ type: 'BPP' })).toMatchObject([{ url: 'https://seller.example/moved' }]);
    expect(await registry.lookup({ subscriber_id: 'nobody' })).toEqual([]);
    await store.close();
  });
});
