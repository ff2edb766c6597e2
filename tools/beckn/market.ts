/** A participant of the market while the program runs: what comes in, who works on it, what goes out. */
import type { MarketContext } from '../../domain/market.js';
import { SOLD_ORDERS } from '../../domain/market.js';
import type { World } from '../../domain/world.js';
import { undelivered } from './answers.js';
import { type Buyer, closeBuyer, openBuyer } from './buyer.js';
import { answerChallenge } from './challenge.js';
import { type Clerk, openClerk, type Post } from './clerk.js';
import { sellingIn } from './dialects/dialects.js';
import { type Incoming, type Outgoing, openIntake } from './intake.js';
import { type Keyring, openKeyring } from './keyring.js';
import { openPostman, type Postman } from './post.js';
import { releaseTheDead } from './pump.js';
import { Refusal } from './refusal.js';
import type { Planner } from './seller.js';
import type { MarketSettings } from './settings.js';

const TICK_MS = 2000;
/** An inbox remembers at least for a day, so that a replay is known. */
const KEEP_MS = 30 * 86_400_000;
const KNOWN_RATED = new Set(['item', 'order', 'fulfillment', 'provider', 'agent', 'support']);

export interface Market {
  readonly settings: MarketSettings;
  readonly keyring: Keyring;
  readonly buyer: Buyer;
  receive(incoming: Incoming): Promise<Outgoing>;
  /** A registry's challenge. Throws Fault `invalid-input`. */
  answer(challenge: string): string;
  readonly nacks: ReadonlyMap<string, number>;
  readonly sent: ReadonlyMap<string, number>;
  /** Works until nothing is due. */
  settle(): Promise<void>;
  /** Looks at orders that wait, begin or end. */
  tick(): Promise<void>;
  /** Takes no more and lets what is under way end, for ten seconds. */
  close(): Promise<void>;
}

export const openMarket = async (ground: {
  readonly world: World;
  readonly settings: MarketSettings;
  readonly planner: Planner;
  readonly onTrouble: (error: unknown) => void;
  readonly nowMs?: () => number;
  readonly graceMs?: number;
}): Promise<Market> => {
  const { world, settings, planner, onTrouble, nowMs = Date.now, graceMs = 10_000 } = ground;
  const { store } = world;
  await releaseTheDead(store);
  await store.mail.forget(nowMs() - KEEP_MS);
  const keyring = openKeyring(settings, nowMs);
  let postman: Postman;
  let clerk: Clerk;
  const post: Post = (write, letters) => postman.pump.putting(write, (claimed) => claimed, letters);
  const buyer = openBuyer({ world, store, settings, keyring, nowMs, post });
  postman = openPostman({ store, settings, nowMs, onTrouble, onDead: undelivered });
  clerk = openClerk({
    world,
    store,
    settings,
    planner,
    nowMs,
    onTrouble,
    post,
    heard: (context, body) => buyer.heard(context, body),
  });
  const intake = openIntake({
    settings,
    keyring,
    nowMs,
    keep: (letter) =>
      clerk.pump.putting(
        (by) => store.mail.receive(letter, by),
        (received) => (received.is === 'new' && received.claimed !== null ? [received.claimed] : []),
      ),
    vet: async ({ context, body }) => {
      if (context.action.startsWith('on_')) await buyer.vet(context, body);
      else if (context.action === 'rating') await vetRating(world, context, body.message);
    },
  });
  const tick = () => clerk.tick().catch(onTrouble);
  const timer = setInterval(tick, TICK_MS).unref();
  return {
    settings,
    keyring,
    buyer,
    nacks: intake.nacks,
    sent: postman.sent,
    receive: (incoming) => intake.receive(incoming),
    answer(challenge) {
      const { encryptionKey, registryEncryptionKey } = settings;
      if (encryptionKey === null || registryEncryptionKey === null)
        throw new Refusal('30000', 'no encryption keys are set: BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY');
      return answerChallenge(challenge, encryptionKey, registryEncryptionKey);
    },
    async settle() {
      await clerk.pump.settle();
      await postman.pump.settle();
    },
    tick,
    async close() {
      clearInterval(timer);
      closeBuyer(store);
      await Promise.all([clerk.pump.stop(graceMs), clerk.tick().catch(onTrouble)]);
      await postman.pump.stop(graceMs);
    },
  };
};

/** A bad rating is refused at once: on_rating has no way to say so. */
const vetRating = async (world: World, context: MarketContext, message: unknown): Promise<void> => {
  const request = sellingIn(context.dialect).readRequest('rating', message);
  if (request.action !== 'rating') return;
  for (const { about, id, value } of request.rates) {
    if (!KNOWN_RATED.has(about.toLowerCase()))
      throw new Refusal(
        '50003',
        `rating_category "${about.slice(0, 80)}" is not rated here`,
        '/message/rating_category',
      );
    if (!(value >= 1 && value <= 5))
      throw new Refusal('30015', `a rating is from 1 to 5, this one ${value}`, '/message/value');
    if (about.toLowerCase() !== 'order') continue;
    const order = (await world.store.collection(SOLD_ORDERS).get(id))?.value;
    if (order?.bapId !== context.bapId || order.order.id === null)
      throw new Refusal('30014', `there is no order ${id.slice(0, 100)} of yours to rate`, '/message/id');
  }
};
