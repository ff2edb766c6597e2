/** Where a stranger's URL may lead: to the public internet, whatever it is spelled like and whatever its name resolves to. */
import { afterEach, describe, expect, it } from 'vitest';
import { isPublic, lookupBy, type Resolve } from './addresses.js';
import { failure } from './fixtures/failure.js';
import { httpPeer, type Peer } from './fixtures/peer.js';
import { send } from './wire.js';

let peer: Peer;
afterEach(() => peer?.close());
const listening = async () => {
  peer = await httpPeer((_, response) => void response.end('inside'));
  return peer;
};
const stranger = (url: string, over: object = {}) => ({
  who: 'the provider',
  url,
  chosenBy: 'stranger' as const,
  ...over,
});
const answering =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('a stranger’s URL', () => {
  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:7f00:0001]',
    '[64:ff9b::127.0.0.1]',
    'localhost',
    'LOCALHOST',
  ])('that spells this machine as %s is not asked', async (host) => {
    const { port } = await listening();
    expect(await failure(send(stranger(`http://${host}:${port}/`)))).toMatchObject({
      code: 'invalid-input',
      fate: 'refused',
      reason: 'address',
      message: expect.stringMatching(/^the provider at .* is not asked: its (address|name)/),
    });
    expect(peer.asked).toHaveLength(0);
    await peer.connections(0);
    expect(peer.sockets.size).toBe(0);
  });

  it.each([
    ['this network', ['0.0.0.0', '0.1.2.3']],
    ['private use', ['10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.1.1', '100.64.0.1']],
    ['link-local, the metadata service among it', ['169.254.169.254', 'fe80::1', 'febf::1']],
    ['loopback', ['127.255.255.254', '::1']],
    ['unspecified', ['::']],
    ['unique local', ['fc00::1', 'fd12:3456::1']],
    ['documentation and tests', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1']],
    ['multicast, broadcast, reserved', ['224.0.0.1', '255.255.255.255', '240.0.0.1', 'ff02::1', '192.0.0.8']],
    [
      'an IPv4 address in IPv6',
      ['::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::127.0.0.1', '64:ff9b::a00:1', '2002:7f00:1::', '2001:0:1::1'],
    ],
    ['with a zone', ['fe80::1%lo', '2600::1%lo']],
    ['what is no address', ['example', '']],
    ['one private among public ones', ['93.184.216.34', '10.0.0.1']],
  ])('is not asked when its name leads to %s', async (_, addresses) => {
    const each = addresses.includes('93.184.216.34') ? [addresses] : addresses.map((one) => [one]);
    for (const found of each) {
      const ended = failure(send(stranger('http://provider.example/', { resolve: answering(...found) })));
      expect(await ended, found.join()).toMatchObject({
        fate: 'refused',
        message: 'the provider at provider.example is not asked: its name leads to an address that is not public',
      });
    }
  });

  it.each([
    '93.184.216.34',
    '172.32.0.1',
    '100.128.0.1',
    '2600::1',
    '2a00:1450:4001::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('may lead to %s', async (address) => {
    expect(isPublic(address)).toBe(true);
    const lookup = lookupBy(answering(address, '9.9.9.9'), true);
    const found = await new Promise((go, stop) =>
      lookup('provider.example', { all: true }, (error, all) => (error ? stop(error) : go(all))),
    );
    expect(found).toMatchObject([{ address }, { address: '9.9.9.9' }]);
  });

  it('is connected to where its name led when it was looked at: it is looked up once', async () => {
    const { port } = await listening();
    const asked: string[] = [];
    const resolve: Resolve = async (name) => {
      asked.push(name);
      return [{ address: asked.length === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    const url = `http://provider.example:${port}`;
    expect((await send(stranger(url, { resolve, own: [url] }))).text).toBe('inside');
    expect(asked).toEqual(['provider.example']);
    expect(peer.asked[0]!.headers.host).toBe(`provider.example:${port}`);
  });

  it('may name an origin that the operator allows, and only that', async () => {
    const { port } = await listening();
    const own = [`http://127.0.0.1:${port}`];
    expect((await send(stranger(`http://2130706433:${port}/x`, { own }))).text).toBe('inside');
    expect(await failure(send(stranger(`http://127.0.0.2:${port}/`, { own })))).toMatchObject({ reason: 'address' });
    expect(await failure(send(stranger('http://127.0.0.1:1/', { own })))).toMatchObject({ reason: 'address' });
    // A connection that was kept for the operator is no way in for a stranger afterwards.
    const named = `http://inside.example:${port}/`;
    const resolve = answering('127.0.0.1');
    expect((await send({ who: 'us', url: named, chosenBy: 'operator', resolve })).text).toBe('inside');
    expect(await failure(send(stranger(named, { resolve })))).toMatchObject({ reason: 'address' });
  });
});
