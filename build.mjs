// Bundles the program to dist/ and copies the data files that it reads at run time. Each command and each worker is an entry,
// and what they share becomes chunks: few files, because `npx` unpacks the package at every start and Node opens each one.
// Small packages that every start needs are taken in, for Node opens each of their files otherwise: a start costs a third less.
// Types are checked by `npm run types`; this step only removes them, so that it takes a second.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
process.chdir(root);

const ROOMS = [
  'contracts',
  'domain',
  'tools',
  'store',
  'wire',
  'sim',
  'graph',
  'copilot',
  'model',
  'peers',
  'tracing',
  'prompts',
  'a2a-server',
  'mcp-server',
  'http-server',
  'cli',
  'evals',
];
const SKIP = new Set(['fixtures', '__snapshots__', 'node_modules']);

const walk = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIP.has(entry.name) ? [] : walk(join(folder, entry.name));
    return [join(folder, entry.name)];
  });
const files = ROOMS.filter((room) => existsSync(room)).flatMap(walk);
const data = files.filter((name) => !name.endsWith('.ts'));
const entries = files.filter(
  (name) =>
    /(^|[\\/.])main\.ts$|\.worker\.ts$/.test(name) ||
    // It finds the commands beside itself.
    name === join('cli', 'program.ts') ||
    (dirname(name) === join('cli', 'commands') && !name.includes('.test.')),
);

/** Taken into the program, with their licences beside it. All others are loaded from node_modules where they are needed. */
const TAKEN_IN = ['commander', 'zod', 'kysely', 'canonicalize', '@noble/hashes', 'temporal-polyfill', 'temporal-utils'];
/** Taken into the page alone. */
const OF_THE_PAGE = ['preact'];
const ofPackage = (name) =>
  (name.startsWith('@') ? name.split('/').slice(0, 2) : name.split('/').slice(0, 1)).join('/');
const isTakenIn = (name) => TAKEN_IN.includes(ofPackage(name));

/** zod brings its messages in fifty languages, a third of its weight; ours are our own, and English is what it falls back on. */
const oneLanguage = {
  name: 'one-language',
  load: (id) => (/zod[\\/]v4[\\/]locales[\\/]index\.js$/.test(id) ? "export { default as en } from './en.js';" : null),
};

const licences = () =>
  [...TAKEN_IN, ...OF_THE_PAGE]
    .map((name) => {
      const folder = join('node_modules', name);
      const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (!file) throw new Error(`${name} has no licence text to go with it`);
      return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);

/** A module finds its data beside itself; in a chunk, too, its `import.meta.url` must be the place that its source has under dist/. */
const inPlace = {
  name: 'in-place',
  transform(code, id) {
    if (!id.endsWith('.ts') || !code.includes('import.meta.url')) return null;
    const place = relative(root, id).replaceAll('\\', '/').replace(/ts$/, 'js');
    const dist = "import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + 6)";
    return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, ${dist}).href`);
  },
};

/**
 * Node resolves, opens and links each file of a start: what all commands need stands in one, what many need in a second, and what
 * fewer than ten entries need stays apart.
 */
const SHARED = [
  { name: 'shared', minShareCount: 25, priority: 1 },
  { name: 'often', minShareCount: 10 },
];

// `npm pack` of an installed package has no sources to build from.
if (entries.length > 0) {
  const [{ rolldown }, { buildPage }] = await Promise.all([import('rolldown'), import('./dashboard/build.mjs')]);
  rmSync('dist', { recursive: true, force: true });
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((name) => [name.replace(/\.ts$/, ''), name])),
    platform: 'node',
    external: (name, importer) =>
      importer !== undefined && /^[^./\0]/.test(name) && !isAbsolute(name) && !isTakenIn(name),
    plugins: [oneLanguage, inPlace],
    // A room that is loaded when asked for is loaded at once by whoever needs it anyway.
    checks: { ineffectiveDynamicImport: false },
  });
  await bundle.write({
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Beyond white space the minifier gains nothing at a start, and a launch cost a tenth more in paired runs.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: { groups: SHARED },
  });
  await bundle.close();
  for (const name of data) cpSync(name, join('dist', name));
  await buildPage('dist/dashboard');
  cpSync('package.json', 'dist/package.json');
  writeFileSync('dist/THIRD-PARTY-LICENSES', licences());
  chmodSync('dist/cli/main.js', 0o755);
  writeFileSync('dist/cli/help.txt', execFileSync(process.execPath, ['dist/cli/main.js', '--help']));
  writeFileSync('dist/.built', `${entries.length}\n`);
}
