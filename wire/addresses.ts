/**
 * Which addresses a stranger's URL may lead to: those of the public internet and no other, so that nobody makes this program ask
 * the machine that it runs on, the network that it stands in, or a cloud's metadata service.
 */
import { type LookupAddress, type LookupOptions, promises } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** IANA's registry of special-purpose IPv4 addresses, with multicast and what is reserved. */
const NOT_PUBLIC_4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Within 2000::/3, the only part of IPv6 that is given out; 2002::/16 and Teredo carry an IPv4 address of anybody's choice. */
const NOT_PUBLIC_6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];
const listOf = (rows: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6') => {
  const list = new BlockList();
  for (const [net, bits] of rows) list.addSubnet(net, bits, family);
  return list;
};
const special4 = listOf(NOT_PUBLIC_4, 'ipv4');
const special6 = listOf(NOT_PUBLIC_6, 'ipv6');
const given6 = listOf([['2000::', 3]], 'ipv6');

/** The IPv4 address inside ::ffff:0:0/96 (mapped) or 64:ff9b::/96 (NAT64), else null. */
const inner4 = (address: string): string | null => {
  // The URL parser writes each IPv6 address in one way.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const found = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!found) return null;
  const [high, low] = [Number.parseInt(found[1]!, 16), Number.parseInt(found[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

/** Whether an IPv4 or IPv6 address, in any spelling, is one of the public internet. What is no address is not. */
export const isPublic = (address: string): boolean => {
  const family = isIP(address);
  if (family === 4) return !special4.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  const inner = inner4(address);
  if (inner !== null) return isPublic(inner);
  return given6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
};

/** Why a stranger's URL was not followed. */
export class NotPublic extends Error {
  override readonly name = 'NotPublic';
}

/** Resolves a name to all its addresses, as `dns.promises.lookup(name, { all: true })` does. */
export type Resolve = (name: string, options: LookupOptions) => Promise<LookupAddress[]>;

export const systemResolve: Resolve = (name, options) => promises.lookup(name, { ...options, all: true });

/**
 * A look-up for `net.connect`. With `onlyPublic` it answers public addresses alone: the socket connects to what is answered here, so
 * that the name cannot lead elsewhere between the check and its use, and a name with one address that is not public is refused
 * altogether.
 */
export const lookupBy =
  (resolve: Resolve, onlyPublic: boolean): LookupFunction =>
  (name, options, done) => {
    resolve(name, { ...options, all: true }).then(
      (found) => {
        const first = found[0];
        if (first === undefined) return done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0);
        if (onlyPublic && !found.every(({ address }) => isPublic(address)))
          return done(new NotPublic('its name leads to an address that is not public'), '', 0);
        return options.all ? done(null, found) : done(null, first.address, first.family);
      },
      (error) => done(error, '', 0),
    );
  };

/** Throws NotPublic for a host that is written as an address and is not public: those are never looked up. */
export const refusePrivateHost = (url: URL): void => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublic(host)) throw new NotPublic('its address is not public');
};
