/** One plan: what it changes, how good it is known to be, what binds, and each of its jobs on a timeline. */
import { oneLine } from '../../domain/text.js';
import type { BindingLimit, Plan, PlanLoad, Status, Totals } from '../answers.js';
import { TimeChart } from '../chart/time-chart.js';
import { callTool, getJson } from '../client.js';
import { type Fact, useFact } from '../facts.js';
import { countText, Mass, Moment, massText, moneyText, percentText, powerText, Said } from '../figures.js';
import { goTo, linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Loading, Shown } from '../states.js';
import { GROUPINGS, type Grouping } from '../timeline/rows.js';
import { loadTable, type PlanTable } from '../timeline/table.js';
import { Timeline } from '../timeline/timeline.js';
import { JobCard } from './job.js';

interface Explained {
  readonly summary: string;
  readonly proof: string;
  readonly bindingLimits: readonly BindingLimit[];
  readonly moves: readonly {
    readonly jobId: string;
    readonly team: string;
    readonly savedKg: number;
    readonly savedCost: number;
    readonly toStart: string;
    readonly reason: string;
  }[];
}

const signed = (text: string): string => (text.startsWith('−') || text === '0' ? text : `+${text}`);

const Row = ({ what, before, after, change }: { what: string; before: string; after: string; change: string }) => (
  <tr>
    <th scope="row">{what}</th>
    <td class="num">{before}</td>
    <td class="num">{after}</td>
    <td class="num">{change}</td>
  </tr>
);

export const Changes = ({ baseline, planned }: { baseline: Totals; planned: Totals }) => {
  const { currency } = planned.cost;
  const kg = planned.emissionsKg.value - baseline.emissionsKg.value;
  const ratio = baseline.emissionsKg.value === 0 ? '' : ` (${signed(percentText(kg / baseline.emissionsKg.value))})`;
  const money = (of: Totals) => moneyText(of.cost.total, currency);
  return (
    <table class="changes">
      <thead>
        <tr>
          <td />
          <th scope="col" class="num">
            run at once
          </th>
          <th scope="col" class="num">
            planned
          </th>
          <th scope="col" class="num">
            change
          </th>
        </tr>
      </thead>
      <tbody>
        <Row
          what="carbon (CO2e)"
          before={massText(baseline.emissionsKg.value)}
          after={massText(planned.emissionsKg.value)}
          change={`${signed(massText(kg))}${ratio}`}
        />
        <Row
          what="cost"
          before={money(baseline)}
          after={money(planned)}
          change={signed(moneyText(planned.cost.total - baseline.cost.total, currency))}
        />
        <Row
          what="peak"
          before={powerText(baseline.peakKw)}
          after={powerText(planned.peakKw)}
          change={signed(powerText(planned.peakKw - baseline.peakKw))}
        />
        <Row
          what="late jobs"
          before={countText(baseline.lateJobs)}
          after={countText(planned.lateJobs)}
          change={signed(countText(planned.lateJobs - baseline.lateJobs))}
        />
      </tbody>
    </table>
  );
};

const LoadPicture = ({ load, now }: { load: PlanLoad; now: number }) => {
  const start = Date.parse(load.start);
  const stepMs = load.stepMinutes * 60_000;
  const steps = load.regions[0]?.plannedKw.length ?? 0;
  const times = Array.from({ length: steps }, (_, i) => start + i * stepMs);
  const panels = load.regions.map((region) => ({
    title: `${oneLine(region.region, 40)}, MW`,
    height: 96,
    say: (v: number) => String(Number((v / 1000).toPrecision(6))),
    series: [
      { name: 'without the plan', look: 'c-before', shape: 'step' as const, values: region.baselineKw, say: powerText },
      { name: 'under the plan', look: 'c-after', shape: 'area' as const, values: region.plannedKw, say: powerText },
    ],
  }));
  const peak = (of: readonly number[]) => of.reduce((a, b) => Math.max(a, b), 0);
  const finding = load.regions
    .map(
      (r) =>
        `${oneLine(r.region, 40)}: highest half-hour ${powerText(peak(r.plannedKw))} under the plan, ${powerText(peak(r.baselineKw))} without it`,
    )
    .join('; ');
  return <TimeChart finding={`${finding}.`} times={times} stepMs={stepMs} now={now} panels={panels} />;
};

const Jobs = ({ plan, table, route, now }: { plan: Plan; table: PlanTable; route: Route; now: number }) => {
  const by = GROUPINGS.find((g) => g === route.query.by) ?? 'team';
  const { team = '', job } = route.query;
  const go = (change: Record<string, string | undefined>) =>
    goTo(linkTo('plan', plan.id, { ...route.query, ...change }), true);
  const teams = [...new Set(Array.from(table.team, (t) => table.names[t] ?? ''))].sort();
  return (
    <>
      <div class="row">
        <label>
          Rows by{' '}
          <select value={by} onChange={(event) => go({ by: event.currentTarget.value as Grouping })}>
            {GROUPINGS.map((g) => (
              <option key={g}>{g}</option>
            ))}
          </select>
        </label>
        <label>
          Team{' '}
          <select value={team} onChange={(event) => go({ team: event.currentTarget.value })}>
            <option value="">all teams</option>
            {teams.map((t) => (
              <option key={t} value={t}>
                {oneLine(t, 40)}
              </option>
            ))}
          </select>
        </label>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const wanted = (event.currentTarget.elements.namedItem('job') as HTMLInputElement).value.trim();
            const found = table.ids.find((id) => id === wanted) ?? table.ids.find((id) => id.includes(wanted));
            if (wanted !== '' && found !== undefined) go({ job: found, team: '' });
          }}
        >
          <label>
            Find a job <input name="job" type="search" placeholder="its id, or a part of it" />
          </label>
        </form>
      </div>
      <Timeline
        table={table}
        by={by}
        team={team}
        now={now / 1000}
        selected={job ?? null}
        onSelect={(id) => go({ job: id })}
      />
      {job === undefined ? (
        <p class="quiet">Choose a job to see why it moved, and what staying would have cost.</p>
      ) : (
        <JobCard plan={plan} jobId={job} />
      )}
    </>
  );
};

export const PlanHead = ({ plan }: { plan: Plan }) => (
  <p class="quiet">
    {plan.id} · made <Moment at={plan.madeAt} /> · window <Moment at={plan.window.start} /> to{' '}
    <Moment at={plan.window.end} /> · <span class="hash">digest {plan.digest.slice(0, 16)}…</span>
  </p>
);

const Facts = ({ plan }: { plan: Plan }) => (
  <dl class="facts">
    <div>
      <dt>Saves, by the forecast</dt>
      <dd>
        <Mass name="planned-saving" of={plan.savings.emissionsKg} href={linkTo('approvals', plan.id)} />
      </dd>
    </div>
    <div>
      <dt>Costs less by</dt>
      <dd>
        <Said
          name="planned-saving-cost"
          text={moneyText(plan.savings.cost, plan.planned.cost.currency)}
          note={`carbon priced at ${moneyText(plan.carbonPricePerTonne, plan.planned.cost.currency)}/t`}
          href={linkTo('price', '', { plan: plan.id })}
        />
      </dd>
    </div>
    <div>
      <dt>No schedule beats it by more than</dt>
      <dd>
        <Said name="gap" text={plan.gap === null ? null : percentText(plan.gap)} note="of its cost, proved" />
      </dd>
    </div>
    <div>
      <dt>Jobs moved</dt>
      <dd>
        <Said
          name="moved"
          text={countText(plan.jobs.moved)}
          note={`of ${countText(plan.jobs.total)}; ${countText(plan.jobs.urgent)} urgent ones stay`}
        />
      </dd>
    </div>
  </dl>
);

const Moves = ({ plan, why, route }: { plan: Plan; why: Fact<Explained>; route: Route }) => (
  <Card title="Moves that save most">
    <Shown fact={why} what="the moves">
      {({ moves }) => (
        <ol class="list">
          {moves.map((m) => (
            <li key={m.jobId}>
              <a href={linkTo('plan', plan.id, { ...route.query, job: m.jobId })}>{oneLine(m.jobId, 80)}</a>{' '}
              <span class="quiet">{oneLine(m.team, 40)}</span>
              <br />
              {oneLine(m.reason, 300)}
            </li>
          ))}
        </ol>
      )}
    </Shown>
  </Card>
);

export const PlanView = ({ route, status }: { route: Route; status: Status }) => {
  const plans = useFact('plans all', () => callTool<{ plans: Plan[] }>('list_plans', { limit: 50 }));
  const one = useFact(route.id === '' ? null : `plan ${route.id}`, () =>
    callTool<{ plans: Plan[] }>('list_plans', { ids: [route.id] }),
  );
  const plan = route.id === '' ? plans.value?.plans[0] : one.value?.plans[0];
  const key = plan === undefined ? null : `${plan.id} ${plan.digest}`;
  const load = useFact(key && `load ${key}`, () => getJson<PlanLoad>(`plans/${plan!.id}/load`), true);
  const why = useFact(
    key && `explained ${key}`,
    () => callTool<Explained>('explain_plan', { planId: plan!.id, limit: 8 }),
    true,
  );
  const table = useFact(key && `table ${key}`, () => loadTable(plan!.id), true);
  const fact = route.id === '' ? plans : one;
  return (
    <div class="view">
      <h1>Plan</h1>
      <Shown fact={fact} what="the plan">
        {() =>
          plan === undefined ? (
            <Empty title={route.id === '' ? 'Nothing is planned yet.' : `There is no plan ${oneLine(route.id, 40)}.`}>
              <Command text="caco launch --horizon-hours 24" />
            </Empty>
          ) : (
            <>
              <div class="row spread">
                <PlanHead plan={plan} />
                <label>
                  Plan{' '}
                  <select
                    value={plan.id}
                    onChange={(event) => (location.hash = linkTo('plan', event.currentTarget.value))}
                  >
                    {[...new Set([plan.id, ...(plans.value?.plans.map((p) => p.id) ?? [])])].map((id) => (
                      <option key={id}>{id}</option>
                    ))}
                  </select>
                </label>
              </div>
              <Facts plan={plan} />
              <Card title="Jobs" aside={`${countText(plan.jobs.total)} jobs`}>
                <Shown fact={table} what={`${countText(plan.jobs.total)} jobs`}>
                  {(value) => <Jobs plan={plan} table={value} route={route} now={Date.parse(status.now)} />}
                </Shown>
              </Card>
              <div class="two">
                <Card
                  title="What it changes"
                  aside={<a href={linkTo('price', '', { plan: plan.id })}>At other carbon prices</a>}
                >
                  <Changes baseline={plan.baseline} planned={plan.planned} />
                  <p>
                    <a
                      href={linkTo('compare', '', {
                        a: plans.value?.plans.find((p) => p.id !== plan.id)?.id,
                        b: plan.id,
                      })}
                    >
                      Compare with another plan
                    </a>
                  </p>
                </Card>
                <Card title="How good it is known to be">
                  <Shown fact={why} what="its certificate">
                    {({ proof, bindingLimits, summary }) => (
                      <>
                        <p>{summary}</p>
                        <p>{proof}</p>
                        {bindingLimits.length === 0 ? (
                          <p class="quiet">No limit binds.</p>
                        ) : (
                          <ul>
                            {bindingLimits.map((b) => (
                              <li key={b.limit}>{b.sentence ?? `${b.limit}: ${b.slots} slots`}</li>
                            ))}
                          </ul>
                        )}
                      </>
                    )}
                  </Shown>
                </Card>
              </div>
              <Card title="Load by region">
                {load.value === undefined ? (
                  <Loading what="the load" />
                ) : (
                  <LoadPicture load={load.value} now={Date.parse(status.now)} />
                )}
              </Card>
              <Moves plan={plan} why={why} route={route} />
            </>
          )
        }
      </Shown>
    </div>
  );
};
