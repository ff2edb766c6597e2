/** The books of a period: every piece that really ran, from the verification of its plan that holds now. */
import { nano, nanoText } from '../../domain/decimal.js';
import { BOOKED, type BookedPiece, NEWEST_VERIFICATION, VERIFICATIONS } from '../../domain/evidence/verification.js';
import { Fault, notFound } from '../../domain/fault.js';
import type { Instant } from '../../domain/time.js';
import type { World } from '../../domain/world.js';

export interface Entry extends BookedPiece {
  readonly planId: string;
  readonly verificationId: string;
}

export interface Books {
  readonly entries: readonly Entry[];
  /** Pieces whose intensity is not known: left out and told, never counted as zero. */
  readonly omitted: number;
  readonly verifications: readonly string[];
  readonly from: Instant;
  readonly to: Instant;
}

export interface Period {
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
  readonly planId?: string | undefined;
  readonly region?: string | undefined;
  readonly team?: string | undefined;
}

/** What one document may hold; larger books are exported period by period. */
const MOST = 500_000;

/**
 * In order of start, then job. A piece belongs to the period in which it starts. Throws Fault `not-found` when nothing is in
 * the books, `unsupported` when it is too much for one document.
 */
export const booksOf = async (world: World, period: Period, signal: AbortSignal): Promise<Books> => {
  const { store } = world;
  const entries: Entry[] = [];
  const verifications: string[] = [];
  let omitted = 0;
  // A simulated fleet can be made to run a job once for every plan that holds it, also when their queues reach differently
  // far; the newest order is where it ran. A real one may tell one piece under two orders.
  const ran = new Map<string, string>();
  const ranElsewhere = (piece: BookedPiece, by: string) => {
    const { jobId, team, submittedAt, region, start, end } = piece;
    const key = JSON.stringify([
      jobId,
      team,
      submittedAt,
      ...(piece.source === 'simulated' ? [] : [region, start, end]),
    ]);
    if (!ran.has(key)) ran.set(key, by);
    return ran.get(key) !== by;
  };
  const wants = (piece: BookedPiece) =>
    (period.from === undefined || piece.start >= period.from) &&
    (period.to === undefined || piece.start < period.to) &&
    (period.region === undefined || piece.region === period.region) &&
    (period.team === undefined || piece.team === period.team);
  for await (const { id, planId } of standing(world)) {
    if (period.planId !== undefined && planId !== period.planId) continue;
    let used = false;
    for await (const page of store.rows(BOOKED).pages(id)) {
      signal.throwIfAborted();
      for (const piece of page) {
        if (ranElsewhere(piece, id) || !wants(piece)) continue;
        used = true;
        if (piece.intensityGPerKwh === null) omitted++;
        else entries.push({ ...piece, planId, verificationId: id });
      }
      if (entries.length > MOST)
        throw new Fault(
          'unsupported',
          `more than ${MOST} pieces ran in this period`,
          'Export shorter periods: --from T --to T.',
        );
    }
    if (used) verifications.push(id);
  }
  const [first] = entries;
  if (!first)
    throw notFound(
      omitted > 0
        ? `none of ${omitted} pieces in this period has a known intensity`
        : 'nothing that ran in this period is in the books',
      'Books are written when a plan is verified: caco verify RUN. Then export that period.',
    );
  const currencies = new Set(entries.map((e) => e.currency));
  if (currencies.size > 1)
    throw new Fault(
      'unsupported',
      `these books are in ${[...currencies].sort().join(' and ')}`,
      'Export one plan or region at a time; amounts of different currencies are not added.',
    );
  entries.sort((a, b) => (a.start === b.start ? (a.jobId < b.jobId ? -1 : 1) : a.start < b.start ? -1 : 1));
  return {
    entries,
    omitted,
    verifications,
    from: period.from ?? entries[0]!.start,
    to: period.to ?? entries.reduce((latest, e) => (e.end > latest ? e.end : latest), first.end),
  };
};

/** The verification of each plan that holds now, newest plan first. */
async function* standing(world: World): AsyncGenerator<{ id: string; planId: string }> {
  for (let after: string | undefined; ; ) {
    const page = await world.store.collection(NEWEST_VERIFICATION).list({ after, limit: 500 });
    for (const { value } of page) {
      const verification = (await world.store.collection(VERIFICATIONS).get(value.verificationId))?.value;
      if (verification) yield { id: verification.id, planId: verification.planId };
    }
    if (page.length < 500) return;
    after = page.at(-1)!.id;
  }
}

/** Only what has a price: a FOCUS row must state what was billed. Throws Fault `not-found` when nothing has one. */
export const pricedOf = (books: Books): Books => {
  const entries = books.entries.filter((e) => e.energyCost !== null && e.instanceCost !== null);
  if (entries.length === 0)
    throw notFound(
      `none of ${books.entries.length} pieces in this period has a known price`,
      'Give the site a tariff (caco site import FILE), or export --if or --codecarbon, which need none.',
    );
  return { ...books, entries, omitted: books.omitted + books.entries.length - entries.length };
};

export interface Totals {
  readonly energyKwh: string;
  readonly emissionsKg: string;
  /** null: a price is not known. */
  readonly cost: string | null;
  readonly currency: string;
}

/** Exact sums of what is in the books. */
export const totalsOf = ({ entries }: Books): Totals => {
  let [energy, kg, cost] = [0n, 0n, 0n];
  let priced = true;
  for (const e of entries) {
    energy += nano(e.energyKwh);
    kg += nano(e.emissionsKg!);
    if (e.energyCost === null || e.instanceCost === null) priced = false;
    else cost += nano(e.energyCost) + nano(e.instanceCost);
  }
  return {
    energyKwh: nanoText(energy),
    emissionsKg: nanoText(kg),
    cost: priced ? nanoText(cost) : null,
    currency: entries[0]!.currency,
  };
};
