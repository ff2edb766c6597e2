/** The dialects of Beckn that are spoken, and how a message says which it is in. */
import { type DialectName, MarketOrder, type MarketReply } from '../../../domain/market.js';
import { Refusal } from '../refusal.js';
import type { Dialect, Envelope, Said, Selling } from './dialect.js';
import { dialect09 } from './dialect-0.9.js';
import { dialect11 } from './dialect-1.1.js';
import { dialect20 } from './dialect-2.0.js';
import { envelopeLts } from './envelope-lts.js';

export type { Dialect, Said } from './dialect.js';
export { say } from './spelling.js';

const SPOKEN: readonly Dialect[] = [dialect11, dialect09, dialect20];

const KNOWN: readonly Envelope[] = [envelopeLts, ...SPOKEN];

export const envelopeOf = (name: DialectName): Envelope => KNOWN.find((envelope) => envelope.name === name)!;

/** Throws Refusal for one that is known and not spoken. */
export const dialectOf = (name: DialectName): Dialect => {
  const found = SPOKEN.find((dialect) => dialect.name === name);
  if (!found) throw new Refusal('30000', `${name} is not spoken here`, '/context/version');
  return found;
};

/** Throws Refusal for a dialect in which we buy only. */
export const sellingIn = (name: DialectName): Selling => {
  const { selling } = dialectOf(name);
  if (selling === null) throw new Refusal('30000', `we buy in ${name}, and do not sell in it`, '/context/version');
  return selling;
};

/**
 * What a callback says. Throws Refusal, also for an order that its dialect can spell and that no order can be: what the books could
 * not read again never gets into them.
 */
export const replyIn = (name: DialectName, action: string, body: Said): MarketReply => {
  const reply = dialectOf(name).readReply(action, body);
  if (reply.is !== 'order') return reply;
  const parsed = MarketOrder.safeParse(reply.order);
  if (parsed.success) return { is: 'order', order: parsed.data };
  const issues = parsed.error.issues.slice(0, 8).map(({ path, message }) => `its ${path.join('.')}: ${message}`);
  throw new Refusal('30000', `the order cannot be: ${issues.join('; ')}`, '/message/order');
};

/** Which dialect a context is in, without reading it. `2.0-lts` is camelCase, `2.0-draft` snake_case. Throws Refusal for a mixture. */
export const recognise = (context: unknown): DialectName => {
  if (context === null || typeof context !== 'object' || Array.isArray(context))
    throw new Refusal('30000', 'there is no context', '/context');
  const members = context as Record<string, unknown>;
  const camel = 'bapId' in members || 'transactionId' in members || 'messageId' in members;
  const snake = 'bap_id' in members || 'transaction_id' in members || 'message_id' in members;
  if (camel && snake) throw new Refusal('30000', 'the context mixes the spellings of 1.x and of 2.0', '/context');
  if (envelopeLts.recognises(members)) return envelopeLts.name;
  if ('version' in members && 'core_version' in members)
    throw new Refusal(
      '30000',
      'the context has version and core_version: one dialect has the one or the other',
      '/context/core_version',
    );
  const found = SPOKEN.find((dialect) => dialect.recognises(members));
  if (found) return found.name;
  const said = members.version ?? members.core_version;
  throw new Refusal(
    '30000',
    said === undefined
      ? 'the context has neither version nor core_version'
      : `version "${String(said).slice(0, 40)}" is not spoken here: 1.0.x to 1.2.x, 2.0.0, or core_version 0.9.3 to 1.1.0`,
    '/context/version',
  );
};
