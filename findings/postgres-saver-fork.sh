#!/usr/bin/env bash
# @langchain/langgraph-checkpoint-postgres 1.0.5: after updateState on an earlier checkpoint the new branch reads the old branch's
# value. Channel values are kept by (thread, namespace, channel, version) and an existing row stays; versions are counted on from
# the checkpoint, so both branches have the same ones. MemorySaver reads what was written. Postgres is PGlite 0.3.14 (in-process).
# Seen: MemorySaver ["one","another"], PostgresSaver ["one","two"]. Exits non-zero when PostgresSaver reads what was written.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @langchain/langgraph@1.4.18 @langchain/langgraph-checkpoint@1.1.5 @langchain/core@1.2.13 \
  @langchain/langgraph-checkpoint-postgres@1.0.5 @electric-sql/pglite@0.3.14 >/dev/null
cat >check.mjs <<'EOF'
import { PGlite } from '@electric-sql/pglite';
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
const database = new PGlite();
const query = (text, values) => database.query(text, values);
const saver = new PostgresSaver({ query, connect: async () => ({ query, release() {} }), end: () => database.close() });
await saver.setup();
const State = Annotation.Root({ said: Annotation({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
const branchOf = async (checkpointer) => {
  const graph = new StateGraph(State)
    .addNode('one', () => ({ said: ['one'] }))
    .addNode('two', () => ({ said: ['two'] }))
    .addEdge(START, 'one')
    .addEdge('one', 'two')
    .addEdge('two', END)
    .compile({ checkpointer });
  const thread = { configurable: { thread_id: 'T' } };
  await graph.invoke({}, thread);
  const states = [];
  for await (const state of graph.getStateHistory(thread)) states.push(state);
  const branch = await graph.updateState(states[1].config, { said: ['another'] }, 'two');
  return JSON.stringify((await graph.getState(branch)).values.said);
};
const [memory, postgres] = [await branchOf(new MemorySaver()), await branchOf(saver)];
console.log(`updateState(['another']) after ['one']: MemorySaver reads ${memory}, PostgresSaver 1.0.5 reads ${postgres}`);
await saver.end();
process.exit(memory === '["one","another"]' && postgres === '["one","two"]' ? 0 : 1);
EOF
node check.mjs
