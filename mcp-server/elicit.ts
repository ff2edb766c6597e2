/** Questions to the person in front of the client, in the client's own dialog. Asked only where the client offers it; leaving it unanswered changes nothing. */
import type { App } from '../app.js';
import { toolOf } from '../catalogue.js';
import { type Actor, type Approval, type Decision, foundText } from '../domain/decision.js';
import { PLANS } from '../domain/plan.js';
import { oneLine } from '../domain/text.js';
import type { Caller, Passage } from './caller.js';

/** A person reads before answering. */
const PATIENCE_MS = 10 * 60_000;

const offersDialog = (passage: Passage) => passage.server.getClientCapabilities()?.elicitation?.form !== undefined;

const options = (passage: Passage) => ({
  relatedRequestId: passage.extra.requestId,
  signal: passage.signal,
  timeout: PATIENCE_MS,
});

/** Who answers in a dialog: the person of the connection, and the program that says what they answered. */
const answerer = (person: Actor, passage: Passage): Actor => {
  const client = passage.server.getClientVersion();
  const name = client === undefined ? 'a client without a name' : `${client.name} ${client.version}`;
  return { id: person.id, via: 'dialog', client: oneLine(name, 200) };
};

/**
 * The person may answer at once what `request_approval` has put before them. They see what governance found, beside what the
 * assistant says; their answer is kept as one that came out of this client's dialog, for nothing but the client says that a
 * person saw it. `dialog: false` leaves answers to the command line and HTTP.
 */
export const askForApproval = async (
  app: App,
  caller: Caller,
  answer: unknown,
  passage: Passage,
  dialog: boolean,
): Promise<unknown> => {
  const asked: Asked = (await toolOf('request_approval')).output.parse(answer);
  const { approval } = asked;
  if (!dialog || approval.status !== 'waiting' || caller.person === null || !offersDialog(passage)) return asked;
  const person = answerer(caller.person, passage);
  const plan = (await app.world.store.collection(PLANS).get(approval.planId))?.value;
  const about = plan
    ? `Plan ${plan.id} moves ${plan.jobs.moved} of ${plan.jobs.total} jobs.`
    : `Plan ${approval.planId}.`;
  const found = approval.judgement === undefined ? '' : `\n${foundText(approval.judgement)}`;
  const reply = await passage.server
    .elicitInput(
      {
        message: `${about}${found}\nWhy you are asked: ${approval.reasons.join('; ')}\nYou answer as ${person.id}, by the dialog of ${person.client}; it is kept so.`,
        requestedSchema: {
          type: 'object',
          properties: {
            decision: {
              type: 'string',
              title: 'Decision',
              enum: ['approve', 'reject', 'later'],
              description: 'later leaves it open',
            },
            why: { type: 'string', title: 'Why', description: 'demanded for a rejection' },
          },
          required: ['decision'],
        },
      },
      options(passage),
    )
    .catch(() => null);
  const decision = reply?.action === 'accept' ? reply.content?.decision : undefined;
  if (decision !== 'approve' && decision !== 'reject') return asked;
  const said = reply?.content?.why;
  const why =
    typeof said === 'string' && said.trim() !== ''
      ? said
      : decision === 'reject'
        ? 'rejected in the assistant’s dialog'
        : '';
  const answered = await app.orchestrator.answer(
    { id: approval.id, decision, why, only: null },
    { actor: person, signal: passage.signal },
  );
  return {
    approval: answered.approval,
    decisionId: answered.decision?.id ?? null,
    decision: answered.decision?.status ?? null,
  } satisfies Asked;
};

/** What request_approval answers. */
interface Asked {
  readonly approval: Approval;
  readonly decisionId: string | null;
  readonly decision: Decision['status'] | null;
}

/** Where there are several regions and none was named, the person chooses. */
export const askForRegion = async (app: App, input: Record<string, unknown>, passage: Passage) => {
  if (input.region !== undefined || !offersDialog(passage)) return input;
  const regions = await app.world.grid.regions();
  if (regions.length < 2) return input;
  const reply = await passage.server
    .elicitInput(
      {
        message: 'Which region’s grid?',
        requestedSchema: {
          type: 'object',
          properties: { region: { type: 'string', title: 'Region', enum: regions.slice(0, 200) } },
          required: ['region'],
        },
      },
      options(passage),
    )
    .catch(() => null);
  const region = reply?.action === 'accept' ? reply.content?.region : undefined;
  return typeof region === 'string' ? { ...input, region } : input;
};
