/** What was done, measured or claimed, as the ledger keeps it. */
import { z } from 'zod';
import { Instant } from './time.js';

/** The body of one ledger entry; the ledger adds its sequence number and hashes. Numbers that matter are decimal text. */
export const EntryBody = z.strictObject({
  kind: z.string().describe('what happened: the tool’s name, or a record such as baseline or verification'),
  at: Instant,
  actor: z.string(),
  cause: z.string().nullable().describe('the run, approval or request that this belongs to'),
  subject: z.string().nullable().describe('the id of what it is about'),
  data: z.json(),
});
export type EntryBody = z.infer<typeof EntryBody>;

export const Entry = z.strictObject({
  seq: z.number().int().min(0),
  prevHash: z.string(),
  hash: z.string().describe('SHA-256 of the canonical JSON of the entry without this member'),
  body: EntryBody,
});
export type Entry = z.infer<typeof Entry>;
