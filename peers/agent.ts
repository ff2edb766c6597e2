/** Another agent as it is asked: found by its card, asked one published command, and believed only as far as a schema of ours goes. */
import { randomUUID } from 'node:crypto';
import { AgentCard, SendMessageRequest, type Task, TaskState } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  ClientFactoryOptions,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { z } from 'zod';
import { Fault } from '../domain/fault.js';
import { oneLine } from '../domain/text.js';
import { traced } from '../domain/trace.js';
import { jsonOf, send } from '../wire/wire.js';
import { wireFetch } from './wire-fetch.js';

export interface AgentAt {
  /** in messages: "the grid agent" */
  readonly who: string;
  /** its card, or the address below which the card lies */
  readonly url: string;
  readonly token: string | undefined;
  /** seconds for one command, the card included */
  readonly timeoutS: number;
  /** origins that a card may name beside its own */
  readonly origins: readonly string[];
}

const CARD = '.well-known/agent-card.json';
const VERSION = '1.0';
const BINDINGS: readonly string[] = ['JSONRPC', 'HTTP+JSON'];
const POLL_MS = 500;
const MOST_WORDS = 300;

const CardShape = z.object({
  name: z.string(),
  supportedInterfaces: z.array(z.object({ url: z.url(), protocolBinding: z.string(), protocolVersion: z.string() })),
});

const cardUrl = (text: string): URL => {
  const url = new URL(text);
  if (!url.pathname.endsWith('.json')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/${CARD}`;
  return url;
};

/** Throws Fault `unavailable` for a card that is none, speaks another version, or leads to an origin that nobody allowed. */
const clientBy = async (at: AgentAt, signal: AbortSignal): Promise<Client> => {
  const url = cardUrl(at.url);
  const wholeMs = at.timeoutS * 1000;
  const no = (why: string) =>
    new Fault('unavailable', `${at.who} at ${url.host} ${why}`, 'Check its address, and look at its card with curl.');
  const limits = { idleMs: wholeMs, wholeMs };
  const raw = jsonOf(await send({ who: at.who, url, chosenBy: 'operator', signal, limits, what: 'its card' }));
  const read = CardShape.safeParse(raw);
  if (!read.success) throw no('has a card that cannot be read');
  const spoken = read.data.supportedInterfaces.filter(
    ({ protocolVersion, protocolBinding }) => protocolVersion === VERSION && BINDINGS.includes(protocolBinding),
  );
  if (spoken.length === 0) throw no(`speaks no A2A ${VERSION} over JSON-RPC or HTTP+JSON`);
  const allowed = [url.origin, ...at.origins];
  const near = spoken.filter((one) => allowed.includes(new URL(one.url).origin));
  if (near.length === 0)
    throw new Fault(
      'unavailable',
      `the card of ${at.who} at ${url.host} leads to ${spoken.map((one) => new URL(one.url).origin).join(', ')}, another origin than its own`,
      'If that is meant, name the origin in CACO_A2A_ORIGINS.',
    );
  const card = AgentCard.fromJSON({ ...(raw as object), supportedInterfaces: near });
  const fetchImpl = wireFetch({ who: at.who, token: at.token, wholeMs });
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports: [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })],
  });
  return new ClientFactory(options).createFromAgentCard(card);
};

const { TASK_STATE_SUBMITTED, TASK_STATE_WORKING } = TaskState;
const isUnderWay = (task: Task) =>
  task.status?.state === TASK_STATE_SUBMITTED || task.status?.state === TASK_STATE_WORKING;

/** What a task holds: the JSON of its first artefact that has some, which may lie at an address. */
const contentOf = async (at: AgentAt, task: Task, signal: AbortSignal): Promise<unknown> => {
  for (const { parts } of task.artifacts)
    for (const { content } of parts) {
      if (content?.$case === 'data') return content.value;
      if (content?.$case === 'url') {
        const url = new URL(content.value);
        if (![cardUrl(at.url).origin, ...at.origins].includes(url.origin)) break;
        const fetched = await wireFetch({ who: at.who, token: at.token, wholeMs: at.timeoutS * 1000 })(url, { signal });
        return fetched.ok ? fetched.json() : undefined;
      }
    }
  return undefined;
};

const wordsOf = (task: Task): string => {
  const said = task.status?.message?.parts.flatMap(({ content }) => (content?.$case === 'text' ? [content.value] : []));
  return oneLine(said?.join(' ') ?? '', MOST_WORDS);
};

/** The task once it is over; an agent that answers early is looked at again. */
const overTask = async (client: Client, command: object, signal: AbortSignal): Promise<Task | undefined> => {
  const message = {
    ...{ messageId: randomUUID(), role: 'ROLE_USER' },
    parts: [{ data: command, mediaType: 'application/json' }],
  };
  const result = await client.sendMessage(SendMessageRequest.fromJSON({ message }), { signal });
  if ('parts' in result) return { ...emptyTask, artifacts: [{ ...emptyArtifact, parts: result.parts }] };
  let task: Task = result;
  while (isUnderWay(task)) {
    await new Promise((go) => setTimeout(go, POLL_MS));
    signal.throwIfAborted();
    task = await client.getTask({ tenant: '', id: task.id }, { signal });
  }
  return task;
};
const emptyArtifact = { artifactId: '', name: '', description: '', metadata: undefined, extensions: [] };
const emptyTask: Task = {
  ...{ id: '', contextId: '', artifacts: [], history: [], metadata: undefined },
  status: { state: TaskState.TASK_STATE_COMPLETED, message: undefined, timestamp: undefined },
};

/**
 * Asks one command and gives its answer as `schema` reads it. Throws Fault `unavailable` that names the agent when it is down, hangs,
 * breaks off, fails, or answers what the schema does not take; `not-found` where the agent says that of what was asked.
 */
export const askAgent = <S extends z.ZodType>(
  at: AgentAt,
  command: Command,
  schema: S,
  by: AbortSignal,
): Promise<z.output<S>> => {
  const about = { 'caco.command': command.command, 'server.address': cardUrl(at.url).host };
  return traced('ask another agent', about, () => answerOf(at, command, schema, by));
};

type Command = { readonly command: string } & Readonly<Record<string, unknown>>;

const answerOf = async <S extends z.ZodType>(
  at: AgentAt,
  command: Command,
  schema: S,
  by: AbortSignal,
): Promise<z.output<S>> => {
  const late = AbortSignal.timeout(at.timeoutS * 1000);
  const signal = AbortSignal.any([by, late]);
  const host = cardUrl(at.url).host;
  const no = (why: string, cause?: unknown) =>
    new Fault('unavailable', `${at.who} at ${host} ${why}`, 'Ask again, or look at that agent.', { cause });
  try {
    const task = await overTask(await clientBy(at, signal), command, signal);
    const content = task === undefined ? undefined : await contentOf(at, task, signal);
    const failed = Failed.safeParse(content);
    if (failed.success)
      throw new Fault(
        failed.data.error.code === 'not-found' ? 'not-found' : 'unavailable',
        `${at.who} at ${host} says: ${oneLine(failed.data.error.message, MOST_WORDS)}`,
        'Ask for something else, or look at that agent.',
      );
    if (task?.status?.state !== TaskState.TASK_STATE_COMPLETED)
      throw no(`did not answer ${command.command}: ${task === undefined ? '' : wordsOf(task)}`);
    const read = schema.safeParse(content);
    if (read.success) return read.data;
    const [first] = read.error.issues;
    throw no(
      `answered ${command.command} with what cannot be: ${first?.path.join('.') || '(answer)'}: ${first?.message}`,
    );
  } catch (error) {
    if (by.aborted) throw by.reason;
    if (late.aborted) throw no(`did not answer ${command.command} within ${at.timeoutS} s`, error);
    if (error instanceof Fault)
      throw error.code === 'not-found' || error.code === 'unavailable' ? error : no(error.message, error);
    // Whatever the SDK makes of what it cannot read: the words are the other side's.
    throw no(`did not answer ${command.command}: ${oneLine((error as Error).message, MOST_WORDS)}`, error);
  }
};

const Failed = z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) });
