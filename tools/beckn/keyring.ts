/**
 * Whose key is whose: rows of a trust file, and of the registry, which are kept for a while. A miss asks the registry once and is
 * remembered for half a minute, so that a stranger cannot make us flood it; when it is down, a key that is still valid goes on
 * being believed.
 */
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault, invalid } from '../../domain/fault.js';
import { jsonOf, send } from '../../wire/wire.js';
import { readPublicKey } from './encoding.js';
import type { MarketSettings } from './settings.js';

/** A participant and one of its keys. */
export interface Participant {
  readonly subscriberId: string;
  readonly keyId: string;
  readonly url: string | null;
  readonly type: string | null;
  readonly domain: string | null;
  readonly key: KeyObject;
  readonly validFromMs: number;
  readonly validUntilMs: number;
  readonly status: string;
}

const text = z.string().max(2000);
/** Registries of the wild spell these in several ways; what we have no use for is passed over. */
const Row = z.object({
  subscriber_id: text,
  subscriber_url: text.nullish(),
  url: text.nullish(),
  type: text.nullish(),
  domain: text.nullish(),
  key_id: text.nullish(),
  ukId: text.nullish(),
  unique_key_id: text.nullish(),
  signing_public_key: text,
  valid_from: text.nullish(),
  valid_until: text.nullish(),
  status: text.nullish(),
});

const KEPT_MS = 10 * 60_000;
const MISSED_MS = 30_000;

/** Throws Fault `invalid-input` for a row without a usable key. */
const participantOf = (row: unknown): Participant => {
  const parsed = Row.safeParse(row);
  if (!parsed.success) throw invalid(`a registry row cannot be read: ${parsed.error.issues[0]?.path.join('.')}`, CHECK);
  const { subscriber_id, type, domain, status, valid_from, valid_until } = parsed.data;
  const moment = (at: string | null | undefined, otherwise: number) => {
    const ms = at === null || at === undefined ? otherwise : Date.parse(at);
    return Number.isNaN(ms) ? otherwise : ms;
  };
  return {
    subscriberId: subscriber_id,
    keyId: parsed.data.key_id ?? parsed.data.ukId ?? parsed.data.unique_key_id ?? '',
    url: parsed.data.subscriber_url ?? parsed.data.url ?? null,
    type: type ?? null,
    domain: domain ?? null,
    key: readPublicKey(parsed.data.signing_public_key),
    validFromMs: moment(valid_from, 0),
    validUntilMs: moment(valid_until, Number.POSITIVE_INFINITY),
    status: status ?? 'SUBSCRIBED',
  };
};
const CHECK = 'Check BECKN_TRUST_FILE or the registry: caco beckn doctor.';

interface Kept {
  readonly rows: readonly Participant[];
  readonly untilMs: number;
}

export interface Keyring {
  /** Rows of a subscriber; of one key where `keyId` is given. Throws Fault `unavailable` when the registry is down and nothing is known. */
  find(subscriberId: string, keyId: string | null, fresh?: boolean): Promise<readonly Participant[]>;
  /** Whom we may search at, by the trust file and the registry. */
  sellers(domain: string): Promise<readonly Participant[]>;
}

export const openKeyring = (
  of: Pick<MarketSettings, 'trustFile' | 'registryUrl' | 'timeoutMs'>,
  nowMs: () => number = Date.now,
): Keyring => {
  const trusted = of.trustFile === null ? [] : readTrustFile(of.trustFile);
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<readonly Participant[]>>();
  /** When a fresh look was last taken by force. */
  const forced = new Map<string, number>();

  const ask = async (filter: Record<string, string>): Promise<readonly Participant[]> => {
    const answer = await send({
      who: 'the registry',
      url: `${of.registryUrl!.replace(/\/+$/, '')}/lookup`,
      chosenBy: 'operator',
      method: 'POST',
      what: 'POST /lookup',
      json: filter,
      limits: { wholeMs: of.timeoutMs, bodyBytes: 4 * 2 ** 20 },
      again: { tries: 2, longestWaitS: 1 },
    });
    const rows = jsonOf(answer);
    if (!Array.isArray(rows)) throw new Fault('unavailable', 'the registry did not answer with a list', CHECK);
    // One participant's broken row must not hide the others.
    return rows.flatMap((row) => {
      try {
        return [participantOf(row)];
      } catch {
        return [];
      }
    });
  };
  const lookUp = (name: string, filter: Record<string, string>) => {
    let running = asking.get(name);
    if (running === undefined) {
      running = ask(filter).finally(() => asking.delete(name));
      asking.set(name, running);
    }
    return running;
  };

  return {
    async find(subscriberId, keyId, fresh = false) {
      const fits = (p: Participant) => p.subscriberId === subscriberId && (keyId === null || p.keyId === keyId);
      const own = trusted.filter(fits);
      if (own.length > 0 || of.registryUrl === null) return own;
      const name = `${subscriberId}|${keyId ?? ''}`;
      const known = kept.get(name);
      const now = nowMs();
      const mayForce = fresh && now - (forced.get(name) ?? 0) > MISSED_MS;
      if (known !== undefined && known.untilMs > now && !mayForce) return known.rows;
      if (mayForce) forced.set(name, now);
      try {
        const filter = { subscriber_id: subscriberId, ...(keyId === null ? {} : { key_id: keyId, ukId: keyId }) };
        const rows = (await lookUp(name, filter)).filter(fits);
        if (kept.size > 10_000) kept.clear();
        kept.set(name, { rows, untilMs: now + (rows.length === 0 ? MISSED_MS : KEPT_MS) });
        return rows;
      } catch (cause) {
        const valid = known?.rows.filter((row) => row.validUntilMs > now) ?? [];
        if (valid.length > 0) return valid;
        throw new Fault('unavailable', `the registry at ${of.registryUrl} does not answer`, CHECK, { cause });
      }
    },
    async sellers(domain) {
      const isSeller = (p: Participant) =>
        (p.type === null || /^bpp$/i.test(p.type)) && (p.domain === null || p.domain === domain) && p.url !== null;
      const listed = of.registryUrl === null ? [] : await ask({ type: 'BPP', domain });
      const all = [...trusted, ...listed].filter((p) => isSeller(p) && p.status === 'SUBSCRIBED');
      return [...new Map(all.map((p) => [p.subscriberId, p])).values()];
    },
  };
};

const readTrustFile = (path: string): readonly Participant[] => {
  let rows: unknown;
  try {
    rows = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw invalid(`the trust file ${path} cannot be read: ${(cause as Error).message}`, CHECK);
  }
  if (!Array.isArray(rows)) throw invalid(`the trust file ${path} is no JSON list`, CHECK);
  return rows.map(participantOf);
};
