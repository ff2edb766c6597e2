/** A plan's loads are kept by the slots that it was made in, also where its window begins between two of them. */
import { expect, it } from 'vitest';
import { LoadSummer } from './plan-sums.js';
import { instant } from './time.js';

it('begins with the slot in which the window begins', () => {
  const summer = new LoadSummer(instant('2026-11-30T00:29:58Z'), 30);
  const piece = { region: 'GB', start: instant('2026-11-30T01:00:00Z'), end: instant('2026-11-30T01:30:00Z') };
  summer.add({ ...piece, energyKwh: 50 } as Parameters<LoadSummer['add']>[0], 'after');
  expect(summer.loads('d').regions).toEqual([{ region: 'GB', before: [], after: [0, 0, 100] }]);
});
