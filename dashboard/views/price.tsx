/** What a carbon price does to the plan: the frontier of cost against carbon, and a handle that walks along it. */
import { useState } from 'preact/hooks';
import type { Estimate } from '../../domain/estimate.js';
import type { Cost, Plan } from '../answers.js';
import { scale, ticks } from '../chart/scale.js';
import { useWidth } from '../chart/width.js';
import { callTool, callToolSlowly } from '../client.js';
import { useFact } from '../facts.js';
import { countText, figure, Mass, massText, moneyText, percentText, Said } from '../figures.js';
import { goTo, linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Shown } from '../states.js';

interface Point {
  readonly carbonPricePerTonne: number;
  readonly cost: Cost;
  readonly emissionsKg: Estimate;
  readonly movedJobs: number;
  readonly lateJobs: number;
  readonly gap: number;
  readonly leastCost: number;
  readonly chosen: boolean;
}
interface TradeOff {
  readonly currency: string;
  readonly points: readonly Point[];
  readonly runImmediately: { readonly cost: Cost; readonly emissionsKg: Estimate };
  readonly limits: readonly { readonly sentence: string }[];
  readonly unseen: readonly string[];
}

/** Money per tonne; the price in force comes between. */
const PRICES = [0, 25, 75, 150, 300, 500];
const HEIGHT = 300;
const LEFT = 64;

/** Cost across, carbon upwards; the line is what was found, the shade what is proved to be out of reach. */
const Frontier = ({ of, at, onPick }: { of: TradeOff; at: number; onPick: (index: number) => void }) => {
  const [ref, width] = useWidth<HTMLDivElement>();
  // Running at once is often so far away that the frontier beside it would be a dot.
  const costs = of.points.flatMap((p) => [p.cost.total, p.leastCost]);
  const kgs = of.points.map((p) => p.emissionsKg.value);
  const pad = (values: readonly number[]): [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const more = (high - low || Math.abs(high) || 1) * 0.08;
    return [low - more, high + more];
  };
  const x = scale(...pad(costs), LEFT, Math.max(LEFT + 60, width - 16));
  const y = scale(...pad(kgs), HEIGHT - 34, 14);
  const sorted = of.points.map((p) => `${x(p.cost.total).toFixed(1)} ${y(p.emissionsKg.value).toFixed(1)}`);
  const proved = [...of.points].map(
    (p) => `${x(Math.max(x.from, p.leastCost)).toFixed(1)} ${y(p.emissionsKg.value).toFixed(1)}`,
  );
  const nearest = (event: PointerEvent) => {
    const box = ref.current!.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    const far = of.points.map((p) => (x(p.cost.total) - px) ** 2 + (y(p.emissionsKg.value) - py) ** 2);
    onPick(far.indexOf(Math.min(...far)));
  };
  const held = of.points[at]!;
  return (
    <div
      ref={ref}
      class="plot frontier"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        nearest(event);
      }}
      onPointerMove={(event) => event.buttons > 0 && nearest(event)}
    >
      {width === 0 ? null : (
        <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false">
          <text class="panel-title" x={LEFT} y={10}>
            CO2e, t
          </text>
          {ticks(y.from, y.to, 6).map((t) => (
            <g key={t}>
              <line class="grid" x1={LEFT} x2={width - 16} y1={y(t)} y2={y(t)} />
              <text class="tick" x={LEFT - 6} y={y(t) + 4} text-anchor="end">
                {figure(t / 1000, 4)}
              </text>
            </g>
          ))}
          {ticks(x.from, x.to, Math.max(2, (width - LEFT) / 110)).map((t) => (
            <g key={t}>
              <line class="grid" x1={x(t)} x2={x(t)} y1={14} y2={HEIGHT - 34} />
              <text class="tick" x={x(t)} y={HEIGHT - 16} text-anchor="middle">
                {moneyText(t, of.currency)}
              </text>
            </g>
          ))}
          <path
            class="proved"
            d={`M${LEFT} ${y(kgs.reduce((a, b) => Math.max(a, b), 0)).toFixed(1)}L${proved.join('L')}L${LEFT} ${(HEIGHT - 34).toFixed(1)}Z`}
          />
          <g class="c-after">
            <path class="stroke" d={`M${sorted.join('L')}`} />
          </g>
          {of.points.map((p) => (
            <circle
              key={p.carbonPricePerTonne}
              class={p.chosen ? 'dot chosen' : 'dot'}
              cx={x(p.cost.total)}
              cy={y(p.emissionsKg.value)}
              r={p.chosen ? 6 : 4}
            />
          ))}
          <g class="c-before">
            <text x={width - 20} y={26} text-anchor="end">
              ↗ run at once: {massText(of.runImmediately.emissionsKg.value)},{' '}
              {moneyText(of.runImmediately.cost.total, of.currency)}
            </text>
          </g>
          <circle class="handle" cx={x(held.cost.total)} cy={y(held.emissionsKg.value)} r={10} />
        </svg>
      )}
    </div>
  );
};

const Walk = ({ of, at, onPick }: { of: TradeOff; at: number; onPick: (index: number) => void }) => {
  const point = of.points[at]!;
  const chosen = of.points.find((p) => p.chosen) ?? point;
  const price = moneyText(point.carbonPricePerTonne, of.currency);
  const against = (now: number, then: number, say: (v: number) => string) =>
    point === chosen
      ? 'the price in force'
      : `${now - then > 0 ? '+' : ''}${say(now - then)} against the price in force`;
  return (
    <>
      <p class="finding">
        At {price} a tonne the plan emits {massText(point.emissionsKg.value)} and costs{' '}
        {moneyText(point.cost.total, of.currency)}.
      </p>
      <Frontier of={of} at={at} onPick={onPick} />
      <label class="price-slider">
        <span>Carbon price {price}/t</span>
        <input
          type="range"
          min={0}
          max={of.points.length - 1}
          step={1}
          value={at}
          aria-valuetext={`${price} a tonne`}
          onInput={(event) => onPick(Number(event.currentTarget.value))}
        />
      </label>
      <dl class="facts">
        <div>
          <dt>Carbon</dt>
          <dd>
            <Mass name="price-carbon" of={point.emissionsKg} />
            <small>{against(point.emissionsKg.value, chosen.emissionsKg.value, massText)}</small>
          </dd>
        </div>
        <div>
          <dt>Cost</dt>
          <dd>
            <Said
              name="price-cost"
              text={moneyText(point.cost.total, of.currency)}
              note={against(point.cost.total, chosen.cost.total, (v) => moneyText(v, of.currency))}
            />
          </dd>
        </div>
        <div>
          <dt>Moved jobs</dt>
          <dd>
            <Said
              name="price-moved"
              text={countText(point.movedJobs)}
              note={against(point.movedJobs, chosen.movedJobs, countText)}
            />
          </dd>
        </div>
        <div>
          <dt>Not beaten by more than</dt>
          <dd>
            <Said name="price-gap" text={percentText(point.gap)} note="proved at this price" />
          </dd>
        </div>
      </dl>
      <p class="note">
        The line joins plans that were found, a point for each price; the shade to its left is proved out of reach. The
        handle is dragged, or moved with the arrow keys.
      </p>
      {of.limits.length === 0 ? null : (
        <ul>
          {of.limits.map((l) => (
            <li key={l.sentence}>{l.sentence}</li>
          ))}
        </ul>
      )}
    </>
  );
};

export const Price = ({ route }: { route: Route }) => {
  const plans = useFact('plans all', () => callTool<{ plans: Plan[] }>('list_plans', { limit: 50 }));
  const plan = plans.value?.plans.find((p) => p.id === route.query.plan) ?? plans.value?.plans[0];
  const hours =
    plan === undefined ? 24 : Math.max(1, (Date.parse(plan.window.end) - Date.parse(plan.window.start)) / 3_600_000);
  const [share, setShare] = useState('');
  const fact = useFact(
    plan === undefined ? null : `price ${plan.id} ${plan.digest}`,
    () =>
      callToolSlowly<TradeOff>(
        'trade_off',
        {
          ...{ workloadId: plan!.workloadId, from: plan!.window.start, horizonHours: hours },
          carbonPricesPerTonne: [...new Set([...PRICES, plan!.carbonPricePerTonne])].sort((x, y) => x - y),
        },
        (done, total) => setShare(`: ${done} of ${total} are made`),
      ),
    true,
  );
  const [picked, setPicked] = useState<number | null>(null);
  const inAddress = fact.value?.points.findIndex((p) => String(p.carbonPricePerTonne) === route.query.price) ?? -1;
  const chosen = fact.value?.points.findIndex((p) => p.chosen) ?? 0;
  const at = picked ?? (inAddress >= 0 ? inAddress : Math.max(0, chosen));
  const pick = (index: number) => {
    setPicked(index);
    goTo(linkTo('price', '', { plan: plan!.id, price: String(fact.value!.points[index]!.carbonPricePerTonne) }), true);
  };
  return (
    <div class="view">
      <h1>Carbon price</h1>
      <Shown fact={plans} what="plans">
        {() =>
          plan === undefined ? (
            <Empty title="Nothing is planned yet.">
              <Command text="caco launch --horizon-hours 24" />
            </Empty>
          ) : (
            <Card title="What a tonne is worth" aside={<a href={linkTo('plan', plan.id)}>Plan {plan.id}</a>}>
              <Shown fact={fact} what={`plans at other carbon prices${share}`}>
                {(of) =>
                  of.points.length === 0 ? (
                    <Empty title="No plan fits at any price." />
                  ) : (
                    <Walk of={of} at={Math.min(at, of.points.length - 1)} onPick={pick} />
                  )
                }
              </Shown>
            </Card>
          )
        }
      </Shown>
    </div>
  );
};
