/**
 * The case files of grids and of clusters, each run through the program's own tools with the value that is right for it. The
 * policy documents among them are run by tools/policy/documents.cases.test.ts, the scripts by doors.cases.test.ts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from './app.js';
import { caseFile, casesIn } from './checks/cases.js';
import { readConfig } from './config.js';
import { instant, plusHours } from './domain/time.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-cases-'));
const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const by = { actor: { id: 'ann', via: 'cli' as const } };

let homes = 0;
const open = async (flags: object): Promise<App> => {
  const home = join(folder, `home-${homes++}`);
  const { config, settings } = readConfig({ home, logLevel: 'silent', ...flags }, {}, folder);
  const app = await openApp(config, settings);
  apps.push(app);
  return app;
};
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const GRIDS = casesIn('documents').filter((name) => ['.csv', '.json', '.xls'].includes(extname(name)));
const CLUSTERS = casesIn('clusters');
/** Sources of the documents, and what is right for them. */
const NO_INPUT = ['documents/mk.py', 'documents/mk2.py', 'documents/policy-kinds.md'];

describe.runIf(GRIDS.length > 0)('a case of practice', () => {
  it('is of a kind that some test takes by its listing', () => {
    const kinds = ['.docx', '.fodt', '.html', '.ms', '.pdf', '.rtf', '.txt'];
    const others = casesIn('documents').filter((name) => !GRIDS.includes(name) && !kinds.includes(extname(name)));
    expect(others).toEqual(NO_INPUT);
    expect(casesIn('numbers')).toEqual(['numbers/jobs3.csv']);
  });
});

const START = '2026-06-01T00:00:00Z';
/** The first four hours of the made-up grid, in g/kWh, that most of the files tell in units and forms of their own. */
const G = [369, 344, 321, 300];
const average = 'average operational';
const lifecycle = 'average lifecycle';
const marginal = 'marginal operational';

interface Read {
  readonly values: readonly (number | null)[];
  readonly kind: string;
  /** Asked for by this name where the file holds several places. */
  readonly region?: string;
  readonly now?: string;
  /** What is taken for granted or left aside, as it is told beside the values. */
  readonly told?: RegExp;
}
const UNSTATED = /kind not stated, taken as average operational/;
const plain: Read = { values: G, kind: average, told: UNSTATED };
/** In short tons, g/MJ or lb/MWh, of three or four digits: within half of the last. */
const read: Readonly<Record<string, Read>> = {
  'both.csv': { ...plain, told: /carbon_intensity_g_per_kwh is used, not carbon_intensity_pounds_per_mwh/ },
  'casdk.json': { ...plain, told: /westus stands for GB/ },
  'casdk_fc.json': { ...plain, told: /a forecast, kind not stated/ },
  'em_api.json': { values: [409, 384, 361, 340], kind: lifecycle, region: 'DE' },
  'em_id.csv': { values: G, kind: lifecycle, region: 'DE' },
  'em_new.csv': { values: G, kind: average, region: 'DE', told: /\(direct\); the file has .*Life cycle\) too/ },
  'em_old.csv': { values: G, kind: average, region: 'DE', told: /\(direct\); the file has .*\(LCA\) too/ },
  'em_two.csv': { values: G, kind: lifecycle, region: 'US-CAL-CISO' },
  'energinet.csv': { values: [369.5, 344.5, 321.5, 300.5], kind: average, told: /DK1 stands for GB/ },
  // 102.5 g/MJ × 3.6 MJ/kWh = 369 g/kWh.
  'gmj.csv': { ...plain, values: [369, 344.2, 321.1, 299.9] },
  'kgper.csv': plain,
  'mt.csv': plain,
  'neso_mix.csv': { values: G, kind: average, told: /g\/kWh and UTC/ },
  'neso_plus00.csv': { values: G, kind: average, told: /g\/kWh and UTC/ },
  'step_change.csv': {
    values: [281, 281, 281, 281, 300, 300, 300, 300, 369, 369, 369, 369, 344, 344, 344, 344],
    kind: average,
    now: '2026-06-01T22:00:00Z',
    told: /step 60 min, 15 min from 2026-06-02T00:00:00Z/,
  },
  // 0.407 short tons × 907.18474 kg = 369.2 kg.
  'tons.csv': { ...plain, values: [369.2, 343.8, 321.1, 300.3] },
  'tonsboth.csv': { ...plain, told: /carbon_intensity_g_per_kwh is used, not co2_tons_per_mwh/ },
  'uk_national.json': { values: G, kind: average, told: /a forecast/ },
  'uk_regional.json': { values: G, kind: average, told: /London stands for GB/ },
  // Its last row ends five days before it begins: it holds for an hour like the others, and that is said.
  'uk_sat.json': {
    values: [264, 281, 300, null],
    kind: average,
    now: '2026-06-07T21:00:00Z',
    told: /1 ends that lie before their beginning not believed/,
  },
  'unitcol.csv': plain,
  // 811.8 lb/MWh × 0.45359237 kg/lb = 368.2 g/kWh.
  'wt_now.json': { values: [368.2, 343.3, 320.3, 299.4], kind: marginal },
  'wt_v2b.csv': { values: [368.2, 343.3, 320.3, 299.4], kind: marginal, told: /lb\/MWh/ },
  'wt_v3.json': { values: [368.2, 343.3, 320.3, 299.4], kind: marginal },
};
const refused: Readonly<Record<string, RegExp>> = {
  'aemo.csv': /AEMO: .*no carbon intensity/,
  'eco2mix.xls': /éCO2mix: .*without an offset/,
  'emissions_total.csv': /co2_tonnes_per_hour is a mass per time/,
  'free.csv': /carbon_free_percent is a share/,
  'load.csv': /load_mw is a power/,
  'octopus_old.csv': /neither carbon nor a price/,
  'renew.csv': /renewable_percentage is a share/,
  'share.csv': /low_carbon_percentage is a share/,
  'smard.csv': /SMARD: .*no carbon intensity/,
  // Euros are not taken for pounds; what it holds is read below.
  'entsoe_gui.csv': /in EUR, scenario gb-hpc counts in GBP/,
};
/** Queues beside the grids. */
const JOBS_AMONG_GRIDS = ['documents/jobs2.csv'];

describe.runIf(GRIDS.length > 0)('a grid file of practice', () => {
  it.each(GRIDS.filter((name) => !JOBS_AMONG_GRIDS.includes(name)))('%s', async (path) => {
    const name = path.split('/')[1]!;
    const known = read[name];
    if (known === undefined) {
      expect(refused[name], `nothing is worked out for ${path}`).toBeDefined();
      const asked = open({ grid: `file:${caseFile(path)}`, now: START }).then((app) =>
        app.call('get_grid_forecast', { horizonHours: 4 }, by),
      );
      await expect(asked).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringMatching(refused[name]!),
        remedy: expect.stringMatching(/^(Take|Give|Write)/),
      });
      return;
    }
    const { values, kind, region, now = START, told = /./ } = known;
    const app = await open({ grid: `file:${caseFile(path)}`, now });
    const said = await app.call('get_grid_forecast', { horizonHours: 4, ...(region && { region }) }, by);
    const { points, source, kind: found } = said;
    const rounded = points.map(({ intensityGPerKwh: g }) => (g === null ? null : Math.round(g * 10) / 10));
    expect(rounded).toEqual(values);
    expect(`${found.accounting} ${found.scope}`).toBe(kind);
    expect(source).toMatch(told);
    expect(points.every((point) => point.pricePerMwh === null)).toBe(true);
  });

  it('documents/entsoe_gui.csv: euros per MWh, from local times to UTC, where the place counts in euros', async () => {
    const british = readFileSync(join(import.meta.dirname, 'sim/scenarios/gb-hpc.json'), 'utf8');
    const scenario = write('euros.json', british.replaceAll('GBP', 'EUR').replaceAll('"GB"', '"DE-LU"'));
    const carbon = write('carbon.csv', 'time,carbon_g_per_kwh\n2026-05-31T22:00Z,100\n2026-05-31T23:00Z,100\n');
    const grid = `file:${carbon},file:${caseFile('documents/entsoe_gui.csv')}`;
    // 01/06/2026 00:00 CEST is 22:00 UTC of the day before.
    const app = await open({ scenario, grid, now: '2026-05-31T22:00:00Z' });
    const { points } = await app.call('get_grid_forecast', { horizonHours: 4 }, by);
    expect(points.map((point) => [point.pricePerMwh, point.currency])).toEqual(
      [92.25, 86, 80.25, 75].map((price) => [price, 'EUR']),
    );
  });
});

/** Id, begin, hours, vCPUs and GPUs of each job. A begin that is null: it has yet to run. */
type Row = readonly [id: string, startedAt: string | null, hours: number, vcpus: number, gpus: number];
interface Told {
  readonly rows: readonly Row[];
  readonly skipped?: readonly [what: string, count: number];
  readonly warned?: RegExp;
  readonly kw?: number;
}
const three: Told = {
  rows: [
    ['101', '2026-11-28T12:00:00Z', 1, 4, 0],
    ['102', '2026-11-28T13:00:00Z', 2, 8, 0],
    ['103', '2026-11-28T14:00:00Z', 10, 16, 0],
  ],
};
const afterError: Told = { rows: [['31115', '2026-11-28T13:00:00Z', 1, 2, 1]], skipped: ['never ran', 1] };
const waiting = (id: string, hours: number, vcpus: number, gpus = 0): Row => [id, null, hours, vcpus, gpus];
const HISTORIES: Readonly<Record<string, Told>> = {
  // 25 000 s in two runs, 3 600 s of them the last.
  'condor-235.json': {
    rows: [
      ['501.0', '2026-11-28T21:06:40Z', 1, 8, 1],
      ['501.0@2026-11-28T13:03:20Z', '2026-11-28T13:03:20Z', 21_400 / 3600, 8, 1],
    ],
  },
  'gc3pie-524.txt': { rows: [['900', '2026-11-20T00:00:00Z', 770_000 / 3600, 16, 0]] },
  'k8s.json': {
    rows: [waiting('a-one-of-five', 2, 2), waiting('a-mig', 1, 1, 2 / 7), waiting('a-kueue', 1, 3)],
    skipped: ['running jobs', 1],
    warned: /nvidia\.com\/mig-1g\.10gb; it counts as 1\/7/,
  },
  'lsf-16.acct': { rows: [['908632', '2022-06-27T10:34:25Z', 1, 4, 0]], skipped: ['never ran', 1] },
  // 01:33:30 of wall time.
  'pbs.acct': {
    rows: [['1234.head', '2026-11-28T14:26:40Z', 5610 / 3600, 4, 1]],
    skipped: ['records that tell of no run', 1],
  },
  // 101 630 J in 122 s.
  'reportseff-66.txt': { rows: [['1935', '2026-11-28T13:00:00Z', 122 / 3600, 128, 0]], kw: 101.63 / 122 },
  'sacct-error-first.txt': { ...afterError, warned: /Unknown error 1021/ },
  'sacct-jobid-first.txt': three,
  'sacct-jobid-second.txt': three,
  'sacct-names.txt': { rows: [['79', '2026-11-29T15:16:00Z', 20 / 3600, 1, 1]] },
  'sacct-requeued.txt': {
    rows: [
      ['700', '2026-11-28T00:00:00Z', 10, 16, 0],
      ['700@2026-11-28T10:05:00Z', '2026-11-28T10:05:00Z', 5, 16, 0],
      ['700@2026-11-28T16:00:00Z', '2026-11-28T16:00:00Z', 1, 16, 0],
    ],
    skipped: ['never ran', 1],
  },
  'slurm-gpu-no-tres.json': {
    rows: [waiting('1', 1 / 12, 1, 2), waiting('2', 1 / 12, 2, 2), waiting('3', 1 / 12, 1, 1)],
  },
  'slurm-mail-58.txt': afterError,
  'squeue-comments.json': {
    rows: [waiting('1', 0.5, 2), waiting('2', 0.5, 2), waiting('3', 2, 2), waiting('4', 0.5, 2)],
    warned: /caco:class=gold, which is none of .*caco:duration=-5, which is no number of minutes/,
  },
  'zero.json': { rows: [waiting('63', 0.5, 2)] },
};
/** Refused, or a grid that the tests of queues below are planned on. */
const NO_HISTORY = ['clusters/sacct-error-only.txt', 'clusters/cats-32.csv', 'clusters/grid-zero.csv'];

describe.runIf(CLUSTERS.length > 0)('a history or queue of practice', () => {
  it.each(CLUSTERS.filter((name) => !NO_HISTORY.includes(name)))('%s', async (path) => {
    const known = HISTORIES[path.split('/')[1]!];
    expect(known, `nothing is worked out for ${path}`).toBeDefined();
    const { rows, skipped, warned = /^$/, kw } = known!;
    const app = await open({});
    const zone = path.endsWith('.txt') ? { timeZone: 'UTC' } : {};
    const said = await app.call('ingest_jobs', { path: caseFile(path), ...zone }, by);
    expect(said).toMatchObject({ accepted: rows.length, rejectedCount: 0 });
    expect(said.skipped).toEqual(skipped === undefined ? [] : [{ what: skipped[0], count: skipped[1] }]);
    expect(said.warnings.join(' ')).toMatch(warned);
    const { jobs } = await app.call('list_jobs', { workloadId: said.workloadId! }, by);
    expect(jobs.map((j) => [j.id, j.startedAt ?? null, j.durationHours, j.vcpus, j.gpus])).toEqual(
      rows.map(([id, at, hours, vcpus, gpus]) => [id, at, expect.closeTo(hours, 9), vcpus, expect.closeTo(gpus, 9)]),
    );
    expect(jobs[0]!.powerKw).toEqual(kw === undefined ? null : expect.closeTo(kw, 9));
  });

  it('clusters/sacct-error-only.txt: an error alone is no empty history', async () => {
    const app = await open({});
    const asked = app.call('ingest_jobs', { path: caseFile('clusters/sacct-error-only.txt'), timeZone: 'UTC' }, by);
    await expect(asked).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('1021') });
  });

  it('clusters/sacct-jobid-*.txt: accounted at the hours in which the jobs ran', async () => {
    // Hour n of the day stands at n g/kWh, so each job emits its own hours: by when it was submitted it would be 48 % less.
    const hours = Array.from({ length: 48 }, (_, i) => `${plusHours(instant('2026-11-28T00:00:00Z'), i)},${i + 1}`);
    const grid = `file:${write('hours.csv', ['time,carbon_g_per_kwh', ...hours].join('\n'))}`;
    for (const name of ['sacct-jobid-first.txt', 'sacct-jobid-second.txt']) {
      const app = await open({ grid, now: '2026-11-29T23:00:00Z' });
      const path = caseFile(`clusters/${name}`);
      const { workloadId } = await app.call('ingest_jobs', { path, timeZone: 'UTC' }, by);
      const ask = { workloadId: workloadId!, by: ['team' as const] };
      const { basis, groups } = await app.call('measure_emissions', ask, by);
      expect(basis).toBe('actual');
      const perKwh = groups.map((g) => [g.team, (g.emissionsKg!.value / g.energyKwh) * 1000]);
      // 14:00 to midnight, 13:00 to 15:00, and 12:00.
      const wanted = { u3: 19.5, u2: 14.5, u1: 13 };
      expect(perKwh).toEqual(Object.entries(wanted).map(([team, g]) => [team, expect.closeTo(g, 6)]));
    }
  });
});

interface Made {
  readonly plan: {
    readonly planned: { emissionsKg: { value: number }; energyKwh: number; lateJobs: number };
    readonly placements: readonly { jobId: string; start: string }[];
  };
}
/** A queue on a grid as it was at `now`: what was taken in, and its plan. */
const planned = async (grid: string, jobs: string, now: string) => {
  const app = await open({ ...(grid !== '' && { grid: `file:${caseFile(grid)}` }), now });
  const said = await app.call('ingest_jobs', { path: caseFile(jobs) }, by);
  const { workloadId } = said;
  const made =
    workloadId === null
      ? null
      : ((await app.call('make_plan', { workloadId, horizonHours: 24 }, by)) as unknown as Made);
  return { app, said, plan: made?.plan };
};

describe.runIf(CLUSTERS.length > 0)('queues of practice on grids of practice', () => {
  it('uk_sat.json and jobs2.csv: a job of 10 kW for an hour goes into the cleanest hour before it is due', async () => {
    // 11 kWh at the hour of 225 g/kWh: later hours are cleaner and lie after it is due, at 40 pounds an hour.
    const { plan } = await planned('documents/uk_sat.json', 'documents/jobs2.csv', '2026-06-06T00:00:00Z');
    expect(plan!.planned).toMatchObject({ energyKwh: 11, lateJobs: 0 });
    expect(plan!.planned.emissionsKg.value).toBeCloseTo(11 * 0.225, 6);
  });

  it('cats-32.csv and zero.json: a flexibility that ends after the deadline of Slurm ends there', async () => {
    const { said, plan } = await planned('clusters/cats-32.csv', 'clusters/zero.json', '2026-11-29T15:00:00Z');
    expect(said).toMatchObject({ earliestStart: '2026-11-29T14:53:20Z', latestEnd: '2026-11-29T23:00:00Z' });
    expect(plan!.planned.lateJobs).toBe(0);
    // 11 W (with the PUE) for half an hour; the cleanest half-hour that ends two minutes before 23:00 is that of 186 g/kWh.
    expect(plan!.planned.emissionsKg.value).toBeCloseTo(0.0055 * 0.186, 9);
  });

  it('grid-zero.csv and zero.json: the clean half-hour before the deadline is too late, for Slurm removes the job', async () => {
    const { plan } = await planned('clusters/grid-zero.csv', 'clusters/zero.json', '2026-11-29T15:00:00Z');
    expect(plan!.planned.lateJobs).toBe(0);
    expect(plan!.planned.emissionsKg.value).toBeCloseTo(0.0055 * 0.3, 9);
  });

  it.each([
    ['within 47 hours as CATS has it', { durationMinutes: 30 }, '2026-12-01T14:00:00Z', 106],
    ['in the last half-hour that is known', { durationMinutes: 30, windowMinutes: 2850 }, '2026-12-01T14:30:00Z', 20],
    ['and never past it', { durationMinutes: 60, windowMinutes: 2850 }, '2026-12-01T14:00:00Z', 63],
    ['nor with a later window', { durationMinutes: 45, windowMinutes: 4000 }, '2026-12-01T14:15:00Z', (106 + 40) / 3],
  ])('cats-32.csv: the best start %s', async (_, asked, start, value) => {
    const app = await open({ grid: `file:${caseFile('clusters/cats-32.csv')}`, now: '2026-11-29T15:00:00Z' });
    const { carbonIntensityOptimal: best } = await app.call('when_to_run', asked, by);
    expect(best).toMatchObject({ start, value: expect.closeTo(value, 9) });
  });

  it('grid-zero.csv and jobs3.csv: jobs of another year are refused one by one, never planned into unknown days', async () => {
    const { said } = await planned('clusters/grid-zero.csv', 'numbers/jobs3.csv', '2026-11-29T00:00:00Z');
    expect(said.workloadId).toBeNull();
    expect(said.rejected.map(({ code }) => code)).toEqual(['impossible', 'impossible', 'impossible']);
  });

  it('jobs3.csv: told by two tools the plan is one number, a forecast, and the same when it is made again', async () => {
    const { app, said, plan } = await planned('', 'numbers/jobs3.csv', '2022-05-25T00:00:00Z');
    expect(said).toMatchObject({ accepted: 3, rejectedCount: 0 });
    // (10 kW × 1 h + 20 kW × 2 h + 5 kW × 0.5 h) × 1.1
    expect(plan!.planned).toMatchObject({ energyKwh: expect.closeTo(57.75, 9), lateJobs: 0 });
    const workloadId = said.workloadId!;
    const { basis, total } = await app.call('measure_emissions', { workloadId, schedule: 'planned' }, by);
    expect(basis).toBe('forecast');
    expect(total).toMatchObject({ jobs: 3, energyKwh: expect.closeTo(57.75, 9) });
    expect(total.emissionsKg?.value).toBeCloseTo(plan!.planned.emissionsKg.value, 6);
    const again = await app.call('make_plan', { workloadId, horizonHours: 24 }, by);
    expect((again.plan as unknown as Made['plan']).planned).toEqual(plan!.planned);
  });
});
