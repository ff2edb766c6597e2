/**
 * What the shipped British cluster saves on other days than the one of the first run: one run a day over the recording, claimed
 * against verified. Run: npx tsx bench/days.ts [every N days, 3 when left out]. Writes bench/results/days.json.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { VERIFICATIONS } from '../domain/evidence/verification.js';
import { instant, plusHours } from '../domain/time.js';

const every = Number(process.argv[2] ?? 3);
const first = instant('2022-05-08T00:00:00Z');
const LAST = '2022-07-10T00:00:00Z';

interface Day {
  readonly day: string;
  readonly claimedKg: number;
  readonly verifiedKg: number;
  readonly lowKg: number;
  readonly highKg: number;
  readonly claimedCost: number;
  readonly verifiedCost: number;
}

const runDay = async (now: string): Promise<Day> => {
  const home = mkdtempSync(join(tmpdir(), 'caco-days-'));
  const { config, settings } = readConfig({ home, now }, {}, home);
  const app = await openApp(config, settings);
  try {
    await app.orchestrator.launch({ horizonHours: 24, approval: 'auto' }, { actor: { id: 'bench', via: 'cli' } });
    const [found] = await app.world.store.collection(VERIFICATIONS).list({ limit: 1 });
    if (!found) throw new Error(`the run of ${now} was not verified`);
    const { claimed, verified } = found.value;
    const { value, low, high } = verified.emissionsKg;
    if (verified.cost === null) throw new Error(`no price of ${now} is known`);
    return {
      day: now.slice(0, 10),
      claimedKg: Math.round(claimed.emissionsKg),
      verifiedKg: Math.round(value),
      lowKg: Math.round(low),
      highKg: Math.round(high),
      claimedCost: Math.round(claimed.cost),
      verifiedCost: Math.round(verified.cost),
    };
  } finally {
    await app.close();
    rmSync(home, { recursive: true, force: true });
  }
};

const days: Day[] = [];
for (let at = first; at <= LAST; at = plusHours(at, 24 * every)) {
  days.push(await runDay(at));
  console.log(JSON.stringify(days.at(-1)));
}
const mean = (of: (d: Day) => number) => Math.round(days.reduce((sum, d) => sum + of(d), 0) / days.length);
const summary = {
  days: days.length,
  demonstrated: days.filter((d) => d.lowKg > 0).length,
  increased: days.filter((d) => d.highKg < 0).length,
  meanClaimedKg: mean((d) => d.claimedKg),
  meanVerifiedKg: mean((d) => d.verifiedKg),
  meanClaimedCost: mean((d) => d.claimedCost),
  meanVerifiedCost: mean((d) => d.verifiedCost),
};
console.log(JSON.stringify(summary));
const folder = new URL('./results/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('days.json', folder), `${JSON.stringify({ summary, days }, null, 2)}\n`);
