import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '../domain/fault.js';
import { loadScenario, scenarioNames } from './scenario.js';

const faultOf = (work: () => unknown): Fault => {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('scenarios that ship', () => {
  it('describe the five regions of the seed and one British cluster', () => {
    expect(scenarioNames()).toEqual(['five-regions', 'gb-hpc']);
    const five = loadScenario('five-regions');
    const means = Object.fromEntries(Object.entries(five.regions).map(([r, s]) => [r, s.carbon.meanGPerKwh]));
    expect(means).toEqual({ 'us-east-1': 350, 'us-west-2': 90, 'eu-west-1': 300, 'eu-north-1': 30, 'ap-south-1': 700 });
    expect(five.sites.every((s) => s.payer === 'tenant' && s.egressPerGb === 0.02 && s.pue === 1.1)).toBe(true);
    const gb = loadScenario('gb-hpc');
    expect(gb).toMatchObject({ currency: 'GBP', grid: 'recorded', start: '2022-05-25T00:00:00Z' });
    expect(gb.sites).toMatchObject([{ clusterId: 'hpc-1', region: 'GB', powerCapKw: 12000, payer: 'owner' }]);
  });

  it('price every machine that their jobs use', () => {
    for (const name of scenarioNames()) {
      const scenario = loadScenario(name);
      const types = scenario.kinds.flatMap((k) => k.machines.map((m) => m.instanceType)).filter((t) => t !== null);
      for (const site of scenario.sites)
        if (site.payer === 'tenant')
          for (const type of types) expect(site.instancePricesPerHour).toHaveProperty([type]);
    }
  });
});

describe('a scenario of one’s own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const mine = () => JSON.parse(JSON.stringify(loadScenario('gb-hpc')));

  it('is loaded by path, relative to the working folder too', () => {
    write('mine.json', JSON.stringify({ ...mine(), name: 'mine' }));
    expect(loadScenario('./mine.json', folder).name).toBe('mine');
    expect(loadScenario(join(folder, 'mine.json')).name).toBe('mine');
  });

  it('is refused with every problem and a remedy', () => {
    expect(faultOf(() => loadScenario('five-region'))).toMatchObject({ code: 'not-found' });
    expect(faultOf(() => loadScenario('five-region')).remedy).toContain('five-regions');
    expect(faultOf(() => loadScenario(join(folder, 'none.json')))).toMatchObject({ code: 'not-found' });
    expect(faultOf(() => loadScenario(write('broken.json', '{')))).toMatchObject({ code: 'invalid-input' });
    const bad = mine();
    bad.currency = 'pounds';
    bad.homes = { FR: 1 };
    bad.sites[0].powercap = 3;
    const fault = faultOf(() => loadScenario(write('bad.json', JSON.stringify(bad))));
    expect(fault.code).toBe('invalid-input');
    const fields = (fault.details as { field: string }[]).map((d) => d.field);
    expect(fields).toEqual(expect.arrayContaining(['currency', 'sites.0']));
    const elsewhere = { ...mine(), homes: { FR: 1 } };
    expect(faultOf(() => loadScenario(write('far.json', JSON.stringify(elsewhere)))).message).toContain('homes.FR');
    const dollars = { ...mine(), currency: 'USD' };
    expect(faultOf(() => loadScenario(write('usd.json', JSON.stringify(dollars)))).message).toContain('GBP');
  });
});
