/**
 * A plan for a cluster, carried out by the program as built and killed in the middle of it, with the releaser beside it as a process of its
 * own: no Job is lost, none starts before its time, and none is held for ever.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobBody, Lab } from '../domain/fixtures/kubernetes/lab.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** More of them, by hand: CACO_KILLS=20 */
const KILLS = Number((process.env.CACO_KILLS ?? '2').split(',')[0]);
/** Each takes two of 31 CPUs for one of two clean slots: all of them fit. */
const JOBS = 24;

describe('a plan for a Kubernetes cluster', () => {
  let lab: Lab;
  let releaser: ChildProcess;
  const at = (name: string) => join(lab.folder, name);
  const env = (token: string) => ({
    ...process.env,
    ...{ HOME: lab.folder, CACO_HOME: at('home'), CACO_FLEET: 'kubernetes', CACO_DRY_RUN: 'off' },
    ...{ CACO_GRID: `file:${at('signal.csv')}`, CACO_SLOT_MINUTES: '5', KUBECONFIG: lab.kubeconfig({ token }) },
  });
  /** The code is null where it was killed. */
  const caco = (args: readonly string[], more: Record<string, string> = {}, killedAfterMs?: number) =>
    new Promise<{ code: number | null; out: string; err: string; ms: number }>((resolve) => {
      const begun = Date.now();
      const child = spawn(process.execPath, [MAIN, ...args], { cwd: lab.folder, env: { ...env('planner'), ...more } });
      let [out, err] = ['', ''];
      child.stdout.on('data', (text) => {
        out += text;
      });
      child.stderr.on('data', (text) => {
        err += text;
      });
      const timer = killedAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killedAfterMs);
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code, out, err, ms: Date.now() - begun });
      });
    });
  const names = Array.from({ length: JOBS }, (_, n) => `job-${n}`);
  const held = () => names.filter((name) => lab.job(name).spec.suspend === true);
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((go) => setTimeout(go, 100));
  };
  /** The lease of a process that was killed is nobody's after a minute; here it is taken from it at once. */
  const free = () => {
    const lease = lab.server.storage.get('leases', 'caco', 'caco-placing');
    if (lease !== undefined)
      lab.server.storage.update('leases', { ...lease, spec: { ...lease.spec, holderIdentity: '' } });
  };
  /** Ten clean minutes from `best` on, in epoch seconds. */
  const signal = (best: number) => {
    const rows = ['start,intensity_g_per_kwh,price_per_mwh'];
    const now = Math.floor(Date.now() / 1000);
    for (let t = Math.floor(now / 300) * 300 - 7200; t < now + 40 * 3600; t += 300)
      rows.push(`${new Date(t * 1000).toISOString().slice(0, 19)}Z,${t >= best && t < best + 600 ? 50 : 400},100`);
    writeFileSync(at('signal.csv'), `${rows.join('\n')}\n`);
  };

  beforeAll(async () => {
    lab = await Lab.open();
    mkdirSync(at('home'), { recursive: true });
    for (const name of names) await lab.apply(jobBody(name, { annotations: { 'caco.dev/duration': 'PT5M' } }));
    await lab.create(jobBody('theirs', { spec: { suspend: true } }));
    releaser = spawn(process.execPath, [MAIN, 'kubernetes', 'release', '--json'], {
      cwd: lab.folder,
      env: env('releaser'),
      stdio: 'ignore',
    });
    await until(() => lab.server.storage.get('leases', 'caco', 'caco-releaser') !== undefined);
  });
  afterAll(async () => {
    releaser?.kill('SIGKILL');
    await lab?.close();
  });

  it('is carried out whole, whatever is killed in the middle of it, and taken back whole', async () => {
    const best = Math.ceil(Date.now() / 300_000) * 300 + 7200;
    signal(best);
    const launched = await caco(['launch', '--horizon-hours', '4', '--approval', 'ask', '--json']);
    expect(launched.code, launched.err).toBe(4);
    const { runId, approvalId } = JSON.parse(launched.out) as { runId: string; approvalId: string };
    const rehearsed = await caco(['doctor', '--json']);
    expect(
      JSON.parse(rehearsed.out).findings.find(({ what }: { what: string }) => what === 'kubernetes rights').state,
    ).toBe('ok');
    // Where it is killed is chance; the way back and forth is gone until there were enough of them.
    let spanMs = launched.ms;
    for (let kills = 0; kills < KILLS; ) {
      const said = await caco(['approve', approvalId, '--why', 'yes'], {}, Math.random() * spanMs);
      if (said.code === null) kills++;
      else spanMs = said.ms;
      free();
      const resumed = await caco(['resume', runId], {}, Math.random() * spanMs * 2);
      if (resumed.code === null) kills++;
      free();
    }
    await caco(['approve', approvalId, '--why', 'yes']);
    const resumed = await caco(['resume', runId]);
    expect(resumed.code, resumed.err).toBe(0);
    expect(held()).toEqual(names);
    for (const name of names) {
      const start = Date.parse(lab.job(name).metadata.annotations['caco.dev/held-until']) / 1000;
      expect([name, start >= best && start <= best + 600]).toEqual([name, true]);
    }
    expect(lab.job('theirs').spec.suspend).toBe(true);
    const undone = await caco(['undo', runId, '--json']);
    expect(undone.code, undone.err).toBe(0);
    expect(JSON.parse(undone.out)).toMatchObject({ undone: JOBS, kept: 0 });
    expect(held()).toEqual([]);
    expect(lab.server.requests.filter((line) => /force=true|^DELETE|^PUT .*jobs/.test(line))).toEqual([]);
  });

  it('starts every Job that it held, when its time has come and CACO is gone', async () => {
    signal(Math.ceil(Date.now() / 300_000) * 300 + 3600);
    const launched = await caco(['launch', '--horizon-hours', '4', '--approval', 'ask', '--json']);
    const { approvalId } = JSON.parse(launched.out) as { approvalId: string };
    const approved = await caco(['approve', approvalId, '--why', 'yes']);
    expect(approved.code, approved.err).toBe(0);
    expect(held()).toEqual(names);
    // Two hours pass: what stands on each Job is all that the releaser has to go by.
    const began = lab.server.controller.log.length;
    for (const name of names) {
      const job = lab.job(name);
      const past = new Date(Date.now() - 1000).toISOString().replace(/\.\d+/, '');
      lab.server.storage.update('jobs', {
        ...job,
        metadata: { ...job.metadata, annotations: { ...job.metadata.annotations, 'caco.dev/held-until': past } },
      });
    }
    await until(() => held().length === 0);
    const resumed = lab.server.controller.log.slice(began).filter(({ what }) => what === 'resumed');
    expect(resumed.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(lab.job('theirs').spec.suspend).toBe(true);
  });
});
