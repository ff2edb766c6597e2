/** What assistants really send, through the door itself: arguments in every shape, times without zones, names that are none. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { type CallToolResult, CallToolResultSchema, GetPromptResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { WORKLOADS } from '../domain/job.js';
import { menuOf } from './menu.js';
import { serverOf } from './server.js';

const home = mkdtempSync(join(tmpdir(), 'caco-odd-'));
let app: App;
let client: Client;
const clientOf = async (toolsets?: readonly string[]) => {
  const caller = { id: 'odd', scopes: ['read', 'operate'] as const, person: null };
  const menu = menuOf(async () => app, caller, toolsets === undefined ? {} : { toolsets });
  const [here, there] = InMemoryTransport.createLinkedPair();
  const made = new Client({ name: 'odd', version: '1' }, { capabilities: {} });
  await Promise.all([serverOf(menu, '0').connect(there), made.connect(here)]);
  return made;
};
beforeAll(async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  app = await openApp(config, settings);
  client = await clientOf();
});
afterAll(async () => {
  await client.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

/** As it goes over the wire: the client's own checks of its arguments are passed over. */
const raw = (name: string, args: unknown): Promise<CallToolResult> =>
  client.request(
    { method: 'tools/call', params: { name, ...(args === undefined ? {} : { arguments: args }) } } as never,
    CallToolResultSchema,
  );
const textOf = (result: CallToolResult) => result.content.map((c) => (c.type === 'text' ? c.text : '')).join('\n');
const answered = async (name: string, args: unknown) => {
  const result = await raw(name, args);
  expect(result.isError, textOf(result)).toBeFalsy();
  return result.structuredContent as Record<string, never>;
};
const refused = async (name: string, args: unknown) => {
  const result = await raw(name, args);
  expect(result.isError, textOf(result)).toBe(true);
  return textOf(result);
};

describe('arguments', () => {
  test.each([undefined, null, {}, [], '', '{}'])('%j are none', async (args) => {
    expect(await answered('get_status', args)).toHaveProperty('dataNote');
  });

  test.each(['hello', [1], 7])('%j are refused as what they are', async (args) => {
    await expect(raw('get_status', args)).rejects.toMatchObject({ code: -32602 });
  });

  test.each([
    ['null for what may be left out', { regions: null, deadline: null, energyKwh: null, limit: 1 }],
    ['empty text for what may be left out', { regions: '', deadline: '', energyKwh: ' ', limit: 1 }],
    ['numbers as text', { durationHours: '3', limit: '1' }],
    ['a list as text', { regions: '["GB"]', limit: 1 }],
    ['one word for a list', { regions: 'GB', limit: 1 }],
  ])('%s', async (_, over) => {
    const wanted = await answered('find_green_window', { durationHours: 3, limit: 1 });
    expect(await answered('find_green_window', { durationHours: 3, ...over })).toEqual(wanted);
  });

  test('what leaves a doubt is not guessed', async () => {
    for (const durationHours of ['three', '3h', '', null, true])
      expect(await refused('find_green_window', { durationHours })).toContain('durationHours');
  });

  test('of a prompt: numbers where text belongs, null for what may be left out, and what is no text by its name', async () => {
    const prompt = (args: unknown) =>
      client.request(
        { method: 'prompts/get', params: { name: 'green_this_job', arguments: args } } as never,
        GetPromptResultSchema,
      );
    const wanted = await prompt({ command: 'make', durationHours: '3' });
    for (const odd of [{ command: 'make', durationHours: 3, deadline: null }, '{"command":"make","durationHours":3}'])
      expect(await prompt(odd)).toEqual(wanted);
    for (const [odd, said] of [
      [{ command: 'make', durationHours: [3] }, 'durationHours: give it as text'],
      [{ command: 'make', durationHours: null }, 'needs durationHours'],
      ['hello', 'an object of words'],
    ] as const)
      await expect(prompt(odd)).rejects.toMatchObject({ code: -32602, message: expect.stringContaining(said) });
  });

  test('a truth as text, and empty text for a workload', async () => {
    await answered('list_jobs', { workloadId: '', team: '', cursor: '', limit: 1 });
    const text = await refused('execute_plan', { planId: 'P-NONE', decisionId: 'D-NONE', dryRun: 'true' });
    expect(text).not.toContain('dryRun');
  });

  test.each([
    ['get_status', { task_progress: '- [x] foo' }, ['no task_progress', 'takes no arguments']],
    ['make_plan', { horizon_hours: 24 }, ['no horizon_hours (did you mean horizonHours?)', 'it takes: workloadId']],
    ['find_green_window', { durationHours: 3, duration: 1 }, ['no duration (did you mean durationHours?)']],
    ['make_plan', { cpuSeconds: 9 }, ['no cpuSeconds']],
  ])('%s with %j: the names that it has', async (name, args, words) => {
    const text = await refused(name, args);
    for (const word of words) expect(text).toContain(word);
  });

  test.each([
    ['2022-05-25T12:00:00', '2022-05-25T12:00:00Z if that is UTC'],
    ['2022-05-25 12:00', '2022-05-25T12:00:00Z if that is UTC'],
    ['2022-05-25', '2022-05-25T00:00:00Z if that is UTC'],
  ])('a time without a zone, %s: what to write', async (deadline, words) => {
    expect(await refused('submit_job', { durationHours: 1, vcpus: 1, deadline })).toContain(`deadline: ${words}`);
    const jobs = [{ durationHours: 1, vcpus: 1, deadline }];
    expect(await refused('submit_job', { jobs })).toContain(`jobs.0.deadline: ${words}`);
  });
});

describe('jobs', () => {
  test('many in one call are taken all or none, and the queue is planned with them', async () => {
    const one = { durationHours: '2', vcpus: '8', team: 'ml' };
    expect(await refused('submit_job', { jobs: [one, { ...one, vcpus: 0 }] })).toContain('jobs[1]');
    expect(await refused('submit_job', { jobs: [one], durationHours: 1 })).toContain('leave jobs out');
    expect(await refused('submit_job', { vcpus: 1 })).toContain('durationHours is missing');
    expect(
      await refused('submit_job', {
        jobs: [
          { ...one, id: 'a' },
          { ...one, id: 'a' },
        ],
      }),
    ).toContain('occurs already');
    const submitted = await answered('submit_job', { jobs: [one, one, { ...one, id: 'mine' }] });
    const { jobIds, jobId } = submitted as unknown as { jobIds: string[]; jobId: string };
    expect([new Set(jobIds).size, jobIds[2], jobIds[0]]).toEqual([3, 'mine', jobId]);
    const { plan } = (await answered('make_plan', { horizonHours: 12 })) as unknown as { plan: { workloadId: string } };
    const planned = (await app.world.store.collection(WORKLOADS).get(plan.workloadId))!.value;
    expect(planned.source).toContain('W-SUBMITTED');
    const waiting = await app.call(
      'gather_jobs',
      { from: app.world.clock.now(), horizonHours: 12 },
      { actor: { id: 'x', via: 'cli' } },
    );
    expect(waiting.jobs).toBeGreaterThan(0);
    expect(planned.jobs).toBe(waiting.jobs + 3);
  });
});

describe('ways on', () => {
  test('remedies name tools, and what only a person does is told as that', async () => {
    expect(await refused('explain_plan', { planId: 'P-NONE' })).toMatch(/Remedy: .*(make_plan|get_status)/);
    const text = await refused('execute_plan', { planId: 'P-NONE', decisionId: 'D-NONE', dryRun: false });
    expect(text.replace(/`caco [^`]*` \(at a terminal, by a person\)/g, '')).not.toMatch(/\bcaco [a-z]/);
    const unknown = await refused('list_jobs', { workloadId: 'W-NONE' });
    expect(unknown).toContain('submit_job makes one');
  });

  test('the status says how time moves, and what comes next', async () => {
    const { clock, next } = await answered('get_status', {});
    expect(clock).toContain('--now');
    expect(next).not.toEqual([]);
  });

  test('a choice of toolsets leaves no deed without its way to a decision', async () => {
    const names = async (toolsets: readonly string[]) => {
      const one = await clientOf(toolsets);
      const { tools } = await one.listTools();
      await one.close();
      return tools.map((tool) => tool.name);
    };
    const plan = await names(['plan', 'grid']);
    expect(plan).toEqual(expect.arrayContaining(['execute_plan', 'request_approval', 'get_status']));
    expect(plan).not.toContain('ingest_policy');
    expect(await names(['grid'])).not.toContain('request_approval');
  });

  test('a call that works is heard of until its end, whatever its tool says', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      const tool = {
        listing: { name: 'slow', inputSchema: { type: 'object' as const } },
        call: async (_: unknown, { progress }: { progress: (done: number, total?: number, note?: string) => void }) => {
          progress(1, 2, 'begun');
          for (let i = 0; i < 20; i++) {
            await vi.advanceTimersByTimeAsync(1000);
            await new Promise((resolve) => setImmediate(resolve));
          }
          return { content: [] };
        },
      };
      const menu = {
        ...menuOf(async () => app, { id: 'x', scopes: ['read'], person: null }, {}),
        tools: async () => [tool],
      };
      const [here, there] = InMemoryTransport.createLinkedPair();
      const listener = new Client({ name: 'odd', version: '1' }, { capabilities: {} });
      await Promise.all([serverOf(menu, '0').connect(there), listener.connect(here)]);
      const heard: { at: number; progress: number }[] = [];
      const begun = Date.now();
      await listener.callTool({ name: 'slow', arguments: {} }, undefined, {
        onprogress: ({ progress }) => void heard.push({ at: Date.now() - begun, progress }),
      });
      const times = [...heard.map((h) => h.at), 20_000];
      expect(times.every((at, i) => at - (times[i - 1] ?? 0) <= 5000)).toBe(true);
      expect(heard.every((h, i) => i === 0 || h.progress > heard[i - 1]!.progress)).toBe(true);
      expect(heard.at(-1)!.progress).toBeLessThan(2);
      await listener.close();
    } finally {
      vi.useRealTimers();
    }
  });
});
