/** What became of each request: log line, metric and span. */
import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { tracedAt } from '../domain/trace.js';
import type { Spans } from '../tracing/tracing.js';
import type { Metrics } from './metrics.js';

/** Names each request, and says afterwards what became of it: log line, metric and span. */
export const record =
  (log: Logger, metrics: Metrics, spans: Spans | null, withSteps: boolean): RequestHandler =>
  (req, res, next) => {
    const given = req.get('x-request-id');
    const requestId = given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
    res.locals.requestId = requestId;
    res.setHeader('X-Request-Id', requestId);
    const begun = performance.now();
    const span = spans?.request(req.get('traceparent'));
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
    // What goes on within it is told as part of it, where more than requests is told.
    if (span === undefined || !withSteps) next();
    else tracedAt(span, () => next());
  };

/** The pattern, not the path: a label per id would grow without end. */
const routeOf = (req: Parameters<RequestHandler>[0]): string => {
  const path = (req.route as { path?: string | string[] } | undefined)?.path;
  if (typeof path === 'string') return path;
  if (Array.isArray(path)) return path[0] ?? 'other';
  return req.path === '/mcp' ? '/mcp' : 'other';
};
