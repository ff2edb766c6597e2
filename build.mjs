// Bundles the program to dist/ and copies the data files that it reads at run time. Each command and each worker is an entry,
// and what they share becomes chunks: few files, because `npx` unpacks the package at every start and Node opens each one.
// Types are checked by `npm run types`; this step only removes them, so that it takes a second.
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
process.chdir(root);

const ROOMS = [
  'domain',
  'tools',
  'store',
  'wire',
  'sim',
  'graph',
  'copilot',
  'model',
  'prompts',
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
  (name) => /(^|[\\/.])main\.ts$|\.worker\.ts$/.test(name) || name.startsWith(join('cli', 'commands')),
);

/** A module finds its data beside itself; in a chunk, too, its `import.meta.url` must be the place that its source has under dist/. */
const inPlace = {
  name: 'in-place',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const place = relative(root, path).replaceAll('\\', '/').replace(/ts$/, 'js');
      const dist = "import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + 6)";
      const contents = readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        `new URL(${JSON.stringify(place)}, ${dist}).href`,
      );
      return { loader: 'ts', contents };
    }),
};

// `npm pack` of an installed package has no sources to build from.
if (entries.length > 0) {
  const { build } = createRequire(import.meta.url)('esbuild');
  rmSync('dist', { recursive: true, force: true });
  await build({
    entryPoints: entries,
    outdir: 'dist',
    outbase: '.',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [inPlace],
    logLevel: 'warning',
  });
  for (const name of data) cpSync(name, join('dist', name));
  cpSync('package.json', 'dist/package.json');
  chmodSync('dist/cli/main.js', 0o755);
  writeFileSync('dist/.built', `${entries.length}\n`);
}
