#!/usr/bin/env bash
# @langchain/core 1.2.13: FakeStreamingChatModel, the double that is meant for tests of streaming, passes on of a chunk its text and
# additional_kwargs only. response_metadata (the finish reason), usage_metadata and tool_call_chunks of the given chunk are gone, without
# an error. A client that takes a stream for finished only with a finish reason cannot be tested with it by the usual member.
# Seen: {"text":"whole","finish":null,"usage":null,"tools":0}. Exits non-zero when one of them arrives.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @langchain/core@1.2.13
cat >check.mjs <<'EOF'
import { AIMessageChunk } from '@langchain/core/messages';
import { FakeStreamingChatModel } from '@langchain/core/utils/testing';
const given = new AIMessageChunk({
  content: 'whole',
  response_metadata: { finish_reason: 'stop' },
  usage_metadata: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
  tool_call_chunks: [{ name: 'look', args: '{}', index: 0, type: 'tool_call_chunk' }],
});
const model = new FakeStreamingChatModel({ chunks: [given] });
let text = '';
let [finish, usage, tools] = [null, null, 0];
for await (const chunk of await model.stream('say it')) {
  text += chunk.content;
  finish ??= chunk.response_metadata?.finish_reason ?? null;
  usage ??= chunk.usage_metadata ?? null;
  tools += chunk.tool_call_chunks?.length ?? 0;
}
console.log(`@langchain/core 1.2.13 on Node ${process.version}: ${JSON.stringify({ text, finish, usage, tools })}`);
process.exit(text === 'whole' && finish === null && usage === null && tools === 0 ? 0 : 1);
EOF
node check.mjs
