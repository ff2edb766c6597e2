/** Flexibility events: who asked for less power, what was promised or refused and why, and how it was kept by the meter. */
import type { FlexibilityEvent } from '../../domain/flexibility/event.js';
import { oneLine } from '../../domain/text.js';
import { getJson, Trouble } from '../client.js';
import { useFact } from '../facts.js';
import { energyText, Moment, moneyText, percentText, powerText, Said } from '../figures.js';
import { linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';

interface Listed {
  readonly events: readonly FlexibilityEvent[];
  readonly next: string | null;
}
type Kept = NonNullable<FlexibilityEvent['kept']>;

const SHOWN_AT_ONCE = 50;
const LOOKS: Readonly<Record<FlexibilityEvent['status'], string>> = {
  received: 'waiting',
  confirmed: 'good',
  declined: 'bad',
  cancelled: '',
  replaced: '',
  over: '',
};
const STAMPS = {
  received: 'the signal was there',
  decided: 'confirmed or declined',
  issued: 'last command of the way down sent',
  acknowledged: 'last of them acknowledged',
  itBelow: 'IT meter first below the target',
  facilityBelow: 'facility meter below, and staying',
} as const;
const SOURCES: Readonly<Record<Kept['source'], string>> = {
  measured: 'by the site’s meter',
  simulated: 'by a simulated meter',
  modelled: 'modelled: nobody measures the facility',
  unknown: 'by nobody',
};

const askedText = ({ target }: FlexibilityEvent['asked']): string => {
  if (target.as === 'share') return `${percentText(target.ratio)} less`;
  if (target.as === 'limit') return `at most ${powerText(target.kw)}`;
  return `${powerText(target.kw)} ${target.as === 'increase' ? 'more' : 'less'}`;
};
/** Its amount alone, below a title that says the rest: a telephone has room for no more. */
const AMOUNT_OF = {
  share: 'Asked, less by',
  reduction: 'Asked, less by',
  limit: 'Asked, at most',
  increase: 'Asked, more by',
};
const amountText = ({ target }: FlexibilityEvent['asked']): string =>
  target.as === 'share' ? percentText(target.ratio) : powerText(target.kw);
const promisedText = ({ commitment }: FlexibilityEvent): string =>
  commitment === null ? 'nothing' : `at most ${powerText(commitment.targetKw)}`;
const baselineText = ({ commitment }: FlexibilityEvent): string | undefined =>
  commitment === null || commitment.baselineKw === null
    ? undefined
    : `where ${powerText(commitment.baselineKw)} was planned (mean)`;
/** What may still come is not known yet; of what never ran there is nothing to know. */
const isAhead = ({ status }: FlexibilityEvent): boolean => status === 'received' || status === 'confirmed';
const deliveredText = (event: FlexibilityEvent): string =>
  event.kept === undefined
    ? isAhead(event)
      ? 'not yet'
      : 'not known'
    : event.kept.deliveredKw === null
      ? 'no baseline'
      : powerText(event.kept.deliveredKw);
const ofRequested = ({ deliveredRatio }: Kept): string | undefined =>
  deliveredRatio === null ? undefined : `${percentText(deliveredRatio)} of what was asked for`;

const Badge = ({ status }: Pick<FlexibilityEvent, 'status'>) => <span class={`badge ${LOOKS[status]}`}>{status}</span>;

const All = ({ events, shown }: { events: readonly FlexibilityEvent[]; shown: string }) => (
  <Scroll name="Events">
    <table>
      <thead>
        <tr>
          <th scope="col">event</th>
          <th scope="col">state</th>
          <th scope="col">from, to</th>
          <th scope="col" class="num">
            asked
          </th>
          <th scope="col" class="num">
            promised
          </th>
          <th scope="col" class="num">
            delivered
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id} aria-current={event.id === shown ? 'true' : undefined}>
            <th scope="row">
              <a href={linkTo('flexibility', event.id)}>{oneLine(event.asked.ref, 60)}</a>
              <br />
              <small>
                {oneLine(event.asked.source, 40)} for {oneLine(event.commitment?.region ?? event.asked.site, 40)}
              </small>
            </th>
            <td>
              <Badge status={event.status} />
              {event.reason === null ? null : (
                <>
                  <br />
                  <small>{oneLine(event.reason, 120)}</small>
                </>
              )}
            </td>
            <td>
              <Moment at={event.asked.start} /> to{' '}
              {event.asked.end === null ? 'an open end' : <Moment at={event.asked.end} short />}
            </td>
            <td class="num">{askedText(event.asked)}</td>
            <td class="num">{promisedText(event)}</td>
            <td class="num">
              {deliveredText(event)}
              {event.kept === undefined ? null : (
                <>
                  <br />
                  <small>{ofRequested(event.kept)}</small>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

const Headlines = (event: FlexibilityEvent) => {
  const { asked, commitment, kept } = event;
  return (
    <dl class="facts">
      <div>
        <dt>{AMOUNT_OF[asked.target.as]}</dt>
        <dd>
          <Said name="asked" text={amountText(asked)} note={`at ${oneLine(asked.site, 60)}`} />
        </dd>
      </div>
      <div>
        <dt>{commitment === null ? 'Promised' : 'Promised, at most'}</dt>
        <dd>
          <Said
            name="promised"
            text={commitment === null ? 'nothing' : powerText(commitment.targetKw)}
            note={baselineText(event)}
            href={commitment === null ? undefined : linkTo('plan', commitment.planId)}
          />
        </dd>
      </div>
      <div>
        <dt>Delivered</dt>
        <dd>
          <Said
            name="delivered"
            text={deliveredText(event)}
            note={kept === undefined ? undefined : ofRequested(kept)}
          />
        </dd>
      </div>
      {kept === undefined ? null : (
        <div>
          <dt>Minutes above the target</dt>
          <dd>
            <Said
              name="minutes-above"
              text={`${kept.minutesAbove} of ${kept.minutes}`}
              note={kept.minutesUnread === 0 ? SOURCES[kept.source] : `${kept.minutesUnread} not read: not known`}
            />
          </dd>
        </div>
      )}
    </dl>
  );
};

const Moments = (event: FlexibilityEvent) => (
  <>
    <table>
      <tbody>
        {Object.entries(STAMPS).map(([name, words]) => {
          const stamp = name as keyof typeof STAMPS;
          const at = event.stamps[stamp];
          const why = event.unknown?.[stamp];
          return (
            <tr key={name}>
              <th scope="row">{words}</th>
              <td>
                {at === null ? (
                  <span class="quiet">
                    {why !== undefined ? `not known: ${oneLine(why, 200)}` : isAhead(event) ? 'not yet' : 'not known'}
                  </span>
                ) : (
                  <time dateTime={at} title={`${new Date(at).toLocaleString()} here`}>
                    {at.replace('T', ' ').replace('Z', ' UTC')}
                  </time>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
    <p class="note">Each is on the clock that saw it. No two of them are one “response time”.</p>
  </>
);

const HalfHours = ({ halfHours, worstMinute, rebound }: Kept) => (
  <>
    <p>
      Worst minute: {powerText(worstMinute.kw)} at <Moment at={worstMinute.at} />,{' '}
      {powerText(Math.abs(worstMinute.aboveTargetKw))} {worstMinute.aboveTargetKw > 0 ? 'above' : 'below'} its target.{' '}
      {rebound === null
        ? 'What came afterwards was not read, or has no baseline.'
        : `Afterwards ${rebound.minutesAbove} of ${rebound.minutes} minutes lay above the baseline.`}
    </p>
    <Scroll name="Half-hours">
      <table>
        <thead>
          <tr>
            <th scope="col">period</th>
            {['baseline', 'metered', 'delivered', 'asked'].map((head) => (
              <th key={head} scope="col" class="num">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {halfHours.map((one) => (
            <tr key={one.start}>
              <th scope="row">
                {one.period}, <Moment at={one.start} short />
              </th>
              {([one.baselineKwh, one.meteredKwh, one.deliveredKwh, one.requestedKwh] as const).map((kwh, i) => (
                <td key={i} class="num">
                  {kwh === null ? 'not known' : energyText(kwh)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  </>
);

/** Money for what is delivered or missing, as the source named it. */
const rateText = (rate: FlexibilityEvent['asked']['price']): string =>
  rate === null ? 'not told' : `${moneyText(rate.perMwh, rate.currency)}/MWh`;

const One = (event: FlexibilityEvent) => {
  const { id, asked, status, reason, commitment, kept } = event;
  return (
    <>
      <Headlines {...event} />
      <Card title={`${oneLine(asked.source, 60)} ${oneLine(asked.ref, 60)}`} aside={<Badge status={status} />}>
        {reason === null ? null : <p class={status === 'declined' ? 'wrong' : undefined}>{oneLine(reason, 600)}</p>}
        <p>
          <Moment at={asked.start} /> to {asked.end === null ? 'an open end' : <Moment at={asked.end} />}, product{' '}
          {oneLine(asked.product, 60)}, price {rateText(asked.price)}, penalty {rateText(asked.penalty)}.
          {commitment === null ? null : (
            <>
              {' '}
              Promised from <Moment at={commitment.start} /> to <Moment at={commitment.end} />, by plan{' '}
              <a href={linkTo('plan', commitment.planId)}>{commitment.planId}</a>.
            </>
          )}
        </p>
        {commitment?.short === undefined ? null : <p>{oneLine(commitment.short, 600)}</p>}
        <h3>Moments</h3>
        <Moments {...event} />
        {status === 'confirmed' ? <Command text={`caco event cancel ${id}`} /> : null}
      </Card>
      {kept === undefined ? null : (
        <Card title="How it was kept" aside={SOURCES[kept.source]}>
          <HalfHours {...kept} />
        </Card>
      )}
    </>
  );
};

const pathOf = (id: string) => `flexibility/events/${encodeURIComponent(id)}`;

export const Flexibility = ({ route }: { route: Route }) => {
  const fact = useFact('events', () => getJson<Listed>(`flexibility/events?limit=${SHOWN_AT_ONCE}`));
  const listed = fact.value?.events.find(({ id }) => id === route.id);
  // One that is older than those of the list is asked for by its name; null: there is none.
  const isElsewhere = route.id !== '' && fact.value !== undefined && listed === undefined;
  const other = useFact(isElsewhere ? `event ${route.id}` : null, () =>
    getJson<FlexibilityEvent>(pathOf(route.id)).catch((error: unknown) => {
      if (error instanceof Trouble && error.status === 404) return null;
      throw error;
    }),
  );
  return (
    <div class="view">
      <h1>Flexibility</h1>
      <Shown fact={fact} what="events">
        {({ events, next }) =>
          events.length === 0 ? (
            <Empty title="Nobody asked for less power yet.">
              <p>An event says from when until when, and by how much; it is planned for, and promised or declined.</p>
              <Command text="caco event add --site SITE --start T --end T --share 0.25" />
            </Empty>
          ) : (
            <>
              {isElsewhere ? (
                <Shown fact={other} what="the event">
                  {(event) =>
                    event === null ? (
                      <Empty title={`No event is called ${oneLine(route.id, 60)}.`} />
                    ) : (
                      <One {...event} />
                    )
                  }
                </Shown>
              ) : (
                <One key={(listed ?? events[0]!).id} {...(listed ?? events[0]!)} />
              )}
              <Card title="All events" aside={next === null ? `${events.length}` : `the newest ${events.length}`}>
                <All events={events} shown={route.id === '' ? events[0]!.id : route.id} />
                {next === null ? null : <Command text={`caco event list --after ${next}`} />}
              </Card>
            </>
          )
        }
      </Shown>
    </div>
  );
};
