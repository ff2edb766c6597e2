/** What was done, measured or claimed, as the ledger keeps it. */
import { z } from 'zod';
import { Instant } from '../time.js';

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
  hash: z.string().describe('SHA-256 of its line, as an export spells it'),
  body: EntryBody,
});
export type Entry = z.infer<typeof Entry>;

/** What the first entry names as its predecessor. */
export const GENESIS = '0'.repeat(64);

/** The form of a ledger line; a reader that meets another number must not guess. */
const LINE_VERSION = 1;

/** An entry as it is kept: the body is its canonical JSON. */
export interface EntryText {
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
  readonly body: string;
}

/**
 * An entry's line: the canonical JSON of its body's members with `prev`, `seq` and `v` among them. Its UTF-8 bytes are hashed
 * for the chain and are the leaf of the tree. `body` is canonical JSON, so that the three fall into place by their names: a
 * comma before a quote stands between members only, and `subject` is the last of them.
 */
export const entryText = (seq: number, prevHash: string, body: string): string => {
  const at = body.lastIndexOf(',"subject":');
  const end = body.length - 1;
  const middle = at < 0 ? end : at;
  return `${body.slice(0, middle)},"prev":"${prevHash}","seq":${seq}${body.slice(middle, end)},"v":${LINE_VERSION}}`;
};

/** C2SP tlog-tiles writes an entry's length in 16 bits. */
export const MAX_ENTRY_BYTES = 65_535;

/** A state of the ledger that somebody signed (C2SP tlog-checkpoint). */
export const Checkpoint = z.strictObject({
  origin: z.string().describe('name of the ledger, unique in the world'),
  size: z.number().int().min(0).describe('entries that it covers'),
  root: z.string().describe('Merkle root of these entries, base64'),
  note: z.string().describe('the signed note that states both'),
  witnesses: z.array(z.string()).describe('known witnesses whose cosignature holds; empty: unwitnessed'),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export const Audit = z.strictObject({
  ok: z.boolean(),
  size: z.number().int().min(0).describe('entries found'),
  root: z.string().describe('Merkle root of what was found, base64'),
  witnessed: z.boolean().describe('a known witness has cosigned the newest checkpoint'),
  checkpoint: Checkpoint.nullable().describe('the newest signed one; null when nothing was signed yet'),
  unsignedEntries: z.number().int().min(0).describe('entries after it: only the chain protects these'),
  checkpointsChecked: z.number().int().min(0),
  firstBad: z
    .strictObject({
      seq: z.number().int().min(0).describe('sequence number of the first entry that is not as it was'),
      what: z.string().describe('what is wrong there'),
    })
    .optional(),
});
export type Audit = z.infer<typeof Audit>;
