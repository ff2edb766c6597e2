/** The web application: what every request passes, in order, and the routes behind it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { App, Tool } from '../app.js';
import type { Spans } from '../tracing/tracing.js';
import { demandJson, limitDepth } from './bodies.js';
import { carbonAwareRoutes } from './carbon-aware.js';
import { flexibilityRoutes } from './flexibility.js';
import {
  authenticate,
  callerOf,
  guessCounter,
  isLoopback,
  limitConcurrency,
  limitRate,
  originGuard,
  requireScope,
  type Scope,
} from './guard.js';
import { health } from './health.js';
import type { Metrics } from './metrics.js';
import type { News } from './news.js';
import { methodsOf, openapiOf } from './openapi.js';
import { pagesOf } from './pages.js';
import { planRoutes } from './plans.js';
import { problemHandler, sendProblem } from './problems.js';
import { record } from './record.js';
import { runRoutes, type Working } from './runs.js';
import { sessionRoutes } from './session.js';
import { toolRoutes } from './tools.js';
import { wordRoutes } from './words.js';

/** The MCP door as this server needs it; the command line hands it over. */
export interface McpDoor {
  handle(
    req: IncomingMessage,
    res: ServerResponse,
    body: unknown,
    caller: {
      id: string;
      scopes: readonly Scope[];
      person: { id: string; via: 'http' } | null;
      tokenId: string | null;
    },
  ): Promise<void>;
  sessions(): number;
  close(): Promise<void>;
}

/** The door for other agents as this server needs it; the command line hands it over. Both handlers are mounted at /a2a. */
export interface A2aDoor {
  readonly cards: RequestHandler;
  handle(
    req: Request,
    res: Response,
    next: NextFunction,
    caller: { id: string; scopes: readonly Scope[]; tokenId: string | null },
  ): void;
  open(url: string): Promise<void>;
  close(): Promise<void>;
}

/** How requests are let in. */
export interface WebOptions {
  readonly mcp?: McpDoor;
  readonly a2a?: A2aDoor;
  /** Handlers with a protection of their own, such as signed Beckn messages: by path, before tokens and bodies. */
  readonly mounts?: Readonly<Record<string, RequestHandler>>;
  /** Folder with the pages for people, served at the root. */
  readonly pages?: string;
  readonly allowOrigins?: readonly string[];
  /** Demand a token also at a loopback address. */
  readonly requireToken?: boolean;
  readonly maxBodyBytes?: number;
  readonly ratePerMinute?: number;
  readonly maxConcurrent?: number;
}

/** What the routes share while the server runs. */
export interface WebGround {
  readonly host: string;
  readonly version: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly spans: Spans | null;
  readonly news: News;
  readonly working: Working;
  readonly tools: readonly Tool[];
}

export const webOf = (app: App, options: WebOptions, ground: WebGround): Express => {
  const { host, version, log, metrics, spans, news, working, tools } = ground;
  const web = express();
  web.disable('x-powered-by');
  web.disable('etag');
  web.set('query parser', 'simple');
  web.use(record(log, metrics, spans, app.tracing !== null));
  web.use(headers);
  web.use(originGuard(isLoopback(host), options.allowOrigins ?? []));
  // Before the limit: a probe that is refused for load would have a busy server restarted.
  health(web, app);
  web.use(limitConcurrency(options.maxConcurrent ?? 1000));
  for (const [path, handler] of Object.entries(options.mounts ?? {})) web.use(path, handler);
  if (options.pages !== undefined) web.use(pagesOf(options.pages));
  if (options.a2a) web.use('/a2a', options.a2a.cards);
  const guesses = guessCounter();
  const isGood = async (secret: string) => (await app.tokens.verify(secret)) !== undefined;
  web.use(sessionRoutes(isGood, (req) => guesses.wrong(req.socket.remoteAddress ?? '')));
  web.use(authenticate(app, options.requireToken === true || !isLoopback(host), guesses));
  web.use(limitRate(options.ratePerMinute ?? 600_000));
  if (options.a2a) web.use('/a2a', readJson(MOST_A2A_BYTES));
  web.use(readJson(options.maxBodyBytes ?? 16 * 1024 * 1024));
  web.use(demandJson);
  web.use(limitDepth);
  if (options.mcp) mountMcp(web, options.mcp);
  const { a2a } = options;
  if (a2a) web.use('/a2a', (req, res, next) => a2a.handle(req, res, next, callerOf(res)));
  web.get('/metrics', async (_, res) => {
    requireScope(res, 'read');
    res.set('Content-Type', metrics.contentType).send(await metrics.scrape());
  });
  let made: ReturnType<typeof openapiOf> | undefined;
  const document = () => {
    made ??= openapiOf(tools, version);
    return made;
  };
  web.get('/openapi.json', (_, res) => {
    requireScope(res, 'read');
    res.json(document());
  });
  web.get('/session', (_, res) => {
    requireScope(res, 'read');
    const { id, scopes, tokenId } = callerOf(res);
    res.json({ id, scopes, signedIn: tokenId !== null });
  });
  web.use(toolRoutes(app, tools));
  web.use(planRoutes(app));
  web.use(wordRoutes(app));
  web.use(runRoutes(app, news, working));
  web.use(flexibilityRoutes(app, working));
  web.use(carbonAwareRoutes(app));
  web.use(nothingThere(document));
  web.use(problemHandler(log));
  return web;
};

/** Messages between agents: some ten thousand jobs, and no file. */
const MOST_A2A_BYTES = 8 * 1024 * 1024;
const readJson = (limit: number) =>
  express.json({ limit, strict: false, type: ['application/json', 'application/*+json', 'text/json'] });

const headers = helmet({
  contentSecurityPolicy: {
    directives: { 'style-src': ["'self'", "'unsafe-inline'"], 'upgrade-insecure-requests': null },
  },
  strictTransportSecurity: false,
  // Only browsers that are gone, or plug-ins, read these; each costs every answer a little.
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  originAgentCluster: false,
  xPoweredBy: false,
});

/** 405 where the path takes other methods, else 404. */
const nothingThere =
  (document: () => ReturnType<typeof openapiOf>): RequestHandler =>
  (req, res) => {
    const methods = methodsOf(document().paths, req.path);
    if (methods.length > 0) {
      res.set('Allow', methods.join(', '));
      return sendProblem(res, {
        status: 405,
        code: 'unsupported',
        detail: `${req.method} is not used at ${req.path.slice(0, 200)}`,
        remedy: `Send ${methods.join(' or ')}.`,
      });
    }
    sendProblem(res, {
      status: 404,
      code: 'not-found',
      detail: `there is nothing at ${req.method} ${req.path.slice(0, 200)}`,
      remedy: 'GET /openapi.json lists what there is.',
    });
  };

const mountMcp = (web: Express, mcp: McpDoor) => {
  web.all('/mcp', async (req, res) => {
    const { id, scopes, tokenId } = callerOf(res);
    // Only a named person with the scope for it may answer an approval in the client's dialog.
    const person = tokenId !== null && scopes.includes('approve') ? { id, via: 'http' as const } : null;
    await mcp.handle(req, res, req.body, { id, scopes, person, tokenId });
  });
};
