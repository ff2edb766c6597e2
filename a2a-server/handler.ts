/**
 * What each method of A2A 1.0 does, over the book of tasks: the SDK reads and writes the wire, and calls here. A failure is told in
 * our words, and a defect's own words reach nobody.
 */
import { randomUUID } from 'node:crypto';
import {
  type AgentCard,
  type Message,
  SendMessageRequest,
  type StreamResponse,
  type Task,
  TaskState,
} from '@a2a-js/sdk';
import {
  A2AError,
  ContentTypeNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import type { AgentName } from '../domain/agents.js';
import { Fault } from '../domain/fault.js';
import { RUNS } from '../domain/run.js';
import { type Said, taskOf } from './book.js';
import type { Follower } from './follow.js';
import type { KeptTask } from './kept.js';
import { tasksListed } from './list.js';
import { type Asked, isTaken, looks, messageDigest } from './message.js';
import { runIdOf } from './planning.js';
import type { PushBook } from './push.js';
import { request } from './request.js';
import { isOver, rests, stateOf } from './states.js';
import { kept as asKept, inState, newTask } from './task.js';
import { answered, type Ground, toldOf, type Work } from './work.js';

export type Handler = ConstructorParameters<typeof JsonRpcTransportHandler>[0];

/** Tasks that one owner has under way at once. */
const MOST_OPEN = 64;

interface Sent {
  readonly kept: KeptTask;
  /** it is answered as it stands */
  readonly known: boolean;
}

export const handlerOf = (
  agent: AgentName,
  card: () => AgentCard,
  ground: Ground,
  { work, follower, pushes }: { work: Work; follower: Follower; pushes: PushBook },
): Handler => {
  const { book, app } = ground;
  const ownerOf = (context: ServerCallContext) => context.user?.userName ?? '';

  const own = async (id: string, context: ServerCallContext): Promise<KeptTask> => {
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

  const sent = async (params: SendMessageRequest, context: ServerCallContext, atOnce: boolean): Promise<Sent> => {
    const asked = askedIn();
    const message = params.message!;
    const owner = ownerOf(context);
    const { message: wire } = SendMessageRequest.toJSON({ ...params, configuration: undefined }) as {
      message: unknown;
    };
    const said: Said = { owner, agent, messageId: message.messageId, digest: messageDigest(wire) };
    if (message.taskId !== '') return { kept: await goneOn(said, message, context), known: true };
    const before = await book.begun(said);
    if (before !== undefined) return { kept: before, known: true };
    const id = randomUUID();
    const task = newTask(id, message.contextId === '' ? randomUUID() : message.contextId, message);
    const fresh: KeptTask = {
      ...{ id, agent, owner, asked, actor: request.getStore()!.caller.id, ...asKept(task), worker: ground.me },
      ...{ runId: asked.kind === 'run' ? runIdOf(id) : null, tries: 1, told: 0 },
    };
    const push = params.configuration?.taskPushNotificationConfig;
    if (push !== undefined) await pushes.put(id, { ...push, taskId: id });
    // What only looks is over in a moment: it is written down once, with what came of it.
    if (atOnce && push === undefined && asked.kind === 'command' && looks(asked)) {
      const over = await answered(ground, fresh, task, request.getStore()!.gone);
      return { kept: (await book.begin(said, { ...fresh, ...asKept(over), worker: null })).kept, known: true };
    }
    if ((await book.open()).filter((one) => one.owner === owner).length >= MOST_OPEN)
      throw new UnsupportedOperationError(`${MOST_OPEN} of your tasks are under way; wait for one, or cancel one`);
    const { kept, isNew } = await book.begin(said, fresh);
    if (isNew) work.start(kept);
    return { kept, known: !isNew };
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

  const cut = (task: Task, historyLength: number | undefined): Task =>
    historyLength === undefined
      ? task
      : { ...task, history: historyLength <= 0 ? [] : task.history.slice(-historyLength) };

  const cancel = async (kept: KeptTask, by: string): Promise<Task> => {
    const refuse = (why: string) => new TaskNotCancelableError(`task ${kept.id} cannot be cancelled: ${why}`);
    if (kept.worker !== null && kept.worker.id !== ground.me.id) throw refuse('another process works on it');
    await work.stop(kept.id);
    if (kept.runId !== null && (await app.world.store.collection(RUNS).get(kept.runId)) !== undefined)
      try {
        await app.orchestrator.withdraw(kept.runId, { actor: { id: by, via: 'a2a' } });
      } catch (error) {
        work.start((await book.get(kept.id)) ?? kept);
        throw error instanceof Fault ? refuse(error.message) : error;
      }
    await book.change(kept.id, (task) => ({
      ...asKept(inState(task, TaskState.TASK_STATE_CANCELED, `Cancelled by ${by}.`)),
      worker: null,
    }));
    const now = taskOf((await book.get(kept.id)) ?? kept);
    if (stateOf(now) !== TaskState.TASK_STATE_CANCELED) throw refuse('it is over');
    return now;
  };

  const methods: Handler = {
    getAgentCard: async () => card(),
    getAuthenticatedExtendedAgentCard: async () => {
      throw new UnsupportedOperationError('the card says everything; there is no extended one');
    },
    async sendMessage(params, context) {
      const { kept, known } = await sent(params, context, true);
      const { returnImmediately = false, historyLength } = params.configuration ?? {};
      if (returnImmediately || (known && rests(taskOf(kept)))) return cut(taskOf(kept), historyLength);
      return cut((await follower.until(kept.id, rests)) ?? taskOf(kept), historyLength);
    },
    async *sendMessageStream(params, context) {
      const { kept } = await sent(params, context, false);
      yield* follower.stream(kept.id, rests);
    },
    getTask: async ({ id, historyLength }, context) => cut(taskOf(await own(id, context)), historyLength),
    listTasks: async (params, context) => {
      const { tasks, ...page } = await tasksListed(app.world.store, book, agent, ownerOf(context), params);
      return { ...page, tasks: tasks.map((task) => cut(task, params.historyLength)) };
    },
    async cancelTask({ id }, context) {
      const kept = await own(id, context);
      const task = taskOf(kept);
      if (stateOf(task) === TaskState.TASK_STATE_CANCELED) return task;
      if (isOver(task)) throw new TaskNotCancelableError(`task ${id} is over`);
      return cancel(kept, request.getStore()?.caller.id ?? kept.actor);
    },
    createTaskPushNotificationConfig: async (config, context) =>
      pushes.put((await own(config.taskId, context)).id, config),
    getTaskPushNotificationConfig: async ({ taskId, id }, context) => pushes.get((await own(taskId, context)).id, id),
    listTaskPushNotificationConfigs: async ({ taskId }, context) => ({
      configs: await pushes.list((await own(taskId, context)).id),
      nextPageToken: '',
    }),
    deleteTaskPushNotificationConfig: async ({ taskId, id }, context) =>
      pushes.remove((await own(taskId, context)).id, id),
    async *resubscribe({ id }, context) {
      if (isOver(taskOf(await own(id, context))))
        throw new UnsupportedOperationError(`task ${id} is in a terminal state; GetTask tells it`);
      yield* follower.stream(id, isOver);
    },
  };
  return inOurWords(methods, ground.trouble);
};

/** Errors of the protocol pass; a Fault becomes one; of anything else only that it happened is told. */
const worded = (error: unknown, trouble: (error: unknown) => void): unknown => {
  if (error instanceof A2AError) return error;
  const { text } = toldOf(error);
  if (!(error instanceof Fault)) trouble(error);
  else if (error.code === 'invalid-input') return new RequestMalformedError(text);
  else if (error.code === 'not-found') return new TaskNotFoundError(text);
  return new A2AError(text);
};

const inOurWords = (methods: Handler, trouble: (error: unknown) => void): Handler => {
  const streaming = new Set<string>(['sendMessageStream', 'resubscribe']);
  const wrapped = Object.entries(methods).map(([name, method]) => {
    const call = method as (...given: unknown[]) => unknown;
    if (streaming.has(name))
      return [
        name,
        async function* (...given: unknown[]) {
          try {
            yield* call(...given) as AsyncGenerator<StreamResponse>;
          } catch (error) {
            throw worded(error, trouble);
          }
        },
      ];
    return [
      name,
      async (...given: unknown[]) => {
        try {
          return await call(...given);
        } catch (error) {
          throw worded(error, trouble);
        }
      },
    ];
  });
  return Object.fromEntries(wrapped) as Handler;
};
