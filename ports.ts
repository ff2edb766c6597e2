/** How each port of the world is opened by the configuration: place, grid, clock, fleet, forecasters, provenance. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from './clock.js';
import type { Config } from './config.js';
import { invalid } from './domain/fault.js';
import type { Forecaster } from './domain/forecast.js';
import { WORKLOADS } from './domain/job.js';
import type { JobForecaster } from './domain/job-forecast.js';
import type { LiveReading } from './domain/meter.js';
import type { Method } from './domain/method.js';
import { type Provenance, TAKEN_IN } from './domain/provenance.js';
import { parseSetting, type Setting } from './domain/setting.js';
import type { Store } from './domain/store.js';
import { floorTo, type Instant, type Interval, instant, plusHours } from './domain/time.js';
import type { Clock } from './domain/world.js';
import { simulatedClock } from './sim/clock.js';
import { simulatedFleet } from './sim/fleet.js';
import { simulatedGrid } from './sim/grid.js';
import { loadScenario, type Scenario, settingOf } from './sim/scenario.js';
import { FLEETS, type FleetAdapter } from './tools/fleet/fleets/fleets.js';
import { type OpenedGrid, openGrid } from './tools/grid/sources/sources.js';

interface Described {
  readonly setting: Setting;
  /** null: a place of the configuration's own, of which nothing can be simulated */
  readonly scenario: Scenario | null;
}

export const described = (config: Config): Described => {
  if (config.setting !== undefined)
    return { setting: parseSetting(config.setting, 'the setting "setting"'), scenario: null };
  const scenario = loadScenario(config.scenario);
  return { setting: settingOf(scenario, config.seed ?? scenario.seed), scenario };
};

/** Throws Fault `invalid-input` where there is nothing to simulate from. */
const toSimulate = ({ scenario, setting }: Described, what: string, instead: string): Scenario => {
  if (scenario !== null) return scenario;
  throw invalid(`${setting.name} is a place of your own, and only a scenario has a simulated ${what}`, instead);
};

/** Models that `caco train` made stand in the home; where none fits, the profile answers. Loaded with the first question. */
const forecasterOf = ({ forecaster, home }: Config): Forecaster => {
  let loaded: Promise<Forecaster> | undefined;
  const load = async () => {
    const { profileForecaster, trainedForecaster } = await import('./tools/forecaster/forecaster.js');
    return forecaster === 'profile' ? profileForecaster : trainedForecaster(join(home, 'models'), profileForecaster);
  };
  return {
    forecast: async (question) => {
      loaded ??= load();
      return (await loaded).forecast(question);
    },
  };
};

/** Null: jobs are taken to run as long as was asked for. Throws Fault where a model is wanted and none was trained. */
export const jobForecasterOf = async ({ durations, home }: Config): Promise<JobForecaster | null> =>
  durations === 'asked' ? null : (await import('./tools/forecaster/forecaster.js')).loadJobs(join(home, 'models'));

export const gridOf = (
  config: Config,
  place: Described,
  clock: Pick<Clock, 'now'>,
  store: Pick<Store, 'gridValues'>,
): Promise<OpenedGrid> => {
  const { setting, scenario } = place;
  const simulated = () =>
    simulatedGrid(toSimulate(place, 'grid', 'Set CACO_GRID to recorded or file:PATH.'), setting.seed, clock);
  return openGrid(
    config.grid ?? scenario?.grid ?? 'recorded',
    { clock, forecaster: forecasterOf(config), setting, simulated, values: store.gridValues },
    config,
  );
};

/** How many workloads back one is looked for that a signal file covers. */
const WORKLOADS_BACK = 20;
const HISTORY_HOURS = 7 * 24;

/**
 * Where a world over a signal file starts when nobody said it: at the first start of the newest workload that the file
 * covers; else at the scenario's instant; and where the file does not hold that, a week into the file.
 */
const startOver = async (covers: Interval, { start }: Setting, store: Store): Promise<Instant> => {
  const within = (at: Instant) => covers.start <= at && at < covers.end;
  for (const { value } of await store.collection(WORKLOADS).list({ limit: WORKLOADS_BACK }))
    if (value.earliestStart !== null && within(value.earliestStart)) return floorTo(value.earliestStart, 60);
  if (start !== null && within(start)) return start;
  const week = plusHours(covers.start, HISTORY_HOURS);
  return within(week) ? week : covers.start;
};

/** What is live has a present to wait for. Everything else starts at one instant and jumps: the recorded grid has none. */
export const clockOf = async (
  config: Config,
  setting: Setting,
  { live, covers }: Pick<OpenedGrid, 'live' | 'covers'>,
  store: Store,
): Promise<Clock> => {
  if (config.now === 'present') return systemClock();
  if (config.now !== undefined) return simulatedClock(instant(config.now));
  if (live) return systemClock();
  const start = covers === null ? setting.start : await startOver(covers, setting, store);
  if (start !== null) return simulatedClock(start);
  throw invalid(
    `nobody has said what now is in ${setting.name}`,
    'Give --now T, a start in the setting, or a grid that is live: CACO_GRID=live.',
  );
};

/** One of the room's, or the simulated one, which stands in no room of tools. */
export const fleetOf = (config: Config, place: Described): FleetAdapter => {
  const sim: FleetAdapter = {
    live: false,
    note: 'Simulated: the jobs and what they really used.',
    open: (_, { store, clock }) => {
      const scenario = toSimulate(place, 'fleet', 'Set CACO_FLEET=files and import your sites: caco site import FILE.');
      return simulatedFleet({ scenario, seed: place.setting.seed, clock, store, simulate: config.simulate });
    },
  };
  return { ...FLEETS, sim }[config.fleet];
};

/** What the daemon of this machine has counted, as a meter: the room of counters is loaded where one looks at them. */
export const countersOfDaemon = async (socketPath: string | undefined): Promise<LiveReading[]> => {
  const { askDaemon, kwhOf } = await import('./tools/rapl/rapl.js');
  const { totalUj } = await askDaemon(socketPath);
  const host = hostname();
  return [
    {
      meter: {
        ...{ id: `rapl:${host}`, name: host, boundary: 'components', source: 'caco rapl-daemon', basis: 'counter' },
        subject: { kind: 'host', id: host },
        covers: null,
      },
      energyKwh: totalUj === null ? null : kwhOf(BigInt(totalUj)),
      powerKw: null,
    },
  ];
};

/** The scenario speaks for a world that is as it describes; else each adapter for itself. */
export const provenanceOf = (
  config: Config,
  { setting, scenario }: Described,
  grid: OpenedGrid,
  adapter: FleetAdapter,
): Provenance => {
  const own = config.fleet === 'sim' && (config.grid === undefined || config.grid === scenario?.grid);
  const all = config.simulate === 'all';
  const said = adapter.note ?? `Jobs of the fleet ${config.fleet}, and what ran of them as it reports.`;
  const work = { note: said, simulated: all };
  return {
    scenario: own ? (scenario?.dataNote ?? null) : null,
    standIn: scenario?.name ?? null,
    place: scenario === null ? setting.dataNote : null,
    grid: grid.note,
    queue: config.fleet === 'sim' ? { note: said, simulated: true } : work,
    takenIn: config.fleet === 'sim' ? { note: all ? TAKEN_IN.all : TAKEN_IN.queue, simulated: all } : work,
  };
};

export const methodOf = (config: Config): Method => ({
  kwPerVcpu: config.kwPerVcpu,
  kwPerGpu: config.kwPerGpu,
  carbonPricePerTonne: config.carbonPricePerTonne,
  uncertaintyRatio: config.uncertaintyRatio,
  confidence: config.confidence,
  slotMinutes: config.slotMinutes,
  embodiedGPerVcpuHour: config.embodiedGPerVcpuHour,
});
