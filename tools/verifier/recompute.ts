/** The tool that recomputes an evidence record from its own rows and compares it bit for bit, with the ledger's copy too. */
import { z } from 'zod';
import { canonicalJson } from '../../domain/digest.js';
import {
  EVIDENCE,
  EVIDENCE_CONTRACTS,
  EVIDENCE_ENTRIES,
  EVIDENCE_JOBS,
  EVIDENCE_PLACES,
  type EvidenceJob,
  type EvidencePlace,
  EvidenceRecord,
} from '../../domain/evidence/record.js';
import { VERIFICATIONS } from '../../domain/evidence/verification.js';
import { invalid, notFound } from '../../domain/fault.js';
import { counted, savedMassText } from '../../domain/figures.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { type Check, recompute } from './evidence.js';

export const recomputeEvidence = defineTool({
  name: 'recompute_evidence',
  title: 'Recompute evidence',
  description:
    'Recomputes an evidence record (caco-evidence/1) from the rows that it carries, or that are kept here, and compares every figure bit for bit; also with the ledger entry where this ledger holds it.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    evidenceId: z
      .string()
      .min(1)
      .optional()
      .describe('a record that is kept here: id of the evidence or of its verification'),
    record: EvidenceRecord.optional().describe('a record from elsewhere, with its rows'),
  }),
  output: z.strictObject({
    evidenceId: z.string(),
    ok: z.boolean(),
    checks: z.array(
      z.strictObject({ what: z.string(), ok: z.boolean(), recorded: z.string(), recomputed: z.string() }),
    ),
    ledgerSeq: z.number().int().nullable().describe('entry of this ledger that holds the record; null: none'),
    jobs: z.number().int(),
  }),
  run: async ({ evidenceId, record: given }, world) => {
    if ((evidenceId === undefined) === (given === undefined))
      throw invalid('one record is recomputed at a time', 'Give evidenceId or record, and only one of them.');
    const record = given ?? (await recordWithRows(world, evidenceId!));
    const checks: Check[] = recompute(record);
    const kept = (await world.store.collection(EVIDENCE_ENTRIES).get(record.id))?.value;
    if (kept) {
      const [entry] = await world.ledger.read(kept.seq, 1);
      const { rows: _, ...head } = record;
      const [a, b] = [canonicalJson(head), canonicalJson(entry?.body.data ?? null)];
      checks.push({ what: `ledger entry ${kept.seq}`, ok: a === b && entry?.hash === kept.hash, ...inShort(a, b) });
    }
    return {
      evidenceId: record.id,
      ok: checks.every((c) => c.ok),
      checks,
      ledgerSeq: kept?.seq ?? null,
      jobs: record.inputs.jobs.count,
    };
  },
  tell: (o) => {
    const bad = o.checks.filter((c) => !c.ok);
    return bad.length === 0
      ? `${o.evidenceId}: recomputed from ${counted(o.jobs, 'job')}, the same to the last bit${o.ledgerSeq === null ? '; this ledger does not hold it' : `, and as ledger entry ${o.ledgerSeq} has it`}.`
      : `${o.evidenceId} does not recompute: ${bad
          .slice(0, 3)
          .map((c) => `${c.what} is ${c.recorded.slice(0, 80)}, recomputed ${c.recomputed.slice(0, 80)}`)
          .join('; ')}${bad.length > 3 ? `; and ${bad.length - 3} more` : ''}.`;
  },
});

const inShort = (recorded: string, recomputed: string) => ({
  recorded: recorded.slice(0, 200),
  recomputed: recomputed.slice(0, 200),
});

export const exportEvidence = defineTool({
  name: 'export_evidence',
  title: 'Export evidence',
  description:
    'An evidence record (caco-evidence/1) with all the rows that it is computed from, so that a stranger can recompute it.',
  toolset: 'proof',
  effect: 'reads',
  input: z.strictObject({
    evidenceId: z.string().min(1).describe('id of the evidence or of its verification'),
  }),
  output: z.strictObject({ record: EvidenceRecord }),
  run: async ({ evidenceId }, world) => ({ record: await recordWithRows(world, evidenceId) }),
  tell: ({ record }) =>
    `${record.id}: ${counted(record.output.jobs, 'job')} verified: ${savedMassText(Number(record.output.verified.locationBased.savedKg.value))}; ${record.output.verdict}.`,
});

/** A kept record with its rows. Throws Fault `not-found`. */
export const recordWithRows = async (world: World, id: string): Promise<EvidenceRecord> => {
  const { store } = world;
  const evidenceId = (await store.collection(VERIFICATIONS).get(id))?.value.evidenceId ?? id;
  const record = (await store.collection(EVIDENCE).get(evidenceId))?.value;
  if (!record)
    throw notFound(`there is no evidence ${id}`, 'verify_savings makes it; a verification names it as evidenceId.');
  const jobs: EvidenceJob[] = [];
  for await (const page of store.rows(EVIDENCE_JOBS).pages(evidenceId)) jobs.push(...page);
  const places: EvidencePlace[] = [];
  for await (const page of store.rows(EVIDENCE_PLACES).pages(evidenceId)) places.push(...page);
  const contracts = (await store.collection(EVIDENCE_CONTRACTS).get(evidenceId))?.value ?? null;
  return { ...record, rows: { jobs, places, contracts } };
};
