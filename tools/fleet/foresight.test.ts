import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { identityOf } from '../../domain/held.js';
import { type Job, latestPlannedEnd } from '../../domain/job.js';
import type { JobForecaster, JobLook } from '../../domain/job-forecast.js';
import { instant, plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { file, openTrial, removeFolder, type Trial } from './fixtures/trial.js';
import { readRan } from './fleet.js';

const KNOWN_TO = instant('2022-05-01T00:00:00Z');
/** Half of the limit is expected, a quarter and three quarters hold eight of ten; three kilowatts where no power is told. */
const asked: JobLook[] = [];
const forecaster: JobForecaster = {
  digest: 'a model',
  forecast: (job) => {
    asked.push(job);
    if (job.submittedAt < KNOWN_TO) return 'it was submitted before the model';
    const limit = job.limitHours ?? 1;
    return {
      hours: { low: limit / 4, expected: limit / 2, high: 0.75 * limit },
      powerKw: { low: 2, expected: 3, high: 4 },
      by: '4120 jobs',
    };
  },
};

let asAsked: Trial;
let foretold: Trial;
beforeEach(async () => {
  asked.length = 0;
  asAsked = await openTrial();
  foretold = await openTrial();
  (foretold.world as { jobForecaster?: World['jobForecaster'] }).jobForecaster = forecaster;
});
afterAll(removeFolder);

const path = file(
  'limits.csv',
  `id,name,team,limit_hours,duration_hours,vcpus,power_kw,submitted_at,deadline
long,train-7,ml,24,,8,,2022-06-01T00:00:00Z,2022-06-03T00:00:00Z
own,train-8,ml,24,3,8,,2022-06-01T00:00:00Z,
old,train-6,ml,8,,8,,2022-04-01T00:00:00Z,
measured,post,ml,2,,8,0.5,2022-06-01T00:00:00Z,
`,
);
const both = async () => {
  const [plain, told] = [await asAsked.ingest({ path }), await foretold.ingest({ path })];
  return {
    ...{ plain, told },
    before: await asAsked.jobsOf(plain.workloadId),
    after: await foretold.jobsOf(told.workloadId),
  };
};

describe('jobs that say only their limit', () => {
  it('run as long as the limit where nothing is asked for', async () => {
    const { plain, before } = await both();
    expect([...before.values()].map((job) => [job.id, job.durationHours, job.foreseen])).toEqual([
      ['long', 24, undefined],
      ['own', 3, undefined],
      ['old', 8, undefined],
      ['measured', 2, undefined],
    ]);
    expect(plain.assumed).toContainEqual({ field: 'duration_hours', value: 'limit_hours, an upper bound', count: 3 });
  });

  it('run as long as is expected where it is foretold, which is said with its bounds, and so is what stays', async () => {
    const { told, after, before } = await both();
    expect(after.get('long')).toEqual({
      ...before.get('long'),
      durationHours: 12,
      powerKw: 3,
      foreseen: { askedHours: 24, lowHours: 6, highHours: 18, by: '4120 jobs' },
    });
    // Its own duration, and its own power, are not foretold.
    expect(after.get('own')).toEqual(before.get('own'));
    expect(after.get('measured')).toMatchObject({ durationHours: 1, powerKw: 0.5 });
    expect(after.get('old')).toEqual(before.get('old'));
    const of = (field: string) => told.assumed.filter((one) => one.field === field);
    expect(of('duration_hours')).toEqual([
      {
        field: 'duration_hours',
        value:
          'foretold from 4120 jobs: 13 h expected in all where 26 h were asked for (10 and 90 % quantiles 6.5 h and 19.5 h); deadlines by the 90 % quantile',
        count: 2,
      },
      {
        field: 'duration_hours',
        value: 'the limit, and nothing foretold: it was submitted before the model',
        count: 1,
      },
      { field: 'duration_hours', value: 'limit_hours, an upper bound', count: 1 },
    ]);
    expect(of('power_kw')).toContainEqual({
      field: 'power_kw',
      value: 'foretold from measured jobs like it',
      count: 1,
    });
    expect(asked[0]).toEqual({
      submittedAt: '2022-06-01T00:00:00Z',
      ...{ name: 'train-7', team: 'ml', kind: null, category: null, vcpus: 8, gpus: 0, limitHours: 24 },
    });
  });

  it('are the same jobs whatever is foretold of them, in another workload', async () => {
    const { plain, told, before, after } = await both();
    expect(told.workloadId).not.toBe(plain.workloadId);
    for (const id of before.keys()) expect(identityOf(after.get(id)!)).toBe(identityOf(before.get(id)!));
  });

  it('end by their deadline at the 90 % quantile', async () => {
    const { after, before } = await both();
    const deadline = instant('2022-06-03T00:00:00Z');
    expect(latestPlannedEnd(before.get('long')!)).toBe(deadline);
    // Planned to run 12 h, it may run 18.
    expect(latestPlannedEnd(after.get('long')!)).toBe(plusHours(deadline, -6));
    const slurm = { id: '7', cluster: null, eligibleAt: null, deadline, limitMinutes: 1440, stays: null };
    const queued: Job = { ...after.get('long')!, slurm };
    // Slurm reckons by the limit and keeps two minutes.
    expect(latestPlannedEnd(queued)).toBe(plusHours(deadline, -12 - 2 / 60));
  });
});

describe('a history to learn from', () => {
  const options = { format: null, unit: null, start: null, timeZone: 'UTC', clusterId: null };

  it('of sacct has what was asked for, and leaves out what has not ended', async () => {
    const sacct = file(
      'sacct.txt',
      `JobID|JobName|Account|State|Submit|Start|End|ElapsedRaw|AllocCPUS|TimelimitRaw|ConsumedEnergyRaw
1|train|ml|COMPLETED|2026-01-01T00:00:00|2026-01-01T01:00:00|2026-01-01T04:00:00|10800|8|1440|10800000
2|train|ml|RUNNING|2026-01-01T00:00:00|2026-01-01T01:00:00|Unknown|600|8|1440|0
3|post|ml|TIMEOUT|2026-01-01T00:00:00|2026-01-01T00:00:00|2026-01-01T01:00:00|3600|2|60|0
4|wait|ml|PENDING|2026-01-01T00:00:00|Unknown|Unknown|0|2|60|0
`,
    );
    const { jobs, leftOut } = await readRan(sacct, options);
    expect(jobs.map((job) => [job.name, job.submittedAt, job.endedAt, job.hours, job.limitHours, job.powerKw])).toEqual(
      [
        ['train', '2026-01-01T00:00:00Z', '2026-01-01T04:00:00Z', 3, 24, 1],
        ['post', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', 1, 1, null],
      ],
    );
    expect(leftOut).toEqual([
      { why: 'not at its end', count: 1 },
      { why: 'still waiting; take the queue from squeue --json', count: 1 },
    ]);
  });

  it('of a trace ends after its wait; what only has a limit did not run', async () => {
    const swf = file(
      'trace.swf',
      `; UnixStartTime: 1767225600
1 0 600 3600 4 -1 -1 4 86400 -1 1 7 1 -1 1 1 -1 -1
2 0 -1 -1 4 -1 -1 4 86400 -1 1 7 1 -1 1 1 -1 -1
`,
    );
    const { jobs, leftOut } = await readRan(swf, options);
    expect(jobs).toEqual([
      {
        submittedAt: '2026-01-01T00:00:00Z',
        endedAt: '2026-01-01T01:10:00Z',
        hours: 1,
        limitHours: 24,
        powerKw: null,
        ...{ name: null, team: 'user-7', kind: 'batch', category: null, vcpus: 4, gpus: 0 },
      },
    ]);
    expect(leftOut).toEqual([{ why: 'no time that it took, only the limit', count: 1 }]);
  });
});
