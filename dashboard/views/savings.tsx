/** Month by month, team by team: what was planned, what was verified, and why the two differ. Made to be printed, too. */
import { type MonthReport, monthOf, monthReport } from '../../domain/month-report.js';
import { oneLine } from '../../domain/text.js';
import type { Status, Verification } from '../answers.js';
import { scale, ticks } from '../chart/scale.js';
import { useWidth } from '../chart/width.js';
import { callTool } from '../client.js';
import { useFact } from '../facts.js';
import {
  Cause,
  countText,
  energyText,
  exact,
  figure,
  Mass,
  massChangeText,
  massText,
  moneyText,
  Said,
} from '../figures.js';
import { linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';

const HEIGHT = 190;
const LEFT = 56;

/** Planned beside verified, with the interval of what was verified. */
const Months = ({ reports, chosen }: { reports: readonly MonthReport[]; chosen: string }) => {
  const [ref, width] = useWidth<HTMLDivElement>();
  const high = reports.reduce((most, r) => Math.max(most, r.savedKg.high, r.plannedKg), 0) * 1.08 || 1;
  const low = reports.reduce((least, r) => Math.min(least, r.savedKg.low, r.plannedKg), 0);
  const y = scale(low, high, HEIGHT - 24, 10);
  const wide = Math.min(120, (width - LEFT) / Math.max(1, reports.length));
  return (
    <div ref={ref} class="plot" aria-hidden="true">
      {width === 0 ? null : (
        <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false">
          {ticks(low, high, 5).map((t) => (
            <g key={t}>
              <line class="grid" x1={LEFT} x2={width} y1={y(t)} y2={y(t)} />
              <text class="tick" x={LEFT - 6} y={y(t) + 4} text-anchor="end">
                {exact(t / 1000)} t
              </text>
            </g>
          ))}
          {reports.map((r, i) => {
            const x = LEFT + i * wide + wide * 0.18;
            const bar = wide * 0.28;
            const middle = x + bar * 1.6;
            const box = (value: number) => ({ y: Math.min(y(value), y(0)), height: Math.abs(y(value) - y(0)) });
            return (
              <g key={r.month}>
                <rect class="c-before bar hollow" x={x} width={bar} {...box(r.plannedKg)} />
                <rect class="c-after bar" x={x + bar * 1.1} width={bar} {...box(r.savedKg.value)} />
                <path
                  class="whisker"
                  d={`M${middle} ${y(r.savedKg.low)}V${y(r.savedKg.high)}M${middle - 5} ${y(r.savedKg.low)}h10M${middle - 5} ${y(r.savedKg.high)}h10`}
                />
                <text
                  class={r.month === chosen ? 'tick chosen' : 'tick'}
                  x={x + bar}
                  y={HEIGHT - 8}
                  text-anchor="middle"
                >
                  {r.month}
                </text>
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
};

const Causes = ({ report }: { report: MonthReport }) => (
  <table>
    <tbody>
      <tr>
        <th scope="row">planned</th>
        <td class="num">{massText(report.plannedKg)}</td>
      </tr>
      {report.causes
        .filter((c) => Math.abs(c.emissionsKg) > 1e-6)
        .map((c) => (
          <tr key={c.cause}>
            <th scope="row">
              <Cause name={c.cause} />
            </th>
            <td class="num">{massChangeText(c.emissionsKg)}</td>
          </tr>
        ))}
      <tr>
        <th scope="row">verified</th>
        <td class="num">
          <Mass name="month-verified" of={report.savedKg} />
        </td>
      </tr>
    </tbody>
  </table>
);

const Leaderboard = ({
  report,
  currency,
  team,
}: {
  report: MonthReport;
  currency: string;
  team: string | undefined;
}) => (
  <Scroll name="Teams">
    <table>
      <thead>
        <tr>
          <th scope="col">team</th>
          <th scope="col" class="num">
            saved per kWh
          </th>
          <th scope="col">verified saving</th>
          <th scope="col" class="num">
            money
          </th>
          <th scope="col" class="num">
            energy
          </th>
          <th scope="col" class="num">
            jobs
          </th>
        </tr>
      </thead>
      <tbody>
        {report.teams.map((t, i) => (
          <tr key={t.team} class={t.team === team ? 'chosen' : ''}>
            <th scope="row">
              {i + 1}. <a href={linkTo('savings', '', { month: report.month, team: t.team })}>{oneLine(t.team, 60)}</a>
            </th>
            <td class="num">{t.savedKgPerKwh === null ? 'not known' : `${figure(t.savedKgPerKwh * 1000)} g`}</td>
            <td>
              <Mass name={`team ${t.team}`} of={t.savedKg} />
            </td>
            <td class="num">{t.savedCost === null ? 'not known' : moneyText(t.savedCost, currency)}</td>
            <td class="num">{energyText(t.energyKwh)}</td>
            <td class="num">{countText(t.jobs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

interface Market {
  known: number;
  savedKg: number;
  why: string | null;
}
const MOST_LOOKED_AT = 60;

/** Market-based savings stand in the records themselves; where no contracts were imported they are not known. */
const marketOf = async (records: readonly Verification[]): Promise<Market> => {
  const found: Market = { known: 0, savedKg: 0, why: null };
  const all = await Promise.all(
    records.slice(0, MOST_LOOKED_AT).map((r) =>
      callTool<{
        entries: {
          body: {
            kind: string;
            data: {
              output?: { verified: { marketBased: { savedKg: { value: string } | null; why: string | null } } };
            };
          };
        }[];
      }>('get_evidence', { subject: r.id }),
    ),
  );
  for (const { entries } of all) {
    const market = entries.find((e) => e.body.kind === 'verification')?.body.data.output?.verified.marketBased;
    if (market?.savedKg) {
      found.known += 1;
      found.savedKg += Number(market.savedKg.value);
    } else found.why = market?.why ?? found.why;
  }
  return found;
};

const Month = ({
  report,
  records,
  currency,
  team,
}: {
  report: MonthReport;
  records: readonly Verification[];
  currency: string;
  team: string | undefined;
}) => {
  const market = useFact(`market ${records.map((r) => r.id).join(' ')}`, () => marketOf(records), true);
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Verified in {report.month}</dt>
          <dd>
            <Mass name="verified-saving" of={report.savedKg} href={linkTo('proof', records[0]?.id)} />
          </dd>
        </div>
        <div>
          <dt>Planned</dt>
          <dd>
            <Said
              name="planned"
              text={massText(report.plannedKg)}
              note={`in ${report.records} verified ${report.records === 1 ? 'plan' : 'plans'}`}
            />
          </dd>
        </div>
        <div>
          <dt>Market-based</dt>
          <dd>
            <Said
              name="market-based"
              text={
                market.value === undefined
                  ? undefined
                  : market.value.known === 0
                    ? 'not known'
                    : massText(market.value.savedKg)
              }
              note={
                market.value?.known === 0
                  ? (market.value.why ?? undefined)
                  : market.value === undefined
                    ? undefined
                    : `of ${market.value.known} of ${report.records} records`
              }
            />
          </dd>
        </div>
        <div>
          <dt>Money saved</dt>
          <dd>
            <Said
              name="verified-cost"
              text={report.savedCost === null ? null : moneyText(report.savedCost, currency)}
              note={`planned ${moneyText(report.plannedCost, currency)}`}
            />
          </dd>
        </div>
        <div>
          <dt>Jobs</dt>
          <dd>
            <Said
              name="jobs"
              text={countText(report.jobs)}
              note={
                report.unverifiedJobs === 0
                  ? 'all verified'
                  : `${countText(report.unverifiedJobs)} of them not verified`
              }
            />
          </dd>
        </div>
      </dl>
      <div class="two">
        <Card title="Why it differs from the plan">
          <Causes report={report} />
        </Card>
        <Card title="Records" aside="each leads to its evidence">
          <ul class="list">
            {records.map((r) => (
              <li key={r.id}>
                <a href={linkTo('proof', r.id)}>{r.id}</a> <Mass name={`record ${r.id}`} of={r.verified.emissionsKg} />{' '}
                <span class="quiet">of plan {r.planId}</span>
              </li>
            ))}
          </ul>
        </Card>
      </div>
      <Card
        title="Teams by verified saving per kWh"
        aside={team === undefined ? null : <a href={linkTo('savings', '', { month: report.month })}>All teams</a>}
      >
        <Leaderboard report={report} currency={currency} team={team} />
        <p class="note">
          Per kWh, so that a small team is not behind a large one because it is small. Intervals at 95 % stand beside
          each saving; teams whose intervals overlap are not told apart by them.
        </p>
      </Card>
    </>
  );
};

export const Savings = ({ route, status }: { route: Route; status: Status }) => {
  const fact = useFact('verifications', () =>
    callTool<{ verifications: Verification[] }>('list_verifications', { limit: 200 }),
  );
  return (
    <div class="view savings">
      <h1>Savings</h1>
      <Shown fact={fact} what="verified savings">
        {({ verifications }) => {
          const months = [...new Set(verifications.map((v) => monthOf(v.at)))].sort();
          const month = route.query.month ?? months.at(-1);
          if (month === undefined)
            return (
              <Empty title="No saving was verified yet.">
                <p>It is verified once the window of a plan that was carried out is over.</p>
                <Command text="caco launch --horizon-hours 24" />
              </Empty>
            );
          const reports = months.slice(-12).map((m) => monthReport(verifications, m));
          const report = monthReport(verifications, month);
          return (
            <>
              <Card
                title="Planned and verified, by month"
                aside={
                  <span class="row no-print">
                    <label>
                      Month{' '}
                      <select
                        value={month}
                        onChange={(event) =>
                          (location.hash = linkTo('savings', '', { month: event.currentTarget.value }))
                        }
                      >
                        {months.map((m) => (
                          <option key={m}>{m}</option>
                        ))}
                      </select>
                    </label>
                    <button type="button" onClick={() => print()}>
                      Print
                    </button>
                  </span>
                }
              >
                <p class="finding">
                  {report.month}: {massText(report.savedKg.value)} CO2e verified of {massText(report.plannedKg)} that
                  were planned.
                </p>
                <Months reports={reports} chosen={month} />
                <p class="legend">
                  <i class="swatch hollow c-before" aria-hidden="true" /> planned{' '}
                  <i class="swatch c-after" aria-hidden="true" /> verified, with its 95 % interval
                </p>
              </Card>
              <Month
                report={report}
                records={verifications.filter((v) => monthOf(v.at) === month)}
                currency={status.currency}
                team={route.query.team}
              />
              <div class="no-print">
                <Command text={`caco report --month ${month} --html report.html`} />
              </div>
            </>
          );
        }}
      </Shown>
    </div>
  );
};
