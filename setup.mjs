// Makes a clone ready: installs what the lock file names and builds, each only when something has changed since.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(fileURLToPath(import.meta.url)));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`CACO needs Node 20.19 or newer; this is ${process.version}. Install a newer Node and try again.`);
  process.exit(2);
}

const run = (command, args) => {
  // What a set-up prints is no answer of the program: standard output stays clean for it.
  const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status !== 0) {
    console.error(
      `\`${command} ${args.join(' ')}\` failed; what it said stands above. It needs the npm registry and nothing else.`,
    );
    process.exit(6);
  }
};
const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

const installed = changedAt('node_modules/.package-lock.json');
// On Node 20 npm warns of one package that asks for 22 by its `engines` and is tested on 20 here; which Node is needed was
// settled above, so errors are enough.
if (installed === 0 || changedAt('package-lock.json') > installed)
  run('npm', ['ci', '--ignore-scripts=false', '--loglevel=error']);

const SOURCE = /\.(tsx?|md|json|csv|mjs|html|css)$/;
const SKIP = new Set(['node_modules', 'dist', 'out', 'docs', 'bench', 'coverage']);
const newest = (folder) =>
  readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
    if (entry.name.startsWith('.') || SKIP.has(entry.name)) return latest;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return Math.max(latest, newest(path));
    return SOURCE.test(entry.name) && !entry.name.includes('.test.') ? Math.max(latest, changedAt(path)) : latest;
  }, 0);

if (changedAt('dist/.built') < newest('.')) run(process.execPath, ['build.mjs']);
