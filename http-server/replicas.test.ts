/** Two replicas of a seller over one store: what is sold is sold once, and each answer leaves once, whoever works on it. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { CLAIMS, SALE_PLANS, SOLD_ORDERS } from '../domain/market.js';
import { SOLD_FLEXIBILITY } from '../domain/offer.js';
import { PLANS } from '../domain/plan.js';
import { PLAN_LOADS } from '../domain/plan-sums.js';
import { type Market, marketOf } from '../market.js';
import { testPostgres } from '../store/fixtures/postgres.js';
import { becknDoor } from './beckn.js';
import { type Stranger, stranger } from './fixtures/stranger.js';
import { type HttpServer, startHttp } from './http-server.js';

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

const BPP = 'bpp.caco.example';
const postgres = await testPostgres();
afterAll(() => postgres?.stop());

interface Replica {
  readonly app: App;
  readonly server: HttpServer;
  readonly market: Market;
}

const open = async (
  home: string,
  trust: string,
  databaseUrl: string | undefined,
  trouble: unknown[],
): Promise<Replica> => {
  const { config, settings } = readConfig(
    {
      home,
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      logLevel: 'silent',
      now: '2022-05-25T00:00:00Z',
      becknTrustFile: trust,
      becknAllowInsecureUrls: 'true',
      becknCallbackFirstRetryMs: 50,
    },
    {},
    home,
  );
  const app = await openApp(config, settings);
  const door = becknDoor(app, false);
  const server = await startHttp(app, { port: 0, mounts: { '/beckn': door.handler } });
  const market = await marketOf(app, server.url, (error) => trouble.push(error));
  door.answerBy(market);
  return { app, server, market };
};

const NEED = {
  intent: {
    tags: [
      {
        descriptor: { code: 'flexibility' },
        list: [
          { descriptor: { code: 'power_kw' }, value: '20' },
          { descriptor: { code: 'duration' }, value: 'PT30M' },
        ],
      },
    ],
  },
};
const BILLING = { name: 'Example DNO Ltd', email: 'flex@dno.example', phone: '+441632960000' };

/** Two buyers take parts of one item at once, each of another replica: slots in which the newest plan draws more than both leave. */
const soldTogether = async (
  replicas: readonly Replica[],
  pair: readonly Stranger[],
  base: (i: number) => string,
): Promise<string[]> => {
  const { store } = replicas[0]!.app.world;
  const found = await pair[0]!.ask(base(0), 'search', NEED, { transaction_id: randomUUID() });
  const items = found.message.catalog.providers[0].items as {
    id: string;
    quantity: { available: { measure: { value: string } } };
  }[];
  const [{ id, quantity }] = items as [(typeof items)[number]];
  const value = (Number(quantity.available.measure.value) * 0.4).toFixed(6);
  const order = {
    provider: { id: 'gb-hpc' },
    items: [{ id, quantity: { selected: { measure: { value, unit: 'MWh' } } } }],
  };
  const threads = pair.map(() => ({ transaction_id: randomUUID() }));
  const held = await Promise.all(
    pair.map((b, i) => b.ask(base(i), 'init', { order: { ...order, billing: BILLING } }, threads[i])),
  );
  const ends = await Promise.all(
    pair.map((b, i) => {
      const { quote } = held[i]!.message.order;
      return b.ask(base(i), 'confirm', { order: { ...order, billing: BILLING, quote } }, threads[i]);
    }),
  );
  expect(ends.map(({ error }) => error)).toEqual([undefined, undefined]);
  const sold = await Promise.all(
    ends.map(async ({ message }) => (await store.collection(SOLD_ORDERS).get(message.order.id))!.value),
  );
  const [last] = [...sold].sort((a, b) => (a.committedAtMs! < b.committedAtMs! ? 1 : -1));
  const [newest] = (await store.collection(PLANS).list({ limit: 50 })).filter(({ value }) =>
    sold.some(({ deliveredBy }) => deliveredBy === value.id),
  );
  const loads = (await store.collection(PLAN_LOADS).get(newest!.id))!.value;
  return last!.capsKw.flatMap(({ start, baselineKw, spokenKw }) => {
    const i = (Date.parse(start) - Date.parse(newest!.value.window.start)) / 60_000 / loads.slotMinutes;
    const left = baselineKw - spokenKw - last!.powerKw;
    return loads.regions[0]!.after[i]! > left + 0.1
      ? [`${start}: ${loads.regions[0]!.after[i]} kW, ${left} would be left`]
      : [];
  });
};

describe.each([
  { flavour: 'SQLite', url: () => undefined },
  ...(postgres ? [{ flavour: 'Postgres', url: () => postgres.url }] : []),
])('two sellers on one $flavour', ({ url }) => {
  it('sell the last kW to one of twenty who confirm at once, and keep the promise', async () => {
    const home = mkdtempSync(join(tmpdir(), 'caco-replicas-'));
    const trouble: unknown[] = [];
    const replicas: Replica[] = [];
    const base = (i: number) => `${replicas[i % 2]!.server.url}/beckn`;
    const buyers: Stranger[] = [];
    try {
      for (let i = 0; i < 20; i++)
        buyers.push(await stranger(`grid-${i}.example`, { bppId: BPP, bppUri: () => base(0) }));
      const trust = join(home, 'trust.json');
      writeFileSync(trust, JSON.stringify(buyers.map(({ row }) => row)));
      for (let i = 0; i < 2; i++) replicas.push(await open(home, trust, url(), trouble));
      const { store } = replicas[0]!.app.world;
      const found = await buyers[0]!.ask(base(0), 'search', NEED, { transaction_id: randomUUID() });
      const [item] = found.message.catalog.providers[0].items as { id: string }[];
      const order = { provider: { id: 'gb-hpc' }, items: [{ id: item!.id, quantity: { selected: { count: 1 } } }] };
      const threads = buyers.map(() => ({ transaction_id: randomUUID() }));
      const quoted = await Promise.all(buyers.map((b, i) => b.ask(base(i), 'select', { order }, threads[i])));
      const ends = await Promise.all(
        buyers.map((b, i) => {
          const { quote } = quoted[i]!.message.order;
          return b.ask(base(i + 1), 'confirm', { order: { ...order, billing: BILLING, quote } }, threads[i]);
        }),
      );
      const codes = ends.map((end) => end.error?.code ?? 'sold');
      expect(
        codes.filter((code) => code === 'sold'),
        JSON.stringify([codes, trouble.map(String)]),
      ).toHaveLength(1);
      expect(codes.filter((code) => code === '40002')).toHaveLength(19);
      for (const { market } of replicas) await market.settle();
      for (const buyer of buyers) {
        const ids = buyer.heard.map(({ context }) => context.message_id);
        expect(new Set(ids).size).toBe(ids.length);
      }
      expect(await store.mail.count('out')).toMatchObject({ waiting: 0, dead: 0 });

      const placed = (await store.collection(SOLD_ORDERS).list({ limit: 100 })).filter(
        ({ value }) => value.order.id !== null,
      );
      expect(placed).toHaveLength(1);
      const [sold] = placed.map(({ value }) => value);
      expect((await store.collection(CLAIMS).list()).filter(({ value }) => value.state === 'planned')).toHaveLength(1);
      expect(await store.collection(SOLD_FLEXIBILITY).list()).toHaveLength(sold!.capsKw.length);
      expect((await store.collection(SALE_PLANS).get(sold!.deliveredBy!))?.value.kept).toBe(true);
      const [before, after] = await Promise.all(
        [sold!.planId, sold!.deliveredBy!].map(async (id) => ({
          plan: (await store.collection(PLANS).get(id))!.value,
          loads: (await store.collection(PLAN_LOADS).get(id))!.value,
        })),
      );
      for (const { start } of sold!.capsKw) {
        const kw = ({ plan, loads }: NonNullable<typeof before>) =>
          loads.regions[0]!.after[(Date.parse(start) - Date.parse(plan.window.start)) / 60_000 / loads.slotMinutes]!;
        expect(kw(after!)).toBeLessThanOrEqual(kw(before!) - sold!.powerKw + 0.1);
      }
      expect(await soldTogether(replicas, buyers.slice(0, 2), base)).toEqual([]);
    } finally {
      for (const { market, server, app } of replicas) {
        await market.close();
        await server.close();
        await app.close();
      }
      for (const buyer of buyers) await buyer.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
});
