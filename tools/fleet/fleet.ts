/** The fleet's front door: taking jobs and sites in, asking what waits and what can wait, and placing what was decided. */
import { listChanges, undoRun } from './changes.js';
import { getFlexibility } from './get-flexibility.js';
import { ingestJobs } from './ingest.js';
import { listJobs, submitJob } from './jobs.js';
import { gatherJobs } from './queue.js';
import { importSites } from './sites.js';

export { countsText, listChanges, undoRun } from './changes.js';
export { FLEETS, type FleetAdapter, type FleetGround } from './fleets/fleets.js';
export { FORMATS, jobFormatTables } from './formats/formats.js';
export { getFlexibility } from './get-flexibility.js';
export { ingestJobs } from './ingest.js';
export { listJobs, submitJob } from './jobs.js';
export { leftOutText, placeJobs, rehearsedText } from './place.js';
export { gatherJobs } from './queue.js';
export { type RanJobs, readRan } from './ran.js';
export { importSites } from './sites.js';

/** What doors reach; placing goes through the graph. */
export const fleetTools = [
  gatherJobs,
  ingestJobs,
  listJobs,
  submitJob,
  getFlexibility,
  importSites,
  listChanges,
  undoRun,
] as const;
