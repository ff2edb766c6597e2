/**
 * Public cluster traces whose clock starts at 0: GAIA (unit demanded, two families share one header), Alibaba GPU 2023 pods and the
 * jobs of Let's Wait Awhile. A row of each:
 *
 *     0.0,6302.0,1
 *     openb-pod-0000,12000,16384,1,1000,,LS,Running,0,12537496,0
 *     0,19,106
 */
import { invalid } from '../../../domain/fault.js';
import { fromEpoch, type Instant, isMoment, toEpoch } from '../../../domain/time.js';
import { csvRows } from './csv.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './draft.js';
import { secondsPer } from './fields.js';
import type { Reader, Reading, Rows } from './reading.js';

export const GAIA_HEADER = 'arrival_time,length,cpus';
export const ALIBABA_HEADER =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';

export const LWA_HEADER = 'job_id,arrival_slot,duration_slots';

const startOf = (reading: Reading): number => {
  const start: Instant | null = reading.options.start;
  if (start === null)
    throw invalid('the trace’s clock starts at 0', 'Say when it began: --start 2026-01-01T00:00:00Z.');
  return toEpoch(start);
};

async function* table(
  pieces: AsyncIterable<string>,
  header: string,
): AsyncGenerator<{ line: number; cells: string[] }[]> {
  const count = header.split(',').length;
  let first = true;
  for await (const rows of csvRows(pieces, ',')) {
    if (first && rows[0]!.cells.join(',').trim() !== header)
      throw invalid(`the header is not ${header}`, 'Choose another --format.');
    yield (first ? rows.slice(1) : rows).map((row) => ({ ...row, cells: row.cells.slice(0, count) }));
    first = false;
  }
}

const cell = (cells: readonly string[], index: number): number => {
  const text = cells[index]?.trim() ?? '';
  return text === '' ? Number.NaN : Number(text);
};

const badNumber = (line: number, field: string, value: string | undefined) =>
  rejected(line, field, 'not_a_number', value, `${field} '${value ?? ''}' is not a number`, 'Give a number.');

/** A job is a row; its id counts the data rows from 1. */
export const readGaia: Reader = async function* (pieces, reading) {
  const { unit } = reading.options;
  if (unit === null)
    throw invalid(
      'the unit of arrival_time and length is not known: GAIA traces come in seconds and in hours under the same header',
      'Say --unit s (pai_1k.csv) or --unit h (the 100k traces).',
    );
  const factor = secondsPer(unit);
  const start = startOf(reading);
  let row = 0;
  let last = 0;
  let fractions = 0;
  for await (const batch of table(pieces, GAIA_HEADER)) {
    const rows: Rows = [];
    for (const { line, cells } of batch) {
      row++;
      const arrival = cell(cells, 0);
      const length = cell(cells, 1);
      const cpus = cell(cells, 2);
      if (arrival > last) last = arrival;
      if (!Number.isInteger(length)) fractions++;
      rows.push(gaiaRow(line, row, cells, { arrival, length, cpus }, start, factor, reading));
    }
    if (rows.length > 0) yield rows;
  }
  if (unit === 's' && last < 8800 && fractions > row / 2)
    reading.warn('The lengths have decimals and the last arrival is below 8 800: this looks like hours (--unit h).');
  if (unit === 'h' && last > 20_000)
    reading.warn('The last arrival would lie more than two years after the first: this looks like seconds (--unit s).');
};

const gaiaRow = (
  line: number,
  row: number,
  cells: readonly string[],
  values: { arrival: number; length: number; cpus: number },
  start: number,
  factor: number,
  reading: Reading,
): Draft | Rejected => {
  const { arrival, length, cpus } = values;
  if (!Number.isFinite(arrival)) return badNumber(line, 'arrival_time', cells[0]);
  if (arrival < 0)
    return rejected(line, 'arrival_time', 'negative', cells[0], `arrival_time is ${arrival}`, 'Give 0 or more.');
  if (!Number.isFinite(length)) return badNumber(line, 'length', cells[1]);
  if (!Number.isFinite(cpus)) return badNumber(line, 'cpus', cells[2]);
  const epoch = Math.round(start + arrival * factor);
  if (!isMoment(epoch)) return beyondCalendar(line, 'arrival_time', cells[0]);
  const at = fromEpoch(epoch);
  return {
    line,
    id: String(row),
    submittedAt: at,
    earliestStart: at,
    durationHours: (length * factor) / 3600,
    vcpus: cpus,
    clusterId: reading.options.clusterId ?? undefined,
  };
};

const CATEGORY_OF_QOS: Readonly<Record<string, string>> = { LS: 'urgent', BE: 'sustainable' };

/** Column names of the pod list; a share of a GPU counts as that share. */
export const readAlibaba: Reader = async function* (pieces, reading) {
  const start = startOf(reading);
  for await (const batch of table(pieces, ALIBABA_HEADER)) {
    const rows: Rows = batch.map(({ line, cells }) => podOf(line, cells, start, reading));
    if (rows.length > 0) yield rows;
  }
};

/** The last second of the published trace: pods that end there were cut. */
const ALIBABA_END = 12_902_960;

const podOf = (line: number, cells: readonly string[], start: number, reading: Reading): Draft | Rejected => {
  const [name, , , , , , qos = ''] = cells;
  const [cpuMilli, gpuCount, gpuMilli, created, deleted, scheduled] = [1, 3, 4, 8, 9, 10].map((i) =>
    cell(cells, i),
  ) as [number, number, number, number, number, number];
  if (!Number.isFinite(created)) return badNumber(line, 'creation_time', cells[8]);
  if (!Number.isFinite(scheduled))
    return rejected(
      line,
      'duration_hours',
      'no_duration',
      cells[10],
      'the pod was never scheduled',
      'leave it out or give a duration',
    );
  if (!Number.isFinite(deleted)) return badNumber(line, 'deletion_time', cells[9]);
  if (!Number.isFinite(cpuMilli)) return badNumber(line, 'cpu_milli', cells[1]);
  const epoch = Math.round(start + created);
  if (!isMoment(epoch)) return beyondCalendar(line, 'creation_time', cells[8]);
  const at = fromEpoch(epoch);
  const gpus = (Number.isFinite(gpuCount) ? gpuCount : 0) * ((Number.isFinite(gpuMilli) ? gpuMilli : 0) / 1000);
  return {
    line,
    id: name,
    category: CATEGORY_OF_QOS[qos] ?? 'balanced',
    submittedAt: at,
    earliestStart: at,
    durationHours: (deleted - scheduled) / 3600,
    durationIs: deleted === ALIBABA_END ? 'so far' : undefined,
    waitedHours: Math.max(0, scheduled - created) / 3600,
    vcpus: cpuMilli / 1000,
    gpus,
    clusterId: reading.options.clusterId ?? undefined,
    assumed: deleted === ALIBABA_END ? [['duration_hours', 'cut by the end of the trace']] : undefined,
  };
};

/** Slots of 30 minutes since the start; the study gives every job one unit of power, taken as 1 kW. */
export const readLwa: Reader = async function* (pieces, reading) {
  const start = startOf(reading);
  for await (const batch of table(pieces, LWA_HEADER)) {
    const rows: Rows = batch.map(({ line, cells }) => {
      const [arrival, slots] = [cell(cells, 1), cell(cells, 2)];
      if (!Number.isFinite(arrival)) return badNumber(line, 'arrival_slot', cells[1]);
      if (!Number.isFinite(slots)) return badNumber(line, 'duration_slots', cells[2]);
      const epoch = Math.round(start + arrival * 1800);
      if (!isMoment(epoch)) return beyondCalendar(line, 'arrival_slot', cells[1]);
      const at = fromEpoch(epoch);
      return {
        line,
        id: cells[0],
        submittedAt: at,
        earliestStart: at,
        durationHours: slots / 2,
        powerKw: 1,
        clusterId: reading.options.clusterId ?? undefined,
        assumed: [['power_kw', '1 (the trace gives every job one unit)']],
      };
    });
    if (rows.length > 0) yield rows;
  }
};
