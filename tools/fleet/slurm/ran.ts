/** What ran, by Slurm's accounts: every life of a job, with measured energy where a plugin measures it. */
import { Fault } from '../../../domain/fault.js';
import type { Placement } from '../../../domain/plan.js';
import { fromEpoch, type Instant, toEpoch } from '../../../domain/time.js';
import type { Ran } from '../../../domain/world.js';
import { READERS, Reading } from '../formats/formats.js';
import type { Slurm } from './commands.js';
import type { Controller } from './controller.js';

/** A job of an order, as it was planned. */
export interface Ordered {
  /** Slurm's number */
  readonly target: string;
  readonly piece: Placement;
  /** facility kWh per kWh of machines at its site */
  readonly pue: number;
  /** lives before it are another order’s, or nobody’s; absent in books of before */
  readonly orderedAt: Instant | undefined;
}

/** No names and no comments: they may hold what parts columns. */
const COLUMNS = 'JobID,State,User,Account,Submit,Eligible,Start,End,ElapsedRaw,AllocCPUS,AllocTRES,ConsumedEnergyRaw';

/** Numbers in one call: a command line has an end. */
export const MOST_IDS = 500;

/**
 * Each life of each job that took any time; one that still runs ends now. Without a plugin energy is modelled: what was planned,
 * by the time that it took. Throws Fault `unavailable` where there are no accounts.
 */
export const ranOf = async (
  slurm: Slurm,
  controller: Controller,
  ordered: readonly Ordered[],
  now: Instant,
): Promise<Ran[]> => {
  if (!controller.keepsAccounts)
    throw new Fault(
      'unavailable',
      'this cluster keeps no accounts of what ran (AccountingStorageType)',
      'Set up slurmdbd, and verify then: Slurm itself forgets a job some minutes after its end.',
    );
  const byTarget = new Map(ordered.map((one) => [one.target, one]));
  const lives = await livesOf(slurm, [...byTarget.keys()], controller.measuresEnergy);
  return lives.flatMap(({ target, start, seconds, itKwh }): Ran[] => {
    const { piece, pue, orderedAt } = byTarget.get(target)!;
    if (orderedAt !== undefined && start < orderedAt) return [];
    const end = Math.min(toEpoch(start) + seconds, toEpoch(now));
    if (end <= toEpoch(start)) return [];
    const planned = toEpoch(piece.end) - toEpoch(piece.start);
    const [energyKwh, source] =
      itKwh === null
        ? [(piece.energyKwh / planned) * (end - toEpoch(start)), 'modelled' as const]
        : [itKwh * pue, 'measured' as const];
    return [{ jobId: piece.jobId, region: piece.region, start, end: fromEpoch(end), energyKwh, source }];
  });
};

interface Life {
  readonly target: string;
  readonly start: Instant;
  readonly seconds: number;
  /** null: nobody measured it */
  readonly itKwh: number | null;
}

/** Components of a heterogeneous job (`5+0`, `5+1`) are one life: they start together, and what they used is added. */
const livesOf = async (slurm: Slurm, targets: readonly string[], measured: boolean): Promise<Life[]> => {
  const lives = new Map<string, Life>();
  for (let from = 0; from < targets.length; from += MOST_IDS) {
    const asked = targets.slice(from, from + MOST_IDS);
    const wanted = new Set(asked);
    const args = ['-P', '-D', '-a', '-j', asked.join(','), '-o', COLUMNS];
    const reading = new Reading({ unit: null, start: null, timeZone: 'UTC', clusterId: null });
    for await (const rows of READERS.sacct(slurm.stream('sacct', args), reading))
      for (const row of rows) {
        if ('code' in row) continue;
        const target = row.slurm!.id.replace(/\+\d+$/, '');
        if (!wanted.has(target) || row.startedAt === undefined) continue;
        const hours = row.durationHours!;
        const key = `${target} ${row.startedAt}`;
        const before = lives.get(key);
        const itKwh = measured && row.powerKw != null ? row.powerKw * hours : null;
        lives.set(key, {
          target,
          start: row.startedAt,
          seconds: Math.max(before?.seconds ?? 0, Math.round(hours * 3600)),
          itKwh: before === undefined ? itKwh : before.itKwh === null || itKwh === null ? null : before.itKwh + itKwh,
        });
      }
  }
  return [...lives.values()];
};
