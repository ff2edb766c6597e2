/** Who may enter which room: ARCHITECTURE section 3 as data. Reads every import of the program and names offenders. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { SLOW, SOME_SECONDS } from './vitest.config.js';

const ROOT = dirname(fileURLToPath(import.meta.url));
/** What is TypeScript, and the checkers, which run without it. */
const SOURCE = /\.tsx?$|^checks\/.*\.mjs$/;
const SKIP = new Set(['node_modules', 'dist', 'out', 'coverage', 'fixtures', '__snapshots__']);

const walk = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || SKIP.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : SOURCE.test(path) ? [path] : [];
  });

/** A room's files, and the prefixes of what they may import of ours; `lib:` allows packages (every package when absent). */
interface Room {
  readonly files: RegExp;
  readonly may: readonly (string | RegExp)[];
  readonly packages?: readonly string[];
}

const FRONT_DOOR = /^tools\/([a-z-]+)\/\1\.ts$/;
const APP = [
  'app.ts',
  'catalogue.ts',
  'simulation.ts',
  'offline.ts',
  'metering.ts',
  'rehearsal.ts',
  'market.ts',
  'kubernetes.ts',
  'config.ts',
  'clock.ts',
];

/**
 * A folder within a room that has a wall of its own: it imports its own files and what `may` says, and all others, the rest of
 * its room too, enter it by the file that bears its name.
 */
interface Inside {
  readonly folder: string;
  readonly may: readonly (string | RegExp)[];
  readonly packages?: readonly string[];
}

const doorOf = (folder: string): string => `${folder}${basename(folder)}.ts`;
const ENGINE = 'tools/optimizer/engine/';
const BASELINES = 'tools/optimizer/baselines/';

/** What an adapter to somebody else's scheduler stands on. */
const SCHEDULER = [
  /^domain\//,
  /^tools\/fleet\/(formats\/formats|orders\/orders)\.ts$/,
  /^tools\/fleet\/(assumptions|defaults|foresight|ground|job-maker)\.ts$/,
];

const INSIDES: readonly Inside[] = [
  // Sources know nothing of the room's tools.
  // Spellings of one model; the rest of the room knows only the model.
  { folder: 'tools/beckn/dialects/', may: [/^domain\//, 'tools/beckn/refusal.ts', 'tools/beckn/freshness.ts'] },
  { folder: 'tools/grid/sources/', may: [/^domain\//, 'wire/wire.ts'] },
  // Readers of files make drafts; they know no fleet and no tool.
  { folder: 'tools/fleet/formats/', may: [/^domain\//] },
  // How a file becomes text; what its sentences mean is the room's.
  { folder: 'tools/policy/documents/', may: [/^domain\//], packages: ['unpdf'] },
  // Adapters behind the port; the tools know only the port.
  {
    folder: 'tools/fleet/fleets/',
    may: [
      /^domain\//,
      'tools/fleet/formats/formats.ts',
      'tools/fleet/ground.ts',
      /^tools\/fleet\/(slurm\/slurm|kubernetes\/kubernetes)\.ts$/,
    ],
  },
  // Some of them have a folder of their own: a scheduler's queue makes jobs as an intake does, and its orders are kept.
  { folder: 'tools/fleet/orders/', may: [/^domain\//] },
  { folder: 'tools/fleet/slurm/', may: SCHEDULER },
  { folder: 'tools/fleet/kubernetes/', may: [...SCHEDULER, 'wire/wire.ts'] },
  // Adapters behind the port, and how what is kept answers.
  { folder: 'tools/meter/meters/', may: [/^domain\//, 'wire/wire.ts'] },
  // How a chain is spoken to, whichever it is; the tools know only the port.
  { folder: 'tools/kwhsave/chains/', may: [/^domain\//, 'wire/wire.ts'] },
  // Numbers in, numbers out. The desk around it knows the store, jobs and words.
  { folder: ENGINE, may: [/^domain\//, 'tools/worker.ts'], packages: ['zod', 'glpk.js', 'highs'] },
  { folder: BASELINES, may: [/^domain\//, doorOf(ENGINE)], packages: ['zod'] },
  {
    folder: 'tools/optimizer/studies/',
    may: [/^domain\//, doorOf(ENGINE), doorOf(BASELINES)],
    packages: ['zod'],
  },
];

/** Two drivers in one process would end each other's locks on a file; so only one file may import one. */
const SQLITE_DRIVER = '@photostructure/sqlite';

/** The first that matches counts. */
const ROOMS: readonly Room[] = [
  // Time zones and calendars have one place.
  { files: /^domain\/time\.ts$/, may: [/^domain\//], packages: ['zod', 'temporal-polyfill'] },
  // What names a thing by its content needs canonical JSON and a hash.
  {
    files: /^domain\/(digest|evidence\/merkle)\.ts$/,
    may: [/^domain\//],
    packages: ['zod', 'canonicalize', '@noble/hashes'],
  },
  { files: /^domain\//, may: [/^domain\//], packages: ['zod'] },
  { files: /^tools\/tool\.ts$/, may: [/^domain\//] },
  { files: /^tools\/worker\.ts$/, may: [] },
  // The ledger of plain files locks by way of SQLite.
  { files: /^tools\/ledger\//, may: [/^domain\//, 'tools/tool.ts', 'tools/worker.ts', 'wire/wire.ts', 'sqlite.ts'] },
  // The token and its compiler know nothing of the program; fixtures of its test are no part of it.
  { files: /^contracts\//, may: [], packages: [] },
  // A tool room: its own files, the domain, what a tool is, and how HTTP is spoken. Never another room.
  { files: /^tools\//, may: [/^domain\//, 'tools/tool.ts', 'tools/worker.ts', 'wire/wire.ts'] },
  // How HTTP is spoken: Node's own client, no package.
  { files: /^wire\//, may: [/^domain\/(fate|fault)\.ts$/], packages: [] },
  // The one file that knows a SQLite driver. It knows nothing of ours, and stands apart because a store and a tool room use it.
  { files: /^sqlite\.ts$/, may: [], packages: [SQLITE_DRIVER] },
  { files: /^store\//, may: [/^domain\//, 'sqlite.ts'] },
  { files: /^sim\//, may: [/^domain\//] },
  { files: /^prompts\//, may: [] },
  // Each grid source declares its own settings; the list of them loads none.
  { files: /^settings\.ts$/, may: ['tools/grid/sources/sources.ts', 'tools/kwhsave/chains/chains.ts'] },
  { files: /^config\.ts$/, may: ['settings.ts'] },
  { files: /^clock\.ts$/, may: [/^domain\//], packages: [] },
  // What our results are held against shares no code with them.
  { files: /^checks\//, may: [], packages: [] },
  // How models are spoken to.
  { files: /^model\//, may: [/^domain\//, /^prompts\//, 'wire/wire.ts'] },
  // What goes on, told to whoever traces it.
  { files: /^tracing\//, may: [/^domain\//, 'wire/wire.ts'], packages: ['@langchain/core'] },
  // Other agents, asked in place of our own jobs and signals.
  { files: /^peers\//, may: [/^domain\//, 'wire/wire.ts'], packages: ['zod', '@a2a-js/sdk'] },
  { files: /^graph\//, may: [/^domain\//, /^prompts\//, 'tools/tool.ts', FRONT_DOOR] },
  // It calls tools by their names, as a door does, and is none of the graph's business.
  { files: /^copilot\//, may: [/^domain\//, /^prompts\//, 'catalogue.ts', 'tools/tool.ts', 'model/model.ts'] },
  { files: /^catalogue\.ts$/, may: [/^domain\//, /^tools\//, /^graph\//] },
  {
    files: /^(app|ports|simulation|offline|metering|market|kubernetes|rehearsal)\.ts$/,
    may: [
      /^domain\//,
      /^tools\//,
      /^sim\//,
      /^store\//,
      /^(graph|copilot|model|peers|tracing)\//,
      'ports.ts',
      'catalogue.ts',
      'config.ts',
      'clock.ts',
    ],
  },
  { files: /^http-server\//, may: [/^domain\//, 'wire/wire.ts', 'tracing/tracing.ts', ...APP] },
  // It runs in a browser: words of the domain, and HTTP for every fact.
  { files: /^dashboard\/look\.ts$/, may: [], packages: ['playwright-core'] },
  { files: /^dashboard\//, may: [/^domain\//], packages: ['preact'] },
  { files: /^(mcp-server|evals)\//, may: [/^domain\//, ...APP] },
  { files: /^a2a-server\//, may: [/^domain\//, 'wire/wire.ts', ...APP] },
  // The graph for LangGraph's own tools.
  { files: /^studio\.ts$/, may: [/^domain\//, ...APP, 'graph/graph.ts'] },
  // What is measured stands beside what a bare database takes.
  { files: /^bench\//, may: [/^domain\//, ...APP, 'sqlite.ts', /^(a2a-server|http-server)\/[a-z0-9-]+\.ts$/] },
  { files: /^cli\//, may: [/^domain\//, ...APP, /^(a2a-server|mcp-server|http-server|evals)\/[a-z0-9-]+\.ts$/] },
];

/** Rooms with an inside may always use it: the first part of the path, and for a tool room the first two. */
const roomName = (path: string): string => {
  const [first, second] = path.split('/');
  if (first === 'tools' && path.split('/').length > 2) return `tools/${second}/`;
  return path.includes('/') && first !== 'tools' ? `${first}/` : path;
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;

/** `node:sqlite` too: who speaks to a database file is decided in one place. */
const isDriver = (name: string) => /\bsqlite/.test(name);

/** What a file's text imports: packages by name, files of ours by their path from the root. Types count as well. */
const importsOf = (path: string, text: string): { packages: string[]; files: string[] } => {
  const names = [...text.matchAll(IMPORT)].map((match) => (match[1] ?? match[2] ?? match[3])!);
  return {
    packages: names.filter((name) => !name.startsWith('.') && (!name.startsWith('node:') || isDriver(name))),
    files: names
      .filter((name) => name.startsWith('.'))
      .map((name) => normalize(join(dirname(path), name)).replace(/\.js$/, '.ts'))
      .map((target) => (existsSync(join(ROOT, `${target}x`)) ? `${target}x` : target))
      .filter((target) => /\.tsx?$/.test(target)),
  };
};

/** Every offence of one file's text, in words. */
const offences = (path: string, text: string): string[] => {
  const inside = INSIDES.find(({ folder }) => path.startsWith(folder));
  const room = inside ?? ROOMS.find(({ files }) => files.test(path));
  if (!room) return [`${path} belongs to no room: add it to the table or move it`];
  const own = inside?.folder ?? roomName(path);
  const { packages, files } = importsOf(path, text);
  const isAllowed = (name: string) =>
    room.packages?.some((p) => name === p || name.startsWith(`${p}/`)) ?? !isDriver(name);
  const isOpen = (target: string) =>
    target.startsWith(own) ||
    target === path ||
    room.may.some((m) => (typeof m === 'string' ? target === m : m.test(target)));
  const isBehindAWall = (target: string) =>
    INSIDES.some((other) => other !== inside && target.startsWith(other.folder) && target !== doorOf(other.folder));
  return [
    ...packages.filter((name) => !isAllowed(name)).map((name) => `${path} may not import the package ${name}`),
    ...files
      .filter((target) => !isOpen(target) || isBehindAWall(target))
      .map((target) => `${path} may not import ${target}`),
  ];
};

/** Files that import each other, be it over others: every strongly connected part of more than one file (Tarjan 1972). */
const circles = (imports: ReadonlyMap<string, readonly string[]>): string[][] => {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const visit = (path: string) => {
    order.set(path, order.size);
    lowest.set(path, order.get(path)!);
    open.push(path);
    for (const target of imports.get(path) ?? []) {
      if (!imports.has(target)) continue;
      if (!order.has(target)) visit(target);
      if (open.includes(target)) lowest.set(path, Math.min(lowest.get(path)!, lowest.get(target)!));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const part = open.splice(open.indexOf(path));
    if (part.length > 1) found.push(part.sort());
  };
  for (const path of imports.keys()) if (!order.has(path)) visit(path);
  return found;
};

const LONGEST_FUNCTION = 120;

/** Functions of more lines than that, each by its own name or by what it is assigned to, one that stands in another too. */
const longFunctions = (path: string, text: string): string[] => {
  const found: string[] = [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const lineAt = (place: number) => file.getLineAndCharacterOfPosition(place).line;
  const visit = (node: ts.Node, around: string): void => {
    const named = (node as { name?: ts.Node }).name;
    const name = named && ts.isIdentifier(named) ? named.text : around;
    if (ts.isFunctionLike(node) && lineAt(node.end) - lineAt(node.getStart(file)) >= LONGEST_FUNCTION)
      found.push(`${path} ${name}`);
    ts.forEachChild(node, (child) => visit(child, name));
  };
  visit(file, 'nameless');
  return found;
};

/** Six turns of a conversation are nobody else's to read, so no tool gives them: the copilot's own documents. */
const MEMORY = 'copilot/memory.ts';
const READS_THE_STORE = /\.(collection|rows|transaction)\(|\bstore\.(deeds|entries)\b/;

const sources = walk('.').filter(
  (path) => !path.includes('.test.') && !/^(vitest|house)/.test(path) && !path.includes('.test-'),
);

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('the house', () => {
  it('is entered only through doors that are open', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap((path) => offences(path, textOf(path)))).toEqual([]);
  });

  it('lets the daemon, which has more rights than the rest, load nothing but its room and the domain', () => {
    const loaded = new Set(['tools/rapl/daemon.main.ts']);
    for (const path of loaded) for (const target of importsOf(path, textOf(path)).files) loaded.add(target);
    expect(loaded.size).toBeGreaterThan(10);
    expect([...loaded].filter((path) => !/^(tools\/rapl|domain)\//.test(path))).toEqual([]);
  });

  it('has no circle: no file imports, over others or at once, what imports it', () => {
    const imports = new Map(sources.map((path) => [path, importsOf(path, textOf(path)).files]));
    expect(circles(imports)).toEqual([]);
    const upward = "import type { Engine } from './engine.js';";
    const model = 'tools/optimizer/engine/model.ts';
    const [circle] = circles(new Map(imports).set(model, importsOf(model, upward).files));
    expect(circle).toContain(model);
    expect(circle).toContain('tools/optimizer/engine/engine.ts');
  });

  it.each([
    ['domain/job.ts', "import { openStore } from '../store/store.js';"],
    ['domain/series.ts', "import { Temporal } from 'temporal-polyfill';"],
    ['tools/grid/sources/file.ts', "import { windowsOf } from '../windows.js';"],
    ['tools/grid/sources/recorded.ts', "import { profileForecaster } from '../../forecaster/forecaster.js';"],
    ['tools/grid/grid.ts', "import { optimize } from '../optimizer/optimizer.js';"],
    ['tools/fleet/queue.ts', "export { verify } from '../verifier/verifier.js';"],
    ['sim/fleet.ts', "import { callTool } from '../tools/tool.js';"],
    ['graph/story.ts', "import { openStore } from '../store/store.js';"],
    ['graph/nodes/compute.ts', "import { x } from '../../tools/fleet/queue.js';"],
    ['mcp-server/mcp-server.ts', "import { x } from '../http-server/http-server.js';"],
    ['a2a-server/work.ts', "import { agent } from '../graph/agents.js';"],
    ['http-server/web.ts', "import { a2aDoor } from '../a2a-server/a2a-server.js';"],
    ['http-server/http-server.ts', "const x = await import('../tools/grid/grid.js');"],
    ['tools/fleet/formats/swf.ts', "import { filesFleet } from '../fleets/files.js';"],
    ['tools/fleet/formats/swf.ts', "import { DEFAULTS } from '../defaults.js';"],
    ['tools/fleet/fleets/files.ts', "import { importSites } from '../sites.js';"],
    ['tools/fleet/fleets/files.ts', "import { readSwf } from '../formats/swf.js';"],
    ['tools/meter/meters/redfish.ts', "import { keep } from '../keep.js';"],
    ['tools/meter/show.ts', "import { bookMeter } from './meters/book.js';"],
    ['tools/fleet/intake.ts', "import { readSwf } from './formats/swf.js';"],
    ['app.ts', "import { filesFleet } from './tools/fleet/fleets/files.js';"],
    ['wire/wire.ts', "import { visible } from '../model/model.js';"],
    ['wire/call.ts', "import { Agent } from 'undici';"],
    ['tools/tickets/remote.ts', "import { exchange } from '../../wire/exchange.js';"],
    ['tools/optimizer/engine/model.ts', "import { PLANS } from '../plan.js';"],
    ['tools/optimizer/engine/search/repair.ts', "import { View } from '../../baselines/baselines.js';"],
    ['tools/optimizer/engine/solve.ts', "import type { StudyAnswer } from '../studies/studies.js';"],
    ['tools/optimizer/engine/solve.ts', "import type { Running } from '../../tool.js';"],
    ['tools/optimizer/engine/optimize.ts', "import { openStore } from '../../../store/store.js';"],
    ['tools/optimizer/plan.ts', "import { buildModel } from './engine/model.js';"],
    ['tools/optimizer/plan.ts', "import { View } from './baselines/policy.js';"],
    ['tools/optimizer/baselines/queueing.ts', "import { State } from '../engine/search/state.js';"],
    ['tools/optimizer/baselines/policy.ts', "import type { Least } from '../least-saving.js';"],
    ['tools/optimizer/studies/gaia.ts', "import { makePlan } from '../plan.js';"],
    ['tools/policy/documents/docx.ts', "import { cut } from '../sentences.js';"],
    ['tools/policy/read.ts', "import { docxBlocks } from './documents/docx.js';"],
    ['app.ts', "import { solve } from './tools/optimizer/engine/solve.js';"],
    ['copilot/lookups/plans.ts', "import { explainPlan } from '../../tools/optimizer/optimizer.js';"],
    ['graph/nodes/copilot.ts', "import { chat } from '../../copilot/copilot.js';"],
    ['prompts/prompts.ts', "import { Fault } from '../domain/fault.js';"],
    ['cli/main.ts', "import '../graph/graph.js';"],
    ['dashboard/client.ts', "import { openApp } from '../app.js';"],
    ['dashboard/page.tsx', "import * as Plot from '@observablehq/plot';"],
    ['store/dialect.ts', "import { DatabaseSync } from '@photostructure/sqlite';"],
    ['tools/ledger/lock.ts', "import { DatabaseSync } from 'node:sqlite';"],
    ['tools/fleet/queue.ts', "import { Sqlite } from '../../sqlite.js';"],
    ['sqlite.ts', "import { Fault } from './domain/fault.js';"],
    ['checks/bound.mjs', "import { bound } from '../tools/optimizer/engine/engine.js';"],
    ['checks/bound.mjs', "import solver from 'highs';"],
  ])('fails when a forbidden import is added to %s', (path, line) => {
    expect(offences(path, line)).toHaveLength(1);
  });

  it('lets each room use its own files and what stands below it', () => {
    expect(
      offences('tools/fleet/fleet.ts', "import { x } from './queue.js';\nimport { y } from '../tool.js';"),
    ).toEqual([]);
    expect(offences('tools/fleet/fleets/files.ts', "import { x } from '../formats/formats.js';")).toEqual([]);
    expect(offences('tools/fleet/intake.ts', "import { x } from './formats/formats.js';")).toEqual([]);
    expect(offences('graph/graph.ts', "import { x } from '../tools/fleet/fleet.js';")).toEqual([]);
    expect(offences('tools/optimizer/engine/search/repair.ts', "import { x } from '../lagrangian/prices.js';")).toEqual(
      [],
    );
    expect(offences('tools/optimizer/plan.ts', "import { solve } from './engine/engine.js';")).toEqual([]);
    expect(offences('cli/commands/mcp.ts', "import { x } from '../../mcp-server/mcp-server.js';")).toEqual([]);
  });

  it('leaves only tests out of the quick set that are there', () => {
    expect([...Object.keys(SLOW), ...SOME_SECONDS].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('answers questions from what tools answer: no lookup reads what the store keeps', () => {
    expect(sources.filter((path) => path.startsWith('copilot/')).length).toBeGreaterThan(20);
    const readers = (texts: readonly (readonly [string, string])[]) =>
      texts.filter(([path, text]) => path.startsWith('copilot/') && READS_THE_STORE.test(text)).map(([path]) => path);
    expect(readers(sources.map((path) => [path, textOf(path)] as const))).toEqual([MEMORY]);
    const [added] = readers([['copilot/lookups/jobs.ts', 'await desk.world.store.rows(JOBS).count(id)']]);
    expect(added).toBe('copilot/lookups/jobs.ts');
  });

  it('has no file past 400 lines', () => {
    const long = sources
      .map((path) => ({ path, lines: readFileSync(join(ROOT, path), 'utf8').trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 400)
      .map(({ path, lines }) => `${relative('.', path)}: ${lines}`);
    expect(long).toEqual([]);
  });

  it('has no function past 120 lines', () => {
    expect(sources.flatMap((path) => longFunctions(path, textOf(path)))).toEqual([]);
  });

  it.each([
    ['a function', (body: string) => `export function far() {${body}}`],
    ['an arrow', (body: string) => `const far = (n: number) => {${body}};`],
    ['a method', (body: string) => `class A { far() {${body}} }`],
    ['a member', (body: string) => `export const a = { far: async () => {${body}} };`],
    ['one within another', (body: string) => `const outer = () => { const far = () => {${body}}; };`],
  ])('counts the lines of %s', (_, written) => {
    expect(longFunctions('a.ts', written('\n'.repeat(119)))).toEqual([]);
    expect(longFunctions('a.ts', written('\n'.repeat(120)))).toContain('a.ts far');
  });
});
