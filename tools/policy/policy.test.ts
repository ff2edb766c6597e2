/** Policy sets through the front door with a real store: drafts, confirmation, documents, and plans held against what is in force. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Actor } from '../../domain/decision.js';
import { inForce } from '../../domain/policy/policy.js';
import { callTool, type Tool } from '../tool.js';
import { type Run, scene } from './fixtures/scene.js';
import { answerPolicy, confirmPolicy, evaluatePolicy, ingestPolicy, listPolicies, showPolicy } from './policy.js';

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url).pathname;
let folder: string;
let at: Awaited<ReturnType<typeof scene>>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caco-policy-'));
  at = await scene(join(folder, 'p.db'));
});
afterEach(async () => {
  await at.store.close();
  rmSync(folder, { recursive: true, force: true });
});

const ann: Actor = { id: 'ann', via: 'cli' };
const call = <I extends z.ZodType, O extends z.ZodType>(
  tool: Tool<I, O>,
  input: z.input<I>,
  actor = ann,
  world = at.world,
) => callTool(tool, input, world, { actor, cause: null, signal: new AbortController().signal, progress: () => {} });
const ingest = (text: string, name = 'policy.md') => call(ingestPolicy, { text, name, tz: 'Europe/London' });
const enforce = async (text: string, extra: Partial<z.input<typeof confirmPolicy.input>> = {}) => {
  const { setId } = await ingest(text);
  return call(confirmPolicy, { setId, ...extra });
};
const judge = (runs: readonly Run[], over: Parameters<typeof at.plan>[1] = {}) =>
  at.plan(runs, over).then((planId) => call(evaluatePolicy, { planId }));

describe('a set', () => {
  it('binds nothing before a person confirmed it', async () => {
    const { setId } = await ingest('All jobs must run in eu-west-1.');
    const before = await judge([{ to: 'us-east-1' }]);
    expect(before).toMatchObject({ verdict: 'allow', policySetId: null, verdicts: [] });
    expect(before.reasons).toEqual(['no policy is in force, so none was applied']);
    await call(confirmPolicy, { setId, why: 'agreed on Monday' });
    expect(await judge([{ to: 'us-east-1' }])).toMatchObject({ verdict: 'deny', policySetId: setId, version: 1 });
  });
  it.each(['mcp', 'graph'] as const)('is not confirmed by %s', async (via) => {
    const { setId } = await ingest('All jobs must run in eu-west-1.');
    await expect(call(confirmPolicy, { setId }, { id: 'bot', via })).rejects.toMatchObject({ code: 'forbidden' });
    expect((await call(listPolicies, {})).active).toBeNull();
  });
  it('takes answers to what it leaves open: another draft, with the sentence as it is, that binds nobody yet', async () => {
    const text = `The total power at hpc-1 must not exceed 11 MW between 16:00 and 19:00.
Any plan that moves more than 20 jobs must be approved.
All work together must not emit more than 20 t CO2e.`;
    const { setId } = await call(ingestPolicy, { text, name: 'winter.md' });
    const { open } = await call(showPolicy, { setId });
    expect(open.map(({ answers, zone }) => [answers.length, zone])).toEqual([
      [0, true],
      [2, false],
      [5, false],
    ]);
    const given = open.map(({ constraintId, question }, i) => ({
      ...{ constraintId, question },
      answer: ['Europe/London', 'two people', 'each calendar month'][i]!,
    }));
    await expect(
      call(answerPolicy, { setId, answers: [{ ...given[0]!, answer: 'Mars/Olympus' }] }),
    ).rejects.toMatchObject({ code: 'invalid-input', remedy: expect.stringContaining('IANA') });
    await expect(call(answerPolicy, { setId, answers: [given[0]!, given[0]!] })).rejects.toMatchObject({
      code: 'conflict',
    });
    const first = await call(answerPolicy, { setId, answers: given.slice(0, 1) });
    expect(first.open).toHaveLength(2);
    expect((await call(showPolicy, { setId })).set.questions).toHaveLength(3);
    const whole = await call(answerPolicy, { setId: first.setId, answers: given.slice(1) });
    const { set } = await call(showPolicy, { setId: whole.setId });
    expect(set).toMatchObject({ status: 'draft', questions: [] });
    expect(set.constraints.map(({ status, params }) => [status, params])).toEqual([
      ['clear', expect.objectContaining({ kw: 11_000, tz: 'Europe/London' })],
      ['clear', expect.objectContaining({ value: 20, approvals: 2 })],
      ['clear', expect.objectContaining({ kg: 20_000, period: 'calendar_month' })],
    ]);
    expect(set.constraints[0]).toMatchObject({
      quote: 'The total power at hpc-1 must not exceed 11 MW between 16:00 and 19:00.',
      answered: [{ answer: 'Europe/London', by: 'ann' }],
    });
    expect((await call(listPolicies, {})).active).toBeNull();
    expect((await call(confirmPolicy, { setId: whole.setId })).inForce).toBe(3);
    await expect(call(answerPolicy, { setId: whole.setId, answers: given })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
  it('is versioned, keeps other documents, and replaces one of the same name', async () => {
    await enforce('All jobs must run in eu-west-1.');
    const second = await call(ingestPolicy, {
      text: 'Batch jobs may wait up to 6 hours.',
      name: 'waiting.md',
      tz: 'UTC',
    });
    const confirmed = await call(confirmPolicy, { setId: second.setId });
    expect(confirmed.set).toMatchObject({ version: 2, documents: [{ doc: 'policy.md' }, { doc: 'waiting.md' }] });
    expect(inForce(confirmed.set).map((c) => c.type)).toEqual(['region_allow', 'max_deferral']);
    const third = await enforce('All jobs must run in eu-north-1.');
    expect(inForce(third.set).map((c) => c.params)).toEqual([{ minutes: 360 }, { regions: ['eu-north-1'] }]);
    const { sets, active } = await call(listPolicies, {});
    expect(sets.map((s) => [s.status, s.version])).toEqual([
      ['confirmed', 3],
      ['retired', 2],
      ['retired', 1],
    ]);
    expect(active).toBe(third.set.id);
  });
  it('finds a contradiction between two documents, and then neither sentence binds', async () => {
    await enforce('All jobs must run in eu-west-1.');
    const { setId } = await call(ingestPolicy, { text: 'All jobs must run in us-east-1.', name: 'other.md' });
    const { set } = await call(showPolicy, { setId });
    expect(set.constraints.map((c) => c.status)).toEqual(['conflict', 'conflict']);
    expect(inForce({ ...set, status: 'confirmed' })).toEqual([]);
  });
  it('of two confirmations at the same moment one wins', async () => {
    const a = await ingest('All jobs must run in eu-west-1.', 'a.md');
    const b = await ingest('Batch jobs may wait up to 6 hours.', 'b.md');
    const both = await Promise.allSettled([
      call(confirmPolicy, { setId: a.setId }),
      call(confirmPolicy, { setId: b.setId }, { id: 'bob', via: 'http' }),
    ]);
    expect(both.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((r) => r.status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
    expect((await call(listPolicies, {})).sets.filter((s) => s.status === 'confirmed')).toHaveLength(1);
  });
  it('leaves out what the person refused, and a set is confirmed once', async () => {
    const { set } = await enforce('All jobs must run in eu-west-1. Batch jobs may wait up to 6 hours.', {
      reject: ['c1'],
    });
    expect(inForce(set).map((c) => c.id)).toEqual(['c2']);
    await expect(call(confirmPolicy, { setId: set.id })).rejects.toMatchObject({ code: 'conflict' });
    await expect(call(confirmPolicy, { setId: 'S-NOPE' })).rejects.toMatchObject({ code: 'not-found' });
    const again = await ingest('Payroll must finish by 06:00.', 'x.md');
    await expect(call(confirmPolicy, { setId: again.setId, reject: ['c9'] })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
  it('says nothing of a document that is read again unchanged', async () => {
    const first = await ingest('All jobs must run in eu-west-1.');
    expect((await ingest('All jobs must run in eu-west-1.')).setId).toBe(first.setId);
    expect((await call(listPolicies, {})).sets).toHaveLength(1);
  });
});

describe('documents', () => {
  const path = (name: string) => call(ingestPolicy, { path: fixture(name), tz: 'Europe/London' });
  it('reads a PDF; a quote keeps its page', async () => {
    const { constraints, doc } = await path('two-pages.pdf');
    expect(doc).toBe('two-pages.pdf');
    expect(constraints.map((c) => [c.type, c.source.page])).toEqual([
      ['region_allow', 1],
      ['max_deferral', 1],
      ['blackout', 2],
      ['sla_class', 2],
    ]);
  });
  it('reads a DOCX with its headings and tables', async () => {
    const { constraints } = await path('classes.docx');
    expect(constraints.map((c) => [c.type, c.scope, c.params])).toEqual([
      ['carbon_cap', { teams: ['web'] }, { kg: 300, period: 'month' }],
      ['budget_cap', { teams: ['web'] }, { amount: 2000, currency: 'GBP', period: 'month' }],
      ['sla_class', { slaClasses: ['silver'] }, { maxDeferralMinutes: 30 }],
      ['sla_class', { slaClasses: ['bronze'] }, { maxDeferralMinutes: 1440 }],
    ]);
  });
  it.each([
    ['missing.md', null, 'not-found'],
    ['broken.pdf', '%PDF-1.4 nothing here', 'invalid-input'],
    ['broken.docx', 'PK nothing here', 'invalid-input'],
    ['empty.txt', ' \n', 'invalid-input'],
    ['binary.txt', 'a\0b', 'unsupported'],
    ['fake.pdf', 'plain text', 'invalid-input'],
  ])('says what is wrong with %s', async (name, content, code) => {
    const file = join(folder, name);
    if (content !== null) writeFileSync(file, content);
    await expect(call(ingestPolicy, { path: file })).rejects.toMatchObject({ code });
  });
  it('reads files for the person at the command line only', async () => {
    for (const via of ['mcp', 'http', 'graph'] as const)
      await expect(call(ingestPolicy, { path: fixture('two-pages.pdf') }, { id: 'bot', via })).rejects.toMatchObject({
        code: 'forbidden',
      });
  });
  it.each([
    [{}, 'invalid-input'],
    [{ text: 'a', path: 'b' }, 'invalid-input'],
    [{ text: 'a', tz: 'Mars/Base' }, 'invalid-input'],
  ])('refuses %j', async (input, code) => {
    await expect(call(ingestPolicy, input)).rejects.toMatchObject({ code });
  });
});

describe('a plan', () => {
  it('is refused for the jobs that a sentence forbids, and the rest is allowed', async () => {
    await enforce('Jobs of the crm team must run in eu-west-1 or eu-north-1 only.');
    const verdict = await judge([
      { team: 'crm', to: 'us-east-1' },
      { team: 'crm', to: 'eu-north-1' },
      { team: 'web', to: 'us-east-1' },
    ]);
    expect(verdict).toMatchObject({ verdict: 'deny', deniedJobs: 1, allowedJobs: 2, divisible: true });
    expect(verdict.reasons[0]).toContain(
      'Policy "policy.md", sentence 1: “Jobs of the crm team must run in eu-west-1 or eu-north-1 only.”',
    );
    expect(verdict.reasons[0]).toContain('job-0');
    expect(verdict.verdicts).toEqual([expect.objectContaining({ verdict: 'deny', jobs: ['job-0'], jobCount: 1 })]);
  });
  it.each([
    ['a wait beyond the longest', 'Batch jobs may wait up to 2 hours.', [{ delayHours: 3 }], [{ delayHours: 2 }]],
    [
      'a start in a closed window',
      'No batch job may start between 16:00 and 19:00.',
      [{ delayHours: 16 }],
      [{ delayHours: 20 }],
    ],
    [
      'a run into a closed window',
      'No batch job may run between 16:00 and 19:00.',
      [{ delayHours: 15 }],
      [{ delayHours: 14 }],
    ],
    ['a move of untouchable work', 'Batch jobs must never be moved.', [{ delayHours: 1 }], [{}]],
    ['a forbidden region', 'No jobs may run in us-east-1.', [{ to: 'us-east-1' }], [{ to: 'eu-north-1' }]],
    ['a country', 'All jobs must run in Ireland.', [{ to: 'eu-north-1' }], [{ delayHours: 5 }]],
    ['a time to be done by', 'Batch jobs must finish by 12:00.', [{ delayHours: 13 }], [{ delayHours: 8 }]],
    [
      'a freeze with hours',
      'No placement changes from 1 June 2026 06:00 to 3 June 2026 08:00.',
      [{ delayHours: 7 }],
      [{ delayHours: 2 }],
    ],
    ['a freeze', 'No placement changes may be made from 1 June 2026 to 3 June 2026.', [{ delayHours: 2 }], [{}]],
  ])('breaks or keeps %s', async (_, text, bad, good) => {
    await enforce(text);
    expect((await judge(bad)).verdict).toBe('deny');
    expect((await judge(good)).verdict).toBe('allow');
  });
  it('asks where nothing says whether a word means the job, until a person explains the word', async () => {
    const text = 'No placement changes may be made in production from 1 June 2026 to 3 June 2026.';
    const { unexplained } = await enforce(text);
    expect(unexplained).toEqual(['environment:production']);
    const open = await judge([{ delayHours: 2, team: 'web' }]);
    expect(open).toMatchObject({ verdict: 'needs-approval' });
    expect(open.reasons[0]).toContain('environment:production');
    const { setId } = await ingest(`${text}\n`);
    await call(confirmPolicy, { setId, meanings: [{ term: 'environment:production', teams: ['crm'] }] });
    expect((await judge([{ delayHours: 2, team: 'web' }])).verdict).toBe('allow');
    expect((await judge([{ delayHours: 2, team: 'crm' }])).verdict).toBe('deny');
  });
  it('counts carbon by team and period, and the special ceiling replaces the general one', async () => {
    await enforce('Each team has a ceiling of 15 kg CO2e per day; the crm team’s ceiling is 40 kg.');
    expect(
      (
        await judge([
          { team: 'web', kg: 10 },
          { team: 'web', kg: 4 },
          { team: 'crm', kg: 39 },
        ])
      ).verdict,
    ).toBe('allow');
    const over = await judge([
      { team: 'web', kg: 10, beforeKg: 4 },
      { team: 'web', kg: 9, beforeKg: 4 },
    ]);
    expect(over).toMatchObject({ verdict: 'deny', divisible: false });
    expect(over.reasons[0]).toMatch(/web .*19 of 15 kg CO2e/);
    expect((await judge([{ team: 'web', kg: 20, beforeKg: 30 }])).verdict).toBe('needs-approval');
  });
  it('asks as many people as the sentence demands, above its threshold only', async () => {
    await enforce(
      'Plans above £100 need approval by two people. Moves of more than 3 jobs need sign-off by the operations manager.',
    );
    expect(await judge([{}], { cost: 90 })).toMatchObject({ verdict: 'allow' });
    expect(await judge([{}], { cost: 110 })).toMatchObject({ verdict: 'needs-approval', approvalsNeeded: 2 });
    const many = await judge(
      [1, 2, 3, 4].map((delayHours) => ({ delayHours })),
      { cost: 90 },
    );
    expect(many).toMatchObject({ verdict: 'needs-approval', approvalsNeeded: 1 });
    expect(many.reasons[0]).toContain('operations manager has to approve');
  });
  it('an exception that the policy provides for turns a refusal into a question', async () => {
    await enforce('No job may be moved to us-east-1 unless the CISO approves.');
    expect(await judge([{ to: 'us-east-1' }])).toMatchObject({ verdict: 'needs-approval', deniedJobs: 0 });
  });
  it('an exception from one sentence leaves what another refuses refused', async () => {
    await enforce('No job may be moved to us-east-1 unless the CISO approves. Jobs may be delayed by at most 2 hours.');
    const found = await judge([{ to: 'us-east-1', delayHours: 5 }, { to: 'us-east-1' }]);
    expect(found).toMatchObject({ verdict: 'deny', deniedJobs: 1, allowedJobs: 1 });
    expect(found.verdicts.map((v) => [v.verdict, v.jobCount]).sort()).toEqual([
      ['allow', 0],
      ['deny', 1],
      ['needs-approval', 2],
    ]);
  });
  it('an exception holds for every job that the sentence refuses, beyond those that are listed', async () => {
    await enforce('No job may be moved to us-east-1 unless the CISO approves.');
    const found = await judge(Array.from({ length: 1001 }, () => ({ to: 'us-east-1' })));
    expect(found).toMatchObject({ verdict: 'needs-approval', deniedJobs: 0, allowedJobs: 1001 });
    expect(found.verdicts[0]).toMatchObject({ jobCount: 1001 });
    expect(found.verdicts[0]!.jobs).toHaveLength(1000);
  });
  it('a wish is noted and stops nothing', async () => {
    await enforce('Batch jobs should not be delayed by more than 1 hour.');
    const verdict = await judge([{ delayHours: 5 }]);
    expect(verdict.verdict).toBe('allow');
    expect(verdict.verdicts[0]!.why).toContain('would rather not');
  });
  it('nothing ambiguous, contradictory or unsupported binds', async () => {
    await enforce(
      'Please keep each team below 500 per month. Batch jobs may wait 1 hour. Batch jobs may wait 2 hours. Servers must be patched.',
    );
    expect(await judge([{ delayHours: 9, kg: 1e6 }])).toMatchObject({ verdict: 'allow', verdicts: [] });
  });
});
