/** Views of the rooms beside planning: figures against the API, their proofs, and no room in the navigation that has nothing. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countText, energyText, moneyText, powerText } from '../domain/figures.js';
import type { KeptStatement } from '../domain/settlement/statement.js';
import type { Status } from './answers.js';
import { CHROMIUM, openBrowser, openRooms, type Served, settled, watch } from './fixtures/scene.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(CHROMIUM === undefined)('the rooms (need Chromium; skipped where it is not installed)', () => {
  let scene: Served;
  let browser: Browser;
  let page: Page;
  let seen: ReturnType<typeof watch>;

  beforeAll(async () => {
    scene = await openRooms();
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
    await page.evaluate(AXE);
    const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    };
    return found.violations
      .filter((v) => ['serious', 'critical'].includes(v.impact))
      .map((v) => `${v.id}: ${v.nodes[0]?.html.slice(0, 200)}`);
  };

  it('stand in the navigation where there is something of them', async () => {
    await visit('#/now');
    const { rooms } = await scene.tool<Status>('get_status');
    expect(rooms).toEqual(['energy', 'settlement', 'token', 'fleet']);
    const named = await page.locator('nav ul a').allInnerTexts();
    expect(named).toEqual(expect.arrayContaining(['Energy', 'Fleet', 'Settlement', 'Savings token']));
    expect(named).not.toContain('Market');
  });

  it('energy: measured power with what is not known of it, and who used it', async () => {
    await visit('#/energy/hall');
    const to = '2022-05-28T00:00:00Z';
    const shown = await scene.tool<{ energyKwh: number; rows: { energyKwh: number }[]; gapCount: number }>(
      'show_meter',
      {
        ...{ meterId: 'hall', from: '2022-05-25T00:00:00Z', to, by: 'hour' },
      },
    );
    expect(await headline('energy')).toBe(energyText(shown.energyKwh));
    expect(await headline('power')).toBe(powerText(shown.rows.at(-1)!.energyKwh));
    expect(shown.gapCount).toBe(1);
    await page.getByText('unknown is not zero').waitFor();
    await page
      .getByRole('row', { name: /python train\.py/ })
      .getByText('170 Wh')
      .waitFor();
    expect(await audit()).toEqual([]);
  });

  it('settlement: the statement, and the browser proves its digest', async () => {
    await visit('#/settlement');
    const { settlements } = await scene.tool<{ settlements: KeptStatement[] }>('list_settlements');
    const { figures } = settlements[0]!;
    expect(settlements.map(({ run }) => run)).toEqual(['SF', 'II']);
    expect(await headline('gross')).toBe(moneyText(figures.gross, 'GBP'));
    expect(await headline('net')).toBe(moneyText(figures.net!, 'GBP'));
    expect(await headline('delivered')).toBe(energyText(figures.deliveredMwh * 1000));
    await page.locator('[data-verdict="good"]').waitFor();
    expect(await audit()).toEqual([]);
    await page.getByRole('link', { name: /^Ledger entry/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^Entry \d+$/ }).waitFor();
  });

  it('savings token: claims, what was minted and retired, ledger and chain', async () => {
    await visit('#/token');
    const report = await scene.tool<{ provenKwh: string; mintedKwh: number }>('report_savings');
    expect(await headline('proven-kwh')).toBe(energyText(Number(report.provenKwh)));
    expect(await headline('minted-kwh')).toBe(`${countText(report.mintedKwh)} kWh`);
    await page.locator('[data-verdict="good"]').waitFor();
    await page.locator('[data-audit="good"]').waitFor();
    await page.getByText('Certificate 1').waitFor();
    expect(await audit()).toEqual([]);
  });

  it('fleet: how the program that is left on stands', async () => {
    await visit('#/fleet');
    const { operation } = await scene.tool<Status>('get_status');
    expect(await headline('looks')).toBe(countText(operation!.state.ticks));
    expect(await headline('operation')).toBe('ended');
    await page.getByText(/^Last look/).waitFor();
    await page.getByText('This fleet keeps its orders itself').waitFor();
    expect(await audit()).toEqual([]);
  });

  it('ask nobody else, break no rule of the policy and throw nothing', () => {
    expect(seen).toEqual({ foreign: [], breaches: [], errors: [] });
  });
});

describe.runIf(CHROMIUM === undefined)('the rooms', () => {
  it.skip('are not walked here: Chromium is not installed (apt-get install chromium)', () => {});
});
