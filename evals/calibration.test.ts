import { expect, it } from 'vitest';
import { BAND, calibrate, calibrationText } from './calibration.js';

it('stated 95 % intervals cover the truth in 94 to 96 % of at least 10 000 cases; wrong error models show', () => {
  const found = calibrate();
  console.log(calibrationText(found));
  expect(found.cases).toBeGreaterThanOrEqual(10_000);
  expect(found.ratio).toBeGreaterThanOrEqual(BAND.low);
  expect(found.ratio).toBeLessThanOrEqual(BAND.high);
  expect(found.rows.filter((r) => !r.ok)).toEqual([]);
  // The naive adder is the warning of the method: it claims 95 % and delivers far less.
  expect(found.rows.find((r) => r.method === 'naive')?.ratio).toBeLessThan(BAND.low);
});
