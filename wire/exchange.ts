/** One request and one answer over `node:http`, and how far it came when it broke: the socket's own events say whether it left. */
import { Agent as HttpAgent, type IncomingMessage, request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import { lookupBy, NotPublic, type Resolve, refusePrivateHost, systemResolve } from './addresses.js';
import type { Tls } from './ask.js';
import { Broken } from './broken.js';
import { Late, type Watch } from './limits.js';

export interface Request {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  /** Only addresses of the public internet may be connected to. */
  readonly onlyPublic: boolean;
  /** Over a connection that is kept for the next one, or was for this; else over one of its own. */
  readonly kept: boolean;
  /** null: the system's */
  readonly resolve: Resolve | null;
  readonly tls: Tls | null;
}

export interface Reply {
  readonly status: number;
  /** by names in lower case; what came several times is joined with ", " */
  readonly headers: Readonly<Record<string, string>>;
  /** the body as it travels, in pieces; throws Broken, or the reason of the stop signal */
  arriving(): AsyncGenerator<Uint8Array>;
  close(): void;
}

const NAME_CODES = /^(ENOTFOUND|EAI_|ENODATA)/;
const agents = () => ({ http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) });
/** What was connected to for an operator is no way in for a stranger. */
const OPERATORS = agents();
const STRANGERS = agents();

/** An identity of one's own is no other caller's. */
const OF_AN_IDENTITY = new WeakMap<Tls, HttpsAgent>();

const agentFor = ({ tls, onlyPublic }: Request, scheme: 'http' | 'https') => {
  if (tls === null || scheme === 'http') return (onlyPublic ? STRANGERS : OPERATORS)[scheme];
  const known = OF_AN_IDENTITY.get(tls) ?? new HttpsAgent({ keepAlive: true, ...tls });
  OF_AN_IDENTITY.set(tls, known);
  return known;
};

const codeOf = (error: unknown): string => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code !== undefined) return code;
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0]);
  }
  return error instanceof Error ? error.name : 'unknown error';
};

/** What a stopped call ends with: its caller's reason as it is, or the limit that ran out. */
export const stopped = (stop: AbortSignal, sent: boolean): unknown =>
  stop.reason instanceof Late ? new Broken('time', sent, stop.reason.message) : stop.reason;

const headersOf = (response: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );

/** Rejects with Broken, or with the reason of the watch's stop signal when its caller aborted. */
export const exchange = (asked: Request, watch: Watch): Promise<Reply> => {
  const { url, method, headers, body, onlyPublic } = asked;
  const { stop } = watch;
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return new Promise((settle, reject) => {
    if (stop.aborted) return reject(stopped(stop, false));
    try {
      if (onlyPublic) refusePrivateHost(url);
    } catch (error) {
      return reject(new Broken('address', false, (error as NotPublic).message));
    }
    let sent = false;
    let call: ReturnType<typeof overHttp>;
    try {
      call = (scheme === 'https' ? overHttps : overHttp)(url, {
        method,
        headers,
        agent: asked.kept ? agentFor(asked, scheme) : false,
        ...(scheme === 'https' ? asked.tls : null),
        ...(onlyPublic || asked.resolve ? { lookup: lookupBy(asked.resolve ?? systemResolve, onlyPublic) } : {}),
      });
    } catch (error) {
      // A header with a line break in it, as a token copied from a file may have.
      return reject(new Broken('headers', false, codeOf(error)));
    }
    watch.expect('connect');
    const give = () => {
      reject(stopped(stop, sent));
      call.destroy();
    };
    stop.addEventListener('abort', give, { once: true });
    const end = () => {
      stop.removeEventListener('abort', give);
      watch.calm();
    };
    const left = () => {
      sent = true;
      watch.expect('idle');
    };
    call.on('socket', (socket) => {
      if (call.reusedSocket) left();
      else socket.once(scheme === 'https' ? 'secureConnect' : 'connect', left);
    });
    call.on('error', (error) => {
      end();
      if (stop.aborted) return reject(stopped(stop, sent));
      if (error instanceof NotPublic) return reject(new Broken('address', false, error.message));
      const code = codeOf(error);
      reject(new Broken(NAME_CODES.test(code) ? 'name' : 'connection', sent, code, call.reusedSocket));
    });
    // A server that answers 101 to a plain request is left without an error.
    call.on('close', () => {
      end();
      reject(new Broken('connection', sent, 'it was closed'));
    });
    call.on('response', (response) => {
      watch.calm();
      const close = () => {
        end();
        response.destroy();
      };
      settle({
        status: response.statusCode ?? 0,
        headers: headersOf(response),
        close,
        arriving: () => piecesOf(response, watch, close),
      });
    });
    call.end(body);
  });
};

async function* piecesOf(response: IncomingMessage, watch: Watch, close: () => void): AsyncGenerator<Uint8Array> {
  const { stop } = watch;
  try {
    const pieces = response[Symbol.asyncIterator]();
    for (;;) {
      if (stop.aborted) throw stopped(stop, true);
      watch.expect('idle');
      const { done, value } = await pieces.next();
      watch.calm();
      if (done) break;
      yield value as Uint8Array;
    }
  } catch (error) {
    if (stop.aborted) throw stopped(stop, true);
    throw new Broken('cut', true, codeOf(error));
  } finally {
    close();
  }
}
