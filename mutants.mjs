// Mutation testing, by hand: `npm run test:mutants -- FILE [FOLDER]`.
//
// Changes FILE in many small ways, one at a time, and tells which changes no test noticed. The tests asked are those in
// FOLDER that reach FILE; without FOLDER, those of the room that FILE is in. FOLDER may be one file of tests, where the others
// of its room are slow. FILE may carry lines: `domain/physics.ts:10-40`.
//
// Stryker brings 200 packages and 100 MB that nobody needs who only wants to run the tests, so it is no dependency: the
// first call installs it, pinned, into `.stryker/`, where it finds this project's own Vitest by going up one folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The last version that runs on Node 20.
const VERSION = '9.6.1';

process.chdir(dirname(fileURLToPath(import.meta.url)));
const HOME = '.stryker';

const [file, folder] = process.argv.slice(2);
const path = file?.replace(/:\d.*$/, '');
if (path === undefined || !existsSync(path) || (folder !== undefined && !existsSync(folder))) {
  console.error('Usage: npm run test:mutants -- FILE [FOLDER], for example: npm run test:mutants -- domain/physics.ts');
  process.exit(2);
}

/** `tools/ledger/audit.ts` is in `tools/ledger`, `graph/nodes/grid.ts` in `graph`, `app.ts` in the whole. */
const roomOf = (name) => {
  const parts = name.split('/').slice(0, -1);
  return parts.slice(0, parts[0] === 'tools' ? 2 : 1).join('/') || '.';
};

const run = (command, args) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
};

const core = join(HOME, 'node_modules/@stryker-mutator/core');
const installed = existsSync(core) ? JSON.parse(readFileSync(join(core, 'package.json'), 'utf8')).version : null;
if (installed !== VERSION) {
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, 'package.json'), '{"private":true}\n');
  const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${VERSION}`);
  // Without the peers: a second Vitest beside the project's own would be the one that runs.
  run('npm', ['install', '--prefix', HOME, '--no-audit', '--no-fund', '--legacy-peer-deps', ...packages]);
}

const name = file.replace(/[^\w.-]+/g, '-');
const tests = folder ?? roomOf(path);
const ofTests = tests.endsWith('.test.ts') ? join(process.cwd(), HOME, `${name}.vitest.mjs`) : null;
if (ofTests)
  writeFileSync(ofTests, `export default { test: { include: [${JSON.stringify(tests)}], testTimeout: 600_000 } };\n`);

const settings = {
  mutate: [file],
  plugins: [join(process.cwd(), HOME, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
  testRunner: 'vitest',
  vitest: ofTests ? { configFile: ofTests } : { dir: tests },
  concurrency: 1,
  incremental: false,
  // A mutant that loops for ever is ended; one that is merely slow on a busy machine is not.
  timeoutMS: 10_000,
  timeoutFactor: 4,
  dryRunTimeoutMinutes: 30,
  tempDirName: join(HOME, 'tmp'),
  ignorePatterns: [HOME, 'dist', 'out', 'coverage'],
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: join(HOME, 'reports', `${name}.json`) },
  allowConsoleColors: false,
  allowEmpty: false,
};
const config = join(HOME, `${name}.config.json`);
writeFileSync(config, JSON.stringify(settings, null, 2));
run(process.execPath, [join(core, 'bin/stryker.js'), 'run', config]);

// A change that breaks a module while it is loaded leaves no test to run, and Stryker then calls it survived.
const { files } = JSON.parse(readFileSync(settings.jsonReporter.fileName, 'utf8'));
const unjudged = Object.values(files)
  .flatMap(({ mutants }) => mutants)
  .filter(({ status, testsCompleted }) => status === 'Survived' && !testsCompleted);
for (const { location, mutatorName, replacement } of unjudged)
  console.log(
    `Not judged, no test ran; make this change by hand: ${path}:${location.start.line}:${location.start.column} ${mutatorName} => ${replacement}`,
  );
