/** What can be proved: verified savings, the ledger's entries, and a place to check files that came from elsewhere. */
import type { LedgerLine, Status, Verification } from '../answers.js';
import { callTool } from '../client.js';
import { useFact } from '../facts.js';
import { Mass, Moment, Said } from '../figures.js';
import { Drop } from '../proof/drop.js';
import { linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';
import { Activity } from './activity.js';
import { EntryProof, Evidence } from './evidence.js';

const Verified = ({ verifications }: { verifications: readonly Verification[] }) =>
  verifications.length === 0 ? (
    <Empty title="No saving was verified yet.">
      <p>A plan is verified once its window is over and the fleet has told what ran.</p>
      <Command text="caco runs" />
    </Empty>
  ) : (
    <Scroll name="Verified savings">
      <table>
        <thead>
          <tr>
            <th scope="col">record</th>
            <th scope="col">verified</th>
            <th scope="col">claimed</th>
            <th scope="col">saved</th>
          </tr>
        </thead>
        <tbody>
          {verifications.map((v) => (
            <tr key={v.id}>
              <th scope="row">
                <a href={linkTo('proof', v.id)}>{v.id}</a>
                <br />
                <small>
                  plan <a href={linkTo('plan', v.planId)}>{v.planId}</a>
                </small>
              </th>
              <td>
                <Moment at={v.at} />
              </td>
              <td>
                <Mass
                  name={`claimed ${v.id}`}
                  of={{
                    value: v.claimed.emissionsKg,
                    low: v.claimed.emissionsKg,
                    high: v.claimed.emissionsKg,
                    confidence: 0.95,
                  }}
                />
              </td>
              <td>
                <Mass name={`verified ${v.id}`} of={v.verified.emissionsKg} href={linkTo('proof', v.id)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );

const Entries = ({ before, now }: { before: string | undefined; now: string }) => {
  const fact = useFact(`ledger ${before ?? ''}`, () =>
    callTool<{ entries: LedgerLine[] }>('list_ledger', {
      limit: 50,
      ...(before === undefined ? {} : { before: Number(before) }),
    }),
  );
  const oldest = fact.value?.entries.at(-1)?.seq ?? 0;
  return (
    <Shown fact={fact} what="the ledger">
      {({ entries }) => (
        <>
          <Activity entries={entries} now={now} />
          <p class="row">
            {before === undefined ? null : <a href={linkTo('proof')}>Newest</a>}
            {oldest > 0 ? <a href={linkTo('proof', '', { before: String(oldest) })}>Older</a> : null}
          </p>
        </>
      )}
    </Shown>
  );
};

export const Proof = ({ route, status }: { route: Route; status: Status }) => {
  const verifications = useFact('verifications', () =>
    callTool<{ verifications: Verification[] }>('list_verifications', { limit: 100 }),
  );
  const { seq, before } = route.query;
  return (
    <div class="view">
      <h1>Proof</h1>
      {route.id === '' ? null : <Evidence id={route.id} />}
      {seq === undefined || !/^\d+$/.test(seq) ? null : <EntryProof seq={Number(seq)} />}
      <dl class="facts">
        <div>
          <dt>Entries of the ledger</dt>
          <dd>
            <Said
              name="entries"
              text={String(status.ledger.entries)}
              note={`${status.ledger.signed} of them under the newest signature`}
            />
          </dd>
        </div>
      </dl>
      <Card title="Verified savings" aside="each is a record that a stranger can compute again">
        <Shown fact={verifications} what="verified savings">
          {({ verifications: all }) => <Verified verifications={all} />}
        </Shown>
      </Card>
      <div class="two">
        <Card title="The ledger" aside="the newest first; a number leads to its proof">
          <Entries before={before} now={status.now} />
        </Card>
        <Card
          title="Check files"
          aside={
            <a href="proof.html" download="caco-proof.html">
              Keep this page as a file
            </a>
          }
        >
          <p>
            What you drop here stays in this browser. The same page as one file needs no server; every export brings it
            along.
          </p>
          <Drop />
          <Command text="caco ledger export --out export" />
        </Card>
      </div>
    </div>
  );
};
