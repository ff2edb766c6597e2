/**
 * What a browser checks of an entry, a record and a whole ledger, step by step. Each step says what was looked at and whether it
 * holds; nothing here asks a server.
 */
import { canonical, hex, rowsDigest, same, sha256Hex, toBase64 } from './bytes.js';
import { isIncluded, leafHash, rootOf } from './merkle.js';
import { Broken, type Checkpoint, parseBundle, parseKeys, signedBy } from './note.js';

export interface Check {
  readonly what: string;
  /** null: could not be checked with what is here */
  readonly ok: boolean | null;
  readonly detail: string;
  /** hashes and ids, to be compared elsewhere */
  readonly values?: readonly string[];
}

const failed = (what: string, error: unknown): Check => ({
  what,
  ok: false,
  detail: error instanceof Broken ? `${error.message}.` : 'It cannot be read.',
});

const signature = async (checkpoint: Checkpoint, vkeys: string): Promise<Check> => {
  const what = `The state of the ledger at ${checkpoint.size} entries is signed`;
  if (vkeys.trim() === '')
    return {
      what,
      ok: null,
      detail: 'No verifier key is at hand: get vkeys.txt from the ledger’s owner, not from whoever gave you the proof.',
    };
  try {
    const { ok, by, why } = await signedBy(checkpoint, await parseKeys(vkeys));
    return {
      what,
      ok,
      detail: ok ? `Ed25519, by ${by.join(' and ')}.` : `Not so: ${why}.`,
      values: [checkpoint.origin, toBase64(checkpoint.root)],
    };
  } catch (error) {
    return failed(what, error);
  }
};

/** An entry's line, the proof that it is in the ledger, and the signature over the ledger. */
export const checkEntry = async (leaf: string, bundleText: string, vkeys: string): Promise<Check[]> => {
  let bundle: ReturnType<typeof parseBundle>;
  try {
    bundle = parseBundle(bundleText);
  } catch (error) {
    return [failed('The proof can be read', error)];
  }
  const { index, proof, checkpoint } = bundle;
  const checks: Check[] = [];
  let seq: unknown;
  try {
    const entry = JSON.parse(leaf) as Record<string, unknown>;
    seq = entry.seq;
    checks.push({
      what: 'The entry is canonical JSON',
      ok: canonical(entry) === leaf,
      detail: 'RFC 8785; its bytes are what is hashed.',
    });
  } catch {
    checks.push({ what: 'The entry is canonical JSON', ok: false, detail: 'It is no JSON at all.' });
  }
  checks.push({
    what: `It is entry ${index}`,
    ok: seq === index,
    detail:
      seq === index
        ? 'Its own number is the one that the proof speaks of.'
        : `It says that it is entry ${String(seq)}; the proof speaks of ${index}.`,
  });
  const hash = await leafHash(leaf);
  const included = await isIncluded({ index, size: checkpoint.size, leaf: hash, proof, root: checkpoint.root });
  checks.push({
    what: `The entry is in the tree of ${checkpoint.size}`,
    ok: included,
    detail: included
      ? `Its leaf and ${proof.length} hashes give the root (RFC 6962).`
      : 'Its leaf and the hashes of the proof do not give the root: the entry, or the proof, was changed.',
    values: [hex(hash), ...proof.map(toBase64)],
  });
  checks.push(await signature(checkpoint, vkeys));
  return checks;
};

/** Every line of a ledger: the chain, the root and the signature of the checkpoint. */
export const checkLedger = async (
  lines: readonly string[],
  checkpoint: Checkpoint,
  vkeys: string,
): Promise<Check[]> => {
  const checks: Check[] = [];
  let prev = '0'.repeat(64);
  let bad: number | null = null;
  for (const [n, line] of lines.entries()) {
    let entry: { seq?: unknown; prev?: unknown } = {};
    try {
      entry = JSON.parse(line) as typeof entry;
    } catch {
      // Said below: an entry that is no JSON follows nothing.
    }
    if (entry.seq !== n || entry.prev !== prev) {
      bad = n;
      break;
    }
    prev = await sha256Hex(line);
  }
  checks.push({
    what: 'Each entry names the hash of the one before',
    ok: bad === null,
    detail:
      bad === null ? `${lines.length} entries, an unbroken chain.` : `Entry ${bad} does not follow the one before it.`,
  });
  async function* leaves() {
    for (const line of lines.slice(0, checkpoint.size)) yield leafHash(line);
  }
  const root = await rootOf(leaves());
  const whole = lines.length >= checkpoint.size && same(root, checkpoint.root);
  checks.push({
    what: 'The entries give the root that was signed',
    ok: whole,
    detail: whole
      ? `RFC 6962, over ${checkpoint.size} entries.`
      : 'They do not: at least one was changed, left out or exchanged.',
    values: [toBase64(root)],
  });
  checks.push(await signature(checkpoint, vkeys));
  return checks;
};

export interface Record1 {
  readonly id: string;
  readonly verificationId: string;
  readonly inputs: {
    readonly jobs: { readonly count: number; readonly digest: string };
    readonly places: { readonly count: number; readonly digest: string };
  };
  readonly output: {
    readonly claimed: { readonly emissionsKg: string };
    readonly difference: readonly { readonly cause: string; readonly emissionsKg: string }[];
    readonly verified: { readonly locationBased: { readonly savedKg: { readonly value: string } } };
    readonly byTeam: readonly { readonly savedKg: { readonly value: string } }[];
    readonly teams: number;
  };
  readonly rows?: { readonly jobs: readonly unknown[]; readonly places: readonly unknown[] };
}

/** Billionths, exactly: figures of a record are decimal text. */
const nano = (text: string): bigint => {
  const [, sign, whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (sign === undefined) throw new Broken(`“${text.slice(0, 30)}” is no decimal text`);
  const value = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -value : value;
};

/** Rows by their digests, sums by their parts, and the record against the entry that names it. */
export const checkRecord = async (record: Record1, entry: { readonly data?: unknown } | null): Promise<Check[]> => {
  const checks: Check[] = [];
  const { rows, ...rest } = record;
  if (entry !== null) {
    const ok = canonical(rest) === canonical(entry.data);
    checks.push({
      what: 'The record is what the ledger’s entry holds',
      ok,
      detail: ok
        ? 'Letter for letter, without its rows.'
        : 'The entry holds another record: one of the two was changed.',
    });
  }
  try {
    if (rows !== undefined)
      for (const which of ['jobs', 'places'] as const) {
        const found = await rowsDigest(rows[which]);
        const ok = found === record.inputs[which].digest && rows[which].length === record.inputs[which].count;
        checks.push({
          what:
            which === 'jobs'
              ? `The ${rows.jobs.length} job rows are those that were signed`
              : 'The signals and prices are those that were signed',
          ok,
          detail: ok
            ? 'Their SHA-256 is the one in the record.'
            : 'Their SHA-256 is another one: a row was changed, added or left out.',
          values: [found],
        });
      }
    const { claimed, difference, verified, byTeam, teams } = record.output;
    const value = nano(verified.locationBased.savedKg.value);
    const explained = nano(claimed.emissionsKg) + difference.reduce((sum, d) => sum + nano(d.emissionsKg), 0n);
    checks.push({
      what: 'Claimed saving plus its causes of difference is the verified saving',
      ok: explained === value,
      detail: 'Added up exactly, to the billionth of a kilogram.',
    });
    if (byTeam.length === teams) {
      const sum = byTeam.reduce((total, t) => total + nano(t.savedKg.value), 0n);
      // Each team is rounded for itself, so that their sum may differ in the last digit of each.
      const apart = sum > value ? sum - value : value - sum;
      checks.push({ what: 'The teams add up to the whole', ok: apart <= BigInt(teams), detail: `${teams} teams.` });
    }
  } catch (error) {
    checks.push(failed('The figures of the record can be added up', error));
  }
  return checks;
};

/** In words: all good, the first break, or what is missing. */
export const verdictOf = (
  checks: readonly Check[],
): { readonly look: 'good' | 'bad' | 'open'; readonly text: string } => {
  const broken = checks.find((check) => check.ok === false);
  if (broken) return { look: 'bad', text: `The first break: “${broken.what}” does not hold. ${broken.detail}` };
  const open = checks.filter((check) => check.ok === null);
  if (open.length > 0)
    return {
      look: 'open',
      text: `${checks.length - open.length} of ${checks.length} steps hold; not checked: ${open.map((c) => c.what.toLowerCase()).join('; ')}.`,
    };
  return { look: 'good', text: `All ${checks.length} steps hold. This browser computed them itself.` };
};
