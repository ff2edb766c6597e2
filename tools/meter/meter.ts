/** The meters' front door: readings in by file or by looking, and what they say of an interval. */
import { importMeter } from './import.js';
import { recordMeters } from './record.js';
import { recordEnergyRun } from './record-run.js';
import { listMeters, showMeter } from './show.js';
import { readCovariate } from './telemetry/read-covariate.js';
import { readTelemetry } from './telemetry/read-telemetry.js';

export { importMeter } from './import.js';
export { METER_ADAPTERS, type MeterAdapter, type MeterGround } from './meters/meters.js';
export { recordMeters } from './record.js';
export { recordEnergyRun } from './record-run.js';
export { listMeters, showMeter } from './show.js';
export { readCovariate } from './telemetry/read-covariate.js';
export { readTelemetry } from './telemetry/read-telemetry.js';

export const meterTools = [
  ...([importMeter, listMeters, showMeter, recordMeters, recordEnergyRun] as const),
  ...([readTelemetry, readCovariate] as const),
] as const;
