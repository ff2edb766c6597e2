/** One proposal with what governance found of it, what people said, and their answer. */
import { useState } from 'preact/hooks';
import { oneLine } from '../../domain/text.js';
import type { Approval, BindingLimit, Judgement, Session, Status } from '../answers.js';
import { callTool, postJson, Trouble } from '../client.js';
import { refresh, useFact } from '../facts.js';
import { apartText, countText, Mass, Moment, moneyText, Said } from '../figures.js';
import { type Proposal, stateOf } from '../proposals.js';
import { linkTo } from '../route.js';
import { Card } from '../states.js';
import { Changes } from './plan.js';

interface Explained {
  readonly summary: string;
  readonly proof: string;
  readonly bindingLimits: readonly BindingLimit[];
  readonly moves: readonly { readonly jobId: string; readonly reason: string }[];
}

const policyText = (found: Judgement): string =>
  found.policySetId === null
    ? 'No policy is in force.'
    : found.policy === 'allow'
      ? 'The policy allows it.'
      : found.policy === 'needs-approval'
        ? 'The policy wants an approval.'
        : `The policy refuses ${countText(found.deniedJobs)} of its moves, which stay undone whatever is answered; ${countText(found.allowedJobs)} others may be approved.`;

const Votes = ({ approval }: { approval: Approval }) => (
  <>
    <p>
      {approval.votes.length} of {approval.approvalsNeeded} answers
      {approval.approvalsNeeded > 1 ? ', each by a different person' : ''}.
    </p>
    <ul class="list">
      {approval.votes.map((vote) => (
        <li key={`${vote.actor.id} ${vote.at}`}>
          <strong>{oneLine(vote.actor.id, 60)}</strong> {vote.decision === 'approve' ? 'approved' : 'rejected'}{' '}
          <Moment at={vote.at} />
          {vote.why === '' ? '' : `: ${oneLine(vote.why, 500)}`}
        </li>
      ))}
    </ul>
  </>
);

const Answer = ({
  approval,
  digest,
  session,
}: {
  approval: Approval;
  digest: string;
  session: Session | undefined;
}) => {
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ readonly text: string; readonly bad: boolean } | null>(null);
  if (!session?.scopes.includes('approve') || !session.signedIn)
    return (
      <p class="state">
        {session?.signedIn
          ? `The token of ${session.id} may ${session.scopes.at(-1)}, not approve.`
          : 'An answer is a named person’s: sign in above with a token that may approve.'}
      </p>
    );
  if (approval.votes.some((vote) => vote.actor.id.toLowerCase() === session.id.toLowerCase()))
    return <p class="state">You have answered. It waits for somebody else.</p>;
  const answer = async (decision: 'approve' | 'reject') => {
    setBusy(true);
    setSaid({ text: 'Working: the run goes on with the answer …', bad: false });
    try {
      const { approval: after } = await postJson<{ approval: Approval }>(
        `approvals/${encodeURIComponent(approval.id)}`,
        { decision, why, digest },
      );
      setSaid({
        text:
          after.status === 'waiting'
            ? 'Your answer is kept; it waits for somebody else.'
            : `Answered: ${after.status}.`,
        bad: false,
      });
    } catch (error) {
      setSaid({ text: error instanceof Trouble ? `${error.message} ${error.remedy}` : String(error), bad: true });
    } finally {
      setBusy(false);
      refresh();
    }
  };
  return (
    <form
      class="answer"
      aria-label={`Answer ${approval.id}`}
      onSubmit={(event) => {
        event.preventDefault();
        void answer('approve');
      }}
    >
      {digest === approval.planDigest ? null : (
        <p class="wrong">
          The plan has changed since the question was asked: its digest is the one above now. It is judged and asked
          about anew when its run goes on: <code>caco resume {approval.threadId}</code>
        </p>
      )}
      <label>
        Why <small>(needed to reject)</small>
        <input value={why} maxLength={2000} onInput={(event) => setWhy(event.currentTarget.value)} />
      </label>
      <div class="row">
        <button type="submit" class="primary" disabled={busy}>
          Approve as {session.id}
        </button>
        <button type="button" class="danger" disabled={busy || why.trim() === ''} onClick={() => void answer('reject')}>
          Reject
        </button>
      </div>
      {said === null ? null : (
        <p class={said.bad ? 'wrong' : ''} role="status">
          {said.text}
        </p>
      )}
    </form>
  );
};

const Found = ({
  approval,
  judgement,
  now,
}: {
  approval: Approval | undefined;
  judgement: Judgement | undefined;
  now: string;
}) => (
  <div>
    <h3>What governance found</h3>
    {judgement === undefined ? <p class="quiet">Nothing is written down.</p> : <p>{policyText(judgement)}</p>}
    <ul>
      {(approval?.reasons ?? judgement?.reasons ?? []).map((reason) => (
        <li key={reason}>{oneLine(reason, 500)}</li>
      ))}
    </ul>
    {judgement && judgement.approvers.length > 0 ? (
      <p>
        Among those who agree: {judgement.approvers.map((a) => `${a.approvals} × ${oneLine(a.role, 60)}`).join(', ')}.
      </p>
    ) : null}
    {approval?.status === 'waiting' ? (
      <p class="quiet">
        Asked {apartText(approval.askedAt, now)}; expires <Moment at={approval.expiresAt} />.
      </p>
    ) : null}
  </div>
);

interface Props {
  readonly proposal: Proposal;
  readonly status: Status;
  readonly session: Session | undefined;
  /** with its run's story */
  readonly whole: boolean;
}

export const Question = ({ proposal, status, session, whole }: Props) => {
  const { plan, approval, decision, verification, run } = proposal;
  const state = stateOf(proposal);
  const why = useFact(
    `explained ${plan.id} ${plan.digest}`,
    () => callTool<Explained>('explain_plan', { planId: plan.id, limit: 8 }),
    true,
  );
  const judgement = approval?.judgement ?? decision?.judgement;
  return (
    <Card
      title={approval?.status === 'waiting' ? `Approve ${plan.id}?` : `Plan ${plan.id}`}
      aside={<span class={`badge ${state.look}`}>{state.text}</span>}
    >
      <p class="quiet">
        {approval === undefined ? '' : `${approval.id} · `}
        <a href={linkTo('plan', plan.id)}>{plan.id}</a> · digest{' '}
        <span class="hash" data-figure="digest">
          {plan.digest}
        </span>
      </p>
      <div class="row outcome">
        <div>
          <small>expected</small>
          <br />
          <Mass name="expected" of={plan.savings.emissionsKg} href={linkTo('plan', plan.id)} />
        </div>
        <div>
          <small>verified</small>
          <br />
          {verification === undefined ? (
            <Said name="verified" text="not yet" />
          ) : (
            <Mass name="verified" of={verification.verified.emissionsKg} href={linkTo('proof', verification.id)} />
          )}
        </div>
        <div>
          <small>money, expected</small>
          <br />
          <Said name="money" text={moneyText(plan.savings.cost, plan.planned.cost.currency)} />
        </div>
      </div>
      <div class="two">
        <Found approval={approval} judgement={judgement} now={status.now} />
        <div>
          <h3>What it changes</h3>
          <Changes baseline={plan.baseline} planned={plan.planned} />
        </div>
      </div>
      {why.value === undefined ? null : <p>{why.value.proof}</p>}
      {approval === undefined ? null : <Votes approval={approval} />}
      {approval?.status === 'waiting' ? <Answer approval={approval} digest={plan.digest} session={session} /> : null}
      {decision === undefined ? null : (
        <p>
          {decision.status === 'refused' ? 'Refused' : 'Approved'} by{' '}
          {decision.by.map((b) => oneLine(b, 60)).join(' and ')} <Moment at={decision.at} />:{' '}
          {decision.reasons.map((r) => oneLine(r, 300)).join('; ')}.
        </p>
      )}
      {whole && run?.story ? (
        <details>
          <summary>The run’s own report</summary>
          <pre class="story">{run.story}</pre>
        </details>
      ) : null}
    </Card>
  );
};
