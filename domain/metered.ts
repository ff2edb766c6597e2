/**
 * A fleet whose reports are what meters measured, where they did. What ran keeps its modelled energy unless a meter of its job
 * knows the whole of the time, at a boundary that can stand for the facility's: a part of a machine is no machine.
 */
import type { Boundary, MeterCard } from './meter.js';
import type { Site } from './site.js';
import type { Fleet, Meter, Ran } from './world.js';

/** Seconds of a piece may be missing at either end of a reading. */
const WHOLE = 1 - 1e-6;

/** Facility kWh per kWh at a boundary; null: it cannot be said. */
const factorOf = (boundary: Boundary, pue: number, wallRatio: number | undefined): number | null => {
  switch (boundary) {
    case 'facility':
      return 1;
    case 'it':
    case 'server':
      return pue;
    case 'components':
    case 'gpu':
    case 'process':
      return wallRatio === undefined ? null : wallRatio * pue;
  }
};

/** Parts of one machine lie beside each other and are added; of the others the widest speaks alone. */
const tierOf = (boundary: Boundary): number =>
  boundary === 'facility' ? 0 : boundary === 'it' ? 1 : boundary === 'server' ? 2 : boundary === 'process' ? 4 : 3;

const byTier = (cards: readonly MeterCard[]): MeterCard[][] => {
  const tiers: MeterCard[][] = [];
  for (const card of cards) {
    const tier = tierOf(card.boundary);
    const inTier = tiers[tier] ?? [];
    inTier.push(card);
    tiers[tier] = inTier;
  }
  return tiers.filter((tier) => tier !== undefined);
};

const measured = async (
  meter: Meter,
  cards: readonly MeterCard[],
  piece: Ran,
  pue: number,
  wallRatio: number | undefined,
): Promise<Ran> => {
  for (const tier of byTier(cards)) {
    let energyKwh = 0;
    let isKnown = true;
    for (const { id, boundary } of tier) {
      const factor = factorOf(boundary, pue, wallRatio);
      const found = factor === null ? null : await meter.energy(id, { start: piece.start, end: piece.end });
      if (found === null || found.energyKwh === null || found.coveredSeconds < found.seconds * WHOLE) {
        isKnown = false;
        break;
      }
      energyKwh += found.energyKwh * factor!;
    }
    if (isKnown) return { ...piece, energyKwh, source: 'measured' };
  }
  return piece;
};

/**
 * `wallRatio`: kWh at the wall per kWh that counters of a machine's parts tell; where nobody has said it, such meters replace
 * nothing.
 */
export const meteredFleet = (fleet: Fleet, meter: Meter, wallRatio: number | undefined): Fleet => {
  const asMetered = (ran: Fleet['ran']): Fleet['ran'] =>
    async function* (key) {
      const ofJobs = new Map<string, MeterCard[]>();
      for (const card of await meter.meters())
        if (card.subject.kind === 'job') ofJobs.set(card.subject.id, [...(ofJobs.get(card.subject.id) ?? []), card]);
      if (ofJobs.size === 0) return yield* ran(key);
      const pues = new Map((await fleet.sites()).map(({ region, pue }: Site) => [region, pue]));
      for await (const page of ran(key)) {
        const told: Ran[] = [];
        for (const piece of page) {
          const cards = ofJobs.get(piece.jobId);
          const pue = pues.get(piece.region);
          told.push(
            cards === undefined || pue === undefined || piece.start >= piece.end
              ? piece
              : await measured(meter, cards, piece, pue, wallRatio),
          );
        }
        yield told;
      }
    };
  const { ranByItself } = fleet;
  return { ...fleet, ran: asMetered(fleet.ran), ...(ranByItself && { ranByItself: asMetered(ranByItself) }) };
};
