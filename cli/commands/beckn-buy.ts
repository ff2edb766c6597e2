/** `beckn search|order|status|update|rate`: the market for flexibility as a buyer asks it. */
import { type Command, Option } from 'commander';
import { invalid } from '../../domain/fault.js';
import { figure, powerText } from '../../domain/figures.js';
import { type DialectName, type Need, OfferKind, Place } from '../../domain/market.js';
import { instant, plusHours } from '../../domain/time.js';
import type { Bought, Ranked } from '../../market.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { numberOf } from '../fields.js';
import { answered, unreadable, withMarket } from '../market.js';
import { plain, tableText } from '../terminal.js';

type Options = Record<string, unknown>;
const MOST_LISTED = 200;

const textOf = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));
const positiveOf = (flag: string, value: unknown): number | null => {
  if (value === undefined) return null;
  const n = numberOf(flag, value);
  if (!(n > 0)) throw invalid(`${flag} is ${n}, must be above 0`, `Give ${flag} a number above 0.`);
  return n;
};

const kindOf = (value: unknown): OfferKind => {
  const known = OfferKind.safeParse(value);
  if (known.success) return known.data;
  throw invalid(`--kind is ${String(value)}`, `Give one of ${OfferKind.options.join(', ')}.`);
};

const placeOf = (text: string | undefined): Place | null => {
  if (text === undefined) return null;
  const [latitude, longitude, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const known = Place.safeParse({ latitude, longitude });
  if (known.success && more.length === 0) return known.data;
  throw invalid(
    `--near is "${text}", no place`,
    'Give --near as latitude,longitude in degrees, such as 52.2053,0.1218.',
  );
};

const waitOf = (options: Options) => (positiveOf('--wait', options.wait) ?? 10) * 1000;

const offersText = (found: Bought, ranked: readonly Ranked[], carbonPrice: string) => {
  const others = found.offers.length - ranked.length;
  const silent = found.asked.filter(({ state }) => state === 'sent').length;
  const failed = found.asked.find(({ state }) => state === 'failed');
  const more = [
    ...(others === 0 ? [] : [` ${others} other ${others === 1 ? 'offer does' : 'offers do'} not meet the need.`]),
    ...(silent === 0 ? [] : [` ${silent} of ${found.asked.length} that were asked have not answered yet.`]),
    ...(failed === undefined ? [] : [` Failed: ${plain(failed.error ?? '')}.`]),
  ].join('');
  if (ranked.length === 0) return `Nobody offers what was asked for (transaction ${found.transactionId}).${more}`;
  const rows = ranked.map((offer) => [
    String(offer.rank),
    plain(offer.provider),
    plain(offer.item.name),
    powerText(offer.item.powerKw),
    `${offer.pricePerMwh.toFixed(2)} ${offer.item.currency}`,
    offer.kgPerMwh === null ? 'not said' : figure(offer.kgPerMwh),
    offer.scorePerMwh?.toFixed(2) ?? 'not known',
    plain(offer.item.id),
  ]);
  return [
    tableText(['', 'seller', 'offer', 'power', 'per MWh', 'kg/MWh', 'score', 'item'], rows),
    '',
    `Score: price + ${carbonPrice} per tonne × kg/MWh. Transaction ${found.transactionId}.${more}`,
    `Next: caco beckn order ${found.transactionId} --item ${plain(ranked[0]!.item.id)} --name "YOUR COMPANY"`,
  ].join('\n');
};

const search = (context: Context, _: string[], options: Options): Promise<Answer> =>
  withMarket(context, async (market, app) => {
    const { rank } = await import('../../market.js');
    const now = app.world.clock.now();
    const from = options.from === undefined ? now : instant(String(options.from));
    const need: Need = {
      kind: kindOf(options.kind),
      place: placeOf(textOf(options.near)),
      radiusKm: positiveOf('--radius-km', options.radiusKm),
      window: { start: from, end: options.to === undefined ? plusHours(from, 24) : instant(String(options.to)) },
      powerKw: positiveOf('--power-kw', options.powerKw),
      durationMinutes: positiveOf('--minutes', options.minutes),
    };
    const to = [options.at ?? []].flat().map((url) => ({ bppId: null, bppUri: String(url) }));
    const id = await market.buyer.search(need, to, {
      dialect: options.dialect as DialectName | undefined,
      domain: textOf(options.domain),
    });
    const found = await market.buyer.until(
      id,
      ({ asked }) => asked.every((one) => one.state !== 'sent'),
      waitOf(options),
    );
    const { carbonPricePerTonne } = app.world.method;
    const { currency } = app.world.setting;
    const offers = rank(found, { carbonPricePerTonne, currency });
    const weights = { price: 1, carbonPerTonne: carbonPricePerTonne, currency };
    return {
      json: { transactionId: id, asked: found.asked, weights, offers },
      text: offersText(found, offers, `${carbonPricePerTonne} ${currency}`),
    };
  });

const orderText = (found: Bought): string => {
  const { order } = found;
  const failed = found.asked.findLast((one) => one.error !== null);
  if (order === null) return `Transaction ${found.transactionId}: ${plain(failed?.error ?? 'no order yet')}.`;
  return [
    `${plain(order.id ?? 'no order yet')}: ${order.state}, ${plain(order.item?.name ?? order.itemId)} of ${plain(order.providerName ?? order.providerId)}${order.quote === null ? '' : `, ${order.quote.total} ${order.quote.currency}`}.`,
    ...(order.metered.length === 0
      ? []
      : [
          tableText(
            ['from', 'min', 'baseline kW', 'actual kW'],
            order.metered.map((m) => [
              m.start,
              String(m.minutes),
              m.baselineKw.toFixed(1),
              m.actualKw?.toFixed(1) ?? 'not measured',
            ]),
          ),
        ]),
    ...(order.note === null ? [] : [`  ${plain(order.note)}`]),
    ...(failed === undefined ? [] : [`  ${failed.action} failed: ${plain(failed.error!)}`]),
  ].join('\n');
};

const order = (context: Context, [transaction]: string[], options: Options): Promise<Answer> =>
  withMarket(context, async (market) => {
    const { buyer } = market;
    const found = await buyer.get(transaction!);
    const offer = found.offers.find(({ item }) => item.id === options.item);
    if (offer === undefined)
      throw invalid(
        `transaction ${transaction} has no offer ${String(options.item)}`,
        'Give --item as caco beckn search lists it.',
      );
    const energy = positiveOf('--mwh', options.mwh);
    const billing = {
      name: String(options.name),
      email: textOf(options.email) ?? null,
      phone: textOf(options.phone) ?? '-',
    };
    const draft = {
      orderId: null,
      providerId: offer.providerId,
      items: [
        {
          id: offer.item.id,
          quantity: energy === null ? { count: 1, energyMwh: null } : { count: null, energyMwh: String(energy) },
        },
      ],
      fulfillmentId: null,
      billing: null,
      quote: null,
      payment: null,
    };
    const ms = waitOf(options);
    const ask = (request: Parameters<typeof buyer.ask>[1]) =>
      answered(market, transaction!, buyer.ask(transaction!, request, offer), ms);
    await ask({ action: 'select', draft });
    const held = await ask({ action: 'init', draft: { ...draft, billing } });
    const quote = held.order!.quote;
    const payment = { type: held.order!.paymentType, amount: quote?.total ?? null };
    const done = await ask({ action: 'confirm', draft: { ...draft, billing, quote, payment } });
    return { json: done.order, text: orderText(done) };
  });

const status = async (context: Context, [id]: string[], options: Options): Promise<Answer> => {
  if (id === undefined) {
    const { BOUGHT } = await import('../../market.js');
    const app = await context.app();
    const all: Bought[] = [];
    for await (const page of app.world.store.collection(BOUGHT).pages(unreadable(context))) {
      all.push(...page.map(({ value }) => value));
      if (all.length >= MOST_LISTED) break;
    }
    all.splice(MOST_LISTED);
    const rows = all.map((b) => [b.order?.id ?? '–', b.order?.state ?? '–', String(b.offers.length), b.transactionId]);
    return {
      json: { transactions: all },
      text:
        all.length === 0
          ? 'Nothing was searched yet: caco beckn search'
          : tableText(['order', 'state', 'offers', 'transaction'], rows),
    };
  }
  return withMarket(context, async (market) => {
    const found = await market.buyer.find(id);
    const orderId = found.order?.id ?? null;
    if (orderId === null) return { json: found, text: orderText(found) };
    const asking = market.buyer.ask(found.transactionId, { action: 'status', orderId });
    const now = await answered(market, found.transactionId, asking, waitOf(options));
    return { json: now.order, text: orderText(now) };
  });
};

const update = (context: Context, [id]: string[], options: Options): Promise<Answer> =>
  withMarket(context, async (market) => {
    const found = await market.buyer.find(id!);
    const ms = waitOf(options);
    const ask = (request: Parameters<typeof market.buyer.ask>[1]) =>
      answered(market, found.transactionId, market.buyer.ask(found.transactionId, request), ms);
    const orderId = found.order!.id!;
    if (options.cancel !== undefined) {
      const now = await ask({
        action: 'cancel',
        orderId,
        reasonId: String(options.cancel),
        why: textOf(options.why) ?? null,
      });
      return { json: now.order, text: orderText(now) };
    }
    const now = await ask({
      action: 'update',
      targets: [found.dialect === '1.1' ? 'order.fulfillments' : 'fulfillment'],
      draft: { ...market.buyer.draftOf(found), billing: null, quote: null, payment: null },
      shift: {
        action: options.acknowledge === true ? 'continue_with_acknowledgement' : 'workload_shift',
        reason: textOf(options.why) ?? 'grid_stress_response',
        reductionKw: positiveOf('--kw', options.kw),
        event: textOf(options.event) ?? null,
      },
    });
    return { json: now.order, text: orderText(now) };
  });

const rate = (context: Context, [id, value]: string[], options: Options): Promise<Answer> =>
  withMarket(context, async (market) => {
    const found = await market.buyer.find(id!);
    const rates = [
      { about: found.dialect === '1.1' ? 'Order' : 'order', id: found.order!.id!, value: numberOf('value', value) },
    ];
    const asking = market.buyer.ask(found.transactionId, { action: 'rating', rates });
    await answered(market, found.transactionId, asking, waitOf(options));
    return {
      json: { rated: found.order!.id, value: rates[0]!.value },
      text: `Rated ${found.order!.id} with ${value}.`,
    };
  });

/** Below `beckn`. */
export const registerBuying = (beckn: Command) => {
  const wait = (c: Command) => c.option('--wait <seconds>', 'how long an answer is waited for', '10');
  addCommand(
    beckn,
    'search',
    'ask sellers for less power in a window, and rank what they offer',
    (c) =>
      wait(c)
        .option('--at <url...>', 'sellers or gateways to ask; all that are known when left out')
        .option('--near <place>', 'latitude,longitude')
        .option('--radius-km <km>', 'how far around it')
        .option('--from <time>', 'start of the window; now when left out')
        .option('--to <time>', 'end of the window; 24 hours later when left out')
        .option('--power-kw <kw>', 'least power')
        .option('--minutes <minutes>', 'least duration')
        .option('--kind <kind>', 'DEMAND_TURN_DOWN, DEMAND_TURN_UP or COMPUTE_SLOT', 'DEMAND_TURN_DOWN')
        .addOption(
          new Option('--dialect <dialect>', 'what is spoken; the first of BECKN_DIALECTS when left out').choices([
            '1.1',
            '0.9.4',
            '2.0-draft',
          ]),
        )
        .option('--domain <domain>', 'where it is asked; the first of BECKN_DOMAINS when left out'),
    search,
  );
  addCommand(
    beckn,
    'order <transaction>',
    'take an offer: select, init, confirm',
    (c) =>
      wait(c)
        .requiredOption('--item <id>', 'the offer, as search lists it')
        .requiredOption('--name <name>', 'who pays')
        .option('--email <email>', 'where bills go')
        .option('--phone <phone>', 'whom the seller may call')
        .option('--mwh <mwh>', 'energy; the whole offer when left out'),
    order,
  );
  addCommand(
    beckn,
    'status [order]',
    'how an order stands, asked of its seller; without one, what was searched and ordered',
    wait,
    status,
  );
  addCommand(
    beckn,
    'update <order>',
    'have work shifted for an order because the grid is stressed, or cancel it',
    (c) =>
      wait(c)
        .option('--kw <kw>', 'reduction that is called')
        .option('--event <id>', 'the event that it answers')
        .option('--acknowledge', 'go on, knowing of the alert')
        .option('--cancel <reason>', 'cancel it, with a reason such as 001')
        .option('--why <text>', 'in words'),
    update,
  );
  addCommand(beckn, 'rate <order> <value>', 'rate an order from 1 to 5', wait, rate);
};
