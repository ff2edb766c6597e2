/**
 * A law over what the program says: in worlds whose numbers are awkward no tool, ticket or answer of the copilot says a negative
 * saving, a change by nothing, a value instead of the same value, or a number that is none. What is right in each world is worked
 * out by hand beside it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from './app.js';
import { slipsIn } from './checks/slips.js';
import { readConfig } from './config.js';
import { instant, plusHours } from './domain/time.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-answers-'));
const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const by = { actor: { id: 'ann', via: 'cli' as const } };
const NOW = '2026-06-01T00:00:00Z';

const BOTH = 'time,carbon_g_per_kwh,price_gbp_per_mwh';
interface World {
  readonly header?: string;
  /** the cells of an hour behind its time */
  readonly hour: (i: number) => readonly number[];
  readonly hours?: number;
  /** hours until `a` is due */
  readonly due?: number;
  readonly told: Readonly<Partial<Record<string, RegExp>>>;
  readonly nobody?: boolean;
}
// Jobs `a` of 1 kW and 3 h, and `b` of 0.5 kW and 2 h that may pause; a PUE of 1.1.
const WORLDS: Readonly<Record<string, World>> = {
  'every hour alike': {
    hour: () => [300, 80],
    told: {
      explain_plan: /^0 of 2 jobs move: that emits as much CO2e and costs as much/,
      verify_savings: /^No job was moved: nothing was saved, and nothing had been promised\.$/,
      trade_off: /: 1\.32 kg CO2e at £0\.352 throughout\./,
      get_grid_forecast: /^GB: mean 300 g\/kWh, 300 to 300 \(forecast, average operational\)\. Source/,
      'How much did we save?':
        /the verified figure, 0 kg \(0 to 0\) of CO2e, cannot be told from zero.*\sThe bill was as high as without the plan\.\sThe plans had promised no change\./s,
      'How much will we save?': /moves no jobs: 2 jobs run .* would emit as much CO2e and cost £0\.352, as much as/,
    },
  },
  'a clean day, dear as the night': {
    hour: (i) => [i % 24 < 6 ? 500 : 200, 80],
    told: {
      // 4.4 kWh × 300 g/kWh
      explain_plan: /saves 1\.32 kg .* Not moving it would emit 990 g CO2e more and cost as much\./s,
      verify_savings: /^Verified 1\.32 kg/,
      'How much did we save?':
        /^We saved 1\.32 kg .*\sThe bill was as high as without the plan\.\sThe plans had promised the same\./s,
      sum_claims: /^A saving of 1\.32 kg CO2e had been claimed over 2 jobs\.$/,
    },
  },
  'a clean day that is paid for': {
    hour: (i) => [i % 24 < 6 ? 500 : 200, i % 24 < 6 ? 80 : -40],
    told: { 'How much did we save?': /The bill was £0\.528 lower/ },
  },
  'a dirty day, cheap': {
    hour: (i) => [i % 24 < 6 ? 200 : 500, i % 24 < 6 ? 500 : 20],
    told: {
      // 4.4 kWh × 300 g/kWh more, 4.4 kWh × £0.48 less
      explain_plan: /emits 1\.32 kg .* CO2e more and saves £2\.11/,
      verify_savings: /^Emissions rose by 1\.32 kg .* an increase of 1\.32 kg had been planned\.$/,
      sum_claims: /^1\.32 kg CO2e more had been claimed over 2 jobs\.$/,
      'How much did we save?':
        /^We emitted 1\.32 kg .* of CO2e more than without the plans.*\sThe bill was £2\.11 lower\.\sThe plans had promised the same\./s,
    },
  },
  'data that ends at six': {
    hour: (i) => [i < 3 ? 300 : 200, 80],
    hours: 6,
    told: {
      'What is the carbon intensity tomorrow at 3?':
        /no figure .*\(nothing is known from Mon 1 Jun 2026 06:00 UTC on\)/,
      'what is the price tonight?': /nothing is known from .* on|a gap in the data/,
    },
  },
  'a forecast alone': {
    header: 'time,carbon_forecast_g_per_kwh',
    hour: (i) => [300 - 5 * (i % 24)],
    told: {
      explain_plan: /saves .* CO2e by the forecast.* Not moving it would emit [\d.]+ g CO2e more\.$/s,
      verify_savings:
        /^Nothing could be verified: none of the 2 jobs that moved could be counted; \d+ g had been claimed\./,
      'How much did we save?': /^Nothing could be verified: none of 2 moved jobs could be counted/,
      'How much will we save?': /; what the electricity costs is not known\./,
      draft_tickets: /\*\* by moving 1 job of ml\. What the electricity costs is not known\./,
      get_status: /^sites of the scenario gb-hpc, now/,
    },
  },
  'wind that is curtailed': {
    header: 'time,marginal_g_per_kwh,price_gbp_per_mwh',
    hour: (i) => [i % 24 < 6 ? 400 : 0, 80],
    told: {
      get_grid_forecast: /^GB: mean 100 g\/kWh, 0 to 400 \(forecast, marginal operational\)/,
      find_green_window: /0 g\/kWh, 800 g CO2e \(100 %\) less than at once for 2\.00 kWh\./,
    },
  },
  'work that is late whatever is done': {
    hour: (i) => [i % 24 < 6 ? 500 : 200, 80],
    due: 2,
    told: {
      explain_plan: /1 of 2 jobs ends after it is due \(1 without the plan\)/,
      list_plans: /ends after it is due/,
      'which jobs are late?': /among 1 job: “?a”? has/,
    },
  },
  'no work': {
    hour: () => [300, 80],
    nobody: true,
    told: { 'How much will we save?': /Nothing has been planned yet/ },
  },
};

const QUESTIONS = [
  'How much will we save?',
  'How much did we save?',
  'When do the jobs run?',
  'How clean is the grid now?',
  'What is the carbon intensity tomorrow at 3?',
  'which jobs are late?',
  'when is the cleanest hour?',
  'what is the price tonight?',
  'how much energy do the jobs take?',
  'what was saved this week?',
];

const NAMES = Object.keys(WORLDS);
const opened = async (name: string): Promise<App> => {
  const { header = BOTH, hour, hours = 96 } = WORLDS[name]!;
  const at = (file: string) => join(folder, `${NAMES.indexOf(name)}-${file}`);
  const rows = Array.from({ length: hours }, (_, i) => [plusHours(instant(NOW), i), ...hour(i)].join());
  writeFileSync(at('grid.csv'), [header, ...rows].join('\n'));
  const flags = { home: at('home'), grid: `file:${at('grid.csv')}`, now: NOW, simulate: 'all', logLevel: 'silent' };
  const { config, settings } = readConfig(flags, {}, folder);
  const app = await openApp(config, settings);
  apps.push(app);
  return app;
};
const workOf = ({ due = 20 }: World) => [
  {
    id: 'a',
    team: 'ml',
    submitted_at: NOW,
    duration_hours: 3,
    power_kw: 1,
    due: plusHours(instant(NOW), due),
    category: 'sustainable',
    interruptible: false,
  },
  {
    id: 'b',
    team: 'ml',
    submitted_at: NOW,
    duration_hours: 2,
    power_kw: 0.5,
    due: plusHours(instant(NOW), 20),
    category: 'sustainable',
    interruptible: true,
  },
];

describe.each(NAMES)('%s', (name) => {
  it('is told without a slip, and as it is', async () => {
    const world = WORLDS[name]!;
    const app = await opened(name);
    const said: Record<string, string> = {};
    const tell = async (tool: string, input: object) => {
      const answer = await app.call(tool as 'get_status', input as never, by);
      said[tool] = (await app.tools()).find((t) => t.name === tool)!.tell!(answer as never);
    };
    await tell('get_status', {});
    await tell('get_grid_forecast', { horizonHours: world.hours ?? 24 });
    await tell('find_green_window', { durationHours: 2 });
    await tell('when_to_run', { durationMinutes: 60, energyKwh: 1 });
    await tell('get_flexibility', { from: NOW, to: plusHours(instant(NOW), 4) });
    if (world.nobody !== true) {
      const { workloadId } = await app.call('ingest_jobs', { jobs: workOf(world) }, by);
      await tell('trade_off', { workloadId, horizonHours: 24, carbonPricesPerTonne: [75, 150] });
      await tell('compare_plans', { workloadId, horizonHours: 24, carbonPricesPerTonne: [0, 75] });
      await tell('compare_baselines', { workloadId });
      const run = await app.orchestrator.launch({ workloadId: workloadId!, horizonHours: 24, approval: 'auto' }, by);
      if (run.approvalId !== null)
        await app.orchestrator.answer({ id: run.approvalId, decision: 'approve', why: 'fine', only: null }, by);
      const { plans } = await app.call('list_plans', {}, by);
      const planId = plans[0]!.id;
      await tell('list_plans', {});
      await tell('explain_plan', { planId });
      await tell('evaluate_policy', { planId });
      await tell('verify_savings', { planId });
      await tell('list_verifications', {});
      const { verifications } = await app.call('list_verifications', {}, by);
      await tell('sum_claims', { ids: verifications.map((v) => v.id), team: 'ml' });
      await tell('measure_emissions', { planId });
      await tell('list_jobs', { workloadId });
      await tell('list_runs', {});
      const { drafts } = await app.call('draft_tickets', { planId, minSavedKg: 0, minSavedCost: 0 }, by);
      said.draft_tickets = (drafts as { markdown: string }[]).map((d) => d.markdown).join('\n');
    }
    for (const question of QUESTIONS) said[question] = (await app.chat(question, undefined, { ...by })).answer;
    const slips = Object.entries(said).flatMap(([asked, text]) => slipsIn(text).map((slip) => `${asked}: ${slip}`));
    expect(slips).toEqual([]);
    for (const [asked, right] of Object.entries(world.told)) expect(said[asked], asked).toMatch(right!);
  });
});
