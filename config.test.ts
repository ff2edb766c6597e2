import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string, settings: { name: string; value: unknown; origin: string }[]) =>
  settings.find((s) => s.name === name)!;

describe('settings', () => {
  it('are taken from flags before the environment, before caco.yaml, before the defaults', () => {
    writeFileSync(join(folder, 'caco.yaml'), 'carbonPricePerTonne: 10\nkwPerVcpu: 0.004\nslotMinutes: 15\n');
    const env = { CACO_CARBON_PRICE_PER_TONNE: '20', CACO_KW_PER_VCPU: '0.006' };
    const { config, settings } = readConfig({ carbonPricePerTonne: '30' }, env, folder);
    expect([config.carbonPricePerTonne, config.kwPerVcpu, config.slotMinutes, config.confidence]).toEqual([
      30, 0.006, 15, 0.95,
    ]);
    expect(
      ['carbonPricePerTonne', 'kwPerVcpu', 'slotMinutes', 'confidence'].map((n) => at(n, settings).origin),
    ).toEqual(['flag', 'environment', 'caco.yaml', 'default']);
  });

  it('stop the start with every problem listed', () => {
    writeFileSync(join(folder, 'caco.yaml'), 'slotMinutes: 3\ncolour: red\n');
    try {
      readConfig({ confidence: '1.5' }, { CACO_PORT: 'high' }, folder);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).problems.map((p) => p.setting).sort()).toEqual([
        'colour',
        'confidence',
        'port',
        'slotMinutes',
      ]);
    }
  });

  it('are frozen, and secrets are masked where people read them', () => {
    writeFileSync(join(folder, 'caco.yaml'), '');
    const { config, settings } = readConfig(
      {},
      { CACO_JIRA_TOKEN: 'secret', DATABASE_URL: 'postgres://u:p@h/d' },
      folder,
    );
    expect(Object.isFrozen(config)).toBe(true);
    expect(config.jiraToken).toBe('secret');
    expect(JSON.stringify(settings)).not.toMatch(/secret|u:p@h/);
  });

  it('name an empty environment variable as not set', () => {
    expect(readConfig({}, { CACO_SEED: '' }, folder).config.seed).toBeUndefined();
  });
});
