/** Our row in a registry, and how it gets there. */
import { jsonOf, send } from '../../wire/wire.js';
import { publicBytes } from './encoding.js';
import type { MarketSettings } from './settings.js';
import { signatureHeader } from './signing.js';

const VALID_DAYS = 365;

export const registryRow = (settings: MarketSettings, role: 'BPP' | 'BAP' = 'BPP') => ({
  subscriber_id: role === 'BPP' ? settings.bppId : settings.bapId,
  url: role === 'BPP' ? settings.bppUri : settings.bapUri,
  type: role,
  domain: null,
  key_id: settings.keyId,
  signing_public_key: publicBytes(settings.signingKey).toString('base64'),
  encr_public_key: settings.encryptionKey === null ? null : publicBytes(settings.encryptionKey).toString('base64'),
  valid_from: new Date().toISOString(),
  valid_until: new Date(Date.now() + VALID_DAYS * 86_400_000).toISOString(),
  status: 'SUBSCRIBED',
});

/** Asks the registry to list us, as seller and as buyer; signed with the key that is to be listed. Throws Fault. */
export const register = async ({ settings }: { readonly settings: MarketSettings }): Promise<void> => {
  for (const role of ['BPP', 'BAP'] as const) {
    const { status: _, ...row } = registryRow(settings, role);
    const body = JSON.stringify(row);
    const created = Math.floor(Date.now() / 1000);
    const by = { subscriberId: row.subscriber_id, keyId: settings.keyId };
    jsonOf(
      await send({
        who: 'the registry',
        url: `${settings.registryUrl!.replace(/\/+$/, '')}/subscribe`,
        chosenBy: 'operator',
        method: 'POST',
        what: 'POST /subscribe',
        headers: {
          'content-type': 'application/json',
          authorization: signatureHeader(settings.signingKey, by, { created, expires: created + 60 }, body),
        },
        body,
        limits: { wholeMs: settings.timeoutMs },
        again: { tries: 3, longestWaitS: 2 },
      }),
    );
  }
};
