/** The tools that show verified records: those that stand, and what one says of a team. */
import { z } from 'zod';
import {
  findingOf,
  VERIFICATIONS,
  VERIFIED_JOBS,
  Verification,
  VerifiedJob,
} from '../../domain/evidence/verification.js';
import { invalid, notFound } from '../../domain/fault.js';
import { counted, isNothing, massText } from '../../domain/figures.js';
import { Listing, listing, Next } from '../../domain/listing.js';
import type { Store } from '../../domain/store.js';
import { Instant } from '../../domain/time.js';
import { defineTool } from '../tool.js';

/** Records that a later one replaced, because revised actuals came in. */
const revisedIn = async (store: Store): Promise<Set<string>> => {
  const revised = new Set<string>();
  await listing(store, VERIFICATIONS, { limit: 1 }, ({ supersedes }) => {
    if (supersedes !== null) revised.add(supersedes);
    return false;
  });
  return revised;
};

export const listVerifications = defineTool({
  name: 'list_verifications',
  title: 'List verified records',
  description:
    'What was verified as saved, newest first: each record with its interval, what had been claimed, causes of the difference and teams. A record that was revised is left out, and counted.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    ...Listing,
    planId: z.string().optional().describe('records of this plan only'),
    from: Instant.optional().describe('verified at this time or later'),
    to: Instant.optional().describe('verified before this time'),
  }),
  output: z.strictObject({
    verifications: z.array(Verification),
    revised: z.number().int().describe('records that a later one replaced, whenever they were made'),
    next: Next,
  }),
  run: async ({ planId, from, to, ...page }, { store }) => {
    const revised = await revisedIn(store);
    const { found, next } = await listing(
      store,
      VERIFICATIONS,
      page,
      (v) =>
        !revised.has(v.id) &&
        (planId === undefined || v.planId === planId) &&
        (from === undefined || v.at >= from) &&
        (to === undefined || v.at < to),
    );
    return { verifications: found, revised: revised.size, next };
  },
  tell: ({ verifications }) =>
    verifications.length === 0
      ? 'Nothing was verified.'
      : verifications.map((v) => `${v.id}, plan ${v.planId}: ${findingOf(v)}`).join('\n'),
});

export const sumClaims = defineTool({
  name: 'sum_claims',
  title: 'Sum up what was claimed',
  description: 'What plans had promised a team, summed over the jobs of verified records.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    ids: z.array(z.string()).min(1).max(1000).describe('ids of verified records'),
    team: z.string().min(1).describe('the team'),
  }),
  output: z.strictObject({
    claimedKg: z.number().describe('kg CO2e'),
    jobs: z.number().int().describe('verified jobs of the team'),
  }),
  run: async ({ ids, team }, { store }) => {
    const sum = { claimedKg: 0, jobs: 0 };
    for (const id of ids) {
      if (!(await store.collection(VERIFICATIONS).get(id)))
        throw notFound(`there is no verified record ${id}`, '`caco verify RUN` makes one.');
      for await (const page of store.rows(VERIFIED_JOBS).pages(id))
        for (const job of page)
          if (job.team === team) {
            sum.claimedKg += job.claimedKg;
            sum.jobs++;
          }
    }
    return sum;
  },
  tell: (o) =>
    `${isNothing(o.claimedKg) ? 'No change' : o.claimedKg > 0 ? `A saving of ${massText(o.claimedKg)} CO2e` : `${massText(-o.claimedKg)} CO2e more`} had been claimed over ${counted(o.jobs, 'job')}.`,
});

export const listVerifiedJobs = defineTool({
  name: 'list_verified_jobs',
  title: 'List verified jobs',
  description:
    'The moved jobs of one verified record, each as it ran against as it would have run, in pages; some of them by id.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    id: z.string().min(1).describe('id of a verified record'),
    jobIds: z.array(z.string()).max(200).optional().describe('only those of these jobs that are in it'),
    limit: z.number().int().min(1).max(5000).default(1000).describe('jobs in one answer, in the order of the record'),
    cursor: z.string().optional().describe('the next cursor of the answer before'),
  }),
  output: z.strictObject({ jobs: z.array(VerifiedJob), next: Next }),
  run: async ({ id, jobIds, limit, cursor }, { store }) => {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
      throw invalid('the cursor is not one of ours', 'Use the member next of the answer before.');
    if (!(await store.collection(VERIFICATIONS).get(id)))
      throw notFound(`there is no verified record ${id}`, '`caco verify RUN` makes one.');
    const rows = store.rows(VERIFIED_JOBS);
    if (jobIds !== undefined) return { jobs: [...(await rows.findAll(id, jobIds)).values()], next: null };
    const { items, next } = await rows.page(id, { after: cursor, limit });
    return { jobs: items, next };
  },
  tell: ({ jobs }) => `${counted(jobs.length, 'verified job')}.`,
});
