/**
 * The first and the last reading of each stretch that a register's files cover. Between the last of one file and the first of the
 * next lies a step that neither file shows by itself, in whatever order they come.
 */
import { z } from 'zod';
import { defineCollection, type Store, type Tx } from '../../domain/store.js';
import { fromEpoch, Instant, toEpoch } from '../../domain/time.js';
import type { Reading } from './sheet.js';
import { usualStep } from './spans.js';

const Edge = z.strictObject({ at: Instant, kwh: z.number() });
const Stretch = z.strictObject({ first: Edge, last: Edge });
type Stretch = z.infer<typeof Stretch>;
const EDGES = defineCollection('meter-edges', z.strictObject({ stretches: z.array(Stretch) }));

/** Files that lie further apart, in steps of the new one, may have one between them that is still to come. */
const MOST_STEPS_APART = 2;
/** A meter of as many files with holes between them is none; the oldest are forgotten. */
const MOST_STRETCHES = 1000;

const stretchesOf = async (store: Pick<Store, 'collection'>, meterId: string): Promise<readonly Stretch[]> =>
  (await store.collection(EDGES).get(meterId))?.value.stretches ?? [];

interface Own {
  readonly stretch: Stretch;
  /** seconds that another file's reading may lie before or behind */
  readonly reach: number;
}

const ownOf = (readings: readonly Reading[]): Own | null => {
  const known = readings.filter(({ value }) => value !== null).sort((a, b) => a.at - b.at || a.line - b.line);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return null;
  const edge = ({ at, value }: Reading) => ({ at: fromEpoch(at), kwh: value! });
  return {
    stretch: { first: edge(first), last: edge(last) },
    reach: MOST_STEPS_APART * (usualStep(known) ?? 0),
  };
};

const reaches = ({ stretch, reach }: Own, { first, last }: Stretch): boolean =>
  toEpoch(last.at) + reach >= toEpoch(stretch.first.at) && toEpoch(first.at) - reach <= toEpoch(stretch.last.at);

/** Readings of a register, with the nearest ones of other files before and behind them where a step joins them. */
export const joined = async (
  store: Pick<Store, 'collection'>,
  meterId: string,
  readings: readonly Reading[],
): Promise<readonly Reading[]> => {
  const own = ownOf(readings);
  if (own === null) return readings;
  const near = (await stretchesOf(store, meterId)).filter((stretch) => reaches(own, stretch));
  const asReading = ({ at, kwh }: z.infer<typeof Edge>): Reading => ({
    at: toEpoch(at),
    until: null,
    value: kwh,
    line: 0,
  });
  const before = near.filter(({ last }) => last.at < own.stretch.first.at).at(-1);
  const behind = near.find(({ first }) => first.at > own.stretch.last.at);
  return [...(before ? [asReading(before.last)] : []), ...readings, ...(behind ? [asReading(behind.first)] : [])];
};

/** Keeps the edges of what is known with these readings. */
export const keepEdges = async (tx: Tx, meterId: string, readings: readonly Reading[]): Promise<void> => {
  const own = ownOf(readings);
  if (own === null) return;
  const kept = await stretchesOf(tx, meterId);
  const whole = kept
    .filter((stretch) => reaches(own, stretch))
    .reduce(
      (sum, { first, last }) => ({
        first: first.at < sum.first.at ? first : sum.first,
        last: last.at > sum.last.at ? last : sum.last,
      }),
      own.stretch,
    );
  const stretches = [...kept.filter((stretch) => !reaches(own, stretch)), whole];
  stretches.sort((a, b) => (a.first.at < b.first.at ? -1 : 1));
  await tx.collection(EDGES).put(meterId, { stretches: stretches.slice(-MOST_STRETCHES) });
};
