/** What is told of a search that the clock ended: what was found, that nothing is proved of it, and how to go on. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { slipsIn } from '../checks/slips.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const INSTANCES = fileURLToPath(new URL('../tools/optimizer/engine/fixtures/instances/', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'caco-cut-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** So little time that it is over at the first look, on whatever machine. */
const plan = (instance: string, ...more: string[]) => {
  const args = ['plan', '--problem', join(INSTANCES, instance), '--cpu-seconds', '0.000001', ...more];
  const env = { PATH: process.env.PATH, HOME: home, CACO_HOME: home };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: 'utf8' });
  // In JSON what is not known is null.
  if (!more.includes('--json')) expect(slipsIn(stdout + stderr)).toEqual([]);
  return { status, stdout };
};

describe('a search that the clock ended', () => {
  it('with a schedule: it is told, and that its distance from the best is not known', () => {
    const { status, stdout } = plan('a-tiny-12x24.json');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^12 jobs for [\d.]+ USD, /);
    expect(stdout).toContain('How far this is from the best schedule is not known.');
    expect(stdout).toContain('The clock ended the search; without --cpu-seconds it would go on.');
    const json = JSON.parse(plan('a-tiny-12x24.json', '--json').stdout);
    expect(json).toMatchObject({
      status: 'feasible',
      stoppedBy: 'clock',
      gap: null,
      savingsGap: null,
      lowerBound: null,
    });
    expect(json.objective).toBeGreaterThan(0);
  });

  it('without one: which jobs have no place, and that this proves nothing', () => {
    const { status, stdout } = plan('c-carbon-100x48.json.gz');
    expect(status).toBe(3);
    expect(stdout).toMatch(/^No plan was found: \d+ jobs? (is|are) without a place \(\S+/);
    expect(stdout).toContain('This is not a proof that there is none.');
  });

  it('is not what an engine says that cannot plan the problem at all', () => {
    const { status, stdout } = plan('a-tiny-12x24.json', '--engine', 'uncoupled');
    expect(status).toBe(3);
    expect(stdout).toContain('this engine cannot plan such a problem');
    expect(stdout).not.toContain('the search was ended');
  });
});
