/** What a message does: it begins a task, finds the one that it began before, or is heard by one that is under way. */
import { randomUUID } from 'node:crypto';
import { type Message, SendMessageRequest, type Task } from '@a2a-js/sdk';
import {
  ContentTypeNotSupportedError,
  RequestMalformedError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { AgentName } from '../domain/agents.js';
import { type Said, type TaskBook, taskOf } from './book.js';
import type { Ground } from './ground.js';
import type { KeptTask } from './kept.js';
import { type Asked, isTaken, looks, messageDigest } from './message.js';
import { runIdOf } from './planning.js';
import type { PushBook } from './push.js';
import { request } from './request.js';
import { isOver } from './states.js';
import { kept as asKept, newTask } from './task.js';
import { answered, type Work } from './work.js';

/** Tasks that one owner has under way at once. */
const MOST_OPEN = 64;

export interface Sent {
  readonly kept: KeptTask;
  /** what is kept, as the SDK has it */
  readonly task: Task;
  /** it is answered as it stands */
  readonly known: boolean;
}

export const ownerOf = (context: ServerCallContext): string => context.user?.userName ?? '';

/** Throws TaskNotFoundError for what is not there or somebody else's. */
export const ownTask = async (
  book: TaskBook,
  agent: AgentName,
  id: string,
  context: ServerCallContext,
): Promise<KeptTask> => {
  const found = id === '' ? undefined : await book.find(id, agent, ownerOf(context));
  if (found === undefined) throw new TaskNotFoundError(`there is no task ${id.slice(0, 100)}`);
  return found;
};

/** What the message asks, as it was read before the SDK put it into shapes of its own. */
const askedIn = (): Asked => {
  const asked = request.getStore()?.asked;
  if (asked === undefined) throw new RequestMalformedError('the message was not read');
  if (isTaken(asked)) return asked;
  throw asked.why === 'media'
    ? new ContentTypeNotSupportedError(asked.message)
    : new RequestMalformedError(asked.message);
};

export const senderOf = (agent: AgentName, ground: Ground, { work, pushes }: { work: Work; pushes: PushBook }) => {
  const { book } = ground;
  const own = (id: string, context: ServerCallContext) => ownTask(book, agent, id, context);
  const found = (kept: KeptTask): Sent => ({ kept, task: taskOf(kept), known: true });

  const sent = async (params: SendMessageRequest, context: ServerCallContext, atOnce: boolean): Promise<Sent> => {
    const asked = askedIn();
    const message = params.message!;
    const owner = ownerOf(context);
    const { message: wire } = SendMessageRequest.toJSON({ ...params, configuration: undefined }) as {
      message: unknown;
    };
    const said: Said = { owner, agent, messageId: message.messageId, digest: messageDigest(wire) };
    if (message.taskId !== '') return found(await goneOn(said, message, context));
    const before = await book.begun(said);
    if (before !== undefined) return found(before);
    const id = randomUUID();
    const task = newTask(id, message.contextId === '' ? randomUUID() : message.contextId, message);
    const fresh: KeptTask = {
      ...{ id, agent, owner, asked, actor: request.getStore()!.caller.id, ...asKept(task), worker: ground.me },
      ...{ runId: asked.kind === 'run' ? runIdOf(id) : null, tries: 1, told: 0 },
    };
    const push = params.configuration?.taskPushNotificationConfig;
    if (push !== undefined) await pushes.put(id, { ...push, taskId: id });
    // What only looks is over in a moment, and nobody waits for it to be written down.
    if (atOnce && push === undefined && asked.kind === 'command' && looks(asked)) {
      const over = await answered(ground, fresh, task, request.getStore()!.gone);
      const looked = { ...fresh, ...asKept(over), worker: null };
      book.keepSoon(said, looked);
      return { kept: looked, task: over, known: true };
    }
    if ((await book.open()).filter((one) => one.owner === owner).length >= MOST_OPEN)
      throw new UnsupportedOperationError(`${MOST_OPEN} of your tasks are under way; wait for one, or cancel one`);
    const { kept, isNew } = await book.begin(said, fresh);
    if (!isNew) return found(kept);
    work.start(kept);
    return { kept, task, known: false };
  };

  /** A message into a task: it is heard, and decides nothing. */
  const goneOn = async (said: Said, message: Message, context: ServerCallContext): Promise<KeptTask> => {
    const kept = await own(message.taskId, context);
    const task = taskOf(kept);
    if (message.contextId !== '' && message.contextId !== task.contextId)
      throw new RequestMalformedError(`task ${task.id} belongs to another context`);
    if (isOver(task)) {
      const before = await book.begun(said);
      if (before !== undefined) return before;
      throw new UnsupportedOperationError(`task ${task.id} is over; begin a new one with a message of its own`);
    }
    if (!(await book.hear(said, task.id))) return (await book.get(task.id)) ?? kept;
    const heard = await book.change(task.id, (now) =>
      asKept({ ...now, history: [...now.history, { ...message, contextId: now.contextId }] }),
    );
    return heard ?? (await own(message.taskId, context));
  };

  return sent;
};
