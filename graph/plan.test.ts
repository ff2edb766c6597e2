/** make_plan over the whole program: what it plans when nobody names a workload. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { JOBS, WORKLOADS } from '../domain/job.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened = (name: string) => openApp(readConfig({ home: join(folder, name) }, {}, folder).config);
const WINDOW = { horizonHours: 3 };

it('plans the queue that waits where nothing was taken in, the same through every door', async () => {
  const plans = new Set<string>();
  for (const via of ['cli', 'http', 'mcp'] as const) {
    const app = await opened(via);
    try {
      const by = { actor: { id: 'ann', via } };
      const { plan } = await app.call('make_plan', WINDOW, { ...by, idempotencyKey: 'once' });
      expect(plan!.jobs.total).toBeGreaterThan(10);
      const [workload] = await app.world.store.collection(WORKLOADS).list();
      expect(workload!.value).toMatchObject({ id: plan!.workloadId, origin: 'queue', jobs: plan!.jobs.total });
      expect((await app.call('make_plan', WINDOW, { ...by, idempotencyKey: 'once' })).plan).toEqual(plan);
      plans.add(plan!.digest);
    } finally {
      await app.close();
    }
  }
  expect(plans.size).toBe(1);
});

it('plans what was taken in last where something was', async () => {
  const app = await opened('taken-in');
  try {
    const by = { actor: { id: 'ann', via: 'http' as const } };
    const { workloadId } = await app.call('ingest_jobs', { jobs: [{ id: 'a', duration_hours: 1, power_kw: 5 }] }, by);
    const { plan } = await app.call('make_plan', WINDOW, by);
    expect([plan!.workloadId, plan!.jobs.total]).toEqual([workloadId, 1]);
  } finally {
    await app.close();
  }
});

it('plans a job that was submitted together with the queue that waits', async () => {
  const app = await opened('submitted');
  try {
    const by = { actor: { id: 'ann', via: 'http' as const } };
    await app.call('submit_job', { id: 'a', durationHours: 1, powerKw: 5 }, by);
    const { plan } = await app.call('make_plan', WINDOW, by);
    const [workload] = await app.world.store.collection(WORKLOADS).list();
    expect(plan!.workloadId).toBe(workload!.id);
    expect(plan!.jobs.total).toBeGreaterThan(10);
    expect(await app.world.store.rows(JOBS).find(plan!.workloadId, 'a')).toMatchObject({ id: 'a' });
  } finally {
    await app.close();
  }
});
