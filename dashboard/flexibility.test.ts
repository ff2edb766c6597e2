/** The view of flexibility events in a real browser: what was promised, refused and delivered is what the API says. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { percentText, powerText } from '../domain/figures.js';
import type { FlexibilityEvent } from '../domain/flexibility/event.js';
import { openEvents } from './fixtures/events.js';
import { CHROMIUM, openBrowser, type Served, serveNothing, settled, watch } from './fixtures/scene.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(CHROMIUM === undefined)('flexibility events (need Chromium; skipped where it is not installed)', () => {
  let scene: Served;
  let browser: Browser;
  let page: Page;
  let seen: ReturnType<typeof watch>;
  let events: readonly FlexibilityEvent[];

  beforeAll(async () => {
    scene = await openEvents();
    browser = await openBrowser();
    page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    seen = watch(page, scene.url);
    const answer = await fetch(`${scene.url}/flexibility/events`);
    ({ events } = (await answer.json()) as { events: FlexibilityEvent[] });
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  const visit = async (hash: string, url = scene.url) => {
    await page.goto(`${url}/${hash}`);
    await settled(page);
  };
  const headline = (name: string) => page.locator(`[data-figure="${name}"] strong`).first().innerText();
  const called = (ref: string) => events.find(({ asked }) => asked.ref.startsWith(ref))!;
  const audit = async (): Promise<string[]> => {
    await page.evaluate(AXE);
    const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    };
    return found.violations
      .filter((v) => ['serious', 'critical'].includes(v.impact))
      .map((v) => `${v.id}: ${v.nodes[0]?.html.slice(0, 200)}`);
  };

  it('one that was kept: promise, delivery, minutes and the six moments', async () => {
    const { id, commitment, kept, stamps } = called('PEAK-1');
    await page.setViewportSize({ width: 360, height: 780 });
    await visit(`#/flexibility/${id}`);
    expect(await headline('asked')).toBe('25.0 %');
    expect(await headline('promised')).toBe(powerText(commitment!.targetKw));
    expect(await headline('delivered')).toBe(powerText(kept!.deliveredKw!));
    expect(await headline('minutes-above')).toBe(`${kept!.minutesAbove} of ${kept!.minutes}`);
    await page
      .getByText(`${percentText(kept!.deliveredRatio!)} of what was asked for`)
      .first()
      .waitFor();
    const told = Object.values(stamps).filter((at) => at !== null);
    expect(told).toHaveLength(6);
    const times = await page
      .locator('h3 + table time')
      .evaluateAll((all) => all.map((one) => (one as HTMLTimeElement).dateTime));
    expect(times).toEqual(told);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.getByLabel('Colours').selectOption('dark');
    expect(await audit()).toEqual([]);
    await page.getByLabel('Colours').selectOption('system');
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('all of them with how they stand, and why one was refused', async () => {
    await visit('#/flexibility');
    const rows = page.getByRole('region', { name: 'Events' }).getByRole('row');
    expect(await rows.count()).toBe(events.length + 1);
    expect(new Set(events.map(({ status }) => status))).toEqual(
      new Set(['over', 'declined', 'cancelled', 'confirmed']),
    );
    const declined = called('TOO-DEEP');
    // What a source wrote is words, never markup.
    await page.getByRole('link', { name: 'TOO-DEEP <b>' }).click();
    await page.locator('p.wrong').getByText(declined.reason!.slice(0, 100)).waitFor();
    expect(await headline('promised')).toBe('nothing');
    expect(await headline('delivered')).toBe('not known');
    expect(await audit()).toEqual([]);
  });

  it('says when there is none of that name, and how to get one where there is none at all', async () => {
    await visit('#/flexibility/E-NOBODY');
    await page.getByText('No event is called E-NOBODY.').waitFor();
    const empty = await serveNothing();
    try {
      await visit('#/flexibility', empty.url);
      await page.getByText('caco event add').waitFor();
    } finally {
      await empty.close();
    }
  });

  it('asks nobody else, breaks no rule of the policy and throws nothing', () => {
    expect(seen.foreign.every((url) => /^http:\/\/(127\.0\.0\.1|localhost):/.test(url))).toBe(true);
    expect({ breaches: seen.breaches, errors: seen.errors }).toEqual({ breaches: [], errors: [] });
  });
});

describe.runIf(CHROMIUM === undefined)('flexibility events', () => {
  it.skip('are not walked here: Chromium is not installed (apt-get install chromium)', () => {});
});
