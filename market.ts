/** The program as a participant of the market: its settings, its keys, and what selling needs of the graph. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';
import { Fault, invalid } from './domain/fault.js';
import type { DialectName } from './domain/market.js';
import type { World } from './domain/world.js';
import { plannerOf } from './graph/sell.js';
import {
  examine as examineSettings,
  type Market,
  type MarketSettings,
  openMarket,
  readPrivateKey,
  readPublicKey,
} from './tools/beckn/beckn.js';

export {
  BOUGHT,
  type Bought,
  type CarbonPrice,
  claimsIn,
  isOver,
  type Market,
  openRegistry,
  parseSignature,
  publicBytes,
  type Ranked,
  type Registry,
  rank,
  register,
  registryRow,
  requireSignature,
  signatureHeader,
  transcript,
} from './tools/beckn/beckn.js';

const LOOPBACK = /^(localhost|\[?::1\]?|127(\.\d{1,3}){3})$/;

/** Made once and kept for the owner alone. */
const keptKey = (home: string, name: 'signing' | 'encryption'): string => {
  const folder = join(home, 'beckn');
  const file = join(folder, `${name}.key`);
  if (!existsSync(file)) {
    const { privateKey } = name === 'signing' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32).toString('base64');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(file, `${seed}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // Another process made it at the same moment; that one counts.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(file, 'utf8').trim();
};

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw invalid(
      `${path} cannot be read: ${(cause as Error).message}`,
      'Set BECKN_SIGNING_PRIVATE_KEY_FILE to a file that is there.',
    );
  }
};

const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Throws Fault `invalid-input` for keys that cannot be read, `forbidden` where signatures are off beyond loopback. `address` is where we listen. */
export const marketSettings = (
  config: Config,
  { setting }: Pick<World, 'setting'>,
  address: string,
): MarketSettings => {
  const signing =
    config.becknSigningPrivateKey ??
    (config.becknSigningPrivateKeyFile === undefined
      ? keptKey(config.home, 'signing')
      : read(config.becknSigningPrivateKeyFile));
  const encryption = config.becknEncryptionPrivateKey ?? keptKey(config.home, 'encryption');
  const base = `${address.replace(/\/+$/, '')}/beckn`;
  const bppUri = config.becknBppUri ?? base;
  const bapUri = config.becknBapUri ?? base;
  if (!config.becknRequireSignature && ![bppUri, bapUri, address].every((url) => LOOPBACK.test(new URL(url).hostname)))
    throw new Fault(
      'forbidden',
      'BECKN_REQUIRE_SIGNATURE=false is for development at a loopback address, and this one can be reached by others',
      'Leave it out, and give your peers’ keys by BECKN_TRUST_FILE or BECKN_REGISTRY_URL.',
    );
  const [latitude, longitude] = config.marketPlace.split(',').map(Number) as [number, number];
  const { becknRegistryEncryptionPublicKey: registryKey } = config;
  return {
    bppId: config.becknBppId,
    bppUri,
    bapId: config.becknBapId,
    bapUri,
    keyId: config.becknKeyId,
    signingKey: readPrivateKey(signing),
    encryptionKey: readPrivateKey(encryption, 'x25519'),
    registryEncryptionKey: registryKey === undefined ? null : readPublicKey(registryKey, 'x25519'),
    registryUrl: config.becknRegistryUrl ?? null,
    trustFile: config.becknTrustFile ?? null,
    domains: list(config.becknDomains),
    dialects: list(config.becknDialects) as DialectName[],
    allowInsecureUrls: config.becknAllowInsecureUrls,
    skewMs: config.becknClockSkewS * 1000,
    defaultTtl: config.becknDefaultTtl,
    maxBodyBytes: config.becknMaxBodyBytes,
    timeoutMs: config.becknCallbackTimeoutMs,
    maxAttempts: config.becknCallbackMaxAttempts,
    firstRetryMs: config.becknCallbackFirstRetryMs,
    freshMessageIds: config.becknCallbackMessageId === 'fresh',
    requireSignature: config.becknRequireSignature,
    terms: {
      providerId: setting.name,
      providerName: setting.title,
      place: { latitude, longitude },
      marginPerMwh: config.marketMarginPerMwh,
      noticeMinutes: config.marketNoticeMinutes,
      standingKw: config.marketStandingKw,
      phone: config.marketPhone ?? null,
      email: config.marketEmail ?? null,
    },
  };
};

/** Opens the market of a world. Whoever opens it closes it, before the store. */
export const marketOf = (
  { world, config }: { readonly world: World; readonly config: Config },
  address: string,
  onTrouble: (error: unknown) => void,
): Promise<Market> =>
  openMarket({ world, settings: marketSettings(config, world, address), planner: plannerOf(world), onTrouble });

export const examine = (
  { world, config }: { readonly world: World; readonly config: Config },
  address: string,
): ReturnType<typeof examineSettings> => examineSettings(marketSettings(config, world, address));
