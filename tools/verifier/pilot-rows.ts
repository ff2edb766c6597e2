/**
 * The jobs of a pilot as rows of evidence, turned round: what really happened is the baseline, and what the plan would have made of it is
 * what is held against it.
 */
import { decimal, microjoules, nano } from '../../domain/decimal.js';
import type { EvidenceJob } from '../../domain/evidence/record.js';
import type { Job } from '../../domain/job.js';
import type { Placement, Recommendation } from '../../domain/plan.js';
import { fromEpoch, type Instant, toEpoch } from '../../domain/time.js';
import type { Ran } from '../../domain/world.js';

type Piece = Pick<Ran, 'region' | 'start' | 'end' | 'energyKwh'>;
type Source = Ran['source'];

/** One job that a plan would have moved. */
export interface WatchedJob {
  readonly job: Job;
  readonly claim: Recommendation;
  readonly baseline: readonly Placement[];
  readonly planned: readonly Placement[];
  /** As it ran by itself; null: nobody keeps accounts of it. */
  readonly ran: readonly Ran[] | null;
}

const inTime = <P extends Piece>(pieces: readonly P[]): P[] =>
  [...pieces].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
const secondsOf = ({ start, end }: Piece) => toEpoch(end) - toEpoch(start);
const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((all, one) => all + of(one), 0);

/** Hours from `a`'s first start to `b`'s. */
export const laterHours = (a: readonly { start: string }[], b: readonly { start: string }[]): number => {
  const first = (pieces: readonly { start: string }[]) =>
    toEpoch(pieces.reduce((least, { start }) => (start < least ? start : least), pieces[0]!.start) as Instant);
  return (first(b) - first(a)) / 3600;
};

/**
 * Where and when the plan would have had the work that really was: as long, and with the energy of the machines that it took. A job that
 * started by itself later than planned had no room before, and would have run as it did.
 */
export const asPlanned = (
  planned: readonly Placement[],
  ran: readonly Ran[],
  pueOf: (region: string) => number | undefined,
): Piece[] => {
  const [plan, real] = [inTime(planned), inTime(ran)];
  if (real[0]!.start >= plan[0]!.start) return [...real];
  const seconds = sum(real, secondsOf);
  const itKwh = sum(real, ({ region, energyKwh }) => energyKwh / (pueOf(region) ?? 1));
  const pieces: Piece[] = [];
  let left = seconds;
  plan.forEach(({ region, start, ...piece }, i) => {
    if (left <= 0) return;
    const length = i === plan.length - 1 ? left : Math.min(left, secondsOf({ region, start, ...piece }));
    const energyKwh = ((itKwh * length) / seconds) * (pueOf(region) ?? 1);
    pieces.push({
      region,
      start,
      end: fromEpoch(toEpoch(start) + length),
      energyKwh: energyKwh,
    });
    left -= length;
  });
  return pieces;
};

const pieceOf = ({ region, start, end, energyKwh }: Piece) => ({ end, energyKwh: decimal(energyKwh), region, start });

/** Members stand in order of their names, as in every row of evidence. `at`: the moment of the report. */
export const rowOf = (
  { job, claim, baseline, planned, ran }: WatchedJob,
  at: Instant,
  pueOf: (region: string) => number | undefined,
): EvidenceJob => {
  const excluded =
    ran === null
      ? null
      : ran.length === 0
        ? 'it never ran, as far as the accounts say'
        : ran.some(({ end }) => end >= at)
          ? 'it still runs'
          : planned.length === 0
            ? 'the plan has no place for it'
            : null;
  const known = ran !== null && excluded === null;
  const would: readonly Piece[] = known ? asPlanned(planned, ran, pueOf) : planned;
  const source: Source = known && ran.every((one) => one.source === 'measured') ? 'measured' : 'modelled';
  return {
    baseline: (known ? ran : baseline).map(pieceOf),
    claimedCost: decimal(claim.savedCost),
    claimedKg: decimal(claim.savedKg),
    dataGb: decimal(job.dataGb),
    due: job.due,
    excluded,
    homeRegion: job.region,
    instanceType: job.instanceType,
    jobId: job.id,
    planned: planned.map(pieceOf),
    ran: inTime(would).map((piece) => ({
      end: piece.end,
      energyKwh: decimal(piece.energyKwh),
      energyUj: microjoules(nano(piece.energyKwh)),
      region: piece.region,
      source,
      start: piece.start,
    })),
    resumeCost: decimal(job.resumeCost),
    tardinessCostPerHour: decimal(job.tardinessCostPerHour),
    team: claim.team,
  };
};
