/** Time limits, aborts, tries and turns: by events and a timer turned by hand, so that no machine is too slow for them. */
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { failure, QUERY, SECRET } from './fixtures/failure.js';
import { handTimer } from './fixtures/hand-timer.js';
import { closedPort, httpPeer, type Peer, rawPeer } from './fixtures/peer.js';
import { type Ask, LIMITS, open, send } from './wire.js';

const peers: Peer[] = [];
const having = async (peer: Promise<Peer>): Promise<Peer> => {
  peers.push(await peer);
  return peer;
};
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.close();
});
const to = (url: string, over: Partial<Ask> = {}): Ask => ({
  who: 'the peer',
  url: `${url}/path?${QUERY}`,
  chosenBy: 'operator',
  headers: { Authorization: SECRET },
  ...over,
});
const post: Partial<Ask> = { method: 'POST', json: { a: 1 } };
/** Calls back as often as a promise is asked for, in order. */
const event = <T>() => {
  const ready: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    tell: (value: T) => {
      const next = waiting.shift();
      if (next) next(value);
      else ready.push(value);
    },
    next: () => new Promise<T>((go) => (ready.length > 0 ? go(ready.shift()!) : void waiting.push(go))),
  };
};

/** Servers that stop at a stage, and how to know that they have got there. */
const STAGES = {
  'the look-up of the name': async () => {
    const reached = event<void>();
    const resolve = () => {
      reached.tell();
      return new Promise<never>(() => {});
    };
    return {
      ask: to('http://nobody.example', { ...post, resolve }),
      reached: reached.next(),
      limit: 'connect',
      fate: 'not-sent',
    };
  },
  'the TLS handshake': async () => {
    const reached = event<void>();
    const peer = await having(rawPeer(() => reached.tell()));
    return {
      ask: to(`https://127.0.0.1:${peer.port}`, post),
      reached: reached.next(),
      limit: 'connect',
      fate: 'not-sent',
    };
  },
  'the answer’s head': async () => {
    const reached = event<void>();
    const peer = await having(httpPeer((request) => void request.on('end', reached.tell).resume()));
    return { ask: to(peer.url, post), reached: reached.next(), limit: 'idle', fate: 'unknown' };
  },
  'the answer’s body': async () => {
    const reached = event<void>();
    const peer = await having(
      httpPeer((_, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('some', () => reached.tell());
      }),
    );
    return { ask: to(peer.url, post), reached: reached.next(), limit: 'idle', fate: 'unknown' };
  },
} as const;
const stages = Object.entries(STAGES);
/** The server is seen to have lost its last connection. */
const letGo = () => expect.poll(() => peers.every((peer) => peer.sockets.size === 0)).toBe(true);

describe.each(stages)('hanging at %s', (_, begin) => {
  it('ends by its own limit, and the server is let go', async () => {
    const { ask, reached, limit, fate } = await begin();
    const timer = handTimer();
    const ended = failure(send({ ...ask, timer, limits: { connectMs: 1111, idleMs: 2222 } }));
    await reached;
    await timer.waiting((ms) => ms === (limit === 'connect' ? 1111 : 2222));
    timer.pass(2222);
    expect(await ended).toMatchObject({ code: 'unavailable', fate, reason: 'time' });
    expect(timer.waits()).toEqual([]);
    await letGo();
  });

  it('ends when the whole time is over, without any other limit', async () => {
    const { ask, reached, fate } = await begin();
    const timer = handTimer();
    const ended = failure(send({ ...ask, timer, limits: { connectMs: null, idleMs: null, wholeMs: 60_000 } }));
    await reached;
    timer.pass(59_999);
    timer.pass(1);
    expect(await ended).toMatchObject({ fate, message: expect.stringContaining('not finished after 60 s') });
    await letGo();
  });

  it('ends when its caller goes, with the caller’s reason', async () => {
    const { ask, reached } = await begin();
    const timer = handTimer();
    const caller = new AbortController();
    const ended = send({ ...ask, timer, signal: caller.signal });
    await reached;
    const reason = new Error('no longer wanted');
    caller.abort(reason);
    await expect(ended).rejects.toBe(reason);
    expect(timer.waits()).toEqual([]);
    await letGo();
  });
});

describe('a call', () => {
  it('that is aborted before it begins asks nobody', async () => {
    const peer = await having(httpPeer((_, response) => void response.end()));
    await expect(send(to(peer.url, { signal: AbortSignal.abort('gone') }))).rejects.toBe('gone');
    expect(peer.asked).toHaveLength(0);
  });

  it('that drips, each piece in time, still ends with its whole time', async () => {
    const timer = handTimer();
    let drip = () => {};
    const peer = await having(
      httpPeer((_, response) => {
        drip = () => void response.write('x');
        drip();
      }),
    );
    const flow = await open(to(peer.url, { timer, limits: { idleMs: 1000, wholeMs: 5000 } }));
    const pieces = flow.pieces()[Symbol.asyncIterator]();
    for (let n = 0; n < 5; n++) {
      expect((await pieces.next()).done).toBe(false);
      timer.pass(900);
      drip();
    }
    await pieces.next();
    const next = failure(pieces.next());
    timer.pass(500);
    expect(await next).toMatchObject({
      fate: 'unknown',
      reason: 'time',
      message: expect.stringContaining('not finished after 5 s'),
    });
    flow.close();
  });

  it('leaves nothing behind at a signal that lives long', async () => {
    const peer = await having(httpPeer((_, response) => void response.end('x')));
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let n = 0; n < 3; n++) await send(to(peer.url, { signal }));
    expect(listeners).toBe(0);
  });
});

/** Answers by list, the last for ever. */
const answering = (...answers: RequestListener[]) => {
  let n = 0;
  return having(httpPeer((request, response) => answers[Math.min(n++, answers.length - 1)]!(request, response)));
};
const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(code, headers).end(String(code));
const DATES = { date: 'Wed, 21 Oct 2026 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2026 07:28:20 GMT' };

describe('tries', () => {
  const again = { tries: 4, longestWaitS: 30 };

  it('are one, unless the caller gives leave for more', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'POST']) {
      const peer = await answering(status(503));
      expect((await send(to(peer.url, { method }))).status).toBe(503);
      expect(peer.asked).toHaveLength(1);
    }
  });

  it.each<[string, RequestListener, (ms: number) => boolean]>([
    ['429 with seconds', status(429, { 'retry-after': '7' }), (ms) => ms === 7000],
    ['429 with a date', status(429, DATES), (ms) => ms === 20_000],
    ['503 that says nothing', status(503), (ms) => ms >= 250 && ms <= 500],
    ['a reset', (request) => request.socket.resetAndDestroy(), (ms) => ms >= 250 && ms <= 500],
    ['a cut body', (_, response) => void response.write('x', () => response.destroy()), (ms) => ms >= 250 && ms <= 500],
  ])('wait as long as asked after %s', async (_, first, fits) => {
    const peer = await answering(first, status(200));
    const timer = handTimer();
    const answer = send(to(peer.url, { ...post, again, timer, limits: { connectMs: null, idleMs: null } }));
    const ms = await timer.waiting((wait) => wait !== LIMITS.wholeMs);
    expect(ms).toSatisfy(fits);
    expect(peer.asked).toHaveLength(1);
    timer.pass(ms);
    expect((await answer).status).toBe(200);
    expect(peer.asked).toHaveLength(2);
  });

  it('of a storm end, each wait twice as long, with the last answer', async () => {
    const peer = await answering(status(503));
    const timer = handTimer();
    const answer = send(to(peer.url, { again, timer, limits: { connectMs: null, idleMs: null } }));
    for (const most of [500, 1000, 2000]) {
      const ms = await timer.waiting((wait) => wait !== LIMITS.wholeMs);
      expect(ms).toBeGreaterThanOrEqual(most / 2);
      expect(ms).toBeLessThanOrEqual(most);
      timer.pass(ms);
    }
    expect((await answer).status).toBe(503);
    expect(peer.asked).toHaveLength(4);
  });

  it.each<[string, string, number | null]>([
    ['longer than the caller waits', '31', 60_000],
    ['longer than the whole time', '20', 15_000],
  ])('do not begin when the wait would be %s', async (_, seconds, wholeMs) => {
    const peer = await answering(status(503, { 'retry-after': seconds }));
    expect((await send(to(peer.url, { again, timer: handTimer(), limits: { wholeMs } }))).status).toBe(503);
    expect(peer.asked).toHaveLength(1);
  });

  it('do not come after answers that another try would not change', async () => {
    for (const code of [400, 401, 404, 501]) {
      const peer = await answering(status(code));
      expect((await send(to(peer.url, { again }))).status).toBe(code);
      expect(peer.asked).toHaveLength(1);
    }
    const large = await answering(status(200));
    expect(await failure(send(to(large.url, { again, limits: { bodyBytes: 2 } })))).toMatchObject({
      reason: 'too-large',
    });
    expect(large.asked).toHaveLength(1);
  });

  it('stop when the caller goes during a wait', async () => {
    const peer = await answering(status(503));
    const timer = handTimer();
    const caller = new AbortController();
    const answer = send(
      to(peer.url, { again, timer, signal: caller.signal, limits: { connectMs: null, idleMs: null } }),
    );
    await timer.waiting((ms) => ms !== LIMITS.wholeMs);
    caller.abort('gone');
    await expect(answer).rejects.toBe('gone');
    expect([peer.asked.length, timer.waits()]).toEqual([1, []]);
  });

  it('of a connection that nobody takes end with it as not sent', async () => {
    const timer = handTimer();
    const url = `http://127.0.0.1:${await closedPort()}`;
    const ended = failure(send(to(url, { again: { tries: 2, longestWaitS: 9 }, timer, limits: { connectMs: null } })));
    timer.pass(await timer.waiting((ms) => ms !== LIMITS.wholeMs));
    expect(await ended).toMatchObject({ fate: 'not-sent', reason: 'connection' });
  });

  it('of a stream end when its head is there', async () => {
    const endless: RequestListener = (_, response) => void response.writeHead(503).write('x');
    const peer = await answering(endless, status(200));
    const timer = handTimer();
    const opening = open(to(peer.url, { again, timer, limits: { connectMs: null, idleMs: null } }));
    timer.pass(await timer.waiting((ms) => ms !== LIMITS.wholeMs));
    const flow = await opening;
    expect([flow.status, await flow.text()]).toEqual([200, '200']);
    // The answer that does not end was let go.
    await expect.poll(() => peer.asked[0]!.socket.destroyed).toBe(true);
    flow.close();
  });
});

describe('turns', () => {
  it('are taken in order, no more at once than asked for, and given up by who goes', async () => {
    const answers = event<() => void>();
    const peer = await having(httpPeer((_, response) => answers.tell(() => void response.end('x'))));
    const caller = new AbortController();
    const calls = Array.from({ length: 5 }, (_, n) =>
      send(to(peer.url, { atOnce: 2, ...(n === 3 ? { signal: caller.signal } : {}) })),
    );
    const gone = expect(calls[3]).rejects.toBe('gone');
    const first = [await answers.next(), await answers.next()];
    caller.abort('gone');
    await gone;
    expect(peer.asked).toHaveLength(2);
    first[0]!();
    await calls[0];
    (await answers.next())();
    await calls[2];
    expect(peer.asked).toHaveLength(3);
    (await answers.next())();
    await calls[4];
    first[1]!();
    await calls[1];
    expect(peer.asked).toHaveLength(4);
  });

  it('that do not come within the whole time were not sent', async () => {
    const timer = handTimer();
    const asked = event<void>();
    const peer = await having(httpPeer(() => asked.tell()));
    const caller = new AbortController();
    const first = send(to(peer.url, { atOnce: 1, signal: caller.signal }));
    await asked.next();
    const second = failure(send(to(peer.url, { ...post, atOnce: 1, timer })));
    await timer.waiting((ms) => ms === LIMITS.wholeMs);
    timer.pass(60_000);
    expect(await second).toMatchObject({ fate: 'not-sent', reason: 'time' });
    caller.abort('done');
    await expect(first).rejects.toBe('done');
    expect(peer.asked).toHaveLength(1);
  });
});
