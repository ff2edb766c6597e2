/** What flexibility events delivered by the site's own meters, and what that is paid; half-hour by half-hour, with its proof. */
import type { KeptStatement } from '../../domain/settlement/statement.js';
import { oneLine } from '../../domain/text.js';
import { callTool } from '../client.js';
import { useFact } from '../facts.js';
import { energyText, figure, Moment, moneyText, Said } from '../figures.js';
import { linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';
import { DocumentProof } from './document-proof.js';

const nameOf = ({ run, figures }: KeptStatement) => `${run} ${figures.id}`;
const money = ({ figures }: KeptStatement, amount: number | null) =>
  amount === null ? 'not known' : moneyText(amount, figures.currency);

const All = ({ statements, shown }: { statements: readonly KeptStatement[]; shown: string }) => (
  <Scroll name="Statements">
    <table>
      <thead>
        <tr>
          <th scope="col">event</th>
          <th scope="col">run</th>
          <th scope="col">half-hours</th>
          <th scope="col" class="num">
            delivered
          </th>
          <th scope="col" class="num">
            paid
          </th>
          <th scope="col" class="num">
            net
          </th>
        </tr>
      </thead>
      <tbody>
        {statements.map((s) => (
          <tr key={nameOf(s)} aria-current={nameOf(s) === shown ? 'true' : undefined}>
            <th scope="row">
              <a href={linkTo('settlement', nameOf(s))}>{oneLine(s.figures.id, 60)}</a>
              <br />
              <small>{oneLine(s.figures.site, 60)}</small>
            </th>
            <td>{s.run}</td>
            <td>
              {s.figures.periods.length} from <Moment at={s.figures.periods[0]?.start ?? s.at} />
            </td>
            <td class="num">{energyText(s.figures.deliveredMwh * 1000)}</td>
            <td class="num">{money(s, s.figures.gross)}</td>
            <td class="num">{money(s, s.figures.net)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

const HalfHours = ({ figures }: KeptStatement) => (
  <Scroll name="Half-hours">
    <table>
      <thead>
        <tr>
          <th scope="col">period</th>
          <th scope="col" class="num">
            baseline
          </th>
          <th scope="col" class="num">
            with adjustment
          </th>
          <th scope="col" class="num">
            metered
          </th>
          <th scope="col" class="num">
            delivered
          </th>
        </tr>
      </thead>
      <tbody>
        {figures.periods.map((p) => (
          <tr key={p.start}>
            <th scope="row">
              {p.period}, <Moment at={p.start} short />
            </th>
            <td class="num">{energyText(p.unadjustedKwh)}</td>
            <td class="num">{energyText(p.adjustedKwh)}</td>
            <td class="num">{energyText(p.meteredKwh)}</td>
            <td class="num">{energyText(p.deliveredKwh)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

const Money = (statement: KeptStatement) => {
  const { figures } = statement;
  const row = (what: string, energy: string, amount: number | null) => (
    <tr key={what}>
      <th scope="row">{what}</th>
      <td class="num">{energy}</td>
      <td class="num">{money(statement, amount)}</td>
    </tr>
  );
  return (
    <table>
      <tbody>
        {figures.lines.map((line) =>
          row(
            line.product.replaceAll('-', ' '),
            line.volumeMwh === 0
              ? ''
              : `${energyText(line.volumeMwh * 1000)}${line.price === null ? '' : ` at ${moneyText(line.price, figures.currency)}/MWh`}`,
            line.amount,
          ),
        )}
        {row('not bought during the event', '', figures.avoided)}
        {row((figures.rebound ?? 0) > 0 ? 'not bought later either' : 'bought later instead', '', figures.rebound)}
        {row('net', '', figures.net)}
      </tbody>
    </table>
  );
};

const Statement = (statement: KeptStatement) => {
  const { figures, run, at, asked, evidence } = statement;
  const { baseline } = figures;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Delivered</dt>
          <dd>
            <Said
              name="delivered"
              text={energyText(figures.deliveredMwh * 1000)}
              note={`against BL01 ${baseline.used}, run ${run}`}
            />
          </dd>
        </div>
        <div>
          <dt>Paid</dt>
          <dd>
            <Said name="gross" text={money(statement, figures.gross)} note={`by the terms “${termsOf(asked)}”`} />
          </dd>
        </div>
        <div>
          <dt>Net of rebound</dt>
          <dd>
            <Said
              name="net"
              text={money(statement, figures.net)}
              note={figures.net === null ? 'no rebound was counted' : 'with what was not bought, and bought later'}
            />
          </dd>
        </div>
        <div>
          <dt>Baseline</dt>
          <dd>
            <Said
              name="baseline-days"
              text={`${baseline.days.length} days`}
              note={
                baseline.inDayAdjustmentKwh === null
                  ? 'no in-day adjustment'
                  : `adjusted by ${energyText(baseline.inDayAdjustmentKwh)} a half-hour`
              }
            />
          </dd>
        </div>
      </dl>
      <Card
        title={`${oneLine(figures.id, 60)}, run ${run}`}
        aside={
          <>
            settled <Moment at={at} />
          </>
        }
      >
        {figures.status === 'ok' ? null : <p class="wrong">Too few days like this one: nothing counts as delivered.</p>}
        <HalfHours {...statement} />
        <h3>Money</h3>
        <Money {...statement} />
        {figures.clippedMwh === null ? null : (
          <p class="note">
            Meter by meter and never below nothing it would be {figure(figures.clippedMwh)} MWh; a site is settled on
            its sum.
          </p>
        )}
        <ul>
          {figures.notes.map((note) => (
            <li key={note}>{oneLine(note, 600)}</li>
          ))}
        </ul>
        <details>
          <summary>Days that the baseline is the mean of, and those left out</summary>
          <p>{baseline.days.join(', ')}</p>
          <ul>
            {baseline.excluded.map(({ date, why }) => (
              <li key={date}>
                {date}: {oneLine(why, 200)}
              </li>
            ))}
          </ul>
        </details>
      </Card>
      <Card title="Its proof">
        <DocumentProof subject={figures.id} kind="settlement" document={{ asked, figures }} evidence={evidence} />
      </Card>
    </>
  );
};

const termsOf = (asked: Readonly<Record<string, unknown>>): string =>
  String((asked.terms as { as?: unknown } | undefined)?.as ?? 'not told').slice(0, 40);

export const Settlement = ({ route }: { route: Route }) => {
  const fact = useFact('settlements', () =>
    callTool<{ settlements: KeptStatement[] }>('list_settlements', { limit: 200 }),
  );
  return (
    <div class="view">
      <h1>Settlement</h1>
      <Shown fact={fact} what="what was settled">
        {({ settlements }) => {
          if (settlements.length === 0)
            return (
              <Empty title="No event was settled yet.">
                <p>Readings of the site’s meters and the terms of the event are all that it takes.</p>
                <Command text="caco settle event.yaml" />
              </Empty>
            );
          const shown = route.id === '' ? settlements[0]! : settlements.find((s) => nameOf(s) === route.id);
          return (
            <>
              {shown === undefined ? <Empty title={`No statement is called ${oneLine(route.id, 60)}.`} /> : null}
              {shown === undefined ? null : <Statement key={nameOf(shown)} {...shown} />}
              <Card title="All statements" aside={`${settlements.length}`}>
                <All statements={settlements} shown={shown === undefined ? '' : nameOf(shown)} />
              </Card>
            </>
          );
        }}
      </Shown>
    </div>
  );
};
