/** The chain behind a document whose digest the ledger has: the browser hashes what it was shown and checks the entry that names it. */
import { callTool, request } from '../client.js';
import { useFact } from '../facts.js';
import { canonical, sha256Hex } from '../proof/bytes.js';
import { type Check, checkEntry } from '../proof/checks.js';
import { keyChecks } from '../proof/pinned.js';
import { Steps, Verdict } from '../proof/steps.js';
import { linkTo } from '../route.js';
import { Shown } from '../states.js';

interface Entries {
  readonly entries: readonly {
    readonly seq: number;
    readonly body: { readonly kind: string; readonly data: unknown };
  }[];
}

interface Named {
  /** what the entry is about, and its kind */
  readonly subject: string;
  readonly kind: string;
  /** the document, and the SHA-256 of its canonical JSON as the entry has it */
  readonly document: unknown;
  readonly evidence: string;
}

const evidenceOf = (data: unknown): unknown => (data as { evidence?: unknown } | null)?.evidence;

const follow = async ({
  subject,
  kind,
  document,
  evidence,
}: Named): Promise<{ checks: Check[]; seq: number | null }> => {
  const found = await sha256Hex(canonical(document));
  const digestCheck: Check = {
    what: 'What is shown here is what its digest names',
    ok: found === evidence,
    detail: found === evidence ? 'SHA-256 of its canonical JSON (RFC 8785).' : 'Its SHA-256 is another one.',
    values: [found],
  };
  const { entries } = await callTool<Entries>('get_evidence', { subject });
  const entry = entries.find(({ body }) => body.kind === kind && evidenceOf(body.data) === evidence);
  const missing: Check = { what: 'The ledger holds its digest', ok: false, detail: 'No entry of the ledger names it.' };
  if (entry === undefined) return { checks: [digestCheck, missing], seq: null };
  const [{ leaf, bundle }, vkeys] = await Promise.all([
    callTool<{ leaf: string; bundle: string }>('prove_ledger', { seq: entry.seq }),
    request('ledger/vkeys', { headers: { Accept: 'text/plain' } }).then((answer) => answer.text()),
  ]);
  const named = evidenceOf((JSON.parse(leaf) as { data?: unknown }).data) === evidence;
  return {
    seq: entry.seq,
    checks: [
      digestCheck,
      {
        what: 'The ledger’s entry names the same digest',
        ok: named,
        detail: named ? `Entry ${entry.seq}, of kind ${kind}.` : `Entry ${entry.seq} names another one.`,
      },
      ...(await checkEntry(leaf, bundle, vkeys)),
      ...(await keyChecks(vkeys)),
    ],
  };
};

export const DocumentProof = (named: Named) => {
  const fact = useFact(`proof of ${named.kind} ${named.evidence}`, () => follow(named), true);
  return (
    <Shown fact={fact} what="its entry and proof">
      {({ checks, seq }) => (
        <>
          <Verdict checks={checks} />
          <details>
            <summary>What this browser has checked</summary>
            <Steps checks={checks} />
          </details>
          {seq === null ? null : (
            <p>
              <a href={linkTo('proof', '', { seq: String(seq) })}>Ledger entry {seq}</a>
            </p>
          )}
        </>
      )}
    </Shown>
  );
};
