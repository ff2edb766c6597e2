import { afterAll, describe, expect, it } from 'vitest';
import { readConfig, SETTINGS } from '../../../config.js';
import { drain, fleetContract } from '../../../domain/fixtures/fleet-contract.js';
import { plainJob } from '../../../domain/fixtures/quiet-world.js';
import type { Placement } from '../../../domain/plan.js';
import { instant, plusHours } from '../../../domain/time.js';
import { kg, kwh, money } from '../../../domain/units.js';
import { openTrial, removeFolder, scenario } from '../fixtures/trial.js';
import { FLEETS, importSites } from '../fleet.js';

afterAll(removeFolder);

const files = async () => {
  const trial = await openTrial();
  const { store, clock } = trial.world;
  const ground = { store, clock, sites: scenario.sites };
  return { trial, clock, fleet: await FLEETS.files.open(readConfig({ fleet: 'files' }).config, ground) };
};

fleetContract('a fleet of files', async () => {
  const opened = await files();
  const soon = plusHours(scenario.start, 1);
  const job = { id: 'a', duration_hours: 2, vcpus: 100, earliest_start: soon };
  await opened.trial.ingest({ jobs: [job, { ...job, id: 'later', earliest_start: plusHours(soon, 48) }] });
  return opened;
});

describe('the list of fleets', () => {
  it('holds every fleet that the setting can name, beside the simulated one', () => {
    expect([...Object.keys(FLEETS), 'sim'].sort()).toEqual([...SETTINGS.fleet.schema.unwrap().options].sort());
  });
});

describe('a fleet of files', () => {
  it('has the imported sites beside its own, and waits for nothing before something was ingested', async () => {
    const { trial, fleet } = await files();
    await trial.call(importSites, { sites: [{ id: 'hpc-2', region: 'FR', clusterId: 'hpc-2' }] });
    expect((await fleet.sites()).map((site) => site.id)).toEqual(['hpc-1', 'hpc-2']);
    expect(await drain(fleet.waiting({ start: scenario.start, end: plusHours(scenario.start, 24) }))).toEqual([]);
  });

  it('answers what was placed as modelled: as placed, up to now, at an even power', async () => {
    const { clock, fleet } = await files();
    const piece: Placement = {
      jobId: 'a',
      region: 'GB',
      start: instant('2022-06-01T04:00:00Z'),
      end: instant('2022-06-01T06:00:00Z'),
      energyKwh: kwh(1.1),
      emissionsKg: kg(0.2),
      energyCost: money(0.1),
      instanceCost: money(0),
      egressCost: money(0),
    };
    const pages = async function* () {
      yield [{ job: plainJob('a', scenario.start, {}), pieces: [piece] }];
    };
    await fleet.place({ key: 'k', pages: pages() });
    const ranBy = async (at: string) => {
      await clock.waitUntil(instant(at));
      return drain(fleet.ran('k'));
    };
    expect(await ranBy('2022-06-01T03:00:00Z')).toEqual([]);
    expect(await ranBy('2022-06-01T05:00:00Z')).toMatchObject([{ energyKwh: 0.55, source: 'modelled' }]);
    expect(await ranBy('2022-06-01T09:00:00Z')).toMatchObject([{ end: '2022-06-01T06:00:00Z', energyKwh: 1.1 }]);
  });
});
