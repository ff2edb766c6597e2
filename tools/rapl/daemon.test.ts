/** The daemon and its client over a real socket, on counters that the test moves. */
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { askDaemon } from './client.js';
import { MICROJOULES } from './counter.js';
import { type DaemonOptions, runDaemon } from './daemon.js';
import { readRequest, type Snapshot } from './protocol.js';
import { groupId, listenAt, modeOf } from './socket.js';
import type { Source } from './source.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-daemon-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running) await stop();
  running = [];
});

let ticks = 0n;
const source: Source = {
  mode: 'sysfs',
  from: 'test',
  look: () => ({
    sightings: [
      {
        zone: { id: 'intel-rapl:0', name: 'package-0', parent: null, secondView: false },
        scale: { range: 262_143_328_850n, ujPerTick: MICROJOULES, ratedWatts: null },
        reading: { ticks },
      },
    ],
    errno: null,
  }),
};

const start = async (name: string, more: Partial<DaemonOptions> = {}) => {
  const path = join(folder, name);
  const said: string[] = [];
  const ended = new AbortController();
  let daemon: Promise<void> = Promise.resolve();
  await new Promise<void>((ready, failed) => {
    daemon = runDaemon(
      {
        ...{ source, intervalSeconds: 0.01, socket: { path, mode: 0o660 }, statePath: `${path}.state` },
        ...{ say: (text: string) => void said.push(text), ready },
        ...more,
      },
      ended.signal,
    );
    daemon.catch(failed);
  });
  const stop = async () => {
    ended.abort();
    await daemon;
  };
  running.push(stop);
  return { path, said, stop };
};

const until = async (path: string, holds: (s: Snapshot) => boolean): Promise<Snapshot> => {
  for (;;) {
    const snapshot = await askDaemon(path, 300_000);
    if (holds(snapshot)) return snapshot;
  }
};

describe('the daemon', () => {
  it('tells its client what was counted, and how evenly it looks', async () => {
    ticks = 5n;
    const { path, stop } = await start('a');
    const first = await askDaemon(path, 300_000);
    expect(first).toMatchObject({ v: 1, ok: true, zones: [{ id: 'intel-rapl:0', kind: 'package', role: 'added' }] });
    ticks = 1_000_005n;
    const next = await until(path, (s) => s.totalUj === '1000000');
    expect(next).toMatchObject({ mode: 'measured', zones: [{ energyUj: '1000000' }] });
    expect(next.pacing.ticks).toBeGreaterThan(0);
    expect(next.pacing.jitterP99Ms).toBeGreaterThanOrEqual(0);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await stop();
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    await expect(askDaemon(path)).rejects.toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('goes on where the one before it was, whatever ended that', async () => {
    ticks = 100n;
    const { path, stop } = await start('b');
    ticks = 400n;
    const told = await until(path, (s) => s.totalUj === '300');
    const files = [`${path}.state`, `${path}.state.other`];
    const states = files.map((file) => readFileSync(file));
    await stop();
    // As a sudden end would have left it: the state of the newest look that anybody was told.
    for (const [i, file] of files.entries()) writeFileSync(file, states[i]!);
    ticks = 1000n;
    await start('b');
    const after = await askDaemon(path, 300_000);
    expect(BigInt(after.totalUj!)).toBe(900n);
    expect(after.status).toBe('complete');
    expect(after.seconds).toBeGreaterThanOrEqual(told.seconds);
  });

  it('puts a broken state aside, says so, and measures', async () => {
    writeFileSync(join(folder, 'c.state'), '{"v":1,"totalUj":"12');
    const { path, said } = await start('c');
    expect(said.join()).toContain('.broken');
    expect(readFileSync(`${path}.state.broken`, 'utf8')).toBe('{"v":1,"totalUj":"12');
    expect((await askDaemon(path, 300_000)).ok).toBe(true);
  });

  it('lets its clients go when it ends', async () => {
    const { path, stop } = await start('h');
    const client = createConnection(path);
    client.on('error', () => {});
    await new Promise((resolve) => client.once('connect', resolve));
    const gone = new Promise((resolve) => client.resume().once('close', resolve));
    await stop();
    await gone;
  });

  it('measures on where its state cannot be written, and says so once', async () => {
    const { path, said } = await start('d', { statePath: join(folder, 'nowhere/state') });
    await until(path, (s) => s.pacing.ticks > 5);
    expect(said.filter((text) => text.includes('outlive'))).toHaveLength(1);
  });
});

describe('the place of the socket', () => {
  const refusal = (code: string) => expect.objectContaining({ code });

  it('is taken over from a daemon that is gone, and from nobody else', async () => {
    const path = join(folder, 'e');
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(`${path}.x`, resolve));
    renameSync(`${path}.x`, path);
    await new Promise((resolve) => gone.close(resolve));
    expect(statSync(path).isSocket()).toBe(true);
    await start('e');
    expect((await askDaemon(path, 300_000)).ok).toBe(true);
    await expect(start('e')).rejects.toThrow(refusal('conflict'));
    expect((await askDaemon(path, 300_000)).ok).toBe(true);
    writeFileSync(join(folder, 'f'), 'mine');
    await expect(start('f')).rejects.toThrow(refusal('conflict'));
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('mine');
  });

  it('needs a group that exists, a mode that is one, and a path that fits', async () => {
    writeFileSync(join(folder, 'group'), 'root:x:0:\ncarbon-users:x:977:a,b\n');
    expect(groupId('carbon-users', join(folder, 'group'))).toBe(977);
    expect(groupId('12')).toBe(12);
    expect(() => groupId('carbon', join(folder, 'group'))).toThrow(refusal('not-found'));
    expect([modeOf('660'), modeOf('0600')]).toEqual([0o660, 0o600]);
    for (const text of ['66', '888', 'rw']) expect(() => modeOf(text)).toThrow(refusal('invalid-input'));
    const long = join(folder, 'x'.repeat(120));
    await expect(listenAt(createServer(), { path: long, mode: 0o600 })).rejects.toThrow(refusal('invalid-input'));
  });
});

describe('the protocol', () => {
  it('asks for a snapshot with the shortest line, and refuses what it does not know', () => {
    expect(readRequest('{}')).toEqual({ get: 'snapshot' });
    for (const line of ['', 'hello', '[]', '{"v":2}', '{"get":"reset"}', '{"v":1,"set":1', 'null'])
      expect(() => readRequest(line)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });

  it('is not mistaken for what another server says', async () => {
    const path = join(folder, 'g');
    const other = createServer((socket) => socket.resume().end('{"status":"ok","totals_uj":{}}\n'));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    await expect(askDaemon(path, 300_000)).rejects.toThrow(/no snapshot of version 1/);
    await new Promise((resolve) => other.close(resolve));
  });
});
