/** Counters at the command line, as built: simulated ones that one process moves and another reads. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// Real processes: nothing is judged by its time, and only a test that hangs ends by this limit.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-rapl-'));
const environment = { PATH: process.env.PATH, HOME: folder, CACO_HOME: join(folder, 'home') };
const root = join(folder, 'powercap');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = (...args: string[]) => {
  const all = args.includes('--') ? args : [...args, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...all], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
  });
  expect(stdout, stderr).not.toBe('');
  return { status, answer: JSON.parse(stdout) };
};

describe('simulated counters', () => {
  let simulation: ChildProcess;
  let said = '';
  let ended: Promise<unknown>;
  beforeAll(async () => {
    const args = ['rapl-sim', '--root', root, '--watts', '100', '--json'];
    simulation = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    simulation.stdout!.on('data', (text) => {
      said += text;
    });
    ended = new Promise((resolve) => simulation.once('close', resolve));
    while (!existsSync(join(root, 'intel-rapl:1/energy_uj'))) await pause(20);
  });
  afterAll(() => {
    simulation.kill();
  });

  it('are read by another process', async () => {
    // A machine that is busy may look away for a while; the kernel's range leaves 131 s for that.
    const { status, answer } = json('rapl', 'read', '--powercap-root', root, '--duration', '1', '--interval', '0.2');
    expect(status).toBe(0);
    expect(answer).toMatchObject({ mode: 'measured', status: 'complete', coverageRatio: 1 });
    expect(answer.zones.map((z: { id: string }) => z.id)).toEqual([
      'intel-rapl:0',
      'intel-rapl:0:0',
      'intel-rapl:0:1',
      'intel-rapl:1',
    ]);
    const [pack, , dram] = answer.zones;
    expect(BigInt(answer.totalUj)).toBe(BigInt(pack.energyUj) + BigInt(dram.energyUj));
    expect(Object.keys(pack)).toEqual(expect.arrayContaining(['id', 'name', 'kind', 'energyUj', 'wraps', 'gaps']));
    const work = ['--', process.execPath, '-e', 'const e = Date.now() + 300; while (Date.now() < e);'];
    const ran = json('energy', 'run', '--json', '--powercap-root', root, '--idle-watts', '10', ...work);
    expect(ran.status).toBe(0);
    expect(ran.answer).toMatchObject({ mode: 'measured', attributionMode: 'cpu_time', why: null });
    const sum = ran.answer.rows.reduce((s: bigint, row: { energyUj: string }) => s + BigInt(row.energyUj), 0n);
    expect(sum).toBe(BigInt(ran.answer.totalUj));
    expect(BigInt(ran.answer.energyUj)).toBeGreaterThan(0n);
    // There was no home; the world that told the intensity made one, and the next run is evidence.
    expect(ran.answer.ledger).toBeNull();
    // A meter knows whole seconds: what begins and ends within one is evidence, and no reading.
    const longer = ['--', process.execPath, '-e', 'const e = Date.now() + 1100; while (Date.now() < e);'];
    const kept = json('energy', 'run', '--json', '--powercap-root', root, '--job', 'J-1', ...longer);
    expect(kept.answer.ledger).toMatchObject({ seq: expect.any(Number), meterId: 'energy-run:J-1' });
    expect(json('energy', 'run', '--json', '--powercap-root', root, '--no-record', ...work).answer.ledger).toBeNull();
    const told = json('energy', 'top', '--powercap-root', root, '--duration', '1', '--idle-watts', '10').answer;
    expect(told.mode).toBe('measured');
    expect(told.rows.reduce((s: bigint, row: { energyUj: string }) => s + BigInt(row.energyUj), 0n)).toBe(
      BigInt(told.totalUj),
    );
    const { value, low, high } = ran.answer.emissionsKg;
    expect(low).toBeLessThan(value);
    expect(value).toBeLessThan(high);
    simulation.kill('SIGTERM');
    await ended;
    const truth = JSON.parse(said);
    expect(BigInt(answer.totalUj)).toBeGreaterThan(0n);
    expect(BigInt(answer.totalUj)).toBeLessThanOrEqual(BigInt(truth.totalUj));
  });
});

describe('the daemon', () => {
  const entry = fileURLToPath(new URL('../dist/tools/rapl/daemon.main.js', import.meta.url));
  const socket = join(folder, 'rapl.sock');
  const tree = join(folder, 'moving');
  const flags = ['--powercap-root', tree, '--socket-path', socket, '--interval', '0.05'];
  const status = () => json('rapl', 'status', '--socket-path', socket);
  const children: ChildProcess[] = [];
  const start = async (program: string[]) => {
    const child = spawn(process.execPath, [...program, ...flags], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    await new Promise<void>((ready) =>
      child.stderr!.on('data', (text) => {
        if (String(text).includes('clients connect')) ready();
      }),
    );
    return { child, ended: new Promise((resolve) => child.once('close', resolve)) };
  };
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  it('outlives kill -9: its totals go on and never fall; and one is enough', async () => {
    const args = ['rapl-sim', '--root', tree, '--watts', '100'];
    children.push(spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: environment, stdio: 'ignore' }));
    while (!existsSync(join(tree, 'intel-rapl:1/energy_uj'))) await pause(20);
    const first = await start([entry]);
    let { answer } = status();
    while (answer.totalUj === null) ({ answer } = status());
    expect(answer).toMatchObject({ v: 1, mode: 'measured', pacing: { intervalSeconds: 0.05 } });
    first.child.kill('SIGKILL');
    await first.ended;
    expect(status()).toMatchObject({ status: 6, answer: { error: { code: 'unavailable' } } });

    const second = await start([MAIN, 'rapl-daemon']);
    const after = status().answer;
    expect(BigInt(after.totalUj)).toBeGreaterThanOrEqual(BigInt(answer.totalUj));
    expect(after).toMatchObject({ status: 'complete', zones: [{ gaps: [] }, {}, {}, {}] });
    const other = json('rapl-daemon', ...flags);
    expect([other.status, other.answer.error.code]).toEqual([4, 'conflict']);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(existsSync(socket)).toBe(false);
  });
});

describe('the demonstration', () => {
  it('makes counters of its own, and says what other readers miss', () => {
    const { status, answer } = json('rapl-demo', '--duration', '1', '--scrape', '0.3');
    expect(status).toBe(0);
    expect(answer).toMatchObject({ simulated: true, scrapeSeconds: 0.3 });
    expect(BigInt(answer.accumulatorUj) - BigInt(answer.scraperUj)).toBe(BigInt(answer.scraperMissingUj));
    expect(answer.points.length).toBeGreaterThan(1);
    expect(json('rapl-demo', '--duration', '1', '--scrape', '5').status).toBe(2);
  });
});

describe('without counters', () => {
  it('reading says why, and what to do', () => {
    const { status, answer } = json('rapl', 'read', '--powercap-root', join(folder, 'nowhere'));
    expect(status).toBe(6);
    expect(answer.error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ENOENT') });
    expect(answer.error.remedy).toContain('caco rapl-sim');
  });

  it('work is modelled, said so with its method, and ends with its own exit code', () => {
    const work = ['--', process.execPath, '-e', 'const e = Date.now() + 300; while (Date.now() < e); process.exit(7);'];
    const { status, answer } = json('energy', 'run', '--json', '--powercap-root', join(folder, 'nowhere'), ...work);
    expect(status).toBe(7);
    expect(answer).toMatchObject({ mode: 'modelled', attributionMode: 'monitor_only', totalUj: null, exitCode: 7 });
    expect(answer.method).toContain('W per vCPU');
    expect(answer.why).toContain('ENOENT');
    expect(BigInt(answer.energyUj)).toBeGreaterThan(0n);
    expect(json('energy', 'run', '--json', '--', 'no-such-program').status).toBe(3);
  });

  it.each([[['--duration', 'soon']], [['--interval', '0']], [['--rapl-mode', 'guess']], [['--max-watts', '-5']]])(
    '%j is bad input',
    (args) => {
      const tree = join(folder, 'still');
      spawnSync(process.execPath, [MAIN, 'rapl-sim', '--root', tree, '--watts', '1', '--duration', '0.01'], {
        env: environment,
      });
      const { status, answer } = json('rapl', 'read', '--powercap-root', tree, ...args);
      expect([status, answer.error.code]).toEqual([2, 'invalid-input']);
    },
  );
});
