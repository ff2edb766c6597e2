/** Two plans side by side. */
import type { Plan } from '../answers.js';
import { callTool } from '../client.js';
import { useFact } from '../facts.js';
import { countText, Mass, massText, moneyText, percentText, powerText } from '../figures.js';
import { goTo, linkTo, type Route } from '../route.js';
import { Card, Empty, Scroll, Shown } from '../states.js';
import { PlanHead } from './plan.js';

interface Line {
  readonly what: string;
  readonly of: (plan: Plan) => number;
  readonly say: (value: number, plan: Plan) => string;
}

const LINES: readonly Line[] = [
  { what: 'jobs', of: (p) => p.jobs.total, say: countText },
  { what: 'moved', of: (p) => p.jobs.moved, say: countText },
  { what: 'CO2e planned', of: (p) => p.planned.emissionsKg.value, say: massText },
  { what: 'CO2e at once', of: (p) => p.baseline.emissionsKg.value, say: massText },
  { what: 'cost planned', of: (p) => p.planned.cost.total, say: (v, p) => moneyText(v, p.planned.cost.currency) },
  { what: 'cost at once', of: (p) => p.baseline.cost.total, say: (v, p) => moneyText(v, p.planned.cost.currency) },
  { what: 'peak', of: (p) => p.planned.peakKw, say: powerText },
  { what: 'late jobs', of: (p) => p.planned.lateJobs, say: countText },
  { what: 'gap', of: (p) => p.gap ?? 0, say: percentText },
];

const signed = (given: string): string => {
  const text = given.replace('-', '−');
  return text.startsWith('−') || /^[^\d]*0( |$)/.test(text) ? text : `+${text}`;
};

const Choice = ({
  name,
  value,
  plans,
  onChange,
}: {
  name: string;
  value: string | undefined;
  plans: readonly Plan[];
  onChange: (id: string) => void;
}) => (
  <label>
    {name}{' '}
    <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {plans.map((p) => (
        <option key={p.id} value={p.id}>
          {p.id} · {p.window.start.slice(0, 10)}
        </option>
      ))}
    </select>
  </label>
);

export const Compare = ({ route }: { route: Route }) => {
  const fact = useFact('plans all', () => callTool<{ plans: Plan[] }>('list_plans', { limit: 50 }));
  return (
    <div class="view">
      <h1>Compare two plans</h1>
      <Shown fact={fact} what="plans">
        {({ plans }) => {
          const a = plans.find((p) => p.id === route.query.a) ?? plans[1];
          const b = plans.find((p) => p.id === route.query.b) ?? plans[0];
          if (a === undefined || b === undefined || a === b)
            return (
              <Empty title="There are not two plans to compare.">
                <p>
                  <a href={linkTo('plan')}>To the newest plan</a>
                </p>
              </Empty>
            );
          const go = (change: Record<string, string>) =>
            goTo(linkTo('compare', '', { a: a.id, b: b.id, ...change }), true);
          return (
            <Card
              title={`${a.id} and ${b.id}`}
              aside={
                <span class="row">
                  <Choice name="First" value={a.id} plans={plans} onChange={(id) => go({ a: id })} />
                  <Choice name="Second" value={b.id} plans={plans} onChange={(id) => go({ b: id })} />
                </span>
              }
            >
              {a.workloadId === b.workloadId ? null : (
                <p class="state old">They plan different jobs: differences are not savings.</p>
              )}
              <PlanHead plan={a} />
              <PlanHead plan={b} />
              <Scroll name="Figures of both">
                <table>
                  <thead>
                    <tr>
                      <td />
                      {[a, b].map((p) => (
                        <th scope="col" class="num" key={p.id}>
                          <a href={linkTo('plan', p.id)}>{p.id}</a>
                        </th>
                      ))}
                      <th scope="col" class="num">
                        second less first
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {LINES.map(({ what, of, say }) => (
                      <tr key={what}>
                        <th scope="row">{what}</th>
                        <td class="num">{say(of(a), a)}</td>
                        <td class="num">{say(of(b), b)}</td>
                        <td class="num">{signed(say(of(b) - of(a), b))}</td>
                      </tr>
                    ))}
                    <tr>
                      <th scope="row">saving by the forecast</th>
                      {[a, b].map((p) => (
                        <td class="num" key={p.id}>
                          <Mass name={`saving ${p.id}`} of={p.savings.emissionsKg} />
                        </td>
                      ))}
                      <td />
                    </tr>
                  </tbody>
                </table>
              </Scroll>
            </Card>
          );
        }}
      </Shown>
    </div>
  );
};
