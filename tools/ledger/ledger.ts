/** The ledger's tools, over the World's port: what was written, whether it still stands, and how a stranger checks it. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { Audit, Checkpoint, Entry } from '../../domain/evidence/evidence.js';
import { Fault, notFound } from '../../domain/fault.js';
import type { Ledger } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { findBack } from './find.js';

export { auditFile } from './audit-file.js';
export { fileEntries } from './file-entries.js';
export { keepSigning, openLedger } from './open-ledger.js';
export type { SigningLedger } from './store-ledger.js';
export { openWitness, runWitness, type Witness, type WitnessAnswer, type WitnessSource } from './witness.js';
export { askWitness } from './witness-client.js';
export { serveWitness } from './witness-server.js';

const seq = z.number().int().min(0).describe('sequence number of an entry, counted from 0');

const Line = Entry.pick({ seq: true, hash: true }).extend(Entry.shape.body.omit({ data: true }).shape);

export const listLedger = defineTool({
  name: 'list_ledger',
  title: 'List ledger entries',
  description:
    'The newest ledger entries first: what happened, when, by whom and for which run. Narrow it by run, subject, kind or actor; page with `before`.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    before: seq.optional().describe('only entries below this sequence number; the newest when left out'),
    limit: z.number().int().min(1).max(500).default(20).describe('at most this many entries'),
    cause: z.string().optional().describe('id of the run, approval or request that entries belong to'),
    subject: z.string().optional().describe('id of what entries are about'),
    kind: z.string().optional().describe('tool or record, for example make_plan'),
    actor: z.string().optional().describe('who did it, for example cli:ann'),
  }),
  output: z.strictObject({
    entries: z.array(Line),
    size: z.number().int().describe('entries in the ledger'),
    next: seq.nullable().describe('give it as `before` to go on; null when the beginning was reached'),
  }),
  run: async ({ before, limit, ...wanted }, { ledger }) => {
    const size = await ledger.size();
    const { found, next } = await findBack(ledger, wanted, Math.min(before ?? size, size), limit);
    const entries = found.map(({ seq, hash, body: { data: _, ...body } }) => ({ seq, hash, ...body }));
    return { entries, size, next };
  },
  tell: ({ entries, size }) =>
    `${entries.length} of ${size} ledger entries.\n${entries.map((e) => `${e.seq} ${e.at} ${e.kind} ${e.actor}`).join('\n')}`.trim(),
});

export const getEvidence = defineTool({
  name: 'get_evidence',
  title: 'Get evidence',
  description:
    'Ledger entries in full: one by its sequence number, or the newest about a subject such as a plan or a verification record.',
  toolset: 'proof',
  effect: 'reads',
  input: z
    .strictObject({
      seq: seq.optional(),
      subject: z.string().optional().describe('id of what the entries are about; instead of seq'),
    })
    .refine((i) => (i.seq === undefined) !== (i.subject === undefined), 'give either seq or subject'),
  output: z.strictObject({
    entries: z.array(Entry).describe('newest first, at most 20'),
    signed: z.boolean().describe('the newest checkpoint covers all of them; false: only the chain protects the rest'),
    checkpoint: Checkpoint.nullable().describe('the newest signed state; null before the first signature'),
    next: seq.nullable().describe('where the search stopped; null when all of the ledger was searched'),
  }),
  run: async ({ seq, subject }, { ledger }) => {
    const size = await ledger.size();
    const { found, next } =
      seq === undefined
        ? await findBack(ledger, { subject }, size, 20)
        : { found: (await ledger.read(seq, 1)).filter((e) => e.seq === seq), next: null };
    const newest = found[0];
    if (!newest) throw await nothingAt(ledger, seq === undefined ? `about ${subject}` : String(seq));
    const checkpoint = await ledger.head();
    return { entries: found, signed: checkpoint !== null && checkpoint.size > newest.seq, checkpoint, next };
  },
  tell: ({ entries, signed, checkpoint }) => {
    const what = entries.map((e) => `Entry ${e.seq}: ${e.body.kind} by ${e.body.actor} at ${e.body.at}`).join('\n');
    return `${what}\n${signed ? `Signed at ${checkpoint?.size} entries, ${witnessedText(checkpoint)}.` : 'Not signed yet.'}`;
  },
});

export const auditLedger = defineTool({
  name: 'audit_ledger',
  title: 'Audit the ledger',
  description:
    'Reads the whole ledger and checks chain, tree, signatures and that nothing signed was changed; names the first bad entry. With `since`, also that it continues a checkpoint somebody kept.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    since: z
      .string()
      .optional()
      .describe('text of a signed checkpoint that was kept elsewhere: the ledger must continue it'),
  }),
  output: Audit,
  run: ({ since }, { ledger }, { signal, progress }) =>
    ledger.audit({ since, signal, progress: (done, total) => progress({ done, total, note: 'entries read' }) }),
  tell: (a) =>
    a.firstBad
      ? `The ledger is broken at entry ${a.firstBad.seq}: ${a.firstBad.what}.`
      : `The ledger is sound: ${a.size} entries, ${a.checkpointsChecked} checkpoints hold, ${a.unsignedEntries} entries not signed yet, ${a.witnessed ? 'witnessed' : 'unwitnessed'}.`,
});

export const proveLedger = defineTool({
  name: 'prove_ledger',
  title: 'Prove a ledger entry',
  description:
    'An inclusion proof of one entry (c2sp.org/tlog-proof@v1) and the bytes that it proves. Signs the newest state first when no checkpoint covers the entry.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({ seq }),
  output: z.strictObject({
    seq,
    leaf: z.string().describe('the entry’s bytes, without a newline'),
    bundle: z.string().describe('contents of a .tlog-proof file'),
    checkpoint: Checkpoint,
  }),
  run: async ({ seq }, { ledger }) => ({ seq, ...(await ledger.prove(seq)) }),
  tell: ({ seq, checkpoint }) =>
    `Entry ${seq} is in ${checkpoint.origin} as signed at ${checkpoint.size} entries, ${witnessedText(checkpoint)}.`,
});

export const getCheckpoint = defineTool({
  name: 'get_ledger_checkpoint',
  title: 'Get a signed checkpoint',
  description:
    'The signed state of the ledger as it is now. Keep it elsewhere: `audit_ledger` with it finds out later whether anything was changed or removed.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({}),
  output: Checkpoint,
  run: (_, { ledger }) => ledger.checkpoint(),
  tell: (c) => `${c.origin}: ${c.size} entries, root ${c.root}, ${witnessedText(c)}.`,
});

export const exportLedger = defineTool({
  name: 'export_ledger',
  title: 'Export the ledger',
  description:
    'Writes records.ndjson, tiles/ (C2SP tlog-tiles) and vkeys.txt into a folder, as of a checkpoint made now.',
  toolset: 'proof',
  effect: 'records',
  input: z.strictObject({
    folder: z.string().refine(isAbsolute, 'must be an absolute path').describe('where to write'),
  }),
  output: z.strictObject({ checkpoint: Checkpoint, files: z.array(z.string()) }),
  run: ({ folder }, { ledger }, { actor, signal, progress }) => {
    // A name that a peer sends must not choose where this machine writes.
    if (actor.via !== 'cli')
      throw new Fault(
        'forbidden',
        'an export is written by a person on this machine',
        'Run `caco ledger export --out DIR` here; over HTTP read entries with list_ledger and prove_ledger.',
      );
    return ledger.exportTo(folder, {
      signal,
      progress: (done, total) => progress({ done, total, note: 'entries written' }),
    });
  },
  tell: ({ checkpoint, files }) =>
    `${checkpoint.size} entries written, ${witnessedText(checkpoint)}: ${files.join(', ')}.`,
});

const witnessedText = (checkpoint: Checkpoint | null): string =>
  checkpoint && checkpoint.witnesses.length > 0 ? `witnessed by ${checkpoint.witnesses.join(', ')}` : 'unwitnessed';

const nothingAt = async (ledger: Ledger, what: string): Promise<Fault> => {
  const size = await ledger.size();
  return notFound(
    `the ledger has no entry ${what}`,
    size === 0 ? 'It is empty: run `caco launch` first.' : `It holds entries 0 to ${size - 1}: \`caco ledger tail\`.`,
  );
};

export const ledgerTools = [listLedger, getEvidence, auditLedger, proveLedger, getCheckpoint, exportLedger] as const;
