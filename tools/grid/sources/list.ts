/** Every source of grid signals, and how CACO_GRID names them. It loads no source: each comes when it is opened. */
import { z } from 'zod';
import { defineSource, type Source, type ValuesOf } from './source.js';

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
    open: async ({ clock }, { carbonIntensityUrl }) => {
      const { carbonIntensity } = await import('./carbon-intensity.js');
      return { carbon: carbonIntensity({ base: carbonIntensityUrl, clock }), price: null };
    },
  }),
] as const;

type Each = (typeof SOURCES)[number];
type Together<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;

/** The settings of all sources, by name. */
export type SourceSettings = Together<Each['settings']>;
export type SourceValues = ValuesOf<SourceSettings>;
export const SOURCE_SETTINGS = Object.assign({}, ...SOURCES.map((s) => s.settings)) as SourceSettings;

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
