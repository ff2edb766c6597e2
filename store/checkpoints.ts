/** LangGraph's own savers, in the same database and on a connection of their own. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { openSqlite, postgresPool } from './dialect.js';
import { asTrouble } from './trouble.js';
import { type Turn, turnOf } from './turn.js';

export interface Checkpoints {
  readonly saver: BaseCheckpointSaver;
  close(): Promise<void>;
}

/** `where` as openStore takes it. */
export const openSaver = async (where: string): Promise<Checkpoints> => {
  if (/^postgres(ql)?:/.test(where)) {
    const { PostgresSaver } = await import('@langchain/langgraph-checkpoint-postgres');
    const saver = new PostgresSaver(await postgresPool(where));
    await saver.setup();
    return { saver: explaining(saver), close: () => saver.end() };
  }
  const database = openSqlite(where);
  const saver = await sqliteSaver(database, turnOf(database.name));
  return {
    saver: explaining(saver),
    close: async () => {
      database.close();
    },
  };
};

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

/** The same saver, whose errors say what to do: a full disk or a lost connection is no defect of ours. */
const explaining = <S extends BaseCheckpointSaver>(saver: S): S => {
  for (const name of ['getTuple', 'put', 'putWrites', 'deleteThread'] as const) {
    const plain = saver[name].bind(saver) as (...given: unknown[]) => Promise<unknown>;
    const explained = (...given: unknown[]) =>
      new LookedAtLater((resolve, reject) => plain(...given).then(resolve, (cause) => reject(asTrouble(cause))));
    Object.assign(saver, { [name]: explained });
  }
  return saver;
};

/** Parallel nodes write checkpoints while another one's transaction is open, so every write waits its turn. */
const sqliteSaver = async (database: ReturnType<typeof openSqlite>, turn: Turn): Promise<BaseCheckpointSaver> => {
  const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite');
  const inTurn = async <R>(work: () => R | Promise<R>): Promise<R> => {
    const leave = await turn.take();
    try {
      return await work();
    } finally {
      leave();
    }
  };
  class TurnTakingSaver extends SqliteSaver {
    override put(...given: Parameters<InstanceType<typeof SqliteSaver>['put']>) {
      return inTurn(() => super.put(...given));
    }
    override putWrites(...given: Parameters<InstanceType<typeof SqliteSaver>['putWrites']>) {
      return inTurn(() => super.putWrites(...given));
    }
    override deleteThread(threadId: string) {
      return inTurn(() => super.deleteThread(threadId));
    }
    makeTables() {
      return inTurn(() => this.setup());
    }
  }
  const saver = new TurnTakingSaver(database);
  await saver.makeTables();
  return saver;
};
