/** Two processes trade over HTTP, by the program as built: a seller with an operator, and with a buyer who types each step. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { GAPS, killedTrade, TRADING_AT } from '../bench/kills.js';
import { freePort, programsIn, type Started } from '../bench/programs.js';

// Fleets are planned, several times, by processes that share the machine with others.
vi.setConfig({ testTimeout: 900_000 });

const folder = mkdtempSync(join(tmpdir(), 'caco-market-'));
const { start, caco, end } = programsIn(folder);
afterAll(() => {
  end();
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly context: { readonly action: string; readonly transaction_id: string; readonly message_id: string };
  readonly message?: { readonly order?: { readonly id?: string } };
  readonly error?: unknown;
}
const logOf = (home: string): Said[] =>
  caco(home, ['beckn', 'log'])
    .trim()
    .split('\n')
    .map((line) => JSON.parse((JSON.parse(line) as { body: string }).body) as Said);
const STEPS = ['search', 'choose', 'select', 'init', 'confirm', 'status', 'update', 'rating'];
const stepsOf = ({ lines }: Started) => lines.map(({ step }) => step).filter((step) => STEPS.includes(step!));

describe('an operator that buys when the grid is stressed', () => {
  const signal = (name: string, intensity: (hour: number) => number, price: (hour: number) => number) => {
    const rows = Array.from({ length: 48 }, (_, i) => {
      const start = new Date(Date.parse('2022-05-25T00:00:00Z') + i * 1_800_000).toISOString().replace('.000Z', 'Z');
      return `GB,${start},30,${intensity(i / 2)},${price(i / 2)}`;
    });
    writeFileSync(
      join(folder, name),
      `region,start,step_minutes,intensity_g_per_kwh,price_per_mwh\n${rows.join('\n')}\n`,
    );
    return { CACO_GRID: `file:${name}`, CACO_NOW: '2022-05-25T06:00:00Z' };
  };
  const args = ['operator', '--port', '0', '--rounds', '1', '--every', '1', '--on-stress'];

  it('asks for the hours in which price or carbon stands high, the first of them', async () => {
    const dirty = (hour: number) => (hour >= 15 && hour < 17 ? 400 : 200);
    const dear = (hour: number) => (hour >= 10 && hour < 12 ? 90 : 40);
    const operator = start('stressed', args, signal('peaks.csv', dirty, dear));
    expect(await operator.line(({ step }) => step === 'stress' || step === 'calm')).toMatchObject({
      step: 'stress',
      quantity: 'price',
      start: '2022-05-25T10:00:00Z',
      end: '2022-05-25T12:00:00Z',
    });
    expect(await operator.line(({ step }) => step === 'waiting')).toMatchObject({
      why: expect.stringContaining('nobody'),
    });
    await operator.kill('SIGTERM');
  });

  it('asks for nothing when neither does', async () => {
    const operator = start(
      'calm',
      args,
      signal(
        'flat.csv',
        () => 200,
        () => 40,
      ),
    );
    await operator.line(({ step }) => step === 'calm');
    expect(operator.lines.some(({ step }) => step === 'stress' || step === 'search')).toBe(false);
    await operator.kill('SIGTERM');
  });
});

describe('a seller and a simulated grid operator', () => {
  it('have a whole conversation, although the seller is killed while it confirms', async () => {
    const at = { CACO_NOW: TRADING_AT };
    const args = ['operator', '--port', '0', '--rounds', '1', '--every', '1', '--wait', '600'];
    const operator = start('operator', args, at);
    const { registry } = await operator.line(({ step }) => step === 'listening');
    const port = String(await freePort());
    const sell = () =>
      start('seller', ['beckn', '--port', port, '--json'], {
        ...at,
        BECKN_REGISTRY_URL: registry,
        CACO_LOG_LEVEL: 'silent',
      });
    const first = sell();
    await operator.line(({ step }) => step === 'init');
    await first.kill('SIGKILL');
    const second = sell();
    expect(await operator.ended).toBe(0);
    expect(stepsOf(operator)).toEqual(STEPS);
    await second.kill('SIGTERM');
    const log = logOf('seller');
    const [transaction, ...others] = new Set(
      log.flatMap(({ context }) => (context.action === 'confirm' ? [context.transaction_id] : [])),
    );
    expect(others).toEqual([]);
    const own = log.filter(({ context }) => context.transaction_id === transaction);
    for (const action of STEPS.filter((step) => step !== 'choose')) {
      const asked = own.filter(({ context }) => context.action === action);
      expect(asked, action).toHaveLength(1);
      const answers = own.filter(({ context }) => context.action === `on_${action}`);
      expect(
        answers.map(({ context, error }) => [context.message_id, error]),
        action,
      ).toEqual([[asked[0]!.context.message_id, undefined]]);
    }
    expect(new Set(own.flatMap(({ message }) => message?.order?.id ?? [])).size).toBe(1);
  });
});

describe('two programs that are killed once each', () => {
  const gap = (what: string) => ({ gap: GAPS.find((one) => one.what === what)! });
  it.each([
    [
      'in gaps of the confirm',
      {
        seller: gap('capacity is committed, no plan keeps it'),
        operator: gap('on_confirm was acknowledged and not read'),
      },
    ],
    ['at two moments', { seller: { afterMs: 2500 }, operator: { afterMs: 700 } }],
  ])('%s: one order, and each answer takes effect once', async (_, moments) => {
    const own = mkdtempSync(join(tmpdir(), 'caco-kills-'));
    try {
      expect((await killedTrade(own, moments)).wrong).toEqual([]);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });
});

describe('a buyer who types', () => {
  it('searches, orders, asks, calls for less, and rates', async () => {
    const port = await freePort();
    const buyerPort = ['--port', String(await freePort())];
    const row = (home: string, args: string[]) =>
      JSON.parse(caco(home, ['beckn', 'keys', '--json', ...args])) as object;
    const peers = join(folder, 'peers.json');
    const rows = [row('typist', ['--buyer', ...buyerPort]), row('shop', ['--port', String(port)])];
    writeFileSync(peers, JSON.stringify(rows));
    const trust = { BECKN_TRUST_FILE: peers, CACO_NOW: TRADING_AT };
    const shop = start('shop', ['beckn', '--port', String(port), '--json'], trust);
    const { bppUri } = await shop.line(({ url }) => url !== undefined);
    const buy = (...args: string[]) =>
      JSON.parse(caco('typist', ['beckn', ...args, '--wait', '600', '--json', ...buyerPort], trust));
    const found = buy('search', '--power-kw', '20', '--minutes', '30', '--at', String(bppUri));
    expect(found.weights).toMatchObject({ price: 1 });
    const [{ item }] = found.offers;
    const order = buy('order', found.transactionId, '--item', item.id, '--name', 'Example DNO Ltd', '--mwh', '0.01');
    expect(order).toMatchObject({ state: 'ORDER_PLACED', itemId: item.id, id: expect.stringMatching(/^ORD-/) });
    expect(buy('status', order.id)).toMatchObject({ id: order.id, state: 'ORDER_PLACED' });
    expect(buy('update', order.id, '--kw', '5', '--event', 'grid-stress-1').note).toContain('grid-stress-1');
    expect(buy('rate', order.id, '5')).toEqual({ rated: order.id, value: 5 });
    expect(buy('update', order.id, '--cancel', '001').state).toBe('CANCELLED');
    const spoken = caco('typist', ['beckn', 'status', ...buyerPort], trust);
    expect(spoken).toContain(order.id);
    await shop.kill('SIGTERM');
  });
});
