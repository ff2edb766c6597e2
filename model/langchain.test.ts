/** The third wire: LangChain's own fakes, and its packages for Ollama and OpenAI against the scripted server, where they are installed. */
import { AIMessageChunk } from '@langchain/core/messages';
import { FakeListChatModel, FakeStreamingChatModel } from '@langchain/core/utils/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ModelBudget, ModelTrouble } from '../domain/world.js';
import { type ScriptedModel, type Step, startScriptedModel } from '../evals/scripted-model.js';
import { handTimer } from '../wire/fixtures/hand-timer.js';
import { type ChatModel, langchainProtocol } from './langchain.js';
import { modelHealth, openModel } from './model.js';
import { isInstalled } from './provider-call.js';

let server: ScriptedModel | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
const LONG_S = 50;
const budget = (): ModelBudget => ({ secondsLeft: LONG_S, tokensLeft: 8000, retriesLeft: 1 });
const question = [{ role: 'user' as const, content: 'QUESTION: what is planned?' }];
const settings = (model: string, url = 'http://127.0.0.1:1') => ({
  ...{ model: `langchain/${model}`, modelTimeoutS: LONG_S, ollamaHost: url, openaiBaseUrl: `${url}/v1` },
});
const asking = (signal = new AbortController().signal) => ({
  ...{ system: 'You answer.', messages: question, tools: [], format: undefined, maxReplyTokens: 100, signal },
  onText: () => {},
});
const fake = (model: unknown) =>
  langchainProtocol({
    ...{
      provider: 'fake',
      model: 'fake',
      contextTokens: 8192,
      ollamaHost: '',
      openaiBaseUrl: '',
      openaiApiKey: undefined,
    },
    open: async () => model as ChatModel,
  });
/** The pieces as they are: LangChain's streaming fake hands on only their content and further members. */
const pieces = (chunks: AIMessageChunk[]) => ({
  stream: async () =>
    (async function* () {
      yield* chunks;
    })(),
});
const chunk = (content: string, more: object = {}) => new AIMessageChunk({ content, ...more });
const DONE = { response_metadata: { finish_reason: 'stop' } };

describe('LangChain’s fakes', () => {
  it('are heard piece by piece, with what was read and written', async () => {
    const usage_metadata = { input_tokens: 7, output_tokens: 3, total_tokens: 10 };
    const chunks = [chunk('Three '), chunk('jobs.', { ...DONE, usage_metadata })];
    const fakes = new FakeStreamingChatModel({
      sleep: 0,
      chunks: [chunk('Three '), chunk('jobs.', { additional_kwargs: { finish_reason: 'stop' } })],
    });
    expect(await fake(fakes).ask(asking())).toMatchObject({ text: 'Three jobs.', finish: 'stop' });
    const heard: string[] = [];
    const reply = await fake(pieces(chunks)).ask({ ...asking(), onText: (piece) => heard.push(piece) });
    expect(reply).toEqual({ text: 'Three jobs.', calls: [], promptTokens: 7, replyTokens: 3, finish: 'stop' });
    expect(heard).toEqual(['Three ', 'jobs.']);
  });

  it('that never say why they end are not believed', async () => {
    const model = new FakeListChatModel({ responses: ['All of it, one would think.'] });
    await expect(fake(model).ask(asking())).rejects.toMatchObject({ kind: 'cut-off' });
  });

  it.each(['length', 'max_tokens', 'MAX_TOKENS'])('that end by %s were cut', async (reason) => {
    for (const name of ['finish_reason', 'done_reason', 'stop_reason', 'finishReason']) {
      const model = new FakeStreamingChatModel({ chunks: [chunk('Thr', { additional_kwargs: { [name]: reason } })] });
      expect(await fake(model).ask(asking())).toMatchObject({ finish: 'length' });
    }
  });

  it('have their calls read from the text that came, never completed by guess', async () => {
    const call = (args: string, name?: string) =>
      chunk('', { tool_call_chunks: [{ name, args, index: 0, id: name && 'a', type: 'tool_call_chunk' }] });
    const whole = pieces([
      call('{"kw": 1', 'set_cap'),
      call('250}'),
      chunk('', { response_metadata: { finish_reason: 'tool_calls' } }),
    ]);
    expect((await fake(whole).ask(asking())).calls).toEqual([{ name: 'set_cap', arguments: { kw: 1250 } }]);
    const torn = pieces([call('{"kw": 12', 'set_cap'), chunk('', { response_metadata: { finish_reason: 'length' } })]);
    expect(await fake(torn).ask(asking())).toMatchObject({
      finish: 'length',
      calls: [{ name: 'set_cap', arguments: '{"kw": 12' }],
    });
  });

  it('keep thoughts to themselves', async () => {
    const blocks = [
      { type: 'reasoning', text: 'secret' },
      { type: 'text', text: 'Yes.' },
    ];
    const model = {
      stream: async () =>
        (async function* () {
          yield { content: blocks, ...DONE };
        })(),
    };
    expect(await fake(model).ask(asking())).toMatchObject({ text: 'Yes.' });
  });

  it('that heed no signal are not waited for, and what they reject by themselves ends nothing', async () => {
    const stop = new AbortController();
    let late: () => void = () => {};
    const model = {
      stream: () =>
        new Promise(() => {
          late = () =>
            void Promise.reject(Object.assign(new TypeError('terminated'), { stack: 'TypeError: terminated' }));
        }),
    };
    const reply = fake(model).ask(asking(stop.signal));
    await expect.poll(() => late.length).toBe(0);
    stop.abort(new DOMException('gone', 'AbortError'));
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' });
    late();
    await new Promise((go) => setTimeout(go, 20));
  });
});

describe('a provider', () => {
  it('whose package is not there is named with the remedy', async () => {
    const lines: string[] = [];
    const model = openModel(settings('perplexity:sonar'), { log: (line) => lines.push(line) })!;
    const reply = await model.converse!('chat', question, { budget: budget() });
    expect(reply).toMatchObject({
      ok: false,
      trouble: {
        kind: 'model-missing',
        message: 'the package @langchain/perplexity is not installed',
        remedy: expect.stringContaining('npm install @langchain/perplexity@'),
      },
    });
    expect(lines).toHaveLength(1);
    expect(await modelHealth(settings('perplexity:sonar'))).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('npm install @langchain/perplexity@'),
    });
  });

  it('that nobody knows is told with those there are', async () => {
    const health = await modelHealth(settings('acme:x'));
    expect(health).toMatchObject({ ok: false, message: expect.stringMatching(/acme is not known.*anthropic/) });
  });
});

const here = (['ollama', 'openai'] as const).map(
  (provider) => [provider, isInstalled(`@langchain/${provider}`)] as const,
);
for (const [provider, is] of here)
  if (!is) console.warn(`skipped: @langchain/${provider} is not installed, so the third wire is not tried over it`);

describe.each(here.filter(([, is]) => is))('%s through LangChain', (provider) => {
  const open = async (script: Step[], options: { timer?: ReturnType<typeof handTimer> } = {}) => {
    server = await startScriptedModel({ script });
    const lines: string[] = [];
    const model = openModel(settings(`${provider}:scripted`, server.url), {
      log: (line) => lines.push(line),
      ...options,
    })!;
    return { model, lines, server };
  };
  const failures: [string, Step[], readonly ModelTrouble['kind'][]][] = [
    [
      'two errors 500',
      [
        { mode: 'status', status: 500 },
        { mode: 'status', status: 500 },
      ],
      ['server-error'],
    ],
    ['a refusal', [{ mode: 'status', status: 401 }], ['refused']],
    ['an error line', [{ mode: 'error-line', text: 'one two three' }], ['server-error']],
    ['a cut socket', [{ mode: 'truncate', text: 'one two three' }], ['cut-off']],
    ['a clean end without a last line', [{ mode: 'eof', text: 'one two three' }], ['cut-off']],
    ['a reply cut by its length', [{ mode: 'length', text: 'one two' }], ['length']],
    ['an empty reply', [{ mode: 'empty' }], ['empty']],
    // What is no protocol and what says nothing cannot be told apart here.
    ['lines that are not JSON', [{ mode: 'garbage' }], ['malformed', 'cut-off', 'server-error']],
  ];
  it.each(failures)('names %s', async (_, script, kinds) => {
    const { model, lines } = await open(script);
    const reply = await model.converse!('chat', question, { budget: budget() });
    expect(kinds).toContain(reply.ok ? 'ok' : reply.trouble.kind);
    expect(lines).toHaveLength(1);
  });

  it.each<[string, Step, number]>([
    ['before its first word', { mode: 'hang' }, 0],
    ['in the middle', { mode: 'hang-mid', text: 'one two three four' }, 2],
  ])('gives up a server that hangs %s, and closes its socket', async (_, step, words) => {
    const timer = handTimer();
    const { model, server: s } = await open([step], { timer });
    const heard: string[] = [];
    const reply = model.converse!('chat', question, { budget: budget(), onText: (piece) => void heard.push(piece) });
    await expect.poll(() => [s.asked.length, heard.length]).toEqual([1, words]);
    timer.pass(LONG_S * 1000);
    expect(await reply).toMatchObject({ ok: false, trouble: { kind: 'timeout' } });
    await expect.poll(() => s.open.size).toBe(0);
    expect(s.asked[0]?.closedEarly).toBe(true);
  });

  it('takes calls and text, asks once for each answer, and hands on what a stranger wrote as data', async () => {
    const { model, server: s } = await open([
      { mode: 'tools', calls: [{ name: 'footprint', arguments: { team: 'ml' } }], text: 'Let me look.' },
      { mode: 'injection' },
    ]);
    const tools = [{ name: 'footprint', description: 'of a team', parameters: { type: 'object', properties: {} } }];
    const reply = await model.converse!('chat', question, { budget: budget(), tools });
    expect(reply).toMatchObject({
      ok: true,
      text: 'Let me look.',
      calls: [{ name: 'footprint', arguments: { team: 'ml' } }],
    });
    expect(await model.converse!('chat', question, { budget: budget() })).toMatchObject({ ok: true, calls: [] });
    expect(s.asked).toHaveLength(2);
  });

  it('gives words that fit a schema, repairing once', async () => {
    const schema = z.strictObject({ title: z.string() });
    const { model } = await open([{ mode: 'schema-miss' }, { mode: 'json', value: { title: 'b' } }]);
    expect(await model.words('chat', {}, { schema })).toBe('{"title":"b"}');
  });

  it('is asked a word by whoever wants to know how it does', async () => {
    server = await startScriptedModel({ fallback: { mode: 'text', text: 'yes' } });
    expect(await modelHealth(settings(`${provider}:scripted`, server.url))).toMatchObject({ ok: true });
    await server.close();
    expect(await modelHealth(settings(`${provider}:scripted`, server.url))).toMatchObject({ ok: false });
  });
});
