/** One try of a call: the request, the redirects that may be followed, and the answer whose body is still coming. */
import type { Ask, Flow } from './ask.js';
import { linesOf, textOf, unpacked } from './body.js';
import { Broken } from './broken.js';
import { exchange, type Reply, type Request } from './exchange.js';
import type { Watch } from './limits.js';
import { reads } from './request.js';
import { advice, faultOf, type Naming, trouble } from './trouble.js';

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers without a body, whatever their headers say of one. */
const BODILESS = new Set([204, 304]);

/** A kept connection may have been closed just now; then it is sent once more, over a new one. */
const exchangeOnce = async (request: Request, watch: Watch): Promise<Reply> => {
  try {
    return await exchange(request, watch);
  } catch (error) {
    if (error instanceof Broken && error.stale && error.reason === 'connection')
      return exchange({ ...request, kept: false }, watch);
    throw error;
  }
};

const redirected = (request: Request, reply: Reply): URL | null => {
  const location = reply.headers.location ?? '';
  if (!REDIRECTS.has(reply.status) || !URL.canParse(location, request.url.href)) return null;
  return new URL(location, request.url.href);
};

/** Rejects with Broken, a Fault (`refused`) for a redirect that is not followed, or the caller's reason to abort. */
const follow = async (first: Request, watch: Watch, ask: Ask, naming: Naming): Promise<Reply> => {
  let request = first;
  for (let hops = 0; ; hops++) {
    const reply = await exchangeOnce(request, watch);
    const target = redirected(request, reply);
    if (target === null) return reply;
    reply.close();
    const same = target.origin === request.url.origin;
    if (ask.redirects === 'same-origin' && same && reads(request.method) && hops < MOST_REDIRECTS) {
      request = { ...request, url: target };
      continue;
    }
    throw trouble(
      'refused',
      `${naming.where} sends ${naming.what} on to ${same ? 'another path' : target.origin} (status ${reply.status})`,
      advice(naming, 'refused', 'Give the address that it leads to, if that is the right one.'),
      { reason: 'redirect' },
    );
  }
};

/** Throws what `follow` throws; its `close` ends this try alone. */
export const attempt = async (
  request: Request,
  { watch, ask, naming, bodyBytes }: { watch: Watch; ask: Ask; naming: Naming; bodyBytes: number },
): Promise<Flow> => {
  const reply = await follow(request, watch, ask, naming);
  const { status, headers } = reply;
  const bodiless = request.method === 'HEAD' || BODILESS.has(status);
  const pieces = async function* () {
    try {
      yield* unpacked(reply.arriving(), bodiless ? undefined : headers['content-encoding'], bodyBytes);
    } catch (error) {
      throw faultOf(error, naming);
    }
  };
  return {
    status,
    headers,
    from: naming.where,
    pieces,
    lines: () => linesOf(pieces()),
    text: () => textOf(pieces(), headers['content-type']),
    close: reply.close,
  };
};
