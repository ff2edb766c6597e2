/** Energy out of a Prometheus: traps that a server sets, played by a local one; and a real Prometheus with what a real node-exporter said. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bySeries,
  isInstalled,
  type Running,
  scrapedAt,
  startNodeExporter,
  startPrometheus,
} from '../../../bench/prometheus.js';
import { Fault } from '../../../domain/fault.js';
import { quietWorld } from '../../../domain/fixtures/quiet-world.js';
import type { Store } from '../../../domain/store.js';
import { fromEpoch, instant, toEpoch } from '../../../domain/time.js';
import type { World } from '../../../domain/world.js';
import { openStore } from '../../../store/store.js';
import { handTimer } from '../../../wire/fixtures/hand-timer.js';
import { httpPeer, type Peer } from '../../../wire/fixtures/peer.js';
import type { Timer } from '../../../wire/wire.js';
import { type Call, callTool, type Tool } from '../../tool.js';
import { METER_ADAPTERS, readCovariate, readTelemetry, showMeter } from '../meter.js';

const START = instant('2026-01-05T00:00:00Z');
const S0 = toEpoch(START);
const call: Call = {
  ...{ signal: new AbortController().signal, progress: () => {}, actor: { id: 'ann', via: 'cli' }, cause: null },
};

let store: Store;
let peer: Peer | undefined;
beforeEach(async () => {
  store = await openStore(':memory:');
});
afterEach(async () => {
  await peer?.close();
  peer = undefined;
  await store.close();
});

const worldAt = async (meterUrl: string, timer?: Timer): Promise<World> => {
  const now = () => instant('2026-03-01T00:00:00Z');
  const ground = {
    store,
    clock: { now },
    present: now,
    daemon: async () => [],
    simulated: () => [],
    ...(timer ? { timer } : {}),
  };
  const meter = await METER_ADAPTERS.prometheus.open({ meter: 'prometheus', meterUrl }, ground);
  return { ...quietWorld(store, now), meter };
};

interface Answered {
  readonly meters: {
    id: string;
    series: number;
    energyKwh: number | null;
    coverageRatio: number;
    gaps: { why: string }[];
  }[];
  readonly scrapeSeconds: number;
}
type Sample = [number, string];
type Played = { metric: Record<string, string>; values: Sample[] }[];

/** A server that has these samples, and says of the exporter that it read everything, or not at these times. */
const serve = async (series: Played, notWhole: readonly number[] = []): Promise<World> => {
  peer = await httpPeer((request, response) => {
    const url = new URL(request.url!, 'http://here');
    const query = url.searchParams.get('query')!;
    const range = /\[(\d+)ms\]$/.exec(query);
    let result: Played;
    if (range !== null) {
      const to = Number(url.searchParams.get('time'));
      const from = to - Number(range[1]) / 1000;
      result = series.map(({ metric, values }) => ({ metric, values: values.filter(([at]) => at > from && at <= to) }));
    } else {
      const [from, to, step] = ['start', 'end', 'step'].map((name) => Number(url.searchParams.get(name))) as [
        number,
        number,
        number,
      ];
      if ((to - from) / step > 11_000)
        return void response.writeHead(400).end('{"status":"error","errorType":"bad_data"}');
      const count = Math.floor((to - from) / step) + 1;
      const times = Array.from({ length: count }, (_, i) => from + i * step);
      const whole = times.map((at): Sample => [at, notWhole.some((t) => t > at - step && t <= at) ? '0' : '1']);
      result = query.startsWith('min_over_time')
        ? [{ metric: { instance: 'n1:9100' }, values: whole }]
        : series.map(({ metric }) => ({ metric, values: times.map((at): Sample => [at, String(at % 7)]) }));
    }
    response.end(
      JSON.stringify({
        status: 'success',
        data: { resultType: 'matrix', result: result.filter(({ values }) => values.length > 0) },
      }),
    );
  });
  return worldAt(peer.url);
};

/** A counter of joules, a sample a minute, 100 W. */
const counter = (
  metric: Record<string, string>,
  valueAt: (i: number) => number | string | null = (i) => 6000 * i,
  minutes = 122,
) => ({
  metric,
  values: Array.from({ length: minutes }, (_, i): Sample | null => {
    const value = valueAt(i);
    return value === null ? null : [S0 + 60 * (i - 1), String(value)];
  }).filter((one): one is Sample => one !== null),
});
const zone = (path: string, name = 'node_rapl_package_joules_total', more: Record<string, string> = {}) => ({
  ...{ __name__: name, instance: 'n1:9100', job: 'node', index: '0', path: `/sys/class/powercap/${path}` },
  ...more,
});
const read = (world: World, over: object = {}) =>
  callTool(
    readTelemetry as unknown as Tool,
    { preset: 'node-rapl', from: START, to: fromEpoch(S0 + 7200), ...over },
    world,
    call,
  ) as Promise<Answered>;

describe('counters', () => {
  it('are added package and memory once, whatever mirrors and indexes say, and their wraps are no falls', async () => {
    const range = 262_143.32885;
    const world = await serve([
      counter(zone('intel-rapl:0')),
      counter(zone('intel-rapl-mmio:0')),
      counter(zone('intel-rapl:0:1', 'node_rapl_dram_joules_total'), (i) => (250_000 + 1200 * i) % range),
    ]);
    const { meters, scrapeSeconds } = await read(world);
    expect(meters).toMatchObject([{ id: 'prometheus:n1', series: 2, coverageRatio: 1, gaps: [] }]);
    expect(meters[0]!.energyKwh).toBeCloseTo(0.2 + 0.04, 6);
    expect(scrapeSeconds).toBe(60);
  });

  it('that fell, that were not scraped, or that were not all readable leave a gap, and nothing is filled', async () => {
    const fell = (i: number) => (i < 40 ? 6000 * i : 100 + 6000 * (i - 40));
    const missing = (i: number) => (i > 70 && i < 80 ? null : 6000 * i);
    const world = await serve(
      [
        counter(zone('intel-rapl:0'), (i) => (i === 5 ? 'NaN' : i === 9 ? '+Inf' : fell(i))),
        counter(zone('intel-rapl:0:1', 'node_rapl_dram_joules_total'), missing),
      ],
      [S0 + 6000],
    );
    // At 0.09 kW no register begins anew after a fall of that size.
    const { meters } = await read(world, { maxKw: 0.09, meterId: 'hall' });
    expect(meters[0]!.gaps.map(({ why }) => why)).toEqual([
      'the counter fell',
      'no sample for 600 s',
      'the exporter could not read all zones',
    ]);
    expect(meters[0]).toMatchObject({ id: 'hall', coverageRatio: 0.25 });
    expect(meters[0]!.energyKwh).toBeCloseTo(0.1, 6);
  });

  it('of a year are read in pages; the second reading adds nothing', async () => {
    const world = await serve([counter(zone('intel-rapl:0'))]);
    await read(world);
    const asked = peer!.asked.length;
    await read(world);
    expect(peer!.asked.length).toBe(2 * asked);
    const shown = await callTool(showMeter as unknown as Tool, { meterId: 'prometheus:n1' }, world, call);
    expect((shown as { energyKwh: number }).energyKwh).toBeCloseTo(0.2, 6);
  });
});

describe('what cannot be right', () => {
  it('two exporters of one machine, scrapes further apart than a wrap, a whole that nobody says', async () => {
    const other = zone('intel-rapl:0', 'node_rapl_package_joules_total', { instance: 'n1:9200', job: 'other' });
    await expect(read(await serve([counter(zone('intel-rapl:0')), counter(other)]))).rejects.toThrow(
      /both tell .* of n1: their sum would be its energy twice/,
    );
    await peer!.close();
    await expect(read(await serve([counter(zone('intel-rapl:0'), (i) => 100 * i)]), { maxKw: 3 })).rejects.toThrow(
      'lie 60 s apart, and its counters may begin anew after 22 s at 3 kW',
    );
  });

  it('nothing found, no server, another answer, a refused expression', async () => {
    await expect(read(await serve([]))).rejects.toMatchObject({ code: 'not-found' });
    const { url } = peer!;
    await peer!.close();
    peer = undefined;
    await expect(read(await worldAt(url))).rejects.toMatchObject({ code: 'unavailable' });
    peer = await httpPeer(
      (_, response) => void response.end('{"status":"success","data":{"resultType":"vector","result":[]}}'),
    );
    await expect(read(await worldAt(peer.url))).rejects.toThrow('what is no matrix');
    await peer.close();
    peer = await httpPeer((_, response) => void response.writeHead(400).end('{"status":"error"}'));
    await expect(read(await worldAt(peer.url))).rejects.toThrow('refuses the expression');
    await expect(read(await worldAt(peer.url), { preset: 'watts' })).rejects.toThrow('names no series');
    await expect(
      callTool(
        readTelemetry as unknown as Tool,
        { preset: 'node-rapl', from: START, to: START },
        quietWorld(store, () => START),
        call,
      ),
    ).rejects.toThrow('remembers nothing');
  });
});

it('a page that holds more than one answer may is asked for in parts, and comes to the same', async () => {
  const world = await serve([counter(zone('intel-rapl:0'))]);
  const { telemetry } = world.meter;
  const asked: number[] = [];
  const samples: NonNullable<typeof telemetry>['samples'] = async (selector, from, to, signal) => {
    asked.push(to - from);
    if (to - from > 1000)
      throw new Fault('unavailable', 'more than 16777216 bytes', 'Ask for less.', { details: { reason: 'too-large' } });
    return telemetry!.samples(selector, from, to, signal);
  };
  const { meters } = await read({ ...world, meter: { ...world.meter, telemetry: { ...telemetry!, samples } } });
  expect(meters[0]!.energyKwh).toBeCloseTo(0.2, 6);
  expect(asked[0]).toBe(3600);
  expect(Math.min(...asked)).toBeLessThanOrEqual(1000);
});

it('a server that falls silent is told so', async () => {
  peer = await httpPeer((request) => void request.resume());
  const timer = handTimer();
  const ended = expect(read(await worldAt(peer.url, timer))).rejects.toMatchObject({ code: 'unavailable' });
  await timer.waiting((ms) => ms === 10_000);
  timer.pass(30_000);
  await ended;
});

describe('a covariate', () => {
  it('comes by an expression that gives one series, in pages below the limit', async () => {
    const world = await serve([counter({ __name__: 'load' })]);
    const input = {
      id: 'load',
      query: 'load',
      kind: 'load',
      basis: 'submitted',
      from: START,
      to: fromEpoch(S0 + 86_400 * 14),
      stepMinutes: 1,
    };
    const taken = await callTool(readCovariate as unknown as Tool, input, world, call);
    expect(taken).toMatchObject({ values: 20_160, coverageRatio: 1 });
    expect(peer!.asked).toHaveLength(3);
    await peer!.close();
    const two = await serve([counter({ __name__: 'a' }), counter({ __name__: 'b' })]);
    await expect(callTool(readCovariate as unknown as Tool, { ...input, id: 'two' }, two, call)).rejects.toThrow(
      'gives 2 series',
    );
  });
});

const there = isInstalled();
if (!there) console.warn('Prometheus and node-exporter are not installed: what a real one says is not tested here.');

describe.skipIf(!there)('a real Prometheus over what a real node-exporter said', () => {
  it('has the energy of the moving counters to the last joule, and tells when a zone could not be read', async () => {
    const root = mkdtempSync(join(tmpdir(), 'sysfs-'));
    const real = join(root, 'devices/virtual/powercap/intel-rapl');
    const links = join(root, 'class/powercap');
    mkdirSync(links, { recursive: true });
    const zones = { 'intel-rapl:0': 'package-0', 'intel-rapl:0:0': 'core', 'intel-rapl:0:1': 'dram' };
    const write = (uj: Record<string, number>) => {
      for (const [id, name] of Object.entries(zones)) {
        const folder = join(real, id);
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'name'), `${name}\n`);
        writeFileSync(join(folder, 'max_energy_range_uj'), '262143328850\n');
        writeFileSync(join(folder, 'energy_uj'), `${uj[id]}\n`);
      }
    };
    const at = (i: number) => ({ 'intel-rapl:0': 9e9 * i, 'intel-rapl:0:0': 5e9 * i, 'intel-rapl:0:1': 1e9 * i });
    write(at(0));
    for (const id of Object.keys(zones)) symlinkSync(join(real, id), join(links, id));
    const running: Running[] = [];
    try {
      const exporter = await startNodeExporter(root);
      running.push(exporter);
      const lines: string[] = [];
      for (let i = 0; i <= 62; i++) {
        write(at(i));
        // A zone that cannot be read ends the list, with status 200.
        if (i === 50) writeFileSync(join(real, 'intel-rapl:0', 'energy_uj'), 'no number\n');
        lines.push(...(await scrapedAt(exporter.url, S0 + 60 * (i - 1), 'n1:9100')));
      }
      const prometheus = await startPrometheus(bySeries(lines));
      running.push(prometheus);
      const answer = await read(await worldAt(prometheus.url), {
        ...{ to: fromEpoch(S0 + 3600), stepMinutes: 30, maxKw: 0.5 },
      });
      expect(answer.meters).toMatchObject([
        { series: 2, coverageRatio: 0.5, gaps: [{ why: 'the exporter could not read all zones' }] },
      ]);
      expect(answer.meters[0]!.energyKwh).toBeCloseTo((30 * 10_000) / 3.6e6, 9);
    } finally {
      for (const one of running) await one.stop();
      rmSync(root, { recursive: true, force: true });
    }
  });
});
