/** The page over a world of one seed, walked by a real browser: what it says is what the API says, and nothing leaves the origin. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { countText, figure, massText, moneyText } from '../domain/figures.js';
import { openStore } from '../store/store.js';
import type { GridForecast, Plan, Status } from './answers.js';
import { CHROMIUM, openBrowser, openScene, type Scene, settled, watch } from './fixtures/scene.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe.skipIf(CHROMIUM === undefined)('the page (needs Chromium; skipped where it is not installed)', () => {
  let scene: Scene;
  let browser: Browser;
  let page: Page;
  let seen: ReturnType<typeof watch>;

  beforeAll(async () => {
    scene = await openScene();
    browser = await openBrowser();
    page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    seen = watch(page, scene.url);
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  const visit = async (hash: string) => {
    await page.goto(`${scene.url}/${hash}`);
    await settled(page);
  };
  const headline = (name: string) => page.locator(`[data-figure="${name}"] strong`).first().innerText();
  const audit = async (): Promise<string[]> => {
    await page.evaluate((await import('node:fs')).readFileSync(AXE, 'utf8'));
    const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    };
    return found.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes[0]?.html.slice(0, 200)}`);
  };

  it('says of the newest plan and the grid what the API says', async () => {
    await visit('#/now');
    const [plan] = (await scene.tool<{ plans: Plan[] }>('list_plans', { limit: 1 })).plans;
    const { now } = await scene.tool<Status>('get_status');
    const grid = await scene.tool<GridForecast>('get_grid_forecast', { region: 'GB', from: now });
    expect(await headline('planned-saving')).toBe(massText(plan!.savings.emissionsKg.value));
    expect(await headline('planned-saving-cost')).toBe(moneyText(plan!.savings.cost, 'GBP'));
    expect(await headline('moved')).toBe(countText(plan!.jobs.moved));
    expect(await headline('intensity')).toBe(`${figure(grid.points[0]!.intensityGPerKwh!)} g/kWh`);
    expect(await page.locator('.top').innerText()).toMatch(/simulated|recorded/);
    expect(await audit()).toEqual([]);
  });

  it('names colours, is read by keyboard and fits a telephone in the dark', async () => {
    await visit('#/now');
    const slider = page.getByRole('slider').first();
    await slider.focus();
    const before = await slider.getAttribute('aria-valuetext');
    await page.keyboard.press('ArrowRight');
    expect(await slider.getAttribute('aria-valuetext')).not.toBe(before);
    await page.getByLabel('Colours').selectOption('dark');
    expect(await audit()).toEqual([]);
    await page.setViewportSize({ width: 360, height: 760 });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.getByLabel('Colours').selectOption('system');
  });

  it('says when the server is away, and shows what happened meanwhile once it is back', async () => {
    await visit('#/now');
    await page.locator('.line-state.open').waitFor();
    await scene.stop();
    await page.locator('.line-state.broken').waitFor();
    expect(await headline('planned-saving')).not.toBe('');
    await scene.start();
    await scene.tool('ingest_jobs', { jobs: [{ id: 'while-away', duration_hours: 1, power_kw: 1, region: 'GB' }] });
    await page.locator('.line-state.open').waitFor();
    await page.locator('.activity li').first().getByText('jobs were taken in').waitFor();
  });

  /** The scene's home, opened by a second process as far as its books know. */
  const inHome = async (work: (app: Awaited<ReturnType<typeof openApp>>) => Promise<void>) => {
    const { config, settings } = readConfig({ home: scene.home, seed: 7, logLevel: 'silent' }, {}, scene.home);
    const app = await openApp(config, settings);
    await work(app).finally(() => app.close());
  };

  it('stays live through ten thousand events, takes them as a few looks, and ends at the newest', async () => {
    await visit('#/now');
    await page.locator('.line-state.open').waitFor();
    const devtools = await page.context().newCDPSession(page);
    const heapMb = async () => {
      await devtools.send('HeapProfiler.collectGarbage');
      return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6;
    };
    const before = await heapMb();
    let looks = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/tools/list_ledger')) looks += 1;
    });
    await page.evaluate('window.frames1 = 0; (function f() { window.frames1++; requestAnimationFrame(f); })()');
    await inHome(async ({ world: { ledger, clock } }) => {
      const body = { kind: 'ingest_jobs', at: clock.now(), actor: 'cli:ann', cause: null, subject: null, data: {} };
      for (let i = 0; i < 20; i++) await ledger.append(Array.from({ length: 500 }, () => body));
      // Whoever looks on works on meanwhile.
      await page.getByLabel('Colours').selectOption('dark');
    });
    const { ledger } = await scene.tool<Status>('get_status');
    expect(ledger.entries).toBeGreaterThan(10_000);
    await page
      .locator('.activity .seq', { hasText: String(ledger.entries - 1) })
      .first()
      .waitFor();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    expect(await page.evaluate<number>('window.frames1')).toBeGreaterThan(1);
    expect(looks).toBeLessThan(150);
    expect((await heapMb()) - before).toBeLessThan(20);
    await page.getByLabel('Colours').selectOption('system');
  });

  it('says the same ages in a browser whose clock is an hour wrong', async () => {
    const told = async (shift: string) => {
      const context = await browser.newContext();
      await context.addInitScript(`{
        const Right = Date;
        globalThis.Date = class extends Right {
          constructor(...given) { given.length === 0 ? super(Right.now() + ${shift}) : super(...given); }
          static now() { return Right.now() + ${shift}; }
        };
      }`);
      const other = await context.newPage();
      other.setDefaultTimeout(120_000);
      await other.goto(`${scene.url}/#/now`);
      await settled(other);
      const texts = await other.locator('.provenance summary, .activity small, main time').allInnerTexts();
      await context.close();
      return texts;
    };
    const right = await told('0');
    expect(right.join(' ')).toMatch(/ ago|now/);
    expect(await told('3_600_000')).toEqual(right);
    expect(await told('-3_600_000')).toEqual(right);
  });

  it('says that a token was revoked, and goes on once another is shown', async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    other.setDefaultTimeout(120_000);
    await other.goto(`${scene.url}/#/now`);
    await context.addCookies([
      {
        name: `caco_session_${new URL(scene.url).port}`,
        value: 'caco_of_yesterday',
        url: scene.url,
        httpOnly: true,
        sameSite: 'Strict',
      },
    ]);
    await other.reload();
    await other.getByText('Not let in: sign in again.').waitFor();
    await other.getByRole('textbox', { name: 'Token' }).fill(scene.tokens.ann);
    await other.getByRole('form', { name: 'Sign in' }).getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('button', { name: 'Sign out' }).waitFor();
    await other.locator('[data-figure="planned-saving"] strong').waitFor();
    await context.close();
  });

  it('says that a deed was not kept while another process holds the store, and what to do', async () => {
    await visit('#/policy');
    const form = page.getByRole('form', { name: 'Read a policy' });
    await form.getByLabel('Name of the document').fill('Held');
    await form.getByLabel('Text').fill('Urgent jobs must never be delayed.');
    const store = await openStore(join(scene.home, 'caco.db'));
    let letGo = () => {};
    let holds = () => {};
    const held = new Promise<void>((resolve) => {
      holds = resolve;
    });
    const transaction = store.transaction(async () => {
      holds();
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
    });
    await held;
    await form.getByRole('button', { name: 'Read it as a draft' }).click();
    await form.getByRole('alert').getByText('held by another process').waitFor();
    letGo();
    await transaction;
    await store.close();
    await form.getByRole('button', { name: 'Read it as a draft' }).click();
    await page.getByText('Urgent jobs must never be delayed.').first().waitFor();
  });

  it('says that the store is damaged, and which copy to put in its place', async () => {
    // The log's index too: what was read before is else remembered, and the damage seen at nobody knows which later read.
    for (const name of ['caco.db', 'caco.db-wal', 'caco.db-shm']) {
      const path = join(scene.home, name);
      if (existsSync(path)) writeFileSync(path, 'no database '.repeat(statSync(path).size / 12), { flag: 'r+' });
    }
    await page.goto(`${scene.url}/#/proof`);
    await page.reload();
    const told = page.getByRole('alert').first();
    await told.getByText('the store is damaged').waitFor();
    expect(await told.innerText()).toContain('caco backup');
  });

  it('asks nobody else, breaks no rule of its policy and throws nothing', () => {
    expect(seen).toEqual({ foreign: [], breaches: [], errors: [] });
  });
});

describe.runIf(CHROMIUM === undefined)('the page', () => {
  it.skip('is not walked here: Chromium is not installed (apt-get install chromium)', () => {});
});
