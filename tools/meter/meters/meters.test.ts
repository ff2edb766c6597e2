/** Adapters at local servers that replay recorded bodies, and the tool that keeps what they tell. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietWorld } from '../../../domain/fixtures/quiet-world.js';
import { type LiveReading, METERED, spanSet } from '../../../domain/meter.js';
import type { Store } from '../../../domain/store.js';
import { instant, plusSeconds } from '../../../domain/time.js';
import type { World } from '../../../domain/world.js';
import { simulatedMeter } from '../../../sim/meter.js';
import { openStore } from '../../../store/store.js';
import { httpPeer, type Peer } from '../../../wire/fixtures/peer.js';
import { type Call, callTool } from '../../tool.js';
import { METER_ADAPTERS, recordMeters, showMeter } from '../meter.js';
import { samplesIn } from './exposition.js';

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

const START = instant('2026-01-01T00:00:00Z');
let now = START;
const clock = { now: () => now };
const ground = (live: LiveReading[] = []) => ({
  ...{ store, clock, present: () => now, daemon: async () => live, simulated: () => simulatedMeter(clock) },
});
const serve = async (bodies: Record<string, unknown>) => {
  peer = await httpPeer((request, response) => {
    const body = bodies[request.url!];
    if (body === undefined) return void response.writeHead(404).end('{}');
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return peer.url;
};
const open = async (name: keyof typeof METER_ADAPTERS, meterUrl: string | undefined, more: object = {}) => {
  const own = ground();
  return METER_ADAPTERS[name].open({ meter: name, meterUrl, ...more }, own);
};
const told = (readings: readonly LiveReading[]) =>
  readings.map(({ meter, energyKwh, powerKw }) => [meter.id, meter.boundary, energyKwh, powerKw]);

const link = (path: string) => ({ '@odata.id': path });
const CHASSIS = '/redfish/v1/Chassis';
const BODIES = {
  [CHASSIS]: { Members: [link(`${CHASSIS}/1`), link(`${CHASSIS}/old`), link(`${CHASSIS}/fan`)] },
  [`${CHASSIS}/1`]: { Id: '1', Name: 'Rack server', EnvironmentMetrics: link(`${CHASSIS}/1/EnvironmentMetrics`) },
  [`${CHASSIS}/1/EnvironmentMetrics`]: {
    PowerWatts: { DataSourceUri: `${CHASSIS}/1/Sensors/Power`, Reading: 412.5 },
    EnergykWh: { DataSourceUri: `${CHASSIS}/1/Sensors/Energy`, Reading: 5821.25 },
  },
  [`${CHASSIS}/old`]: {
    ...{ Id: 'old', Name: 'Older server', EnvironmentMetrics: link(`${CHASSIS}/old/EnvironmentMetrics`) },
    Power: link(`${CHASSIS}/old/Power`),
  },
  // The first control is the chassis, the second a part of it.
  [`${CHASSIS}/old/Power`]: { PowerControl: [{ PowerConsumedWatts: 250 }, { PowerConsumedWatts: 90 }] },
  [`${CHASSIS}/fan`]: { Id: 'fan', Power: link(`${CHASSIS}/fan/Power`) },
  [`${CHASSIS}/fan/Power`]: { PowerControl: [{ PowerConsumedWatts: null }] },
};

describe('Redfish', () => {
  it('tells energy where it is counted, else power, of each chassis that has any', async () => {
    const meter = await open('redfish', await serve(BODIES), { meterUser: 'ops', meterPassword: 'secret' });
    expect(told((await meter.read()).readings)).toEqual([
      ['redfish:1', 'server', 5821.25, 0.4125],
      ['redfish:old', 'server', null, 0.25],
    ]);
    expect(peer!.asked[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ops:secret').toString('base64')}`);
  });

  it('that answers something else, or not at all, is unavailable; without an address nobody is asked', async () => {
    const meter = await open('redfish', await serve({ [CHASSIS]: { Members: 'none' } }));
    await expect(meter.read()).rejects.toMatchObject({ code: 'unavailable' });
    const page = await open('redfish', `${peer!.url}/elsewhere`);
    await expect(page.read()).rejects.toMatchObject({ code: 'invalid-input', details: { fate: 'refused' } });
    await expect(open('redfish', undefined)).rejects.toMatchObject({
      remedy: expect.stringContaining('CACO_METER_URL'),
    });
  });
});

const KEPLER = `# HELP kepler_node_cpu_joules_total Energy consumption of cpu at node level in joules
# TYPE kepler_node_cpu_joules_total counter
kepler_node_cpu_joules_total{node_name="n1",path="/sys/class/powercap/intel-rapl:0",zone="package"} 7.2e+06
kepler_node_cpu_joules_total{node_name="n1",path="/sys/class/powercap/intel-rapl:0:0",zone="core"} 5e+06
kepler_node_cpu_joules_total{node_name="n1",path="/sys/class/powercap/intel-rapl:0:1",zone="dram"} 3.6e+06
kepler_container_cpu_joules_total{container_id="ab",container_name="db",zone="package"} 3.6e+06
kepler_process_cpu_joules_total{comm="po\\"st",pid="7",zone="package"} 3.6e+06 1700000000000
kepler_process_cpu_joules_total{comm="torn",pid="8",zone="pack
kepler_process_cpu_joules_total{comm="nan",pid="9",zone="package"} NaN
`;

describe('exporters', () => {
  it('Kepler’s: zones within one another once, processes instead of the containers that hold them', async () => {
    const meter = await open('kepler', await serve({ '/metrics': KEPLER }));
    expect(told((await meter.read()).readings)).toEqual([
      ['kepler:host:n1', 'components', expect.closeTo(3, 9), null],
      ['kepler:process:po"st 7', 'process', expect.closeTo(1, 9), null],
    ]);
  });

  it('Scaphandre’s: the host’s counter and the power of processes, which need not add up to it', async () => {
    const text =
      'scaph_host_energy_microjoules 3600000000000\nscaph_host_power_microwatts 90000000\nscaph_process_power_consumption_microwatts{exe="node",pid="3",cmdline="node, {x}"} 12000000\nkepler_x 3\n';
    const meter = await open('scaphandre', await serve({ '/metrics': text }));
    expect(told((await meter.read()).readings)).toEqual([
      ['scaphandre:host:this host', 'components', expect.closeTo(1, 9), null],
      ['scaphandre:process:node 3', 'process', null, expect.closeTo(0.012, 9)],
    ]);
  });

  it('by way of a Prometheus server', async () => {
    const result = [
      {
        metric: { __name__: 'caco_rapl_machine_joules_total', instance: 'n1:9100', boundary: 'packages and memory' },
        value: [1767225600, '3600000'],
      },
      {
        metric: { __name__: 'kepler_node_cpu_joules_total', node_name: 'n2', zone: 'package' },
        value: [1767225600, 'NaN'],
      },
    ];
    peer = await httpPeer((_, response) =>
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } })),
    );
    const meter = await open('prometheus', peer.url);
    expect(told((await meter.read()).readings)).toEqual([
      ['prometheus:host:n1:9100', 'components', expect.closeTo(1, 9), null],
    ]);
    expect(decodeURIComponent(peer.asked[0]!.url!)).toContain('kepler_process_cpu_joules_total');
  });

  it('a line that is none is passed over', () => {
    expect(samplesIn('a 1\nb{x="1" 2\nc{} 3\n{} 4\nd{l="a,b",} 5 \r\ne\n')).toEqual([
      { name: 'a', labels: {}, value: 1 },
      { name: 'c', labels: {}, value: 3 },
      { name: 'd', labels: { l: 'a,b' }, value: 5 },
    ]);
  });
});

describe('looking at meters', () => {
  const call: Call = {
    signal: new AbortController().signal,
    progress: () => {},
    actor: { id: 'ann', via: 'cli' },
    cause: null,
  };
  const live: LiveReading = {
    meter: {
      ...{ id: 'rapl:n1', name: 'n1', boundary: 'components', source: 'caco rapl-daemon', basis: 'counter' },
      subject: { kind: 'host', id: 'n1' },
      covers: null,
    },
    energyKwh: 1,
    powerKw: null,
  };
  const worldOf = async (name: 'rapl' | 'sim', readings: LiveReading[]): Promise<World> => {
    const own = ground(readings);
    return {
      ...quietWorld(store, clock.now),
      meter: await METER_ADAPTERS[name].open({ meter: name }, own),
    };
  };

  it('keeps steps of counters; a fall is a gap, and so is power at two looks far apart', async () => {
    now = START;
    const readings = [live];
    const world = await worldOf('rapl', readings);
    const look = async (seconds: number, next: Partial<LiveReading>) => {
      now = plusSeconds(now, seconds);
      readings[0] = { ...readings[0]!, ...next };
      return (await callTool(recordMeters, { apartSeconds: 60 }, world, call)).readings[0]!.sinceKwh;
    };
    expect(await look(0, {})).toBeNull();
    expect(await look(60, { energyKwh: 3 })).toBe(2);
    expect(await look(60, { energyKwh: 0.5 })).toBeNull();
    expect(await look(3600, { energyKwh: 4.5 })).toBe(4);
    expect(await look(60, { energyKwh: null, powerKw: 2 })).toBeNull();
    expect(await look(60, { powerKw: 4 })).toBe(3 / 60);
    expect(await look(61, { powerKw: 4 })).toBeNull();
    const shown = await callTool(showMeter, { meterId: 'rapl:n1' }, world, call);
    expect(shown.energyKwh).toBeCloseTo(6.05, 9);
    expect(shown.gaps.map(({ why }) => why)).toEqual([
      'the counter fell',
      'it told another quantity before',
      'no reading',
    ]);
    expect(await store.rows(METERED).count(spanSet('rapl:n1', START))).toBe(6);
  });

  it('takes no bad answer for energy: what fell and comes back is a gap, and a counter that began anew counts on', async () => {
    now = START;
    const readings = [live];
    const world = await worldOf('rapl', readings);
    const look = async (energyKwh: number) => {
      now = plusSeconds(now, 60);
      readings[0] = { ...live, energyKwh };
      return (await callTool(recordMeters, {}, world, call)).readings[0]!.sinceKwh;
    };
    const kept: (number | null)[] = [];
    for (const energyKwh of [5000, 5001, 0, 0, 5002, 5003, 2, 3, 5]) kept.push(await look(energyKwh));
    expect(kept).toEqual([null, 1, null, null, null, 1, null, 1, 2]);
  });

  it('is by the present where the world lives in another time, and loses nothing between looks of one second', async () => {
    const readings = [live];
    const present = instant('2026-11-30T00:00:00Z');
    let seconds = 0;
    const meter = await METER_ADAPTERS.rapl.open(
      { meter: 'rapl' },
      { ...ground(readings), present: () => plusSeconds(present, seconds) },
    );
    const world = { ...quietWorld(store, () => instant('2022-05-25T00:00:00Z')), meter };
    await callTool(recordMeters, {}, world, call);
    readings[0] = { ...live, energyKwh: 2 };
    expect((await callTool(recordMeters, {}, world, call)).readings[0]!.sinceKwh).toBeNull();
    seconds = 60;
    readings[0] = { ...live, energyKwh: 4 };
    expect(await callTool(recordMeters, {}, world, call)).toMatchObject({
      at: plusSeconds(present, 60),
      readings: [{ sinceKwh: 3 }],
    });
  });

  it('of a simulated machine gives its 100 W', async () => {
    now = START;
    const world = await worldOf('sim', []);
    await callTool(recordMeters, {}, world, call);
    now = plusSeconds(now, 3600);
    const { readings } = await callTool(recordMeters, {}, world, call);
    expect(readings[0]!.sinceKwh).toBeCloseTo(0.1, 6);
  });
});
