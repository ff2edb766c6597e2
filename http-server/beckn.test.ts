/** The seller as strangers meet it: over HTTP, signed, with a server of their own for callbacks. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { App } from '../app.js';
import { CLAIMS, SOLD_ORDERS } from '../domain/market.js';
import { SOLD_FLEXIBILITY } from '../domain/offer.js';
import { PLANS } from '../domain/plan.js';
import { PLAN_LOADS } from '../domain/plan-sums.js';
import { claimDelivered, DELIVERED, periodsIn } from '../domain/settlement/delivered.js';
import type { Market } from '../market.js';
import { hasOfficial, officialErrors } from '../tools/beckn/fixtures/official.js';
import { BPP, marketStand, type Stand } from './fixtures/market-stand.js';
import { type Heard, type Stranger, signed } from './fixtures/stranger.js';
import type { HttpServer } from './http-server.js';

// A plan for a fleet is made, several times: nothing is judged by its time.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let stand: Stand;
let app: App;
let server: HttpServer;
let market: Market;
let base: string;
let strangers: readonly Stranger[];
let trouble: readonly unknown[];

beforeAll(async () => {
  stand = await marketStand(Array.from({ length: 22 }, (_, i) => `grid-${i}.example`));
  ({ app, server, market, base, strangers, trouble } = stand);
});
afterAll(() => stand.close());

const official = hasOfficial ? officialErrors('core-1.1.1') : () => [];
const intent = (powerKw = 100, duration = 'PT1H') => ({
  intent: {
    fulfillment: {
      stops: [
        {
          type: 'start',
          location: { circle: { gps: '52.2053,0.1218', radius: { value: '50', unit: 'km' } } },
          time: { range: { start: '2022-05-25T01:00:00Z', end: '2022-05-25T20:00:00Z' } },
        },
      ],
    },
    tags: [
      {
        descriptor: { code: 'flexibility' },
        list: [
          { descriptor: { code: 'power_kw' }, value: String(powerKw) },
          { descriptor: { code: 'duration' }, value: duration },
        ],
      },
    ],
  },
});
const BILLING = { name: 'Example DNO Ltd', email: 'flex@dno.example', phone: '+441632960000' };
const chosen = (id: string, selected: object = { count: 1 }) => ({
  provider: { id: 'gb-hpc' },
  items: [{ id, quantity: { selected } }],
});
interface Item {
  id: string;
  time: { range: { start: string; end: string } };
  quantity: { available: { measure: { value: string } } };
}
const itemsOf = async (buyer: Stranger, more: object = {}, powerKw = 100, duration = 'PT1H'): Promise<Item[]> => {
  const found = await buyer.ask(base, 'search', intent(powerKw, duration), { transaction_id: randomUUID(), ...more });
  return found.message.catalog.providers[0].items;
};

describe('a conversation from search to rating', () => {
  it('sells what the plan offers, keeps it, and tells how it stands', async () => {
    const buyer = strangers[0]!;
    const tx = { transaction_id: randomUUID() };
    const ask = (action: string, message: unknown) => buyer.ask(base, action, message, tx);
    const found = await ask('search', intent());
    const [item] = found.message.catalog.providers[0].items as Item[];
    expect(item).toBeDefined();
    const [{ list }] = found.message.catalog.providers[0].items[0].tags;
    const told = (code: string) => list.find((tag: { descriptor: { code: string } }) => tag.descriptor.code === code);
    expect(told('ramp').value).toBe('PT0M');
    expect(told('recovery').value).toMatch(/^PT(\d+H)?(\d+M)?$/);
    expect(told('recovery').value).not.toBe('PT0M');
    expect(found.headers.authorization).toContain(`keyId="${BPP}|k1|ed25519"`);
    const selected = await ask('select', { order: chosen(item!.id) });
    const { quote } = selected.message.order;
    const sum = quote.breakup.reduce(
      (a: number, line: { price: { value: string } }) => a + Number(line.price.value),
      0,
    );
    expect(sum).toBeCloseTo(Number(quote.price.value), 6);
    const held = await ask('init', { order: { ...chosen(item!.id), billing: BILLING } });
    expect(held.message.order.quote.price).toEqual(quote.price);
    const { payments } = held.message.order;
    const confirmed = await ask('confirm', { order: { ...chosen(item!.id), billing: BILLING, quote, payments } });
    expect(confirmed.error, JSON.stringify(trouble)).toBeUndefined();
    const { id, fulfillments } = confirmed.message.order;
    expect(fulfillments[0].state.descriptor.code).toBe('ORDER_PLACED');

    const sold = (await app.world.store.collection(SOLD_FLEXIBILITY).list()).map(({ value }) => value);
    expect(sold).toHaveLength(2);
    const [newest] = await app.world.store.collection(PLANS).list({ limit: 1 });
    const loads = (await app.world.store.collection(PLAN_LOADS).get(newest!.id))!.value;
    for (const cap of sold) {
      const slot = (Date.parse(cap.start) - Date.parse(newest!.value.window.start)) / 60_000 / loads.slotMinutes;
      expect(loads.regions[0]!.after[slot]!).toBeLessThanOrEqual(cap.maxKw + 1e-6);
    }

    // What is sold is settled under the order's name alone, and is no saving of anybody's.
    const taken = await app.world.store.collection(DELIVERED).list({ limit: 1000 });
    expect(taken.map(({ value }) => [value.by, value.as, value.run])).toContainEqual([id, 'market order', null]);
    const sites = (await app.world.fleet.sites()).map((site) => site.id);
    const periods = periodsIn({ start: sold.at(-1)!.start, end: sold[0]!.end });
    const paid = (by: string, as: string) =>
      app.world.store.transaction((books) =>
        claimDelivered(books, { sites, meterIds: [], periods }, { by, as, run: 'II', at: sold[0]!.start }),
      );
    await expect(paid('DFS-1', 'bid')).rejects.toThrow(`was sold as market order under ${id}`);
    await expect(paid('S-1', 'kWhSave')).rejects.toThrow(`was sold as market order under ${id}`);

    const status = await ask('status', { order_id: id });
    expect(status.message.order).toMatchObject({ id, status: 'ACTIVE' });
    expect((await ask('track', { order_id: id })).message.tracking.status).toBe('active');
    const shift = [
      {
        descriptor: { code: 'flexibility_action' },
        list: [{ descriptor: { code: 'action' }, value: 'workload_shift' }],
      },
    ];
    const update = { update_target: 'order.fulfillments', order: { id, fulfillments: [{ id: 'f-1', tags: shift }] } };
    expect((await ask('update', update)).message.order.id).toBe(id);
    expect((await ask('support', { support: { ref_id: id } })).message.support.ref_id).toBe(id);
    await ask('rating', { ratings: [{ rating_category: 'Order', id, value: '5' }] });
    const stolen = await strangers[1]!.ask(base, 'status', { order_id: id });
    expect(stolen.error!.code).toBe('30010');
    expect((await ask('cancel', { order_id: id, cancellation_reason_id: 'zzz' })).error!.code).toBe('30011');
    expect((await ask('cancel', { order_id: id, cancellation_reason_id: '001' })).message.order.status).toBe(
      'CANCELLED',
    );
    expect((await ask('cancel', { order_id: id, cancellation_reason_id: '001' })).error!.code).toBe('50001');
    expect(await app.world.store.collection(SOLD_FLEXIBILITY).list()).toEqual([]);
    expect(await app.world.store.collection(DELIVERED).list()).toEqual([]);
    for (const one of buyer.heard) expect(official(JSON.parse(one.raw)), one.action).toEqual([]);
    expect(trouble).toEqual([]);
  });

  it('adds up what two buyers take of one offer at the same moment', async () => {
    const pair = [strangers[3]!, strangers[4]!];
    const [item] = await itemsOf(pair[0]!);
    const mwh = Number(item!.quantity.available.measure.value) * 0.4;
    const part = chosen(item!.id, { measure: { value: mwh.toFixed(6), unit: 'MWh' } });
    const threads = pair.map((buyer) => ({ buyer, tx: { transaction_id: randomUUID() } }));
    const held = await Promise.all(
      threads.map(({ buyer, tx }) => buyer.ask(base, 'init', { order: { ...part, billing: BILLING } }, tx)),
    );
    const before = (await app.world.store.collection(SOLD_FLEXIBILITY).list()).length;
    expect(before).toBe(0);
    const confirmed = await Promise.all(
      threads.map(({ buyer, tx }, i) => {
        const { quote, payments } = held[i]!.message.order;
        return buyer.ask(base, 'confirm', { order: { ...part, billing: BILLING, quote, payments } }, tx);
      }),
    );
    const orders = confirmed
      .filter(({ error }) => error === undefined)
      .map(({ message }) => message.order.id as string);
    const sold = (await Promise.all(orders.map((id) => app.world.store.collection(SOLD_ORDERS).get(id)))).map(
      (o) => o!.value,
    );
    expect(sold).toHaveLength(2);
    const [newest] = await app.world.store.collection(PLANS).list({ limit: 1 });
    const loads = (await app.world.store.collection(PLAN_LOADS).get(newest!.id))!.value;
    const offered = Math.max(...sold.map(({ capsKw }) => capsKw[0]!.baselineKw));
    const both = sold.reduce((sum, { powerKw }) => sum + powerKw, 0);
    const slot =
      (Date.parse(sold[0]!.capsKw[0]!.start) - Date.parse(newest!.value.window.start)) / 60_000 / loads.slotMinutes;
    expect(loads.regions[0]!.after[slot]!).toBeLessThanOrEqual(offered - both + 0.1);
    for (const [i, { buyer, tx }] of threads.entries())
      await buyer.ask(base, 'cancel', { order_id: confirmed[i]!.message.order.id, cancellation_reason_id: '001' }, tx);
  });

  it('answers a request once, however often it comes, and refuses its id for anything else', async () => {
    const buyer = strangers[2]!;
    const body = buyer.body('search', intent());
    expect((await buyer.send(base, 'search', body)).status).toBe(200);
    const { message_id } = JSON.parse(body).context;
    await buyer.until((one) => one.context.message_id === message_id);
    const stamped = JSON.stringify({
      ...JSON.parse(body),
      context: { ...JSON.parse(body).context, timestamp: new Date().toISOString() },
    });
    expect((await buyer.send(base, 'search', stamped)).status).toBe(200);
    await market.settle();
    expect(buyer.heard.filter((one) => one.context.message_id === message_id)).toHaveLength(1);
    const other = JSON.stringify({ ...JSON.parse(body), message: intent(7) });
    const refused = (await buyer.send(base, 'search', other)) as { status: number; body: unknown };
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { code: '30000', message: expect.stringContaining('already used') } },
    });
  });
});

describe('capacity that is held and not confirmed', () => {
  const small = (id: string) => ({ ...chosen(id, { measure: { value: '0.001', unit: 'MWh' } }), billing: BILLING });
  const init = (buyer: Stranger, id: string, transaction_id: string) =>
    buyer.ask(base, 'init', { order: small(id) }, { transaction_id });
  const secondsOf = ({ message }: Heard) => Number(/^PT(\d+)S$/.exec(message.order.quote.ttl)![1]);
  const holdsOf = async (bapId: string) => {
    const all = await app.world.store.collection(CLAIMS).list();
    return all.filter(({ value }) => value.bapId === bapId && value.state === 'held');
  };

  it('is no longer held for being asked for again, and not at once again when that has lapsed', async () => {
    const [me, other] = [strangers[5]!, strangers[6]!];
    const [item] = await itemsOf(me);
    const transaction = randomUUID();
    expect(secondsOf(await init(me, item!.id, transaction))).toBeGreaterThan(800);
    const [hold] = await holdsOf(me.id);
    const until = (untilMs: number) => app.world.store.collection(CLAIMS).put(hold!.id, { ...hold!.value, untilMs });
    await until(Date.now() + 300_000);
    expect(secondsOf(await init(me, item!.id, transaction))).toBeLessThanOrEqual(300);
    await until(Date.now() - 1000);
    for (const another of [transaction, randomUUID()])
      expect((await init(me, item!.id, another)).error).toMatchObject({
        code: '50000',
        message: expect.stringMatching(/not confirmed: it is held for you again from 20\d\d-/),
      });
    expect((await init(other, item!.id, randomUUID())).error).toBeUndefined();
    // An hour later it may be held again, and the old hold is gone.
    await until(Date.now() - 3_700_000);
    expect((await init(me, item!.id, randomUUID())).error).toBeUndefined();
    expect(await holdsOf(me.id)).toHaveLength(1);
  });
  it('is not free to be held again because something else was held in its place', async () => {
    const me = strangers[7]!;
    const all = await itemsOf(me, {}, 100, 'PT30M');
    const [first, second] = [all[0]!, all.find((one) => one.time.range.start >= all[0]!.time.range.end)!];
    const transaction = randomUUID();
    expect((await init(me, first.id, transaction)).error).toBeUndefined();
    expect((await init(me, second.id, transaction)).error).toBeUndefined();
    expect((await init(me, first.id, randomUUID())).error).toMatchObject({ code: '50000' });
  });
  it('is held for ten orders of a buyer at most', async () => {
    const me = strangers[8]!;
    const [item] = await itemsOf(me);
    for (let i = 0; i < 10; i++) expect((await init(me, item!.id, randomUUID())).error).toBeUndefined();
    expect((await init(me, item!.id, randomUUID())).error).toMatchObject({
      code: '50000',
      message: expect.stringMatching(
        /^10 orders hold capacity for you, at most 10 do: confirm one, or wait until 20\d\d-/,
      ),
    });
  });
});

describe('the last megawatt', () => {
  it('is sold to one of twenty who confirm it at once; nineteen hear 40002', async () => {
    const buyers = strangers.slice(2, 22);
    const [item] = await itemsOf(strangers[0]!);
    const orders = buyers.map(() => ({ transaction_id: randomUUID() }));
    const quoted = await Promise.all(
      buyers.map((b, i) => b.ask(base, 'select', { order: chosen(item!.id) }, orders[i])),
    );
    const ends = await Promise.all(
      buyers.map((b, i) => {
        const { quote } = quoted[i]!.message.order;
        return b.ask(base, 'confirm', { order: { ...chosen(item!.id), billing: BILLING, quote } }, orders[i]);
      }),
    );
    const codes = ends.map((end) => end.error?.code ?? 'sold').sort();
    expect(codes.filter((code) => code === 'sold')).toHaveLength(1);
    expect(codes.filter((code) => code === '40002')).toHaveLength(19);
  });
});

describe('what is not taken', () => {
  const refused = async (
    answer: Promise<{ status: number; body: unknown; headers: Headers }>,
    status: number,
    says: string,
  ) => {
    const { status: got, body, headers } = await answer;
    const { message, error } = body as { message: { ack: { status: string } }; error: { message: string } };
    expect([got, message.ack.status]).toEqual([status, 'NACK']);
    expect(error.message).toContain(says);
    if (status === 401) expect(headers.get('www-authenticate')).toMatch(/^Signature realm=/);
  };
  const search = (more: object = {}) => strangers[0]!.body('search', intent(), { ...more });

  it('an unsigned, foreign, old or altered message, and says which', async () => {
    const me = strangers[0]!;
    const body = search();
    await refused(me.send(base, 'search', body, null), 401, 'no Authorization');
    await refused(me.send(base, 'search', body, signed(strangers[1]!.key, me.id, body)), 401, 'does not belong');
    await refused(me.send(base, 'search', body, signed(me.key, strangers[1]!.id, body)), 401, 'is signed by');
    await refused(me.send(base, 'search', body, signed(me.key, 'nobody.example', body)), 401, 'is signed by');
    await refused(me.send(base, 'search', body, signed(me.key, me.id, body, -600)), 401, 'expired');
    await refused(me.send(base, 'search', body, signed(me.key, me.id, body, 600)), 401, 'in the future');
    await refused(me.send(base, 'search', `${body} `, signed(me.key, me.id, body)), 401, 'does not belong');
  });
  it.each([
    ['stale', { timestamp: '2020-01-01T00:00:00Z' }, 'stale'],
    ['from the future', { timestamp: '2999-01-01T00:00:00Z' }, 'future'],
    ['without a zone', { timestamp: '2026-01-01T00:00:00' }, 'timestamp'],
    ['with a ttl that is none', { ttl: '30' }, 'duration'],
    ['without a ttl', { ttl: undefined }, 'ttl'],
    ['of another domain', { domain: 'nic2004:60212' }, 'domain'],
    ['for another seller', { bpp_id: 'other.example', bpp_uri: 'http://127.0.0.1:1/x' }, 'bpp_id'],
    ['whose action is not its path', { action: 'select', bpp_id: BPP, bpp_uri: 'http://127.0.0.1:1/x' }, 'path'],
    ['in both dialects at once', { core_version: '1.0.0' }, 'version and core_version'],
    ['whose callbacks would go to somebody else', { bap_uri: 'http://169.254.169.254/latest' }, 'registered address'],
  ])('one %s', async (_, more, says) => {
    await refused(strangers[0]!.send(base, 'search', search(more)), 400, says);
  });
  it('what is no message at all', async () => {
    const me = strangers[0]!;
    for (const [text, says] of [
      ['{', 'not JSON'],
      ['[]', 'object'],
      ['{"context":null}', 'context'],
      [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'nested'],
    ] as const)
      await refused(me.send(base, 'search', text), 400, says);
    const large = await me.send(base, 'search', JSON.stringify({ context: 'x'.repeat(10_000_000) })).catch(() => null);
    if (large !== null) expect(large.status).toBe(413);
    expect((await fetch(`${base}/search`)).status).toBe(405);
  });
  it('2.0, which is answered in its own shape', async () => {
    const me = strangers[0]!;
    const lts = JSON.stringify({
      context: { version: '2.0.0', bapId: 'x', transactionId: 'y', messageId: 'z' },
      message: {},
    });
    expect((await me.send(base, 'select', lts)).body).toMatchObject({ status: 'NACK' });
    const draft = JSON.stringify({ context: { version: '2.0.0', bap_id: 'x', transaction_id: 'y' }, message: {} });
    expect((await me.send(base, 'discover', draft)).body).toMatchObject({ ack_status: 'NACK' });
  });
  it('and is counted, by its code', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const { nacks } = market;
    expect(nacks.get('30000')).toBeGreaterThan(10);
    expect(metrics).toContain(`caco_beckn_nacks_total{code="30000"} ${nacks.get('30000')}`);
    expect(metrics).toMatch(/^caco_beckn_sends_total\{outcome="arrived"\} \d+$/m);
  });
  it('a commitment that misses an interval, lies on another grid, is negative or uneven, with where it says so', async () => {
    const me = strangers[1]!;
    const [item] = await itemsOf(me);
    const start = Date.parse(item!.time.range.start);
    const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString().replace('.000Z', 'Z');
    const commit = (...all: [minutes: number, kw: string, duration?: string][]) =>
      all.map(([minutes, kw, duration = 'PT30M']) => ({
        descriptor: { code: 'commitment' },
        list: Object.entries({ t: at(minutes), duration, kw }).map(([code, value]) => ({
          descriptor: { code },
          value,
        })),
      }));
    const first = '/message/order/items/0/tags/0/list/2/value';
    const second = '/message/order/items/0/tags/1/list/2/value';
    for (const action of ['select', 'init', 'confirm']) {
      const quote = action === 'confirm' ? { quote: { price: { currency: 'GBP', value: '1.00' } } } : {};
      const ask = async (tags: object[]) => {
        const items = [{ id: item!.id, quantity: {}, tags }];
        const order = { provider: { id: 'gb-hpc' }, items, billing: BILLING, ...quote };
        return me.ask(base, action, { order }, { transaction_id: randomUUID() });
      };
      const refused = async (tags: object[], paths: string, says: string) =>
        expect((await ask(tags)).error).toMatchObject({ code: '40002', paths, message: expect.stringContaining(says) });
      await refused(commit([0, '10']), '/message/order/items/0/tags', `nothing is committed at ${at(30)}`);
      await refused(commit([0, '10'], [30, '0']), second, `nothing is committed at ${at(30)}`);
      await refused(commit([5, '10'], [35, '10']), first, 'no interval of the item');
      await refused(commit([0, '10', 'PT15M'], [30, '10']), first, '15 min');
      await refused(commit([0, '10'], [30, '-10']), second, 'must not be negative');
      await refused(commit([0, '10'], [30, '12']), second, 'one power');
      if (action === 'confirm') continue;
      const fits = await ask(commit([0, '10'], [30, '10']));
      expect(fits.message.order.items[0].tags[0].list[0]).toMatchObject({ value: '10' });
    }
  });
  it('the same in 0.9.4, where an interval is a tag of the item', async () => {
    const me = strangers[1]!;
    const [item] = await itemsOf(me);
    const start = Date.parse(item!.time.range.start);
    const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString().replace('.000Z', 'Z');
    const commit = (...all: [minutes: number, kw: string, duration?: string][]) =>
      Object.fromEntries(
        all.flatMap(([minutes, kw, duration = 'PT30M']) => [
          [`commitment_kw@${at(minutes)}`, kw],
          [`duration@${at(minutes)}`, duration],
        ]),
      );
    const tag = (minutes: number) => `/message/order/items/0/tags/commitment_kw@${at(minutes)}`;
    const old = { version: undefined, location: undefined, core_version: '1.0.0', country: 'GBR', city: '*' };
    for (const action of ['select', 'init']) {
      const ask = (tags: object) => {
        const order = {
          provider: { id: 'gb-hpc' },
          items: [{ id: item!.id, tags }],
          fulfillment: { id: 'f-1' },
          ...(action === 'init' ? { billing: BILLING } : {}),
        };
        return me.ask(base, action, { order }, { ...old, transaction_id: randomUUID() });
      };
      const refused = async (tags: object, path: string, says: string) =>
        expect((await ask(tags)).error).toMatchObject({ code: '40002', path, message: expect.stringContaining(says) });
      await refused(commit([0, '10']), '/message/order/items/0/tags', `nothing is committed at ${at(30)}`);
      await refused(commit([0, '10'], [30, '0']), tag(30), `nothing is committed at ${at(30)}`);
      await refused(commit([5, '10'], [35, '10']), tag(5), 'no interval of the item');
      await refused(commit([0, '10', 'PT15M'], [30, '10']), tag(0), '15 min');
      await refused(commit([0, '10'], [30, '-10']), tag(30), 'must not be negative');
      await refused(commit([0, '10'], [30, '12']), tag(30), 'one power');
      expect((await ask(commit([0, '10'], [30, '10']))).message.order.quote.price.currency).toBe('GBP');
    }
  });
  it('an order for what is not there, in a callback with the code that says so', async () => {
    const me = strangers[1]!;
    const [item] = await itemsOf(me);
    const ask = async (order: object) =>
      (await me.ask(base, 'select', { order }, { transaction_id: randomUUID() })).error?.code;
    expect(await ask(chosen('no-such-item'))).toBe('30004');
    expect(await ask({ ...chosen(item!.id), provider: { id: 'nobody' } })).toBe('30001');
    expect(await ask(chosen(item!.id, { count: 2 }))).toBe('40002');
    expect(await ask(chosen(item!.id, { measure: { value: '-1', unit: 'MWh' } }))).toBe('40002');
    expect(await ask(chosen(item!.id, { measure: { value: '999', unit: 'MWh' } }))).toBe('40002');
  });
});
