/** The page over a world of one seed, walked by a real browser: what it says is what the API says, and nothing leaves the origin. */
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countText, figure, massText, moneyText } from '../domain/figures.js';
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

  it('takes a burst of events as a few looks, and ends at the newest', async () => {
    await visit('#/now');
    await page.locator('.line-state.open').waitFor();
    let looks = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/tools/list_ledger')) looks += 1;
    });
    const burst = Array.from({ length: 300 }, (_, i) => ({
      id: `burst-${i}`,
      duration_hours: 1,
      power_kw: 1,
      region: 'GB',
    }));
    await Promise.all(burst.map((job) => scene.tool('ingest_jobs', { jobs: [job] })));
    const { ledger } = await scene.tool<Status>('get_status');
    await page
      .locator('.activity .seq', { hasText: String(ledger.entries - 1) })
      .first()
      .waitFor();
    expect(looks).toBeLessThan(150);
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

  it('asks nobody else, breaks no rule of its policy and throws nothing', () => {
    expect(seen).toEqual({ foreign: [], breaches: [], errors: [] });
  });
});

describe.runIf(CHROMIUM === undefined)('the page', () => {
  it.skip('is not walked here: Chromium is not installed (apt-get install chromium)', () => {});
});
