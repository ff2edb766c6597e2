/** Why one job stands where it stands, and what staying would have cost. */
import { oneLine } from '../../domain/text.js';
import type { BindingLimit, Plan } from '../answers.js';
import { callTool } from '../client.js';
import { useFact } from '../facts.js';
import { energyText, Moment, massText, moneyText } from '../figures.js';
import { Shown } from '../states.js';

interface Placement {
  readonly region: string;
  readonly start: string;
  readonly end: string;
  readonly energyKwh: number;
  readonly emissionsKg: number;
  readonly energyCost: number;
}

interface Explained {
  readonly currency: string;
  readonly bindingLimits: readonly BindingLimit[];
  readonly job?: {
    readonly jobId: string;
    readonly moved: boolean;
    readonly why: string;
    readonly placements: readonly Placement[];
    readonly withoutPlan: readonly Placement[];
    readonly hoursBeforeDue: number | null;
  };
}

const Places = ({ title, of, currency }: { title: string; of: readonly Placement[]; currency: string }) => (
  <div>
    <h3>{title}</h3>
    <table>
      <thead>
        <tr>
          <th scope="col">from, to</th>
          <th scope="col">region</th>
          <th scope="col" class="num">
            energy
          </th>
          <th scope="col" class="num">
            CO2e
          </th>
          <th scope="col" class="num">
            energy cost
          </th>
        </tr>
      </thead>
      <tbody>
        {of.map((p) => (
          <tr key={p.start}>
            <td>
              <Moment at={p.start} short /> – <Moment at={p.end} short />
            </td>
            <td>{oneLine(p.region, 40)}</td>
            <td class="num">{energyText(p.energyKwh)}</td>
            <td class="num">{massText(p.emissionsKg)}</td>
            <td class="num">{moneyText(p.energyCost, currency)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

export const JobCard = ({ plan, jobId }: { plan: Plan; jobId: string }) => {
  const fact = useFact(
    `job ${plan.id} ${plan.digest} ${jobId}`,
    () => callTool<Explained>('explain_plan', { planId: plan.id, jobId }),
    true,
  );
  return (
    <section class="job fade" aria-live="polite" aria-label={`Job ${oneLine(jobId)}`}>
      <h3>{oneLine(jobId, 200)}</h3>
      <Shown fact={fact} what="the job">
        {({ job, currency, bindingLimits }) =>
          job === undefined ? (
            <p>The plan does not say anything of it.</p>
          ) : (
            <>
              <p>{oneLine(job.why, 600)}</p>
              {job.hoursBeforeDue === null ? null : (
                <p>
                  It ends{' '}
                  {job.hoursBeforeDue <= 0
                    ? 'just when it is due'
                    : `${Math.round(job.hoursBeforeDue * 10) / 10} h before it is due`}
                  .
                </p>
              )}
              {job.moved && bindingLimits.length > 0 ? (
                <p class="quiet">What binds in the plan: {bindingLimits.map((b) => b.limit).join(', ')}.</p>
              ) : null}
              <div class="two">
                <Places title={job.moved ? 'Under the plan' : 'It runs'} of={job.placements} currency={currency} />
                {job.moved ? <Places title="Without the plan" of={job.withoutPlan} currency={currency} /> : null}
              </div>
            </>
          )
        }
      </Shown>
    </section>
  );
};
