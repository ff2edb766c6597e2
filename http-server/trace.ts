/**
 * OpenTelemetry traces by OTLP over HTTP with JSON, when the standard variables ask for them. One span per request, continued from
 * `traceparent`. Small on purpose: the vendors' packages weigh more than this server.
 */
import { randomBytes } from 'node:crypto';
import { fateOf, send } from '../wire/wire.js';

export interface Span {
  readonly traceId: string;
  end(name: string, attributes: Record<string, string | number>, failed: boolean): void;
}
export interface Tracer {
  start(traceparent: string | undefined): Span;
  /** Sends what is left. */
  close(): Promise<void>;
}

const BATCH = 200;
const EVERY_MS = 5000;
/** Spans that wait while the collector is away; later ones are dropped. */
const MAX_WAITING = 5000;
const PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

const pairs = (text: string | undefined): [string, string][] =>
  (text ?? '').split(',').flatMap((part): [string, string][] => {
    const at = part.indexOf('=');
    return at < 1 ? [] : [[part.slice(0, at).trim(), decodeURIComponent(part.slice(at + 1).trim())]];
  });

const endpointOf = (env: NodeJS.ProcessEnv): string | undefined => {
  if (env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return undefined;
  if (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return base ? `${base.replace(/\/$/, '')}/v1/traces` : undefined;
};

const attribute = ([key, value]: [string, string | number]) => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
});

export const tracerOf = (
  env: NodeJS.ProcessEnv,
  version: string,
  onTrouble: (error: unknown) => void,
): Tracer | undefined => {
  const url = endpointOf(env);
  if (url === undefined) return undefined;
  const headers = Object.fromEntries(pairs(env.OTEL_EXPORTER_OTLP_HEADERS));
  const resource = {
    attributes: Object.entries({
      'service.version': version,
      ...Object.fromEntries(pairs(env.OTEL_RESOURCE_ATTRIBUTES)),
      'service.name': env.OTEL_SERVICE_NAME ?? 'caco',
    }).map(attribute),
  };
  let waiting: object[] = [];
  let told = false;

  const flush = async () => {
    while (waiting.length > 0) {
      const spans = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'caco', version }, spans }] }] };
      try {
        const { status } = await send({
          who: 'the trace collector',
          url,
          chosenBy: 'operator',
          method: 'POST',
          headers,
          json: body,
          limits: { wholeMs: 5000 },
        });
        if (fateOf(status) !== null) throw new Error(`the trace collector answered ${status}`);
        told = false;
      } catch (error) {
        // Said once per outage: traces are worth less than the log they would fill.
        if (!told) onTrouble(error);
        told = true;
        return;
      }
    }
  };
  const timer = setInterval(() => void flush(), EVERY_MS);
  timer.unref();

  return {
    start(traceparent) {
      const [, traceId = randomBytes(16).toString('hex'), parentSpanId = '', flags = '01'] =
        PARENT.exec(traceparent ?? '') ?? [];
      const begunNs = BigInt(Date.now()) * 1_000_000n;
      const begun = process.hrtime.bigint();
      return {
        traceId,
        end(name, attributes, failed) {
          const sampled = (Number.parseInt(flags, 16) & 1) === 1;
          if (!sampled || waiting.length >= MAX_WAITING) return;
          waiting.push({
            traceId,
            spanId: randomBytes(8).toString('hex'),
            ...(parentSpanId === '' ? {} : { parentSpanId }),
            name,
            kind: 2,
            startTimeUnixNano: String(begunNs),
            endTimeUnixNano: String(begunNs + (process.hrtime.bigint() - begun)),
            attributes: Object.entries(attributes).map(attribute),
            status: failed ? { code: 2 } : {},
          });
          if (waiting.length >= BATCH) void flush();
        },
      };
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
};
