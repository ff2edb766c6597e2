/**
 * The chain behind a figure, from the claim to the signature. The browser fetches the record, its rows, the entry, the proof and the
 * keys, and computes what it can itself; it says what it took on trust.
 */
import type { ComponentChildren } from 'preact';
import { oneLine } from '../../domain/text.js';
import { callTool, request } from '../client.js';
import { useFact } from '../facts.js';
import { Cause, Mass, Moment, massChangeText, massText, moneyText, Said } from '../figures.js';
import { sha256Hex } from '../proof/bytes.js';
import { type Check, checkEntry, checkRecord, type Record1 } from '../proof/checks.js';
import { keyChecks } from '../proof/pinned.js';
import { Steps, Verdict } from '../proof/steps.js';
import { linkTo } from '../route.js';
import { Card, Shown } from '../states.js';

interface EntryProofAnswer {
  readonly leaf: string;
  readonly bundle: string;
}
interface Estimate1 {
  readonly value: string;
  readonly low: string;
  readonly high: string;
  readonly confidence: string;
}
interface FullRecord extends Record1 {
  readonly madeAt: string;
  readonly supersedes: string | null;
  readonly software: { readonly name: string; readonly version: string };
  readonly inputs: Record1['inputs'] & {
    readonly plan: { readonly id: string; readonly digest: string; readonly madeAt: string };
    readonly decision: { readonly id: string; readonly status: string } | null;
    readonly baseline: {
      readonly digest: string;
      readonly rows: number;
      readonly ledgerSeq: number | null;
      readonly entryHash: string | null;
    };
    readonly signalsThen: readonly {
      readonly region: string;
      readonly source: string;
      readonly status: string;
      readonly issuedAt: string;
    }[];
    readonly currency: string;
  };
  readonly method: {
    readonly name: string;
    readonly version: string;
    readonly constants: Readonly<Record<string, string | number>>;
  };
  readonly output: Record1['output'] & {
    readonly verdict: string;
    readonly jobs: number;
    readonly claimed: { readonly emissionsKg: string; readonly cost: string };
    readonly verified: {
      readonly locationBased: {
        readonly counterfactualKg: string;
        readonly actualKg: string;
        readonly overheadKg: string;
        readonly savedKg: Estimate1;
      };
      readonly marketBased: { readonly savedKg: Estimate1 | null; readonly why: string | null };
      readonly cost: { readonly saved: string | null };
    };
    readonly interval: { readonly method: string; readonly why: string };
  };
  readonly rows?: {
    readonly jobs: readonly { readonly ran: readonly { readonly source: string }[] }[];
    readonly places: readonly {
      readonly region: string;
      readonly pue: string;
      readonly carbon: { readonly source: string; readonly status: string; readonly issuedAt: string } | null;
    }[];
  };
}
interface Chain {
  readonly record: FullRecord;
  readonly checks: readonly Check[];
  readonly seq: number;
}

const keys = () => request('ledger/vkeys', { headers: { Accept: 'text/plain' } }).then((answer) => answer.text());

/** The frozen baseline: its line must have the hash that the record names. */
const baselineCheck = async ({ inputs }: FullRecord): Promise<Check[]> => {
  const { ledgerSeq, entryHash } = inputs.baseline;
  const what = 'The baseline was frozen before the plan was carried out';
  if (ledgerSeq === null || entryHash === null)
    return [{ what, ok: null, detail: 'The record names no entry that froze it.' }];
  const { leaf } = await callTool<EntryProofAnswer>('prove_ledger', { seq: ledgerSeq });
  const found = await sha256Hex(leaf);
  return [
    {
      what,
      ok: found === entryHash,
      detail: `Entry ${ledgerSeq} of the ledger, an earlier one, holds its digest.`,
      values: [found],
    },
  ];
};

const follow = async (id: string): Promise<Chain> => {
  const { record } = await callTool<{ record: FullRecord }>('export_evidence', { evidenceId: id });
  const { entries } = await callTool<{ entries: { seq: number; body: { kind: string } }[] }>('get_evidence', {
    subject: record.verificationId,
  });
  const seq = entries.find((e) => e.body.kind === 'verification')?.seq;
  if (seq === undefined)
    return {
      record,
      seq: -1,
      checks: [{ what: 'The ledger holds the record', ok: false, detail: 'No entry of the ledger is about it.' }],
    };
  const [{ leaf, bundle }, vkeys] = await Promise.all([callTool<EntryProofAnswer>('prove_ledger', { seq }), keys()]);
  const entry = JSON.parse(leaf) as { data?: unknown };
  const checks = [
    ...(await checkRecord(record, entry)),
    ...(await baselineCheck(record)),
    ...(await checkEntry(leaf, bundle, vkeys)),
    ...(await keyChecks(vkeys)),
  ];
  return { record, seq, checks };
};

const estimate = ({ value, low, high, confidence }: Estimate1) => ({
  value: Number(value),
  low: Number(low),
  high: Number(high),
  confidence: Number(confidence),
});

const Link = ({ open = false, title, children }: { open?: boolean; title: string; children: ComponentChildren }) => (
  <details class="link" open={open}>
    <summary>{title}</summary>
    <div>{children}</div>
  </details>
);

const Claim = ({ record: { output, inputs } }: Chain) => (
  <Link open title="Claim: what the plan had promised">
    <p>
      {massText(Number(output.claimed.emissionsKg))} CO2e and {moneyText(Number(output.claimed.cost), inputs.currency)},
      by plan <a href={linkTo('plan', inputs.plan.id)}>{inputs.plan.id}</a>
      {inputs.decision === null ? '' : ', decided as '}
      {inputs.decision === null ? null : <a href={linkTo('approvals', inputs.decision.id)}>{inputs.decision.id}</a>}.
    </p>
    <p class="hash">plan digest {inputs.plan.digest}</p>
  </Link>
);

const Verification = ({ record: { output, inputs } }: Chain) => (
  <Link open title="Verification: what it came to">
    <table>
      <tbody>
        {output.difference
          .filter((d) => Number(d.emissionsKg) !== 0)
          .map((d) => (
            <tr key={d.cause}>
              <th scope="row">
                <Cause name={d.cause} />
              </th>
              <td class="num">{massChangeText(Number(d.emissionsKg))}</td>
            </tr>
          ))}
        <tr>
          <th scope="row">verified, location-based</th>
          <td class="num">
            <Mass name="evidence-saved" of={estimate(output.verified.locationBased.savedKg)} />
          </td>
        </tr>
        <tr>
          <th scope="row">market-based</th>
          <td class="num">
            {output.verified.marketBased.savedKg === null ? (
              `not known: ${output.verified.marketBased.why ?? ''}`
            ) : (
              <Mass name="evidence-market" of={estimate(output.verified.marketBased.savedKg)} />
            )}
          </td>
        </tr>
        <tr>
          <th scope="row">money saved</th>
          <td class="num">
            <Said
              name="evidence-cost"
              text={
                output.verified.cost.saved === null
                  ? null
                  : moneyText(Number(output.verified.cost.saved), inputs.currency)
              }
            />
          </td>
        </tr>
      </tbody>
    </table>
  </Link>
);

const Inputs = ({ record: { inputs, rows } }: Chain) => {
  const sources = [...new Set((rows?.jobs ?? []).flatMap((job) => job.ran.map((r) => r.source)))];
  return (
    <Link title="Inputs: what it was computed from">
      <p>
        {inputs.jobs.count} moved jobs as they ran ({sources.join(', ')}) and as they would have run; the baseline of{' '}
        {inputs.baseline.rows} rows was frozen
        {inputs.baseline.ledgerSeq === null ? '' : ' in entry '}
        {inputs.baseline.ledgerSeq === null ? null : (
          <a href={linkTo('proof', '', { seq: String(inputs.baseline.ledgerSeq) })}>{inputs.baseline.ledgerSeq}</a>
        )}
        .
      </p>
      <p class="hash">jobs {inputs.jobs.digest}</p>
      <p class="hash">places {inputs.places.digest}</p>
      <p class="hash">baseline {inputs.baseline.digest}</p>
      <ul>
        {(rows?.places ?? []).map((p) => (
          <li key={p.region}>
            {oneLine(p.region)}: {p.carbon === null ? 'no carbon signal' : `${p.carbon.source}, ${p.carbon.status}`},
            PUE {p.pue}
          </li>
        ))}
        {inputs.signalsThen.map((s) => (
          <li key={`then ${s.region}`}>
            {oneLine(s.region)}, as the plan knew it: {s.source}, {s.status} of <Moment at={s.issuedAt} />
          </li>
        ))}
      </ul>
    </Link>
  );
};

const Formula = ({ record: { method, output } }: Chain) => {
  const { counterfactualKg, actualKg, overheadKg } = output.verified.locationBased;
  return (
    <Link title="Formula: how it was computed">
      <p>
        {method.name} {method.version}: for each job, its energy × the mean intensity when and where it would have run,
        less its energy × the mean intensity when and where it ran, less what moving it took.
        docs/methods/verification.md has it whole.
      </p>
      <p>
        {massText(Number(counterfactualKg))} − {massText(Number(actualKg))} − {massText(Number(overheadKg))}, interval{' '}
        {output.interval.method}: {output.interval.why}.
      </p>
      <p class="hash">
        {Object.entries(method.constants)
          .map(([name, value]) => `${name} ${value}`)
          .join(' · ')}
      </p>
    </Link>
  );
};

export const Evidence = ({ id }: { id: string }) => {
  const fact = useFact(`evidence ${id}`, () => follow(id), true);
  return (
    <Card
      title={`Evidence of ${oneLine(id, 40)}`}
      aside={fact.value === undefined ? null : <Moment at={fact.value.record.madeAt} />}
    >
      <Shown fact={fact} what="the record, its rows and its proof">
        {(chain) => (
          <>
            <Verdict checks={chain.checks} />
            <Claim {...chain} />
            <Verification {...chain} />
            <Inputs {...chain} />
            <Formula {...chain} />
            <Link open title="What this browser has checked">
              <Steps checks={chain.checks} />
              <p class="row">
                <a href={linkTo('proof', '', { seq: String(chain.seq) })}>Ledger entry {chain.seq}</a>
                <Save
                  name={`${chain.record.verificationId}.json`}
                  text={() => JSON.stringify(chain.record)}
                  what="Keep the record with its rows"
                />
              </p>
            </Link>
          </>
        )}
      </Shown>
    </Card>
  );
};

/** A file that the browser makes itself. */
const Save = ({ name, text, what }: { name: string; text: () => string; what: string }) => (
  <button
    type="button"
    onClick={() => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text()]));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    }}
  >
    {what}
  </button>
);

export const EntryProof = ({ seq }: { seq: number }) => {
  const fact = useFact(
    `entry ${seq}`,
    async () => {
      const [{ leaf, bundle }, vkeys] = await Promise.all([
        callTool<EntryProofAnswer>('prove_ledger', { seq }),
        keys(),
      ]);
      return { leaf, bundle, vkeys, checks: [...(await checkEntry(leaf, bundle, vkeys)), ...(await keyChecks(vkeys))] };
    },
    true,
  );
  return (
    <Card title={`Entry ${seq}`}>
      <Shown fact={fact} what="the entry and its proof">
        {({ leaf, bundle, vkeys, checks }) => (
          <>
            <Verdict checks={checks} />
            <Steps checks={checks} />
            <details>
              <summary>The entry, byte for byte</summary>
              <pre class="hash bytes">{leaf}</pre>
            </details>
            <p class="row">
              <Save name={`entry-${seq}.tlog-proof`} text={() => bundle} what="Keep the proof" />
              <Save name={`entry-${seq}.leaf`} text={() => leaf} what="Keep the entry" />
              <Save name={`entry-${seq}.vkeys`} text={() => vkeys} what="Keep the keys" />
            </p>
          </>
        )}
      </Shown>
    </Card>
  );
};
