/** LangGraph's checkpoints in the store's own tables, over the store's own connection. */
import type { RunnableConfig } from '@langchain/core/runnables';
import {
  BaseCheckpointSaver,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  copyCheckpoint,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  TASKS,
  WRITES_IDX_MAP,
} from '@langchain/langgraph-checkpoint';
import type { Kysely } from 'kysely';
import type { Tables } from './tables.js';

type Row = Tables['thread_checkpoints'];
type Key = Pick<Row, 'thread' | 'ns' | 'id'>;

/**
 * Work whose failure is looked at later. LangGraph looks at a failed write only at the end of a step, and until then Node
 * would take it for one that nobody looks at and end the process.
 */
export class LookedAtLater<T> extends Promise<T> {
  static override get [Symbol.species]() {
    return Promise;
  }
  // biome-ignore lint/suspicious/noThenProperty: a promise has one.
  override then<A = T, B = never>(
    done?: ((value: T) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const next = super.then(done, failed);
    next.catch(() => {});
    return next;
  }
}

const configOf = ({ thread, ns, id }: Key): RunnableConfig => ({
  configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id },
});

/** Postgres answers with a Buffer, SQLite with a Uint8Array; a value must not tell where it was kept. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => new Uint8Array(buffer, byteOffset, byteLength);

type Atomic = <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>;

/**
 * A checkpoint is kept whole, in one row: a put is one statement, and a thread can be cut without looking for values that
 * other checkpoints share. Every write is one statement, so it is there whole or not at all.
 */
export class StoreSaver extends BaseCheckpointSaver {
  readonly #db: Kysely<Tables>;
  readonly #atomic: Atomic;
  readonly #write: Atomic;

  /** `atomic` runs work in a transaction of the store; `write` one statement, in a transaction where a lease is to be looked at with it. */
  constructor(db: Kysely<Tables>, atomic: Atomic, write: Atomic) {
    super();
    this.#db = db;
    this.#atomic = atomic;
    this.#write = write;
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const { thread_id, checkpoint_ns = '' } = config.configurable ?? {};
    if (thread_id === undefined) return undefined;
    const id = getCheckpointId(config);
    const row = await this.#db
      .selectFrom('thread_checkpoints')
      .selectAll()
      .where('thread', '=', thread_id)
      .where('ns', '=', checkpoint_ns)
      .$if(id !== '', (query) => query.where('id', '=', id))
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && this.#tuple(row);
  }

  /** Newest first. Only keys and metadata are read at once; each checkpoint when its turn comes. */
  override async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    const { thread_id, checkpoint_ns, checkpoint_id } = config.configurable ?? {};
    const before = options.before?.configurable?.checkpoint_id;
    const wanted = Object.entries(options.filter ?? {}).filter(([, value]) => value !== undefined);
    const keys = await this.#db
      .selectFrom('thread_checkpoints')
      .select(['thread', 'ns', 'id', 'meta'])
      .$if(thread_id !== undefined, (query) => query.where('thread', '=', thread_id))
      .$if(checkpoint_ns !== undefined, (query) => query.where('ns', '=', checkpoint_ns))
      .$if(Boolean(checkpoint_id), (query) => query.where('id', '=', checkpoint_id))
      .$if(Boolean(before), (query) => query.where('id', '<', before))
      .orderBy('id', 'desc')
      .execute();
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    for (const key of keys) {
      if (left <= 0) return;
      const meta = JSON.parse(key.meta) as Record<string, unknown>;
      if (!wanted.every(([name, value]) => JSON.stringify(meta[name]) === JSON.stringify(value))) continue;
      const tuple = await this.getTuple(configOf(key));
      // Another process may have cut the thread meanwhile.
      if (tuple === undefined) continue;
      left--;
      yield tuple;
    }
  }

  override put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata): Promise<RunnableConfig> {
    return LookedAtLater.resolve(this.#put(config, checkpoint, metadata));
  }

  override putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    return LookedAtLater.resolve(this.#putWrites(config, writes, taskId));
  }

  /** Every thread that has a checkpoint. */
  async ids(): Promise<string[]> {
    const rows = await this.#db.selectFrom('thread_checkpoints').select('thread').distinct().execute();
    return rows.map(({ thread }) => thread);
  }

  override async deleteThread(threadId: string): Promise<void> {
    await this.prune([threadId], 'delete');
  }

  /**
   * `delete` drops threads, for runs that have ended; `keep_latest` keeps the newest checkpoint of each namespace with its
   * writes, from which a thread that waits for an answer goes on. Names and meaning as in LangGraph for Python.
   */
  async prune(threadIds: readonly string[], strategy: 'keep_latest' | 'delete' = 'keep_latest'): Promise<void> {
    await this.#atomic(async (on) => {
      // Writes first: which of them are old is read from the checkpoints.
      for (const thread of threadIds)
        for (const table of ['thread_writes', 'thread_checkpoints'] as const)
          await on
            .deleteFrom(table)
            .where('thread', '=', thread)
            .$if(strategy === 'keep_latest', (query) =>
              query.where('id', '<', (e) =>
                e
                  .selectFrom('thread_checkpoints as newest')
                  .select((f) => f.fn.max('newest.id').as('id'))
                  .where('newest.thread', '=', thread)
                  .whereRef('newest.ns', '=', `${table}.ns`),
              ),
            )
            .execute();
    });
  }

  async #put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata): Promise<RunnableConfig> {
    const { thread_id, checkpoint_ns = '', checkpoint_id } = config.configurable ?? {};
    if (!thread_id) throw new Error('a checkpoint needs a thread_id in config.configurable');
    const [[type, body], [, meta]] = await Promise.all([
      this.serde.dumpsTyped(copyCheckpoint(checkpoint)),
      this.serde.dumpsTyped(metadata),
    ]);
    const key: Key = { thread: thread_id, ns: checkpoint_ns, id: checkpoint.id };
    const rest = { parent: checkpoint_id ?? null, type, body: Buffer.from(body), meta: Buffer.from(meta).toString() };
    await this.#write((on) =>
      on
        .insertInto('thread_checkpoints')
        .values({ ...key, ...rest })
        .onConflict((c) => c.columns(['thread', 'ns', 'id']).doUpdateSet(rest))
        .execute(),
    );
    return configOf(key);
  }

  /** Of one place the first write counts, for a task may be run again; LangGraph's own channels are overwritten. */
  async #putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const { thread_id, checkpoint_ns = '', checkpoint_id } = config.configurable ?? {};
    if (!thread_id || !checkpoint_id)
      throw new Error('writes need a thread_id and a checkpoint_id in config.configurable');
    const overwrites = writes.every(([channel]) => channel in WRITES_IDX_MAP);
    const rows = new Map<number, Tables['thread_writes']>();
    for (const [place, [channel, value]] of writes.entries()) {
      const idx = WRITES_IDX_MAP[channel] ?? place;
      if (rows.has(idx) && !overwrites) continue;
      const [type, body] = await this.serde.dumpsTyped(value);
      const key = { thread: thread_id, ns: checkpoint_ns, id: checkpoint_id, task: taskId, idx };
      rows.set(idx, { ...key, channel, type, body: Buffer.from(body) });
    }
    if (rows.size === 0) return;
    await this.#write((on) =>
      on
        .insertInto('thread_writes')
        .values([...rows.values()])
        .onConflict((c) => {
          const place = c.columns(['thread', 'ns', 'id', 'task', 'idx']);
          return overwrites
            ? place.doUpdateSet((e) => ({
                channel: e.ref('excluded.channel'),
                type: e.ref('excluded.type'),
                body: e.ref('excluded.body'),
              }))
            : place.doNothing();
        })
        .execute(),
    );
  }

  async #writesOf({ thread, ns, id }: Key): Promise<CheckpointPendingWrite[]> {
    const rows = await this.#db
      .selectFrom('thread_writes')
      .select(['task', 'channel', 'type', 'body'])
      .where('thread', '=', thread)
      .where('ns', '=', ns)
      .where('id', '=', id)
      .orderBy('task')
      .orderBy('idx')
      .execute();
    return Promise.all(
      rows.map(
        async ({ task, channel, type, body }): Promise<CheckpointPendingWrite> => [
          task,
          channel,
          await this.serde.loadsTyped(type, bytesOf(body)),
        ],
      ),
    );
  }

  async #tuple(row: Row): Promise<CheckpointTuple> {
    const checkpoint: Checkpoint = await this.serde.loadsTyped(row.type, bytesOf(row.body));
    const parent = row.parent === null ? undefined : { thread: row.thread, ns: row.ns, id: row.parent };
    if (checkpoint.v < 4 && parent) await this.#takePendingSends(checkpoint, parent);
    return {
      config: configOf(row),
      checkpoint,
      metadata: await this.serde.loadsTyped('json', row.meta),
      pendingWrites: await this.#writesOf(row),
      ...(parent ? { parentConfig: configOf(parent) } : {}),
    };
  }

  /** Before version 4 of the format, what a step sent to tasks stood among its writes; now it is a channel's value. */
  async #takePendingSends(checkpoint: Checkpoint, parent: Key): Promise<void> {
    const writes = await this.#writesOf(parent);
    checkpoint.channel_values[TASKS] = writes.filter(([, channel]) => channel === TASKS).map(([, , value]) => value);
    const versions = Object.values(checkpoint.channel_versions);
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined);
  }
}
