/** A small registry for local use: whoever signs a row with the key in it is listed, and a name stays with the key that took it. */
import { z } from 'zod';
import { invalid } from '../../domain/fault.js';
import { defineCollection, type Store } from '../../domain/store.js';
import { readPublicKey } from './encoding.js';
import { parseSignature, requireInForce, requireSignature, SignatureTrouble } from './signing.js';

const text = z.string().min(1).max(500);
const Row = z.strictObject({
  subscriber_id: text,
  url: z.url({ protocol: /^https?$/ }).max(500),
  type: z.enum(['BAP', 'BPP']),
  domain: text.nullable(),
  key_id: text,
  signing_public_key: text,
  encr_public_key: text.nullable(),
  valid_from: text,
  valid_until: text,
});
const Listed = Row.extend({ status: z.literal('SUBSCRIBED') });
type Listed = z.output<typeof Listed>;
const REGISTRY = defineCollection('registry-rows', Listed);

const SKEW_S = 5;
/** Anyone may ask to be listed: beyond that many nobody is, so that the store is not filled. */
const MOST_ROWS = 1000;

export interface Registry {
  /** Throws Fault `invalid-input` for a row that is not signed with its own key, or whose name another key has. */
  subscribe(body: Uint8Array, authorization: string | undefined): Promise<void>;
  /** Rows with these members; a member that is left out, or unknown, is not compared. */
  lookup(filter: Readonly<Record<string, unknown>>): Promise<Listed[]>;
}

const SIGN = 'Sign the row with the key that it names: caco beckn with BECKN_REGISTRY_URL does.';

const rowIn = (body: Uint8Array): z.output<typeof Row> => {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw invalid('the row is not JSON', SIGN);
  }
  const parsed = Row.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`the row cannot be read at /${issue!.path.join('/')}: ${issue!.message}`, SIGN);
};

export const openRegistry = (store: Store, nowMs: () => number = Date.now): Registry => ({
  async subscribe(body, authorization) {
    const row = rowIn(body);
    try {
      const signature = parseSignature(authorization);
      requireInForce(signature, Math.floor(nowMs() / 1000), SKEW_S);
      requireSignature(signature, readPublicKey(row.signing_public_key), body);
    } catch (error) {
      if (error instanceof SignatureTrouble) throw invalid(error.message, SIGN);
      throw error;
    }
    await store.transaction(async (tx) => {
      const rows = tx.collection(REGISTRY);
      const listed = (await rows.list({ limit: MOST_ROWS })).map(({ value }) => value);
      const own = listed.filter(({ subscriber_id }) => subscriber_id === row.subscriber_id);
      if (own.some(({ signing_public_key }) => signing_public_key !== row.signing_public_key))
        throw invalid(
          `${row.subscriber_id} is listed with another key`,
          'Use the key that took the name, or another name: BECKN_BPP_ID, BECKN_BAP_ID.',
        );
      if (own.length === 0 && listed.length >= MOST_ROWS)
        throw invalid(`${MOST_ROWS} rows are listed, and no more are taken`, 'Use a registry of your own.');
      await rows.put(`${row.subscriber_id}|${row.type}|${row.key_id}`, { ...row, status: 'SUBSCRIBED' });
    });
  },
  async lookup(filter) {
    const wanted = {
      subscriber_id: filter.subscriber_id,
      key_id: filter.key_id ?? filter.ukId ?? filter.unique_key_id,
      type: filter.type,
    };
    const rows = (await store.collection(REGISTRY).list({ limit: MOST_ROWS })).map(({ value }) => value);
    return rows.filter((row) =>
      Object.entries(wanted).every(
        ([name, value]) => value === undefined || row[name as keyof typeof wanted] === value,
      ),
    );
  },
});
