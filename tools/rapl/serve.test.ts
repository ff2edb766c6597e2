/** What hostile clients do to the server that answers lines, and what others notice of it. Real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS, type Limits, lineServer } from './serve.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-serve-'));
const path = join(folder, 's');
let server: Server | undefined;
let served: Socket[] = [];
afterEach(async () => {
  for (const socket of served) socket.destroy();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  rmSync(path, { force: true });
});

/** Answers each request with itself and a padding. */
const start = async (limits: Partial<Limits> = {}, padding = 0) => {
  served = [];
  const made = lineServer(
    {
      answer: (text) => ({ line: `${text}${'.'.repeat(padding)}\n`, fatal: text === 'fatal' }),
      tooLong: 'too long\n',
    },
    { ...LIMITS, ...limits },
  );
  server = made.server;
  server.on('connection', (socket) => served.push(socket));
  await new Promise<void>((resolve) => server!.listen(path, resolve));
};

const connect = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
/** Everything that comes until the server ends the connection. */
const all = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.once('close', () => resolve(text));
  });
const ask = async (text: string): Promise<string> => {
  const socket = await connect();
  socket.end(`${text}\n`);
  return all(socket);
};

describe('a server of lines', () => {
  it('answers each line in its order, also when they come in pieces or together', async () => {
    await start();
    const socket = await connect();
    const text = all(socket);
    socket.write('on');
    socket.write('e\ntwo\nth');
    socket.end('ree\nrest');
    expect(await text).toBe('one\ntwo\nthree\n');
  });

  it('ends after an answer that is fatal, and after a line that is too long', async () => {
    await start({ requestBytes: 20 });
    const socket = await connect();
    socket.write('one\nfatal\ntwo\n');
    expect(await all(socket)).toBe('one\nfatal\n');
    for (const text of [`${'x'.repeat(20)}\n`, 'x'.repeat(50_000)]) {
      const other = await connect();
      other.write(text);
      expect(await all(other)).toBe('too long\n');
    }
  });

  it('lets a half-written request go, also one that comes drop by drop', async () => {
    await start({ requestMs: 80 });
    const socket = await connect();
    const drops = setInterval(() => socket.write('x'), 10);
    expect(await all(socket)).toBe('');
    clearInterval(drops);
    expect(await ask('still here')).toBe('still here\n');
  });

  it('lets an idle client go', async () => {
    await start({ idleMs: 50 });
    expect(await all(await connect())).toBe('');
  });

  it('answers 10 000 requests of one client, and others between them', async () => {
    await start({ perTenth: 2000 });
    const flood = await connect();
    let text = '';
    flood.on('data', (piece) => {
      text += piece;
    });
    const ended = new Promise((resolve) => flood.once('close', resolve));
    flood.end('r\n'.repeat(10_000));
    // The flood is held back after its share, so that this one comes first.
    expect(await ask('me')).toBe('me\n');
    expect(text.length).toBeLessThan(20_000);
    await ended;
    expect(text).toBe('r\n'.repeat(10_000));
  });

  it('keeps no more than a few answers for a client that never reads, and lets it go', async () => {
    await start({ takeMs: 200, perTenth: 100_000 }, 10_000);
    const deaf = await connect();
    deaf.pause();
    const closed = new Promise((resolve) => served[0]!.once('close', resolve));
    let kept = 0;
    const look = setInterval(() => {
      kept = Math.max(kept, served[0]!.writableLength);
    }, 1);
    for (let i = 0; i < 100; i++) deaf.write('r\n'.repeat(1000));
    expect(await ask('me')).toContain('me');
    await closed;
    clearInterval(look);
    // 1 GB of answers were asked for.
    expect(kept).toBeLessThan(200_000);
    deaf.destroy();
  });

  it('serves no more clients at a time than it is allowed', async () => {
    await start({ clients: 2 });
    const [first, second] = [await connect(), await connect()];
    const refused = createConnection(path);
    refused.on('error', () => {});
    await new Promise((resolve) => refused.once('close', resolve));
    first.destroy();
    second.destroy();
    await Promise.all(
      served.slice(0, 2).map((s) => new Promise((resolve) => (s.destroyed ? resolve(0) : s.once('close', resolve)))),
    );
    expect(await ask('me')).toBe('me\n');
  });
});
