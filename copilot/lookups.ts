/** Everything that can be looked up, by name: the template's sources, and the only tools that a model is offered. */
import type { Lookup } from './lookup.js';
import { decisionLookups } from './lookups/decisions.js';
import { flexibilityLookups } from './lookups/flexibility.js';
import { gridLookups } from './lookups/grid.js';
import { jobLookups } from './lookups/jobs.js';
import { orderLookups } from './lookups/orders.js';
import { peopleLookups } from './lookups/people.js';
import { planLookups } from './lookups/plans.js';
import { policyLookups } from './lookups/policy.js';
import { saleLookups } from './lookups/sales.js';
import { savingLookups } from './lookups/savings.js';
import { shiftLookups } from './lookups/shift.js';
import { summaryLookups } from './lookups/summary.js';
import { systemLookups } from './lookups/system.js';

export const LOOKUPS: readonly Lookup[] = [
  ...planLookups,
  ...jobLookups,
  ...savingLookups,
  ...saleLookups,
  ...flexibilityLookups,
  ...gridLookups,
  ...shiftLookups,
  ...peopleLookups,
  ...policyLookups,
  ...orderLookups,
  ...decisionLookups,
  ...summaryLookups,
  ...systemLookups,
];
