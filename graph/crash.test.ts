/** A process may die between any two writes of a run; another one goes on as if nothing had been. Real store, real saver. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { RUNS } from '../domain/run.js';
import { LookedAtLater } from '../store/saver.js';
import { type OpenStore, openStore } from '../store/store.js';
import { buildGraph } from './graph.js';
import { openOrchestrator } from './orchestrator.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-crash-'));
const ann = { actor: { id: 'ann', via: 'cli' as const } };

/** The saver of a process that dies after `writes` writes: what came before is kept, nothing comes after. */
const dying = (saver: BaseCheckpointSaver, writes: number) => {
  let left = writes;
  return new Proxy(saver, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const writing = name === 'put' || name === 'putWrites';
      return (...given: unknown[]) => {
        if (!writing || --left >= 0) return Reflect.apply(member, target, given);
        return new LookedAtLater((_, reject) => reject(new Error('this process is dead')));
      };
    },
  });
};

describe('a run whose process died', () => {
  let app: App;
  let opened: OpenStore;
  let saver: BaseCheckpointSaver;
  beforeAll(async () => {
    const { config, settings } = readConfig({ home: folder }, {}, folder);
    app = await openApp(config, settings);
    opened = await openStore(join(folder, 'caco.db'));
    saver = await opened.saver();
  });
  afterAll(async () => {
    await opened.close();
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('does every deed once and tells its story, at whichever write that was', async () => {
    const { store, ledger } = app.world;
    for (let writes = 0, whole = false; !whole; writes++) {
      expect(writes).toBeLessThan(100);
      const first = openOrchestrator(app.world, buildGraph(app.world, dying(saver, writes)));
      const launched = first.launch({ horizonHours: 1, approval: 'auto', maxPowerKw: 11_000 }, ann);
      whole = await launched.then(
        () => true,
        (error: Error) => {
          expect(error.message).toBe('this process is dead');
          return false;
        },
      );
      const [kept] = await store.collection(RUNS).list({ limit: 1 });
      const second = openOrchestrator(app.world, buildGraph(app.world, saver));
      const run = await second.resume(kept!.id, ann);
      const when = `after ${writes} writes`;
      expect(run, when).toMatchObject({ status: 'done', error: null });
      expect(run.story, when).toMatch(/Placed [\s\S]*Window closed/);
      const entries = (await ledger.read(0, 100_000)).filter((entry) => entry.body.cause === run.id);
      for (const deed of [
        'gather_jobs',
        'make_plan',
        'record_decision',
        'place_jobs',
        'file_tickets',
        'verify_savings',
      ])
        expect(entries.filter((entry) => entry.body.kind === deed).length, `${deed} ${when}`).toBe(1);
    }
  }, 120_000);

  it('goes on with what was asked for, though it died before its first checkpoint', async () => {
    const first = openOrchestrator(app.world, buildGraph(app.world, dying(saver, 0)));
    const from = app.world.clock.now();
    const asked = { horizonHours: 2, approval: 'auto' as const, from, maxPowerKw: 0.5 };
    await expect(first.launch(asked, ann)).rejects.toThrow('this process is dead');
    const [kept] = await app.world.store.collection(RUNS).list({ limit: 1 });
    // No job fits under half a kilowatt: a resumption that forgets the cap would find a plan.
    await expect(app.orchestrator.resume(kept!.id, ann)).rejects.toMatchObject({ code: 'conflict' });
  });
});
