/** The program that is left on, and what orders changed at somebody else's scheduler: job by job, with the command and the way back. */
import type { Change } from '../../domain/change.js';
import { CHANGE_STATES, type ChangeState } from '../../domain/change-states.js';
import { oneLine } from '../../domain/text.js';
import type { Operation, Run, Status } from '../answers.js';
import { callTool, Trouble } from '../client.js';
import { useFact } from '../facts.js';
import { apartText, countText, Moment, Said } from '../figures.js';
import { goTo, linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';

interface Changes {
  readonly planId: string;
  readonly rehearsed: boolean;
  readonly counts: Readonly<Partial<Record<ChangeState, number>>>;
  readonly changes: readonly Change[];
  readonly next: number | null;
}

const everyText = (seconds: number): string =>
  seconds % 3600 === 0 ? `${seconds / 3600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;

const LastLook = ({ last, now }: { last: NonNullable<Operation['last']>; now: string }) => (
  <>
    <p>
      Last look <Moment at={last.at} /> ({apartText(last.at, now)}):{' '}
      {last.jobs === 0 ? 'no new jobs' : `${countText(last.jobs)} new ${last.jobs === 1 ? 'job' : 'jobs'}`}
      {last.runId === null ? null : (
        <>
          , run <a href={linkTo('approvals', last.runId)}>{last.runId}</a> ({last.status}), {countText(last.moved)}{' '}
          moved
        </>
      )}
      {last.finished === 0 ? '' : `; ${last.finished} earlier ${last.finished === 1 ? 'run' : 'runs'} went on`}
      {last.missed === 0 ? '' : `; ${countText(last.missed)} looks were missed before it`}.
    </p>
    {last.reviewed === null ? null : (
      <p>
        Plan <a href={linkTo('plan', last.reviewed.planId)}>{last.reviewed.planId}</a> was looked at again:{' '}
        {last.reviewed.byPlanId === null ? (
          'it stands.'
        ) : (
          <>
            <a href={linkTo('plan', last.reviewed.byPlanId)}>{last.reviewed.byPlanId}</a> took its place and moved{' '}
            {countText(last.reviewed.moved)} jobs.
          </>
        )}
      </p>
    )}
    {last.trouble.map((one) => (
      <p key={one} class="wrong">
        {oneLine(one, 400)}; it is tried again.
      </p>
    ))}
  </>
);

const Operated = ({ operation, why, now }: { operation: Operation; why: string | null; now: string }) => (
  <>
    <dl class="facts">
      <div>
        <dt>It stands</dt>
        <dd>
          <Said
            name="operation"
            text={operation.stopped ? 'ended' : why === null ? 'as it should' : 'not as it should'}
            note={operation.stopped ? 'by a person' : (why ?? `looks every ${everyText(operation.everySeconds)}`)}
          />
        </dd>
      </div>
      <div>
        <dt>Looks</dt>
        <dd>
          <Said name="looks" text={countText(operation.ticks)} note={`${countText(operation.missed)} missed`} />
        </dd>
      </div>
      <div>
        <dt>{operation.stopped ? 'It would look next' : 'Next look'}</dt>
        <dd>
          <Said
            name="next-look"
            text={apartText(operation.nextAt, now)}
            note={operation.nextAt.replace('T', ' ').replace(/:00Z$/, ' UTC')}
          />
        </dd>
      </div>
      <div>
        <dt>Plans ahead</dt>
        <dd>
          <Said name="horizon" text={`${operation.horizonHours} h`} />
        </dd>
      </div>
    </dl>
    <Card title="The last look" aside="caco operate">
      {operation.last === null ? (
        <p class="quiet">It has not looked yet.</p>
      ) : (
        <LastLook last={operation.last} now={now} />
      )}
      {operation.stopped ? <Command text="caco operate" /> : null}
    </Card>
  </>
);

const LOOK: Readonly<Partial<Record<ChangeState, string>>> = {
  made: 'good',
  'not-needed': 'good',
  refused: 'bad',
  lost: 'warn',
  kept: 'warn',
  intended: 'waiting',
  undoing: 'waiting',
};

const Rows = ({ changes }: { changes: readonly Change[] }) => (
  <Scroll name="Changes">
    <table>
      <thead>
        <tr>
          <th scope="col">job</th>
          <th scope="col">state</th>
          <th scope="col">could start before</th>
          <th scope="col">may start now</th>
          <th scope="col">command, or why none</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((c) => (
          <tr key={`${c.jobId} ${c.target}`}>
            <th scope="row">
              {oneLine(c.jobId, 60)}
              <br />
              <small>{oneLine(c.target, 60)}</small>
            </th>
            <td>
              <span class={`badge ${LOOK[c.state] ?? ''}`} title={CHANGE_STATES[c.state]}>
                {c.state.replaceAll('-', ' ')}
              </span>
            </td>
            <td>{c.from === null ? <span class="quiet">not said</span> : <Moment at={c.from} />}</td>
            <td>{c.to === null ? <span class="quiet">unchanged</span> : <Moment at={c.to} />}</td>
            <td>
              {c.command === null ? null : <code class="hash">{oneLine(c.command, 300)}</code>}
              {c.why === null ? null : <small> {oneLine(c.why, 300)}</small>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

const MOST = 500;

const Made = ({ runs, chosen }: { runs: readonly Run[]; chosen: string }) => {
  const of = runs.find(({ id, planId }) => chosen === id || chosen === planId) ?? runs[0];
  const fact = useFact(of === undefined ? null : `changes ${of.id}`, () =>
    callTool<Changes>('list_changes', { id: of!.id, limit: MOST }).catch((error: unknown) => {
      if (error instanceof Trouble && error.code === 'unsupported') return error;
      throw error;
    }),
  );
  if (of === undefined)
    return (
      <Card title="Changes at the scheduler">
        <Empty title="No run has made a plan yet.">
          <Command text="caco launch --horizon-hours 24" />
        </Empty>
      </Card>
    );
  return (
    <Card
      title="Changes at the scheduler"
      aside={
        <label>
          Run{' '}
          <select value={of.id} onChange={(event) => goTo(linkTo('fleet', event.currentTarget.value))}>
            {runs.map(({ id, planId }) => (
              <option key={id} value={id}>
                {id}, {planId}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Shown fact={fact} what="what was changed">
        {(found) =>
          found instanceof Trouble ? (
            <p class="quiet">
              This fleet keeps its orders itself: no job of anybody’s scheduler is changed. The plan is{' '}
              <a href={linkTo('plan', of.planId ?? '')}>{of.planId}</a>.
            </p>
          ) : (
            <>
              <p class="finding" data-figure="changes">
                {found.rehearsed ? 'A rehearsal: nothing was changed. ' : ''}
                {Object.entries(found.counts)
                  .map(
                    ([state, n]) =>
                      `${countText(n)} ${state.replaceAll('-', ' ')}: ${CHANGE_STATES[state as ChangeState]}`,
                  )
                  .join('; ') || 'No order of this plan reached a scheduler'}
                .
              </p>
              <p>
                Ordered by plan <a href={linkTo('plan', found.planId)}>{found.planId}</a>
                {of.decisionId === null ? null : (
                  <>
                    , on the leave of <a href={linkTo('approvals', of.decisionId)}>{of.decisionId}</a>
                  </>
                )}
                .
              </p>
              {found.changes.length === 0 ? null : <Rows changes={found.changes} />}
              {found.next === null ? null : (
                <p class="note">
                  The first {MOST} are shown; <code>caco changes {of.id}</code> has all.
                </p>
              )}
              {found.rehearsed || (found.counts.made ?? 0) === 0 ? null : <Command text={`caco undo ${of.id}`} />}
            </>
          )
        }
      </Shown>
    </Card>
  );
};

export const Fleet = ({ route, status }: { route: Route; status: Status }) => {
  const runs = useFact('runs', () => callTool<{ runs: Run[] }>('list_runs', { limit: 20 }));
  return (
    <div class="view">
      <h1>Fleet</h1>
      {status.operation === null ? (
        <Empty title="No program is left on: runs are started by hand.">
          <Command text="caco operate" />
        </Empty>
      ) : (
        <Operated operation={status.operation.state} why={status.operation.why} now={status.now} />
      )}
      <Shown fact={runs} what="runs">
        {({ runs: all }) => <Made runs={all.filter(({ planId }) => planId !== null)} chosen={route.id} />}
      </Shown>
    </div>
  );
};
