#!/usr/bin/env bash
# @photostructure/sqlite 2.6.0, a "drop-in replacement for node:sqlite", keeps of a bound text only what stands before its first
# NUL character, without an error. node:sqlite keeps the whole text. (Reading is right: a text that SQLite holds comes back whole.)
# Seen: kept 61, expected 61006263. Exits non-zero when the package keeps the whole text.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @photostructure/sqlite@2.6.0
cat >check.mjs <<'EOF'
import { DatabaseSync } from '@photostructure/sqlite';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const keptBy = (Database) => {
  const database = new Database(':memory:');
  database.exec('create table items (value text)');
  database.prepare('insert into items values (?)').run('a\0bc');
  return database.prepare('select hex(value) as kept from items').get().kept;
};
const kept = keptBy(DatabaseSync);
console.log(`@photostructure/sqlite 2.6.0 on Node ${process.version} keeps ${kept} of 61006263`);
try {
  console.log(`node:sqlite keeps ${keptBy(require('node:sqlite').DatabaseSync)}`);
} catch {
  console.log('node:sqlite is not in this Node; 24.21 keeps 61006263');
}
const read = new DatabaseSync(':memory:').prepare("select cast(x'61006263' as text) as text").get().text;
console.log(`read back from SQLite: ${JSON.stringify(read)}`);
process.exit(kept === '61' && read === 'a\0bc' ? 0 : 1);
EOF
node check.mjs
