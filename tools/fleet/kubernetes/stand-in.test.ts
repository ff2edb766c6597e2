/**
 * The stand-in itself, asked by kubectl, which we did not write, and by the command that a dry run prints. Points that no client of ours
 * depends on, and that kubectl cannot show, come from the documents of Kubernetes and are marked so.
 */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobBody, Lab } from '../../../domain/fixtures/kubernetes/lab.js';
import type { Json } from '../../../domain/fixtures/kubernetes/storage.js';
import { holdCommand } from './hold.js';

const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;
if (!hasKubectl)
  process.stderr.write(
    'SKIPPED, loudly: no kubectl here (Debian: kubernetes-client); nobody else has asked the stand-in.\n',
  );

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());

describe.runIf(hasKubectl)('the stand-in, asked by kubectl', () => {
  const env = () => ({ ...process.env, KUBECONFIG: lab.kubeconfig({ token: 'admin' }), HOME: lab.folder });
  const run = (command: string, args: readonly string[]) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      // Not synchronously: the server lives in this process.
      execFile(command, [...args], { env: env() }, (error, out, err) =>
        resolve({ code: error === null ? 0 : 1, out: `${out}${err}` }),
      );
    });
  const kubectl = (...args: string[]) => run('kubectl', args);
  const file = (name: string, job: object) => {
    const path = join(lab.folder, `${name}.json`);
    writeFileSync(path, JSON.stringify(job));
    return path;
  };
  const apply = (path: string, ...more: string[]) =>
    kubectl('apply', '--server-side', '--validate=false', '-n', 'ml', ...more, '-f', path);

  it('makes, lists and patches Jobs, and names field and manager where two disagree', async () => {
    const plain = file('one', jobBody('one'));
    const made = await apply(plain);
    expect([made.code, made.out]).toEqual([0, expect.stringContaining('serverside-applied')]);
    expect((await kubectl('get', 'jobs', '-A', '-o', 'name')).out).toContain('job.batch/one');
    // The command of a dry run holds a Job that its owner applied without the field …
    const printed = holdCommand(
      { namespace: 'ml', name: 'one', uid: lab.job('one').metadata.uid },
      '2030-01-01T00:00:00Z' as never,
    );
    const held = await run('sh', ['-c', printed.replace('--server-side', '--server-side --validate=false')]);
    expect([held.code, held.out]).toEqual([0, expect.stringContaining('serverside-applied')]);
    expect(lab.job('one').spec.suspend).toBe(true);
    // … which the owner may go on applying, and only by force take back.
    expect((await apply(plain)).code).toBe(0);
    expect(lab.job('one').spec.suspend).toBe(true);
    const other = file('other', jobBody('one', { spec: { suspend: false } }));
    const conflict = await apply(other);
    expect([conflict.code, conflict.out]).toEqual([1, expect.stringMatching(/conflict with "caco".*\.spec\.suspend/s)]);
    expect((await apply(other, '--force-conflicts')).code).toBe(0);
    expect(lab.job('one').spec.suspend).toBe(false);
    expect(
      (await kubectl('patch', 'job', 'one', '-n', 'ml', '--type=merge', '-p', '{"spec":{"suspend":true}}')).code,
    ).toBe(0);
    expect(lab.job('one').spec.suspend).toBe(true);
  });

  it('lets a Job arrive on hold by the two commands of the docs', async () => {
    const path = file('arrives', jobBody('arrives'));
    const made = await run('sh', [
      '-c',
      `kubectl patch --local -f ${path} --type=merge -p '{"spec":{"suspend":true}}' -o json |
         kubectl apply --server-side --validate=false -n ml --field-manager=caco -f -`,
    ]);
    expect([made.code, made.out]).toEqual([0, expect.stringContaining('serverside-applied')]);
    expect((await apply(path)).out).toContain('serverside-applied');
    const owners = lab
      .job('arrives')
      .metadata.managedFields.filter((one: Json) => one.fieldsV1['f:spec']['f:suspend'] !== undefined);
    expect(owners.map(({ manager }: Json) => manager)).toEqual(['caco']);
    expect(lab.job('arrives').spec.suspend).toBe(true);
  });
});

describe('what the stand-in enforces, by the documents of Kubernetes', () => {
  const path = '/apis/batch/v1/namespaces/ml/jobs';

  it('refuses an old version, a missing object with a uid, an unknown kind of patch, and what admission refuses', async () => {
    await lab.create(jobBody('strict'));
    const old = lab.job('strict');
    await lab.ask('PATCH', `${path}/strict`, { metadata: { labels: { a: 'b' } } }, 'application/merge-patch+json');
    expect(await lab.ask('PUT', `${path}/strict`, old)).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(await lab.ask('PATCH', `${path}/strict`, [], 'application/json-patch+json')).toMatchObject({ code: 415 });
    expect(await lab.apply({ ...jobBody('nowhere'), metadata: { name: 'nowhere', uid: 'u' } })).toMatchObject({
      code: 409,
    });
    const immutable = { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } };
    expect(await lab.ask('PATCH', `${path}/strict`, immutable, 'application/merge-patch+json')).toMatchObject({
      code: 422,
    });
    expect(await lab.create(jobBody('negative', { spec: { parallelism: -1 } }))).toMatchObject({
      code: 422,
      reason: 'Invalid',
    });
    expect(await lab.create(jobBody('unknown', { spec: { sleep: 3 } }))).toMatchObject({
      metadata: { name: 'unknown' },
    });
    expect(lab.job('unknown').spec.sleep).toBeUndefined();
  });

  it('keeps what is being finalized, refuses a lease of three decimals, and takes back an unsuspend that is not Kueue’s', async () => {
    const job = jobBody('kept');
    await lab.create({ ...job, metadata: { ...job.metadata, finalizers: ['x/y'] } });
    await lab.ask('DELETE', `${path}/kept`);
    expect(lab.job('kept').metadata.deletionTimestamp).toBeDefined();
    await lab.ask('PATCH', `${path}/kept`, { metadata: { finalizers: null } }, 'application/merge-patch+json');
    expect(lab.server.storage.get('jobs', 'ml', 'kept')).toBeUndefined();
    const leases = '/apis/coordination.k8s.io/v1/namespaces/caco/leases';
    expect(
      await lab.ask('POST', leases, { metadata: { name: 'l' }, spec: { renewTime: new Date().toISOString() } }),
    ).toMatchObject({ code: 400 });
    lab.server.kueue = true;
    await lab.create(jobBody('queued', { labels: { 'kueue.x-k8s.io/queue-name': 'q' } }));
    expect(lab.job('queued').spec.suspend).toBe(true);
    await lab.ask('PATCH', `${path}/queued`, { spec: { suspend: false } }, 'application/merge-patch+json');
    expect(lab.job('queued').spec.suspend).toBe(true);
  });
});
