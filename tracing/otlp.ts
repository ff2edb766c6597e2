/**
 * OpenTelemetry spans by OTLP over HTTP with JSON. Requests are continued from `traceparent`; steps stand within them, or begin a trace
 * of their own. Small on purpose: the vendors' packages weigh more than this program.
 */
import { randomBytes } from 'node:crypto';
import { invalid } from '../domain/fault.js';
import type { Attributes, OpenStep, Place } from '../domain/trace.js';
import { fateOf, send } from '../wire/wire.js';

export interface RequestSpan extends Place {
  readonly traceId: string;
  /** The route is known only once the request was answered. */
  end(name: string, attributes: Attributes, failed: boolean): void;
}
export interface Spans extends Place {
  request(traceparent: string | undefined): RequestSpan;
  /** Sends what is left. */
  close(): Promise<void>;
}

const BATCH = 200;
const EVERY_MS = 5000;
/** Spans that wait while the collector is away; later ones are dropped. */
const MAX_WAITING = 5000;
/** Characters of one piece of contents. */
const LONGEST = 32_000;
const PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NOWHERE = 'http://localhost:4318';
/** Kinds of span. */
const WITHIN = 1;
const SERVER = 2;
const FAILED = 2;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const pairs = (text: string | undefined): [string, string][] =>
  (text ?? '').split(',').flatMap((part): [string, string][] => {
    const at = part.indexOf('=');
    return at < 1 ? [] : [[part.slice(0, at).trim(), decoded(part.slice(at + 1).trim())]];
  });

/** Where the standard variables send traces; undefined: nowhere. */
export const endpointOf = (env: NodeJS.ProcessEnv): string | undefined => {
  if (env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return undefined;
  if (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return base ? `${base.replace(/\/+$/, '')}/v1/traces` : undefined;
};

/** The same for who has asked for traces: the standard's own address where none is named. Throws Fault `invalid-input` for gRPC. */
export const endpointAsked = (env: NodeJS.ProcessEnv): string | undefined => {
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol === 'grpc')
    throw invalid(
      'CACO_TRACING=otel speaks OTLP over HTTP, and OTEL_EXPORTER_OTLP_PROTOCOL asks for grpc',
      'Name the collector’s HTTP port (4318 by custom) and set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or CACO_TRACING=off.',
    );
  const isNamed = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return endpointOf(isNamed ? env : { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: NOWHERE });
};

const anyValue = (value: string | number | boolean) => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
};
/** Unknown is left out. */
const listed = (attributes: Attributes) =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [{ key, value: anyValue(value) }],
  );

interface Context {
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly sampled: boolean;
}
const freshContext = (): Context => ({ traceId: randomBytes(16).toString('hex'), parentSpanId: '', sampled: true });

export interface SpanSettings {
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly contents: boolean;
  readonly onTrouble: (error: unknown) => void;
}

export const spansTo = ({ url, env, version, contents, onTrouble }: SpanSettings): Spans => {
  const post = sender(url, env, version, onTrouble);
  /** A span from now on; answers how it ends. */
  const opened = ({ traceId, parentSpanId, sampled }: Context) => {
    const spanId = randomBytes(8).toString('hex');
    const begunNs = BigInt(Date.now()) * 1_000_000n;
    const begun = process.hrtime.bigint();
    const end = (name: string, kind: number, attributes: Attributes, failed: boolean) => {
      if (!sampled) return;
      post.put({
        ...{ traceId, spanId, name, kind },
        ...(parentSpanId === '' ? {} : { parentSpanId }),
        startTimeUnixNano: String(begunNs),
        endTimeUnixNano: String(begunNs + (process.hrtime.bigint() - begun)),
        attributes: listed(attributes),
        status: failed ? { code: FAILED } : {},
      });
    };
    return { end, inside: { traceId, parentSpanId: spanId, sampled } };
  };
  const step = (within: Context, name: string, first: Attributes): OpenStep => {
    const { end, inside } = opened(within);
    let attributes = first;
    let failure: string | null = null;
    let isResting = false;
    return {
      begin: (next, about) => step(inside, next, about),
      set(more) {
        attributes = { ...attributes, ...more };
      },
      contents(make) {
        if (!contents) return;
        const cut = Object.entries(make()).map(([key, value]) => [
          key,
          typeof value === 'string' ? value.slice(0, LONGEST) : value,
        ]);
        attributes = { ...attributes, ...Object.fromEntries(cut) };
      },
      failed(kind) {
        failure = kind;
      },
      rests() {
        isResting = true;
      },
      end(thrown) {
        const why = failure ?? (isResting ? null : thrown);
        end(name, WITHIN, why === null ? attributes : { ...attributes, 'error.type': why }, why !== null);
      },
    };
  };
  return {
    begin: (name, attributes) => step(freshContext(), name, attributes),
    request(traceparent) {
      const [, traceId, parentSpanId, flags] = PARENT.exec(traceparent ?? '') ?? [];
      const context =
        traceId === undefined || parentSpanId === undefined || flags === undefined
          ? freshContext()
          : { traceId, parentSpanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
      const { end, inside } = opened(context);
      return {
        traceId: context.traceId,
        begin: (name, attributes) => step(inside, name, attributes),
        end: (name, attributes, failed) => end(name, SERVER, attributes, failed),
      };
    },
    close: post.close,
  };
};

/** Sends spans in batches, now and then. */
const sender = (url: string, env: NodeJS.ProcessEnv, version: string, onTrouble: (error: unknown) => void) => {
  const headers = Object.fromEntries([
    ...pairs(env.OTEL_EXPORTER_OTLP_HEADERS),
    ...pairs(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS),
  ]);
  const resource = {
    attributes: listed({
      'service.version': version,
      ...Object.fromEntries(pairs(env.OTEL_RESOURCE_ATTRIBUTES)),
      'service.name': env.OTEL_SERVICE_NAME ?? 'caco',
    }),
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
          ...{ who: 'the trace collector', url, chosenBy: 'operator', method: 'POST', headers, json: body },
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
    put(span: object) {
      if (waiting.length >= MAX_WAITING) return;
      waiting.push(span);
      if (waiting.length >= BATCH) void flush();
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
};
