import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { simulatedMsr } from './msr.js';
import { simulatedPowercap, simulatedZones, trueTotalUj } from './powercap.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-sim-powercap-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a simulated machine', () => {
  it('spreads its watts over packages and memory to the microwatt', () => {
    for (const sockets of [1, 2, 3, 7]) {
      const zones = simulatedZones({ watts: 100.000001, sockets });
      expect(trueTotalUj(zones, 1_000_000n)).toBe(100_000_001n);
    }
  });

  it.each([{ watts: 0 }, { watts: Number.NaN }, { watts: 1, sockets: 0 }, { watts: 1, wrapSeconds: -1 }])(
    'refuses %j',
    (shape) => {
      expect(() => simulatedZones(shape)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    },
  );
});

describe('its powercap tree', () => {
  const zones = simulatedZones({ watts: 100, wrapSeconds: 4 });
  const root = join(folder, 'powercap');
  const tree = simulatedPowercap(root, zones);
  const value = (id: string) => BigInt(readFileSync(join(root, id, 'energy_uj'), 'utf8').trim());

  it('lists inner zones flat too, as links', () => {
    expect(readdirSync(root).sort()).toEqual(['intel-rapl:0', 'intel-rapl:0:0', 'intel-rapl:0:1', 'intel-rapl:1']);
    expect(lstatSync(join(root, 'intel-rapl:0:1')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(root, 'intel-rapl:0:1/name'), 'utf8')).toBe('dram\n');
  });

  it('moves by what was used, and begins anew beyond the range', () => {
    const before = value('intel-rapl:0');
    tree.show(1_000_000n);
    expect(value('intel-rapl:0') - before).toBe(85_000_000n);
    tree.show(3_000_000n);
    expect(value('intel-rapl:0')).toBe(before + 255_000_000n - 340_000_001n);
  });

  it('replaces that of an earlier simulation, and refuses a place where nothing can be written', () => {
    simulatedPowercap(join(folder, 'twice'), simulatedZones({ watts: 1, sockets: 4 }));
    simulatedPowercap(join(folder, 'twice'), zones);
    expect(readdirSync(join(folder, 'twice'))).toEqual(readdirSync(root));
    const refusal = expect.objectContaining({ code: 'invalid-input' });
    expect(() => simulatedPowercap(join(root, 'intel-rapl:0/name'), zones)).toThrow(refusal);
  });
});

describe('its register files', () => {
  it('hold 32 bits that count and 32 that are noise', () => {
    const root = join(folder, 'cpu');
    const files = simulatedMsr(root, simulatedZones({ watts: 200, sockets: 2 }));
    const raw = () => readFileSync(join(root, '1/msr')).readBigUInt64LE(0x611);
    const before = raw();
    expect(before >> 32n).toBe(0xdeadbeefn);
    files.show(2_000_000n);
    expect(raw() - before).toBe(170n << 14n);
  });
});
