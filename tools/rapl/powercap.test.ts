/** Real files, which are kept open: what is replaced, taken away or written in place is seen at the next look. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openPowercap } from './powercap.js';

const root = mkdtempSync(join(tmpdir(), 'caco-powercap-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const zone = join(root, 'intel-rapl:0');
const counter = join(zone, 'energy_uj');
const make = (text: string) => {
  mkdirSync(zone, { recursive: true });
  writeFileSync(join(zone, 'name'), 'package-0\n');
  writeFileSync(counter, text);
};

describe('a counter that is kept open', () => {
  it('is read anew at each look, whatever became of its file', () => {
    make('5\n');
    const source = openPowercap(root);
    const read = () => source.look().sightings.map(({ reading }) => reading);
    expect(read()).toEqual([{ ticks: 5n }]);
    writeFileSync(counter, '1234567\n');
    expect(read()).toEqual([{ ticks: 1234567n }]);
    writeFileSync(`${counter}.new`, '8\n');
    renameSync(`${counter}.new`, counter);
    expect(read()).toEqual([{ ticks: 8n }]);
    writeFileSync(counter, 'garbage');
    expect(read()).toEqual([{ bad: 'garbage' }]);
    rmSync(zone, { recursive: true });
    expect(read()).toEqual([{ errno: 'ENOENT' }]);
    expect(read()).toEqual([]);
    rmSync(root, { recursive: true });
    expect(openPowercap(root).look()).toEqual({ sightings: [], errno: 'ENOENT' });
    make('9\n');
    expect(openPowercap(root).look().sightings).toHaveLength(1);
  });
});
