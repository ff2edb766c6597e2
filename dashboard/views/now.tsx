/** What the grid and the fleet do now: signals with their band, the load without the plan and under it, and what needs a person. */
import type { Estimate } from '../../domain/estimate.js';
import type { Approval, GridForecast, LedgerLine, Plan, PlanLoad, Run, Sale, Site, Status } from '../answers.js';
import { type Mark, type Panel, TimeChart } from '../chart/time-chart.js';
import { callTool, getJson } from '../client.js';
import { useFact } from '../facts.js';
import { apartText, countText, exact, figure, Mass, Moment, moneyText, powerText, Said } from '../figures.js';
import { linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Shown } from '../states.js';
import { Activity } from './activity.js';
import { forecastNotes, useVintages } from './vintages.js';

const BEFORE_HOURS = 6;
const MS = { hour: 3_600_000, minute: 60_000 };
const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Each value of a series on another axis: of the step that holds the moment. */
const onAxis = (
  times: readonly number[],
  start: number,
  stepMs: number,
  values: readonly number[],
): (number | null)[] => times.map((at) => values[Math.floor((at - start) / stepMs)] ?? null);

/** Mean of the steps of a finer series that lie in each step of the axis; null outside of it. */
const meanOnAxis = (
  times: readonly number[],
  axisMs: number,
  start: number,
  stepMs: number,
  values: readonly number[],
): (number | null)[] => {
  const per = Math.max(1, Math.round(axisMs / stepMs));
  if (per === 1) return onAxis(times, start, stepMs, values);
  return times.map((at) => {
    const first = Math.floor((at - start) / stepMs);
    const part = values.slice(Math.max(0, first), Math.max(0, first + per));
    return part.length === 0 ? null : part.reduce((a, b) => a + b, 0) / per;
  });
};

const summed = (rows: readonly (readonly number[])[]): number[] => {
  const [first = []] = rows;
  return first.map((_, i) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0));
};

interface Drawn {
  readonly grid: GridForecast;
  readonly load: PlanLoad | undefined;
  readonly capKw: number | null;
}

const panelsOf = ({ grid, load, capKw }: Drawn, times: readonly number[], stepMs: number): Panel[] => {
  const column = (pick: (p: GridForecast['points'][number]) => number | null) => grid.points.map(pick);
  const currency = grid.points.find((p) => p.currency !== null)?.currency ?? null;
  const panels: Panel[] = [
    {
      title: 'Carbon intensity, g/kWh',
      height: 120,
      say: exact,
      series: [
        {
          ...{ name: 'intensity', look: 'c-grid', shape: 'step', say: (v) => `${figure(v)} g/kWh` },
          ...{ values: column((p) => p.intensityGPerKwh), low: column((p) => p.low), high: column((p) => p.high) },
        },
      ],
    },
  ];
  if (currency !== null)
    panels.push({
      title: `Price, ${currency}/MWh`,
      height: 64,
      say: exact,
      series: [
        {
          name: 'price',
          look: 'c-price',
          shape: 'step',
          values: column((p) => p.pricePerMwh),
          say: (v) => `${moneyText(v, currency)}/MWh`,
        },
      ],
    });
  const regions = load?.regions.filter((r) => r.region === grid.region) ?? [];
  if (load && regions.length > 0) {
    const place = [Date.parse(load.start), load.stepMinutes * MS.minute] as const;
    panels.push({
      title: 'Load of the plan, MW',
      height: 150,
      say: (v) => exact(v / 1000),
      limit: capKw === null ? null : { value: capKw, text: `cap ${powerText(capKw)}` },
      series: [
        {
          name: 'without the plan',
          look: 'c-before',
          shape: 'step',
          values: meanOnAxis(times, stepMs, ...place, summed(regions.map((r) => r.baselineKw))),
          say: powerText,
        },
        {
          name: 'under the plan',
          look: 'c-after',
          shape: 'area',
          values: meanOnAxis(times, stepMs, ...place, summed(regions.map((r) => r.plannedKw))),
          say: powerText,
        },
      ],
    });
  }
  return panels;
};

const findingOf = (grid: GridForecast, now: number): string => {
  const known = grid.points.filter(
    (p) => p.intensityGPerKwh !== null && Date.parse(p.start) + grid.stepMinutes * MS.minute > now,
  );
  if (known.length === 0) return `No carbon intensity is known of ${grid.region}.`;
  const low = known.reduce((a, b) => (b.intensityGPerKwh! < a.intensityGPerKwh! ? b : a));
  const [here] = known;
  return `${grid.region}: ${figure(here!.intensityGPerKwh!)} g/kWh now; cleanest at ${low.start.slice(11, 16)} UTC on ${low.start.slice(0, 10)} with ${figure(low.intensityGPerKwh!)} g/kWh.`;
};

const marksOf = (runs: readonly Run[], sales: readonly Sale[], approvals: readonly Approval[]): Mark[] => [
  ...sales.map((s) => ({
    ...{ at: Date.parse(s.start), until: Date.parse(s.end), look: 'c-order', href: linkTo('market') },
    text: `order ${s.id}: ${powerText(s.powerKw)} less, ${s.state.toLowerCase().replaceAll('_', ' ')}`,
  })),
  ...approvals.map((a) => ({
    at: Date.parse(a.askedAt),
    look: 'c-ask',
    text: `approval ${a.id} was asked for`,
    href: linkTo('approvals', a.id),
  })),
  ...runs.map((r) => ({
    at: Date.parse(r.startedAt),
    look: 'c-run',
    text: `run ${r.id}: ${r.status}`,
    href: linkTo('approvals', r.id),
  })),
];

/** By how much, where the words say which way. */
const outright = ({ value, low, high, confidence }: Estimate): Estimate =>
  value < 0 ? { value: -value, low: -high, high: -low, confidence } : { value, low, high, confidence };

const Facts = ({
  plan,
  status,
  grid,
  running,
}: {
  plan: Plan;
  status: Status;
  grid: GridForecast | undefined;
  running: number | undefined;
}) => {
  const here = grid?.points.findLast((p) => p.start <= status.now) ?? grid?.points[0];
  return (
    <dl class="facts">
      <div>
        <dt>Grid now</dt>
        <dd>
          <Said
            name="intensity"
            text={
              here === undefined
                ? undefined
                : here.intensityGPerKwh === null
                  ? null
                  : `${figure(here.intensityGPerKwh)} g/kWh`
            }
            note={here?.low == null || here.high == null ? undefined : `${figure(here.low)} to ${figure(here.high)}`}
          />
        </dd>
      </div>
      <div>
        <dt>{plan.savings.emissionsKg.value < 0 ? 'The plan emits more by' : 'The plan saves'}</dt>
        <dd>
          <Mass name="planned-saving" of={outright(plan.savings.emissionsKg)} href={linkTo('plan', plan.id)} />
        </dd>
      </div>
      <div>
        <dt>{plan.savings.cost < 0 ? 'and costs more by' : 'and costs less by'}</dt>
        <dd>
          <Said
            name="planned-saving-cost"
            text={moneyText(Math.abs(plan.savings.cost), plan.planned.cost.currency)}
            note={`of ${moneyText(plan.baseline.cost.total, plan.planned.cost.currency)}`}
            href={linkTo('plan', plan.id)}
          />
        </dd>
      </div>
      <div>
        <dt>Jobs moved</dt>
        <dd>
          <Said
            name="moved"
            text={countText(plan.jobs.moved)}
            note={`of ${countText(plan.jobs.total)}; ${countText(plan.jobs.urgent)} urgent ones stay`}
            href={linkTo('plan', plan.id)}
          />
        </dd>
      </div>
      <div>
        <dt>Running now by plan</dt>
        <dd>
          <Said
            name="running"
            text={running === undefined ? undefined : countText(running)}
            note="jobs"
            href={linkTo('plan', plan.id, { at: status.now })}
          />
        </dd>
      </div>
    </dl>
  );
};

const Waiting = ({ approvals, now }: { approvals: readonly Approval[]; now: string }) =>
  approvals.length === 0 ? (
    <p class="quiet">Nothing waits for a person.</p>
  ) : (
    <ul class="list">
      {approvals.map((a) => (
        <li key={a.id}>
          <a href={linkTo('approvals', a.id)}>
            <strong>Approve {a.planId}?</strong>
          </a>
          <p>{a.reasons.join('; ')}</p>
          <p class="quiet">
            {a.votes.length} of {a.approvalsNeeded} answers; asked {apartText(a.askedAt, now)}, expires{' '}
            <Moment at={a.expiresAt} />
          </p>
        </li>
      ))}
    </ul>
  );

export const Now = ({ route, status }: { route: Route; status: Status }) => {
  const now = Date.parse(status.now);
  const regions = status.signals.map((s) => s.region);
  const plans = useFact('plans', () => callTool<{ plans: Plan[] }>('list_plans', { limit: 1 }));
  const plan = plans.value?.plans[0];
  const load = useFact(
    plan ? `load ${plan.id} ${plan.digest}` : null,
    () => getJson<PlanLoad>(`plans/${plan!.id}/load`),
    true,
  );
  const region = route.query.region ?? load.value?.regions[0]?.region ?? regions[0];
  const from = Math.min(now, plan ? Date.parse(plan.window.start) : now) - BEFORE_HOURS * MS.hour;
  const until = Math.max(
    now + 24 * MS.hour,
    Math.min(now + 72 * MS.hour, plan?.finishesAt ? Date.parse(plan.finishesAt) : 0),
  );
  const bounds = { from: iso(Math.floor(from / MS.hour) * MS.hour), to: iso(Math.ceil(until / MS.hour) * MS.hour) };
  const grid = useFact(
    region && plans.value ? `grid ${region}` : null,
    () => callTool<GridForecast>('get_grid_forecast', { region, ...bounds }),
    false,
    `${bounds.from} ${bounds.to}`,
  );
  const sites = useFact('sites', () => getJson<{ sites: Site[] }>('sites'));
  const approvals = useFact('approvals waiting', () => callTool<{ approvals: Approval[] }>('list_approvals', {}));
  const runs = useFact('runs', () => callTool<{ runs: Run[] }>('list_runs', { limit: 20 }));
  const sales = useFact('sales', () => callTool<{ sales: Sale[] }>('list_sales', { limit: 50 }));
  const ledger = useFact('ledger newest', () => callTool<{ entries: LedgerLine[] }>('list_ledger', { limit: 12 }));
  const running = useFact(
    plan ? `running ${plan.id}` : null,
    () => callTool<{ jobs: number }>('show_schedule', { planId: plan!.id, from: status.now, to: status.now, limit: 1 }),
    false,
    status.now,
  );
  const vintages = useVintages(region, grid.value);
  const caps = sites.value?.sites.filter((s) => s.region === region).map((s) => s.powerCapKw) ?? [];
  const capKw = caps.length === 0 || caps.some((c) => c === null) ? null : caps.reduce<number>((sum, c) => sum + c!, 0);

  return (
    <div class="view now-view">
      <h1>Now</h1>
      <Shown fact={plans} what="the newest plan">
        {() =>
          plan === undefined ? (
            <Empty title="Nothing is planned yet.">
              <p>
                A first run plans the jobs that wait, asks for leave where it must, and shows up here while it works.
              </p>
              <Command text="caco launch --horizon-hours 24" />
            </Empty>
          ) : (
            <Facts plan={plan} status={status} grid={grid.value} running={running.value?.jobs} />
          )
        }
      </Shown>
      <Card
        title="Grid and load"
        aside={
          regions.length < 2 ? null : (
            <label>
              Region{' '}
              <select
                value={region}
                onChange={(event) => (location.hash = linkTo('now', '', { region: event.currentTarget.value }))}
              >
                {regions.map((r) => (
                  <option key={r}>{r}</option>
                ))}
              </select>
            </label>
          )
        }
      >
        {regions.length === 0 ? (
          <Empty title="No region has a carbon signal.">
            <Command text="caco doctor" />
          </Empty>
        ) : (
          <Shown fact={grid} what="the grid’s signals">
            {(signal) => {
              const times = signal.points.map((p) => Date.parse(p.start));
              const stepMs = signal.stepMinutes * MS.minute;
              return (
                <>
                  <TimeChart
                    finding={findingOf(signal, now)}
                    times={times}
                    stepMs={stepMs}
                    now={now}
                    panels={panelsOf({ grid: signal, load: load.value, capKw }, times, stepMs)}
                    marks={marksOf(runs.value?.runs ?? [], sales.value?.sales ?? [], approvals.value?.approvals ?? [])}
                    more={(i) => vintages.at(times[i]!)}
                  />
                  <p class="note">{forecastNotes(signal, vintages)}</p>
                </>
              );
            }}
          </Shown>
        )}
      </Card>
      <div class="two">
        <Card title="Needs a person" aside={<a href={linkTo('approvals')}>All approvals</a>}>
          <Shown fact={approvals} what="what waits">
            {({ approvals: all }) => <Waiting approvals={all} now={status.now} />}
          </Shown>
        </Card>
        <Card title="What happened" aside={<a href={linkTo('proof')}>The ledger</a>}>
          <Shown fact={ledger} what="the ledger">
            {({ entries }) => <Activity entries={entries} now={status.now} />}
          </Shown>
        </Card>
      </div>
    </div>
  );
};
