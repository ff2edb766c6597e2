/** GitHub behind the same outbox: one issue per key, whatever gets lost, and limits that are kept. */
import { afterEach, describe, expect, it } from 'vitest';
import { callTool } from '../tool.js';
import { fakeGithub, type Script } from './fixtures/fake-github.js';
import { decisionFor, HOSTILE, jobFor, planFor, recommendation, scene, timer } from './fixtures/scene.js';
import { type GithubSettings, githubTracker } from './github.js';
import { deliver } from './outbox.js';
import { OUTBOX, TICKETS } from './ticket.js';
import { settleTickets } from './tickets.js';

const TOKEN = 'ghp_very-secret';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const begin = async (over: Partial<GithubSettings> = {}) => {
  const time = timer();
  const github = await fakeGithub(TOKEN);
  const tracker = githubTracker({
    apiBase: github.base,
    repo: 'o/r',
    token: TOKEN,
    deployment: 'test',
    now: time.now,
    paceMs: 0,
    ...over,
  });
  const at = await scene(tracker, time);
  const rows = [recommendation(1, { toRegion: 'eu-west-1' })];
  const plan = planFor(rows);
  await at.keep(rows, plan, decisionFor(plan));
  closing.push(async () => {
    const kept = JSON.stringify([await at.store.collection(OUTBOX).list(), await at.store.collection(TICKETS).list()]);
    expect(kept).not.toContain(TOKEN);
    await github.close();
    await at.store.close();
  });
  return {
    ...at,
    time,
    github,
    tracker,
    plan,
    go: () => at.file(plan, { overview: false }),
    send: () => deliver({ store: at.store, tracker }),
    row: async () => (await at.store.collection(OUTBOX).list()).at(-1)!.value,
    ticket: async () => (await at.store.collection(TICKETS).list()).at(-1)!.value,
  };
};
type Stage = Awaited<ReturnType<typeof begin>>;
const script = (s: Stage, ...of: Script[]) => s.github.scripts.push(...of);

describe('GitHub issues', () => {
  it('are created once with the key in the last line, and found there', async () => {
    const s = await begin();
    for (let i = 0; i < 4; i++) await s.go();
    expect(s.github.issues).toHaveLength(1);
    const { id } = await s.ticket();
    expect(s.github.issues[0]!.body.split('\n').at(-1)).toBe(`<!-- caco:key=${id} -->`);
    expect(s.github.issues[0]!.labels.map((l) => l.name)).toContain('caco');
    expect((await s.tracker.find(id)).map((hit) => hit.ref)).toEqual(['1']);
    expect(s.github.requests.some((r) => r.path.startsWith('/search'))).toBe(false);
  });

  it('are found behind more than 5 000 newer ones', async () => {
    const s = await begin();
    await s.go();
    const { id } = await s.ticket();
    for (let i = 0; i < 5200; i++) s.github.store({ title: 'another', body: '', labels: ['caco'] });
    expect((await s.tracker.find(id)).map((hit) => hit.ref)).toEqual(['1']);
  });

  it('are not created where the list is longer than can be looked through, and it is said', async () => {
    const s = await begin({ mostPages: 2 });
    for (let i = 0; i < 250; i++) s.github.store({ title: 'another', body: '', labels: ['caco'] });
    await s.go();
    expect(s.github.posts()).toHaveLength(0);
    expect((await s.row()).reason).toContain('goes on after 200 entries');
  });

  it.each<[string, Script]>([
    ['500', { status: 500, store: true }],
    ['a cut connection', { destroy: true, store: true }],
    ['another page', { status: 200, body: { login: 'please' }, store: true }],
  ])('are not created twice after %s', async (_, lost) => {
    const s = await begin();
    script(s, lost);
    await s.go();
    expect((await s.row()).state).toBe('unknown');
    s.time.pass(60);
    for (let i = 0; i < 3; i++) await s.go();
    expect(await s.row()).toMatchObject({ state: 'delivered' });
    expect([s.github.posts().length, s.github.issues.length]).toEqual([1, 1]);
  });

  it.each<[string, Script, number]>([
    ['403 with retry-after', { status: 403, headers: { 'retry-after': '90' } }, 90],
    [
      '403 with a reset',
      {
        status: 403,
        headers: {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(Date.parse('2026-06-01T00:10:00Z') / 1000),
        },
      },
      600,
    ],
    ['403 that only says so', { status: 403, body: { message: 'You have exceeded a secondary rate limit.' } }, 60],
    ['429', { status: 429 }, 60],
  ])('wait after %s', async (_, limit, seconds) => {
    const s = await begin();
    script(s, limit);
    await s.go();
    const row = await s.row();
    expect(row.state).toBe('waiting');
    expect(Date.parse(row.notBefore!) - Date.parse(s.time.now())).toBeGreaterThanOrEqual(seconds * 1000);
    const before = s.github.requests.length;
    s.time.pass(seconds - 1);
    await s.send();
    expect(s.github.requests).toHaveLength(before);
    s.time.pass(120);
    await s.send();
    expect(s.github.issues).toHaveLength(1);
  });

  it.each<[string, Script, RegExp]>([
    [
      '422',
      { status: 422, body: { message: 'Validation Failed', errors: [{ field: 'title', code: 'invalid' }] } },
      /Validation Failed.*title/,
    ],
    ['410', { status: 410, body: { message: 'Issues are disabled for this repo' } }, /Issues are disabled/],
  ])('are given up after %s, with one alert', async (_, refusal, reason) => {
    const s = await begin();
    script(s, refusal);
    const filed = await s.go();
    expect(filed.alerts).toEqual([expect.stringMatching(reason)]);
    expect(await s.row()).toMatchObject({ state: 'dead' });
    await s.send();
    expect(s.github.posts()).toHaveLength(1);
  });

  it('pause on a bad token, told once and without using up attempts', async () => {
    const s = await begin({ token: 'expired' });
    expect((await s.go()).alerts.join()).toMatch(/lets nobody in/);
    expect(await s.row()).toMatchObject({ state: 'pending', attempts: 0 });
    expect((await s.send()).alerts).toEqual([]);
  });

  it('do without labels where the token may not push', async () => {
    const s = await begin();
    s.github.state.push = false;
    await s.go();
    expect(await s.ticket()).toMatchObject({ state: 'open', dropped: ['labels'] });
    for (let i = 0; i < 3; i++) await s.go();
    const { id } = await s.ticket();
    expect(
      await githubTracker({
        apiBase: s.github.base,
        repo: 'o/r',
        token: TOKEN,
        deployment: 'test',
        now: s.time.now,
        paceMs: 0,
      }).find(id),
    ).toHaveLength(1);
    expect(s.github.issues).toHaveLength(1);
  });

  it('are found beyond the first page, pull requests and quoted keys left aside', async () => {
    const s = await begin();
    await s.go();
    const { id } = await s.ticket();
    for (let i = 0; i < 150; i++)
      s.github.store({ title: `t${i}`, body: `about \`<!-- caco:key=${id} -->\` and more`, labels: ['caco'] });
    s.github.store({ title: 'pr', body: `<!-- caco:key=${id} -->`, labels: ['caco'] }, { pull_request: {} });
    expect((await s.tracker.find(id)).map((hit) => hit.ref)).toEqual(['1']);
    for (let i = 0; i < 205; i++) s.github.comments.get(1)?.push({ body: 'talk' });
    s.github.comments.set(
      1,
      Array.from({ length: 205 }, () => ({ body: 'talk' })),
    );
    for (let i = 0; i < 2; i++) await s.tracker.comment('1', { id: 'once', markdown: 'hello', adf: null });
    expect(s.github.comments.get(1)).toHaveLength(206);
  });

  it('have duplicates closed, once', async () => {
    const s = await begin();
    await s.go();
    const { id } = await s.ticket();
    s.github.store({ title: 'twin', body: `x\n\n<!-- caco:key=${id} -->`, labels: ['caco'] });
    s.time.pass(900);
    expect(await s.send()).toMatchObject({ repaired: 1 });
    expect(s.github.issues.map((i) => [i.state, i.state_reason])).toEqual([
      ['open', null],
      ['closed', 'not_planned'],
    ]);
    await s.send();
    expect(s.github.comments.get(2)).toHaveLength(1);
  });

  it('are told the verified saving and closed, but not when a person took one over', async () => {
    for (const assignees of [[], [{ login: 'ann' }]]) {
      const s = await begin();
      await s.go();
      s.github.issues[0]!.assignees = assignees;
      await s.go();
      await s.verified(s.plan, { value: 2, low: 1, high: 3, confidence: 0.95 });
      await callTool(settleTickets, { planId: s.plan.id }, s.world, s.call(`D-${s.plan.id}`));
      expect(s.github.issues[0]!.state).toBe(assignees.length === 0 ? 'closed' : 'open');
      expect(s.github.comments.get(1)![0]!.body).toContain('2.00 kg CO2e (1.00 to 3.00 kg');
    }
  });

  it('quote hostile names as data and stay within GitHub’s sizes', async () => {
    const s = await begin();
    const rows = HOSTILE.map((name, n) =>
      recommendation(n, { jobId: `j${n}`, team: name.slice(0, 190) || 'none', reason: name.repeat(50) }),
    );
    const plan = planFor(rows, { id: 'P-2', digest: '2'.repeat(64) });
    await s.keep(
      rows,
      plan,
      decisionFor(plan),
      rows.map((r, n) => jobFor(r, { name: HOSTILE[n]! })),
    );
    await s.file(plan, { createdPerDay: 100, openTickets: 100, minSavedKg: 0, minSavedCost: 0 });
    expect(s.github.issues.length).toBeGreaterThan(10);
    for (const { title, body } of s.github.issues) {
      expect(title.length).toBeLessThanOrEqual(256);
      expect(body.match(/<!--/g)).toHaveLength(1);
      expect(body).not.toMatch(/@everyone/);
      expect(body.split('\n').at(-1)).toMatch(/^<!-- caco:key=caco-[0-9a-f]{16} -->$/);
    }
  });
});
