/** An owner's tasks, the newest change first, in pages. */
import { type ListTasksRequest, type ListTasksResponse, type Task, TaskState, taskStateToJSON } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { AgentName } from '../domain/agents.js';
import type { Store } from '../domain/store.js';
import { type TaskBook, taskOf } from './book.js';
import { A2A_LISTS, listKey } from './kept.js';

const PAGE = 50;
const LONGEST_PAGE = 100;

/** Throws RequestMalformedError for a page, a state or a time that cannot be. */
export const tasksListed = async (
  store: Store,
  book: TaskBook,
  agent: AgentName,
  owner: string,
  asked: ListTasksRequest,
): Promise<ListTasksResponse> => {
  const { contextId, status, pageToken, statusTimestampAfter, includeArtifacts = false } = asked;
  const pageSize = asked.pageSize ?? PAGE;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > LONGEST_PAGE)
    throw new RequestMalformedError(`pageSize must be 1 to ${LONGEST_PAGE}`);
  const after = statusTimestampAfter === undefined ? null : Date.parse(statusTimestampAfter);
  if (Number.isNaN(after)) throw new RequestMalformedError('statusTimestampAfter must be an ISO 8601 time');
  if (status === TaskState.UNRECOGNIZED) throw new RequestMalformedError('status is no state of a task');
  const state = status === undefined || status === TaskState.TASK_STATE_UNSPECIFIED ? null : taskStateToJSON(status);
  await book.written();
  const found: { id: string; at: string }[] = [];
  for await (const lines of store.rows(A2A_LISTS).pages(listKey(agent, owner)))
    for (const line of lines)
      if (
        (contextId === '' || line.contextId === contextId) &&
        (state === null || line.state === state) &&
        (after === null || Date.parse(line.at) > after)
      )
        found.push({ id: line.id, at: line.at });
  found.sort((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at < b.at ? 1 : -1));
  const from = pageToken === '' ? 0 : found.findIndex(({ id }) => id === pageToken) + 1;
  if (pageToken !== '' && from === 0) throw new RequestMalformedError('pageToken is none of ours, or its task is gone');
  const page = found.slice(from, from + pageSize);
  const tasks: Task[] = [];
  for (const { id } of page) {
    const kept = await book.get(id);
    if (kept === undefined) continue;
    const task = taskOf(kept);
    tasks.push(includeArtifacts ? task : { ...task, artifacts: [] });
  }
  const more = from + page.length < found.length;
  return { tasks, nextPageToken: more ? (page.at(-1)?.id ?? '') : '', pageSize, totalSize: found.length };
};
