/** The evidence record: made from rows, published as JSON Schema, recomputed from nothing but itself. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Contracts } from '../../domain/contract.js';
import { canonicalJson, digest, shortId } from '../../domain/digest.js';
import { MAX_ENTRY_BYTES } from '../../domain/evidence/evidence.js';
import { type Constants, type EvidenceJob, type EvidencePlace, EvidenceRecord } from '../../domain/evidence/record.js';
import { Fault } from '../../domain/fault.js';
import type { CarbonKind } from '../../domain/signal.js';
import { digestOfLines, METHOD, type Verified, verify } from './verify.js';

export interface Rows {
  readonly jobs: readonly EvidenceJob[];
  readonly places: readonly EvidencePlace[];
  readonly contracts: Contracts | null;
}

export const digestsOf = (rows: Rows) => ({
  jobs: { count: rows.jobs.length, digest: digestOfLines(rows.jobs.map((row) => JSON.stringify(row))) },
  places: { count: rows.places.length, digest: digestOfLines(rows.places.map((row) => canonicalJson(row))) },
  contracts: rows.contracts === null ? null : digest(rows.contracts),
});

/** Draws depend on the jobs alone: revised signals are measured with the same dice. */
export const seedOf = (jobsDigest: string): number => Number.parseInt(jobsDigest.slice(0, 8), 16);

export const verifyRows = (
  rows: Rows,
  of: {
    readonly kind: CarbonKind;
    readonly constants: Constants;
    readonly frozen: boolean;
    readonly unplanned: { readonly jobs: number; readonly energyKwh: string };
    readonly jobsDigest: string;
  },
): Verified => verify({ ...rows, ...of, seed: seedOf(of.jobsDigest) });

let software: { name: string; version: string } | undefined;
export const softwareOf = () => {
  software ??= z
    .object({ name: z.string(), version: z.string() })
    .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
  return software;
};

export const methodOf = (constants: Constants): EvidenceRecord['method'] => ({ ...METHOD, constants });

/** A record names itself by what it says: whoever changes a digit of it, or a constant, has another record in hand. */
export const named = (content: Omit<EvidenceRecord, 'id' | 'verificationId' | 'rows'>): EvidenceRecord => {
  const verificationId = shortId('V', content);
  return { ...content, id: verificationId.replace('V-', 'E-'), verificationId };
};

/** Throws Fault `unsupported` when the record does not fit into a ledger entry. */
export const requireSize = (record: EvidenceRecord): void => {
  const bytes = Buffer.byteLength(canonicalJson(record));
  // Sequence number, hashes, actor and times take their part.
  if (bytes > MAX_ENTRY_BYTES - 2048)
    throw new Fault(
      'unsupported',
      `the evidence record takes ${bytes} bytes; a ledger entry holds ${MAX_ENTRY_BYTES}`,
      'Plan and verify in smaller windows.',
    );
};

export interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly recorded: string;
  readonly recomputed: string;
}

/** Recomputes a record from its own rows and compares to the last bit. A record without rows cannot be recomputed. */
export const recompute = (record: EvidenceRecord): Check[] => {
  const { rows, id, verificationId, ...content } = record;
  const { inputs, method } = content;
  if (!rows)
    throw new Fault(
      'invalid-input',
      `record ${record.id} comes without rows`,
      'Give the exported file, which carries them: caco export --evidence ID --out FILE.',
    );
  const found = digestsOf(rows);
  const checks: Check[] = [];
  const compare = (what: string, recorded: unknown, recomputed: unknown) => {
    const [a, b] = [text(recorded), text(recomputed)];
    checks.push({ what, ok: a === b, recorded: a, recomputed: b });
  };
  const itself = named(content);
  compare('id', id, itself.id);
  compare('verificationId', verificationId, itself.verificationId);
  compare('method', `${method.name} ${method.version}`, `${METHOD.name} ${METHOD.version}`);
  compare('inputs.jobs', inputs.jobs, found.jobs);
  compare('inputs.places', inputs.places, found.places);
  compare('inputs.contracts', inputs.contracts, found.contracts);
  const { output } = verifyRows(rows, {
    kind: inputs.kind,
    constants: method.constants,
    frozen: inputs.baseline.ledgerSeq !== null,
    unplanned: inputs.unplanned,
    jobsDigest: found.jobs.digest,
  });
  for (const path of differing(record.output, output, 'output')) checks.push(path);
  if (checks.every((c) => !c.what.startsWith('output'))) compare('output', digest(record.output), digest(output));
  return checks;
};

const text = (value: unknown) => (typeof value === 'string' ? value : canonicalJson(value ?? null));

/** Leaves that differ, at most 50. */
const differing = (recorded: unknown, recomputed: unknown, path: string, found: Check[] = []): Check[] => {
  if (found.length >= 50) return found;
  const isTree = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null;
  if (isTree(recorded) && isTree(recomputed) && Array.isArray(recorded) === Array.isArray(recomputed)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(recomputed)]))
      differing(recorded[key], recomputed[key], `${path}.${key}`, found);
  } else if (text(recorded) !== text(recomputed))
    found.push({ what: path, ok: false, recorded: text(recorded), recomputed: text(recomputed) });
  return found;
};

/** JSON Schema (draft 2020-12) of `caco-evidence/1`, as published under docs/schemas. */
export const evidenceSchema = (): Record<string, unknown> => ({
  $id: 'caco-evidence/1',
  title: 'CACO evidence record',
  ...z.toJSONSchema(EvidenceRecord, { target: 'draft-2020-12' }),
});
