import { afterEach, describe, expect, it } from 'vitest';
import { httpPeer, type Peer } from '../../wire/fixtures/peer.js';
import { otlpBody, otlpHeaders, otlpUrl, sendOtlp } from './otlp.js';

let peer: Peer | undefined;
afterEach(() => peer?.close());

describe('OpenTelemetry', () => {
  it('goes where its own variables say', () => {
    expect(otlpUrl({})).toBeNull();
    expect(otlpUrl({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' })).toBe('http://c:4318/v1/metrics');
    expect(otlpUrl({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c/m', OTEL_EXPORTER_OTLP_ENDPOINT: 'x' })).toBe(
      'http://c/m',
    );
    expect(otlpHeaders('Api-Key=a%20b, x=1,broken,%=2,y=%')).toEqual({ 'api-key': 'a b', x: '1' });
    expect(otlpHeaders(undefined)).toEqual({});
  });

  it('gets cumulative joules by zone over HTTP, and a collector that refuses is told of', async () => {
    const bodies: string[] = [];
    let status = 200;
    peer = await httpPeer((request, response) => {
      let text = '';
      request.on('data', (piece) => {
        text += piece;
      });
      request.on('end', () => {
        bodies.push(text);
        response.writeHead(status).end('{}');
      });
    });
    const point = { id: 'intel-rapl:0', name: 'package-0', type: 'cpu', boundary: 'processor package' } as const;
    const body = otlpBody([{ ...point, energyUj: 1_500_000n }], { startMs: 1000, nowMs: 2000, service: 'caco' });
    await sendOtlp(body, `${peer.url}/v1/metrics`, { 'api-key': 'k' });
    expect(peer.asked[0]!.headers).toMatchObject({ 'content-type': 'application/json', 'api-key': 'k' });
    const [metric] = JSON.parse(bodies[0]!).resourceMetrics[0].scopeMetrics[0].metrics;
    expect(metric).toMatchObject({
      name: 'hw.energy',
      unit: 'J',
      sum: { aggregationTemporality: 2, isMonotonic: true },
    });
    expect(metric.sum.dataPoints).toMatchObject([
      { asDouble: 1.5, startTimeUnixNano: '1000000000', timeUnixNano: '2000000000' },
    ]);
    status = 401;
    await expect(sendOtlp(body, peer.url, {})).rejects.toMatchObject({ name: 'Fault' });
  });
});
