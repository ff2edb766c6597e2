/** What leaves for somebody's tracing: nothing until a setting says so, then how long and what became of it, and contents only by a second one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { startHttp } from '../http-server/http-server.js';
import { openTracing } from './tracing.js';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly status: { code?: number };
}

const open: (() => Promise<unknown> | unknown)[] = [];
let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'caco-tracing-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0).reverse()) await close();
  rmSync(home, { recursive: true, force: true });
});

const heardBy = async (answer: (path: string) => string) => {
  const heard: { path: string; text: string }[] = [];
  const server = createServer(async (req, res) => {
    let text = '';
    for await (const piece of req) text += piece;
    heard.push({ path: req.url ?? '', text });
    res.end(answer(req.url ?? ''));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};
/** A model that says one sentence, of 17 and 5 tokens. */
const talker = () =>
  heardBy(() =>
    JSON.stringify({
      ...{ message: { role: 'assistant', content: 'A secret sentence.' }, done: true, done_reason: 'stop' },
      ...{ prompt_eval_count: 17, eval_count: 5 },
    }),
  );

const opened = async (over: Record<string, unknown>): Promise<App> => {
  const model = { model: 'ollama/talker', ollamaHost: (await talker()).url, modelTimeoutS: 20 };
  const { config, settings } = readConfig({ home, logLevel: 'silent', ...model, ...over }, {}, home);
  return openApp(config, settings);
};
const ann = { actor: { id: 'ann', via: 'http' as const } };
const QUESTION = 'When is electricity cleanest today in GB, and what has my marigold to do with it?';
/** A run up to its question, a question in words, and a command that cannot be, all within requests of a server of its own. */
const busy = async (app: App) => {
  const server = await startHttp(app, { port: 0 });
  const post = (path: string, body: object) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const run = (await (await post('/runs', { horizonHours: 3, approval: 'ask' })).json()) as { status: string };
  expect(run.status).toBe('waiting');
  expect((await post('/chat', { message: QUESTION })).status).toBe(200);
  await app.agent('grid', { command: 'get_grid_forecast', from: 'marigold' }, ann);
  await server.close();
  await app.close();
};
const spansIn = (texts: readonly string[]): Span[] =>
  texts.flatMap((text) => JSON.parse(text).resourceSpans[0].scopeSpans[0].spans);
const saidBy = ({ attributes }: Span): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

it('sends nothing while it is off, whatever LangChain’s variables say', async () => {
  const theirs = await heardBy(() => '{}');
  for (const [name, value] of Object.entries({
    ...{ LANGSMITH_TRACING: 'true', LANGCHAIN_TRACING_V2: 'true', LANGSMITH_API_KEY: 'k', LANGCHAIN_API_KEY: 'k' },
    ...{ LANGSMITH_ENDPOINT: theirs.url, LANGCHAIN_ENDPOINT: theirs.url },
  }))
    vi.stubEnv(name, value);
  await busy(await opened({}));
  expect(theirs.heard).toEqual([]);
});

it('tells runs, nodes, tools and models as spans of one another, how long and how they ended, and no contents', async () => {
  const collector = await heardBy(() => '{}');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  vi.stubEnv('LANGSMITH_TRACING', 'true');
  vi.stubEnv('LANGSMITH_ENDPOINT', collector.url);
  await busy(await opened({ tracing: 'otel' }));
  expect(new Set(collector.heard.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
  const texts = collector.heard.map(({ text }) => text);
  const spans = spansIn(texts);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const above = (span: Span): string[] => {
    const parent = byId.get(span.parentSpanId ?? '');
    return parent === undefined ? [] : [parent.name, ...above(parent)];
  };
  const named = (name: string) => spans.filter((span) => span.name === name);
  const [run] = named('run');
  expect(saidBy(run!)).toMatchObject({ 'caco.run.id': expect.stringMatching(/^R-/), 'caco.run.status': 'waiting' });
  expect(above(run!)).toEqual(['POST /runs']);
  for (const node of ['compute', 'grid', 'coordination', 'governance'])
    expect(named(`node ${node}`).map(above)).toContainEqual(['run', 'POST /runs']);
  expect(named('execute_tool optimize').concat(named('execute_tool make_plan')).map(above)).not.toEqual([]);
  // A node that waits for a person has not failed.
  expect(spans.filter(({ name, status }) => name.startsWith('node ') && status.code === 2)).toEqual([]);
  const [asked] = named('chat ollama/talker');
  expect(saidBy(asked!)).toMatchObject({ 'gen_ai.usage.input_tokens': '17', 'gen_ai.usage.output_tokens': '5' });
  expect(above(asked!)).toEqual(expect.arrayContaining(['invoke_agent copilot', 'POST /chat']));
  const [refused] = named('invoke_agent grid');
  expect([refused!.status.code, saidBy(refused!)['error.type']]).toEqual([2, 'invalid-input']);
  for (const span of spans) {
    expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
    if (span.parentSpanId !== undefined) expect(byId.get(span.parentSpanId)?.traceId).toBe(span.traceId);
  }
  expect(texts.join()).not.toMatch(/marigold|secret sentence|FACTS/);
});

it('lets LangChain’s packages tell theirs where that is asked for, and without contents', async () => {
  const theirs = await heardBy(() => '{}');
  vi.stubEnv('LANGSMITH_ENDPOINT', theirs.url);
  vi.stubEnv('LANGSMITH_API_KEY', 'k');
  await busy(await opened({ tracing: 'langsmith' }));
  await vi.waitFor(() => expect(theirs.heard.some(({ path }) => /runs/.test(path))).toBe(true), { timeout: 60_000 });
  const said = theirs.heard.map(({ text }) => text).join();
  expect(said).toMatch(/coordination/);
  expect(said.match(/.{0,300}(marigold|secret sentence|planId|workloadId).{0,300}/s)?.[0]).toBeUndefined();
});

it('tells contents by the second setting', async () => {
  const collector = await heardBy(() => '{}');
  vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `${collector.url}/mine`);
  await busy(await opened({ tracing: 'otel', tracingContents: true }));
  expect(collector.heard[0]?.path).toBe('/mine');
  const said = spansIn(collector.heard.map(({ text }) => text)).map(saidBy);
  expect(said.find((one) => one['caco.question'])).toMatchObject({ 'caco.question': QUESTION });
  expect(said.find((one) => one['gen_ai.output.messages'])).toMatchObject({
    'gen_ai.output.messages': expect.stringContaining('A secret sentence.'),
  });
  expect(said.find((one) => one['gen_ai.tool.call.arguments'])).toBeDefined();
});

it('is no hindrance where the collector is away, and says so once', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
  const said: string[] = [];
  const hear = (warning: Error) => void said.push(warning.message);
  process.on('warning', hear);
  try {
    await busy(await opened({ tracing: 'otel' }));
    await vi.waitFor(() => expect(said.filter((one) => /traces were not sent/.test(one))).toHaveLength(1));
  } finally {
    process.off('warning', hear);
  }
});

it('is asked for as the standard and LangSmith have it, or refused in words', async () => {
  const tracing = (over: object, env: NodeJS.ProcessEnv) =>
    openTracing({ tracing: 'off', tracingContents: false, ...over }, () => {}, env);
  const otel = { tracing: 'otel' } as const;
  await expect(tracing(otel, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).rejects.toThrow(/asks for grpc/);
  expect(await tracing(otel, { OTEL_SDK_DISABLED: 'true' })).toBeNull();
  await (await tracing(otel, {}))?.close();

  const env: NodeJS.ProcessEnv = { LANGSMITH_TRACING: 'true', LANGCHAIN_TRACING_V2: 'true', HOME: '/h' };
  expect(await tracing({ tracingContents: true }, env)).toBeNull();
  expect(env).toEqual({ HOME: '/h' });
  const theirs = { tracing: 'langsmith' } as const;
  await expect(tracing(theirs, env)).rejects.toThrow(/LANGSMITH_API_KEY/);
  await tracing(theirs, Object.assign(env, { LANGSMITH_API_KEY: 'k' }));
  expect(env).toMatchObject({
    LANGSMITH_TRACING: 'true',
    LANGSMITH_HIDE_INPUTS: 'true',
    LANGSMITH_HIDE_OUTPUTS: 'true',
  });
  await tracing({ ...theirs, tracingContents: true }, env);
  expect(Object.keys(env)).not.toContain('LANGSMITH_HIDE_INPUTS');
});
