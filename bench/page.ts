/**
 * The page's own cost: bytes of script, first paint over a store with 30 000 jobs, frames while its timeline is scrolled, from a deed to
 * the screen, and what fifty open pages hold of the server. Needs Chromium and the build: `npm run build && npx tsx bench/page.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { keep, rounded } from './results.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'caco-bench-page-'));
const CHROMIUM = '/usr/bin/chromium';
const JOBS = 30_000;
const PAGES = 50;
const ROUNDS = 80;
const figures: Record<string, number> = {};
const note = (name: string, value: number, digits = 1) => {
  figures[name] = rounded(value, digits);
};
const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const share = (values: number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!;

/** MB of memory that a process holds; from /proc, so NaN elsewhere. */
const megabytes = (pid: number): number => {
  const path = `/proc/${pid}/status`;
  return existsSync(path)
    ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? Number.NaN) / 1024
    : Number.NaN;
};

const furnish = async () => {
  const { config, settings } = readConfig({ home, seed: 5, logLevel: 'silent' }, {}, home);
  const app = await openApp(config, settings);
  const by = { actor: { id: 'bench', via: 'cli' } } as const;
  const jobs = Array.from({ length: JOBS }, (_, i) => ({
    id: `job-${i}`,
    team: `team-${i % 40}`,
    duration_hours: 1 + (i % 5),
    power_kw: 1 + (i % 3),
    region: 'GB',
    category: i % 3 === 0 ? 'urgent' : 'sustainable',
  }));
  const { workloadId } = await app.call('ingest_jobs', { jobs }, by);
  const { plan } = await app.call(
    'make_plan',
    { workloadId: workloadId!, horizonHours: 24, cpuSeconds: 15, relax: ['cap:GB=200000'] },
    by,
  );
  await app.close();
  if (plan === null) throw new Error('the bench’s own plan does not fit');
  return plan.id;
};

const serve = async (): Promise<{ child: ChildProcess; url: string }> => {
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'serve', '--port', '0', '--json'], {
    env: { ...process.env, CACO_HOME: home, CACO_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [piece] = (await once(child.stdout!, 'data')) as [Buffer];
  const text = piece.toString().includes('}')
    ? piece.toString()
    : piece.toString() + String((await once(child.stdout!, 'data'))[0]);
  return { child, url: (JSON.parse(text) as { url: string }).url };
};

const firstPaint = async (browser: Browser, url: string): Promise<number> => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const begun = performance.now();
  await page.goto(`${url}/#/now`);
  await page.locator('[data-figure="planned-saving"] strong').waitFor();
  const ms = performance.now() - begun;
  await context.close();
  return ms;
};

/** Frames of a second while the timeline is scrolled by a frame’s worth each. */
const FRAMES = `new Promise((done) => {
  const box = document.querySelector('.tl-scroll');
  const times = [];
  const turn = (at) => {
    times.push(at);
    box.scrollTop += 120;
    if (times.length < 300) requestAnimationFrame(turn);
    else done(times.slice(1).map((t, i) => t - times[i]));
  };
  requestAnimationFrame(turn);
})`;

const frames = async (browser: Browser, url: string, planId: string) => {
  const page = await browser.newPage();
  const begun = performance.now();
  await page.goto(`${url}/#/plan/${planId}`);
  await page.locator('.tl-scroll canvas').waitFor({ timeout: 120_000 });
  note('timelineShownMs', performance.now() - begun, 0);
  await page.waitForTimeout(1000);
  const apart = (await page.evaluate(FRAMES)) as number[];
  note('framesPerSecondMedian', 1000 / median(apart));
  note('framesPerSecondP95', 1000 / share(apart, 0.95));
  await page.close();
};

const latency = async (browser: Browser, url: string) => {
  const page = await browser.newPage();
  await page.goto(`${url}/#/now`);
  await page.locator('.line-state.open').waitFor();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const seq = Number(await page.locator('.activity .seq').first().innerText());
    const answer = await fetch(`${url}/tools/ingest_jobs`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ jobs: [{ id: `late-${i}`, duration_hours: 1, power_kw: 1, region: 'GB' }] }),
    });
    await answer.arrayBuffer();
    const begun = performance.now();
    await page
      .locator('.activity .seq', { hasText: String(seq + 1) })
      .first()
      .waitFor();
    times.push(performance.now() - begun);
  }
  note('eventToScreenMsMedian', median(times), 0);
  note('eventToScreenMsWorst', Math.max(...times), 0);
  await page.close();
};

/** A page's listening and asking, without a browser for each: fifty streams, and what fifty pages fetch at each change. */
const many = async (url: string, pid: number) => {
  const ask = (name: string, input: object = {}) =>
    fetch(`${url}/tools/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(input),
    }).then((a) => a.arrayBuffer());
  const look = () =>
    Promise.all(['get_status', 'list_plans', 'list_runs', 'list_approvals', 'list_ledger'].map((name) => ask(name)));
  // What one page makes of a fresh process is not what fifty add to it.
  for (let i = 0; i < 150; i++) await look();
  const before = megabytes(pid);
  const stop = new AbortController();
  for (let i = 0; i < PAGES; i++)
    void fetch(`${url}/events`, { signal: stop.signal })
      .then(async (a) => {
        for await (const _ of a.body!) {
          /* heard */
        }
      })
      .catch(() => {});
  const held: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(Array.from({ length: PAGES }, look));
    held.push(megabytes(pid));
  }
  stop.abort();
  note('fiftyPagesGrowthMb', held.at(-1)! - before);
  note('fiftyPagesLastHalfGrowthMb', held.at(-1)! - held[ROUNDS / 2]!);
};

const planId = await furnish();
const script = ['page.js', 'page.css', 'index.html'].map((name) => readFileSync(join(root, 'dist/dashboard', name)));
note('scriptGzipKb', gzipSync(script[0]!, { level: 9 }).length / 1000);
note('allGzipKb', script.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0) / 1000);
const { chromium } = await import('playwright-core');
const { child, url } = await serve();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
try {
  await firstPaint(browser, url);
  const paints: number[] = [];
  for (let i = 0; i < 5; i++) paints.push(await firstPaint(browser, url));
  note('firstPaintMsMedian', median(paints), 0);
  note('firstPaintMsWorst', Math.max(...paints), 0);
  await frames(browser, url, planId);
  await latency(browser, url);
  await many(url, child.pid!);
} finally {
  await browser.close();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  rmSync(home, { recursive: true, force: true });
}
keep('page', { jobs: JOBS, ...figures });
