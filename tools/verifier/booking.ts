/** The books of what ran: every piece under an order, moved or not, with the intensity and the price that came true. */
import type { EvidencePlace } from '../../domain/evidence/record.js';
import type { BookedPiece } from '../../domain/evidence/verification.js';
import type { Job } from '../../domain/job.js';
import { toEpoch } from '../../domain/time.js';
import type { Ran } from '../../domain/world.js';
import { placesOf } from './place.js';

/** What the books need of a job beside what ran of it. */
export type About = Pick<Job, 'team' | 'instanceType' | 'submittedAt'>;

const orNull = (value: number) => (Number.isNaN(value) ? null : value);

/** One row per piece, named `<jobId>#<piece>`. emissionsKg is energyKwh × intensityGPerKwh ÷ 1000 to the bit. */
export const booked = (
  ran: readonly Ran[],
  rows: readonly EvidencePlace[],
  of: {
    readonly about: ReadonlyMap<string, About>;
    readonly currency: string;
  },
): { id: string; value: BookedPiece }[] => {
  const places = placesOf(rows, null);
  const sources = new Map(rows.map((row) => [row.region, row.carbon?.source ?? null]));
  const counts = new Map<string, number>();
  return ran.map((piece) => {
    const nth = counts.get(piece.jobId) ?? 0;
    counts.set(piece.jobId, nth + 1);
    const place = places.get(piece.region);
    const [from, to] = [toEpoch(piece.start), toEpoch(piece.end)];
    const intensity = place?.carbon ? orNull(place.carbon.mean(from, to)) : null;
    const price = place?.price ? orNull(place.price.mean(from, to)) : null;
    const job = of.about.get(piece.jobId);
    const perHour = job && place ? place.instancePrice(job.instanceType) : null;
    const tenant = place?.payer === 'tenant';
    return {
      id: `${piece.jobId}#${nth}`,
      value: {
        jobId: piece.jobId,
        team: job?.team ?? 'unknown',
        submittedAt: job?.submittedAt ?? null,
        region: piece.region,
        start: piece.start,
        end: piece.end,
        energyKwh: piece.energyKwh,
        intensityGPerKwh: intensity,
        emissionsKg: intensity === null ? null : (piece.energyKwh * intensity) / 1000,
        energyCost: tenant ? 0 : price === null ? null : (piece.energyKwh * price) / 1000,
        instanceCost: perHour === null ? null : perHour * ((to - from) / 3600),
        currency: of.currency,
        source: piece.source,
        signalSource: sources.get(piece.region) ?? null,
      },
    };
  });
};
