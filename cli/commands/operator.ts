/** `operator`: a simulated grid operator with keys and a small registry of its own, which searches, orders, calls for a shift and rates. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { App } from '../../app.js';
import { Fault, invalid } from '../../domain/fault.js';
import type { Need } from '../../domain/market.js';
import type { Stress } from '../../domain/opportunity.js';
import { type Instant, type Interval, plusHours, secondsBetween } from '../../domain/time.js';
import type { Bought, CarbonPrice, Market } from '../../market.js';
import { addCommand, type Context } from '../command.js';
import { numberOf } from '../fields.js';
import { answered, presentApp, trouble, unreadable } from '../market.js';

const LOOK_HOURS = 12;
const MINUTES = 30;
const NAME = 'grid-operator.example';

/** What is looked for, at what price of carbon, and how long an answer is waited for. */
interface Wish {
  readonly need: Need;
  readonly carbonPrice: CarbonPrice;
  readonly waitMs: number;
}

type Say = (step: string, more: object) => void;

/** How long a conversation that was broken off is taken up again. */
const TAKEN_UP_S = 3600;

/** The conversation that this operator was in when it was ended, unless there is nothing to go on with. */
const brokenOff = async ({ world }: App, carbonPrice: CarbonPrice): Promise<Bought | undefined> => {
  const { BOUGHT, isOver, rank } = await import('../../market.js');
  // One that cannot be read is not taken up again; there is always the next round.
  for await (const [last] of world.store.collection(BOUGHT).pages(() => {})) {
    if (last === undefined || secondsBetween(last.value.at, world.clock.now()) > TAKEN_UP_S) return undefined;
    const over = isOver(last.value, rank(last.value, carbonPrice).length, Date.now());
    return over ? undefined : last.value;
  }
  return undefined;
};

/** Answers of these count only in time. */
const IN_TIME = new Set(['select', 'init']);

/**
 * One order from search to rating. False where nobody offers what is looked for. Throws Fault where a step fails. Whoever goes on
 * with a conversation asks nothing that was asked before: that may have taken effect, and its answer is on its way.
 */
const trade = async (market: Market, { need, carbonPrice, waitMs }: Wish, before: Bought | undefined, say: Say) => {
  const { rank } = await import('../../market.js');
  const { buyer } = market;
  if (before !== undefined) say('resume', { transactionId: before.transactionId });
  const transactionId = before?.transactionId ?? (await buyer.search(need, []));
  const found = await buyer.until(transactionId, ({ asked }) => asked.every(({ state }) => state !== 'sent'), waitMs);
  const [best] = rank(found, carbonPrice);
  say('search', { transactionId, asked: found.asked.length, offers: found.offers.length });
  const chosen = found.order?.itemId ?? best?.item.id;
  const offer = found.offers.find(({ bppId, item }) => bppId === (found.bppId ?? best?.bppId) && item.id === chosen);
  if (offer === undefined) return false;
  const { item, providerId } = offer;
  const kw = found.need!.powerKw!;
  say('choose', { seller: offer.bppId, item: item.id, window: item.window, kw });
  const ask = async (request: Parameters<typeof buyer.ask>[1]) => {
    const { asked } = await buyer.get(transactionId);
    const last = asked.findLast(({ action }) => action === request.action);
    const stands = last !== undefined && !(last.state === 'late' && IN_TIME.has(last.action));
    const asking = stands ? Promise.resolve(last.messageId) : buyer.ask(transactionId, request, offer);
    const then = await answered(market, transactionId, asking, waitMs);
    say(request.action, { order: then.order?.id ?? null, state: then.order?.state ?? null });
    return then.order!;
  };
  const hours = (Date.parse(item.window.end) - Date.parse(item.window.start)) / 3_600_000;
  const energyMwh = ((kw * hours) / 1000).toFixed(6);
  const draft = {
    orderId: null,
    providerId,
    items: [{ id: item.id, quantity: { count: null, energyMwh } }],
    fulfillmentId: null,
    billing: null,
    quote: null,
    payment: null,
  };
  const billing = { name: 'Grid operator (simulated)', email: null, phone: '-' };
  await ask({ action: 'select', draft });
  const { quote, paymentType } = await ask({ action: 'init', draft: { ...draft, billing } });
  const payment = { type: paymentType, amount: quote?.total ?? null };
  const orderId = (await ask({ action: 'confirm', draft: { ...draft, billing, quote, payment } })).id!;
  await ask({ action: 'status', orderId });
  await ask({
    action: 'update',
    targets: [found.dialect === '1.1' ? 'order.fulfillments' : 'fulfillment'],
    draft: { ...buyer.draftOf(await buyer.get(transactionId)), billing: null, quote: null },
    shift: {
      action: 'workload_shift',
      reason: 'grid_stress_response',
      reductionKw: kw,
      event: `stress-${transactionId.slice(0, 8)}`,
    },
  });
  await ask({
    action: 'rating',
    rates: [{ about: found.dialect === '1.1' ? 'Order' : 'order', id: orderId, value: 5 }],
  });
  return true;
};

/** What is the operator's own although it may be started where a seller's settings hold. */
const OWN = {
  databaseUrl: undefined,
  becknBapId: NAME,
  becknBppId: `sells-nothing.${NAME}`,
  becknBapUri: undefined,
  becknBppUri: undefined,
  becknSigningPrivateKey: undefined,
  becknSigningPrivateKeyFile: undefined,
  becknEncryptionPrivateKey: undefined,
  becknTrustFile: undefined,
  becknAllowInsecureUrls: true,
};

const open = async (context: Context) => {
  const [app, { startHttp }, { becknDoor }, { registryDoor }, { marketOf, openRegistry, register }] = await Promise.all(
    [
      presentApp(context, { ...OWN, home: join(context.config.home, 'operator') }),
      import('../../http-server/http-server.js'),
      import('../../http-server/beckn.js'),
      import('../../http-server/registry.js'),
      import('../../market.js'),
    ],
  );
  const door = becknDoor(app, false);
  const rows = registryDoor(openRegistry(app.world.store));
  try {
    const server = await startHttp(app, { mounts: { '/registry': rows, '/beckn': door.handler } });
    const registry = `${server.url}/registry`;
    const config = { ...app.config, becknRegistryUrl: registry };
    const market = await marketOf({ world: app.world, config }, server.url, trouble(context));
    door.answerBy(market);
    await register(market);
    const close = async () => {
      door.answerBy(null);
      await market.close();
      await server.close();
      await app.close();
    };
    return { app, market, url: server.url, registry, close };
  } catch (error) {
    await app.close();
    throw error;
  }
};

/** When the grid will first stand high in carbon or price for long enough to buy; undefined: it will not. */
const stressAhead = async (context: Context, app: App): Promise<Stress | undefined> => {
  const now = app.world.clock.now();
  const by = { actor: { id: 'operator', via: 'cli' as const, scopes: ['read' as const] }, signal: context.signal };
  const { stress } = await app.call(
    'find_green_window',
    { durationHours: MINUTES / 60, deadline: plusHours(now, LOOK_HOURS) },
    { ...by, progress: () => {} },
  );
  return stress
    .filter(({ quantity }) => quantity === 'carbon' || quantity === 'price')
    .filter((one) => secondsBetween(clipped(one, now).start, one.end) >= MINUTES * 60)
    .sort((a, b) => (a.start < b.start ? -1 : 1))[0];
};

const clipped = ({ start, end }: Interval, now: Instant): Interval => ({ start: start < now ? now : start, end });

const positive = (flag: string, value: unknown): number => {
  const n = numberOf(flag, value);
  if (!(n > 0)) throw invalid(`${flag} is ${n}, must be above 0`, `Give ${flag} a number above 0.`);
  return n;
};

const operator = async (context: Context, _: string[], options: Record<string, unknown>): Promise<undefined> => {
  const everyMs = positive('--every', options.every) * 1000;
  const rounds = options.rounds === undefined ? Number.POSITIVE_INFINITY : positive('--rounds', options.rounds);
  const powerKw = positive('--power-kw', options.powerKw);
  const waitMs = positive('--wait', options.wait) * 1000;
  const { app, market, url, registry, close } = await open(context);
  const say: Say = (step, more) =>
    void process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), step, ...more })}\n`);
  const aborted = new Promise<false>((resolve) => {
    if (context.signal.aborted) resolve(false);
    context.signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  try {
    say('listening', { url, registry, openOrders: await market.buyer.askOpen(unreadable(context)) });
    context.warn(
      `A seller that this operator buys from: BECKN_REGISTRY_URL=${registry} BECKN_ALLOW_INSECURE_URLS=true npx caco beckn --port 8000`,
    );
    const round = async () => {
      const start = app.world.clock.now();
      try {
        const { carbonPricePerTonne } = app.world.method;
        const carbonPrice = { carbonPricePerTonne, currency: app.world.setting.currency };
        const before = await brokenOff(app, carbonPrice);
        const stress = before === undefined && options.onStress === true ? await stressAhead(context, app) : null;
        if (stress === undefined) {
          say('calm', { why: `neither carbon nor price stands high in the next ${LOOK_HOURS} h` });
          return false;
        }
        if (stress !== null) say('stress', { ...stress });
        const need: Need = {
          kind: 'DEMAND_TURN_DOWN',
          place: null,
          radiusKm: null,
          window: stress === null ? { start, end: plusHours(start, LOOK_HOURS) } : clipped(stress, start),
          powerKw,
          durationMinutes: MINUTES,
        };
        return await trade(market, { need, carbonPrice, waitMs }, before, say);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        say('waiting', { why: error.message });
        return false;
      }
    };
    for (let done = 0; done < rounds && !context.signal.aborted; ) {
      if (await Promise.race([round(), aborted])) done++;
      if (done < rounds) await Promise.race([new Promise((resolve) => setTimeout(resolve, everyMs).unref()), aborted]);
    }
  } finally {
    await close();
  }
  return undefined;
};

export const register = (program: Command) => {
  addCommand(
    program,
    'operator',
    'a simulated grid operator with a registry of its own, which searches, orders, calls for a shift and rates',
    (c) =>
      c
        .option('--port <port>', 'port to listen on; 0 takes a free one')
        .option('--every <seconds>', 'between two rounds', '30')
        .option('--rounds <n>', 'ends after so many orders; goes on until Ctrl-C when left out')
        .option('--wait <seconds>', 'how long an answer is waited for', '60')
        .option('--power-kw <kw>', 'power that it orders', '50')
        .option('--on-stress', 'orders only when carbon or price will stand high, and then for that time'),
    operator,
  );
};
