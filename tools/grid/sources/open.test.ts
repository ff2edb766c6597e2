import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../config.js';
import { Fault, invalid } from '../../../domain/fault.js';
import { instant, plusHours } from '../../../domain/time.js';
import { profileForecaster } from '../../forecaster/forecaster.js';
import { readChoice } from './list.js';
import { openGrid } from './open.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const start = instant('2022-06-01T00:00:00Z');
const hour = { start, end: plusHours(start, 1) };
const ground = {
  clock: { now: () => start },
  forecaster: profileForecaster,
  setting: { name: 'test', currency: 'GBP', start, sites: [{ region: 'GB' }, { region: 'FR' }] },
  simulated: () => {
    throw invalid('nothing is simulated here', 'Use another source.');
  },
};
const { config } = readConfig({}, {}, folder);
const open = (choice: string) => openGrid(choice, ground, config);

const french = write('fr.csv', 'time,ci\n2022-06-01T00:00Z,50\n2022-06-01T01:00Z,51\n');
const both = write(
  'both.csv',
  'time,region,ci,price_per_mwh\n2022-06-01T00:00Z,GB,200,80\n2022-06-01T00:00Z,DE,400,90\n',
);

describe('CACO_GRID', () => {
  const said = (text: string) =>
    readChoice(text)?.map(({ source, region, path }) => `${region ?? '*'} ${source.name} ${path ?? '-'}`) ?? null;

  it('names one source, or a list by region', () => {
    expect(said('recorded')).toEqual(['* recorded -']);
    expect(said('file:/data/a.csv')).toEqual(['* file /data/a.csv']);
    expect(said('FR=file:fr.csv,GB=recorded,sim')).toEqual(['FR file fr.csv', 'GB recorded -', '* sim -']);
  });

  it('leaves commas, colons and equal signs to the path that holds them', () => {
    expect(said('file:C:\\data\\a,b=c.csv')).toEqual(['* file C:\\data\\a,b=c.csv']);
    expect(said('file:a,recordedly.csv,recorded')).toEqual(['* file a,recordedly.csv', '* recorded -']);
  });

  it.each(['', 'record', 'file:', 'file', 'recorded:x', 'recorded,', ',sim', '=sim', 'GB=', 'recorded;sim'])(
    'refuses %j',
    async (text) => {
      expect(readChoice(text)).toBeNull();
      await expect(open(text)).rejects.toMatchObject({ code: 'invalid-input' });
    },
  );
});

describe('the composed grid', () => {
  it('asks for each region the first source that knows it', async () => {
    const { grid, live } = await open(`FR=file:${french},file:${both}`);
    expect(live).toBe(false);
    expect(await grid.regions()).toEqual(['FR', 'GB', 'DE']);
    const carbon = async (region: string) => (await grid.carbon(region, hour, 'actual')).series.values;
    expect([await carbon('FR'), await carbon('GB'), await carbon('DE')]).toEqual([[50], [200], [400]]);
    await expect(carbon('ES')).rejects.toThrow('there is no carbon signal for ES');
  });

  it('takes prices from another source than carbon, where the first has none', async () => {
    const british = write('gb.csv', 'time,ci\n2022-06-01T00:00Z,300\n');
    const { grid } = await open(`GB=file:${british},recorded`);
    expect((await grid.carbon('GB', hour, 'actual')).series.values).toEqual([300]);
    const price = await grid.price('GB', hour, 'actual');
    expect(price.series.values).toEqual([289.4]);
    expect(price.source).toContain('Octopus');
  });

  it('does not know what nobody prices, and says so', async () => {
    const { grid } = await open(`FR=file:${french},file:${both}`);
    const price = await grid.price('FR', hour, 'forecast');
    expect(price).toMatchObject({ currency: 'GBP', source: 'no source of prices for FR' });
    expect(price.series.values).toEqual([null]);
  });

  it('covers what its file covers', async () => {
    expect((await open(`FR=file:${french}`)).covers).toEqual({ start, end: plusHours(start, 2) });
    expect((await open('recorded')).covers).toBeNull();
  });

  it('leaves it to the only source to say what it does not know', async () => {
    const { grid } = await open('recorded');
    await expect(grid.carbon('DE', hour, 'actual')).rejects.toThrow('there is no recorded signal for DE');
  });

  it('does not open with a source that cannot', async () => {
    await expect(open('FR=sim')).rejects.toBeInstanceOf(Fault);
    await expect(open('FR=file:/nowhere.csv')).rejects.toMatchObject({ code: 'not-found' });
  });
});
