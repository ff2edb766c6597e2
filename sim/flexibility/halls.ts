/** The simulated machines of each region, under what was placed there: orders become jobs, and the state of a hall is a document of the store. */
import type { RespondingFleet } from '../../domain/flexibility/running.js';
import type { Placement } from '../../domain/plan.js';
import { defineCollection, type Store } from '../../domain/store.js';
import { secondsBetween, toEpoch } from '../../domain/time.js';
import type { Clock } from '../../domain/world.js';
import { HallState, PlacedHall, type PlacedJob } from './placed-hall.js';
import type { PlacedTraits } from './placed-work.js';

/** By region. */
const HALLS = defineCollection('simulated-halls', HallState);

/** A piece as it was ordered, with what is kept of its job. */
export interface OrderedPiece {
  readonly piece: Placement;
  /** by how much longer it runs than was ordered, of itself */
  readonly driftSeconds: number;
  readonly traits: PlacedTraits | undefined;
}

export interface Orders {
  /** Changes whenever something was placed. */
  newest(): Promise<string | null>;
  pieces(): AsyncIterable<readonly OrderedPiece[]>;
}

/** What ended so long ago runs no more, whatever held it up. */
const OVER_SECONDS = 2 * 24 * 3600;

const jobsIn = async (orders: Orders, region: string, pue: number, now: number): Promise<PlacedJob[]> => {
  const found = new Map<string, OrderedPiece[]>();
  for await (const page of orders.pieces())
    for (const one of page)
      if (one.piece.region === region && toEpoch(one.piece.end) > now - OVER_SECONDS)
        found.set(one.piece.jobId, [...(found.get(one.piece.jobId) ?? []), one]);
  return [...found].map(([id, pieces]) => {
    const inTime = [...pieces].sort((a, b) => (a.piece.start < b.piece.start ? -1 : 1));
    const energyKwh = inTime.reduce((sum, { piece }) => sum + piece.energyKwh, 0);
    const hours = inTime.reduce((sum, { piece }) => sum + secondsBetween(piece.start, piece.end), 0) / 3600;
    return {
      ...{ id, itKw: energyKwh / hours / pue, traits: inTime[0]!.traits },
      pieces: inTime.map(({ piece }) => [toEpoch(piece.start), toEpoch(piece.end)] as const),
      driftSeconds: inTime.reduce((sum, { driftSeconds }) => sum + driftSeconds, 0),
    };
  });
};

/** What runs in a region, by the clock of the world; the same object for each call. */
export const hallsOver = (
  { seed, clock, store }: { readonly seed: number; readonly clock: Pick<Clock, 'now'>; readonly store: Store },
  orders: Orders,
  pueOf: (region: string) => Promise<number>,
): ((region: string) => Promise<RespondingFleet>) => {
  const halls = new Map<string, Promise<PlacedHall>>();
  const open = async (region: string): Promise<PlacedHall> => {
    const pue = await pueOf(region);
    const kept = store.collection(HALLS);
    const now = () => toEpoch(clock.now());
    let known: { newest: string | null; jobs: PlacedJob[] } | null = null;
    return new PlacedHall(
      { seed, name: region, pue, now },
      {
        placed: async () => {
          const newest = await orders.newest();
          if (known === null || known.newest !== newest)
            known = { newest, jobs: await jobsIn(orders, region, pue, now()) };
          return known.jobs;
        },
        read: async () => (await kept.get(region))?.value ?? null,
        write: (state) => kept.put(region, state),
      },
    );
  };
  return (region) => {
    const hall = halls.get(region) ?? open(region);
    halls.set(region, hall);
    return hall;
  };
};
