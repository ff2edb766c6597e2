/** Filing through the front door, into files: few tickets, kept up to date, never twice. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STATEMENTS, statementId } from '../../domain/settlement/statement.js';
import { plusSeconds } from '../../domain/time.js';
import { callTool } from '../tool.js';
import { lintAdf } from './adf.js';
import { filesTracker } from './files.js';
import { adfProblem } from './fixtures/adf-schema.js';
import { decisionFor, HOSTILE, jobFor, planFor, recommendation, START, scene, timer } from './fixtures/scene.js';
import { draftTickets, listTickets, settleTickets } from './tickets.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caco-tickets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const setUp = async (count: number) => {
  const time = timer();
  const tracker = filesTracker({ folder, now: time.now });
  const at = await scene(tracker, time);
  const rows = Array.from({ length: count }, (_, n) => recommendation(n));
  const plan = planFor(rows);
  await at.keep(rows, plan, decisionFor(plan));
  return { ...at, time, rows, plan };
};
const markdownFiles = () => readdirSync(folder).filter((name) => name.endsWith('.md'));

describe('file_tickets', () => {
  it('makes a handful of tickets of 30 000 recommendations, with valid ADF beside each', async () => {
    const { file, plan } = await setUp(30_000);
    const filed = await file(plan);
    expect(filed.groups).toBeGreaterThan(5);
    expect(filed.total).toBe(4);
    expect(filed.heldBack).toBeGreaterThan(0);
    expect(filed.delivery).toMatchObject({ delivered: 4, open: 0, dead: 0 });
    expect(markdownFiles()).toHaveLength(4);
    for (const name of markdownFiles()) {
      const adf = JSON.parse(readFileSync(join(folder, name.replace(/\.md$/, '.adf.json')), 'utf8'));
      expect(adfProblem(adf)).toBeNull();
      expect(lintAdf(adf)).toEqual([]);
      expect(JSON.stringify(adf).length).toBeLessThanOrEqual(30_000);
    }
    const overview = markdownFiles().find((name) => name.startsWith('overview'))!;
    expect(readFileSync(join(folder, overview), 'utf8')).toContain('cap per day is full');
  });

  it('keeps the fixed order of sections and names saving, risk, undo and evidence', async () => {
    const { file, plan, growLedger } = await setUp(40);
    growLedger();
    await file(plan);
    const text = readFileSync(join(folder, markdownFiles().find((name) => !name.startsWith('overview'))!), 'utf8');
    const at = [
      '## Decision',
      '## Effect',
      '## Change',
      '## Constraints kept',
      '## Accept',
      '## What changed',
      '## Evidence',
      'CACO key',
    ];
    const places = at.map((part) => text.indexOf(part));
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(text).toMatch(/Saves [\d.]+ kg CO2e \([\d.]+ to [\d.]+ kg, 95 % interval\)/);
    expect(text).toContain('Risk low');
    expect(text).toContain(plan.digest);
    expect(text).toContain('caco ledger show 0');
  });

  it('gives commands for a queue of Slurm, to apply and to undo, and none for ids that only look like it', async () => {
    const time = timer();
    const at = await scene(filesTracker({ folder, now: time.now }), time);
    const toStart = plusSeconds(START, 6 * 3600);
    const of = (jobId: string) =>
      recommendation(1, { jobId, team: 'web', toStart, toEnd: plusSeconds(toStart, 7200), savedKg: 20 });
    const known = { cluster: 'lab', eligibleAt: START, deadline: null, limitMinutes: 120, stays: null };
    const rows = [of('lab-76_0'), of('lab-76_1'), of('lab-80')];
    const jobs = rows.map((r) => jobFor(r, { slurm: { ...known, id: r.jobId.slice(4) } }));
    const plan = planFor(rows);
    await at.keep(rows, plan, decisionFor(plan), jobs);
    await at.file(plan);
    const texts = () =>
      markdownFiles()
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join('\n');
    for (const [job, time] of [
      [`'JobId=76_[0-1]'`, '2026-06-01T06:00:00'],
      ['JobId=80', '2026-06-01T06:00:00'],
      [`'JobId=76_[0-1]'`, '2026-06-01T00:00:00'],
    ])
      expect(texts()).toContain(`TZ=UTC scontrol update ${job} StartTime=${time}\n`);

    const numbered = [of('76'), of('80')].map((r) => ({ ...r, team: 'other' }));
    const other = planFor(numbered, { id: 'P-2', workloadId: 'W-2' });
    await at.keep(numbered, other, decisionFor(other));
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    await at.file(other);
    expect(texts()).toContain('P-2');
    expect(texts()).not.toMatch(/scontrol|sbatch --begin/);
  });

  it('files nothing twice in three re-runs, and edits nothing when nothing moved', async () => {
    const { file, plan } = await setUp(300);
    await file(plan);
    const before = markdownFiles().map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
    for (let i = 0; i < 3; i++) {
      const again = await file(plan);
      expect(again).toMatchObject({ created: 0, updated: 0, total: 4 });
    }
    expect(markdownFiles().map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual(before);
  });

  it('comments a re-plan once a day and only when a number moved by more than a tenth', async () => {
    const { file, keep, plan, rows, time } = await setUp(60);
    const wide = { createdPerDay: 100, openTickets: 100, minSavedKg: 0, minSavedCost: 0, overview: false };
    const first = await file(plan, wide);
    const id = first.tickets[0]!.id;
    const variant = async (n: number, factor: number) => {
      const moved = rows.map((r) => ({ ...r, savedKg: r.savedKg * factor }));
      const next = planFor(moved, { id: `P-${n}`, digest: String(n).repeat(64) });
      await keep(moved, next, decisionFor(next));
      return file(next, wide);
    };
    const comments = () => {
      const name = markdownFiles().find((n) => n.includes(id))!;
      return readFileSync(join(folder, name), 'utf8').split('Planned anew').length - 1;
    };
    await variant(2, 2);
    expect(comments()).toBe(0); // already told today, in the ticket itself
    time.pass(86_400);
    await variant(3, 2);
    expect(comments()).toBe(1);
    await variant(4, 4);
    expect(comments()).toBe(1);
    time.pass(86_400);
    await variant(5, 2.1);
    expect(comments()).toBe(1); // 5 % is not worth a word
    const { tickets } = await variant(6, 4);
    expect(comments()).toBe(2);
    expect(tickets.map((t) => t.id)).toContain(id);
    expect(markdownFiles()).toHaveLength(first.total);
  });

  it('leaves a declined change alone and takes a settled one up again under the next key, with a link', async () => {
    const { file, keep, plan, rows, time, world, call } = await setUp(30);
    const only = { overview: false, createdPerDay: 100, openTickets: 100 };
    const first = await file(plan, only);
    const [declined, done] = first.tickets;
    const say = (id: string, status: string) => {
      const path = join(folder, markdownFiles().find((name) => name.includes(id))!);
      writeFileSync(path, readFileSync(path, 'utf8').replace(/^status: \w+/m, `status: ${status}`));
    };
    say(declined!.id, 'declined');
    say(done!.id, 'done');
    time.pass(3600);
    const next = planFor(rows, { id: 'P-2', digest: '2'.repeat(64) });
    await keep(rows, next, decisionFor(next));
    const second = await file(next, only);
    expect(second.created).toBe(1);
    const ids = second.tickets.map((t) => t.id);
    expect(ids).not.toContain(declined!.id);
    expect(ids).not.toContain(done!.id);
    const fresh = second.tickets.find((t) => t.title === done!.title)!;
    const { markdown } = await callTool(listTickets, { id: fresh.id }, world, call());
    expect(markdown).toContain(`takes up again what was settled in`);
    expect(markdown).toContain(done!.id);
    expect(await file(next, only)).toMatchObject({ created: 0 });
  });

  it('closes what a newer plan no longer proposes, and what has expired', async () => {
    const { file, keep, plan, rows, time, world, call } = await setUp(30);
    const only = { overview: false, createdPerDay: 100, openTickets: 100 };
    const first = await file(plan, only);
    const fewer = rows.filter((r) => r.team !== 'team-1');
    const next = planFor(fewer, { id: 'P-2', digest: '2'.repeat(64) });
    await keep(fewer, next, decisionFor(next));
    await file(next, only);
    const states = async () => (await callTool(listTickets, {}, world, call())).tickets;
    for (const t of await states()) expect([t.id, t.state]).toEqual([t.id, t.team === 'team-1' ? 'closed' : 'open']);
    time.pass(3 * 86_400);
    const late = rows.slice(0, 1).map((r) => ({
      ...r,
      team: 'other',
      jobId: 'late',
      fromStart: plusSeconds(START, 4 * 86_400),
      toStart: plusSeconds(START, 4 * 86_400 + 3600),
    }));
    const last = planFor(late, { id: 'P-3', digest: '3'.repeat(64), clusterId: 'hpc-2' });
    await keep(late, last, decisionFor(last));
    await file(last, only);
    const closed = (await states()).filter((t) => t.state === 'closed');
    expect(first.total).toBeGreaterThan(3);
    expect((await states()).filter((t) => t.state !== 'closed').map((t) => t.team)).toEqual(['other']);
    expect(new Set(closed.map((t) => t.reason))).toEqual(new Set(['superseded', 'applied']));
  });

  it('files only the jobs that a partial approval allows, and refuses a decision about another plan', async () => {
    const { file, keep, plan, rows, world, call } = await setUp(20);
    const next = planFor(rows, { id: 'P-2', digest: '2'.repeat(64) });
    await keep(rows, next, decisionFor(next, { status: 'partly-approved', jobs: ['job-5', 'job-6'] }));
    const filed = await file(next, { overview: false });
    expect(filed.tickets.reduce((sum, t) => sum + t.jobs, 0)).toBe(2);
    const { fileTickets } = await import('./tickets.js');
    await expect(callTool(fileTickets, { planId: plan.id }, world, call('D-P-2'))).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(callTool(fileTickets, { planId: plan.id }, world, call())).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('tells the verified saving once and closes', async () => {
    const { file, plan, world, call, verified } = await setUp(20);
    const filed = await file(plan);
    const input = { planId: plan.id };
    // What is told stands in the books: nobody says it, and before it stands there nothing is told.
    await expect(callTool(settleTickets, input, world, call(`D-${plan.id}`))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('not verified'),
    });
    const invented = {
      ...input,
      verifiedKg: { value: 999_999, low: 1, high: 1e6, confidence: 0.95 },
      method: 'trust me',
    };
    await expect(callTool(settleTickets, invented, world, call(`D-${plan.id}`))).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await verified(plan, { value: 61, low: 50, high: 72, confidence: 0.95 }, 'metered against the placed baseline');
    const settled = await callTool(settleTickets, input, world, call(`D-${plan.id}`));
    expect(settled.settled).toBe(filed.tickets.filter((t) => t.kind === 'decision').length);
    expect((await callTool(settleTickets, input, world, call(`D-${plan.id}`))).settled).toBe(0);
    const { tickets } = await callTool(listTickets, { state: 'closed' }, world, call());
    expect(tickets).toHaveLength(settled.settled);
    const text = readFileSync(join(folder, markdownFiles().find((n) => n.includes(tickets[0]!.id))!), 'utf8');
    expect(text).toContain('saved 61.0 kg CO2e (50.0 to 72.0 kg, 95 % interval)');
    expect(text).toContain('status: done');
  });

  it('tells once what the event of its plan was paid, and closes nothing; a later run of the settlement is told again', async () => {
    const { file, plan, world, call } = await setUp(20);
    const filed = await file(plan, { overview: false });
    const input = { planId: plan.id, event: 'E-1' };
    const tell = () => callTool(settleTickets, input, world, call(`D-${plan.id}`));
    await expect(tell()).rejects.toThrow('event E-1 is not settled');
    const settledAs = (run: 'II' | 'SF', gross: number) => {
      const figures = {
        ...{
          id: 'E-1',
          site: 'hall',
          status: 'ok' as const,
          periods: [],
          deliveredMwh: 0.7,
          clippedMwh: null,
          lines: [],
        },
        baseline: { days: [], excluded: [], inDayAdjustmentKwh: null, used: 'unadjusted' as const },
        ...{ gross, avoided: 84, rebound: -32, net: gross + 52, currency: 'GBP', notes: [] },
      };
      const kept = { run, at: START, asked: {}, figures, evidence: `${run}-${gross}` };
      return world.store.collection(STATEMENTS).put(statementId('E-1', run), kept);
    };
    await settledAs('II', 168.7);
    expect((await tell()).settled).toBe(filed.total);
    expect((await tell()).settled).toBe(0);
    await settledAs('SF', 150);
    expect((await tell()).settled).toBe(filed.total);
    const text = readFileSync(join(folder, markdownFiles()[0]!), 'utf8');
    expect(text).toContain(
      'Event E-1, run II: 0.7 MWh delivered, paid 168.70 GBP; bought later -32.00 GBP; net 220.70 GBP.',
    );
    expect(text).toContain('run SF');
    expect((await callTool(listTickets, { state: 'closed' }, world, call())).tickets).toEqual([]);
  });

  it('says nothing of a verified saving where a person declined the change', async () => {
    const { file, plan, world, call, verified } = await setUp(20);
    const filed = await file(plan, { overview: false });
    const refused = filed.tickets[0]!;
    const path = join(folder, markdownFiles().find((name) => name.includes(refused.id))!);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^status: \w+/m, 'status: declined'));
    await verified(plan, { value: 61, low: 50, high: 72, confidence: 0.95 });
    const input = { planId: plan.id };
    const settled = await callTool(settleTickets, input, world, call(`D-${plan.id}`));
    expect(settled.settled).toBe(filed.total - 1);
    expect(readFileSync(path, 'utf8')).toMatch(/^status: declined/m);
    expect(readFileSync(path, 'utf8')).not.toContain('Verified');
    const { tickets } = await callTool(listTickets, { state: 'declined' }, world, call());
    expect(tickets.map((t) => t.id)).toEqual([refused.id]);
  });

  it('quotes hostile names as data', async () => {
    const time = timer();
    const at = await scene(filesTracker({ folder, now: time.now }), time);
    const rows = HOSTILE.map((name, n) =>
      recommendation(n, {
        jobId: `j${n}`,
        team: name.slice(0, 190) || 'none',
        reason: name,
        toRegion: name.slice(0, 40),
        fromRegion: name,
      }),
    );
    const plan = planFor(rows);
    await at.keep(
      rows,
      plan,
      decisionFor(plan, { reasons: HOSTILE }),
      rows.map((r, n) => jobFor(r, { name: HOSTILE[n]! })),
    );
    const filed = await at.file(plan, { createdPerDay: 100, openTickets: 100, minSavedKg: 0 });
    expect(filed.delivery.dead).toBe(0);
    for (const name of markdownFiles()) {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(text).not.toMatch(/(?<!\\)<!--/);
      expect(text).not.toMatch(/@everyone/);
      expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e]/u);
      expect(text).not.toMatch(/(?<!\\)\]\(javascript:/);
      const adf = JSON.parse(readFileSync(join(folder, name.replace(/\.md$/, '.adf.json')), 'utf8'));
      expect([name, adfProblem(adf), lintAdf(adf)]).toEqual([name, null, []]);
    }
  });
});

describe('draft_tickets', () => {
  it('shows the exact words and changes nothing', async () => {
    const { file, plan, world, call } = await setUp(50);
    const input = { planId: plan.id, decisionId: `D-${plan.id}` };
    const { drafts } = await callTool(draftTickets, input, world, call());
    expect(readdirSync(folder)).toEqual([]);
    const filed = await file(plan);
    expect(drafts.map((d) => d.id)).toEqual(filed.tickets.map((t) => t.id));
    for (const draft of drafts) {
      const text = readFileSync(join(folder, markdownFiles().find((n) => n.includes(draft.id))!), 'utf8');
      expect(text).toContain(draft.markdown!.trim());
    }
    const adf = await callTool(draftTickets, { ...input, format: 'adf' }, world, call());
    expect(adf.drafts.map((d) => adfProblem(d.adf))).toEqual(adf.drafts.map(() => null));
  });
});

describe('a model’s words', () => {
  const withModel = async (words: string | null) => {
    const at = await setUp(12);
    const world = { ...at.world, model: { name: 'scripted', words: async () => words } };
    const { drafts } = await callTool(draftTickets, { planId: at.plan.id }, world, at.call());
    return drafts[0]!.markdown!;
  };
  it('appear marked when every figure is among the facts', async () => {
    const plain = await withModel(null);
    const saved = /Saves ([\d.]+ kg) CO2e/.exec(plain)![1]!;
    const text = await withModel(`Moving these jobs saves ${saved} CO2e and harms no deadline.`);
    expect(text).toContain('Written by a language model');
    expect(text).toContain(`saves ${saved} CO2e`);
  });
  it.each([
    'You saved 9000 tonnes.',
    'You saved nine thousand tonnes.',
    'This halves emissions.',
    'Saves ２ kg.',
    'See https://evil.example.',
    'Approve job-999 now.',
  ])('are dropped when they hold what no fact says: %s', async (lie) => {
    expect(await withModel(lie)).not.toContain('language model');
  });
});
