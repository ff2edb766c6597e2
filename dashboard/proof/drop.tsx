/** Files of an export or of `caco ledger prove`, dropped here and checked here; no server is asked. */
import { useState } from 'preact/hooks';
import { type Check, checkEntry, checkLedger, checkRecord, type Record1 } from './checks.js';
import { Broken, BUNDLE, parseBundle, parseCheckpoint } from './note.js';
import { Steps, Verdict } from './steps.js';

/** What somebody gave us, told apart by what is in it and not by its name. */
interface Given {
  readonly bundle?: string;
  readonly leaf?: string;
  readonly vkeys?: string;
  readonly records?: readonly string[];
  readonly checkpoint?: string;
  readonly record?: Record1;
}

const entryLike = (text: string): boolean => /^\{"actor":/.test(text) && text.includes('"prev":"');

export const givenIn = (text: string): Given | null => {
  if (text.startsWith(BUNDLE)) return { bundle: text };
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length > 0 && lines.every((line) => /^[^\s+]+\+[0-9a-f]{8}\+\S+$/.test(line))) return { vkeys: text };
  if (lines.length === 1 && entryLike(text)) return { leaf: text.replace(/\n$/, '') };
  if (lines.length > 1 && lines.every(entryLike)) return { records: lines };
  if (/^\S+\n\d+\n[A-Za-z0-9+/=]{44}\n/.test(text)) return { checkpoint: text };
  try {
    const value = JSON.parse(text) as { schema?: unknown; record?: unknown };
    const record = (value.schema === 'caco-evidence/1' ? value : value.record) as Record1 | undefined;
    if (record?.inputs && record.output) return { record };
  } catch {
    // It is none of ours.
  }
  return null;
};

const entryOf = (line: string | undefined): { data?: { verificationId?: string } } | null => {
  try {
    return line === undefined ? null : (JSON.parse(line) as { data?: { verificationId?: string } });
  } catch {
    return null;
  }
};

export const checkGiven = async (given: Given): Promise<Check[]> => {
  const checks: Check[] = [];
  const { bundle, records, checkpoint, record, vkeys = '' } = given;
  try {
    const leaf = given.leaf ?? (bundle && records ? records[parseBundle(bundle).index] : undefined);
    if (bundle !== undefined && leaf !== undefined) checks.push(...(await checkEntry(leaf, bundle, vkeys)));
    if (records !== undefined && checkpoint !== undefined)
      checks.push(...(await checkLedger(records, parseCheckpoint(checkpoint), vkeys)));
    if (record !== undefined) {
      const line =
        leaf ??
        records?.find(
          (one) =>
            one.includes(`"${record.verificationId}"`) && entryOf(one)?.data?.verificationId === record.verificationId,
        );
      const entry = entryOf(line);
      if (entry === null)
        checks.push({
          what: 'The record is what the ledger’s entry holds',
          ok: null,
          detail: 'The entry is missing: drop its .leaf, or records.ndjson of an export.',
        });
      checks.push(...(await checkRecord(record, entry)));
    }
  } catch (error) {
    checks.push({
      what: 'The files can be read',
      ok: false,
      detail: error instanceof Broken ? `${error.message}.` : 'One of them is damaged.',
    });
  }
  return checks;
};

const missingOf = (given: Given): string | null => {
  if (given.bundle !== undefined && given.leaf === undefined && given.records === undefined)
    return 'A proof is here; drop the entry too: its .leaf, or records.ndjson of the export.';
  if (given.leaf !== undefined && given.bundle === undefined && given.record === undefined)
    return 'An entry is here; drop its .tlog-proof too.';
  if (given.records !== undefined && given.checkpoint === undefined && given.bundle === undefined)
    return 'Entries are here; drop tiles/checkpoint of the export, or a .tlog-proof, too.';
  if (given.vkeys !== undefined && Object.keys(given).length === 1) return 'Keys are here; drop what they signed.';
  return null;
};

const NAMES: Readonly<Record<keyof Given, string>> = {
  bundle: 'a proof',
  leaf: 'an entry',
  vkeys: 'verifier keys',
  records: 'entries of a ledger',
  checkpoint: 'a checkpoint',
  record: 'an evidence record',
};

export const Drop = () => {
  const [given, setGiven] = useState<Given>({});
  const [checks, setChecks] = useState<readonly Check[] | null>(null);
  const [refused, setRefused] = useState<readonly string[]>([]);
  const [over, setOver] = useState(false);
  const take = async (files: readonly File[]) => {
    let next = given;
    const unknown: string[] = [];
    for (const file of files) {
      const found = givenIn(await file.text());
      if (found === null) unknown.push(file.name);
      else next = { ...next, ...found };
    }
    setGiven(next);
    setRefused(unknown);
    const done = await checkGiven(next);
    setChecks(done.length === 0 ? null : done);
  };
  const missing = missingOf(given);
  return (
    <div>
      <label
        class={over ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void take([...(event.dataTransfer?.files ?? [])]);
        }}
      >
        <strong>Drop files here, or choose them</strong>
        <span>
          .tlog-proof, .leaf, .vkeys of caco ledger prove; records.ndjson, vkeys.txt and tiles/checkpoint of an export;
          a record of caco verify --out
        </span>
        <input type="file" multiple onChange={(event) => void take([...(event.currentTarget.files ?? [])])} />
      </label>
      {Object.keys(given).length === 0 ? null : (
        <p class="quiet">Here: {(Object.keys(given) as (keyof Given)[]).map((name) => NAMES[name]).join(', ')}.</p>
      )}
      {refused.map((name) => (
        <p key={name} class="wrong">
          {name} is nothing that can be checked here.
        </p>
      ))}
      {missing === null ? null : <p class="state">{missing}</p>}
      {checks === null ? null : (
        <>
          <Verdict checks={checks} />
          <Steps checks={checks} />
        </>
      )}
      {Object.keys(given).length === 0 ? null : (
        <button
          type="button"
          onClick={() => {
            setGiven({});
            setChecks(null);
            setRefused([]);
          }}
        >
          Begin anew
        </button>
      )}
    </div>
  );
};
