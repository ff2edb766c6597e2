/**
 * LangGraph 1.4.18 at its edges, as it was seen to behave: what of it reaches us, and what holds here instead.
 *
 *   seen                                                  what holds here
 *   a bare answer answers every open question             answers go by id alone; "answers the one of two"
 *   an id that it does not know resumes nothing, silently "refuses an answer to no open question"
 *   each step keeps the whole state, never pruned         `sweep`; present.test.ts "the threads of runs"
 *   a bigint is saved and never read; NaN becomes null    `plain` and the type Patch; "keeps only what comes back"
 *   a run that is aborted is not tried again              graph.test.ts "that is cancelled in the pause"
 *   null on a thread that ended runs nothing              "of a thread that has ended runs nothing"
 *   null on a thread that never was throws                `begun`; crash.test.ts "though it died before its first"
 *   25 steps, then an error                               50 here, and each answer counts anew; the longest way has 9
 *   two set-ups of its Postgres saver at once, one fails  not used: tables are ours; store.test.ts "by six processes"
 *
 * And MCP, of the same document: sessions and revisions in mcp-server/conformance.test.ts, a missing argument and numbers
 * where text belongs in mcp-server/odd-clients.test.ts; a result that is an error never has structured content
 * (mcp-server/fault-result.ts), for a client that knows the schema would throw and lose the words.
 */
import { Annotation, Command, END, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import type { Graph } from './graph.js';
import { plain } from './state.js';
import { Answer, threadsOf } from './thread.js';

const by = { actor: { id: 'ann', via: 'cli' as const } };
const none = { ids: async () => [], prune: async () => {} };

const Said = Annotation.Root({
  said: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
/** Two questions that are open at once. */
const twoQuestions = () => {
  const asks = (name: string) => () => ({
    said: [`${name}: ${interrupt<object, { planId: string }>({ planId: name }).planId}`],
  });
  return new StateGraph(Said)
    .addNode('one', asks('one'))
    .addNode('two', asks('two'))
    .addEdge(START, 'one')
    .addEdge(START, 'two')
    .addEdge('one', END)
    .addEdge('two', END)
    .compile({ checkpointer: new MemorySaver() });
};
const begun = async () => {
  const graph = twoQuestions();
  const threads = threadsOf(graph as unknown as Graph, none);
  await threads.drive('R', 'R', { said: [] } as never, by);
  const state = async () => graph.getState({ configurable: { thread_id: 'R' } });
  const open = async () => (await state()).tasks.flatMap((task) => task.interrupts);
  return { graph, threads, state, open };
};

describe('an answer', () => {
  it('answers the one of two open questions that it names, though LangGraph would give a bare one to both', async () => {
    const bare = await begun();
    await bare.graph.invoke(new Command({ resume: { planId: 'P' } }), { configurable: { thread_id: 'R' } });
    expect((await bare.state()).values.said).toEqual(['one: P', 'two: P']);

    const { threads, state, open } = await begun();
    const [first, second] = await open();
    const after = await threads.drive('R', 'R', new Answer(first!.id!, { planId: 'P' }), by);
    expect(after.pending?.id).toBe(second!.id);
    expect((await state()).next).toEqual(['two']);
    await threads.drive('R', 'R', new Answer(second!.id!, { planId: 'Q' }), by);
    expect((await state()).values.said).toEqual(['one: P', 'two: Q']);
    expect((await state()).next).toEqual([]);
  });

  it('to no open question is refused, and changes nothing: one that never was, one that was answered', async () => {
    const { threads, open } = await begun();
    const [first] = await open();
    const refused = { code: 'conflict', message: expect.stringContaining('does not wait for an answer') };
    await expect(threads.drive('R', 'R', new Answer('nobody', { planId: 'P' }), by)).rejects.toMatchObject(refused);
    expect(await open()).toHaveLength(2);
    await threads.drive('R', 'R', new Answer(first!.id!, { planId: 'P' }), by);
    await expect(threads.drive('R', 'R', new Answer(first!.id!, { planId: 'X' }), by)).rejects.toMatchObject(refused);
  });

  it('of a thread that has ended runs nothing: to go on with it leaves it as it is', async () => {
    const { threads, open, state } = await begun();
    for (const { id } of await open()) await threads.drive('R', 'R', new Answer(id!, { planId: 'P' }), by);
    const ended = await state();
    await threads.drive('R', 'R', null, by);
    expect(await state()).toEqual(ended);
  });
});

describe('the state of a thread', () => {
  it('keeps only what comes back as it was, and says where it is not so', async () => {
    const held = { planId: 'P', waiting: { jobs: 3, energyKwh: -1.5 }, ids: ['a'], none: null, absent: undefined };
    expect(plain(held)).toBe(held);
    for (const [odd, place] of [
      [{ jobs: 3n }, 'compute/jobs cannot be kept in a thread: bigint 3'],
      [{ waiting: { energyKwh: Number.NaN } }, 'compute/waiting/energyKwh cannot be kept in a thread: number NaN'],
      [{ energyKwh: Infinity }, 'number Infinity'],
      [{ ids: ['a', undefined] }, 'compute/ids/1 cannot be kept in a thread: undefined'],
      [{ at: new Date(0) }, '[object Date]'],
      [{ byTeam: new Map() }, '[object Map]'],
      [{ body: Buffer.from('a') }, '[object Uint8Array]'],
      [{ loads: Float64Array.of(1) }, '[object Float64Array]'],
      [{ url: new URL('http://a') }, '[object URL]'],
      [{ f: () => 1 }, 'function'],
    ] as const)
      expect(() => plain(odd, 'compute')).toThrow(place);
  });

  it('is refused before LangGraph keeps it: it would save a bigint that can never be read, and make null of NaN', async () => {
    const Kept = Annotation.Root({ n: Annotation<number>, big: Annotation<unknown> });
    const graph = new StateGraph(Kept)
      .addNode('one', () => ({}))
      .addEdge(START, 'one')
      .addEdge('one', END)
      .compile({ checkpointer: new MemorySaver() });
    const at = (thread_id: string) => ({ configurable: { thread_id } });
    await graph.invoke({ n: Number.NaN }, at('nan'));
    expect((await graph.getState(at('nan'))).values.n).toBeNull();
    const threads = threadsOf(graph as unknown as Graph, none);
    for (const odd of [{ n: Number.NaN }, { big: 1n }]) {
      await expect(threads.drive('R', 'R', odd as never, by)).rejects.toThrow(/cannot be kept in a thread/);
      expect(await threads.begun('R', by)).toBe(false);
    }
  });
});
