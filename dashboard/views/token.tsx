/** Kilowatt-hours that were proven saved, what was minted of them, what was retired, and whether ledger and chain agree. */
import { oneLine } from '../../domain/text.js';
import { callTool, Trouble } from '../client.js';
import { useFact } from '../facts.js';
import { countText, energyText, exact, Moment, percentText, Said } from '../figures.js';
import { linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Failed, Loading, Scroll, Shown } from '../states.js';
import { DocumentProof } from './document-proof.js';

interface Claim {
  readonly id: string;
  readonly evidence: string;
  readonly record: {
    readonly site: string;
    readonly meters: readonly string[];
    readonly start: string;
    readonly end: string;
    readonly modelId: string;
    readonly coveredRatio: string;
    readonly baselineKwh: string;
    readonly measuredKwh: string;
    readonly savedKwh: string;
    readonly lowKwh: string;
    readonly highKwh: string;
    readonly confidence: string;
    readonly provenKwh: string;
    readonly mintableKwh: number;
    readonly carriedInKwh: string;
    readonly carriedOutKwh: string;
    readonly intervention: string;
  };
  readonly mint: {
    readonly kWh: number;
    readonly txHash: string;
    readonly blockNumber: number;
    readonly at: string;
  } | null;
}
interface Model {
  readonly id: string;
  readonly engine: string;
  readonly form: string;
  readonly cvRmse: number;
  readonly bias: number;
  readonly accepted: boolean;
  readonly span: { readonly start: string; readonly end: string };
}
interface Report {
  readonly claims: readonly Claim[];
  readonly models: readonly Model[];
  readonly provenKwh: string;
  readonly mintedKwh: number;
  readonly restKwh: string;
}
interface Audit {
  readonly ok: boolean;
  readonly contract: string;
  readonly chainId: number;
  readonly records: number;
  readonly mints: number;
  readonly minted: number;
  readonly retired: number;
  readonly voided: number;
  readonly unminted: number;
  readonly firstBreak?: string;
}
interface Balance {
  readonly paused: boolean;
  readonly certificates: readonly {
    readonly certificate: number;
    readonly beneficiary: string;
    readonly reason: string;
    readonly kWh: number;
    readonly txHash: string;
  }[];
}

const kwh = (text: string | number) => energyText(Number(text));

const Claims = ({ claims, shown }: { claims: readonly Claim[]; shown: string }) => (
  <Scroll name="Claims">
    <table>
      <thead>
        <tr>
          <th scope="col">claim</th>
          <th scope="col">window</th>
          <th scope="col" class="num">
            saved
          </th>
          <th scope="col" class="num">
            proven
          </th>
          <th scope="col" class="num">
            minted
          </th>
        </tr>
      </thead>
      <tbody>
        {claims.map(({ id, record, mint }) => (
          <tr key={id} aria-current={id === shown ? 'true' : undefined}>
            <th scope="row">
              <a href={linkTo('token', id)}>{id}</a>
              <br />
              <small>{oneLine(record.site, 60)}</small>
            </th>
            <td>
              <Moment at={record.start} /> to <Moment at={record.end} short />
            </td>
            <td class="num">
              {kwh(record.savedKwh)}
              <br />
              <small>
                {kwh(record.lowKwh)} to {kwh(record.highKwh)}, {exact(Number(record.confidence) * 100)} %
              </small>
            </td>
            <td class="num">{kwh(record.provenKwh)}</td>
            <td class="num">{mint === null ? <span class="quiet">not minted</span> : `${countText(mint.kWh)} kWh`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

const OneClaim = ({ claim, model }: { claim: Claim; model: Model | undefined }) => {
  const { record, mint } = claim;
  const rows: readonly (readonly [string, string])[] = [
    ['what was changed', oneLine(record.intervention, 300)],
    ['by the model it would have used', kwh(record.baselineKwh)],
    [`measured by ${record.meters.map((m) => oneLine(m, 60)).join(', ')}`, kwh(record.measuredKwh)],
    ['share of the time that is known', percentText(Number(record.coveredRatio))],
    ['proven: the lower bound', kwh(record.provenKwh)],
    ['left over by earlier claims', kwh(record.carriedInKwh)],
    ['whole kWh that may be minted', countText(record.mintableKwh)],
    ['left over for the next claim', kwh(record.carriedOutKwh)],
  ];
  return (
    <div class="two">
      <Card title={`Claim ${claim.id}`}>
        <table>
          <tbody>
            {rows.map(([what, value]) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td class="num">{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {model === undefined ? null : (
          <p class="note">
            Model {model.id} ({model.engine}, {oneLine(model.form, 120)}), written down first: error{' '}
            {percentText(model.cvRmse)} on days that it had not seen, bias {percentText(model.bias)};{' '}
            {model.accepted ? 'within the limits' : 'not within the limits'}.
          </p>
        )}
        {mint === null ? (
          record.mintableKwh > 0 ? (
            <Command text={`caco kwhsave mint ${claim.id}`} />
          ) : null
        ) : (
          <p>
            {countText(mint.kWh)} kWh minted <Moment at={mint.at} /> in block {mint.blockNumber}.
            <br />
            <span class="hash">{mint.txHash}</span>
          </p>
        )}
      </Card>
      <Card title="Its proof">
        <DocumentProof subject={claim.id} kind="savings-claim" document={record} evidence={claim.evidence} />
      </Card>
    </div>
  );
};

/** Asks a chain, which may be away or not be there: that is said, and the rest stands. */
const ofChain = <T,>(tool: string): Promise<T | Trouble> =>
  callTool<T>(tool).catch((error: unknown) => {
    if (error instanceof Trouble && error.status !== 0) return error;
    throw error;
  });

const Chain = ({ of }: { of: string }) => {
  // An audit reads the whole ledger: again when something was claimed or minted, and not at every entry.
  const audit = useFact(`audit ${of}`, () => ofChain<Audit>('audit_kwhsave'), true);
  const balance = useFact('kwhsave balance', () => ofChain<Balance>('get_kwhsave_balance'));
  const found = audit.value;
  if (found === undefined)
    return audit.trouble === null ? <Loading what="the chain" /> : <Failed trouble={audit.trouble} />;
  if (found instanceof Trouble)
    return (
      <Empty title={found.message}>
        <p>{found.remedy}</p>
      </Empty>
    );
  const held = balance.value instanceof Trouble ? undefined : balance.value;
  return (
    <>
      <p class={`verdict ${found.ok ? 'good' : 'bad'}`} role="status" data-audit={found.ok ? 'good' : 'bad'}>
        {found.ok ? (
          <>
            <b>Ledger and chain agree.</b> {found.mints} {found.mints === 1 ? 'mint' : 'mints'} and {found.records}{' '}
            {found.records === 1 ? 'record' : 'records'}, both ways.
          </>
        ) : (
          <>
            <b>The first break:</b> {found.firstBreak}.
          </>
        )}
      </p>
      <p class="note">
        {countText(found.minted)} kWh minted, {countText(found.retired)} retired, {countText(found.voided)} voided;{' '}
        {countText(found.unminted)} proven and not minted. Chain {found.chainId}, contract{' '}
        <span class="hash">{found.contract}</span>
        {held?.paused ? '; minting is paused' : ''}. The server walked it; <code>caco kwhsave audit</code> does so
        elsewhere.
      </p>
      {held === undefined || held.certificates.length === 0 ? (
        <p class="quiet">Nothing was retired yet.</p>
      ) : (
        <ul class="list">
          {[...held.certificates].reverse().map((c) => (
            <li key={c.certificate}>
              <strong>Certificate {c.certificate}</strong>: {countText(c.kWh)} kWh for {oneLine(c.beneficiary, 120)} –{' '}
              {oneLine(c.reason, 200)}
              <br />
              <span class="hash">{c.txHash}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
};

export const Token = ({ route }: { route: Route }) => {
  const fact = useFact('savings report', () => callTool<Report>('report_savings'));
  return (
    <div class="view">
      <h1>Savings token</h1>
      <Shown fact={fact} what="claims">
        {({ claims: oldestFirst, models, provenKwh, mintedKwh, restKwh }) => {
          const claims = [...oldestFirst].reverse();
          const shown = route.id === '' ? claims[0] : claims.find(({ id }) => id === route.id);
          return (
            <>
              <dl class="facts">
                <div>
                  <dt>Proven saved</dt>
                  <dd>
                    <Said
                      name="proven-kwh"
                      text={kwh(provenKwh)}
                      note={`${claims.length} ${claims.length === 1 ? 'claim' : 'claims'}, at the lower bound`}
                      href={shown === undefined ? undefined : linkTo('token', shown.id)}
                    />
                  </dd>
                </div>
                <div>
                  <dt>Minted</dt>
                  <dd>
                    <Said name="minted-kwh" text={`${countText(mintedKwh)} kWh`} note="one token a kWh" />
                  </dd>
                </div>
                <div>
                  <dt>Left over</dt>
                  <dd>
                    <Said name="rest-kwh" text={kwh(restKwh)} note="for the next claim" />
                  </dd>
                </div>
              </dl>
              {claims.length === 0 ? (
                <Empty title="Nothing was claimed yet.">
                  <p>A model of what the site would have used is written down first; then a window is claimed.</p>
                  <Command text="caco savings train --help" />
                </Empty>
              ) : shown === undefined ? (
                <Empty title={`There is no claim ${oneLine(route.id, 40)}.`} />
              ) : (
                <OneClaim key={shown.id} claim={shown} model={models.find(({ id }) => id === shown.record.modelId)} />
              )}
              <Card title="Ledger and chain">
                <Chain of={`${claims.length} ${mintedKwh}`} />
              </Card>
              {claims.length === 0 ? null : (
                <Card title="All claims">
                  <Claims claims={claims} shown={shown?.id ?? ''} />
                </Card>
              )}
            </>
          );
        }}
      </Shown>
    </div>
  );
};
