/** What is published about this server agrees with itself: registry entry, package, container files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = (name: string) => readFileSync(join(root, name), 'utf8');
const json = (name: string) => JSON.parse(text(name)) as Record<string, never>;

test('server.json names this package and its version', () => {
  const entry = json('server.json') as unknown as {
    name: string;
    version: string;
    description: string;
    packages: Record<string, unknown>[];
  };
  const own = json('package.json') as unknown as {
    name: string;
    version: string;
    mcpName: string;
    bin: Record<string, string>;
  };
  expect(entry.name).toBe(own.mcpName);
  expect(entry.version).toBe(own.version);
  expect(entry.description.length).toBeLessThanOrEqual(100);
  expect(entry.packages[0]).toMatchObject({ identifier: own.name, version: own.version, transport: { type: 'stdio' } });
  expect(Object.keys(own.bin)).toEqual(['caco']);
});

test('the container runs without privileges, and compose waits for Postgres', () => {
  const docker = text('Dockerfile');
  expect(docker.match(/^FROM /gm)).toHaveLength(2);
  expect(docker.lastIndexOf('USER node')).toBeGreaterThan(docker.lastIndexOf('FROM '));
  const { services } = parse(text('compose.yaml'), { merge: true }) as {
    services: Record<string, { ports?: string[]; depends_on?: object; environment: Record<string, string> }>;
  };
  expect(services.caco!.environment.DATABASE_URL).toMatch(/^postgres:\/\//);
  expect(services.caco!.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  expect(services.caco!.ports).toEqual(['127.0.0.1:8080:8080']);
});

test('every JSON block of docs/setup.md parses and starts caco mcp', () => {
  const blocks = [...text('docs/setup.md').matchAll(/```json\n([\s\S]*?)```/g)].map(
    (m) => JSON.parse(m[1]!) as Record<string, Record<string, { args: string[] }>>,
  );
  expect(blocks).toHaveLength(5);
  for (const block of blocks) {
    const [servers] = Object.values(block);
    expect(servers!.caco!.args.slice(-2)).toEqual(['caco', 'mcp']);
  }
});

test('what npm packs runs by itself: its commands, its data, its documents, its server', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-packed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // Without scripts: dist/ is there already, and other tests are running it.
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  });
  const [{ filename, files }] = JSON.parse(packed.toString()) as [{ filename: string; files: { path: string }[] }];
  // Each room is a file of its own that is read only when it is asked for. A step far beyond this is sources or tests that slipped in.
  expect(files.length).toBeLessThan(400);
  execFileSync('tar', ['-xzf', filename], { cwd: folder });
  symlinkSync(join(root, 'node_modules'), join(folder, 'package', 'node_modules'));
  const main = join(folder, 'package', 'dist/cli/main.js');
  const env = { PATH: process.env.PATH!, CACO_HOME: join(folder, 'home') };
  const caco = (...args: string[]) =>
    JSON.parse(execFileSync(process.execPath, [main, ...args, '--json'], { cwd: folder, env }).toString()) as object;

  expect(caco('launch', '--horizon-hours', '6')).toHaveProperty('runId');
  expect(caco('eval')).toMatchObject({ ok: true, failed: 0 });

  const client = new Client({ name: 'packed', version: '1' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [main, 'mcp'], env, cwd: folder, stderr: 'ignore' }),
  );
  onTestFinished(() => client.close());
  expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('make_plan');
  expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
  const found = await client.callTool({ name: 'find_green_window', arguments: { durationHours: 3 } }, undefined, {
    timeout: 600_000,
  });
  expect(found.isError).toBeFalsy();
  const pages = (await client.listResources()).resources.filter(({ uri }) => uri.startsWith('caco://docs/'));
  expect(pages.length).toBeGreaterThan(3);
  for (const { uri } of pages) expect((await client.readResource({ uri })).contents[0]).toHaveProperty('text');
});
