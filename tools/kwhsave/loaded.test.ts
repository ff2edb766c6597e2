/** The EVM is loaded by who needs it, and by nobody else: the modules of whole processes are read, not their times. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'kwhsave-loaded-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const loadedBy = (...args: string[]): { modules: number; packages: string[] } => {
  const imports = ['--import', 'tsx', '--import', path('./fixtures/loaded.mjs')];
  const { stderr } = spawnSync(process.execPath, [...imports, path('../../cli/main.ts'), ...args], {
    ...{ env: { ...process.env, CACO_HOME: home }, encoding: 'utf8' as const },
  });
  const packages = stderr.split('\n').flatMap((line) => (line.startsWith('loaded ') ? [line.slice(7)] : []));
  return { modules: Number(/^modules (\d+)$/m.exec(stderr)?.[1] ?? 0), packages };
};

it('is not there for commands of other rooms, nor for what asks nothing of the chain', () => {
  for (const args of [
    ['savings', 'report'],
    ['kwhsave', '--help'],
  ]) {
    const { modules, packages } = loadedBy(...args);
    expect(modules).toBeGreaterThan(20);
    expect([args, packages]).toEqual([args, []]);
  }
  // And the look is able to see it.
  expect(loadedBy('kwhsave', 'deploy').packages).toEqual(
    expect.arrayContaining(['@ethereumjs/vm', 'micro-eth-signer']),
  );
});
