/** Steps of a site: what its meters counted, and what else was known of each. */
import { covariateSteps } from '../../domain/covariate.js';
import { invalid } from '../../domain/fault.js';
import { fromEpoch, type Interval, toEpoch } from '../../domain/time.js';
import type { CovariateKind, UsageRows } from '../../domain/usage.js';
import type { World } from '../../domain/world.js';

export interface RowsWanted {
  readonly meterIds: readonly string[];
  readonly covariates: readonly { readonly id: string; readonly kind: string }[];
  readonly stepMinutes: number;
  readonly timeZone: string;
}

/** A year of steps of five minutes; longer is no question but a slip. */
const MOST_STEPS = 110_000;

/** kWh of each step by one meter; NaN where any part of it is not known. */
const stepsOf = async (
  meter: World['meter'],
  meterId: string,
  startS: number,
  stepS: number,
  count: number,
): Promise<Float64Array> => {
  const kwh = new Float64Array(count);
  const known = new Float64Array(count);
  const interval = { start: fromEpoch(startS), end: fromEpoch(startS + count * stepS) };
  for await (const page of meter.spans(meterId, interval))
    for (const { start, end, energyKwh } of page) {
      if (energyKwh === null) continue;
      const [a, b] = [toEpoch(start), toEpoch(end)];
      const last = Math.min(count - 1, Math.ceil((b - startS) / stepS) - 1);
      for (let i = Math.max(0, Math.floor((a - startS) / stepS)); i <= last; i++) {
        const from = startS + i * stepS;
        const seconds = Math.min(b, from + stepS) - Math.max(a, from);
        kwh[i]! += (energyKwh * seconds) / (b - a);
        known[i]! += seconds;
      }
    }
  return kwh.map((sum, i) => (known[i]! >= stepS - 1 ? sum : Number.NaN));
};

/** Fault `invalid-input` for an interval that is not of whole steps. */
export const rowsOf = async (
  world: Pick<World, 'meter' | 'store'>,
  { meterIds, covariates, stepMinutes, timeZone }: RowsWanted,
  { start, end }: Interval,
): Promise<UsageRows> => {
  const stepS = stepMinutes * 60;
  const [startS, endS] = [toEpoch(start), toEpoch(end)];
  if (startS % stepS !== 0 || endS % stepS !== 0 || endS <= startS)
    throw invalid(
      `${start} to ${end} is no stretch of whole ${stepMinutes} minutes`,
      'Begin and end on a full step, the end later.',
    );
  const count = (endS - startS) / stepS;
  if (count > MOST_STEPS)
    throw invalid(`${count} steps of ${stepMinutes} minutes are asked for`, 'Take a shorter time, or longer steps.');
  const energyKwh = new Float64Array(count);
  for (const id of meterIds) {
    const own = await stepsOf(world.meter, id, startS, stepS, count);
    for (let i = 0; i < count; i++) energyKwh[i]! += own[i]!;
  }
  const known: { name: string; kind: CovariateKind; values: Float64Array }[] = [];
  for (const { id, kind } of covariates)
    known.push({
      ...{ name: id, kind: kind as CovariateKind },
      values: await covariateSteps(world.store, id, startS, stepS, count),
    });
  return { start: startS, stepMinutes, timeZone, energyKwh, covariates: known };
};

/** As JSON has it: what is not known is null. */
export const listed = (values: Float64Array): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));
