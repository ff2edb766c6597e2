/**
 * Nothing is claimed twice: a kilogram or kilowatt-hour that one record claims cannot be claimed by another. What is claimed
 * is the run that did not happen: the job, and the hours in which it would have run.
 */
import { z } from 'zod';
import { defineRows } from '../store.js';
import { fromEpoch, Instant, toEpoch } from '../time.js';

/** `carbon` kg avoided, `energy` kWh avoided (what a token stands for), `flexibility` kW delivered to a grid operator. */
export const ClaimKind = z.enum(['carbon', 'energy', 'flexibility']);
export type ClaimKind = z.infer<typeof ClaimKind>;

export const Claim = z.strictObject({
  kind: ClaimKind,
  jobId: z.string(),
  start: Instant.describe('from when the job would have run'),
  end: Instant.describe('exclusive'),
  by: z.string().describe('the record that claims it'),
});
export type Claim = z.infer<typeof Claim>;

/** Rows by kind and UTC day, named by job id and start; a claim over midnight is a row in each day. */
export const CLAIMS = defineRows('claims', Claim);

const DAY = 86_400;

export const claimSet = (kind: ClaimKind, day: number): string => `${kind}/${fromEpoch(day * DAY).slice(0, 10)}`;
export const claimId = (claim: Pick<Claim, 'jobId' | 'start'>): string => `${claim.start}/${claim.jobId}`;

/** The days since the epoch that a span touches. */
export const daysOf = ({ start, end }: Pick<Claim, 'start' | 'end'>): number[] => {
  const first = Math.floor(toEpoch(start) / DAY);
  const last = Math.ceil(toEpoch(end) / DAY) - 1;
  return Array.from({ length: Math.max(1, last - first + 1) }, (_, i) => first + i);
};

/** Whether two claims want the same thing. */
export const collide = (a: Claim, b: Claim): boolean =>
  a.kind === b.kind && a.jobId === b.jobId && a.start < b.end && b.start < a.end;
