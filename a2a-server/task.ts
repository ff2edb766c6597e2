/** How a task is made, comes into another state, and gets what came of it. */
import { randomUUID } from 'node:crypto';
import { type Artifact, Message, Task, TaskState } from '@a2a-js/sdk';

const JSON_TYPE = 'application/json';

/** What the agent says of a state, in words and, for programs, as data. */
export const agentMessage = (task: Task, text: string, data?: unknown): Message =>
  Message.fromJSON({
    messageId: randomUUID(),
    contextId: task.contextId,
    taskId: task.id,
    role: 'ROLE_AGENT',
    parts: [{ text, mediaType: 'text/plain' }, ...(data === undefined ? [] : [{ data, mediaType: JSON_TYPE }])],
  });

export const newTask = (id: string, contextId: string, message: Message): Task => ({
  ...{ id, contextId, artifacts: [], metadata: undefined },
  history: [{ ...message, taskId: id, contextId }],
  status: { state: TaskState.TASK_STATE_SUBMITTED, message: undefined, timestamp: new Date().toISOString() },
});

/** In another state, with the words for it; its history holds what was said to it and what it ended with. */
export const inState = (task: Task, state: TaskState, text?: string, data?: unknown): Task => ({
  ...task,
  status: {
    state,
    message: text === undefined ? undefined : agentMessage(task, text, data),
    timestamp: new Date().toISOString(),
  },
});

/** With artefacts, each in place of an older one of its name. */
export const withArtifacts = (task: Task, artifacts: readonly Artifact[]): Task => {
  const names = new Set(artifacts.map(({ artifactId }) => artifactId));
  return { ...task, artifacts: [...task.artifacts.filter((one) => !names.has(one.artifactId)), ...artifacts] };
};

export const kept = (task: Task): { task: Record<string, unknown> } => ({
  task: Task.toJSON(task) as Record<string, unknown>,
});
