/** What is published about this server agrees with itself: registry entry, package, container files. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const text = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
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
  const { services } = parse(text('compose.yaml')) as {
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
