/** A `/proc` and a cgroup tree that the test writes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { attribute } from './attribution.js';
import { activeTicks, cgroupOf, groupOf, type Look, lookAtProcesses, processTicks, usedBetween } from './processes.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-proc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const statOf = (pid: number, name: string, utime: number, stime: number, start: number) =>
  `${pid} (${name}) S 1 1 1 0 -1 4194560 1 0 0 0 ${utime} ${stime} 0 0 20 0 1 0 ${start} 100 10 0\n`;
const JOB = '/system.slice/slurmstepd.scope/job_42';

describe('the text of the kernel', () => {
  it('counts active time without idle, waiting and guests', () => {
    expect(activeTicks('cpu  2900 0 240 4700 100 0 60 0 500 0\ncpu0 1 1 1 1\n')).toBe(3200n);
    expect(activeTicks('nothing')).toBe(0n);
  });

  it('may hold any name of a process', () => {
    expect(processTicks(statOf(5, 'a) R 9 (b', 7, 3, 99))).toEqual({ ticks: 10n, startTicks: 99n });
    for (const text of ['', '5 (x', '5 (x) S 1 2 3']) expect(processTicks(text)).toBeNull();
  });

  it.each([
    [`0::${JOB}/step_0/user/task_0`, 'slurm:42', JOB],
    ['4:cpu,cpuacct:/slurm/uid_1000/job_7/step_batch\n1:name=systemd:/x', 'slurm:7', '/slurm/uid_1000/job_7'],
    [`0::/system.slice/docker-${'ab12'.repeat(16)}.scope`, 'container:ab12ab12ab12', null],
    [
      `0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-${'0f'.repeat(32)}.scope/x`,
      'container:0f0f0f0f0f0f',
      null,
    ],
    ['0::/system.slice/nginx.service', 'nginx.service', '/system.slice/nginx.service'],
    ['0::/', 'system', null],
    ['', 'system', null],
  ])('%j is of %s', (text, group, path) => {
    const found = groupOf(cgroupOf(text));
    expect(found.group).toBe(group);
    if (path !== null) expect(found.path).toBe(path);
  });
});

describe('two looks', () => {
  it('give each process its time, and the job those that came and went', () => {
    const place = (pid: number, ticks: number, start: number, cgroup: string) => {
      write(`proc/${pid}/stat`, statOf(pid, 'x', ticks, 0, start));
      write(`proc/${pid}/cgroup`, `0::${cgroup}\n`);
    };
    const look = (earlier: Look | null) => lookAtProcesses(earlier, join(folder, 'proc'), join(folder, 'cgroup'));
    write('proc/stat', 'cpu 1000 0 0 0 0 0 0 0 0 0\n');
    write('proc/self/stat', 'not a number');
    write(`cgroup${JOB}/cpu.stat`, 'usage_usec 5000000\nuser_usec 1\n');
    place(10, 100, 50, JOB);
    place(11, 300, 51, JOB);
    place(12, 40, 52, '/');
    const before = look(null);

    write('proc/stat', 'cpu 1500 0 0 0 0 0 0 0 0 0\n');
    write(`cgroup${JOB}/cpu.stat`, 'usage_usec 9000000\nuser_usec 1\n');
    place(10, 250, 50, JOB);
    rmSync(join(folder, 'proc/11'), { recursive: true });
    // The number of an ended process is dealt out again.
    place(12, 25, 900, '/');
    const used = usedBetween(before, look(before));
    expect(used.activeUs).toBe(5_000_000n);
    expect(used.processes.map(({ pid, cpuUs }) => [pid, cpuUs])).toEqual([
      [10, 1_500_000n],
      [12, 250_000n],
    ]);
    expect([...used.groups]).toEqual([['slurm:42', 4_000_000n]]);
    expect(used.isLost).toBe(true);

    const { rows, groups } = attribute({ ...used, energyUj: 1_000_000n, seconds: 1, idleWatts: 0 });
    expect(rows.map(({ kind, group, energyUj }) => [kind, group, energyUj])).toEqual([
      ['process', 'slurm:42', 300_000n],
      ['process', 'system', 50_000n],
      ['ended', 'slurm:42', 500_000n],
      ['unattributed', 'system', 150_000n],
      ['idle', 'idle', 0n],
    ]);
    expect(groups.get('slurm:42')).toBe(800_000n);
  });
});
