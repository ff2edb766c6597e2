// Transpiles every source file to dist/, file by file, and copies the data files that the program reads at run time.
// Types are checked by `npm run types`; this step only removes them, so that it takes a second.
import { chmodSync, cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
process.chdir(root);

const ROOMS = ['domain', 'tools', 'store', 'sim', 'graph', 'prompts', 'mcp-server', 'http-server', 'cli', 'evals'];
const SKIP = new Set(['fixtures', '__snapshots__', 'node_modules']);

const walk = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIP.has(entry.name) ? [] : walk(join(folder, entry.name));
    return [join(folder, entry.name)];
  });

const files = [
  ...readdirSync('.').filter((name) => name.endsWith('.ts') && !name.startsWith('vitest')),
  ...ROOMS.filter((room) => existsSync(room)).flatMap(walk),
].filter((name) => !name.includes('.test.'));
const code = files.filter((name) => name.endsWith('.ts'));
const data = files.filter((name) => !name.endsWith('.ts'));

// `npm pack` of an installed package has no sources to build from.
if (code.length > 0) {
  const require = createRequire(import.meta.url);
  const { buildSync } = require('esbuild');
  rmSync('dist', { recursive: true, force: true });
  buildSync({
    entryPoints: code,
    outdir: 'dist',
    outbase: '.',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
  for (const name of data) cpSync(name, join('dist', name));
  cpSync('package.json', 'dist/package.json');
  if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);
  writeFileSync('dist/.built', `${code.length}\n`);
}
