/** Flexibility that was sold: who bought what, when, and what was delivered of it. */
import { oneLine } from '../../domain/text.js';
import type { Sale, Status } from '../answers.js';
import { callTool, getJson, Trouble } from '../client.js';
import { useFact } from '../facts.js';
import { energyText, Moment, moneyText, powerText, Said } from '../figures.js';
import { linkTo } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';

interface Outbox {
  readonly counts: Readonly<Record<string, number>>;
}

const Sales = ({ sales }: { sales: readonly Sale[] }) => (
  <Scroll name="Orders">
    <table>
      <thead>
        <tr>
          <th scope="col">order</th>
          <th scope="col">state</th>
          <th scope="col">window</th>
          <th scope="col" class="num">
            sold
          </th>
          <th scope="col" class="num">
            delivered, worst interval
          </th>
          <th scope="col" class="num">
            energy
          </th>
          <th scope="col" class="num">
            price
          </th>
          <th scope="col">kept by</th>
        </tr>
      </thead>
      <tbody>
        {sales.map((s) => (
          <tr key={s.id}>
            <th scope="row">
              {oneLine(s.id, 40)}
              <br />
              <small>{oneLine(s.buyer, 60)}</small>
            </th>
            <td>
              <span class="badge">{s.state.toLowerCase().replaceAll('_', ' ')}</span>
              {s.note === null ? null : (
                <>
                  <br />
                  <small>{oneLine(s.note, 300)}</small>
                </>
              )}
            </td>
            <td>
              <Moment at={s.start} /> to <Moment at={s.end} short />
              <br />
              <small>{oneLine(s.region, 40)}</small>
            </td>
            <td class="num">{powerText(s.powerKw)}</td>
            <td class="num">{s.deliveredKw === null ? 'not known yet' : powerText(s.deliveredKw)}</td>
            <td class="num">{energyText(s.energyKwh)}</td>
            <td class="num">{s.total === null ? 'none agreed' : moneyText(s.total, s.currency)}</td>
            <td>
              {s.planId === null ? (
                <span class="quiet">no plan yet</span>
              ) : (
                <a href={linkTo('plan', s.planId)}>{s.planId}</a>
              )}
              {s.evidence === null || !/^\d+$/.test(s.evidence) ? null : (
                <>
                  <br />
                  <a href={linkTo('proof', '', { seq: s.evidence })}>entry {s.evidence}</a>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

export const Market = ({ status }: { status: Status }) => {
  const fact = useFact('sales', () => callTool<{ sales: Sale[] }>('list_sales', { limit: 50 }));
  // Letters are an operator's to see; whoever may only read is shown the orders.
  const outbox = useFact('outbox', () =>
    getJson<Outbox>('beckn/outbox').catch((error: unknown) => {
      if (error instanceof Trouble && error.status !== 0) return null;
      throw error;
    }),
  );
  const sales = fact.value?.sales ?? [];
  const total = sales.reduce((sum, s) => sum + (s.total ?? 0), 0);
  return (
    <div class="view">
      <h1>Market</h1>
      <Shown fact={fact} what="orders">
        {() =>
          sales.length === 0 ? (
            <Empty title="Nothing was sold.">
              <p>An operator orders less power over the Beckn market; what is sold shows up here.</p>
              <Command text="caco beckn doctor" />
            </Empty>
          ) : (
            <>
              <dl class="facts">
                <div>
                  <dt>Orders</dt>
                  <dd>
                    <Said name="orders" text={String(sales.length)} />
                  </dd>
                </div>
                <div>
                  <dt>Agreed in all</dt>
                  <dd>
                    <Said
                      name="sold"
                      text={moneyText(total, sales[0]?.currency ?? status.currency)}
                      note="before settlement"
                    />
                  </dd>
                </div>
                {outbox.value ? (
                  <div>
                    <dt>Letters out</dt>
                    <dd>
                      <Said
                        name="letters"
                        text={String(Object.values(outbox.value.counts).reduce((a, b) => a + b, 0))}
                        note={Object.entries(outbox.value.counts)
                          .map(([state, n]) => `${n} ${state}`)
                          .join(', ')}
                      />
                    </dd>
                  </div>
                ) : null}
              </dl>
              <Card title="Orders">
                <Sales sales={sales} />
              </Card>
            </>
          )
        }
      </Shown>
    </div>
  );
};
