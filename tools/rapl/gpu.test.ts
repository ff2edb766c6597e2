/** Boards: a scripted nvidia-smi, a tree of hwmon, and counting by a clock that the test moves. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lookAtBoards } from './amdgpu.js';
import { type GpuLook, gpuJson, gpuSession } from './gpu.js';
import { openGpus } from './gpus.js';
import { boardIn, fieldsIn } from './nvidia.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-gpu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

const HELP = `List of valid properties to query for the switch "--query-gpu=":

"uuid" or "gpu_uuid"
This value is the globally unique immutable alphanumeric identifier of the GPU.

"name" or "gpu_name"
"driver_version"
"persistence_mode"
"mig.mode.current"
"ecc.mode.current"
"power.draw"
The last measured power draw for the entire board, in watts.
"power.draw.average"
"power.draw.instant"
`;
const FIELDS =
  'uuid,name,power.draw.average,power.draw.instant,power.draw,driver_version,persistence_mode,mig.mode.current,ecc.mode.current';

/** Prints two boards at once and then waits to be ended, as the real one does between two lines. */
const scripted = (name: string, help: string, lines: readonly string[], atEnd = 'process.exit(0)') => {
  const path = join(folder, name);
  const text = `#!/usr/bin/env node
if (process.argv.includes('--help-query-gpu')) { process.stdout.write(${JSON.stringify(help)}); process.exit(0); }
if (!process.argv.some((a) => a.startsWith('--query-gpu='))) process.exit(2);
if (process.argv.some((a) => /^-(pm|pl|e|r|mig)|--(power|persistence|gpu-reset)/.test(a) && !a.startsWith('--query'))) process.exit(3);
for (const line of ${JSON.stringify(lines)}) process.stdout.write(line + '\\n');
setInterval(() => {}, 1000);
process.on('SIGTERM', () => { ${atEnd}; });
`;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
};

describe('nvidia-smi', () => {
  it('is asked for what its driver knows, and for the oldest fields where it does not say', () => {
    expect(fieldsIn(HELP).join()).toBe(FIELDS);
    expect(fieldsIn(`${HELP}"total_energy_consumption"\n`)).toContain('total_energy_consumption');
    expect(fieldsIn('nonsense')).toEqual(['uuid', 'name', 'power.draw', 'driver_version', 'persistence_mode']);
  });

  it.each([
    [
      'GPU-1, NVIDIA H100, 312.5, 298.1, 312.5, 550.1, Enabled, Disabled, Enabled',
      { watts: 312.5, powerIs: 'average' },
    ],
    ['GPU-1, NVIDIA A100, [N/A], 298.1, 298.1, 550.1, Enabled, [N/A], Enabled', { watts: 298.1, powerIs: 'instant' }],
    [
      'GPU-1, Old board, [Not Supported], [N/A], 30.25, 470.1, Disabled, N/A, N/A',
      { watts: 30.25, powerIs: 'unstated' },
    ],
    ['GPU-1, Mute board, N/A, N/A, [Unknown Error], 470.1, Disabled, N/A, N/A', { watts: null, counterUj: null }],
  ])('%s', (line, told) => {
    expect(boardIn(line, FIELDS.split(','))).toMatchObject(told);
  });

  it('has states as labels, a counter in thousandths of a joule, and is nothing where a line is cut', () => {
    const fields = ['uuid', 'total_energy_consumption', 'driver_version', 'mig.mode.current', 'ecc.mode.current'];
    expect(boardIn('GPU-1, 9007199254740993, 550.1, Enabled, Disabled', fields)).toMatchObject({
      counterUj: 9007199254740993000n,
      labels: { driver: '550.1', mig: 'Enabled', ecc: 'Disabled' },
    });
    for (const line of ['', 'GPU-1, 12', 'No devices were found', 'GPU 1; x, 1, 2, 3, 4'])
      expect(boardIn(line, fields)).toBeNull();
  });

  it('runs once and prints on; what it said is taken with the time it came, and it is ended', async () => {
    const line = (uuid: string) => `${uuid}, NVIDIA H100, 300, 250, 300, 550.1, Enabled, Disabled, Enabled`;
    const program = scripted('nvidia-smi', HELP, [line('GPU-a'), line('GPU-b')]);
    const watch = openGpus({ program, drmRoot: join(folder, 'none'), intervalMs: 100 })!;
    const seen: string[] = [];
    while (seen.length < 2) {
      for (const { looks } of watch.take()) seen.push(...looks.map(({ id }) => id));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toEqual(['GPU-a', 'GPU-b']);
    await watch.stop();
    expect(openGpus({ program: join(folder, 'absent'), drmRoot: join(folder, 'none'), intervalMs: 100 })).toBeNull();
  });
});

describe('a driver that hangs', () => {
  it('is not waited for: its program is ended though it does not want to', async () => {
    const program = scripted('hangs', HELP, [], 'setInterval(() => {}, 1000)');
    const watch = openGpus({ program, drmRoot: join(folder, 'none'), intervalMs: 100 })!;
    await watch.stop();
    expect(watch.take()).toEqual([]);
  });
});

describe('hwmon', () => {
  it('tells boards of AMD by power and of Intel by energy; other sensors are none', () => {
    const at = (card: string, file: string, text: string) => write(`drm/${card}/device/${file}`, `${text}\n`);
    at('card0', 'hwmon/hwmon3/name', 'amdgpu');
    at('card0', 'hwmon/hwmon3/power1_average', '212000000');
    at('card0', 'uevent', 'DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0');
    at('card1', 'hwmon/hwmon4/name', 'i915');
    at('card1', 'hwmon/hwmon4/energy1_input', '123456789');
    at('card2', 'hwmon/hwmon5/name', 'amdgpu');
    at('card2', 'hwmon/hwmon5/power1_input', 'soon');
    at('card3', 'hwmon/hwmon6/name', 'nouveau');
    at('card3', 'hwmon/hwmon6/power1_average', '1');
    at('card0-DP-1', 'hwmon/hwmon3/name', 'amdgpu');
    expect(lookAtBoards(join(folder, 'drm'))).toMatchObject([
      { id: '0000:03:00.0', vendor: 'amd', watts: 212, powerIs: 'average', counterUj: null },
      { id: 'card1', vendor: 'intel', watts: null, counterUj: 123456789n },
    ]);
    expect(lookAtBoards(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('the energy of a board', () => {
  const look = (over: Partial<GpuLook>): GpuLook => ({
    ...{ id: 'g', name: 'board', vendor: 'nvidia', counterUj: null, watts: null, powerIs: 'average', labels: {} },
    ...over,
  });
  const told = (looks: readonly (readonly [number, Partial<GpuLook>])[]) => {
    const session = gpuSession();
    for (const [atMs, over] of looks) session.sample([look(over)], atMs);
    return gpuJson(session.report()[0]!);
  };

  it('is the step of its counter, however far apart two looks are; a fall is a gap', () => {
    expect(
      told([
        [0, { counterUj: 5n }],
        [60_000, { counterUj: 1_000_005n }],
        [61_000, { counterUj: 3n }],
        [62_000, { counterUj: 13n }],
      ]),
    ).toMatchObject({ method: 'counter', energyUj: '1000010', gapCount: 1, coverageRatio: 61 / 62 });
  });

  it('is power over the looks that came; a silence is a gap, and nothing is lost of small steps', () => {
    expect(
      told([
        [0, { watts: 100 }],
        [100, { watts: 300 }],
        [200, { watts: 300 }],
        [9000, { watts: 300 }],
      ]),
    ).toMatchObject({ method: 'integral', energyUj: '50000000', gapCount: 1, looks: 4, intervalMs: 3000 });
    const thirds = Array.from({ length: 3001 }, (_, i) => [i / 3, { watts: 0.001 }] as const);
    // A milliwatt for a second.
    expect(Math.abs(Number(told(thirds).energyUj) - 1000)).toBeLessThanOrEqual(1);
    expect(told([[0, { watts: 5 }]])).toMatchObject({ energyUj: null, intervalMs: null, coverageRatio: 0 });
  });
});
