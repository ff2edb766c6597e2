/** The saver by LangGraph's own rules for savers, and what it does beyond them, on SQLite and Postgres alike. */
import { Annotation, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph';
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testPostgres } from './fixtures/postgres.js';
import type { StoreSaver } from './saver.js';
import { type OpenStore, openStore } from './store.js';

const postgres = await testPostgres();
afterAll(() => postgres?.stop());

/**
 * The one rule that is not kept: to store of a checkpoint only the channels that have changed. Values that are shared by the
 * number of their channel's version are mixed up when a thread is forked, because both branches count on from the same
 * number; and what is shared cannot be pruned with its checkpoint. LangGraph's savers for memory and SQLite do not keep it either.
 */
const NOT_KEPT = 'should only store channel_values that have changed (based on newVersions)';

// LangGraph's checks take vitest's words from the global object.
const judged = new Proxy(it, {
  apply: (plain, _, given: Parameters<typeof it>) => Reflect.apply(given[0] === NOT_KEPT ? it.fails : plain, it, given),
});
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it: judged });
const { validate } = await import('@langchain/langgraph-checkpoint-validation');

const empty = async (saver: StoreSaver): Promise<void> => {
  const threads = new Set<string>();
  for await (const { config } of saver.list({})) threads.add(config.configurable!.thread_id);
  await saver.prune([...threads], 'delete');
};

const PLACES = [
  { flavour: 'sqlite', where: ':memory:' },
  ...(postgres ? [{ flavour: 'postgres', where: postgres.url }] : []),
];

for (const { flavour, where } of PLACES) {
  let store: OpenStore;
  validate({
    checkpointerName: `the saver on ${flavour}`,
    async beforeAll() {
      store = await openStore(where);
    },
    afterAll: () => store.close(),
    createCheckpointer: () => store.saver(),
    destroyCheckpointer: empty,
  });
}

describe.each(PLACES)('threads on $flavour', ({ where }) => {
  let store: OpenStore;
  let saver: StoreSaver;
  beforeAll(async () => {
    store = await openStore(where);
    saver = await store.saver();
  });
  afterAll(() => store.close());

  const State = Annotation.Root({ said: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
  /** Two steps, a question, and a step with the answer. */
  const graph = () =>
    new StateGraph(State)
      .addNode('one', () => ({ said: ['one'] }))
      .addNode('two', () => ({ said: ['two'] }))
      .addNode('ask', () => ({ said: [interrupt<string, string>('which?')] }))
      .addNode('last', () => ({ said: ['last'] }))
      .addEdge(START, 'one')
      .addEdge('one', 'two')
      .addEdge('two', 'ask')
      .addEdge('ask', 'last')
      .addEdge('last', END)
      .compile({ checkpointer: saver });
  const at = (thread_id: string) => ({ configurable: { thread_id }, durability: 'sync' as const });
  const sizeOf = async (thread: string): Promise<number> => {
    let count = 0;
    for await (const _ of saver.list(at(thread))) count++;
    return count;
  };

  it('that wait are cut to their newest checkpoint, and go on with the answer', async () => {
    await graph().invoke({}, at('waiting'));
    await graph().invoke({}, at('other'));
    expect(await sizeOf('waiting')).toBe(4);
    await saver.prune(['waiting']);
    await saver.prune(['waiting', 'never-begun']);
    expect(await sizeOf('waiting')).toBe(1);
    expect(await sizeOf('other')).toBe(4);
    const waiting = await graph().getState(at('waiting'));
    expect(waiting.tasks.flatMap((t) => t.interrupts.map((i) => i.value))).toEqual(['which?']);
    const { said } = await graph().invoke(new Command({ resume: 'this' }), at('waiting'));
    expect(said).toEqual(['one', 'two', 'this', 'last']);
  });

  it('are cut by namespace, and keep the writes of what is kept', async () => {
    const put = async (ns: string, values: object, clock: number) => {
      const config = { configurable: { thread_id: 'spaces', checkpoint_ns: ns } };
      const checkpoint = { ...emptyCheckpoint(), id: uuid6(clock), channel_values: { ...values } };
      const written = await saver.put(config, checkpoint, { source: 'loop', step: clock, parents: {} });
      await saver.putWrites(written, [['x', ns + clock]], 'task');
    };
    // The newest of the one is older than the oldest of the other.
    await put('', { n: 1 }, 1);
    await put('', { n: 2 }, 2);
    await put('child', { n: 3 }, 3);
    await put('child', { n: 4 }, 4);
    await saver.prune(['spaces']);
    const kept = [];
    for await (const { checkpoint, pendingWrites } of saver.list(at('spaces')))
      kept.push([checkpoint.channel_values.n, pendingWrites]);
    expect(kept).toEqual([
      [4, [['task', 'x', 'child4']]],
      [2, [['task', 'x', '2']]],
    ]);
  });

  it('of runs that ended are dropped whole, and may begin anew', async () => {
    await graph().invoke({}, at('ended'));
    await graph().invoke(new Command({ resume: 'this' }), at('ended'));
    await saver.prune(['ended'], 'delete');
    expect(await saver.getTuple(at('ended'))).toBeUndefined();
    expect((await graph().invoke({}, at('ended'))).said).toEqual(['one', 'two']);
  });

  it('that were forked keep the values of both branches', async () => {
    await graph().invoke({}, at('forked'));
    const history = async () => {
      const states = [];
      for await (const state of graph().getStateHistory(at('forked'))) states.push(state);
      return states;
    };
    const [, beforeTwo] = await history();
    await graph().updateState(beforeTwo!.config, { said: ['another'] }, 'two');
    const said = (await history()).map((state) => JSON.stringify(state.values.said));
    expect(said.filter((text) => text === '["one","two"]')).toHaveLength(1);
    expect(said.filter((text) => text === '["one","another"]')).toHaveLength(1);
  });

  it('are all or nothing: of writes to one place the first counts, and of LangGraph’s own the last', async () => {
    const checkpoint = emptyCheckpoint();
    const config = await saver.put(at('places'), checkpoint, { source: 'loop', step: 0, parents: {} });
    await saver.putWrites(
      config,
      [
        ['a', 1],
        ['b', new Uint8Array([0, 255])],
      ],
      'task',
    );
    await saver.putWrites(
      config,
      [
        ['a', 2],
        ['__error__', 'x'],
      ],
      'task',
    );
    await saver.putWrites(config, [['__interrupt__', 'first']], 'task');
    await saver.putWrites(
      config,
      [
        ['__interrupt__', 'second'],
        ['__interrupt__', 'third'],
      ],
      'task',
    );
    await saver.putWrites(config, [], 'task');
    expect((await saver.getTuple(config))?.pendingWrites).toEqual([
      ['task', '__interrupt__', 'third'],
      ['task', '__error__', 'x'],
      ['task', 'a', 1],
      ['task', 'b', new Uint8Array([0, 255])],
    ]);
  });
});
