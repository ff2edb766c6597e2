/** What keeps a participant from trading, step by step: keys, registry, clock, addresses, a signed round trip to ourselves. */
import { send } from '../../wire/wire.js';
import { publicBytes } from './encoding.js';
import { openKeyring } from './keyring.js';
import type { MarketSettings } from './settings.js';
import { parseSignature, requireInForce, requireSignature, signatureHeader } from './signing.js';

export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly finding: string;
}

const CLOCK_TOLERANCE_S = 5;

export const examine = async (settings: MarketSettings): Promise<Check[]> => {
  const checks: Check[] = [];
  const note = async (check: string, work: () => Promise<string>) => {
    try {
      checks.push({ check, ok: true, finding: await work() });
    } catch (error) {
      checks.push({ check, ok: false, finding: (error as Error).message });
    }
  };
  await note('signing', async () => {
    const created = Math.floor(Date.now() / 1000);
    const by = { subscriberId: settings.bppId, keyId: settings.keyId };
    const header = signatureHeader(settings.signingKey, by, { created, expires: created + 30 }, 'itself');
    const parsed = parseSignature(header);
    requireInForce(parsed, created, 5);
    requireSignature(parsed, settings.signingKey, 'itself');
    return `key ${settings.keyId}, public half ${publicBytes(settings.signingKey).toString('base64')}`;
  });
  await note('signatures are demanded', async () => {
    if (!settings.requireSignature) throw new Error('BECKN_REQUIRE_SIGNATURE=false: for development on loopback only');
    return 'yes';
  });
  const keyring = openKeyring(settings);
  for (const id of [settings.bppId, settings.bapId])
    await note(`registered as ${id}`, async () => {
      const rows = await keyring.find(id, settings.keyId);
      const [row] = rows;
      if (row === undefined) throw new Error('no row of the registry or the trust file has this subscriber and key id');
      if (!publicBytes(row.key).equals(publicBytes(settings.signingKey)))
        throw new Error('another public key is registered: every message of ours is refused');
      const uri = id === settings.bppId ? settings.bppUri : settings.bapUri;
      if (row.url !== null && row.url.replace(/\/+$/, '') !== uri.replace(/\/+$/, ''))
        throw new Error(`${row.url} is registered, we say ${uri}`);
      return `${row.status}, ${row.url ?? 'no address'}`;
    });
  await note('our address answers', async () => {
    const answer = await send({
      who: 'our own address',
      url: `${settings.bppUri.replace(/\/+$/, '')}/search`,
      chosenBy: 'operator',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      limits: { wholeMs: settings.timeoutMs },
    });
    const date = Date.parse(answer.headers.date ?? '');
    const off = Number.isNaN(date) ? 0 : Math.abs(Date.now() - date) / 1000;
    if (off > CLOCK_TOLERANCE_S) throw new Error(`the clock there is ${Math.round(off)} s off`);
    if (!answer.text.includes('NACK')) throw new Error(`status ${answer.status}: no Beckn seller answers there`);
    return `${settings.bppUri}, and refuses what is not signed (${answer.status})`;
  });
  return checks;
};
