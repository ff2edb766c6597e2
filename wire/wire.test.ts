/** The wire against real servers that hang, cut, lie and storm: what is answered, and what became of the request. */
import { once } from 'node:events';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { failure, QUERY, SECRET } from './fixtures/failure.js';
import { handTimer } from './fixtures/hand-timer.js';
import { closedPort, httpPeer, type Peer, rawPeer } from './fixtures/peer.js';
import { type Ask, fateOf, jsonIfAny, jsonOf, open, retryAfterS, send } from './wire.js';

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

describe('an answer', () => {
  it('comes whole, with status, headers and text, whatever the status', async () => {
    const peer = await having(
      httpPeer((_, response) => {
        response.writeHead(404, { 'content-type': 'text/plain; charset=iso-8859-1', 'x-a': ['1', '2'] });
        response.end(Buffer.from([0xe9]));
      }),
    );
    const answer = await send(to(peer.url));
    expect(answer).toMatchObject({ status: 404, text: 'é', from: `the peer at 127.0.0.1:${peer.port}` });
    expect(answer.headers['x-a']).toBe('1, 2');
  });

  it('is asked for by name and version, with the body and headers that were given', async () => {
    let body = '';
    const peer = await having(
      httpPeer(async (request, response) => {
        for await (const piece of request) body += piece;
        response.end();
      }),
    );
    await send(to(peer.url, { method: 'PUT', json: { é: 1 } }));
    expect(peer.asked[0]!.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^carbon-aware-compute-orchestrator\/\d/),
      'content-type': 'application/json',
      'content-length': '8',
      authorization: SECRET,
    });
    expect([peer.asked[0]!.method, peer.asked[0]!.url, body]).toEqual(['PUT', `/path?${QUERY}`, '{"é":1}']);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('packed as %s is unpacked, torn is told, and counts as what it unfolds to', async (encoding, pack) => {
    const text = 'word '.repeat(100_000);
    const packed = pack(text);
    let cut = 0;
    const peer = await having(
      httpPeer((_, response) => {
        response.writeHead(200, { 'content-encoding': encoding });
        response.end(packed.subarray(0, packed.length - cut));
      }),
    );
    expect((await send(to(peer.url))).text).toBe(text);
    expect(packed.length).toBeLessThan(20_000);
    expect(await failure(send(to(peer.url, { limits: { bodyBytes: 100_000 } })))).toMatchObject({
      reason: 'too-large',
      code: 'unavailable',
    });
    cut = 12;
    expect(await failure(send(to(peer.url)))).toMatchObject({ reason: 'packed', fate: 'unknown' });
  });

  it('packed in a way that nobody knows is an error', async () => {
    const peer = await having(
      httpPeer((_, response) => response.writeHead(200, { 'content-encoding': 'zstd' }).end('x')),
    );
    expect(await failure(send(to(peer.url)))).toMatchObject({
      reason: 'packed',
      message: expect.stringContaining('"zstd"'),
    });
  });

  it('without end is cut at its limit, and its server is let go', async () => {
    const peer = await having(
      rawPeer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const more = () =>
          void (
            socket.destroyed || (socket.write('x'.repeat(65_536)) ? setImmediate(more) : socket.once('drain', more))
          );
        more();
      }),
    );
    expect(await failure(send(to(peer.url, { limits: { bodyBytes: 1_000_000 } })))).toMatchObject({
      reason: 'too-large',
    });
    await expect.poll(() => peer.sockets.size).toBe(0);
  });

  it('shorter than its Content-Length is broken off; longer is cut there, and its JSON ends early', async () => {
    let length = 30;
    const peer = await having(
      rawPeer((socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n{"a":[1,2]}`)),
    );
    expect(await failure(send(to(peer.url)))).toMatchObject({
      fate: 'unknown',
      reason: 'cut',
      message: expect.stringContaining('broke off its answer to GET'),
    });
    length = 8;
    const answer = await send(to(peer.url));
    expect(answer.text).toBe('{"a":[1,');
    expect(() => jsonOf(answer)).toThrow(/JSON that ends early, after 8 characters/);
  });

  it('over a connection that its server gave up meanwhile is asked for once more', async () => {
    const peer = await having(
      httpPeer((request, response) => {
        // The second request of a connection meets a server that has just gone.
        if (peer.asked.filter((one) => one.socket === request.socket).length > 1) return void request.socket.destroy();
        response.end('here');
      }),
    );
    expect((await send(to(peer.url))).text).toBe('here');
    expect((await send(to(peer.url))).text).toBe('here');
    expect(new Set(peer.asked.map((one) => one.socket)).size).toBe(2);
    expect(peer.asked).toHaveLength(3);
    // A write never meets one: each has a connection of its own.
    for (let n = 0; n < 2; n++) expect((await send(to(peer.url, post))).text).toBe('here');
    expect(new Set(peer.asked.map((one) => one.socket)).size).toBe(4);
    expect(peer.asked).toHaveLength(5);
  });
});

describe('JSON', () => {
  const answered = (text: string, over: object = {}) => ({ status: 200, headers: {}, text, from: 'P at p', ...over });
  it.each([
    ['<!doctype html><title>Log in</title>', /web page instead of JSON.*status 200/],
    ['', /nothing instead of JSON/],
    ['{"a":1', /ends early, after 6 characters/],
    ['{"a":"b', /ends early/],
    ['[1,2,', /ends early/],
    ['{"a" 1}', /text that is no JSON/],
    ['nope', /text that is no JSON/],
  ])('%j is told apart', (text, message) => {
    expect(() => jsonOf(answered(text))).toThrow(message);
    expect(jsonIfAny(text)).toBeUndefined();
  });
  it('is taken by its content, unless the status says that nothing was done', () => {
    expect(jsonOf(answered('[1]'))).toEqual([1]);
    expect(() => jsonOf(answered('{}', { status: 500 }))).toThrow('P at p answered with status 500');
    try {
      jsonOf(answered('{}', { status: 429, headers: { 'retry-after': '7' } }));
      expect.fail();
    } catch (error) {
      expect((error as { details: unknown }).details).toEqual({ fate: 'throttled', retryAfterS: 7, reason: 'status' });
    }
  });
  it.each([
    [200, null],
    [304, null],
    [302, 'refused'],
    [400, 'refused'],
    [401, 'not-allowed'],
    [403, 'not-allowed'],
    [408, 'unknown'],
    [422, 'refused'],
    [429, 'throttled'],
    [500, 'unknown'],
    [503, 'unknown'],
  ])('status %i means %s', (status, fate) => expect(fateOf(status)).toBe(fate));
});

describe('Retry-After', () => {
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
  it.each<[Record<string, string>, number | null]>([
    [{}, null],
    [{ 'retry-after': '' }, null],
    [{ 'retry-after': '37' }, 37],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.2' }, 2],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': '99999999999' }, 86_400],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '1e9' }, null],
    [{ 'retry-after': date, date: 'Wed, 21 Oct 2026 07:26:30 GMT' }, 90],
    [{ 'retry-after': date, date: 'Wed, 21 Oct 2026 08:00:00 GMT' }, 0],
    [{ 'retry-after': 'Thu, 01 Jan 2099 00:00:00 GMT' }, 86_400],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
  ])('%j is %s seconds', (headers, seconds) => expect(retryAfterS(headers)).toBe(seconds));
});

describe('what became of it', () => {
  it('not sent, when nobody listens', async () => {
    const port = await closedPort();
    expect(await failure(send(to(`http://127.0.0.1:${port}`, post)))).toMatchObject({
      code: 'unavailable',
      fate: 'not-sent',
      reason: 'connection',
      message: `the peer at 127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
    });
  });
  it('not sent, when its name is unknown', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    expect(await failure(send(to('http://nobody.example', { ...post, resolve })))).toMatchObject({
      fate: 'not-sent',
      reason: 'name',
    });
  });
  it('not sent, when the other end speaks no TLS', async () => {
    const peer = await having(rawPeer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    expect(await failure(send(to(`https://127.0.0.1:${peer.port}`, post)))).toMatchObject({ fate: 'not-sent' });
  });
  it('unknown, when the connection is reset after it left', async () => {
    const peer = await having(rawPeer((socket) => socket.resetAndDestroy()));
    expect(await failure(send(to(peer.url, { ...post, what: 'POST /things' })))).toMatchObject({
      code: 'unavailable',
      fate: 'unknown',
      reason: 'connection',
      message: `the peer at 127.0.0.1:${peer.port} gave no answer to POST /things (ECONNRESET)`,
      remedy: expect.stringContaining('may have arrived'),
    });
  });
  it.each([
    '220 mail.example ESMTP\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
    '',
  ])('unknown, when what comes is no answer: %j', async (text) => {
    const peer = await having(rawPeer((socket) => socket.end(text)));
    expect(await failure(send(to(peer.url, post)))).toMatchObject({ fate: 'unknown' });
  });
  it.each([
    ['as it is', {}],
    ['packed', { 'content-encoding': 'gzip' }],
  ])('unknown, when the answer is cut, %s', async (_, headers) => {
    const peer = await having(
      httpPeer((_, response) => {
        response.writeHead(201, { 'content-length': 50, ...headers });
        response.write(gzipSync('{"id":').subarray(0, 15), () => response.destroy());
      }),
    );
    expect(await failure(send(to(peer.url, post)))).toMatchObject({ fate: 'unknown', reason: 'cut' });
  });
  it('with the advice that its caller has for it', async () => {
    const remedies = { 'not-sent': 'Start the peer.' };
    const port = await closedPort();
    expect(await failure(send(to(`http://127.0.0.1:${port}`, { remedies })))).toMatchObject({
      remedy: 'Start the peer.',
    });
  });
  it.each([
    ['http://user:very-secret@127.0.0.1/', 'holds a user name or a password'],
    ['ftp://127.0.0.1/', 'begins with ftp:'],
    ['127.0.0.1/', 'is no URL'],
  ])('refused: %s', async (url, message) => {
    expect(await failure(send({ who: 'the peer', url, chosenBy: 'operator' }))).toMatchObject({
      code: 'invalid-input',
      fate: 'refused',
      message: `the address of the peer ${message}`,
    });
  });
  it('refused, when a header holds a line break', async () => {
    const headers = { Authorization: `${SECRET}\n` };
    expect(await failure(send(to('http://127.0.0.1:9', { headers })))).toMatchObject({
      fate: 'refused',
      reason: 'headers',
    });
  });
});

describe('redirects', () => {
  const moving = async (location: (url: string) => string, status = 302) => {
    const peer: Peer = await having(
      httpPeer((request, response) => {
        if (request.url === '/there') return void response.end('there');
        response.writeHead(status, { location: location(peer.url) }).end();
      }),
    );
    return peer;
  };
  it('are refused', async () => {
    const peer = await moving(() => '/there');
    expect(await failure(send(to(peer.url)))).toMatchObject({
      fate: 'refused',
      reason: 'redirect',
      code: 'invalid-input',
    });
    expect(peer.asked).toHaveLength(1);
  });
  it('are followed within the origin when asked, but not by a write', async () => {
    const peer = await moving((url) => `${url}/there`, 307);
    const redirects = 'same-origin' as const;
    expect(await send(to(peer.url, { redirects }))).toMatchObject({ status: 200, text: 'there' });
    expect(await failure(send(to(peer.url, { ...post, redirects })))).toMatchObject({ reason: 'redirect' });
  });
  it('are never followed to another origin, and take no credentials there', async () => {
    const other = await having(httpPeer((_, response) => void response.end('other')));
    const peer = await moving(() => `${other.url}/there?${QUERY}`);
    const { message } = await failure(send(to(peer.url, { redirects: 'same-origin' })));
    expect(message).toContain(`sends GET on to ${other.url} (status 302)`);
    expect(other.asked).toHaveLength(0);
  });
  it('in a circle end', async () => {
    const peer = await moving(() => '/again');
    expect(await failure(send(to(peer.url, { redirects: 'same-origin' })))).toMatchObject({ reason: 'redirect' });
    expect(peer.asked).toHaveLength(6);
  });
});

describe('a stream', () => {
  it('gives lines as they come, split anywhere', async () => {
    const peer = await having(
      httpPeer(async (request, response) => {
        response.write(Buffer.from('{"a":"é"}\n{"b"').subarray(0, 7));
        await once(request, 'close').catch(() => {});
        response.end();
      }),
    );
    const flow = await open(to(peer.url));
    const pieces = flow.pieces()[Symbol.asyncIterator]();
    expect(Buffer.from((await pieces.next()).value)).toHaveLength(7);
    flow.close();
    await expect.poll(() => peer.sockets.size).toBe(0);

    const text = Buffer.from('{"a":"é"}\r\n\n {"b":2}\nlast');
    const whole = await having(
      rawPeer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        for (const byte of text) socket.write(Buffer.from([byte]));
        socket.end();
      }),
    );
    const other = await open(to(whole.url));
    const lines: string[] = [];
    for await (const line of other.lines()) lines.push(line);
    other.close();
    expect(lines).toEqual(['{"a":"é"}', '{"b":2}', 'last']);
  });

  it('may go on for ever while it says something, and ends when it falls silent', async () => {
    const timer = handTimer();
    let say: (text: string) => void = () => {};
    const peer = await having(
      httpPeer((_, response) => {
        response.write('0\n');
        say = (text) => void response.write(text);
      }),
    );
    const flow = await open(to(peer.url, { timer, limits: { idleMs: 1000, wholeMs: null } }));
    const lines = flow.lines()[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('0');
    for (let n = 1; n <= 5; n++) {
      const next = lines.next();
      await timer.waiting((ms) => ms === 1000);
      timer.pass(999);
      say(`${n}\n`);
      expect((await next).value).toBe(String(n));
    }
    // Nobody reads: time passes without harm.
    timer.pass(5000);
    const next = failure(lines.next());
    await timer.waiting((ms) => ms === 1000);
    timer.pass(1000);
    expect(await next).toMatchObject({
      fate: 'unknown',
      reason: 'time',
      message: expect.stringContaining('silence after 1 s'),
    });
    flow.close();
    expect(timer.waits()).toEqual([]);
  });
});
