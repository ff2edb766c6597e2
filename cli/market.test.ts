/** Two processes trade over HTTP, by the program as built: a seller with an operator, and with a buyer who types each step. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';

// Fleets are planned, several times, by processes that share the machine with others.
vi.setConfig({ testTimeout: 900_000 });

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-market-'));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const envOf = (home: string, more: object = {}) => ({
  PATH: process.env.PATH,
  HOME: folder,
  CACO_HOME: join(folder, home),
  CACO_LOG_LEVEL: 'silent',
  BECKN_ALLOW_INSECURE_URLS: 'true',
  ...more,
});

interface Line {
  readonly step?: string;
  readonly [name: string]: unknown;
}
interface Started {
  readonly lines: readonly Line[];
  /** The first line that fits, as soon as it was printed. */
  line(when: (line: Line) => boolean): Promise<Line>;
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<unknown>;
}
const start = (home: string, args: string[], more: object = {}): Started => {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: envOf(home, more) });
  children.add(child);
  const lines: Line[] = [];
  let said = '';
  let rest = '';
  const looking = new Set<() => void>();
  child.stderr.on('data', (part) => (said += part));
  child.stdout.on('data', (part) => {
    const whole = (rest + part).split('\n');
    rest = whole.pop()!;
    lines.push(...whole.filter((text) => text !== '').map((text) => JSON.parse(text) as Line));
    for (const look of looking) look();
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    lines,
    ended,
    line: (when) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(when);
          if (found === undefined) return;
          looking.delete(look);
          resolve(found);
        };
        looking.add(look);
        look();
        void ended.then((code) => {
          look();
          reject(new Error(`caco ${args.join(' ')} ended with ${code}: ${said}`));
        });
      }),
    kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
};
const caco = (home: string, args: string[], more: object = {}) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: envOf(home, more),
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout;
};
const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
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

describe('a seller and a simulated grid operator', () => {
  it('have a whole conversation, although the seller is killed while it confirms', async () => {
    const operator = start('operator', ['operator', '--port', '0', '--rounds', '1', '--every', '1', '--wait', '600']);
    const { registry } = await operator.line(({ step }) => step === 'listening');
    const port = String(await freePort());
    const sell = () =>
      start('seller', ['beckn', '--port', port, '--json'], { BECKN_REGISTRY_URL: registry, CACO_LOG_LEVEL: 'silent' });
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

describe('a buyer who types', () => {
  it('searches, orders, asks, calls for less, and rates', async () => {
    const port = await freePort();
    const buyerPort = ['--port', String(await freePort())];
    const row = (home: string, args: string[]) =>
      JSON.parse(caco(home, ['beckn', 'keys', '--json', ...args])) as object;
    const peers = join(folder, 'peers.json');
    const rows = [row('typist', ['--buyer', ...buyerPort]), row('shop', ['--port', String(port)])];
    writeFileSync(peers, JSON.stringify(rows));
    const trust = { BECKN_TRUST_FILE: peers };
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
