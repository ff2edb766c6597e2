/** Two servers and two operators on one Postgres, while they are killed and stopped: every deed once, in one order. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { disturbed } from '../bench/replicas.js';
import { testPooler } from '../store/fixtures/pooler.js';
import { testPostgres } from '../store/fixtures/postgres.js';

const built = existsSync(new URL('../dist/cli/main.js', import.meta.url));
const postgres = built ? await testPostgres() : undefined;
const pooler = postgres && (await testPooler(postgres.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-replicas-'));
afterAll(async () => {
  await pooler?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});
if (!postgres) console.warn('No Postgres or no build here: several programs on one store are not tested.');

describe.runIf(postgres)('several programs on one Postgres', () => {
  it('do every deed once and keep one ledger, whoever is killed or hangs, behind a pooler where there is one', async () => {
    const told = await disturbed({
      url: pooler?.url ?? postgres!.url,
      folder,
      servers: 2,
      operators: 2,
      clients: 20,
      deeds: 300,
      kills: 6,
      stops: 3,
      // The third lasts longer than a lease.
      longestStopMs: 35_000,
      seed: 7,
    });
    expect(told.wrong).toEqual([]);
    // How many of them fell within the deeds hangs on how fast the machine is.
    expect(told.killed + told.stopped).toBeGreaterThan(0);
  });
});
