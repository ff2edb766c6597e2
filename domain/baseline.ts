/** The baseline that a plan is measured against, frozen in the ledger before the plan is: nobody chooses it afterwards. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Job, jobText } from './job.js';
import type { Placement, Recommendation } from './plan.js';
import { defineCollection, type Tx } from './store.js';
import type { Instant } from './time.js';

/** SHA-256 over rows in their order, one JSON array a line; the same rows give the same digest on every machine. */
class RowDigest {
  readonly #hash = createHash('sha256');
  rows = 0;
  protected line(fields: readonly (string | number)[]) {
    this.#hash.update(`${JSON.stringify(fields)}\n`);
    this.rows++;
  }
  hex(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Over everything that is said of each job that has a place. */
export class JobsDigest {
  readonly #hash = createHash('sha256');
  add(job: Job) {
    this.#hash.update(`${jobText(job)}\n`);
  }
  hex(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Over every member of each placement. */
export class PlacementsDigest extends RowDigest {
  add(pieces: readonly Placement[]) {
    for (const p of pieces)
      this.line([
        p.jobId,
        p.region,
        p.start,
        p.end,
        p.energyKwh,
        p.emissionsKg,
        p.energyCost,
        p.instanceCost,
        p.egressCost,
      ]);
  }
}

/** Over what each recommendation promises. */
export class ClaimedDigest extends RowDigest {
  add(r: Recommendation) {
    this.line([r.jobId, r.team, r.savedKg, r.savedCost]);
  }
}

export const Baseline = z.strictObject({
  planId: z.string(),
  planDigest: z.string(),
  baselineDigest: z.string().describe('SHA-256 over the rows of BASELINE'),
  baselineRows: z.number().int().min(0),
  claimedDigest: z.string().describe('SHA-256 over what the recommendations promise'),
  claimedRows: z.number().int().min(0),
});
export type Baseline = z.infer<typeof Baseline>;

/** By plan id: where in the ledger its baseline is frozen. */
export const FROZEN_BASELINES = defineCollection(
  'frozen-baselines',
  z.strictObject({ seq: z.number().int().min(0), hash: z.string(), baseline: Baseline }),
);

export const BASELINE_KIND = 'baseline';

/** Appends the entry `baseline`, and keeps where it is, in the transaction that writes the plan. */
export const freezeBaseline = async (
  tx: Tx,
  baseline: Baseline,
  by: { at: Instant; actor: string; cause: string | null },
): Promise<void> => {
  const [entry] = await tx.entries.append([
    { kind: BASELINE_KIND, ...by, subject: baseline.planId, data: { ...baseline } },
  ]);
  await tx.collection(FROZEN_BASELINES).put(baseline.planId, { seq: entry!.seq, hash: entry!.hash, baseline });
};
