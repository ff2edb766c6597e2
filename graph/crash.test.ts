/** A process may die between any two writes of a run; another one goes on as if nothing had been. Real store, real saver. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { RUNS } from '../domain/run.js';
import type { StoreSaver } from '../store/saver.js';
import { type OpenStore, openStore } from '../store/store.js';
import { DEAD, dying } from './fixtures/dying.js';
import { buildGraph } from './graph.js';
import { openOrchestrator } from './orchestrator.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-crash-'));
const ann = { actor: { id: 'ann', via: 'cli' as const } };

describe('a run whose process died', () => {
  let app: App;
  let opened: OpenStore;
  let saver: StoreSaver;
  let homes = 0;
  /** A home of its own for each death: what one run has placed, the next would find nothing left of. */
  const begin = async () => {
    const home = join(folder, `home-${homes++}`);
    const { config, settings } = readConfig({ home }, {}, folder);
    app = await openApp(config, settings);
    opened = await openStore(join(home, 'caco.db'));
    saver = await opened.saver();
  };
  const end = async () => {
    await opened.close();
    await app.close();
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('does every deed once and tells its story, at whichever write that was', async () => {
    for (let writes = 0, whole = false; !whole; writes++) {
      expect(writes).toBeLessThan(100);
      await begin();
      const { store, ledger } = app.world;
      const first = openOrchestrator(app.world, buildGraph(app.world, dying(saver, writes)), saver);
      const launched = first.launch({ horizonHours: 1, approval: 'auto', maxPowerKw: 11_000 }, ann);
      whole = await launched.then(
        () => true,
        (error: Error) => {
          expect(error.message).toBe(DEAD);
          return false;
        },
      );
      const [kept] = await store.collection(RUNS).list({ limit: 1 });
      const second = openOrchestrator(app.world, buildGraph(app.world, saver), saver);
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
      await end();
    }
  });

  it('goes on with what was asked for, though it died before its first checkpoint', async () => {
    await begin();
    const first = openOrchestrator(app.world, buildGraph(app.world, dying(saver, 0)), saver);
    const from = app.world.clock.now();
    const asked = { horizonHours: 2, approval: 'auto' as const, from, maxPowerKw: 0.5 };
    await expect(first.launch(asked, ann)).rejects.toThrow(DEAD);
    const [kept] = await app.world.store.collection(RUNS).list({ limit: 1 });
    // No job fits under half a kilowatt: a resumption that forgets the cap would find a plan.
    await expect(app.orchestrator.resume(kept!.id, ann)).rejects.toMatchObject({ code: 'conflict' });
    await end();
  });
});
