/** The states of a task, as they travel and as they are remembered. */
import { type Task, TaskState, taskStateToJSON } from '@a2a-js/sdk';

const OVER: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);

export const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
export const isOver = (task: Task): boolean => OVER.has(stateOf(task));
/** Over, or waiting for somebody: a blocking call is answered. */
export const rests = (task: Task): boolean => isOver(task) || stateOf(task) === TaskState.TASK_STATE_INPUT_REQUIRED;
export const stateName = (task: Task): string => taskStateToJSON(stateOf(task));
