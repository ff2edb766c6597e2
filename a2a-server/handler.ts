/** What each method of A2A 1.0 does, over the book of tasks: the SDK reads and writes the wire, and calls here. */
import { type AgentCard, type Task, TaskState } from '@a2a-js/sdk';
import { TaskNotCancelableError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { AgentName } from '../domain/agents.js';
import { Fault } from '../domain/fault.js';
import { RUNS } from '../domain/run.js';
import { taskOf } from './book.js';
import type { Follower } from './follow.js';
import type { Ground } from './ground.js';
import type { KeptTask } from './kept.js';
import { tasksListed } from './list.js';
import { type Handler, inOurWords } from './our-words.js';
import type { PushBook } from './push.js';
import { request } from './request.js';
import { ownerOf, ownTask, senderOf } from './sending.js';
import { isOver, rests, stateOf } from './states.js';
import { kept as asKept, inState } from './task.js';
import type { Work } from './work.js';

export const handlerOf = (
  agent: AgentName,
  card: () => AgentCard,
  ground: Ground,
  { work, follower, pushes }: { work: Work; follower: Follower; pushes: PushBook },
): Handler => {
  const { book, app } = ground;
  const own = (id: string, context: ServerCallContext) => ownTask(book, agent, id, context);
  const sent = senderOf(agent, ground, { work, pushes });

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
      const { kept, task, known } = await sent(params, context, true);
      const { returnImmediately = false, historyLength } = params.configuration ?? {};
      if (returnImmediately || (known && rests(task))) return cut(task, historyLength);
      return cut((await follower.until(kept.id, rests)) ?? task, historyLength);
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
