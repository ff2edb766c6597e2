/** Who may come in: Host and Origin against rebinding and foreign pages, tokens, scopes, rate and concurrency. */
import { userInfo } from 'node:os';
import type { Request, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { App } from '../app.js';
import type { Actor } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { refuse } from './problems.js';

export type Scope = 'read' | 'operate' | 'approve';

export interface Caller {
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** They showed a token: only then is the name more than “whoever sits at this machine”. */
  readonly named: boolean;
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

/** Wrong tokens per address and minute; after that even a right one waits, so that guessing is slow. */
const GUESSES = 30;
const guessCounter = () => {
  let counts = new Map<string, number>();
  let until = 0;
  const current = () => {
    if (Date.now() >= until) {
      counts = new Map();
      until = Date.now() + 60_000;
    }
    return counts;
  };
  return {
    tooMany: (address: string) => (current().get(address) ?? 0) >= GUESSES,
    wrong: (address: string) => void current().set(address, (current().get(address) ?? 0) + 1),
  };
};

/** Sets `res.locals.caller`. A token that is shown must be good, also where none is demanded. */
export const authenticate = (app: App, tokenNeeded: boolean): RequestHandler => {
  const guesses = guessCounter();
  let whoSitsHere: Caller | undefined;
  return async (req, res, next) => {
    const header = req.headers.authorization;
    if (header === undefined) {
      if (tokenNeeded) return unauthenticated(req, res, 'a token is needed here');
      whoSitsHere ??= { id: userInfo().username, scopes: SCOPES.operate, named: false };
      res.locals.caller = whoSitsHere;
      return next();
    }
    const address = req.socket.remoteAddress ?? '';
    if (guesses.tooMany(address))
      return refuse(req, res, {
        status: 429,
        code: 'unavailable',
        detail: 'too many wrong tokens from this address',
        remedy: 'Wait a minute and send a token that is known.',
      });
    const secret = /^Bearer +(\S+)$/i.exec(header)?.[1];
    const token = secret === undefined ? undefined : await app.tokens.verify(secret);
    if (!token) {
      guesses.wrong(address);
      return unauthenticated(req, res, 'the token is unknown, revoked or expired');
    }
    res.locals.caller = { id: token.owner, scopes: SCOPES[token.scope], named: true } satisfies Caller;
    next();
  };
};

export const callerOf = (res: Response): Caller => res.locals.caller as Caller;
export const actorOf = (res: Response): Actor => ({ id: callerOf(res).id, via: 'http' });

export const requireScope = (res: Response, scope: Scope) => {
  const caller = callerOf(res);
  if (scope === 'approve' && !caller.named)
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
