/**
 * OpenTelemetry metrics by OTLP/HTTP with JSON, without an SDK: `hw.energy` in joules, as the semantic conventions for hardware
 * name it, one cumulative sum a zone or board. Sent where `OTEL_EXPORTER_OTLP_ENDPOINT` (or …_METRICS_ENDPOINT) says.
 */
import { hostname } from 'node:os';
import { trouble } from '../../wire/wire.js';
import type { Measured } from './measure.js';

export interface EnergyPoint {
  /** zone or board */
  readonly id: string;
  readonly name: string;
  readonly type: 'cpu' | 'memory' | 'gpu' | 'host' | 'process';
  readonly boundary: string;
  readonly energyUj: bigint;
}

/** Where metrics go: the endpoint for metrics as it is, the general one with `/v1/metrics` behind it. Null: nobody has said. */
export const otlpUrl = (env: Readonly<Record<string, string | undefined>>): string | null => {
  const own = env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT;
  if (own) return own;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return base ? `${base.replace(/\/+$/, '')}/v1/metrics` : null;
};

/** `key=value,key2=value2`, percent-encoded, as the specification has it. What is none is passed over. */
export const otlpHeaders = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (text ?? '').split(',').flatMap((pair): [string, string][] => {
      const [, name, value] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      try {
        return name === undefined ? [] : [[name.toLowerCase(), decodeURIComponent(value!)]];
      } catch {
        return [];
      }
    }),
  );

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const nanoseconds = (ms: number) => `${Math.round(ms)}000000`;

/** The body of a request; times are wall clock, ms. */
export const otlpBody = (points: readonly EnergyPoint[], of: { startMs: number; nowMs: number; service: string }) => ({
  resourceMetrics: [
    {
      resource: { attributes: [text('service.name', of.service), text('host.name', hostname())] },
      scopeMetrics: [
        {
          scope: { name: 'caco' },
          metrics: [
            {
              name: 'hw.energy',
              description: 'Energy consumed by the component',
              unit: 'J',
              sum: {
                // Cumulative.
                aggregationTemporality: 2,
                isMonotonic: true,
                dataPoints: points.map(({ id, name, type, boundary, energyUj }) => ({
                  attributes: [
                    text('hw.id', id),
                    text('hw.name', name),
                    text('hw.type', type),
                    text('caco.boundary', boundary),
                  ],
                  startTimeUnixNano: nanoseconds(of.startMs),
                  timeUnixNano: nanoseconds(of.nowMs),
                  asDouble: Number(energyUj) / 1e6,
                })),
              },
            },
          ],
        },
      ],
    },
  ],
});

/** Sends once. Fault `unavailable` and others of the wire: measuring never depends on it. */
export const sendOtlp = async (
  body: ReturnType<typeof otlpBody>,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> => {
  const { send } = await import('../../wire/wire.js');
  const answer = await send({
    ...{ who: 'the OpenTelemetry collector', url, chosenBy: 'operator', method: 'POST', json: body, headers, signal },
    limits: { connectMs: 2000, idleMs: 5000, wholeMs: 10_000, bodyBytes: 1 << 20 },
    // A point of the same time twice is the same point.
    again: { tries: 2, longestWaitS: 2 },
  });
  if (answer.status >= 300)
    throw trouble(
      'refused',
      `${answer.from} answered with status ${answer.status}`,
      'Check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS; the collector must take OTLP over HTTP as JSON.',
    );
};

/** What was measured of a command, as points: zones that are added, boards, and the command's own share. */
export const pointsOf = (measured: Measured, program: string): EnergyPoint[] => [
  ...measured.report.zones.flatMap((z): EnergyPoint[] =>
    z.energyUj === null || z.role !== 'added'
      ? []
      : [
          {
            ...{ id: z.id, name: z.name, type: z.kind === 'dram' ? 'memory' : 'cpu', energyUj: z.energyUj },
            boundary: z.kind === 'dram' ? 'memory of a socket' : 'processor package',
          },
        ],
  ),
  ...measured.gpus.flatMap((gpu): EnergyPoint[] =>
    gpu.energyUj === null
      ? []
      : [{ id: gpu.id, name: gpu.name, type: 'gpu', boundary: 'GPU board', energyUj: gpu.energyUj }],
  ),
  ...(measured.energyUj === null
    ? []
    : [
        {
          ...{ id: program, name: program, type: 'process' as const, energyUj: measured.energyUj },
          boundary: `share of the command, ${measured.mode}`,
        },
      ]),
];
