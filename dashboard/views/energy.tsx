/** What was measured: each meter's power over time with its gaps, and whose energy it was. */
import type { MeterCard } from '../../domain/meter.js';
import { oneLine } from '../../domain/text.js';
import type { LedgerLine, Status } from '../answers.js';
import { TimeChart } from '../chart/time-chart.js';
import { callTool } from '../client.js';
import { useFact } from '../facts.js';
import { apartText, energyText, Moment, massText, percentText, powerText, Said } from '../figures.js';
import { goTo, linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';

interface Measured {
  readonly meter: MeterCard;
  readonly from: string | null;
  readonly to: string | null;
  readonly energyKwh: number | null;
  readonly coverageRatio: number;
  readonly rows: readonly {
    readonly start: string;
    readonly energyKwh: number | null;
    readonly coverageRatio: number;
  }[];
  readonly gaps: readonly { readonly start: string; readonly end: string; readonly why: string }[];
  readonly gapCount: number;
}
interface RunData {
  readonly program: string;
  readonly mode: string;
  readonly boundary: string;
  readonly why: string | null;
  readonly energyUj: string | null;
  readonly allocationRatio: string | null;
  readonly coverageRatio: string;
  readonly emissions: { readonly valueKg: string; readonly lowKg: string; readonly highKg: string } | null;
}
interface EnergyRun {
  readonly seq: number;
  readonly at: string;
  readonly data: RunData;
}

const HOUR = 3_600_000;
const HOURS_SHOWN = 72;
const BOUNDARY: Readonly<Record<MeterCard['boundary'], string>> = {
  facility: 'the building, with cooling and losses',
  it: 'behind a PDU or UPS',
  server: 'a machine at its power supplies',
  components: 'processor packages and memory',
  gpu: 'GPU boards',
  process: 'a share that was worked out',
};
const subjectText = ({ subject }: MeterCard): string =>
  subject.kind === 'none' ? 'nobody’s by name' : `${subject.kind} ${oneLine(subject.id, 60)}`;

const hoursBefore = (at: string, hours: number): string =>
  `${new Date(Date.parse(at) - hours * HOUR).toISOString().slice(0, 19)}Z`;

/** The one that says most of the whole: of the widest boundary that has readings. */
const widestOf = (meters: readonly MeterCard[]): MeterCard | undefined =>
  Object.keys(BOUNDARY)
    .flatMap((boundary) => meters.filter((m) => m.boundary === boundary && m.covers !== null))
    .concat(meters)[0];

/** Mean power of each hour over the time of it that is known. */
const powerOf = ({ rows }: Measured): { times: number[]; kw: (number | null)[] } => ({
  times: rows.map(({ start }) => Math.floor(Date.parse(start) / HOUR) * HOUR),
  kw: rows.map(({ start, energyKwh, coverageRatio }) => {
    const hours = (HOUR - (Date.parse(start) % HOUR)) / HOUR;
    return energyKwh === null || coverageRatio === 0 ? null : energyKwh / (hours * coverageRatio);
  }),
});

const Chart = ({ of, now }: { of: Measured; now: string }) => {
  const { times, kw } = powerOf(of);
  const known = kw.flatMap((value) => (value === null ? [] : [value]));
  const newest = kw.findLastIndex((value) => value !== null);
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Mean power, newest known hour</dt>
          <dd>
            <Said
              name="power"
              text={newest < 0 ? null : powerText(kw[newest]!)}
              note={
                newest < 0 ? undefined : `measured; ${apartText(new Date(times[newest]! + HOUR).toISOString(), now)}`
              }
            />
          </dd>
        </div>
        <div>
          <dt>Energy shown</dt>
          <dd>
            <Said
              name="energy"
              text={of.energyKwh === null ? null : energyText(of.energyKwh)}
              note={`${percentText(of.coverageRatio)} of the time known`}
            />
          </dd>
        </div>
        <div>
          <dt>Highest hour</dt>
          <dd>
            <Said name="highest" text={known.length === 0 ? null : powerText(Math.max(...known))} />
          </dd>
        </div>
      </dl>
      <TimeChart
        finding={
          of.energyKwh === null
            ? `Nothing is known of ${of.meter.id} here.`
            : `${oneLine(of.meter.id, 60)}: ${energyText(of.energyKwh)} from ${of.from?.slice(0, 16).replace('T', ' ')} to ${of.to?.slice(0, 16).replace('T', ' ')} UTC, ${percentText(of.coverageRatio)} of the time known.`
        }
        times={times}
        stepMs={HOUR}
        now={Date.parse(now)}
        panels={[
          {
            title: 'Measured power, mean of each hour',
            height: 160,
            say: powerText,
            series: [{ name: 'measured', look: 'c-after', shape: 'area', values: kw, say: powerText }],
          },
        ]}
      />
      {of.gaps.length === 0 ? null : (
        <details>
          <summary>
            {of.gapCount} {of.gapCount === 1 ? 'stretch is' : 'stretches are'} not known: unknown is not zero
          </summary>
          <ul>
            {of.gaps.map((g) => (
              <li key={g.start}>
                <Moment at={g.start} /> to <Moment at={g.end} />: {oneLine(g.why, 200)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
};

const Meters = ({ meters, chosen }: { meters: readonly MeterCard[]; chosen: string }) => (
  <Scroll name="Meters">
    <table>
      <thead>
        <tr>
          <th scope="col">meter</th>
          <th scope="col">whose energy</th>
          <th scope="col">what it covers</th>
          <th scope="col">source</th>
          <th scope="col">until</th>
        </tr>
      </thead>
      <tbody>
        {meters.map((m) => (
          <tr key={m.id} aria-current={m.id === chosen ? 'true' : undefined}>
            <th scope="row">
              <a href={linkTo('energy', m.id)}>{oneLine(m.id, 60)}</a>
            </th>
            <td>{subjectText(m)}</td>
            <td>{BOUNDARY[m.boundary]}</td>
            <td>{oneLine(m.source, 60)}</td>
            <td>{m.covers === null ? <span class="quiet">nothing kept</span> : <Moment at={m.covers.end} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

/** Commands that were measured, or modelled and said so: each is an entry of the ledger. */
const useEnergyRuns = () =>
  useFact('energy runs', async (): Promise<readonly EnergyRun[]> => {
    const { entries } = await callTool<{ entries: LedgerLine[] }>('list_ledger', { kind: 'energy_run', limit: 20 });
    return Promise.all(
      entries.map(async ({ seq, at }) => {
        const found = await callTool<{ entries: { body: { data: RunData } }[] }>('get_evidence', { seq });
        return { seq, at, data: found.entries[0]!.body.data };
      }),
    );
  });

const Commands = ({ runs }: { runs: readonly EnergyRun[] }) => (
  <Scroll name="Commands">
    <table>
      <thead>
        <tr>
          <th scope="col">command</th>
          <th scope="col" class="num">
            energy
          </th>
          <th scope="col" class="num">
            of the machine
          </th>
          <th scope="col" class="num">
            CO2e
          </th>
          <th scope="col">how it is known</th>
          <th scope="col">entry</th>
        </tr>
      </thead>
      <tbody>
        {runs.map(({ seq, at, data }) => (
          <tr key={seq}>
            <th scope="row">
              {oneLine(data.program, 80)}
              <br />
              <small>
                <Moment at={at} />
              </small>
            </th>
            <td class="num">{data.energyUj === null ? 'not known' : energyText(Number(data.energyUj) / 3.6e12)}</td>
            <td class="num">
              {data.allocationRatio === null ? 'not known' : percentText(Number(data.allocationRatio))}
            </td>
            <td class="num">
              {data.emissions === null ? (
                'not known'
              ) : (
                <>
                  {massText(Number(data.emissions.valueKg))}
                  <br />
                  <small>
                    {massText(Number(data.emissions.lowKg))} to {massText(Number(data.emissions.highKg))}
                  </small>
                </>
              )}
            </td>
            <td>
              {data.mode}, {oneLine(data.boundary, 80)}
              {data.why === null ? '' : `: ${oneLine(data.why, 200)}`}
            </td>
            <td>
              <a href={linkTo('proof', '', { seq: String(seq) })}>{seq}</a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

export const Energy = ({ route, status }: { route: Route; status: Status }) => {
  const list = useFact('meters', () => callTool<{ meters: MeterCard[]; total: number }>('list_meters', { limit: 200 }));
  const meters = list.value?.meters ?? [];
  const chosen = route.id === '' ? widestOf(meters) : meters.find(({ id }) => id === route.id);
  const end = chosen?.covers?.end;
  const measured = useFact(chosen === undefined ? null : `meter ${chosen.id} ${end}`, () =>
    callTool<Measured>('show_meter', {
      ...{ meterId: chosen!.id, by: 'hour' },
      ...(chosen!.covers === null
        ? {}
        : { from: [hoursBefore(end!, HOURS_SHOWN), chosen!.covers.start].sort().at(-1), to: end }),
    }),
  );
  const runs = useEnergyRuns();
  return (
    <div class="view">
      <h1>Energy</h1>
      <Shown fact={list} what="meters">
        {({ total }) =>
          chosen === undefined ? (
            <Empty
              title={route.id === '' ? 'No readings are kept yet.' : `There is no meter ${oneLine(route.id, 60)}.`}
            >
              <Command text="caco meter import readings.csv" />
            </Empty>
          ) : (
            <>
              <Card
                title={`Meter ${oneLine(chosen.id, 60)}`}
                aside={
                  <label>
                    Meter{' '}
                    <select value={chosen.id} onChange={(event) => goTo(linkTo('energy', event.currentTarget.value))}>
                      {meters.map(({ id }) => (
                        <option key={id} value={id}>
                          {oneLine(id, 60)}
                        </option>
                      ))}
                    </select>
                  </label>
                }
              >
                <p class="quiet">
                  {subjectText(chosen)}: {BOUNDARY[chosen.boundary]}; {oneLine(chosen.source, 80)}.
                </p>
                <Shown fact={measured} what="what it measured">
                  {(of) => <Chart of={of} now={status.now} />}
                </Shown>
              </Card>
              <Card title="Who used it" aside={<code>caco energy run -- COMMAND</code>}>
                <Shown fact={runs} what="commands that were measured">
                  {(all) =>
                    all.length === 0 ? (
                      <p class="quiet">
                        No command was measured by itself yet; <code>caco energy top</code> shows who uses it now.
                      </p>
                    ) : (
                      <Commands runs={all} />
                    )
                  }
                </Shown>
              </Card>
              <Card
                title="All meters"
                aside={total > meters.length ? `the first ${meters.length} of ${total}` : `${total}`}
              >
                <Meters meters={meters} chosen={chosen.id} />
              </Card>
            </>
          )
        }
      </Shown>
    </div>
  );
};
