/** The command line as a process, as built: what `npm start` and scripts meet. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { APPROVALS } from '../domain/decision.js';
import { openStore } from '../store/store.js';

// Real processes, many of them: nothing is judged by its time, and only a test that hangs ends by this limit.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = (home: string) => ({ PATH: process.env.PATH, HOME: folder, CACO_HOME: join(folder, home) });

const caco = (home: string, args: string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: environment(home),
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
};
const json = (home: string, args: string[], input = '') => {
  const { status, stdout, stderr } = caco(home, [...args, '--json'], input);
  expect(stdout, stderr).not.toBe('');
  return { status, answer: JSON.parse(stdout), stderr };
};

describe('a run that waits for a person', () => {
  it('is approved from another process in the world that it was started in', () => {
    const asked = json('elsewhere', [
      'launch',
      '--scenario',
      'five-regions',
      '--horizon-hours',
      '3',
      '--approval',
      'ask',
    ]);
    expect(asked.status).toBe(4);
    const there = json('elsewhere', ['approve', asked.answer.approvalId, '--scenario', 'gb-hpc']);
    expect([there.status, there.answer.error.code]).toEqual([4, 'conflict']);
    const { status, answer } = json('elsewhere', ['approve', asked.answer.approvalId, '--why', 'fine']);
    expect([status, answer.status]).toEqual([0, 'done']);
    expect(answer.story).toContain('five-regions');
    expect(answer.verified.jobs).toBeGreaterThan(0);
  });
});

describe('a run whose answer was given by a process that died', () => {
  it('is listed with what brings it forward', async () => {
    const { answer } = json('answered', ['launch', '--horizon-hours', '2', '--approval', 'ask']);
    // The answer as such a process left it: written down, and the run not gone on with.
    const store = await openStore(join(folder, 'answered', 'caco.db'));
    const approvals = store.collection(APPROVALS);
    const { value } = (await approvals.get(answer.approvalId))!;
    const actor = { id: 'ann', via: 'cli' as const };
    const vote = { actor, decision: 'approve' as const, why: 'fine', at: value.askedAt, only: null };
    await approvals.put(value.id, { ...value, status: 'approved', votes: [vote] });
    await store.close();
    expect(caco('answered', ['runs']).stdout).toContain(`caco resume ${answer.runId}`);
    expect(json('answered', ['resume', answer.runId]).answer.status).toBe('done');
    expect(caco('answered', ['runs']).stdout).not.toContain('caco resume');
  });
});

describe('a run of 24 hours', () => {
  let run: ReturnType<typeof json>;
  beforeAll(() => {
    run = json('day', ['launch', '--horizon-hours', '24']);
  });

  it('answers the members of the contract, decided by rule, verified and told', () => {
    expect(run.status, JSON.stringify(run.answer)).toBe(0);
    const { answer } = run;
    expect(answer.decision.status).toBe('approved');
    expect(answer.decision.by[0]).toMatch(/^rule:/);
    for (const side of [answer.baseline, answer.plan]) {
      expect(side.energyKwh).toBeGreaterThan(0);
      expect(side.emissionsKg.low).toBeLessThan(side.emissionsKg.value);
      expect(Object.keys(side.cost).sort()).toEqual(['currency', 'egress', 'energy', 'instance', 'tardiness', 'total']);
    }
    const { baseline, plan, savings } = answer;
    expect(savings.emissionsKg.value).toBeCloseTo(baseline.emissionsKg.value - plan.emissionsKg.value, 6);
    expect(plan.emissionsKg.value).toBeLessThan(baseline.emissionsKg.value);
    expect(answer.gap).toBeGreaterThanOrEqual(0);
    expect(answer.gap).toBeLessThan(0.02);
    expect(answer.tickets.length).toBeGreaterThan(0);
    expect(answer.verified.verified.emissionsKg.low).toBeLessThan(answer.verified.verified.emissionsKg.value);
    for (const text of ['jobs wait', 'carbon', 'Approved by rule', 'Window closed'])
      expect(answer.story).toContain(text);
    for (const line of answer.story.split('\n')) expect([...line].length).toBeLessThanOrEqual(100);
  });

  it('leaves tickets as Markdown and ADF, and a ledger that is sound', () => {
    const files = readdirSync(join(folder, 'day', 'tickets'), { recursive: true }).map(String);
    expect(files.some((f) => f.endsWith('.md'))).toBe(true);
    const adf = files.find((f) => f.endsWith('.json'))!;
    expect(readFileSync(join(folder, 'day', 'tickets', adf), 'utf8')).toContain('"type"');
    const audit = json('day', ['ledger', 'audit']);
    expect(audit.status).toBe(0);
    expect(audit.answer.ok).toBe(true);
    expect(audit.answer.size).toBeGreaterThan(4);
  });

  it('is listed and shown', () => {
    const { answer } = json('day', ['runs']);
    expect(answer.runs[0]).toMatchObject({ id: run.answer.runId, status: 'done' });
    expect(json('day', ['show', run.answer.runId]).answer.planId).toBe(run.answer.planId);
    expect(json('day', ['resume', run.answer.runId]).answer.status).toBe('done');
  });
});

describe('an approval that is needed', () => {
  it('stops the run, survives kill -9, is given by another process, and happens once', async () => {
    const child = spawn(process.execPath, [MAIN, 'launch', '--horizon-hours', '6', '--approval', 'ask', '--json'], {
      cwd: folder,
      env: environment('ask'),
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Killed at whatever it does as soon as the run is known; what is left has to be resumable.
    const known = () => {
      const { status, stdout } = caco('ask', ['runs', '--json']);
      return status === 0 ? (JSON.parse(stdout).runs[0]?.id as string | undefined) : undefined;
    };
    let runId = known();
    while (runId === undefined && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      runId = known();
    }
    child.kill('SIGKILL');
    await ended;
    expect(runId).toBeDefined();
    const resumed = json('ask', ['resume', runId!]);
    expect(resumed.status).toBe(4);
    expect(resumed.answer).toMatchObject({ runId, status: 'waiting' });

    const approved = json('ask', ['approve', resumed.answer.approvalId, '--why', 'looked at it']);
    expect(approved.status, JSON.stringify(approved.answer)).toBe(0);
    const again = json('ask', ['approve', resumed.answer.approvalId, '--why', 'twice']);
    expect(again.status).toBe(4);
    const shown = json('ask', ['show', runId!]).answer;
    expect(shown).toMatchObject({ status: 'done', decision: { status: 'approved' } });
    const entries = json('ask', ['ledger', 'tail', '--limit', '200']).answer.entries as { kind: string }[];
    expect(entries.filter((e) => e.kind === 'place_jobs')).toHaveLength(1);
  });
});

describe('three agents', () => {
  it('answer a line each, and go on after a broken one', () => {
    const { stdout } = caco(
      'agents',
      ['grid'],
      [
        '{"command":"get_grid_forecast","from":"2022-05-25T00:00:00Z","to":"2022-05-25T03:00:00Z","region":"GB"}',
        'not json',
        '{"command":"launch_rockets"}',
        '{"command":"get_grid_forecast","from":"2022-05-25T00:00:00+01:00","to":"2022-05-25T03:00:00Z","region":"GB"}',
      ].join('\n'),
    );
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((l) => l.ok)).toEqual([true, false, false, true]);
    expect(lines[0].points[0]).toMatchObject({ start: '2022-05-25T00:00:00Z', currency: 'GBP' });
    expect(lines[0].points[0].intensity_g_per_kwh).toBeGreaterThan(0);
    expect(lines[1].error.remedy).not.toBe('');
    expect(lines[3].points).toHaveLength(lines[0].points.length * (4 / 3));
  });

  it('meet through the store of their home', () => {
    const jobs = [
      {
        id: 'a',
        duration_hours: 2,
        power_kw: 400,
        earliest_start: '2022-05-25T00:00:00Z',
        deadline: '2022-05-25T20:00:00Z',
      },
      { id: 'b', duration_hours: 1.5, vcpus: 640, category: 'urgent' },
      { id: 'c', duration_hours: -1, vcpus: 1 },
    ];
    const ingested = JSON.parse(
      caco('meet', ['compute'], `${JSON.stringify({ command: 'ingest_jobs', jobs })}\n`).stdout,
    );
    expect(ingested).toMatchObject({ ok: true, accepted: 2 });
    expect(ingested.rejected[0]).toMatchObject({ line: 3, field: 'duration_hours' });
    const command = {
      command: 'run_caco_planning',
      horizon_hours: 24,
      region: 'GB',
      cluster_id: 'hpc-1',
      optimization: { carbon_penalty_weight: 0.5, sla_penalty_weight: 2.0, max_power_kw: 12000 },
    };
    const planned = JSON.parse(caco('meet', ['coordination'], `${JSON.stringify(command)}\n`).stdout);
    expect(planned.ok, JSON.stringify(planned)).toBe(true);
    expect(planned.schedule.map((s: { job_id: string }) => s.job_id).sort()).toEqual(['a', 'b']);
    // Never worse than leaving it, carbon priced at half of 75 per tonne.
    const priced = (t: { cost: { total: number }; emissions_kg: { value: number } }) =>
      t.cost.total + (t.emissions_kg.value * 0.5 * 75) / 1000;
    expect(priced(planned.plan)).toBeLessThanOrEqual(priced(planned.baseline));
    const slots = JSON.parse(
      caco(
        'meet',
        ['compute'],
        '{"command":"get_flexibility_profile","from":"2022-05-25T00:00:00Z","to":"2022-05-25T12:00:00Z","cluster_id":"hpc-1"}\n',
      ).stdout,
    ).slots;
    expect(slots).toHaveLength(24);
    expect(slots[0].best_effort_kw).toBeGreaterThanOrEqual(slots[0].firm_kw);
  });
});

describe('bad input', () => {
  it.each([
    [['launch', '--horizon-hours', '0'], 2],
    [['launch', '--horizon-hours', '87600'], 2],
    [['launch', '--horizon-hours', 'soon'], 2],
    [['launch', '--scenario', 'mars'], 3],
    [['show', 'R-NOTHERE'], 3],
    [['resume', 'R-NOTHERE'], 3],
    [['approve', 'A-NOTHERE'], 3],
    [['simulate', '--days', '0', '--out', 'x'], 2],
    [['simulate'], 2],
    [['no-such-command'], 2],
    [['launch', '--now', 'yesterday'], 2],
    [['tool', 'no_such_tool'], 3],
  ] as const)('%j exits with %d and one JSON error with a remedy', (args, code) => {
    const { status, answer } = json('bad', [...args]);
    expect(status).toBe(code);
    expect(answer.error.remedy).not.toBe('');
    expect(answer.error.message).not.toBe('');
  });

  it('says every wrong setting at once', () => {
    writeFileSync(join(folder, 'caco.yaml'), 'slotMinutes: 1\nnope: 2\n');
    const { status, answer } = json('bad', ['runs']);
    rmSync(join(folder, 'caco.yaml'));
    expect(status).toBe(2);
    expect(answer.error.details).toHaveLength(2);
  });
});

it('shows settings with their origin, and helps everywhere', () => {
  const { answer } = json('help', ['config', 'show', '--origin', '--carbon-price-per-tonne', '90']);
  expect(answer.settings.find((s: { name: string }) => s.name === 'carbonPricePerTonne')).toMatchObject({
    value: 90,
    origin: 'flag',
  });
  for (const args of [['--help'], ['launch', '--help'], ['grid', '--help'], ['ledger', 'audit', '--help']]) {
    const { status, stdout } = caco('help', args);
    expect(status).toBe(0);
    expect(stdout).toContain('Usage');
  }
});
