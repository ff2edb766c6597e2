/** The one way to call a tool: leave, deeds that happen once, what a crash leaves behind, and the journal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DECISIONS, type Decision } from '../domain/decision.js';
import { digest } from '../domain/digest.js';
import { Fault } from '../domain/fault.js';
import { PLANS, type Plan } from '../domain/plan.js';
import { defineCollection, type Store } from '../domain/store.js';
import type { Instant } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { openStore } from '../store/store.js';
import { type Call, callTool, defineTool, type Effect, type Running } from './tool.js';

const AT = '2026-01-01T00:00:00Z' as Instant;
const BOOK = defineCollection('book', z.string());
const folder = mkdtempSync(join(tmpdir(), 'caco-tool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
let store: Store;
let world: World;
/** The rest of the world is not asked by callTool; a tool that did would fail aloud. */
const worldOf = (store: Store): World =>
  ({ store, clock: { now: () => AT, waitUntil: async () => {} } }) as unknown as World;
beforeEach(async () => {
  store = await openStore(join(folder, `${files++}.db`));
  world = worldOf(store);
  return () => store.close();
});

const call = (over: Partial<Call> = {}): Call => ({
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'ann', via: 'cli' },
  cause: 'R-1',
  ...over,
});

/** A tool that counts how often it ran; `what` says how it ends. */
const counting = (effect: Effect, what: (call: Running) => Promise<void> = async () => {}) => {
  const state = { runs: 0 };
  const tool = defineTool({
    name: 'count',
    title: 'Count',
    description: 'Counts.',
    toolset: 'status',
    effect,
    input: z.strictObject({ by: z.number().int().min(1).default(1), note: z.string().optional() }),
    output: z.strictObject({ count: z.number(), by: z.number() }),
    run: async ({ by }, _, running) => {
      state.runs++;
      await what(running);
      return { count: state.runs, by };
    },
    tell: ({ count }) => String(count),
  });
  return { tool, state };
};

/** Waits until that many have come. */
const gathering = (count: number) => {
  let open = () => {};
  const all = new Promise<void>((resume) => {
    open = resume;
  });
  let come = 0;
  return async () => {
    if (++come === count) open();
    await all;
  };
};

/** The world with a decision that gives leave. */
const withLeave = async () => {
  await store.collection(DECISIONS).put('D', {
    id: 'D',
    planId: 'P',
    planDigest: 'x',
    status: 'approved',
    by: ['a'],
    reasons: [],
    jobs: null,
    at: AT,
  });
  const plans = { get: async () => ({ id: 'P', version: 1, value: { digest: 'x' } }) };
  return {
    ...world,
    store: {
      ...store,
      collection: ((of) => (of.name === PLANS.name ? plans : store.collection(of))) as Store['collection'],
    },
  } as World;
};

const entries = () => store.entries.read(0, 100);

describe('arguments', () => {
  it('are parsed, defaults filled in, and refused with every problem named', async () => {
    const { tool, state } = counting('reads');
    expect(await callTool(tool, {}, world, call())).toEqual({ count: 1, by: 1 });
    const fault = await callTool(tool, { by: 0, nonsense: 1 }, world, call()).catch((e: unknown) => e);
    expect(fault).toMatchObject({ code: 'invalid-input', message: expect.stringContaining('count: ') });
    expect((fault as Fault).details).toEqual(expect.arrayContaining([expect.objectContaining({ field: 'by' })]));
    expect((fault as Fault).message).toContain('nonsense');
    await expect(callTool(tool, undefined, world, call())).rejects.toMatchObject({ code: 'invalid-input' });
    expect(state.runs).toBe(1);
  });

  it('are named by their place in the input', async () => {
    const { reconcile: _, leave: __, ...tool } = counting('reads').tool;
    const nested = defineTool({
      ...tool,
      input: z.strictObject({ site: z.strictObject({ pue: z.number() }), count: z.number().min(1) }),
      run: async () => ({ count: 1, by: 1 }),
    });
    const fault = await callTool(nested, { site: { pue: 'x' }, count: 0 }, world, call()).catch((e: unknown) => e);
    const details = (fault as Fault).details as { field: string; message: string }[];
    expect(details.map(({ field }) => field)).toEqual(['site.pue', 'count']);
    expect((fault as Fault).message).toBe(`count: site.pue: ${details[0]!.message}; count: ${details[1]!.message}`);
    expect((fault as Fault).remedy).toBe('Mend the named arguments; the tool’s input schema says what each may be.');
    const whole = await callTool(nested, 7, world, call()).catch((e: unknown) => e);
    expect((whole as Fault).details).toEqual([expect.objectContaining({ field: '(input)' })]);
  });

  it('are not looked at after the caller has gone', async () => {
    const { tool, state } = counting('records');
    await expect(callTool(tool, {}, world, call({ signal: AbortSignal.abort() }))).rejects.toThrow();
    expect([state.runs, await entries()]).toEqual([0, []]);
  });

  it('an answer that breaks the tool’s own schema is a defect, and nothing of it is kept', async () => {
    const { tool } = counting('records');
    const broken = defineTool({
      ...tool,
      run: async () => ({ count: 'many' }) as unknown as { count: number; by: number },
    });
    const error = await callTool(broken, {}, world, call()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(z.ZodError);
    expect(await entries()).toEqual([]);
  });
});

describe('the journal', () => {
  it('has an entry for what records, acts or decides, and none for what looks', async () => {
    await callTool(counting('reads').tool, {}, world, call());
    expect(await entries()).toEqual([]);
    const answer = await callTool(counting('records').tool, { by: 3 }, world, call({ idempotencyKey: 'k1' }));
    const [entry] = await entries();
    expect(entry?.body).toEqual({
      kind: 'count',
      at: AT,
      actor: 'cli:ann',
      cause: 'R-1',
      subject: 'k1',
      data: { effect: 'records', input: digest({ by: 3 }), output: digest(answer) },
    });
  });

  it('names the client that somebody used, and no deed where there is none', async () => {
    const actor = { id: 'ann', via: 'mcp', client: 'desk 2' } as const;
    await callTool(counting('records').tool, {}, world, call({ actor, cause: null }));
    expect((await entries())[0]?.body).toMatchObject({ actor: 'mcp:ann (desk 2)', cause: null, subject: null });
  });

  it('stands or falls with what the tool wrote and with the deed', async () => {
    const { tool } = counting('records', async (running) => {
      running.commit(async (tx) => tx.collection(BOOK).put('page', 'written'));
      running.commit(async () => {
        throw new Error('the disk broke');
      });
    });
    await expect(callTool(tool, {}, world, call({ idempotencyKey: 'k' }))).rejects.toThrow('the disk broke');
    expect(await store.collection(BOOK).get('page')).toBeUndefined();
    expect(await entries()).toEqual([]);
    expect((await store.deeds.get('k'))?.state).toBe('intended');
  });
});

describe('leave', () => {
  const plan = { id: 'P-1', digest: 'd1' } as unknown as Plan;
  const decision: Decision = {
    id: 'D-1',
    planId: 'P-1',
    planDigest: 'd1',
    status: 'approved',
    by: ['rule:low-risk'],
    reasons: ['small'],
    jobs: null,
    at: AT,
  };
  // The plan's other members are not what leave depends on, so the schema is not asked.
  const loose = defineCollection(PLANS.name, z.unknown());
  const acting = async (over: Partial<Decision>, planOver: object, decisionId: string | undefined) => {
    await store.collection(loose).put('P-1', { ...plan, ...planOver });
    await store.collection(DECISIONS).put('D-1', { ...decision, ...over });
    const { tool, state } = counting('acts');
    const world_: World = {
      ...world,
      store: {
        ...store,
        collection: ((of) =>
          store.collection(
            of.name === PLANS.name ? { ...of, schema: z.unknown() as never } : of,
          )) as Store['collection'],
      },
    };
    const outcome = await callTool(tool, {}, world_, call({ decisionId })).catch((e: unknown) => e);
    return { outcome, runs: state.runs };
  };

  it('is given by a decision about the plan as it is', async () => {
    expect(await acting({}, {}, 'D-1')).toEqual({ outcome: { count: 1, by: 1 }, runs: 1 });
    expect((await entries())[0]?.body.data).toMatchObject({ effect: 'acts' });
  });

  it.each([
    ['without a decision', {}, {}, undefined, 'count changes the world and has no decision'],
    ['with one that is not there', {}, {}, 'D-2', 'no decision D-2'],
    ['with a refusal', { status: 'refused' as const }, {}, 'D-1', 'small'],
    ['when the plan has changed since', {}, { digest: 'd2' }, 'D-1', 'changed'],
  ])('is not given %s', async (_, over, planOver, id, words) => {
    const { outcome, runs } = await acting(over, planOver, id);
    expect(outcome).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(words),
      remedy: expect.stringContaining('caco approve'),
    });
    expect([runs, await entries()]).toEqual([0, []]);
  });

  it('of a tool that names a plan is leave for that plan, as it is', async () => {
    const acts = async (planId: string, digestOfPlan: string) => {
      const value = { id: planId, digest: digestOfPlan };
      const plans = { get: async (id: string) => (id === 'P-9' ? undefined : { id, version: 1, value }) };
      const collection = ((of) => (of.name === PLANS.name ? plans : store.collection(of))) as Store['collection'];
      const { tool, state } = counting('acts');
      const { reconcile: _, leave: __, ...rest } = tool;
      const planned = defineTool({
        ...rest,
        input: z.strictObject({ planId: z.string() }),
        run: async () => ({ count: ++state.runs, by: 1 }),
      });
      await store.collection(DECISIONS).put('D-1', decision);
      const outcome = await callTool(
        planned,
        { planId },
        { ...world, store: { ...store, collection } },
        call({ decisionId: 'D-1' }),
      ).catch((e: unknown) => e);
      return { outcome, runs: state.runs };
    };
    expect(await acts('P-1', 'd1')).toEqual({ outcome: { count: 1, by: 1 }, runs: 1 });
    for (const [planId, changed] of [
      ['P-2', 'd2'],
      ['P-1', 'd2'],
    ] as const)
      expect(await acts(planId, changed)).toMatchObject({ outcome: { code: 'forbidden' }, runs: 0 });
    expect(await acts('P-9', 'd1')).toMatchObject({
      outcome: {
        code: 'not-found',
        message: 'there is no plan P-9',
        remedy: '`caco plan` makes one; `caco runs` lists what was planned.',
      },
      runs: 0,
    });
  });

  it('to decide is a person’s: no agent and no node has it', async () => {
    const { tool, state } = counting('decides');
    for (const via of ['mcp', 'graph'] as const)
      await expect(callTool(tool, {}, world, call({ actor: { id: 'bot', via } }))).rejects.toMatchObject({
        code: 'forbidden',
        message: `count is a person's answer; ${via} cannot give it`,
        remedy: 'A person approves with `caco approve ID` or over authenticated HTTP.',
      });
    expect(state.runs).toBe(0);
    for (const via of ['cli', 'http', 'dialog'] as const)
      await callTool(tool, {}, world, call({ actor: { id: 'ann', via } }));
    expect(state.runs).toBe(3);
  });
});

describe('a deed', () => {
  it('happens once: the same key gives the same answer, and one entry', async () => {
    const { tool, state } = counting('records');
    const first = await callTool(tool, { by: 2 }, world, call({ idempotencyKey: 'once' }));
    const second = await callTool(tool, { by: 2 }, world, call({ idempotencyKey: 'once' }));
    expect([second, state.runs]).toEqual([first, 1]);
    expect(await entries()).toHaveLength(1);
  });

  it('is the call: its key does not serve another one', async () => {
    const { tool, state } = counting('records');
    await callTool(tool, { by: 2 }, world, call({ idempotencyKey: 'mine' }));
    const other = callTool(tool, { by: 3 }, world, call({ idempotencyKey: 'mine' }));
    await expect(other).rejects.toMatchObject({
      code: 'conflict',
      message: 'the key "mine" was used for another call of count',
      remedy: 'Use a new idempotency key for another tool or a different input.',
    });
    const namesake = { ...tool, name: 'another' };
    const another = callTool(namesake, { by: 2 }, world, call({ idempotencyKey: 'mine' }));
    await expect(another).rejects.toMatchObject({ code: 'conflict' });
    expect(state.runs).toBe(1);
  });

  it('without a key is simply a call', async () => {
    const { tool, state } = counting('records');
    await callTool(tool, {}, world, call());
    await callTool(tool, {}, world, call());
    expect([state.runs, (await entries()).length]).toEqual([2, 2]);
  });

  it('that surely did not happen may be tried again', async () => {
    let fail = true;
    const { tool, state } = counting('records', async () => {
      if (fail) throw new Fault('conflict', 'not now', 'Later.');
    });
    await expect(callTool(tool, {}, world, call({ idempotencyKey: 'k' }))).rejects.toMatchObject({ code: 'conflict' });
    expect(await store.deeds.get('k')).toMatchObject({
      ...{ state: 'failed', tool: 'count', actor: 'ann', inputDigest: digest({}), at: AT },
      output: { code: 'conflict', message: 'not now', remedy: 'Later.' },
    });
    fail = false;
    expect(await callTool(tool, {}, world, call({ idempotencyKey: 'k' }))).toEqual({ count: 2, by: 1 });
    expect(state.runs).toBe(2);
  });

  it('that broke by a defect stays unknown: nobody knows how far it came', async () => {
    const { tool } = counting('records', async () => {
      throw new TypeError('a defect');
    });
    await expect(callTool(tool, {}, world, call({ idempotencyKey: 'k' }))).rejects.toThrow('a defect');
    expect((await store.deeds.get('k'))?.state).toBe('intended');
    const failing = counting('records', async () => {
      throw new Fault('conflict', 'not now', 'Later.');
    });
    await expect(callTool(failing.tool, {}, world, call())).rejects.toThrow('not now');
  });

  it('is nothing that looks: it is done as often as it is asked for', async () => {
    const { tool, state } = counting('reads');
    for (let i = 0; i < 2; i++) await callTool(tool, {}, world, call({ idempotencyKey: 'k' }));
    expect([state.runs, await store.deeds.get('k')]).toEqual([2, undefined]);
  });

  it('is not begun for a caller who has gone while another one waited for it', async () => {
    const gone = new AbortController();
    const { tool, state } = counting('records', async () => {
      gone.abort(new Error('gone'));
      throw new Fault('conflict', 'not now', 'Later.');
    });
    const both = await Promise.allSettled([
      callTool(tool, {}, world, call({ idempotencyKey: 'k' })),
      callTool(tool, {}, world, call({ idempotencyKey: 'k', signal: gone.signal })),
    ]);
    expect(both.map((each) => (each as PromiseRejectedResult).reason.message)).toEqual(['not now', 'gone']);
    expect(state.runs).toBe(1);
  });

  it('whose peer did not answer stays unknown', async () => {
    const { tool } = counting('records', async () => {
      throw new Fault('unavailable', 'no answer', 'Later.');
    });
    await expect(callTool(tool, {}, world, call({ idempotencyKey: 'k' }))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect((await store.deeds.get('k'))?.state).toBe('intended');
  });

  describe('that a crash left between intention and end', () => {
    /** What a killed process leaves: the intention and nothing else. */
    const crash = async (input: object) =>
      store.deeds.intend({ key: 'k', tool: 'count', actor: 'ann', inputDigest: digest(input), at: AT });

    it('is not repeated when it acts and nobody can be asked', async () => {
      await crash({});
      const { tool, state } = counting('acts');
      const again = callTool(tool, {}, await withLeave(), call({ idempotencyKey: 'k', decisionId: 'D' }));
      await expect(again).rejects.toMatchObject({
        code: 'conflict',
        message: 'count was begun before and its outcome is not known',
        remedy: 'Look at the peer, then use a new idempotency key.',
      });
      expect(state.runs).toBe(0);
    });

    it('is taken as done when the peer knows it, and journalled once', async () => {
      await crash({});
      const { tool, state } = counting('acts');
      const asking = defineTool({ ...tool, reconcile: async () => ({ count: 41, by: 1 }) });
      const world = await withLeave();
      expect(await callTool(asking, {}, world, call({ idempotencyKey: 'k', decisionId: 'D' }))).toEqual({
        count: 41,
        by: 1,
      });
      expect(await callTool(asking, {}, world, call({ idempotencyKey: 'k', decisionId: 'D' }))).toEqual({
        count: 41,
        by: 1,
      });
      expect([state.runs, (await entries()).length, (await store.deeds.get('k'))?.state]).toEqual([0, 1, 'done']);
    });

    it('is done now when the peer never heard of it', async () => {
      await crash({});
      const { tool, state } = counting('acts');
      const asking = defineTool({ ...tool, reconcile: async () => undefined });
      expect(await callTool(asking, {}, await withLeave(), call({ idempotencyKey: 'k', decisionId: 'D' }))).toEqual({
        count: 1,
        by: 1,
      });
      expect(state.runs).toBe(1);
    });

    it('is simply done again when it only touches our own books', async () => {
      await crash({});
      const { tool, state } = counting('records');
      await callTool(tool, {}, world, call({ idempotencyKey: 'k' }));
      expect([state.runs, (await store.deeds.get('k'))?.state]).toEqual([1, 'done']);
    });
  });

  it('that two callers begin at once happens once, and both get its answer', async () => {
    const { tool, state } = counting('records', async () => new Promise((resume) => setTimeout(resume, 20)));
    const both = () => Promise.all([1, 2].map(() => callTool(tool, {}, world, call({ idempotencyKey: 'k' }))));
    expect(await both()).toEqual([
      { count: 1, by: 1 },
      { count: 1, by: 1 },
    ]);
    expect([state.runs, (await entries()).length]).toEqual([1, 1]);
  });

  it('that another process does at the same time is kept once, and both get one answer', async () => {
    const both = gathering(2);
    const { tool, state } = counting('records');
    // Each would answer something else.
    const each = defineTool({
      ...tool,
      run: async (_, __, running) => {
        const count = ++state.runs;
        await both();
        running.commit(async (tx) => tx.collection(BOOK).insert('page', 'written'));
        return { count, by: 1 };
      },
    });
    const other = worldOf(await openStore(join(folder, `${files - 1}.db`)));
    const answers = await Promise.all([world, other].map((w) => callTool(each, {}, w, call({ idempotencyKey: 'k' }))));
    await other.store.close();
    expect(answers[0]).toEqual(answers[1]);
    expect([state.runs, (await entries()).length]).toEqual([2, 1]);
  });

  it('that failed and is tried again is waited for by whoever asks meanwhile', async () => {
    let go = () => {};
    const gate = new Promise<void>((resume) => {
      go = resume;
    });
    let begun = () => {};
    const second = new Promise<void>((resume) => {
      begun = resume;
    });
    const { tool, state } = counting('records', async () => {
      if (state.runs === 1) throw new Fault('conflict', 'not now', 'Later.');
      begun();
      await gate;
    });
    const ask = () => callTool(tool, {}, world, call({ idempotencyKey: 'k' }));
    const [first, next] = [ask(), ask()];
    await expect(first).rejects.toThrow('not now');
    await second;
    const third = ask();
    await new Promise((resume) => setImmediate(resume));
    go();
    expect(await Promise.all([next, third])).toEqual([
      { count: 2, by: 1 },
      { count: 2, by: 1 },
    ]);
    expect(state.runs).toBe(2);
  });

  it('that was never begun is begun: no peer is asked about it', async () => {
    const leave = await withLeave();
    const { tool, state } = counting('acts');
    const key = (idempotencyKey: string) => call({ idempotencyKey, decisionId: 'D' });
    expect(await callTool(tool, {}, leave, key('k'))).toEqual({ count: 1, by: 1 });
    const asking = defineTool({ ...tool, reconcile: async () => ({ count: 41, by: 1 }) });
    expect(await callTool(asking, {}, leave, key('k2'))).toEqual({ count: 2, by: 1 });
    expect(state.runs).toBe(2);
  });
});

describe('a call without a key', () => {
  it('waits for no other one', async () => {
    const both = gathering(2);
    const { tool } = counting('records', both);
    const calls = [1, 2].map(() => callTool(tool, {}, world, call()));
    expect(await Promise.all(calls)).toHaveLength(2);
  });

  it('is no deed, whether it succeeds or fails', async () => {
    const odd = async (): Promise<never> => {
      throw new Error('a deed was asked for');
    };
    const plain = worldOf({ ...store, deeds: { get: odd, intend: odd, finish: odd, forget: odd } });
    expect(await callTool(counting('records').tool, {}, plain, call())).toEqual({ count: 1, by: 1 });
    const { tool } = counting('records', async () => {
      throw new Fault('conflict', 'not now', 'Later.');
    });
    await expect(callTool(tool, {}, plain, call())).rejects.toThrow('not now');
  });
});
