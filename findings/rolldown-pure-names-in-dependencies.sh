#!/usr/bin/env bash
# rolldown 1.2.19: treeshake.manualPureFunctions takes names, and a name holds in every module of the bundle, minified dependencies
# included. ['z'], meant for zod's `z`, also names the function that preact 11.2.0 calls z in its published build: its calls are taken for
# pure and dropped, and with them most of the renderer. There is no warning, and the bundle still parses.
# Seen: 14539 bytes with 4 of z( without the option; 3930 bytes and 0 with it. Exits non-zero when the calls stay.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent rolldown@1.2.19 preact@11.2.0
echo "import { h, render } from 'preact'; globalThis.page = [h, render];" >entry.js
cat >check.mjs <<'EOF'
import { rolldown } from 'rolldown';
const bundled = async (treeshake) => {
  const bundle = await rolldown({ input: 'entry.js', platform: 'browser', treeshake });
  const [{ code }] = (await bundle.generate({ format: 'esm' })).output;
  return { bytes: code.length, ofZ: (code.match(/\bz\(/g) ?? []).length };
};
const [plain, named] = [await bundled(true), await bundled({ manualPureFunctions: ['z'] })];
console.log(`rolldown 1.2.19 with preact 11.2.0: ${JSON.stringify(plain)}, with the name z: ${JSON.stringify(named)}`);
process.exit(plain.ofZ > 0 && named.ofZ === 0 && named.bytes < plain.bytes / 2 ? 0 : 1);
EOF
node check.mjs
