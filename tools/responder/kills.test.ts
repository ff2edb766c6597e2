/** A responder that is killed at ten moments of an event: before it looks, between its memory and its commands, and between these and their answer. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Command } from '../../domain/flexibility/running.js';
import { GpuFleet } from '../../sim/flexibility/gpu-fleet.js';
import { phoenixWork } from '../../sim/flexibility/gpu-work.js';
import { random } from '../../sim/random.js';

const SCRIPT = fileURLToPath(new URL('./fixtures/responder.main.ts', import.meta.url));
const [QUIET, LASTS, KILLS] = [600, 1800, 10];

/** Where within a decision: before the nth call is answered, or after its effect and before its answer. */
interface Death {
  readonly call: string;
  readonly afterEffect: boolean;
}

it('brings power below the target again within half a minute', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-responder-'));
  const fleet = new GpuFleet({ seed: 'kills', ...phoenixWork() });
  const rng = random('kills');
  const file = join(folder, 'caco.db');
  const begin = async () => {
    const child = fork(SCRIPT, [file, JSON.stringify([...fleet.can])], { execArgv: ['--import', 'tsx'] });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the responder ended with ${code}`)));
    });
    child.removeAllListeners('exit');
    return child;
  };
  /** False: it died. */
  const decide = (child: ChildProcess, goals: unknown[], death: Death | null) =>
    new Promise<boolean>((resolve) => {
      const die = () => {
        child.removeAllListeners('message');
        child.once('exit', () => resolve(false));
        child.kill('SIGKILL');
      };
      child.removeAllListeners('message');
      child.on('message', async ({ call, value }: { call: string; value: unknown }) => {
        if (call === 'done') return resolve(true);
        const dies = death !== null && call === death.call;
        if (dies && !death.afterEffect) return die();
        const answer =
          call === 'look'
            ? await fleet.look()
            : call === 'readings'
              ? await fleet.readings()
              : await fleet.command(value as Command[]);
        if (dies) return die();
        child.send({ answer });
      });
      child.send({ goals });
    });
  let child = await begin();
  try {
    while (fleet.at < QUIET) {
      await decide(child, [], null);
      fleet.advance();
    }
    const before = fleet.facility.slice(-30);
    const baselineKw = before.reduce((sum, { kw }) => sum + kw, 0) / before.length;
    const targetKw = 0.75 * baselineKw;
    const goals = [{ id: 'E', receivedAt: QUIET, from: QUIET + 30, until: QUIET + LASTS, targetKw, baselineKw }];
    const moments = new Set([
      0,
      ...Array.from({ length: 60 }, () => 1 + Math.floor(rng.uniform() * (LASTS / 10 - 20))),
    ]);
    const begunAgain: number[] = [];
    while (fleet.at < QUIET + LASTS) {
      const step = (fleet.at - QUIET) / 10;
      const dies = begunAgain.length < KILLS && moments.has(step) && fleet.at >= (begunAgain.at(-1) ?? 0) + 30;
      const call = step === 0 ? 'command' : (['look', 'readings', 'command'] as const)[rng.pick([1, 1, 3])]!;
      const lives = await decide(child, goals, dies ? { call, afterEffect: rng.uniform() < 0.5 } : null);
      fleet.advance();
      if (lives) continue;
      child = await begin();
      begunAgain.push(fleet.at);
    }
    expect(begunAgain).toHaveLength(KILLS);
    for (const again of begunAgain) {
      const soon = fleet.facility.filter(({ at }) => at >= again && at < again + 30);
      expect(Math.min(...soon.map(({ kw }) => kw))).toBeLessThanOrEqual(targetKw);
    }
    const late = fleet.facility.filter(({ at }) => at >= QUIET + 60 && at < QUIET + LASTS);
    expect(late.filter(({ kw }) => kw > 1.02 * targetKw).length).toBeLessThan(KILLS);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
