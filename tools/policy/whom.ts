/** What readings about time have in common: whom they concern, sites and clusters included, and how strongly they speak. */
import type { Clause, Reading, Setting } from './clause.js';

export const whom = (c: Clause, s: Setting) => ({
  strength: c.strength,
  scope: {
    ...s.above,
    ...c.scope,
    ...(c.placedScope.resources === undefined ? {} : { resources: c.placedScope.resources }),
  },
  uses: [] as Reading['uses'],
});
export const ZONE_QUESTION = 'in which time zone are the times of day meant?';
