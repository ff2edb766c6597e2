/** Whether the process answers, and whether what it stands on does. */
import type { Express } from 'express';
import type { App } from '../app.js';
import { Fault } from '../domain/fault.js';
import { plusHours } from '../domain/time.js';

export const health = (web: Express, app: App) => {
  web.get('/healthz', (_, res) => void res.json({ status: 'ok' }));
  // The Carbon Aware SDK's own, in its words.
  web.get('/health', (_, res) => void res.type('text/plain').send('Healthy'));
  web.get('/readyz', async (_, res) => {
    const checks: Record<string, string> = {};
    const check = async (name: string, work: () => Promise<unknown>) => {
      try {
        await Promise.race([
          work(),
          new Promise((_, reject) => setTimeout(() => reject(new Error('no answer within 5 s')), 5000).unref()),
        ]);
        checks[name] = 'ok';
      } catch (error) {
        checks[name] = error instanceof Fault ? error.message : 'fails';
      }
    };
    const { world } = app;
    await Promise.all([
      check('store', () => world.ledger.size()),
      check('grid', async () => {
        const now = world.clock.now();
        const [region] = await world.grid.regions();
        if (region === undefined) throw new Fault('unavailable', 'no region has a carbon signal', 'Check CACO_GRID.');
        await world.grid.carbon(region, { start: now, end: plusHours(now, 1) }, 'forecast');
      }),
    ]);
    const ready = Object.values(checks).every((state) => state === 'ok');
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks });
  });
};
