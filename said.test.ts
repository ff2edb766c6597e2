/**
 * What each door says of a small saving, of none, and of a plan that emits more to save money: amounts of its own size, never a
 * negative one, never "saves" where nothing is saved. Two jobs of 1 kWh each on a grid of a day, worked out by hand.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from './app.js';
import { readConfig } from './config.js';
import { startHttp } from './http-server/http-server.js';
import { menuOf } from './mcp-server/menu.js';
import { serverOf } from './mcp-server/server.js';

const MAIN = fileURLToPath(new URL('dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-said-'));
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOW = '2026-06-01T00:00:00Z';
const by = { actor: { id: 'ann', via: 'cli' as const } };

/** Dirty (or dear) until six, clean (or cheap) after. */
interface Day {
  readonly carbon: readonly [night: number, day: number];
  readonly price: readonly [night: number, day: number];
}
const at = (name: string) => join(folder, name);
const jobs = at('jobs.csv');
writeFileSync(
  jobs,
  [
    'id,duration_hours,power_kw,earliest_start,due,team,interruptible',
    `a,1,1,${NOW},2026-06-01T20:00:00Z,ml,false`,
    `b,2,0.5,${NOW},2026-06-01T20:00:00Z,ml,true`,
  ].join('\n'),
);
const gridOf = (name: string, { carbon, price }: Day) => {
  const rows = Array.from({ length: 96 }, (_, i) => {
    const part = i % 24 < 6 ? 0 : 1;
    return `${new Date(Date.UTC(2026, 5, 1, i)).toISOString()},${carbon[part]},${price[part]}`;
  });
  const path = at(`${name}.csv`);
  writeFileSync(path, ['time,carbon_g_per_kwh,price_gbp_per_mwh', ...rows].join('\n'));
  return `file:${path}`;
};

// 2 kWh at a PUE of 1.1 are 2.2 kWh: 2.2 × 300 g = 660 g, 2.2 × £0.48 = £1.056.
const WORLDS = {
  small: {
    day: { carbon: [500, 200], price: [80, 80] },
    promise: /saves 660 g \(\d+ to \d+\) CO2e and costs as much/,
    ticket: /^\*\*Saves 660 g CO2e \(\d+ to \d+ g, 95 % interval\)\*\* and costs as much/m,
    cell: /saves 330 g CO2e, costs as much/,
  },
  none: {
    day: { carbon: [300, 300], price: [80, 80] },
    promise: /emits as much CO2e and costs as much/,
    // Nothing moves, so nothing is filed.
    ticket: null,
    cell: null,
  },
  more: {
    day: { carbon: [200, 500], price: [500, 20] },
    promise: /emits 660 g \(\d+ to \d+\) CO2e more and saves £1\.06/,
    ticket: /^\*\*Emits 660 g CO2e \(\d+ to \d+ g, 95 % interval\) more\*\* and saves £1\.06/m,
    cell: /emits 330 g CO2e more, saves £0\.528/,
  },
} satisfies Record<string, { day: Day; promise: RegExp; ticket: RegExp | null; cell: RegExp | null }>;

/** No amount that is negative, rounded to nothing, or not a number. */
const MISLEADS =
  /sav\w+ (£|−|-)?0(\.0+)?(?![.\d])|sav\w+ [−-]|(?<!\w)[−-]0(?![.\d])|\+0(?![.\d])|costs £0(?![.\d])|NaN|at least 0 h|\(\)/;

const opened = async (name: string, day: Day): Promise<App> => {
  const flags = { home: at(`home-${name}`), grid: gridOf(name, day), now: NOW, logLevel: 'silent' };
  const { config, settings } = readConfig(flags, {}, folder);
  const app = await openApp(config, settings);
  open.push(app);
  return app;
};

describe.each(Object.entries(WORLDS))('a saving: %s', (name, { day, promise, ticket, cell }) => {
  it('tools, tickets, the copilot, HTTP and MCP', async () => {
    const app = await opened(name, day);
    const { workloadId } = (await app.call('ingest_jobs', { path: jobs }, by)) as { workloadId: string };

    const caller = { id: 'ann', scopes: ['read', 'operate'] as const, person: null };
    const [here, there] = InMemoryTransport.createLinkedPair();
    const client = new Client({ name: 'said', version: '1' }, { capabilities: {} });
    await Promise.all([
      serverOf(
        menuOf(async () => app, caller, {}),
        '0',
      ).connect(there),
      client.connect(here),
    ]);
    open.push(client);
    const answer = await client.callTool({ name: 'make_plan', arguments: { workloadId, horizonHours: 24 } });
    const made = answer.structuredContent as { plan: { id: string } };
    const planId = made.plan.id;
    const told = (await app.tool('make_plan'))!.tell!(made as never);
    expect(told).toMatch(promise);
    expect(told).not.toMatch(MISLEADS);
    const [said] = answer.content as { text: string }[];
    expect(JSON.parse(said!.text)).toEqual(answer.structuredContent);

    const drafts = (await app.call('draft_tickets', { planId, minSavedKg: 0, minSavedCost: 0 }, by)) as {
      drafts: { markdown: string }[];
    };
    const text = drafts.drafts.map(({ markdown }) => markdown).join('\n');
    if (ticket === null) expect(drafts.drafts).toEqual([]);
    else expect(text).toMatch(ticket);
    if (cell !== null) expect(text).toMatch(cell);
    expect(text).not.toMatch(MISLEADS);

    const chat = await app.chat(`How much will plan ${planId} save?`, undefined, { ...by });
    expect(chat.answer).toMatch(
      name === 'small'
        ? /660 g/
        : name === 'more'
          ? /660 g .*more/s
          : /It would emit as much CO2e and cost £0\.176, as much as/,
    );
    expect(chat.answer).not.toMatch(MISLEADS);

    const server = await startHttp(app, { port: 0 });
    open.push(server);
    const page = await fetch(`${server.url}/tools/list_plans`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const [kept] = ((await page.json()) as { plans: { savings: { emissionsKg: { value: number } } }[] }).plans;
    expect(kept!.savings.emissionsKg.value).toBeCloseTo(name === 'small' ? 0.66 : name === 'more' ? -0.66 : 0, 9);
  });

  it('the command line', () => {
    const run = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          CACO_HOME: at(`cli-${name}`),
          CACO_GRID: gridOf(name, day),
          CACO_NOW: NOW,
        },
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      expect(stdout).not.toMatch(MISLEADS);
      return stdout.replace(/\s+/g, ' ');
    };
    const workload = /W-\w+/.exec(run('ingest', jobs))![0];
    expect(run('plan', '--workload', workload)).toMatch(promise);
    const story = run('launch', '--workload', workload, '--approval', 'auto');
    expect(story).toContain(
      { small: 'carbon (CO2e) 1.10 kg 440 g −660 g (−60.0 %)', none: 'carbon (CO2e) 660 g 660 g none electricity' }[
        name as string
      ] ?? 'carbon (CO2e) 440 g 1.10 kg +660 g (+150 %)',
    );
    run('tradeoff', '--workload', workload);
  });
});
