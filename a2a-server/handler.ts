/** What each method of A2A 1.0 does, over the book of tasks: the SDK reads and writes the wire, and calls here. */
import { type AgentCard, type Task, TaskState } from '@a2a-js/sdk';
import { TaskNotCancelableError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { AgentName } from '../domain/agents.js';
import { taskOf } from './book.js';
import type { Canceller } from './cancel.js';
import type { Follower } from './follow.js';
import type { Ground } from './ground.js';
import { tasksListed } from './list.js';
import { type Handler, inOurWords } from './our-words.js';
import type { PushBook } from './push.js';
import { request } from './request.js';
import { ownerOf, ownTask, senderOf } from './sending.js';
import { isOver, rests, stateOf } from './states.js';
import type { Work } from './work.js';

export const handlerOf = (
  agent: AgentName,
  card: () => AgentCard,
  ground: Ground,
  { work, follower, pushes, canceller }: { work: Work; follower: Follower; pushes: PushBook; canceller: Canceller },
): Handler => {
  const { book, app } = ground;
  const own = (id: string, context: ServerCallContext) => ownTask(book, agent, id, context);
  const sent = senderOf(agent, ground, { work, pushes });

  const cut = (task: Task, historyLength: number | undefined): Task =>
    historyLength === undefined
      ? task
      : { ...task, history: historyLength <= 0 ? [] : task.history.slice(-historyLength) };

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
      return canceller.cancel(kept, request.getStore()?.caller.id ?? kept.actor);
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
