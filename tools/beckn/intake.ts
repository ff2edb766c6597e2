/**
 * What comes in over the wire: read, checked and kept before its sender hears ACK. What cannot be taken is answered at once as a
 * NACK that says which check failed, and nothing of it is kept.
 */

import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/digest.js';
import { Fault } from '../../domain/fault.js';
import type { NewLetter, Received } from '../../domain/mail.js';
import type { DialectName, MarketContext } from '../../domain/market.js';
import { dialectOf, envelopeOf, recognise, replyIn, type Said, sellingIn } from './dialects/dialects.js';
import { staleness } from './freshness.js';
import type { Keyring, Participant } from './keyring.js';
import { Refusal } from './refusal.js';
import type { MarketSettings } from './settings.js';
import { counterSignature, parseSignature, requireInForce, requireSignature, SignatureTrouble } from './signing.js';

export interface Incoming {
  /** the last part of the path */
  readonly action: string;
  /** the raw bytes, as they were signed */
  readonly body: Uint8Array;
  /** by names in lower case */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly url: string;
}

export interface Outgoing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A message that passed every check, as its worker gets it. */
export interface Taken {
  readonly context: MarketContext;
  readonly body: Said & { readonly context?: unknown };
}

export interface Intake {
  receive(incoming: Incoming): Promise<Outgoing>;
  /** NACKs since the program started, by code. */
  readonly nacks: ReadonlyMap<string, number>;
}

export interface IntakeGround {
  readonly settings: MarketSettings;
  readonly keyring: Keyring;
  readonly nowMs: () => number;
  /** Keeps a letter for good, to be worked on. */
  readonly keep: (letter: NewLetter) => Promise<Received>;
  /** Throws Refusal for what only the books can tell to be wrong: a callback that nobody waits for, a rating of nothing. */
  readonly vet: (taken: Taken) => Promise<void>;
}

/** A gateway that forwarded a message did not sign it as it should have. */
class GatewayRefusal extends Refusal {}

const MAX_DEPTH = 64;

/** Depth of the JSON text, without parsing it. */
const depthOf = (text: string): number => {
  let depth = 0;
  let most = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (quoted) {
      if (c === 92) at++;
      else if (c === 34) quoted = false;
    } else if (c === 34) quoted = true;
    else if (c === 123 || c === 91) most = Math.max(most, ++depth);
    else if (c === 125 || c === 93) depth--;
  }
  return most;
};

const parseBody = (body: Uint8Array, limit: number): Record<string, unknown> => {
  if (body.length > limit) throw new Refusal('30000', `the body has ${body.length} bytes, at most ${limit} are read`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new Refusal('30000', 'the body is not UTF-8');
  }
  if (depthOf(text) > MAX_DEPTH) throw new Refusal('30000', `the body is nested deeper than ${MAX_DEPTH}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal('30000', `the body is not JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Refusal('30000', 'the body must be an object of context and message');
  return value as Record<string, unknown>;
};

const digestOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');
/** What must be the same when a message comes twice: a sender that tries again may stamp it anew. */
const digestOfMessage = (body: { readonly context?: unknown }): string => {
  const { timestamp: _t, ttl: _l, ...context } = body.context as Record<string, unknown>;
  return digestOf({ ...body, context });
};
/** What an answer says, under whatever message id. */
export const digestOfAnswer = ({ message = null, error = null }: Said): string => digestOf({ message, error });

const sameAddress = (said: string, registered: string): boolean => {
  try {
    const [a, b] = [new URL(said), new URL(registered)];
    const path = (url: URL) => url.pathname.replace(/\/+$/, '');
    return a.origin === b.origin && (path(a) === path(b) || path(a).startsWith(`${path(b)}/`)) && a.search === '';
  } catch {
    return false;
  }
};

export const senderOf = (context: MarketContext): string =>
  context.action.startsWith('on_') ? (context.bppId ?? '') : context.bapId;
/** Under which name a message is kept. */
export const letterId = (sender: string, action: string, messageId: string): string =>
  `${sender}|${action}|${messageId}`;
/** A transaction id is chosen by a stranger, so the thread is theirs alone. */
export const threadOf = (role: 'bap' | 'bpp', peer: string, transactionId: string): string =>
  `${role}/${peer}/${transactionId}`;

/** What could be seen of a message before it was taken or refused. */
interface Seen {
  readonly body: Uint8Array;
  dialect: DialectName;
  /** what it said of itself, unread */
  context: unknown;
}

const COUNTERSIGNED_S = 30;

/** In the words of the dialect that the message was in. `context` is what it said of itself. */
const nackOf = (
  ground: Pick<IntakeGround, 'settings' | 'nowMs'>,
  refusal: Refusal,
  { dialect, context, body: request }: Seen,
): Outgoing => {
  const { settings, nowMs } = ground;
  const headers: Record<string, string> = {};
  const realm = `Signature realm="${settings.bppId}",headers="(created) (expires) digest"`;
  if (refusal.status === 401) headers['WWW-Authenticate'] = realm;
  if (refusal instanceof GatewayRefusal) headers['Proxy-Authenticate'] = realm;
  const body = envelopeOf(dialect).acknowledge(context, nowMs(), refusal);
  return {
    status: refusal.status,
    headers,
    body: dialect === '2.0-lts' ? countersigned(ground, body, { body: request, context }) : body,
  };
};

/** 2.0 LTS has each answer signed for the request that it answers, beside the answer itself. */
const countersigned = (
  { settings, nowMs }: Pick<IntakeGround, 'settings' | 'nowMs'>,
  body: Record<string, unknown>,
  of: { readonly body: Uint8Array; readonly context: unknown },
) => {
  const created = Math.floor(nowMs() / 1000);
  const messageId = (of.context as { messageId?: unknown } | undefined)?.messageId;
  const signature = counterSignature(
    settings.signingKey,
    { subscriberId: settings.bppId, keyId: settings.keyId },
    { created, expires: created + COUNTERSIGNED_S },
    { answer: JSON.stringify(body), request: of.body, messageId: typeof messageId === 'string' ? messageId : '' },
  );
  return { ...body, signature };
};

type Believing = Pick<IntakeGround, 'settings' | 'keyring' | 'nowMs'>;

/** That a message is its sender's, that of a gateway too, and that answers go to the sender's registered address. Throws Refusal. */
const requireSigned = async (ground: Believing, incoming: Incoming, context: MarketContext): Promise<void> => {
  const { settings } = ground;
  if (!settings.requireSignature) return;
  const sender = senderOf(context);
  const header = incoming.headers.authorization;
  const sentBy = await believe(
    ground,
    header,
    incoming.body,
    sender,
    (message) => new Refusal('30000', message, null, 401),
  );
  const gateway = incoming.headers['x-gateway-authorization'] ?? incoming.headers['proxy-authorization'];
  if (gateway !== undefined)
    await believe(
      ground,
      gateway,
      incoming.body,
      null,
      (message) => new GatewayRefusal('30000', `gateway: ${message}`, null, 401),
    );
  const uri = context.action.startsWith('on_') ? context.bppUri : context.bapUri;
  const registered = sentBy.find((p) => p.url !== null && uri !== null && sameAddress(uri, p.url));
  if (registered === undefined && sentBy.some((p) => p.url !== null))
    throw new Refusal(
      '30000',
      `${uri} is not the registered address of ${sender}, ${sentBy[0]!.url}`,
      context.action.startsWith('on_') ? '/context/bpp_uri' : '/context/bap_uri',
    );
};

/** Whose signature it is; `sender` null: whoever it says. */
const believe = async (
  { settings, keyring, nowMs }: Believing,
  header: string | undefined,
  body: Uint8Array,
  sender: string | null,
  refuse: (message: string) => Refusal,
): Promise<readonly Participant[]> => {
  try {
    const signature = parseSignature(header);
    if (sender !== null && signature.subscriberId !== sender)
      throw new SignatureTrouble(`it is signed by ${signature.subscriberId}, and the context names ${sender}`);
    const now = nowMs();
    requireInForce(signature, Math.floor(now / 1000), settings.skewMs / 1000);
    let trouble: SignatureTrouble | null = null;
    for (const fresh of [false, true]) {
      const rows = await keyring.find(signature.subscriberId, signature.keyId, fresh);
      for (const row of rows)
        try {
          requireKeyInForce(row, now);
          requireSignature(signature, row.key, body);
          return rows.filter((other) => other.key === row.key);
        } catch (error) {
          if (!(error instanceof SignatureTrouble)) throw error;
          trouble = error;
        }
    }
    throw (
      trouble ??
      new SignatureTrouble(`no key ${signature.keyId ?? ''} of ${signature.subscriberId} is known to the registry`)
    );
  } catch (error) {
    if (error instanceof SignatureTrouble) throw refuse(error.message);
    if (error instanceof Fault) throw refuse(`${error.message}`);
    throw error;
  }
};

export const openIntake = (ground: IntakeGround): Intake => {
  const { settings, nowMs } = ground;
  const nacks = new Map<string, number>();

  const refuse = (refusal: Refusal, seen: Seen): Outgoing => {
    nacks.set(refusal.code, (nacks.get(refusal.code) ?? 0) + 1);
    return nackOf(ground, refusal, seen);
  };

  const check = async (incoming: Incoming, seen: Seen): Promise<Taken> => {
    const body = parseBody(incoming.body, settings.maxBodyBytes);
    seen.context = body.context;
    seen.dialect = recognise(body.context);
    const context = envelopeOf(seen.dialect).readContext(body.context);
    requireAddressee(context, incoming.action, settings);
    await requireSigned(ground, incoming, context);
    const stale = staleness(context, nowMs(), settings.skewMs);
    if (stale !== null) throw new Refusal('30000', stale, '/context/timestamp');
    const unknown = Object.keys(body).filter((key) => !['context', 'message', 'error'].includes(key));
    if (unknown.length > 0) throw new Refusal('30000', `the body has no member "${unknown[0]}"`, `/${unknown[0]}`);
    if (context.action.startsWith('on_')) replyIn(seen.dialect, context.action, body);
    else requireAnswered(seen.dialect, settings).readRequest(context.action, body.message);
    await ground.vet({ context, body });
    return { body, context };
  };

  return {
    nacks,
    async receive(incoming) {
      const seen: Seen = { body: incoming.body, dialect: answeredIn(settings)[0] ?? '1.1', context: undefined };
      try {
        const { body, context } = await check(incoming, seen);
        const sender = senderOf(context);
        const isCallback = context.action.startsWith('on_');
        const { authorization, 'content-type': type } = incoming.headers;
        const ack = envelopeOf(seen.dialect).acknowledge(seen.context, nowMs(), null);
        const received = await ground.keep({
          id: letterId(sender, context.action, context.messageId),
          thread: threadOf(isCallback ? 'bap' : 'bpp', sender, context.transactionId),
          peer: sender,
          action: context.action,
          url: incoming.url,
          body: Buffer.from(incoming.body).toString('utf8'),
          digest: digestOfMessage(body),
          exchange: JSON.stringify({
            t: new Date(nowMs()).toISOString(),
            headers: { authorization, 'content-type': type },
            status: 200,
            response: JSON.stringify(ack),
          }),
          atMs: nowMs(),
        });
        if (received.is === 'other')
          throw new Refusal(
            '30000',
            `message_id ${context.messageId} already used: ${received.before.action} of ${new Date(received.before.atMs).toISOString()} had other content`,
            '/context/message_id',
          );
        return { status: 200, headers: {}, body: ack };
      } catch (error) {
        if (error instanceof Refusal) return refuse(error, seen);
        if (error instanceof Fault && error.code === 'invalid-input')
          return refuse(new Refusal('30000', error.message), seen);
        throw error;
      }
    },
  };
};

const answeredIn = ({ dialects }: MarketSettings): DialectName[] =>
  dialects.filter((one) => dialectOf(one).selling !== null);

/** Throws Refusal for a dialect that requests are not answered in. */
const requireAnswered = (name: DialectName, settings: MarketSettings) => {
  const answered = answeredIn(settings);
  if (answered.includes(name)) return sellingIn(name);
  const why =
    answered.length === 0
      ? `nothing is sold here: we only buy, in ${settings.dialects.join(' and ')}`
      : `${name} is not answered here; send ${answered.join(' or ')}`;
  throw new Refusal('30000', why, '/context/version');
};

const requireAddressee = (context: MarketContext, path: string, settings: MarketSettings): void => {
  const { action } = context;
  const said = envelopeOf(context.dialect).spell(action);
  if (said !== path)
    throw new Refusal('30000', `context.action is ${said}, the path ends with /${path}`, '/context/action');
  // 2.0 LTS has messages without a domain.
  if (context.domain !== '' && !settings.domains.includes(context.domain))
    throw new Refusal(
      '30000',
      `domain ${context.domain} is not served; ${settings.domains.join(', ')}`,
      '/context/domain',
    );
  const isCallback = action.startsWith('on_');
  if (action !== 'search' && (context.bppId === null || context.bppUri === null))
    throw new Refusal('30000', `${action} needs bpp_id and bpp_uri`, '/context/bpp_id');
  if (!isCallback && context.bppId !== null && context.bppId !== settings.bppId)
    throw new Refusal('30000', `bpp_id is ${context.bppId}, we are ${settings.bppId}`, '/context/bpp_id');
  if (isCallback && context.bapId !== settings.bapId)
    throw new Refusal('30000', `bap_id is ${context.bapId}, we are ${settings.bapId}`, '/context/bap_id');
  if (context.transactionId === context.messageId)
    throw new Refusal('30000', 'transaction_id and message_id are the same', '/context/message_id');
};

const requireKeyInForce = (row: Participant, nowMs: number): void => {
  const { status, validFromMs, validUntilMs, subscriberId, keyId } = row;
  if (status !== 'SUBSCRIBED') throw new SignatureTrouble(`key ${keyId} of ${subscriberId} is ${status}`);
  if (nowMs < validFromMs || nowMs > validUntilMs)
    throw new SignatureTrouble(`key ${keyId} of ${subscriberId} is not valid now`);
};
