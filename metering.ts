/** What can be asked of energy counters alone, real or simulated: no scenario, no store, no world. */
export { simulatedMsr } from './sim/msr.js';
export { simulatedPowercap, simulatedZones, trueTotalUj, usedUj } from './sim/powercap.js';
export {
  aliasing,
  askDaemon,
  cpuList,
  emissionsOf,
  type HalfHour,
  halfHours,
  kwhOf,
  MAX_WATTS,
  type Measured,
  measure,
  openCounters,
  POWERCAP_ROOT,
  type Point,
  paced,
  type Report,
  type ReportJson,
  readFor,
  reportJson,
  type Snapshot,
  SOCKET_PATH,
  spanOf,
  thisMoment,
  type Where,
  WORK,
} from './tools/rapl/rapl.js';
