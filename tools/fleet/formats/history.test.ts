/** What ran, as schedulers tell it: each life of a job at its own time, by the time that it took, with what was measured. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { faultOf, file, fixture, openTrial, removeFolder, type Trial } from '../fixtures/trial.js';

let trial: Trial;
beforeEach(async () => {
  trial = await openTrial();
});
afterAll(removeFolder);
const UTC = { timeZone: 'UTC' };
/** Jobs of a text: id, begin, hours, vCPUs, GPUs. */
const told = async (path: string, options: object = UTC) => {
  const said = await trial.ingest({ path, ...options });
  const jobs = [...(await trial.jobsOf(said.workloadId)).values()];
  return { said, jobs, rows: jobs.map((j) => [j.id, j.startedAt, j.durationHours, j.vcpus, j.gpus]) };
};
const assumedOf = (said: { assumed: { field: string; value: string }[] }, field: string) =>
  said.assumed.filter((a) => a.field === field).map((a) => a.value);

describe('sacct -P', () => {
  it.each(['sacct-jobid-first.txt', 'sacct-jobid-second.txt'])('%s: each row a job, from when it ran', async (name) => {
    const { rows, jobs, said } = await told(fixture(name));
    expect(said.format).toBe('sacct');
    expect(rows).toEqual([
      ['101', '2026-11-28T12:00:00Z', 1, 4, 0],
      ['102', '2026-11-28T13:00:00Z', 2, 8, 0],
      ['103', '2026-11-28T14:00:00Z', 10, 16, 0],
    ]);
    expect(jobs.map((j) => [j.team, j.name, j.submittedAt])).toEqual([
      ['u1', 'a', '2026-11-28T00:00:00Z'],
      ['u2', 'b', '2026-11-28T01:00:00Z'],
      ['u3', 'c', '2026-11-28T02:00:00Z'],
    ]);
  });

  it('keeps every life of a requeued job where it ran, and none that never did though it has a start', async () => {
    const { rows, said } = await told(fixture('sacct-requeued.txt'));
    expect(rows).toEqual([
      ['700', '2026-11-28T00:00:00Z', 10, 16, 0],
      ['700@2026-11-28T10:05:00Z', '2026-11-28T10:05:00Z', 5, 16, 0],
      ['700@2026-11-28T16:00:00Z', '2026-11-28T16:00:00Z', 1, 16, 0],
    ]);
    expect(said.skipped).toEqual([{ what: 'never ran', count: 1 }]);
    expect(assumedOf(said, 'duration_hours')).toEqual([
      'elapsed of a life that was requeued',
      'elapsed; state NODE_FAIL, so the work may be longer',
    ]);
  });

  it('takes a life that stands twice once', async () => {
    const text = readFileSync(fixture('sacct-requeued.txt'), 'utf8');
    const { rows, said } = await told(file('twice.txt', text + text.split('\n').slice(1).join('\n')));
    expect(rows).toHaveLength(3);
    expect(said.rejected.map((r) => r.code)).toEqual(['duplicate', 'duplicate', 'duplicate']);
  });

  it('of a job that still runs: what it took so far', async () => {
    const { rows, said } = await told(fixture('gc3pie-524.txt'));
    expect(rows[0]?.slice(0, 2)).toEqual(['900', '2026-11-20T00:00:00Z']);
    expect(rows[0]?.[2]).toBeCloseTo(770000 / 3600, 6);
    expect(assumedOf(said, 'duration_hours')).toContain('elapsed so far; still running');
  });

  it('uses measured joules: 101 630 J in 122 s are 833.03 W', async () => {
    const { jobs, said } = await told(fixture('reportseff-66.txt'));
    expect(jobs[0]!.powerKw! * jobs[0]!.durationHours).toBeCloseTo(101_630 / 3.6e6, 8);
    expect(jobs[0]!.powerKw).toBeCloseTo(0.83303, 5);
    expect(assumedOf(said, 'power_kw')).toEqual(['measured: Slurm’s joules over the time elapsed, taken as IT power']);
  });

  it.each([
    ['the job’s own, whatever its steps say', '3600', '7200', '1', '2', 1],
    ['the larger of the batch step and the numbered ones together', '', '5000', '3600', '3600', 2],
    ['the batch step where it measured more', '', '7200', '3600', '0', 2],
    ['0 and nothing are not measured', '0', '0', '', '0', null],
    ['Slurm’s unknown is not measured', '18446744073709551614', '', '', '', null],
  ])('energy by step: %s', async (_, job, batch, first, second, kw) => {
    const row = (id: string, joules: string) =>
      `${id}|COMPLETED|2026-11-28T00:00:00|2026-11-28T01:00:00|3.6|4|${joules}`;
    const text = [
      'JobID|State|Submit|Start|ElapsedRaw|AllocCPUS|ConsumedEnergyRaw',
      row('5', job),
      row('5.batch', batch),
    ];
    const path = file('energy.txt', [...text, row('5.0', first), row('5.1', second), row('6', '')].join('\n'));
    const { jobs, said } = await told(path);
    expect(jobs.map((j) => [j.id, j.powerKw])).toEqual([
      ['5', kw],
      ['6', null],
    ]);
    expect(said.skipped).toEqual([{ what: 'steps of jobs', count: 3 }]);
  });

  it('a job without a start is accounted from when it could start, which is said; a suspension is said', async () => {
    const rows = [
      'JobID|State|Submit|Eligible|Start|End|ElapsedRaw|AllocCPUS',
      '1|COMPLETED|2026-11-28T00:00:00|2026-11-28T01:00:00|Unknown|Unknown|60|1',
      '2|COMPLETED|2026-11-28T00:00:00|2026-11-28T01:00:00|2026-11-28T02:00:00|2026-11-28T04:00:00|3600|1',
    ];
    const { said, jobs } = await told(file('unknown.txt', rows.join('\n')));
    expect(jobs.map((j) => [j.startedAt, j.earliestStart])).toEqual([
      [undefined, '2026-11-28T01:00:00Z'],
      ['2026-11-28T02:00:00Z', '2026-11-28T01:00:00Z'],
    ]);
    expect(assumedOf(said, 'started_at')).toEqual([
      'not told; accounted from when it could start',
      'suspended for a while; accounted as one run from its start',
    ]);
  });

  it.each(['sacct-error-first.txt', 'slurm-mail-58.txt'])(
    '%s: what never ran is none, limits of words do no harm',
    async (name) => {
      const { rows, said, jobs } = await told(fixture(name));
      expect(rows).toEqual([['31115', '2026-11-28T13:00:00Z', 1, 2, 1]]);
      expect(jobs[0]?.team).toBe('u1');
      expect(said.skipped).toEqual([{ what: 'never ran', count: 1 }]);
      expect(said.warnings.some((w) => w.includes('Unknown error 1021'))).toBe(name === 'sacct-error-first.txt');
    },
  );

  it('an error alone is no empty history', async () => {
    for (const options of [UTC, { ...UTC, format: 'sacct' }]) {
      const fault = await faultOf(trial.ingest({ path: fixture('sacct-error-only.txt'), ...options }));
      expect(fault).toMatchObject({ code: 'unavailable', message: expect.stringContaining('Unknown error 1021') });
    }
  });

  it('keeps a name with every odd character as it is', async () => {
    const { rows, jobs } = await told(fixture('sacct-names.txt'));
    expect(rows).toEqual(
      [['79', '2026-11-29T15:16:00Z', 20 / 3600, 1, 1]].map((r) => [
        ...r.slice(0, 2),
        expect.closeTo(20 / 3600, 6),
        1,
        1,
      ]),
    );
    expect(jobs[0]?.name).toBe("odd `n` | x's");
  });

  it('puts a name with a line break together, wherever the id stands', async () => {
    const tail = 'COMPLETED|2026-11-28T00:00:00|2026-11-28T01:00:00|3600|4';
    const text = (first: string, second: string) =>
      `${first}|${second}|State|Submit|Start|ElapsedRaw|AllocCPUS\n`.replace('JobName|JobID', 'User|JobID|JobName');
    const idFirst = `${text('JobID', 'JobName')}1|a\nb|${tail}\n2|c|${tail}\n`;
    const idSecond = `${text('JobName', 'JobID')}u|1|a\nb|${tail}\nu|2|c|${tail}\n`;
    for (const content of [idFirst, idSecond]) {
      const { jobs } = await told(file('break.txt', content));
      expect(jobs.map((j) => [j.id, j.name])).toEqual([
        ['1', 'a\nb'],
        ['2', 'c'],
      ]);
    }
  });
});

describe('one history by two doors', () => {
  it('does not double: text and JSON, with a cluster’s name and without it', async () => {
    const first = await told(fixture('sacct-22.05.json'), {});
    const { workloadId } = first.said;
    const before = await trial.jobsOf(workloadId);
    await trial.ingest({ path: fixture('sacct-P.txt'), ...UTC, workloadId });
    const after = await trial.jobsOf(workloadId);
    // Every job of the JSON stands in the text too, which has more.
    for (const [id, job] of before) expect(after.get(id)?.startedAt).toBe(job.startedAt);
    const lives = [...after.values()].map((j) => `${j.slurm?.id} ${j.startedAt}`);
    expect(new Set(lives).size).toBe(lives.length);
    expect([...before.keys()].filter((id) => after.has(id.replace('cacotest-', '')))).toEqual([]);
  });

  it('keeps two clusters apart, and a life that is another one', async () => {
    const row = (start: string) =>
      file(
        `${start}.txt`,
        `JobID|State|Submit|Start|ElapsedRaw|AllocCPUS\n7|COMPLETED|2026-11-28T00:00:00|2026-11-28T${start}:00:00|60|1\n`,
      );
    const { workloadId } = await trial.ingest({ path: row('01'), ...UTC, clusterId: 'a' });
    await trial.ingest({ path: row('01'), ...UTC, clusterId: 'b', workloadId });
    await trial.ingest({ path: row('02'), ...UTC, clusterId: 'a', workloadId });
    await trial.ingest({ path: row('01'), ...UTC, workloadId });
    expect([...(await trial.jobsOf(workloadId)).keys()].sort()).toEqual(['a-7', 'a-7@2026-11-28T02:00:00Z', 'b-7']);
  });
});

describe('other schedulers', () => {
  it('PBS: what ended, by its wall time, with a name of two words', async () => {
    const { rows, jobs, said } = await told(fixture('pbs.acct'), {});
    // start=1795876000, resources_used.walltime=01:33:30
    expect(rows).toEqual([['1234.head', '2026-11-28T14:26:40Z', expect.closeTo(5610 / 3600, 6), 4, 1]]);
    expect(jobs[0]).toMatchObject({ name: 'a b', team: 'u1', submittedAt: '2026-11-28T14:00:10Z' });
    expect(said).toMatchObject({ format: 'pbs', skipped: [{ what: 'records that tell of no run', count: 1 }] });
  });

  it('PBS: cores by the places where it ran, a rerun as a life of its own', async () => {
    const record = (type: string, rest: string) =>
      `11/28/2026 16:00:10;${type};9.h;user=u queue=q ctime=1795874410 ${rest} exec_host=n1/0-3+n2/1,5 resources_used.walltime=00:10:00`;
    const lines = [
      record('R', 'start=1795874500 end=1795875100'),
      record('E', 'start=1795880000 end=1795881000 Exit_status=271'),
    ];
    const { rows, said } = await told(file('rerun.acct', `${lines.join('\n')}\n`), {});
    expect(rows.map((r) => [r[0], r[3]])).toEqual([
      ['9.h', 6],
      ['9.h@2026-11-28T15:33:20Z', 6],
    ]);
    expect(assumedOf(said, 'started_at')).toEqual(['suspended for a while; accounted as one run from its start']);
  });

  it('LSF: from start to the end event, quotes doubled, what never started left out', async () => {
    const { rows, jobs, said } = await told(fixture('lsf-16.acct'), {});
    // 1656326065 to 1656329665 are 3600 s on 4 processors
    expect(rows).toEqual([['908632', '2022-06-27T10:34:25Z', 1, 4, 0]]);
    expect(jobs[0]).toMatchObject({ name: 'job', team: 'u', submittedAt: '2022-06-27T10:34:19Z' });
    expect(said).toMatchObject({ format: 'lsf', skipped: [{ what: 'never ran', count: 1 }] });
  });

  it('HTCondor: the last run at its time, what was lost before it at the first start', async () => {
    const { rows, said } = await told(fixture('condor-235.json'), {});
    // 25 000 s in two runs, 3600 s of them the last
    expect(rows).toEqual([
      ['501.0', '2026-11-28T21:06:40Z', 1, 8, 1],
      ['501.0@2026-11-28T13:03:20Z', '2026-11-28T13:03:20Z', expect.closeTo(21_400 / 3600, 6), 8, 1],
    ]);
    expect(said.format).toBe('htcondor');
    expect(assumedOf(said, 'started_at')).toEqual(['earlier runs together, as one from the first start']);
  });

  it.each([
    [
      'Grid Engine',
      'all.q:n1:g:o:job:5:sge:0:1:2:3:0:0:10:1:1:0.0:0:0:0:0:1:1:0:0:0:0:0:0:0:p:d:NONE:4:0:0:0:0:-u:0:NONE:1:0:0\n',
      'qacct',
    ],
    ['AWS Batch', '{"jobs":[{"jobArn":"arn:x","startedAt":1}]}', 'duration_hours'],
    ['Azure Batch', '{"value":[{"id":"t","executionInfo":{"startTime":"2026-01-01T00:00:00Z"}}]}', 'duration_hours'],
    ['squeue', '             JOBID PARTITION     NAME     USER ST\n', 'squeue --json'],
    ['the table of sacct', 'JobID           JobName  Partition\n------ ---- ----\n', 'sacct -P'],
    ['reportseff', '     JobID    State       Elapsed  TimeEff\n', 'sacct -P'],
    [
      'sreport',
      '--------------------------------------------------------------------------------\nCluster Utilization\n',
      'sacct -P',
    ],
    ['qstat', 'Job id            Name             User\n', 'accounting'],
    ['condor_q', '-- Schedd: head : <1.2.3.4>\n', 'condor_history -json'],
    ['bjobs', 'JOBID   USER    STAT  QUEUE\n', 'lsb.acct'],
    ['kubectl', 'NAME   STATUS   COMPLETIONS   DURATION   AGE\n', 'kubectl get jobs -o json'],
  ])('refuses %s by its name, with what to do', async (name, text, remedy) => {
    const fault = await faultOf(trial.ingest({ path: file('foreign.txt', text) }));
    expect(fault).toMatchObject({ code: 'invalid-input', message: expect.stringContaining(name) });
    expect(fault.remedy).toContain(remedy);
  });
});

describe('what waits', () => {
  it('Slurm’s GPUs by whichever member asks for them', async () => {
    const { jobs } = await told(fixture('slurm-gpu-no-tres.json'), {});
    expect(jobs.map((j) => [j.id, j.gpus])).toEqual([
      ['1', 2],
      ['2', 2],
      ['3', 1],
    ]);
  });

  it.each([
    [{ tres_per_node: 'gres/gpu:a100:2,gres/gpu:h100:1', node_count: 3 }, 9],
    [{ tres_per_node: 'gres:gpu', node_count: { set: true, number: 2 } }, 2],
    [{ tres_per_node: 'gpu:tesla:2(S:0-1)' }, 2],
    [{ tres_per_task: 'gres/gpu=1', tasks: 8, tres_req_str: 'cpu=8,gres/gpu=8' }, 8],
    [{ tres_per_node: 'gres:nic:2' }, 0],
  ])('%j are %d GPUs', async (over, gpus) => {
    const job = { job_id: 1, job_state: 'PENDING', submit_time: 1795964000, time_limit: 5, cpus: 1, ...over };
    const { jobs } = await told(file('gres.json', JSON.stringify({ errors: [], jobs: [job] })), {});
    expect(jobs[0]?.gpus).toBe(gpus);
  });

  it('our part of a comment: read as people write it, and no job is lost by it', async () => {
    const { jobs, said } = await told(fixture('squeue-comments.json'), {});
    const slack = (at: number) => (Date.parse(jobs[at]!.due!) - Date.parse(jobs[at]!.earliestStart)) / 3.6e6;
    expect(jobs.map((j, at) => [j.id, j.category, j.durationHours, slack(at)])).toEqual([
      ['1', 'balanced', 0.5, 8.5],
      ['2', 'balanced', 0.5, 8.5],
      ['3', 'balanced', 2, 6],
      ['4', 'sustainable', 0.5, 10.5],
    ]);
    expect(said.warnings).toEqual([
      expect.stringContaining('caco:class=gold, which is none of urgent, balanced, sustainable'),
      expect.stringContaining('caco:duration=-5, which is no number of minutes'),
    ]);
  });

  it('Kubernetes: no running job, no more pods than completions, every kind of GPU', async () => {
    const { jobs, said } = await told(fixture('k8s-list.json'), {});
    expect(jobs.map((j) => [j.id, j.vcpus, j.gpus])).toEqual([
      ['a-one-of-five', 2, 0],
      ['a-mig', 1, expect.closeTo(2 / 7, 10)],
      ['a-kueue', 3, 0],
    ]);
    expect(said.skipped).toEqual([{ what: 'running jobs', count: 1 }]);
    expect(said.warnings).toEqual([expect.stringContaining('nvidia.com/mig-1g.10gb; it counts as 1/7')]);
  });

  it.each([
    ['amd.com/gpu', '4', 4, null],
    ['gpu.intel.com/i915', 2, 2, null],
    ['nvidia.com/mig-2g.12gb', '1', 0.5, '2/4 of a GPU'],
    ['nvidia.com/gpu.shared', '1', 1, 'an upper bound'],
    ['google.com/tpu', '8', 0, 'is not known and not counted'],
    ['example.com/licence', '8', 0, null],
  ])('Kubernetes: %s × %s is %d GPUs', async (resource, count, gpus, warning) => {
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'x', annotations: { 'caco.dev/duration': 'PT1H' } },
      spec: {
        suspend: true,
        template: { spec: { containers: [{ resources: { requests: { cpu: 1 }, limits: { [resource]: count } } }] } },
      },
    };
    const { jobs, said } = await told(file('device.json', JSON.stringify(job)), {});
    expect(jobs[0]?.gpus).toBe(gpus);
    expect(said.warnings.join(' ')).toContain(warning ?? '');
    expect(said.warnings).toHaveLength(warning === null ? 0 : 1);
  });
});
