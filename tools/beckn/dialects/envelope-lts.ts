/**
 * Beckn 2.0 LTS (2026), camelCase: it is recognised, its sender is believed or not, and it is answered in its own shape. Nothing is
 * traded in it.
 */
import { z } from 'zod';
import type { Refusal } from '../refusal.js';
import type { Envelope } from './dialect.js';
import { CodeName, dateTime, id, list, loose, text, uri } from './shapes.js';
import { given, parseClosed } from './spelling.js';

const Context = z.strictObject({
  domain: id.optional(),
  location: loose({ country: CodeName, city: CodeName }).optional(),
  action: id,
  version: z.literal('2.0.0'),
  bapId: id,
  bapUri: uri,
  bppId: id.optional(),
  bppUri: uri.optional(),
  senderId: id.optional(),
  receiverId: id.optional(),
  transactionId: z.guid(),
  messageId: z.guid(),
  networkId: text.optional(),
  timestamp: dateTime,
  key: text.optional(),
  try: z.boolean().optional(),
  ttl: text.optional(),
  schemaContext: list(text).optional(),
  requestDigest: text.optional(),
});

const OURS = new Map([
  ['discover', 'search'],
  ['on_discover', 'on_search'],
  ['rate', 'rating'],
  ['on_rate', 'on_rating'],
]);
const THEIRS = new Map([...OURS].map(([theirs, ours]) => [ours, theirs]));
/** Where a message does not say how long it holds. */
const TTL = 'PT30S';

/** Words for machines, by the layer that refuses. */
const codeOf = ({ status, paths }: Refusal): string =>
  status === 401
    ? 'AUT_SIGNATURE_INVALID'
    : paths === '/context/version'
      ? 'CTX_VERSION_UNSUPPORTED'
      : paths?.startsWith('/context')
        ? 'CTX_INVALID'
        : 'SCH_INVALID';

export const envelopeLts: Envelope = {
  name: '2.0-lts',
  recognises: (context) => 'bapId' in context || 'transactionId' in context || 'messageId' in context,
  readContext: (value) => {
    const c = parseClosed(Context, value, '/context');
    return {
      dialect: '2.0-lts',
      version: c.version,
      domain: c.domain ?? '',
      action: OURS.get(c.action) ?? c.action,
      bapId: c.bapId,
      bapUri: c.bapUri,
      bppId: c.bppId ?? null,
      bppUri: c.bppUri ?? null,
      transactionId: c.transactionId,
      messageId: c.messageId,
      timestamp: c.timestamp,
      ttl: c.ttl ?? TTL,
      country: c.location?.country?.code ?? null,
      city: c.location?.city?.code ?? null,
    };
  },
  spell: (action) => THEIRS.get(action) ?? action,
  acknowledge: (_, __, refusal) =>
    given({
      status: refusal === null ? 'ACK' : 'NACK',
      error: refusal === null ? undefined : { errorCode: codeOf(refusal), errorMessage: refusal.message },
    }),
};
