import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FOREIGN_DATA, lacksData, shippedPath } from '../../../checks/public-data.js';
import type { Job } from '../../../domain/job.js';
import { faultOf, file, fixture, json, openTrial, removeFolder, type Trial } from '../fixtures/trial.js';

let trial: Trial;
beforeEach(async () => {
  trial = await openTrial();
});
afterAll(removeFolder);
const ingest: Trial['ingest'] = (input) => trial.ingest(input);
const jobsOf: Trial['jobsOf'] = (id) => trial.jobsOf(id);

const snake = (job: Job | undefined) =>
  Object.fromEntries(
    Object.entries(job ?? {}).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );
/** Times and text to the letter, hours to 1e-6. */
const expectJob = (job: Job | undefined, expected: Record<string, unknown>) => {
  const mine = snake(job);
  for (const [key, value] of Object.entries(expected))
    if (key === 'duration_hours') expect(mine[key]).toBeCloseTo(value as number, 6);
    else expect([key, mine[key]]).toEqual([key, value]);
};

describe('the jobs of Let’s Wait Awhile', () => {
  const rows = 'job_id,arrival_slot,duration_slots\n0,19,106\n1,x,101\n';

  it('are slots of half an hour and one kilowatt each, and demand a start', async () => {
    const path = file('lwa.csv', rows);
    const { workloadId, accepted, rejected, assumed } = await ingest({ path, start: '2020-01-01T00:00:00Z' });
    expect(accepted).toBe(1);
    expect(rejected).toMatchObject([{ line: 3, field: 'arrival_slot' }]);
    expect((await jobsOf(workloadId)).get('0')).toMatchObject({
      earliestStart: '2020-01-01T09:30:00Z',
      durationHours: 53,
      powerKw: 1,
    });
    expect(assumed.find((a) => a.field === 'power_kw')?.count).toBe(1);
    expect((await faultOf(ingest({ path }))).remedy).toContain('--start');
  });
});

describe('a time that no calendar holds', () => {
  const start = '2022-05-25T00:00:00Z';
  const swf = (submit: string) => `; Version: 2.2\n1 ${submit} 0 60 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n`;
  const squeue = (submitted: number) =>
    JSON.stringify({
      jobs: [
        { job_id: 1, job_state: 'PENDING', submit_time: submitted, time_limit: 60, cpus: 4 },
        { job_id: 2, job_state: 'PENDING', submit_time: 1_653_436_800, time_limit: 60, cpus: 4 },
      ],
    });
  it.each([
    ['gaia.csv', 'arrival_time,length,cpus\n1e300,10,1\n5,10,1\n', 2, 'arrival_time'],
    ['lwa.csv', 'job_id,arrival_slot,duration_slots\n0,1e15,106\n1,2,101\n', 2, 'arrival_slot'],
    ['late.swf', `${swf('1e15')}2 5 0 60 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n`, 2, 'submit_time'],
    ['ms.json', squeue(1_653_436_800_000_000), 1, 'submit_time'],
    ['end.csv', 'id,duration_hours,vcpus,earliest_start\na,1,1,9999-12-31T23:30:00Z\nb,1,1,\n', 2, 'earliest_start'],
    ['day.csv', 'id,duration_hours,vcpus,earliest_start\na,1,1,2022-02-30T00:00:00Z\nb,1,1,\n', 2, 'earliest_start'],
  ])('%s: leaves its row out and keeps the rest', async (name, text, line, field) => {
    const { accepted, rejected } = await ingest({ path: file(name, text), start, unit: 's' });
    expect(accepted).toBe(1);
    expect(rejected).toMatchObject([{ line, field }]);
  });
  it('in the header of a trace is refused with the unit that was meant', async () => {
    const path = file('head.swf', `; UnixStartTime: 1600000000000\n${swf('0')}`);
    expect(await faultOf(ingest({ path }))).toMatchObject({
      code: 'invalid-input',
      remedy: expect.stringContaining('seconds, not milliseconds'),
    });
  });
});

describe('published mappings', () => {
  it.each(['01-squeue-begin-comment', '02-squeue-deadline', '03-squeue-array', '04-squeue-two-nodes'])(
    'squeue --json: %s',
    async (name) => {
      const { expected } = json(`${name}.json`);
      const { workloadId } = await ingest({ path: fixture('squeue-22.05.json') });
      const jobs = await jobsOf(workloadId);
      for (const one of [expected].flat()) expectJob(jobs.get(one.id), one);
    },
  );

  it('reads both generations of squeue --json into the same job', async () => {
    const old = await jobsOf((await ingest({ path: fixture('squeue-22.05.json') })).workloadId);
    const young = await jobsOf((await ingest({ path: fixture('squeue-24.05-constructed.json') })).workloadId);
    expect(young.get('cacotest-5')).toEqual(old.get('cacotest-5'));
    expect([...young.keys()].every((id) => old.has(id))).toBe(true);
  });

  it('refuses a Slurm job without a limit and takes nothing that already runs', async () => {
    const { rejected, skipped, workloadId, warnings } = await ingest({ path: fixture('squeue-22.05.json') });
    const [wanted] = json('05-squeue-no-limit.json').rejected;
    const row = rejected.find((r) => r.id === 'cacotest-9');
    expect(row).toMatchObject({
      field: wanted.field,
      code: wanted.code,
      message: wanted.message,
      remedy: wanted.remedy,
    });
    expect(skipped).toContainEqual({ what: 'not waiting: RUNNING', count: 3 });
    const jobs = await jobsOf(workloadId);
    expect(jobs.get('cacotest-21')?.vcpus).toBe(2);
    expect(jobs.has('cacotest-22')).toBe(false);
    expect(warnings.some((w) => w.includes('2 tasks at once'))).toBe(true);
  });

  it('takes an unreachable controller for unavailable, not for an empty queue', async () => {
    const down = { meta: {}, jobs: [], errors: [{ error: 'Unable to contact slurm controller' }] };
    const fault = await faultOf(ingest({ path: file('down.json', JSON.stringify(down)), format: 'slurm-json' }));
    expect(fault.code).toBe('unavailable');
    expect(fault.message).toContain('Unable to contact');
  });

  it('sacct -P: history by elapsed time, steps left out, eligible as it was', async () => {
    const { expected } = json('07-sacct-timeout.json');
    const { workloadId, skipped, assumed } = await ingest({
      path: fixture('sacct-P.txt'),
      timeZone: 'UTC',
      clusterId: 'cacotest',
    });
    expectJob((await jobsOf(workloadId)).get('cacotest-4'), expected);
    expect(skipped.find((s) => s.what === 'steps of jobs')?.count).toBe(15);
    expect(assumed).toContainEqual({
      field: 'duration_hours',
      value: 'elapsed; state TIMEOUT, so the work may be longer',
      count: 1,
    });
  });

  it('sacct -P without a zone is refused with the way out', async () => {
    const fault = await faultOf(ingest({ path: fixture('sacct-P.txt') }));
    expect(fault.remedy).toContain('--time-zone UTC');
  });

  it.each(['scontrol-show-job-multi.txt', 'scontrol-show-job-o.txt'])('%s gives the jobs of squeue', async (name) => {
    const queue = await jobsOf((await ingest({ path: fixture('squeue-22.05.json') })).workloadId);
    const options = { timeZone: 'UTC', clusterId: 'cacotest' };
    const shown = await jobsOf((await ingest({ path: fixture(name), ...options })).workloadId);
    expect(shown.size).toBeGreaterThan(3);
    for (const [id, job] of shown) expect(job).toEqual({ ...queue.get(id), name: job.name });
    expect([...shown.values()].find((job) => job.name.startsWith('a, "b"'))?.id).toBe('cacotest-12');
  });

  it('keeps what Slurm knows a job by, and why one is not to be moved', async () => {
    const job = (job_id: number, over: object) => ({
      job_id,
      job_state: 'PENDING',
      state_reason: 'Priority',
      submit_time: 1795964000,
      eligible_time: 1795964000,
      time_limit: 30,
      cpus: 2,
      name: 'x',
      ...over,
    });
    const jobs = [
      job(1, { cluster: 'lab', deadline: 1795993200 }),
      job(2, { array_job_id: 2, array_task_id: null, array_task_string: '0-1', eligible_time: 0 }),
      job(3, { state_reason: 'JobHeldUser' }),
      job(4, { state_reason: 'JobHeldAdmin' }),
      job(5, { state_reason: 'None', priority: { set: true, infinite: false, number: 0 } }),
      job(6, { dependency: 'afterok:1(unfulfilled)' }),
      job(7, { comment: 'caco:move=no' }),
      job(8, { state_reason: 'PartitionTimeLimit' }),
      job(9, { deadline: 1795964000 + 1800 + 119 }),
      job(10, { deadline: 1795964000 + 1800 + 120 }),
      job(12, { het_job_id: 11, het_job_offset: 1 }),
      job(11, { het_job_id: 11, het_job_offset: 0 }),
    ];
    const path = file('marks.json', JSON.stringify({ errors: [], jobs }));
    const marks = [...(await jobsOf((await ingest({ path })).workloadId)).values()].map((j) => j.slurm);
    expect(marks[0]).toEqual({
      id: '1',
      cluster: 'lab',
      eligibleAt: '2026-11-29T14:53:20Z',
      deadline: '2026-11-29T23:00:00Z',
      limitMinutes: 30,
      stays: null,
    });
    expect(marks[1]).toMatchObject({ id: '2_0', cluster: null, eligibleAt: null, deadline: null });
    expect(marks.map((mark) => [mark?.id, mark?.stays])).toEqual([
      ['1', null],
      ['2_0', null],
      ['2_1', null],
      ['3', 'its user holds it'],
      ['4', 'an administrator holds it'],
      ['5', 'it is held'],
      ['6', 'it waits for other jobs'],
      ['7', 'its owner does not want it moved (caco:move=no)'],
      ['8', 'it can never run as it was asked for (PartitionTimeLimit)'],
      ['9', 'waiting would leave less than 2 min to its deadline'],
      ['10', null],
      ['11', null],
    ]);
  });

  it('SWF: 08, and each of the broken rows by line, field, code and remedy', async () => {
    const good = await ingest({ path: fixture('small.swf') });
    expectJob((await jobsOf(good.workloadId)).get('2'), json('08-swf.json').expected);
    const expected = json('broken.expected.json');
    const broken = await ingest({ path: fixture('broken.swf') });
    expect([...(await jobsOf(broken.workloadId)).keys()]).toEqual(expected.accepted);
    expect(
      broken.rejected.map(({ line, field, code, message, remedy }) => ({ line, field, code, message, remedy })),
    ).toEqual(expected.rejected.map(({ severity: _, ...row }: Record<string, unknown>) => row));
  });

  it('a Kubernetes Job: pods times requests, our annotations', async () => {
    const { workloadId, format } = await ingest({ path: fixture('job-constructed.json') });
    expect(format).toBe('k8s');
    expectJob((await jobsOf(workloadId)).get('ml-train-7'), json('11-kubernetes-job.json').expected);
  });
});

describe('traces', () => {
  const gaia = 'arrival_time,length,cpus\n0.0,1000.0,1\n68.0,1000.0,2\n';
  it('demands the unit of a header that comes in two', async () => {
    const path = file('gaia.csv', gaia);
    const fault = await faultOf(ingest({ path, start: '2026-01-01T00:00:00Z' }));
    expect([fault.code, fault.remedy]).toEqual(['invalid-input', expect.stringContaining('--unit')]);
    expect((await faultOf(ingest({ path, unit: 's' }))).remedy).toContain('--start');
  });
  it('reads seconds and hours apart', async () => {
    const path = file('gaia2.csv', gaia);
    const inS = await jobsOf((await ingest({ path, unit: 's', start: '2026-01-01T00:00:00Z' })).workloadId);
    const inH = await jobsOf((await ingest({ path, unit: 'h', start: '2026-01-01T00:00:00Z' })).workloadId);
    expect(inS.get('2')).toMatchObject({ submittedAt: '2026-01-01T00:01:08Z', vcpus: 2 });
    expect(inS.get('2')?.durationHours).toBeCloseTo(1000 / 3600, 9);
    expect(inH.get('2')).toMatchObject({ submittedAt: '2026-01-03T20:00:00Z', durationHours: 1000 });
  });
  it('names the pod that never ran', async () => {
    const header =
      'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
    const path = file(
      'pods.csv',
      `${header}\na,12000,16384,1,460,,LS,Running,427061,12902960,427061\nb,6000,1,1,100,,BE,Pending,0,10,\n`,
    );
    const { workloadId, rejected } = await ingest({ path, start: '2026-01-01T00:00:00Z' });
    expect((await jobsOf(workloadId)).get('a')).toMatchObject({ category: 'urgent', vcpus: 12, gpus: 0.46 });
    expect(rejected).toMatchObject([
      { line: 3, field: 'duration_hours', code: 'no_duration', message: 'the pod was never scheduled' },
    ]);
  });
});

describe('published traces, whole', () => {
  const start = '2026-01-01T00:00:00Z';
  it('GAIA in seconds and in hours', async () => {
    const inS = await ingest({ path: shippedPath('jobs/gaia/pai_1k.csv'), unit: 's', start });
    expect([inS.accepted, inS.rejectedCount]).toEqual([1000, 0]);
    const second = (await jobsOf(inS.workloadId)).get('2');
    expect(second?.submittedAt).toBe('2026-01-01T00:01:08Z');
    expect(second?.durationHours).toBeCloseTo(0.277778, 6);
    const all = [...(await jobsOf(inS.workloadId)).values()];
    expect(all.reduce((sum, j) => sum + j.vcpus * j.durationHours, 0)).toBeCloseTo(3192.6, 1);
    const wrong = await ingest({ path: shippedPath('jobs/gaia/pai_1k.csv'), unit: 'h', start });
    expect(wrong.rejectedCount + wrong.warnings.length).toBeGreaterThan(0);
  });
  const pods = 'jobs/alibaba-gpu-2023/openb_pod_list_default.csv';
  it.skipIf(lacksData('Alibaba’s GPU trace of 2023', [pods]))('Alibaba pods: 897 never ran', async () => {
    const path = join(FOREIGN_DATA, pods);
    const { workloadId, rejected, assumed } = await ingest({ path, start });
    expect(rejected.filter((r) => r.message === 'the pod was never scheduled')).toHaveLength(897);
    const jobs = await jobsOf(workloadId);
    expect(jobs.get('openb-pod-0001')).toMatchObject({
      category: 'urgent',
      vcpus: 6,
      gpus: 0.46,
      submittedAt: '2026-01-05T22:37:41Z',
    });
    expect(jobs.get('openb-pod-0017')).toMatchObject({ category: 'balanced', vcpus: 88, gpus: 8 });
    expect(jobs.get('openb-pod-0017')?.durationHours).toBeCloseTo(370.099167, 6);
    expect(assumed.find((a) => a.value === 'cut by the end of the trace')?.count).toBe(34);
  });
});
