/**
 * Energy from the processor's own counters (RAPL). A source reads zones, a session sums their steps, a report says how much is
 * known and what is not. Every figure is a `bigint` of microjoules; unknown energy is a gap with a duration, never zero.
 */
export { type Aliasing, aliasing, type Point } from './aliasing.js';
export { askDaemon, SOCKET_PATH } from './client.js';
export { type EmissionsRecord, emissionsOf, type HalfHour, halfHours, kwhOf, spanOf } from './emissions.js';
export { expositionOf, gpuExpositionOf, nodeExpositionOf } from './exposition.js';
export { type GpuReport, gpuJson } from './gpu.js';
export { lookAtGpus, openGpus } from './gpus.js';
export { type Boot, bootId, thisMoment } from './machine.js';
export { type Measured, measure, WORK } from './measure.js';
export { cpuList, openCounters, type Where } from './open.js';
export { otlpBody, otlpHeaders, otlpUrl, pointsOf, sendOtlp } from './otlp.js';
export { paced } from './pace.js';
export { POWERCAP_ROOT } from './powercap.js';
export type { Snapshot } from './protocol.js';
export { readFor } from './read.js';
export { type Report, type ReportJson, reportJson } from './report.js';
export { MAX_WATTS, openSession, type Session } from './session.js';
export { type HostUse, type Top, top } from './top.js';
