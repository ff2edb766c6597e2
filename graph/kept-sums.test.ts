/** What is kept beside a plan says the same as its rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { PLAN_LOADS, PLAN_SUMS } from '../domain/plan-sums.js';
import { storyOf } from './story.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-sums-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('sums that are kept with a plan', () => {
  it.each([
    ['one region', {}],
    ['five regions', { scenario: 'five-regions', grid: 'sim' }],
  ])('give the same story and the same answers as the rows: %s', async (name, flags) => {
    const { config } = readConfig({ home: join(folder, name), ...flags }, {}, folder);
    const actor = { id: 'ann', via: 'cli' as const };
    const made = await openApp(config);
    const { planId } = await made.orchestrator.launch({ horizonHours: 12, approval: 'auto' }, { actor });
    await made.close();
    const told = async (forget: boolean) => {
      // A program of its own each time: it starts at the same instant and has read nothing yet.
      const app = await openApp(config);
      try {
        const { store } = app.world;
        expect(await store.collection(PLAN_SUMS).get(planId!)).toBeDefined();
        if (forget) {
          expect(await store.collection(PLAN_LOADS).get(planId!)).toBeDefined();
          await store.collection(PLAN_SUMS).delete(planId!);
          await store.collection(PLAN_LOADS).delete(planId!);
        }
        const none = {
          runId: 'R',
          decisionId: null,
          verificationId: null,
          ticketCount: 0,
          waiting: null,
          placing: null,
          placed: false,
        };
        const answers: string[] = [];
        for (const question of ['What will run when, and why?', 'List the largest jobs', 'Explain the plan'])
          answers.push((await app.chat(question, undefined, { actor })).answer);
        return { story: await storyOf(app.world, { ...none, planId }), answers };
      } finally {
        await app.close();
      }
    };
    const kept = await told(false);
    expect(kept.story).toMatch(/before/);
    expect(kept.answers[1]).toMatch(/\d/);
    const read = await told(true);
    expect(read).toEqual(kept);
  });
});
