/**
 * The buyer's side: asks many sellers at once, collects what they call back until the ttl is over, and takes an order from offer
 * to rating. A late on_confirm is applied, for its seller believes in a contract; other late answers are recorded only.
 */
import { randomUUID } from 'node:crypto';
import { type Fault, invalid, notFound } from '../../domain/fault.js';
import type { Claim, NewLetter } from '../../domain/mail.js';
import {
  type DialectName,
  type Draft,
  type MarketContext,
  type MarketRequest,
  Need,
  OPEN_STATES,
} from '../../domain/market.js';
import type { Store, Tx } from '../../domain/store.js';
import type { World } from '../../domain/world.js';
import { heardOf, vetOf } from './answers.js';
import { type Asked, BOUGHT, type Bought } from './bought.js';
import type { Post } from './clerk.js';
import { dialectOf, type Said } from './dialects/dialects.js';
import { durationMs } from './freshness.js';
import { threadOf } from './intake.js';
import type { Keyring } from './keyring.js';
import type { MarketSettings } from './settings.js';

const SEARCH_TTL = 'PT10M';

export interface BuyerGround {
  readonly world: World;
  readonly store: Store;
  readonly settings: MarketSettings;
  readonly keyring: Keyring;
  readonly nowMs: () => number;
  readonly post: Post;
}

export interface Seller {
  readonly bppId: string | null;
  readonly bppUri: string;
}

export interface Buyer {
  /** Asks the sellers, or every one that the registry and the trust file know. Answers the transaction's id. Throws Fault. */
  search(
    need: Need,
    to: readonly Seller[],
    how?: { readonly dialect?: DialectName | undefined; readonly domain?: string | undefined },
  ): Promise<string>;
  /** Asks the seller of the transaction. Answers the message's id. */
  ask(transactionId: string, request: MarketRequest, of?: Seller): Promise<string>;
  get(transactionId: string): Promise<Bought>;
  find(orderId: string): Promise<Bought>;
  /** Looks until `when` holds or the time is over. */
  until(transactionId: string, when: (bought: Bought) => boolean, ms: number): Promise<Bought>;
  draftOf(bought: Bought, more?: Partial<Draft>): Draft;
  /** Throws Refusal for a callback that nobody waits for. */
  vet(context: MarketContext, body: Said): Promise<void>;
  heard(context: MarketContext, body: Said): Promise<(tx: Tx) => Promise<void>>;
  /** Asks the state of every open order: after a restart. `unreadable` hears of each that cannot be read. */
  askOpen(unreadable: (fault: Fault) => void): Promise<number>;
}

/** Throws Fault for what could be asked and not be kept: an answer to it could not be read either. */
const needOf = (need: Need): Need => {
  const parsed = Need.safeParse(need);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw invalid(
    `this cannot be looked for: ${wrong.join('; ')}`,
    'Give a window that ends after it starts, a place in degrees, and figures above 0.',
  );
};

const letterOf = (
  { settings, nowMs }: Pick<BuyerGround, 'settings' | 'nowMs'>,
  of: Bought,
  request: MarketRequest,
  to: Seller,
  ttl: string,
): { letter: NewLetter; asked: Asked } => {
  const dialect = dialectOf(of.dialect);
  const messageId = randomUUID();
  const { action } = request;
  const context: MarketContext = {
    dialect: of.dialect,
    version: dialect.version,
    domain: of.domain,
    action,
    bapId: settings.bapId,
    bapUri: settings.bapUri,
    bppId: action === 'search' ? null : to.bppId,
    bppUri: action === 'search' ? null : to.bppUri,
    transactionId: of.transactionId,
    messageId,
    timestamp: new Date(nowMs()).toISOString(),
    ttl,
    country: null,
    city: null,
  };
  const atMs = nowMs();
  const body = JSON.stringify({
    context: dialect.writeContext(context),
    message: dialect.writeRequest(request, context),
  });
  return {
    letter: {
      id: `${action}|${messageId}`,
      thread: threadOf('bap', to.bppId ?? to.bppUri, of.transactionId),
      peer: to.bppId ?? to.bppUri,
      action,
      url: `${to.bppUri.replace(/\/+$/, '')}/${dialect.spell(action)}`,
      body,
      digest: null,
      exchange: null,
      atMs,
    },
    asked: {
      messageId,
      action,
      bppId: to.bppId,
      atMs,
      untilMs: atMs + durationMs(ttl),
      state: 'sent',
      error: null,
      answer: null,
    },
  };
};

const draftOf = (of: Bought, more: Partial<Draft> = {}): Draft => {
  const { order } = of;
  return {
    orderId: order?.id ?? null,
    providerId: order?.providerId ?? null,
    items: order === null ? [] : [{ id: order.itemId, quantity: order.quantity }],
    fulfillmentId: null,
    billing: order?.billing ?? null,
    quote: order?.quote ?? null,
    payment: null,
    ...more,
  };
};

/** Of the market that is open on a store in this process. */
const buyers = new WeakMap<Store, Buyer>();
export const buyerOf = (store: Store): Buyer | undefined => buyers.get(store);
/** With the market that it belongs to. */
export const closeBuyer = (store: Store): void => void buyers.delete(store);

export const openBuyer = (ground: BuyerGround): Buyer => {
  const { store, settings, keyring, world } = ground;
  const bought = store.collection(BOUGHT);

  const get = async (transactionId: string): Promise<Bought> => {
    const found = (await bought.get(transactionId))?.value;
    if (!found)
      throw notFound(
        `there is no transaction ${transactionId}`,
        'caco beckn search begins one; caco beckn status lists them.',
      );
    return found;
  };

  const put = async (of: Bought, letters: ReturnType<typeof letterOf>[]): Promise<void> => {
    const write = async (tx: Tx, by: Claim | undefined) => {
      const now = (await tx.collection(BOUGHT).get(of.transactionId))?.value ?? of;
      await tx.collection(BOUGHT).put(of.transactionId, {
        ...now,
        bppId: of.bppId,
        bppUri: of.bppUri,
        asked: [...now.asked, ...letters.map(({ asked }) => asked)],
      });
      return tx.mail.put(
        letters.map(({ letter }) => letter),
        by,
      );
    };
    await ground.post((by) => store.transaction((tx) => write(tx, by)), letters.length);
  };

  const buyer: Buyer = {
    get,
    async search(need, to, { dialect = settings.dialects[0]!, domain = settings.domains[0]! } = {}) {
      const wanted = needOf(need);
      const sellers: Seller[] =
        to.length > 0
          ? [...to]
          : (await keyring.sellers(domain))
              .filter((p) => p.subscriberId !== settings.bppId)
              .map((p) => ({ bppId: p.subscriberId, bppUri: p.url! }));
      if (!settings.domains.includes(domain))
        throw invalid(
          `answers in ${domain} would be refused: BECKN_DOMAINS has ${settings.domains.join(', ')}`,
          `Set BECKN_DOMAINS=${[...settings.domains, domain].join(',')}`,
        );
      if (sellers.length === 0)
        throw notFound(
          `nobody is known who sells in ${domain}`,
          'Set BECKN_REGISTRY_URL or BECKN_TRUST_FILE, or name a seller: caco beckn search --at URL.',
        );
      const of: Bought = {
        transactionId: randomUUID(),
        dialect,
        domain,
        need: wanted,
        at: world.clock.now(),
        asked: [],
        offers: [],
        bppId: null,
        bppUri: null,
        order: null,
        tracking: null,
        support: null,
      };
      await put(
        of,
        sellers.map((seller) => letterOf(ground, of, { action: 'search', need: wanted }, seller, SEARCH_TTL)),
      );
      return of.transactionId;
    },
    async ask(transactionId, request, seller) {
      const of = await get(transactionId);
      const to = seller ?? (of.bppUri === null ? null : { bppId: of.bppId, bppUri: of.bppUri });
      if (to === null)
        throw invalid('no seller was chosen yet', 'Take an offer first: caco beckn order TRANSACTION --item ID.');
      const made = letterOf(ground, of, request, to, settings.defaultTtl);
      await put({ ...of, bppId: to.bppId, bppUri: to.bppUri }, [made]);
      return made.asked.messageId;
    },
    async find(orderId) {
      const named = (await bought.get(orderId))?.value;
      if (named !== undefined) return named;
      for await (const page of bought.pages(() => {}))
        for (const { value } of page) if (value.order?.id === orderId) return value;
      throw notFound(`there is no order ${orderId}`, 'caco beckn status lists what was ordered.');
    },
    async until(transactionId, when, ms) {
      const endMs = Date.now() + ms;
      for (;;) {
        const now = await get(transactionId);
        if (when(now) || Date.now() >= endMs) return now;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    draftOf,
    vet: (context, body) => vetOf(store, context, body),
    heard: (context, body) => heardOf(ground, context, body),
    async askOpen(unreadable) {
      let n = 0;
      for await (const page of bought.pages(unreadable))
        for (const { value: of } of page) {
          if (of.order?.id === null || of.order?.id === undefined || !OPEN_STATES.has(of.order.state)) continue;
          await this.ask(of.transactionId, { action: 'status', orderId: of.order.id });
          n++;
        }
      return n;
    },
  };
  buyers.set(store, buyer);
  return buyer;
};
