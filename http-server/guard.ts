/** Who may come in: Host and Origin against rebinding and foreign pages, tokens, scopes, rate and concurrency. */
import { userInfo } from 'node:os';
import type { Request, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { App } from '../app.js';
import type { Actor } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { refuse } from './problems.js';
import { isOwnPage, secretOfPage } from './session.js';

export type Scope = 'read' | 'operate' | 'approve';

export interface Caller {
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Of the token they showed; null: “whoever sits at this machine”, which is no name. */
  readonly tokenId: string | null;
}

const SCOPES: Record<Scope, readonly Scope[]> = {
  read: ['read'],
  operate: ['read', 'operate'],
  approve: ['read', 'operate', 'approve'],
};

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

const hostnameOf = (url: string): string | undefined => {
  try {
    return new URL(url).hostname;
  } catch {
    return undefined;
  }
};

/**
 * A page in a browser can reach a loopback port, and can name it by a domain of its own. So at a loopback address only loopback
 * names are answered, and an Origin must be this server's or a loopback one. Without an Origin it is no browser.
 */
export const originGuard =
  (loopback: boolean, allowedOrigins: readonly string[]): RequestHandler =>
  (req, res, next) => {
    const { host, origin } = req.headers;
    if (host === undefined && req.httpVersion !== '1.0')
      return refuse(req, res, {
        status: 400,
        code: 'invalid-input',
        detail: 'the request has no Host header',
        remedy: 'Send Host, as HTTP/1.1 demands.',
      });
    const name = host === undefined ? undefined : hostnameOf(`http://${host}`);
    if (loopback && (name === undefined || !isLoopback(name)))
      return refuse(req, res, {
        status: 403,
        code: 'forbidden',
        detail: 'the Host header names another host',
        remedy: 'Use 127.0.0.1 or localhost in the URL.',
      });
    if (origin !== undefined && !allowedOrigins.includes(origin)) {
      const from = hostnameOf(origin);
      const same = from !== undefined && origin.replace(/^https?:\/\//, '') === host;
      if (!same && !(loopback && from !== undefined && isLoopback(from)))
        return refuse(req, res, {
          status: 403,
          code: 'forbidden',
          detail: 'requests of pages from another origin are not answered',
          remedy: 'Allow it with `caco serve --allow-origin URL`, or call from a program.',
        });
    }
    next();
  };

const unauthenticated = (req: Request, res: Response, detail: string) =>
  refuse(req, res, {
    status: 401,
    code: 'forbidden',
    detail,
    remedy:
      'Send `Authorization: Bearer TOKEN`; make one with `caco token create --scope read|operate|approve --for NAME`.',
  });

/**
 * Wrong tokens per address and minute that are told so. A good one is always heard: a neighbour with an old token, behind the same
 * address, must not shut it out, and 256 random bits are not guessed.
 */
const GUESSES = 30;
const MINUTE_MS = 60_000;
export interface GuessCounter {
  /** Seconds to wait when it was one too many, else 0. */
  wrong(address: string): number;
}
export const guessCounter = (): GuessCounter => {
  let counts = new Map<string, number>();
  let until = 0;
  const current = () => {
    if (Date.now() >= until) {
      counts = new Map();
      until = Date.now() + MINUTE_MS;
    }
    return counts;
  };
  return {
    wrong(address) {
      const count = (current().get(address) ?? 0) + 1;
      counts.set(address, count);
      return count > GUESSES ? Math.max(1, Math.ceil((until - Date.now()) / 1000)) : 0;
    },
  };
};

/** Whoever still listens when a token is revoked or expires is looked at this often. */
const RECHECK_MS = 15_000;
const endWithToken = (app: App, secret: string, res: Response) => {
  const timer = setInterval(async () => {
    // A store that is busy for a moment revokes nothing.
    const good = await app.tokens.verify(secret).catch(() => true);
    if (!good) res.destroy();
  }, RECHECK_MS).unref();
  res.once('close', () => clearInterval(timer));
};

/** Sets `res.locals.caller`. A token that is shown must be good, also where none is demanded. */
export const authenticate = (app: App, tokenNeeded: boolean, guesses = guessCounter()): RequestHandler => {
  let whoSitsHere: Caller | undefined;
  return async (req, res, next) => {
    const header = req.headers.authorization;
    const ofPage = header === undefined ? secretOfPage(req) : undefined;
    if (ofPage !== undefined && !isOwnPage(req))
      return refuse(req, res, {
        status: 403,
        code: 'forbidden',
        detail: 'a session’s cookie counts only for requests of this server’s own page',
        remedy: 'Programs send `Authorization: Bearer TOKEN`.',
      });
    if (header === undefined && ofPage === undefined) {
      if (tokenNeeded) return unauthenticated(req, res, 'a token is needed here');
      whoSitsHere ??= { id: userInfo().username, scopes: SCOPES.operate, tokenId: null };
      res.locals.caller = whoSitsHere;
      return next();
    }
    const secret = ofPage ?? /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
    const token = secret === undefined ? undefined : await app.tokens.verify(secret);
    if (!token) {
      const waitSeconds = guesses.wrong(req.socket.remoteAddress ?? '');
      if (waitSeconds > 0) {
        res.set('Retry-After', String(waitSeconds));
        return refuse(req, res, {
          status: 429,
          code: 'unavailable',
          detail: 'too many wrong tokens from this address',
          remedy: 'Wait as Retry-After says and send a token that is known.',
        });
      }
      return unauthenticated(req, res, 'the token is unknown, revoked or expired');
    }
    res.locals.caller = { id: token.owner, scopes: SCOPES[token.scope], tokenId: token.id } satisfies Caller;
    endWithToken(app, secret!, res);
    next();
  };
};

export const callerOf = (res: Response): Caller => res.locals.caller as Caller;
export const actorOf = (res: Response): Actor => ({ id: callerOf(res).id, via: 'http' });

export const requireScope = (res: Response, scope: Scope) => {
  const caller = callerOf(res);
  if (scope === 'approve' && caller.tokenId === null)
    throw new Fault(
      'forbidden',
      'an answer is a named person’s: show their token',
      'Make one with `caco token create --scope approve --for NAME`, or answer with `caco approve ID`.',
    );
  if (caller.scopes.includes(scope)) return;
  throw new Fault(
    'forbidden',
    `the token of ${caller.id} does not reach ${scope}`,
    `Use a token made with \`caco token create --scope ${scope} --for NAME\`.`,
  );
};

/** Requests per minute and caller. */
export const limitRate = (perMinute: number): RequestHandler =>
  rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    keyGenerator: (_, res) => callerOf(res as Response).id,
    validate: false,
    handler: (req, res) =>
      refuse(req, res, {
        status: 429,
        code: 'unavailable',
        detail: `more than ${perMinute} requests in a minute`,
        remedy: 'Wait as Retry-After says; ask for pages instead of single rows.',
      }),
  });

/** At most so many at once; the next is told to come back rather than queued without end. */
export const limitConcurrency = (most: number): RequestHandler => {
  let open = 0;
  return (req, res, next) => {
    if (open >= most)
      return refuse(req, res, {
        status: 503,
        code: 'unavailable',
        detail: `${most} requests are being answered`,
        remedy: 'Try again in a second.',
      });
    open += 1;
    res.once('close', () => {
      open -= 1;
    });
    next();
  };
};
