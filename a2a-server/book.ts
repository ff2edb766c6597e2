/**
 * The book of tasks, over the store: what a task is changes here and nowhere else, together with its owner's list and with what its
 * push addresses are told. A message begins one task, however often it comes. A task that is over is never changed.
 */
import { EventEmitter } from 'node:events';
import { Artifact, StreamResponse, Task } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { AgentName } from '../domain/agents.js';
import { digest } from '../domain/digest.js';
import type { Collection, Store, Tx, Versioned } from '../domain/store.js';
import { eventsBetween } from './events.js';
import {
  A2A_ARTIFACTS,
  A2A_LETTERS,
  A2A_LISTS,
  A2A_MESSAGES,
  A2A_OPEN,
  A2A_PUSH_CONFIGS,
  A2A_TASKS,
  type KeptTask,
  listKey,
} from './kept.js';
import { isOver, stateName } from './states.js';

/** A message that begins a task or goes on with one. */
export interface Said {
  readonly owner: string;
  readonly agent: AgentName;
  readonly messageId: string;
  readonly digest: string;
}

/** What only looked is written down this long after its answer, with all that came meanwhile: the disk is waited for once. */
const SOON_MS = 100;
/** So many are not waited with. */
const MOST_SOON = 500;
/** A task that is over is kept for this long. */
const KEPT_DAYS = 30;
const DAY_MS = 86_400_000;
/** Characters of one artefact's JSON that a task holds itself; a longer one lies at an address. */
const LONGEST_INLINE = 1_000_000;

export const taskOf = (kept: KeptTask): Task => Task.fromJSON(kept.task);

export interface TaskBook {
  /** The task that this message began; undefined: it is new. Throws for an id that was used for another message. */
  begun(said: Said): Promise<KeptTask | undefined>;
  /** Puts down a new task; where the message was first heard by somebody else, theirs is answered and `isNew` is false. */
  begin(said: Said, kept: KeptTask): Promise<{ kept: KeptTask; isNew: boolean }>;
  /**
   * Keeps a task that only looked and is over: it is found from now on, and written down within a moment. Lost with the process before that,
   * its message is new when it comes again, and is answered again.
   */
  keepSoon(said: Said, kept: KeptTask): void;
  /** Resolves once everything that is to be written soon is. */
  written(): Promise<void>;
  /** Notes that a message went on with a task; false when it was heard before. */
  hear(said: Said, taskId: string): Promise<boolean>;
  get(id: string): Promise<KeptTask | undefined>;
  /** An owner's own. */
  find(id: string, agent: AgentName, owner: string): Promise<KeptTask | undefined>;
  /** Changes what is kept; undefined where the task is gone, is over, or `change` leaves it as it is. */
  change(id: string, change: (task: Task, kept: KeptTask) => Partial<KeptTask> | null): Promise<KeptTask | undefined>;
  /** Tasks that are not over. */
  open(): Promise<KeptTask[]>;
  /** Puts an artefact's JSON where it belongs: into the task while it is short, else at an address below `at`. */
  artifact(of: KeptTask, name: string, value: unknown, at: string): Promise<Artifact>;
  /** Hears of each change that this process makes. */
  readonly changes: EventEmitter<{ changed: [id: string]; letters: [] }>;
  /** Throws away what was over long ago. */
  sweep(): Promise<void>;
}

const messageKey = ({ owner, agent, messageId }: Said): string => digest({ owner, agent, messageId });

const sameMessage = (said: Said, before: { digest: string }) => {
  if (before.digest !== said.digest)
    throw new RequestMalformedError(
      `message id ${said.messageId} was used for another message; give a new message a new id`,
    );
};

/** The task itself, its line in the list, whether it is open, and a letter to each push address for each thing that changed. */
const write = async (tx: Tx, kept: KeptTask, before: Task | null): Promise<KeptTask> => {
  const task = taskOf(kept);
  const configs = (await tx.collection(A2A_PUSH_CONFIGS).get(kept.id))?.value ?? [];
  let { told } = kept;
  if (configs.length > 0)
    for (const event of eventsBetween(before, task)) {
      const body = JSON.stringify(StreamResponse.toJSON(event));
      for (const { id: configId } of configs) {
        const letter = { taskId: kept.id, configId, n: told, body, tries: 0, nextAtMs: 0 };
        await tx.collection(A2A_LETTERS).put(`${kept.id}/${configId}/${told}`, letter);
      }
      told += 1;
    }
  const written = { ...kept, told };
  await tx.collection(A2A_TASKS).put(kept.id, written);
  const line = {
    id: kept.id,
    contextId: task.contextId,
    state: stateName(task),
    at: task.status?.timestamp ?? '',
  };
  await tx.rows(A2A_LISTS).upsert(listKey(kept.agent, kept.owner), [{ id: kept.id, value: line }]);
  if (isOver(task)) {
    if (before !== null) await tx.collection(A2A_OPEN).delete(kept.id);
  } else if (before === null) await tx.collection(A2A_OPEN).put(kept.id, { id: kept.id });
  return written;
};

/** The task that a message begins; where the message was heard before, what is kept of that. */
const putDown = async (tx: Tx, key: string, { digest: of }: Said, fresh: KeptTask) => {
  const before = (await tx.collection(A2A_MESSAGES).get(key))?.value;
  if (before !== undefined) return before;
  await tx.collection(A2A_MESSAGES).insert(key, { taskId: fresh.id, digest: of });
  return write(tx, fresh, null);
};

/** `trouble` hears of a look that could not be written down. */
export const taskBook = (store: Store, trouble: (error: unknown) => void): TaskBook => {
  const changes: TaskBook['changes'] = new EventEmitter();
  changes.setMaxListeners(0);
  /** Looks that are not written down yet, by the keys of their messages and by their tasks. */
  const soon = new Map<string, { readonly said: Said; readonly kept: KeptTask }>();
  const soonById = new Map<string, KeptTask>();
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  /** All that waits, in one commit; what another process answered meanwhile is its, and nothing of ours is kept. */
  const writeDown = async () => {
    clearTimeout(timer);
    timer = undefined;
    const waiting = [...soon];
    if (waiting.length === 0) return;
    try {
      await store.transaction(async (tx) => {
        for (const [key, { said, kept }] of waiting) await putDown(tx, key, said, kept);
      });
    } catch (error) {
      trouble(error);
    }
    for (const [key, { kept }] of waiting) {
      soon.delete(key);
      soonById.delete(kept.id);
    }
  };
  const written = () => {
    writing = writing.then(writeDown);
    return writing;
  };
  const get = async (id: string) => soonById.get(id) ?? (await store.collection(A2A_TASKS).get(id))?.value;
  const told = (kept: KeptTask) => {
    changes.emit('changed', kept.id);
    if (kept.told > 0) changes.emit('letters');
  };

  return {
    changes,
    get,
    async begun(said) {
      const waiting = soon.get(messageKey(said));
      if (waiting !== undefined) {
        sameMessage(said, waiting.said);
        return waiting.kept;
      }
      const before = (await store.collection(A2A_MESSAGES).get(messageKey(said)))?.value;
      if (before === undefined) return undefined;
      sameMessage(said, before);
      return get(before.taskId);
    },
    keepSoon(said, kept) {
      soon.set(messageKey(said), { said, kept });
      soonById.set(kept.id, kept);
      if (soon.size >= MOST_SOON) void written();
      else timer ??= setTimeout(written, SOON_MS);
    },
    written,
    async begin(said, fresh) {
      const outcome = await store.transaction((tx) => putDown(tx, messageKey(said), said, fresh));
      if (!('taskId' in outcome)) {
        told(outcome);
        return { kept: outcome, isNew: true };
      }
      sameMessage(said, outcome);
      return { kept: (await get(outcome.taskId))!, isNew: false };
    },
    async hear(said, taskId) {
      const before = await store.transaction(async (tx) => {
        const key = messageKey(said);
        const found = (await tx.collection(A2A_MESSAGES).get(key))?.value;
        if (found === undefined) await tx.collection(A2A_MESSAGES).insert(key, { taskId, digest: said.digest });
        return found;
      });
      if (before !== undefined) sameMessage(said, before);
      return before === undefined;
    },
    async find(id, agent, owner) {
      const kept = await get(id);
      return kept?.agent === agent && kept.owner === owner ? kept : undefined;
    },
    async change(id, change) {
      const changed = await store.transaction(async (tx) => {
        const kept = (await tx.collection(A2A_TASKS).get(id))?.value;
        if (kept === undefined) return undefined;
        const task = taskOf(kept);
        if (isOver(task)) return undefined;
        const patch = change(taskOf(kept), kept);
        return patch === null ? undefined : write(tx, { ...kept, ...patch }, task);
      });
      if (changed !== undefined) told(changed);
      return changed;
    },
    async open() {
      const found: KeptTask[] = [];
      for (let after: string | undefined; ; ) {
        const page = await store.collection(A2A_OPEN).list({ after });
        for (const { id } of page) {
          const kept = await get(id);
          if (kept !== undefined) found.push(kept);
        }
        after = page.at(-1)?.id;
        if (after === undefined) return found;
      }
    },
    async artifact(of, name, value, at) {
      const text = JSON.stringify(value);
      const data = text.length <= LONGEST_INLINE;
      if (!data)
        await store.collection(A2A_ARTIFACTS).put(`${of.id}/${name}`, { owner: of.owner, agent: of.agent, text });
      const part = data ? { data: value } : { url: `${at}/tasks/${of.id}/artifacts/${name}` };
      return Artifact.fromJSON({
        artifactId: name,
        name,
        parts: [{ ...part, mediaType: 'application/json', ...(data ? {} : { filename: `${name}.json` }) }],
      });
    },
    sweep: () => sweep(store),
  };
};

/** Every document of a collection that is meant, by its id: first looked for, then thrown away. */
const idsWhere = async <T>(of: Collection<T>, isMeant: (value: T) => boolean): Promise<Versioned<T>[]> => {
  const meant: Versioned<T>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await of.list({ after, limit: 500 });
    meant.push(...page.filter(({ value }) => isMeant(value)));
    after = page.at(-1)?.id;
    if (after === undefined) return meant;
  }
};

const sweep = async (store: Store): Promise<void> => {
  const before = Date.now() - KEPT_DAYS * DAY_MS;
  const old = await idsWhere(store.collection(A2A_TASKS), (kept) => {
    const task = taskOf(kept);
    return isOver(task) && Date.parse(task.status?.timestamp ?? '') < before;
  });
  for (const { id, value } of old)
    await store.transaction(async (tx) => {
      await tx.collection(A2A_TASKS).delete(id);
      await tx.rows(A2A_LISTS).remove(listKey(value.agent, value.owner), [id]);
      await tx.collection(A2A_PUSH_CONFIGS).delete(id);
      for (const { artifactId } of taskOf(value).artifacts)
        await tx.collection(A2A_ARTIFACTS).delete(`${id}/${artifactId}`);
    });
  const gone = new Set(old.map(({ id }) => id));
  if (gone.size === 0) return;
  const messages = store.collection(A2A_MESSAGES);
  for (const { id } of await idsWhere(messages, ({ taskId }) => gone.has(taskId))) await messages.delete(id);
};
