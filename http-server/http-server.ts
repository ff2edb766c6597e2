/** The door for programs: tools, agents, chat, runs, events, the Carbon Aware SDK's routes, health and metrics over HTTP. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { destination, type Logger, pino } from 'pino';
import type { App } from '../app.js';
import { Fault } from '../domain/fault.js';
import { plusHours } from '../domain/time.js';
import { carbonAwareRoutes } from './carbon-aware.js';
import {
  authenticate,
  callerOf,
  isLoopback,
  limitConcurrency,
  limitRate,
  originGuard,
  requireScope,
  type Scope,
} from './guard.js';
import { type Metrics, metricsOf } from './metrics.js';
import { newsOf } from './news.js';
import { methodsOf, openapiOf } from './openapi.js';
import { answerUnreadable, problemHandler, refuse, sendProblem } from './problems.js';
import { runRoutes, type Working } from './runs.js';
import { endStreams } from './sse.js';
import { toolRoutes } from './tools.js';
import { type Tracer, tracerOf } from './trace.js';
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

export interface HttpOptions {
  readonly host?: string;
  /** 0: any free one */
  readonly port?: number;
  readonly mcp?: McpDoor;
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
  readonly log?: Logger;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Stops listening, ends streams, lets requests finish for ten seconds, stops runs where they can be resumed. */
  close(): Promise<void>;
}

const GRACE_MS = 10_000;

const versionOf = () =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** Fault `forbidden` for an address beyond this machine while no token exists that could protect it. */
const refuseOpenDoor = async (app: App, host: string) => {
  if (isLoopback(host)) return;
  const now = new Date().toISOString();
  const tokens = await app.tokens.list();
  if (tokens.some((t) => t.expiresAt === null || t.expiresAt > now)) return;
  throw new Fault(
    'forbidden',
    `${host} can be reached from other machines, and there is no token that protects it`,
    'Make one first: caco token create --scope read --for NAME. Or listen on 127.0.0.1.',
  );
};

export const startHttp = async (app: App, options: HttpOptions = {}): Promise<HttpServer> => {
  const host = options.host ?? app.config.host;
  await refuseOpenDoor(app, host);
  const log = options.log ?? pino({ level: app.config.logLevel }, destination({ fd: 2, sync: false }));
  const version = versionOf();
  const trouble = (error: unknown) => log.warn({ err: error }, 'trouble');
  const metrics = metricsOf(app, version, () => options.mcp?.sessions() ?? 0, trouble);
  const tracer = tracerOf(process.env, version, trouble);
  const news = newsOf(app, trouble);
  const stop = new AbortController();
  const working = workOf(stop.signal);

  const web = express();
  web.disable('x-powered-by');
  web.disable('etag');
  web.set('query parser', 'simple');
  web.use(record(log, metrics, tracer));
  web.use(
    helmet({
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
    }),
  );
  web.use(originGuard(isLoopback(host), options.allowOrigins ?? []));
  // Before the limit: a probe that is refused for load would have a busy server restarted.
  health(web, app);
  web.use(limitConcurrency(options.maxConcurrent ?? 1000));
  for (const [path, handler] of Object.entries(options.mounts ?? {})) web.use(path, handler);
  if (options.pages !== undefined) web.use(express.static(options.pages, { index: 'index.html' }));
  web.use(authenticate(app, options.requireToken === true || !isLoopback(host)));
  web.use(limitRate(options.ratePerMinute ?? 600_000));
  web.use(
    express.json({
      limit: options.maxBodyBytes ?? 16 * 1024 * 1024,
      strict: false,
      type: ['application/json', 'application/*+json', 'text/json'],
    }),
  );
  web.use(demandJson);
  web.use(limitDepth);
  if (options.mcp) mountMcp(web, options.mcp);
  web.get('/metrics', async (_, res) => {
    requireScope(res, 'read');
    res.set('Content-Type', metrics.contentType).send(await metrics.scrape());
  });
  let made: ReturnType<typeof openapiOf> | undefined;
  const document = () => {
    made ??= openapiOf(app, version);
    return made;
  };
  web.get('/openapi.json', (_, res) => {
    requireScope(res, 'read');
    res.json(document());
  });
  web.use(toolRoutes(app));
  web.use(wordRoutes(app));
  web.use(runRoutes(app, news, working));
  web.use(carbonAwareRoutes(app));
  web.use((req, res) => {
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
  });
  web.use(problemHandler(log));

  const server = createServer(
    {
      requestTimeout: 60_000,
      headersTimeout: 15_000,
      keepAliveTimeout: 20_000,
      maxHeaderSize: 16_384,
      // The guard says so in words.
      requireHostHeader: false,
    },
    web,
  );
  server.on('clientError', answerUnreadable);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL'
          ? new Fault(
              'unavailable',
              `cannot listen on ${host}:${options.port ?? app.config.port}: ${error.code}`,
              'Choose another with --port or --host.',
            )
          : error,
      ),
    );
    server.listen(options.port ?? app.config.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${port}`;
  log.info({ url }, 'listening');

  let closing: Promise<void> | undefined;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    news.close();
    endStreams();
    await options.mcp?.close();
    server.closeIdleConnections();
    // Runs stop between two steps and are resumed later; requests that wait for them are answered with what there is.
    const timer = setTimeout(() => {
      stop.abort(new DOMException('the server ends', 'AbortError'));
      setTimeout(() => server.closeAllConnections(), 500).unref();
    }, GRACE_MS);
    await closed;
    clearTimeout(timer);
    stop.abort(new DOMException('the server ends', 'AbortError'));
    await working.settled();
    await tracer?.close();
  };
  return {
    url,
    port,
    close() {
      closing ??= close();
      return closing;
    },
  };
};

/** Names each request, and says afterwards what became of it: log line, metric and span. */
const record =
  (log: Logger, metrics: Metrics, tracer: Tracer | undefined): RequestHandler =>
  (req, res, next) => {
    const given = req.get('x-request-id');
    const requestId = given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
    res.locals.requestId = requestId;
    res.setHeader('X-Request-Id', requestId);
    const begun = performance.now();
    const span = tracer?.start(req.get('traceparent'));
    res.once('close', () => {
      const seconds = (performance.now() - begun) / 1000;
      const route = routeOf(req);
      const { statusCode } = res;
      metrics.observe(route, req.method, statusCode, seconds);
      if (route === '/tools/:name' && statusCode !== 404)
        metrics.tool(
          String(req.params.name),
          statusCode < 400 ? 'ok' : statusCode < 500 ? 'refused' : 'failed',
          seconds,
        );
      span?.end(
        `${req.method} ${route}`,
        { 'http.request.method': req.method, 'http.route': route, 'http.response.status_code': statusCode },
        statusCode >= 500,
      );
      if (!log.isLevelEnabled('info')) return;
      const caller = (res.locals.caller as { id: string } | undefined)?.id;
      const ms = Math.round(seconds * 1e5) / 100;
      log.info(
        {
          requestId,
          method: req.method,
          path: req.path,
          status: statusCode,
          ms,
          caller,
          finished: res.writableFinished,
          traceId: span?.traceId,
        },
        'request',
      );
    });
    next();
  };

/** The pattern, not the path: a label per id would grow without end. */
const routeOf = (req: Parameters<RequestHandler>[0]): string => {
  const path = (req.route as { path?: string | string[] } | undefined)?.path;
  if (typeof path === 'string') return path;
  if (Array.isArray(path)) return path[0] ?? 'other';
  return req.path === '/mcp' ? '/mcp' : 'other';
};

/** What browsers can send without asking first (forms, plain text) is not accepted as a command. */
const demandJson: RequestHandler = (req, res, next) => {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody || req.body !== undefined) return next();
  refuse(req, res, {
    status: 415,
    code: 'unsupported',
    detail: 'the body must be JSON',
    remedy: 'Send Content-Type: application/json.',
  });
};

/** Deeper than any document of ours; recursion through a body must end before the stack does. */
const MAX_DEPTH = 64;
const isDeeper = (value: unknown, left: number): boolean =>
  value !== null &&
  typeof value === 'object' &&
  (left === 0 || Object.values(value).some((inner) => isDeeper(inner, left - 1)));
const limitDepth: RequestHandler = (req, res, next) => {
  if (!isDeeper(req.body, MAX_DEPTH)) return next();
  refuse(req, res, {
    status: 400,
    code: 'invalid-input',
    detail: `the body is nested more than ${MAX_DEPTH} deep`,
    remedy: 'Send it as GET /openapi.json describes it.',
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

const health = (web: Express, app: App) => {
  web.get('/healthz', (_, res) => void res.json({ status: 'ok' }));
  web.get('/readyz', async (_, res) => {
    const checks: Record<string, string> = {};
    const check = async (name: string, work: () => Promise<unknown>) => {
      try {
        await Promise.race([
          work(),
          new Promise((_, reject) => setTimeout(() => reject(new Error('no answer within 5 s')), 5000).unref()),
        ]);
        checks[name] = 'ok';
      } catch (error) {
        checks[name] = error instanceof Fault ? error.message : 'fails';
      }
    };
    const { world } = app;
    await Promise.all([
      check('store', () => world.ledger.size()),
      check('grid', async () => {
        const now = world.clock.now();
        const [region] = await world.grid.regions();
        if (region === undefined) throw new Fault('unavailable', 'no region has a carbon signal', 'Check CACO_GRID.');
        await world.grid.carbon(region, { start: now, end: plusHours(now, 1) }, 'forecast');
      }),
    ]);
    const ready = Object.values(checks).every((state) => state === 'ok');
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks });
  });
};

const workOf = (signal: AbortSignal): Working & { settled(): Promise<void> } => {
  const open = new Set<Promise<unknown>>();
  return {
    signal,
    track(work) {
      const settled = work.then(
        () => {},
        () => {},
      );
      open.add(settled);
      void settled.then(() => open.delete(settled));
      return work;
    },
    settled: async () => void (await Promise.all(open)),
  };
};
