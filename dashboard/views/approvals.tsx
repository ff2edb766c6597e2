/** What was proposed, how it stands, and what it came to; and the question that a person answers. */
import { oneLine } from '../../domain/text.js';
import type { Session, Status } from '../answers.js';
import { countText, Mass, Moment, moneyText } from '../figures.js';
import { type Proposal, stateOf, useProposals } from '../proposals.js';
import { linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Scroll, Shown } from '../states.js';
import { Question } from './question.js';

const ProposalRow = ({ proposal }: { proposal: Proposal }) => {
  const { plan, verification } = proposal;
  const state = stateOf(proposal);
  return (
    <tr>
      <th scope="row">
        <a href={linkTo('approvals', plan.id)}>{plan.id}</a>
        <br />
        <small>
          <Moment at={plan.window.start} />
        </small>
      </th>
      <td>
        <span class={`badge ${state.look}`}>{state.text}</span>
      </td>
      <td class="num">{countText(plan.jobs.moved)}</td>
      <td>
        <Mass name={`expected ${plan.id}`} of={plan.savings.emissionsKg} href={linkTo('plan', plan.id)} />
      </td>
      <td>
        {verification === undefined ? (
          <span class="quiet">not yet</span>
        ) : (
          <Mass
            name={`verified ${plan.id}`}
            of={verification.verified.emissionsKg}
            href={linkTo('proof', verification.id)}
          />
        )}
      </td>
      <td class="num">{moneyText(verification?.verified.cost ?? plan.savings.cost, plan.planned.cost.currency)}</td>
    </tr>
  );
};

const All = ({ proposals }: { proposals: readonly Proposal[] }) =>
  proposals.length === 0 ? (
    <Empty title="Nothing was proposed yet.">
      <Command text="caco launch --horizon-hours 24 --approval ask" />
    </Empty>
  ) : (
    <Scroll name="Recommendations">
      <table>
        <thead>
          <tr>
            <th scope="col">plan</th>
            <th scope="col">state</th>
            <th scope="col" class="num">
              moved
            </th>
            <th scope="col">expected saving</th>
            <th scope="col">verified saving</th>
            <th scope="col" class="num">
              money saved
            </th>
          </tr>
        </thead>
        <tbody>
          {proposals.map((proposal) => (
            <ProposalRow key={proposal.plan.id} proposal={proposal} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );

/** Whatever document of the course is named: a plan, its question, the answer, or its run. */
const named = (proposals: readonly Proposal[], id: string): Proposal | undefined =>
  proposals.find(({ plan, approval, decision, run }) => [plan.id, approval?.id, decision?.id, run?.id].includes(id));

export const Approvals = ({
  route,
  status,
  session,
}: {
  route: Route;
  status: Status;
  session: Session | undefined;
}) => {
  const fact = useProposals();
  const waiting = fact.value?.filter((p) => p.approval?.status === 'waiting') ?? [];
  const shown = route.id === '' ? undefined : named(fact.value ?? [], route.id);
  return (
    <div class="view">
      <h1>Approvals</h1>
      <Shown fact={fact} what="what was proposed">
        {(proposals) => (
          <>
            {route.id !== '' && shown === undefined ? (
              <Empty title={`Nothing here is called ${oneLine(route.id, 40)}.`}>
                <p>A run that planned nothing has nothing to approve; plans that were pruned are in the archive.</p>
              </Empty>
            ) : null}
            {(shown === undefined ? waiting : [shown]).map((proposal) => (
              <Question
                key={proposal.plan.id}
                proposal={proposal}
                status={status}
                session={session}
                whole={shown !== undefined}
              />
            ))}
            {shown === undefined && waiting.length === 0 ? <p class="quiet">Nothing waits for a person.</p> : null}
            <Card title="All recommendations" aside={`${proposals.length} plans`}>
              <All proposals={proposals} />
            </Card>
          </>
        )}
      </Shown>
    </div>
  );
};
