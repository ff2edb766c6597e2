import { describe, expect, it } from 'vitest';
import { MICROJOULES, type Reading } from './counter.js';
import { expositionOf } from './exposition.js';
import { type Snapshot, snapshotLine } from './protocol.js';
import { openSession } from './session.js';

describe('what Prometheus reads', () => {
  it('is exact, names its boundary, and leaves out what is not known', () => {
    let ms = 0;
    const zone = (id: string, name: string, reading: Reading) => ({
      zone: { id, name, parent: null, secondView: false },
      scale: { range: null, ujPerTick: MICROJOULES, ratedWatts: null },
      reading,
    });
    const session = openSession({
      mode: 'sysfs',
      from: 'test',
      look: () => ({
        sightings: [
          zone('intel-rapl:0', 'package-0', { ticks: BigInt(ms) * 10n ** 15n + 7n * BigInt(ms) }),
          zone('intel-rapl:1', 'odd"\\name', { ticks: BigInt(ms) * 5n }),
          zone('intel-rapl:2', 'dram', { errno: 'EACCES' }),
        ],
        errno: null,
      }),
    });
    for (ms = 0; ms < 3; ms++) session.sample({ monotonicMs: ms, boottimeMs: ms });
    const pacing = { intervalSeconds: 0.1, ticks: 3, missedTicks: 1, jitterP50Ms: 0.5, jitterP99Ms: null };
    const lines = expositionOf(JSON.parse(snapshotLine(session.report(), pacing)) as Snapshot).split('\n');
    const starting = (text: string) => lines.filter((line) => line.startsWith(text));
    expect(starting('caco_rapl_joules_total')).toEqual([
      'caco_rapl_joules_total{zone="intel-rapl:0",name="package-0",kind="package",role="added",boundary="processor package"} 2000000000.000014',
      'caco_rapl_joules_total{zone="intel-rapl:1",name="odd\\"\\\\name",kind="other",role="other",boundary="unknown"} 0.000010',
    ]);
    expect(starting('caco_rapl_machine')).toEqual([
      'caco_rapl_machine_joules_total{boundary="packages and memory"} 2000000000.000014',
    ]);
    expect(starting('caco_rapl_coverage_ratio')).toEqual(['caco_rapl_coverage_ratio 0.5']);
    expect(starting('caco_rapl_lateness')).toEqual(['caco_rapl_lateness_seconds{quantile="0.5"} 0.0005']);
    expect(starting('# TYPE')).toHaveLength(6);
    expect(lines.at(-1)).toBe('');
  });
});
