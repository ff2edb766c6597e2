/** Every source of grid signals, and how CACO_GRID names them. It loads no source: each comes when it is opened. */
import { z } from 'zod';
import { invalid } from '../../../domain/fault.js';
import { defineSource, type Source, type ValuesOf } from './source.js';

/** Names with commas between them. */
const list = (fallback: string[]) =>
  z
    .union([z.array(z.string()), z.string().transform((text) => text.split(',').map((name) => name.trim()))])
    .default(fallback);

/** Throws Fault `invalid-input` for a key that nobody has given. */
const needed = (value: string | undefined, variable: string, name: string): string => {
  if (value !== undefined && value !== '') return value;
  throw invalid(`the source ${name} needs ${variable}`, `Set ${variable}, or leave ${name} out of CACO_GRID.`);
};

/** What holds for all sources. */
const COMMON = {
  gridWaitS: {
    schema: z.coerce.number().min(0).max(300).default(10),
    description:
      'seconds that a question waits for live sources in all; then it is answered from what is known, or by another source, and says so',
  },
} as const;

export const SOURCES = [
  defineSource({
    name: 'recorded',
    about: 'Great Britain, April to July 2022, shipped with the package',
    note: 'Real: GB carbon intensity (NESO) and half-hourly tariff (Octopus Agile, region A, hourly, inc. VAT), recorded from 20 April to 15 July 2022.',
    live: false,
    needsKey: false,
    takesPath: false,
    settings: {},
    open: async ({ clock, forecaster, setting }) => {
      const grid = (await import('./recorded.js')).recordedGrid({ clock, forecaster, setting });
      return { carbon: grid, price: grid };
    },
  }),
  defineSource({
    name: 'sim',
    about: 'waves and noise as the scenario describes them',
    note: 'Simulated: carbon intensity and prices, drawn from one seed.',
    live: false,
    needsKey: false,
    takesPath: false,
    settings: {},
    open: async ({ simulated }) => {
      const grid = simulated();
      return { carbon: grid, price: grid };
    },
  }),
  defineSource({
    name: 'file',
    about: 'a CSV or JSON signal of your own',
    live: false,
    needsKey: false,
    takesPath: true,
    settings: {
      gridColumn: {
        schema: z.string().optional(),
        description:
          'column of a signal file that has several, in brackets what its header does not say: value (lb/MWh, marginal); --column for short',
      },
    },
    open: async ({ path, ...ground }, { gridColumn }) => {
      const { fileGrid } = await import('./file.js');
      const grid = fileGrid({ ...ground, path: path ?? '', column: gridColumn });
      return { carbon: grid.hasCarbon ? grid : null, price: grid.priced ? grid : null, covers: grid.covers };
    },
  }),
  defineSource({
    name: 'carbon-intensity',
    about: 'Great Britain as it is: the Carbon Intensity API of NESO, without prices',
    live: true,
    needsKey: false,
    takesPath: false,
    settings: {
      carbonIntensityUrl: {
        schema: z.url().default('https://api.carbonintensity.org.uk'),
        description: 'Carbon Intensity API of NESO, base URL',
      },
    },
    open: async ({ timer }, { carbonIntensityUrl: base }) => {
      const { carbonIntensity } = await import('./carbon-intensity.js');
      return { feeds: carbonIntensity({ base, timer }) };
    },
  }),
  defineSource({
    name: 'octopus',
    about: 'prices of the tariff Octopus Agile in Great Britain, with VAT',
    live: true,
    needsKey: false,
    takesPath: false,
    settings: {
      octopusUrl: {
        schema: z.url().default('https://api.octopus.energy'),
        description: 'Octopus Energy, base URL',
      },
      octopusProduct: {
        schema: z.string().default('AGILE-24-10-01'),
        description: 'product code of Octopus Agile',
      },
      octopusArea: {
        schema: z
          .string()
          .regex(/^[A-P]$/, 'must be a letter from A to P')
          .default('C'),
        description: 'distribution region of Octopus Agile, A to P; C is London',
      },
    },
    open: async ({ timer }, { octopusUrl: base, octopusProduct: product, octopusArea: area }) => {
      const { octopus } = await import('./octopus.js');
      return { feeds: octopus({ base, timer, product, area }) };
    },
  }),
  defineSource({
    name: 'elexon',
    about: 'Great Britain’s settlement: market index, fuel mix, demand, system price, frequency',
    live: true,
    needsKey: false,
    takesPath: false,
    settings: {
      elexonUrl: {
        schema: z.url().default('https://data.elexon.co.uk/bmrs/api/v1'),
        description: 'Elexon Insights, base URL',
      },
    },
    open: async ({ timer }, { elexonUrl: base }) => {
      const { elexon } = await import('./elexon.js');
      return { feeds: elexon({ base, timer }) };
    },
  }),
  defineSource({
    name: 'energinet',
    about: 'Denmark: intensity and day-ahead prices of DK1 and DK2',
    live: true,
    needsKey: false,
    takesPath: false,
    settings: {
      energinetUrl: {
        schema: z.url().default('https://api.energidataservice.dk'),
        description: 'Energi Data Service of Energinet, base URL',
      },
    },
    open: async ({ timer }, { energinetUrl: base }) => {
      const { energinet } = await import('./energinet.js');
      return { feeds: energinet({ base, timer }) };
    },
  }),
  defineSource({
    name: 'rte',
    about: 'France: intensity of what was generated, by RTE and ODRÉ',
    live: true,
    needsKey: false,
    takesPath: false,
    settings: {
      rteUrl: {
        schema: z.url().default('https://odre.opendatasoft.com'),
        description: 'open data of RTE at ODRÉ, base URL',
      },
    },
    open: async ({ timer }, { rteUrl: base }) => {
      const { rte } = await import('./rte.js');
      return { feeds: rte({ base, timer }) };
    },
  }),
  defineSource({
    name: 'open-meteo',
    about: 'air temperature by Open-Meteo, free for what is not commercial',
    live: true,
    needsKey: false,
    takesPath: false,
    settings: {
      openMeteoUrl: {
        schema: z.url().default('https://api.open-meteo.com'),
        description: 'Open-Meteo, base URL',
      },
    },
    open: async ({ timer }, { openMeteoUrl: base }) => {
      const { openMeteo } = await import('./weather.js');
      return { feeds: openMeteo({ base, timer }) };
    },
  }),
  defineSource({
    name: 'entsoe',
    about: 'day-ahead prices and intensity of Europe’s bidding zones by ENTSO-E, with a token',
    live: true,
    needsKey: true,
    takesPath: false,
    settings: {
      entsoeUrl: {
        schema: z.url().default('https://web-api.tp.entsoe.eu'),
        description: 'ENTSO-E, base URL',
      },
      entsoeToken: {
        schema: z.string().optional(),
        description: 'security token of ENTSO-E',
        secret: true,
      },
    },
    open: async ({ timer }, { entsoeUrl: base, entsoeToken }) => {
      const { entsoe } = await import('./entsoe.js');
      return { feeds: entsoe({ base, timer, token: needed(entsoeToken, 'CACO_ENTSOE_TOKEN', 'entsoe') }) };
    },
  }),
  defineSource({
    name: 'eia',
    about: 'the United States by balancing area, from EIA’s fuel mix, with a key',
    live: true,
    needsKey: true,
    takesPath: false,
    settings: {
      eiaUrl: {
        schema: z.url().default('https://api.eia.gov'),
        description: 'EIA, base URL',
      },
      eiaKey: {
        schema: z.string().optional(),
        description: 'API key of the EIA',
        secret: true,
      },
    },
    open: async ({ timer }, { eiaUrl: base, eiaKey }) => {
      const { eia } = await import('./eia.js');
      return { feeds: eia({ base, timer, key: needed(eiaKey, 'CACO_EIA_KEY', 'eia') }) };
    },
  }),
  defineSource({
    name: 'electricity-maps',
    about: 'the world’s zones by Electricity Maps, life-cycle, with a token',
    live: true,
    needsKey: true,
    takesPath: false,
    settings: {
      electricityMapsUrl: {
        schema: z.url().default('https://api.electricitymap.org'),
        description: 'Electricity Maps, base URL',
      },
      electricityMapsToken: {
        schema: z.string().optional(),
        description: 'token of Electricity Maps',
        secret: true,
      },
      electricityMapsZones: {
        schema: list(['GB']),
        description: 'zones of Electricity Maps that the token opens, with commas',
      },
    },
    open: async ({ clock, timer }, { electricityMapsUrl: base, electricityMapsToken, electricityMapsZones: zones }) => {
      const token = needed(electricityMapsToken, 'CACO_ELECTRICITY_MAPS_TOKEN', 'electricity-maps');
      const { electricityMaps } = await import('./electricity-maps.js');
      return { feeds: electricityMaps({ base, timer, token, zones, now: clock.now }) };
    },
  }),
  defineSource({
    name: 'watttime',
    about: 'marginal intensity by WattTime, with a name and a password',
    live: true,
    needsKey: true,
    takesPath: false,
    settings: {
      watttimeUrl: {
        schema: z.url().default('https://api.watttime.org'),
        description: 'WattTime, base URL',
      },
      watttimeUser: {
        schema: z.string().optional(),
        description: 'user name at WattTime',
      },
      watttimePassword: {
        schema: z.string().optional(),
        description: 'password at WattTime',
        secret: true,
      },
      watttimeRegions: {
        schema: list(['CAISO_NORTH']),
        description: 'regions of WattTime that the account opens, with commas',
      },
    },
    open: async ({ clock, timer }, { watttimeUrl: base, watttimeUser, watttimePassword, watttimeRegions: regions }) => {
      const user = needed(watttimeUser, 'CACO_WATTTIME_USER', 'watttime');
      const password = needed(watttimePassword, 'CACO_WATTTIME_PASSWORD', 'watttime');
      const { wattTime } = await import('./watttime.js');
      return { feeds: wattTime({ base, timer, user, password, regions, now: clock.now }) };
    },
  }),
  defineSource({
    name: 'met-office',
    about: 'air temperature by the Met Office’s DataHub, with a key',
    live: true,
    needsKey: true,
    takesPath: false,
    settings: {
      metOfficeUrl: {
        schema: z.url().default('https://data.hub.api.metoffice.gov.uk'),
        description: 'Met Office DataHub, base URL',
      },
      metOfficeKey: {
        schema: z.string().optional(),
        description: 'key of the Met Office DataHub, site specific',
        secret: true,
      },
    },
    open: async ({ timer }, { metOfficeUrl: base, metOfficeKey }) => {
      const { metOffice } = await import('./weather.js');
      return { feeds: metOffice({ base, timer, key: needed(metOfficeKey, 'CACO_MET_OFFICE_KEY', 'met-office') }) };
    },
  }),
] as const;

type Each = (typeof SOURCES)[number];
type Together<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;

/** The settings of all sources, by name. */
export type SourceSettings = Together<Each['settings']> & typeof COMMON;
export type SourceValues = ValuesOf<SourceSettings>;
export const SOURCE_SETTINGS = Object.assign({}, COMMON, ...SOURCES.map((s) => s.settings)) as SourceSettings;

/** One source as CACO_GRID chose it. */
export interface Choice {
  readonly source: Each;
  /** the only region that it is asked about; null: every region that it knows */
  readonly region: string | null;
  readonly path: string | null;
}

const LIVE = 'live';
const NAMES = [...SOURCES.map((s) => s.name), LIVE].join('|');
/** A comma belongs to a path unless a source's name follows it. */
const BETWEEN = new RegExp(`,(?=(?:[\\w-]+=)?(?:${NAMES})(?:[:,]|$))`);
const ONE = new RegExp(`^(?:([\\w-]+)=)?(${NAMES})(?::(.+))?$`, 's');

/**
 * `recorded`, `file:PATH`, `live` (every live source that needs no key), or a list such as `FR=file:fr.csv,live`: for each
 * region and question the first source that knows the region answers. Null for a text that is none of these.
 */
export const readChoice = (text: string): Choice[] | null => {
  const choices: Choice[] = [];
  for (const part of text.split(BETWEEN)) {
    const [, region = null, name, path = null] = ONE.exec(part) ?? [];
    const named: readonly Each[] = SOURCES.filter((s: Source) =>
      name === LIVE ? s.live && !s.needsKey : s.name === name,
    );
    if (named.length === 0 || named.some((s: Source) => s.takesPath !== (path !== null))) return null;
    choices.push(...named.map((source) => ({ source, region, path })));
  }
  return choices;
};

/** What CACO_GRID may be, for people. */
export const CHOICES = SOURCES.map((s: Source) => (s.takesPath ? `${s.name}:PATH` : s.name));
