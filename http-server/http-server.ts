/** The door for programs: tools, agents, chat, runs, events, the Carbon Aware SDK's routes, health and metrics over HTTP. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { destination, type Logger, pino } from 'pino';
import type { App } from '../app.js';
import { Fault } from '../domain/fault.js';
import { requestSpans } from '../tracing/tracing.js';
import { isLoopback } from './guard.js';
import { type MarketCounts, metricsOf } from './metrics.js';
import { newsOf } from './news.js';
import { answerUnreadable } from './problems.js';
import type { Working } from './runs.js';
import { endStreams } from './sse.js';
import { type WebOptions, webOf } from './web.js';

export type { A2aDoor, McpDoor } from './web.js';

export interface HttpOptions extends WebOptions {
  readonly host?: string;
  /** 0: any free one */
  readonly port?: number;
  /** milliseconds for a request to arrive whole; a minute when left out */
  readonly requestMs?: number;
  readonly log?: Logger;
  /** What the market that is mounted here counts, for /metrics. */
  readonly market?: () => MarketCounts | null;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Stops listening, ends streams, lets requests finish for ten seconds, stops runs where they can be resumed. */
  close(): Promise<void>;
}

const GRACE_MS = 10_000;
/** For a request to arrive whole, its body too. */
const REQUEST_MS = 60_000;

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
  const metrics = metricsOf(app, version, () => options.mcp?.sessions() ?? 0, trouble, options.market);
  const ownSpans = app.tracing === null ? await requestSpans(process.env, version, trouble) : null;
  const spans = app.tracing ?? ownSpans;
  const news = newsOf(app, trouble);
  const stop = new AbortController();
  const working = workOf(stop.signal);

  const tools = await app.tools();
  const web = webOf(app, options, { host, version, log, metrics, spans, news, working, tools });
  const server = createServer(
    {
      requestTimeout: options.requestMs ?? REQUEST_MS,
      // Node looks for requests that take longer every half minute, unless told otherwise.
      connectionsCheckingInterval: 1000,
      headersTimeout: Math.min(15_000, options.requestMs ?? REQUEST_MS),
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
  await options.a2a?.open(url);
  log.info({ url }, 'listening');

  let closing: Promise<void> | undefined;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    news.close();
    endStreams();
    await options.a2a?.close();
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
    await ownSpans?.close();
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
