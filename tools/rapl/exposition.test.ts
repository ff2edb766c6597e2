import { describe, expect, it } from 'vitest';
import { MICROJOULES, type Reading } from './counter.js';
import { expositionOf, gpuExpositionOf, nodeExpositionOf } from './exposition.js';
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
    const snapshot = JSON.parse(snapshotLine(session.report(), pacing)) as Snapshot;
    const lines = expositionOf(snapshot).split('\n');
    expect(nodeExpositionOf(snapshot).split('\n').slice(0, 3)).toEqual([
      '# HELP node_rapl_package_joules_total Energy of package zones in joules.',
      '# TYPE node_rapl_package_joules_total counter',
      'node_rapl_package_joules_total{index="0",path="intel-rapl:0"} 2000000000.000014',
    ]);
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

  it('has boards with their states; what one does not tell is absent', () => {
    const board = { id: 'GPU-1', name: 'H100', vendor: 'nvidia', labels: { driver: '550', mig: 'Disabled' } } as const;
    const looks = [
      { ...board, counterUj: 1_500_000n, watts: 300.5, powerIs: 'average' as const },
      { ...board, id: 'GPU-2', counterUj: null, watts: null, powerIs: 'unstated' as const },
    ];
    expect(
      gpuExpositionOf(looks)
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    ).toEqual([
      'caco_gpu_joules_total{gpu="GPU-1",name="H100",vendor="nvidia",boundary="GPU board",driver="550",mig="Disabled"} 1.500000',
      'caco_gpu_watts{gpu="GPU-1",name="H100",vendor="nvidia",boundary="GPU board",driver="550",mig="Disabled",power="average"} 300.5',
      '',
    ]);
    expect(gpuExpositionOf([])).toBe('');
  });
});
